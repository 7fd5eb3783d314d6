"""The code lists of this portal: those that are shipped and what the city adds to them.

Read when they are asked for, once per process.
"""

from __future__ import annotations

import difflib
from functools import lru_cache
from typing import Any

from ckanext.satudata import config, profile
from ckanext.satudata.common import csvs, language
from ckanext.satudata.metadata import codefiles
from ckanext.satudata.metadata.codefiles import CodeList, Item

#: How alike a word has to be to be proposed for another one (0 to 1), and how many are.
ALIKE, PROPOSED = 0.6, 3


def names() -> list[str]:
    """Keys of all lists: the shipped ones, then the city's own."""
    shipped = list(codefiles.available())
    own = sorted(profile.current().code_lists)
    return shipped + [name for name in own if name not in shipped]


def get(name: str) -> CodeList | None:
    """A list with the additions of the city; None where there is none of this name.

    Raises:
        CodeListError: the file or the profile is wrong.
    """
    return _merged(name, config.profile())


def every() -> list[CodeList]:
    """All lists, as :func:`names` orders them.

    Raises:
        CodeListError: a file or the profile is wrong.
    """
    return [found for found in map(get, names()) if found]


@lru_cache(maxsize=64)
def _merged(name: str, place: str) -> CodeList | None:
    more = profile.current().code_lists.get(name)
    if more is not None:
        return codefiles.added(profile.available().get(place, place), name, more)
    return codefiles.shipped(name) if name in codefiles.available() else None


def label(item: Item) -> str:
    """Label of an item in the reader's language."""
    return item.en if language.current() == "en" else item.id


def labels(name: str) -> dict[str, str]:
    """Code → label of a list in the reader's language."""
    found = get(name)
    return {one.code: label(one) for one in found.items} if found else {}


def find(name: str, word: str) -> Item | None:
    """The item that a code, a label or one of its spellings means.

    None where the list does not know it, or where it means several (the names of regions).
    """
    found = get(name)
    return found.keys.get(codefiles.key(word)) if found else None


def by_column(name: str, column: str, value: str) -> Item | None:
    """The first item with this value in a column, e.g. the region of a BPS code."""
    found = get(name)
    rows = found.items if found else ()
    return next((one for one in rows if one.columns.get(column) == value), None)


def nearest(name: str, word: str) -> list[Item]:
    """Items whose code, label or spelling is most like a word the list does not know."""
    found = get(name)
    if found is None:
        return []
    close = difflib.get_close_matches(
        codefiles.key(word), [one for one, item in found.keys.items() if item], 9, ALIKE
    )
    items = (found.keys[one] for one in close)
    return list({one.code: one for one in items if one}.values())[:PROPOSED]


def search(found: CodeList, text: str) -> list[Item]:
    """Items that have every word of a text in their code, names, spellings or columns."""
    wanted = codefiles.key(text).split()
    if not wanted:
        return list(found.items)
    return [one for one in found.items if all(word in _all_of(one) for word in wanted)]


def _all_of(item: Item) -> str:
    values = (*item.words(), *item.columns.values())
    return "\n".join(codefiles.key(word) for word in values)


def table(found: CodeList, items: list[Item]) -> bytes:
    """Items as CSV in UTF-8 with byte order mark, which spreadsheets need."""
    columns = list(found.head.columns)
    head = ["code", "label_id", "label_en", *columns, "variants", "checked"]
    rows = [
        [
            *(one.code, one.id, one.en),
            *(one.columns.get(name, "") for name in columns),
            *("|".join(one.variants), "true" if one.checked else "false"),
        ]
        for one in items
    ]
    return csvs.written([head, *rows])


def about(found: CodeList) -> dict[str, Any]:
    """What a list says about itself, as the API gives it; texts in both languages."""
    head = found.head
    return {
        "id": head.key,
        "title": head.title.model_dump(),
        "about": head.about.model_dump(),
        "source": head.source.model_dump(),
        "source_date": head.source_date,
        "licence": head.licence,
        "checked_against": head.checked_against.model_dump(),
        "differences": head.differences.model_dump() if head.differences else None,
        "columns": {name: text.model_dump() for name, text in head.columns.items()},
        "additions": [
            {
                "source": one.source.model_dump(),
                "source_date": one.source_date,
                "checked_against": one.checked_against.model_dump(),
                "count": len(one.items),
            }
            for one in found.additions
        ],
        "count": len(found.items),
        "unchecked": sum(not one.checked for one in found.items),
    }


def dictized(item: Item) -> dict[str, Any]:
    """An item as the API gives it: its columns beside code, labels and spellings."""
    return {
        "code": item.code,
        "label": {"id": item.id, "en": item.en},
        "variants": list(item.variants),
        "checked": item.checked,
        **item.columns,
    }
