"""The Indonesian catalogue is complete, current, and wins over core's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polib
import pytest

from ckan.plugins import toolkit as tk

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


#: Pages by who opens them; {0} is the dataset, {1} its file, {2} the agency.
PAGES = {
    None: ["/", "/dataset/", "/organization/", "/group/", "/about", "/user/login"]
    + ["/user/reset", "/dataset/{3}", "/dataset/{3}/resource/{4}", "/tidak-ada"]
    + ["/organization/{2}", "/organization/about/{2}", "/dataset/activity/{3}"]
    + ["/kode-referensi", "/kode-referensi/wilayah", "/kode-referensi/satuan?q=kilo"],
    "produsen_data": [
        "/dataset/new",
        "/dataset/edit/{5}/1",
        "/dataset/edit/{5}/4",
        "/dataset/{5}/salin-isian",
        "/dataset/{5}/indah",
        "/dataset/{5}",
        "/dashboard",
    ]
    + ["/dataset/{5}/resource/new", "/dataset/{5}/resource/{6}/edit", "/dashboard/datasets"]
    + ["/dataset/delete/{5}", "/dataset/{0}/persetujuan", "/dataset/{0}/riwayat"]
    + ["/dataset/{5}/persetujuan/submit", "/pekerjaan-saya", "/user/edit"]
    + ["/dataset/groups/{5}", "/dataset/resources/{5}"]
    + ["/dashboard/organizations", "/dashboard/groups"],
    "walidata": ["/pemeriksaan", "/dataset/{0}", "/dataset/{0}/persetujuan/claim"]
    + ["/dataset/{0}/persetujuan/return", "/dataset/{0}/persetujuan/confirm"]
    + ["/dataset/{3}/persetujuan/withdraw", "/kelola/sistem"],
    "kepala_opd": ["/validasi", "/dataset/{0}", "/dataset/{0}/persetujuan/validate"]
    + ["/dataset/{0}/persetujuan/decline"],
}


@pytest.mark.both
@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_no_page_without_sysadmin_rights_shows_english(app, untranslated):
    """Every page officials and the public meet, opened in Indonesian."""
    from ckan.tests import factories

    city = make.city()
    waiting, public, draft = make.dataset(city), make.dataset(city), make.dataset(city)
    make.bring_to(city, waiting, "returned")
    make.bring_to(city, public, "published")
    names = [
        *(waiting["name"], waiting["resources"][0]["id"], city.opd),
        *(public["name"], public["resources"][0]["id"]),
        *(draft["name"], draft["resources"][0]["id"]),
    ]
    # Making the datasets happened in no reader's language.
    untranslated.clear()
    english: dict[str, list[str]] = {}
    for person, paths in PAGES.items():
        headers = {}
        if person:
            token = factories.APIToken(user=getattr(city, person))
            headers = {"Authorization": token["token"]}
        for path in paths:
            url = path.format(*names)
            answer = app.get(url, headers=headers, status=None)
            expected = (404,) if "tidak-ada" in path else (200, 302)
            assert answer.status_code in expected, (person, url, answer.status_code)
            found = TELLTALE.findall(_text(answer.get_data(as_text=True)))
            if found:
                english[f"{person} {path}"] = found
    assert english == {}
    # Labels of the scheme's fields are translated in its own file.
    labels = {text for kind in ("dataset", "organization") for text in _labels(kind)}
    assert sorted(untranslated - labels) == []


def _labels(kind: str) -> set[str]:
    schema = getattr(tk.h, f"scheming_get_{kind}_schema")(kind)
    fields = schema.get("dataset_fields", schema.get("fields", []))
    fields = fields + schema.get("resource_fields", [])
    return {str(choice["label"]) for field in fields for choice in field.get("choices", [])}


def _text(page: str) -> str:
    """Visible words of a page, without what people typed into datasets."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(page, "html.parser")
    for tag in soup(["script", "style", "template", "code", "select", "noscript", "textarea"]):
        tag.decompose()
    for link in soup.find_all(attrs={"lang": "en"}):
        link.decompose()
    return soup.get_text(" ")


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
