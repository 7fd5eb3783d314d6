"""What must not be told: words of hidden datasets that occur in nothing public.

A needle is a word of one hidden dataset (its id, name, title, a cell of its file, …). An
answer to somebody without a right that holds one is a leak. So that ordinary words raise
no alarm, a needle has eight signs at least and does not occur in the *haystack of the
public*: what published datasets, agencies, topics, people, withdrawal notices, the city's
profile, the scheme and the translations say.

Short keys (ids, names) are known of every hidden dataset; the rest, and what is asked for
one by one, of a sample: the newest of each kind, then the newest and random others.
"""

from __future__ import annotations

import json
import os
import random
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from babel.support import Translations

from ckan import model
from ckan import plugins as p
from ckan.lib import i18n
from ckan.plugins import toolkit as tk

from ckanext.satudata import profile
from ckanext.satudata.approval import approved, withdrawn
from ckanext.satudata.common import compat
from ckanext.satudata.letters import service as letters
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.storage import service as storage

#: Signs of the shortest needle; bytes and rows that are searched for cells.
SHORTEST, HEAD, ROWS = 8, 65_536, 20
#: Needles of content per file, and files, letters, … per dataset that are asked for.
CELLS, PIECES = 6, 3
#: Ids in one query.
PAGE = 1000
_KEY = re.compile(rf"[a-z0-9_-]{{{SHORTEST},}}")


def plain(text: Any) -> str:
    """Text as it is compared: one form of Unicode, small letters, single spaces."""
    return " ".join(unicodedata.normalize("NFC", str(text)).lower().split())


def keys(text: str) -> set[str]:
    """Everything in a plain text that could be an id or a name."""
    return set(_KEY.findall(text))


@dataclass
class Subject:
    """A dataset whose secrets are asked for.

    Attributes:
        id: of the dataset.
        name: its name.
        existence: must its existence be a secret? Not that of withdrawn data (its notice
            is told), nor of public metadata whose data is not for everybody.
        fills: what fills the placeholders of the walk, one each per file.
        common: is its name part of something public?
        phrases: plain text → kind of needle.
    """

    id: str
    name: str
    existence: bool = True
    common: bool = False
    fills: list[dict[str, str]] = field(default_factory=list)
    phrases: dict[str, str] = field(default_factory=dict)


@dataclass
class Needles:
    """All that is looked for.

    Attributes:
        hidden: number of hidden datasets.
        subjects: the sample, and public datasets whose data is restricted.
        known: id, name, file id → (dataset's id, kind), of every hidden dataset.
        phrases: plain text → (dataset's id, kind), of the sample.
    """

    hidden: int
    subjects: list[Subject]
    known: dict[str, tuple[str, str]]
    phrases: dict[str, tuple[str, str]]


def collect(sample: int, seed: int | None = None) -> Needles:
    """Read them from the database.

    Args:
        sample: how many hidden datasets are asked for one by one.
        seed: for the random part of the sample; None for another one each time.
    """
    rows = model.Session.execute(approved.hidden()).all()
    told = approved.withdrawn_ids()
    public = haystack(told)
    known = _known(rows, told, keys(public))
    chosen = _sample(rows, sample, random.Random(seed))  # noqa: S311 - no secret
    subjects = [_subject(row.id, public, existence=row.id not in told) for row in chosen]
    # Public metadata; of its data nothing may be told.
    subjects += [
        _subject(key, public, existence=False, data_only=True)
        for key in approved.restricted()[:sample]
    ]
    phrases: dict[str, tuple[str, str]] = {}
    for one in subjects:
        for phrase, kind in one.phrases.items():
            phrases.setdefault(phrase, (one.id, kind))
    return Needles(len(rows), subjects, known, phrases)


def _known(rows: Iterable[Any], told: set[str], words: set[str]) -> dict[str, tuple[str, str]]:
    """Short keys of every hidden dataset; a notice links to its dataset by the id."""
    found: dict[str, tuple[str, str]] = {}
    ids = []
    for row in rows:
        ids.append(row.id)
        if row.id not in told:
            found[row.id] = (row.id, "id")
        if len(row.name) >= SHORTEST and row.name not in words:
            found[row.name] = (row.id, "name")
    resource = model.Resource
    for part in _parts(ids):
        query = sa.select(resource.id, resource.package_id)
        for key, package_id in model.Session.execute(query.where(resource.package_id.in_(part))):
            found[key] = (package_id, "resource")
    return found


def _parts(values: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), PAGE):
        yield values[start : start + PAGE]


