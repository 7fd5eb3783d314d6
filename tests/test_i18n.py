"""The Indonesian catalogue is complete, current, and wins over core's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polib
import pytest

from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import states
from tests import factories as make
from tools import catalogue

#: Core's messages that nobody without sysadmin rights meets: command line, the
#: administrator's pages, and plugins that are not part of the portal.
NOT_MET = re.compile(
    r"^(ckan/cli/|ckan/views/admin|ckan/templates(-midnight-blue)?/admin/|"
    r"ckanext/(datapusher|tracking|example_|multilingual|recline|stats|imageview|"
    r"webpageview|expire|resourceproxy|audioview|videoview|tabledesigner))"
)
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sdir]|\{\w*(?:!\w)?\}")
#: English words that no page in Indonesian may show in its text.
TELLTALE = re.compile(
    r"\b(the|this|your|with|not found|dataset has|please|search for|submit|edit|"
    r"organization|groups|followers|resources)\b",
    re.IGNORECASE,
)


def _sources() -> list[polib.POEntry]:
    names = ("core.po", "satudata.po")
    return [e for n in names for e in polib.pofile(str(catalogue.FOLDER / n))]


def _core() -> polib.POFile:
    import ckan

    return polib.pofile(str(Path(ckan.__file__).parent / "i18n" / "ckan.pot"))


def test_every_own_string_is_translated():
    """What the code says is in one of the two sources."""
    have = {entry.msgid for entry in _sources() if catalogue.translated(entry)}
    assert sorted(set(catalogue.own()) - have) == []


def test_no_translation_of_a_string_that_is_gone():
    """satudata.po holds what the code says, and nothing else."""
    entries = polib.pofile(str(catalogue.FOLDER / "satudata.po"))
    assert sorted({entry.msgid for entry in entries} - set(catalogue.own())) == []


@pytest.mark.both
def test_every_core_string_that_people_meet_is_translated():
    """About 1,050 of core's messages; the rest is for administrators only."""
    have = {entry.msgid for entry in _sources()}
    missing = [
        entry.msgid
        for entry in _core()
        if entry.msgid not in have
        and not all(NOT_MET.match(file) for file, _line in entry.occurrences)
    ]
    assert missing == []


def test_placeholders_and_markup_survive_the_translation():
    """Same placeholders, nothing fuzzy or empty."""
    for entry in _sources():
        source, text = entry.msgid_plural or entry.msgid, catalogue.translated(entry)
        assert text, entry.msgid
        assert "fuzzy" not in entry.flags
        if source == "{object_type}s":
            continue
        assert set(PLACEHOLDER.findall(source)) == set(PLACEHOLDER.findall(text)), text


def test_built_catalogue_is_current():
    """The files CKAN loads are what the sources give."""
    want = {entry.msgid: catalogue.translated(entry) for entry in catalogue.merged()}
    for built in (
        polib.pofile(str(catalogue.BUILT)),
        polib.mofile(str(catalogue.BUILT.with_suffix(".mo"))),
    ):
        have = {entry.msgid: catalogue.translated(entry) for entry in built}
        assert have == want, "run: python tools/catalogue.py build"


@pytest.fixture
def untranslated(monkeypatch) -> set[str]:
    """Every message that a page asked for and no Indonesian catalogue had.

    Code asks flask-babel, templates ask the catalogue itself: both end here.
    """
    from babel.support import Translations

    seen: set[str] = set()

    def watch(original: Any) -> Any:
        def asked(self: Any, message: str, *more: Any) -> str:
            found = self._catalog
            if message and message not in found and (message, 0) not in found:
                seen.add(str(message))
            return original(self, message, *more)

        return asked

    for name in ("ugettext", "ungettext"):
        monkeypatch.setattr(Translations, name, watch(getattr(Translations, name)))
    return seen


