"""Keep the Indonesian catalogue: ``python tools/catalogue.py extract|build``.

Two sources lie in ``ckanext/satudata/i18n/id/``: ``core.po`` overrides CKAN's own
strings in the words of this project, ``satudata.po`` translates ours. ``extract`` reads
the code and templates and enters new strings in ``satudata.po`` (empty, to be filled
in; what core.po translates needs no second translation); ``build`` makes the catalogue
that CKAN loads, ours winning. Run it with CKAN 2.12: Babel of 2.11 does not find CKAN's
template extractor.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polib
from babel.messages.extract import extract_from_dir

PACKAGE = Path(__file__).resolve().parent.parent / "ckanext" / "satudata"
FOLDER = PACKAGE / "i18n" / "id"
BUILT = FOLDER / "LC_MESSAGES" / "ckanext-satudata.po"
METHODS = [
    ("**.py", "python"),
    ("**.js", "javascript"),
    ("templates/**.html", "ckan.lib.extract:extract_ckan"),
]
#: Asked for by names made at run time (labels of errors, hints), so no extractor sees them.
AT_RUN_TIME = ("Owner org", "Tag string", "my-group", "private")
#: Core says them too, but ours is the word of a decision: satudata.po translates them.
OURS_TOO = ("Submit",)
METADATA = {
    "Project-Id-Version": "ckanext-satudata",
    "Language": "id",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    # Without it flask-babel would fall back to the English rule for core's plurals too.
    "Plural-Forms": "nplurals=1; plural=0;",
}


def own() -> dict[str, str | None]:
    """Own strings as they are in the code now: singular → plural or None."""
    found: dict[str, str | None] = dict.fromkeys(AT_RUN_TIME)
    keywords = {
        "_": None,
        "gettext": None,
        "ngettext": (1, 2),
        "ungettext": (1, 2),
    }
    options = {"templates/**.html": {"trimmed": "true", "silent": "false"}}
    for _file, _line, message, _comments, _context in extract_from_dir(
        str(PACKAGE), METHODS, options, keywords=keywords
    ):
        singular, plural = message if isinstance(message, tuple) else (message, None)
        found[singular] = plural or found.get(singular)
    return found


def empty(wrap: int = 88) -> polib.POFile:
    """A catalogue without messages."""
    made = polib.POFile(wrapwidth=wrap)
    made.metadata = dict(METADATA)
    return made


def translated(entry: polib.POEntry) -> str:
    """The one Indonesian form of a message."""
    return entry.msgstr_plural.get(0, "") if entry.msgid_plural else entry.msgstr


def extract() -> list[str]:
    """Bring satudata.po up to the code; answers what still has no translation."""
    source = FOLDER / "satudata.po"
    before = polib.pofile(str(source)) if source.exists() else empty()
    known = {entry.msgid: translated(entry) for entry in before}
    after = empty()
    core = {entry.msgid for entry in polib.pofile(str(FOLDER / "core.po"))}
    for singular, plural in sorted(own().items()):
        if singular in core and singular not in OURS_TOO and not known.get(singular):
            continue
        entry = polib.POEntry(msgid=singular)
        if plural:
            entry.msgid_plural = plural
            entry.msgstr_plural = {0: known.get(singular, "")}
        else:
            entry.msgstr = known.get(singular, "")
        after.append(entry)
    after.save(str(source))
    return [entry.msgid for entry in after if not translated(entry)]


def merged() -> polib.POFile:
    """Both sources in one, ours winning."""
    catalogue, messages = empty(), {}
    for name in ("core.po", "satudata.po"):
        messages.update({entry.msgid: entry for entry in polib.pofile(str(FOLDER / name))})
    catalogue.extend(messages[msgid] for msgid in sorted(messages))
    return catalogue


def build() -> None:
    """Write the catalogue that CKAN loads, as .po (for JavaScript) and .mo."""
    catalogue = merged()
    BUILT.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(BUILT))
    catalogue.save_as_mofile(str(BUILT.with_suffix(".mo")))


if __name__ == "__main__":
    if sys.argv[1:] == ["extract"]:
        missing = extract()
        print("\n".join(missing) or "Every own string is translated.")
        sys.exit(bool(missing))
    build()