def _sample(rows: list[Any], size: int, chance: random.Random) -> list[Any]:
    """The newest of each pair of states, then half newest, half random."""
    if len(rows) <= size:
        return list(rows)
    first: dict[tuple[Any, Any], Any] = {}
    for row in rows:
        first.setdefault((row[2], row[3]), row)
    chosen = list(first.values())[:size]
    rest = [row for row in rows if row not in chosen]
    newest = rest[: (size - len(chosen) + 1) // 2]
    rest = rest[len(newest) :]
    return chosen + newest + chance.sample(rest, min(len(rest), size - len(chosen) - len(newest)))


def haystack(told: set[str]) -> str:
    """Everything that may be told, as one plain text.

    Args:
        told: ids of withdrawn datasets, whose notices are public.
    """
    notices = [one for one in withdrawn.find(limit=PAGE) if one.package_id in told]
    package, resource, group, user = model.Package, model.Resource, model.Group, model.User
    public = sa.and_(approved.is_public(), approved.by_right())
    texts = [
        *_columns(
            sa.select(
                *(package.name, package.title, package.notes, package.url, package.version),
                *(package.author, package.author_email),
                *(package.maintainer, package.maintainer_email),
            ).where(public)
        ),
        *_columns(
            sa.select(
                resource.name, resource.description, resource.url, sa.cast(resource.extras, sa.Text)
            )
            .join(package, package.id == resource.package_id)
            .where(public, resource.state == "active")
        ),
        *_columns(
            sa.select(model.Tag.name)
            .join(model.PackageTag, model.PackageTag.tag_id == model.Tag.id)
            .join(package, package.id == model.PackageTag.package_id)
            .where(public, model.PackageTag.state == "active")
        ),
        *_columns(sa.select(group.name, group.title, group.description)),
        *_columns(sa.select(user.name, user.fullname, user.about)),
        *compat.extra_values(package, public),
        *compat.extra_values(group, group.state == "active"),
        *(text for one in notices for text in (one.title, one.notice)),
        *_of_the_portal(),
    ]
    return plain(" \n ".join(texts))


def _columns(query: Any) -> list[str]:
    return [str(value) for row in model.Session.execute(query) for value in row if value]


def _of_the_portal() -> Iterator[str]:
    """Words of the portal itself: settings, profile, scheme, licenses, translations."""
    yield from (str(value) for key, value in tk.config.items() if key.startswith("ckan.site_"))
    yield profile.current().model_dump_json()
    yield json.dumps(metadata.fields(), ensure_ascii=False, default=str)
    yield from (str(one.title) for one in model.Package.get_license_register().values())
    pairs = [(i18n.get_ckan_i18n_dir(), "ckan")]
    pairs += [(one.i18n_directory(), one.i18n_domain()) for one in _translators()]
    for folder, domain in pairs:
        for locale in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if locale in tk.config["ckan.locales_offered"] or locale == "id":
                catalogue = getattr(Translations.load(folder, [locale], domain), "_catalog", {})
                yield " ".join(str(one) for pair in catalogue.items() for one in pair)


def _translators() -> Iterable[Any]:
    return p.PluginImplementations(p.ITranslation)


def _subject(package_id: str, public: str, *, existence: bool, data_only: bool = False) -> Subject:
    """Read one dataset: its needles, and what is asked for."""
    package = model.Session.get(model.Package, package_id, populate_existing=True)
    assert package is not None
    common = plain(package.name) in public
    found = Subject(package.id, package.name, existence=existence, common=common)
    query = sa.select(model.Resource).where(model.Resource.package_id == package_id)
    # What is asked for: files that are there before those that were deleted.
    order = (model.Resource.state, model.Resource.position, model.Resource.id)
    resources = list(model.Session.scalars(query.order_by(*order)))[:PIECES]
    words: list[tuple[str, Any]] = []
    if not data_only:
        words = _words(package, resources)
        traces = approved.traces(package_id)
        words += [("process", one) for one in (*traces.ids, *traces.fingerprints)]
        held = [one for one in map(letters.get, traces.letters) if one is not None]
        words += [("letter", one) for letter in held for one in (letter.number, letter.code)]
        words += [("letter", letter.id) for letter in held]
    for resource in resources:
        words += [("content", cell) for cell in _cells(resource, public)]
    for kind, word in words:
        phrase = plain(word)
        if len(phrase) >= SHORTEST and phrase not in public and not _is_time(phrase):
            found.phrases.setdefault(phrase, kind)
    found.fills = _fills(package, resources, public)
    return found


def _words(package: model.Package, resources: list[model.Resource]) -> list[tuple[str, Any]]:
    """Metadata of a dataset: (kind, text)."""
    notes = plain(package.notes or "")
    found: list[tuple[str, Any]] = [("title", package.title or ""), ("notes", notes[:60])]
    found += [("field", value) for value in dict(package.extras or {}).values()]
    found += [("tag", name) for name in _tags(package.id)]
    for one in resources:
        found += [("file name", one.name or ""), ("file name", _filename(one))]
        found += [("file name", plain(one.description or "")[:60])]
        if one.url_type != "upload":
            found.append(("link", one.url or ""))
    return found


def _tags(package_id: str) -> list[str]:
    query = sa.select(model.Tag.name).join(
        model.PackageTag, model.PackageTag.tag_id == model.Tag.id
    )
    return list(model.Session.scalars(query.where(model.PackageTag.package_id == package_id)))


def _filename(resource: model.Resource) -> str:
    return (resource.url or "").rsplit("/", 1)[-1]


def _cells(resource: model.Resource, public: str) -> list[str]:
    """Some cells of a file and of its rows that occur in nothing public; longest first."""
    cells: list[Any] = []
    if resource.url_type == "upload":
        source = storage.open_resource(resource.id)
        if source is not None:
            with source:
                head = source.read(HEAD)
            # A workbook is not searched for words: that it is served at all is found.
            if b"\0" not in head:
                lines = head.decode("utf-8", "ignore").splitlines()[1:]
                cells += [cell for line in lines for cell in re.split(r'[,;\t|"]', line)]
    cells += _rows(resource.id)
    long = {plain(cell) for cell in cells if SHORTEST <= len(str(cell)) <= 200}
    # The longest ones first, and only as many looked up as are needed.
    found: list[str] = []
    for cell in sorted(long, key=lambda one: (-len(one), one)):
        if cell not in public and not _is_time(cell):
            found.append(cell)
        if len(found) == CELLS:
            break
    return found


def _is_time(cell: str) -> bool:
    """A day or time is no secret word."""
    return re.fullmatch(r"[\d\-:./t z+]+", cell) is not None and len(cell) < 30


def _rows(resource_id: str) -> list[Any]:
    """Cells of the DataStore table of a file, where it has one."""
    if not p.plugin_loaded("datastore"):
        return []
    from ckanext.datastore.backend.postgres import get_read_engine

    engine = get_read_engine()
    if not sa.inspect(engine).has_table(resource_id):
        return []
    table = sa.table(resource_id)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(sa.text("*")).select_from(table).limit(ROWS)).all()
    return [value for row in rows for value in row if value is not None]