#: Pages by who opens them. {returned} is a dataset in that state, {returned_file} its file.
PAGES = {
    "": [
        *("/", "/about", "/dataset/", "/dataset/?q=penduduk", "/dataset/?q=tidak-ada"),
        *("/dataset/{published}", "/dataset/{published}/resource/{published_file}"),
        *("/dataset/activity/{published}", "/dataset/groups/{published}"),
        *("/dataset/{withdrawn}", "/dataset/{draft}", "/tidak-ada", "/pekerjaan-saya"),
        *("/organization/", "/organization/?q=tidak-ada", "/organization/{opd}"),
        *("/organization/about/{opd}", "/organization/activity/{opd}", "/organization/{other}"),
        *("/group/", "/group/{topic}", "/group/about/{topic}", "/group/activity/{topic}"),
        *("/user/login", "/user/reset", "/user/register", "/user/{produsen_data}"),
        *("/user/reset/{produsen_data}?key=salah", "/user/logged_out_redirect"),
        *("/feeds/dataset.atom", "/feeds/organization/{opd}.atom"),
        *("/dashboard/datasets", "/user/edit"),
    ],
    "produsen_data": [
        *("/pekerjaan-saya", "/pemeriksaan", "/validasi", "/kelola/sistem"),
        *("/dataset/new", "/dataset/edit/{draft}", "/dataset/edit/{submitted}"),
        *("/dataset/{draft}", "/dataset/{submitted}", "/dataset/{returned}"),
        *("/dataset/{awaiting_validation}", "/dataset/{validated}", "/dataset/{published}"),
        *("/dataset/{cancelled}", "/dataset/{withdrawn}", "/dataset/{pembina_review}"),
        *("/dataset/{draft}/persetujuan", "/dataset/{returned}/persetujuan"),
        *("/dataset/{draft}/riwayat", "/dataset/{published}/riwayat"),
        *("/dataset/delete/{draft}", "/dataset/activity/{draft}", "/dataset/changes/{edited}"),
        *("/dataset/groups/{draft}", "/dataset/resources/{draft}"),
        *("/dataset/{draft}/resource/new", "/dataset/{empty}/resource/new"),
        *("/dataset/{draft}/resource/{draft_file}", "/dataset/{empty}"),
        "/dataset/{submitted}/resource/{submitted_file}/edit",
        *(
            f"/dataset/{{draft}}/resource/{{draft_file}}/{tab}"
            for tab in ("edit", "delete", "views", "new_view?view_type=text_view")
        ),
        "/dataset/{draft}/resource/{draft_file}/new_view?view_type=datatables_view",
        *("/dataset/{draft}/resource_data/{draft_file}",),
        *("/organization/{opd}", "/organization/members/{opd}", "/organization/edit/{opd}"),
        *("/organization/new", "/group/new", "/organization/bulk_process/{opd}"),
        *("/dashboard/", "/dashboard/datasets", "/dashboard/organizations"),
        *("/dashboard/groups", "/user/edit", "/user/{produsen_data}", "/user/{walidata}"),
        *("/user/{produsen_data}/api-tokens", "/user/{produsen_data}/organizations"),
        *("/user/{produsen_data}/groups", "/user/activity/{produsen_data}", "/user/"),
    ],
    "walidata": [
        *("/pekerjaan-saya", "/pemeriksaan", "/pemeriksaan?state=returned", "/kelola/sistem"),
        *("/dataset/{submitted}", "/dataset/{claimed}", "/dataset/{published}"),
        *("/dataset/{claimed}/persetujuan", "/dataset/{claimed}/riwayat"),
        *("/organization/members/{opd}", "/organization/edit/{opd}", "/user/"),
    ],
    "pembina_data": ["/pekerjaan-saya", "/pemeriksaan", "/dataset/{pembina_review}"],
    "kepala_opd": [
        *("/pekerjaan-saya", "/validasi", "/dataset/{awaiting_validation}"),
        "/dataset/{awaiting_validation}/persetujuan",
    ],
    "outsider": ["/pekerjaan-saya", "/dataset/{draft}", "/dataset/new", "/dashboard/datasets"],
}
#: What is sent without what is needed: the same page again, with what is missing.
SENT = {
    "": ["/user/login", "/user/reset"],
    "produsen_data": ["/dataset/new", "/dataset/edit/{draft}", "/user/edit"]
    + ["/dataset/{draft}/resource/{draft_file}/edit", "/dataset/{draft}/resource/new"],
}


def _road() -> dict[str, list[str]]:
    """Person → pages of the decisions, each in a state where it is possible."""
    places = {"claimed": "claimed", "recall": "submitted", "hold": "validated"}
    road: dict[str, list[str]] = {}
    for row in states.TRANSITIONS.values():
        if not row.page:
            continue
        sources = sorted(str(one) for one in row.sources)
        place = places.get(row.name) or ("claimed" if row.claimed else sources[0])
        person = "walidata" if row.name == "claim" else str(row.roles[0])
        place = "pembina_review" if person == "pembina_data" else place
        road.setdefault(person, []).append(f"/dataset/{{{place}}}/persetujuan/{row.name}")
    return road


def _places(city: make.City) -> dict[str, str]:
    """Names in the addresses: a dataset in every state, a topic, people."""
    names = {**city.people, "opd": city.opd, "other": city.other}
    topic = make.call("group_create", city.sysadmin, name="topik", title="Kependudukan")
    names["topic"] = topic["name"]

    def place(key: str, state: str | None = None, **values: Any) -> str:
        package = make.dataset(city, **values)
        names[key] = package["name"]
        names.update({f"{key}_file": one["id"] for one in package["resources"]})
        if state:
            make.bring_to(city, package, state)
        return package["name"]

    place("empty", files=0)
    make.call("package_patch", city.produsen_data, id=place("draft"), notes="Menurut umur.")
    place("claimed", "submitted")
    make.call("satudata_approval_claim", city.walidata, id=names["claimed"])
    place("pembina_review", "awaiting_validation", prioritas_tahun="2026")
    make.call("satudata_approval_claim", city.pembina_data, id=names["pembina_review"])
    for state in states.State:
        if state not in (states.State.DRAFT, states.State.PEMBINA_REVIEW):
            place(str(state), str(state))
    activities = make.call("package_activity_list", city.produsen_data, id=names["draft"])
    names["edited"] = activities[0]["id"]
    return names


@pytest.mark.both
@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_no_page_without_sysadmin_rights_shows_english(app, untranslated):
    """Every page officials and the public meet, opened in Indonesian."""
    from ckan.tests import factories

    city = make.city()
    names, found = _places(city), {}
    # Labels and choices of the scheme are translated in its own file.
    known = {label for kind in ("dataset", "organization") for label in _labels(kind)}
    for person in dict.fromkeys([*PAGES, *SENT, *_road()]):
        headers = {}
        if person:
            token = factories.APIToken(user=getattr(city, person))
            headers = {"Authorization": token["token"]}
        pages, road = PAGES.get(person, []), _road().get(person, [])
        asked = [("get", one) for one in [*pages, *road]]
        asked += [("post", one) for one in [*SENT.get(person, []), *road]]
        for method, path in asked:
            untranslated.clear()
            url = path.format(**names)
            answer = getattr(app, method)(url, headers=headers, status=None)
            assert answer.status_code < 500, (person, url)
            page = answer.get_data(as_text=True)
            assert "<html" in page or "/feeds/" in path, (person, method, url, page[:300])
            wrong = sorted(untranslated - known) + TELLTALE.findall(_text(page))
            if wrong:
                found[f"{person} {method} {path} {answer.status_code}"] = wrong
    assert found == {}


def _labels(kind: str) -> set[str]:
    schema = getattr(tk.h, f"scheming_get_{kind}_schema")(kind)
    fields = schema.get("dataset_fields", schema.get("fields", []))
    fields = fields + schema.get("resource_fields", [])
    return {str(choice["label"]) for field in fields for choice in field.get("choices", [])}


def _text(page: str) -> str:
    """What people see or are read aloud, without what is English on purpose."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(page, "html.parser")
    hidden = soup(["script", "style", "template", "code", "noscript"])
    for tag in [*hidden, *soup.find_all(attrs={"lang": "en"})]:
        tag.decompose()
    said = ("title", "aria-label", "placeholder", "alt")
    words = [str(tag[name]) for name in said for tag in soup.find_all(attrs={name: True})]
    return " ".join([soup.get_text(" "), *words])


@pytest.mark.both
@pytest.mark.usefixtures("with_plugins", "non_clean_db")
@pytest.mark.parametrize(
    ("message", "expected"),
    [("Organizations", "Perangkat Daerah"), ("Resources", "Berkas"), ("Log in", "Masuk")],
)
def test_our_words_win_over_cores(app, message, expected):
    """The plugin's catalogue is merged after core's."""
    with app.flask_app.test_request_context("/", environ_overrides={"CKAN_LANG": "id"}):
        from ckan.lib.i18n import set_lang

        set_lang("id")
        assert tk._(message) == expected
        assert tk.ungettext("{num} Dataset", "{num} Datasets", 3) == "{num} dataset"