def _fills(
    package: model.Package, resources: list[model.Resource], public: str
) -> list[dict[str, str]]:
    """What fills the placeholders of the walk: one set per file, at least one."""
    traces = approved.traces(package.id)
    groups = _groups(package.id)
    tags = [tag for tag in _tags(package.id) if plain(tag) not in public]
    lists: dict[str, list[str]] = {
        "activity": _activities(package.id),
        "letter": list(traces.letters),
        "approval": list(traces.ids),
        "tag": tags,
        "group": groups,
        "file": compat.file_ids([package.id, *(one.id for one in resources)]),
    }
    base = {"id": package.id, "name": package.name, "title": package.title or package.name}
    owner = model.Group.get(package.owner_org) if package.owner_org else None
    creator = model.User.get(package.creator_user_id)
    if owner is not None:
        base["organization"] = owner.name
    if creator is not None:
        base["user"] = creator.name
    fills = []
    for number in range(max(1, len(resources))):
        fill = dict(base)
        if number < len(resources):
            one = resources[number]
            fill |= {"resource": one.id, "filename": _filename(one) or "berkas"}
            views = _views(one.id)
            if views:
                fill["view"] = views[0]
        for key, values in lists.items():
            if values:
                fill[key] = values[min(number, len(values) - 1)]
        fills.append(fill)
    return fills


def _views(resource_id: str) -> list[str]:
    view = model.ResourceView
    query = sa.select(view.id).where(view.resource_id == resource_id).order_by(view.order)
    return list(model.Session.scalars(query.limit(PIECES)))


def _groups(package_id: str) -> list[str]:
    query = (
        sa.select(model.Group.name)
        .join(model.Member, model.Member.group_id == model.Group.id)
        .where(model.Member.table_id == package_id, model.Member.table_name == "package")
        .where(model.Member.state == "active", model.Group.is_organization.is_(False))
    )
    return list(model.Session.scalars(query))


def _activities(package_id: str) -> list[str]:
    """Ids of the newest activities about a dataset, where they are kept."""
    if not p.plugin_loaded("activity"):
        return []
    from ckanext.activity.model import Activity

    query = sa.select(Activity.id).where(Activity.object_id == package_id)
    return list(model.Session.scalars(query.order_by(Activity.timestamp.desc()).limit(PIECES)))
