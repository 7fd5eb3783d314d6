"""Code lists as files: one YAML each in ``codes/``, read and checked without CKAN.

A list says where it comes from, of what date, and with what second source it was compared;
an item that a second source does not confirm carries ``checked: false``. Codes are text:
``35.10`` is no number.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

FOLDER = os.path.join(os.path.dirname(__file__), "codes")
SCHEME = os.path.join(os.path.dirname(os.path.dirname(__file__)), "schemas", "dataset.yaml")
#: libyaml where it is there: the list of regions is ten times faster with it.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
KEY = r"^[a-z][a-z0-9_]*$"
#: Names that no column of a list may have.
OWN = ("code", "id", "en", "label", "variants", "checked")


class CodeListError(Exception):
    """A code list that cannot be used.

    Attributes:
        problems: one text ``file: key: what is wrong`` each.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Both(_Part):
    """A text in both languages."""

    id: str = Field(min_length=1)
    en: str = Field(min_length=1)


#: A text in both languages; one text alone is the same in both.
Text = Annotated[_Both, BeforeValidator(lambda v: {"id": v, "en": v} if isinstance(v, str) else v)]


class Item(BaseModel):
    """One code; what else the file says of it are the columns of its list."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, str]  # pyright: ignore[reportIncompatibleVariableOverride]

    code: str = Field(min_length=1)
    id: str = Field(min_length=1)
    en: str = Field(min_length=1)
    variants: tuple[str, ...] = ()
    checked: bool = True

    @property
    def columns(self) -> dict[str, str]:
        """Column of the list → value, where this code has one."""
        return self.__pydantic_extra__

    def words(self) -> tuple[str, ...]:
        """Everything the code is called, the code first."""
        return (self.code, self.id, self.en, *self.variants)


class Head(_Part):
    """What a list says about itself.

    ``labels_from`` names the field of the scheme whose choices are the codes and labels;
    ``closed`` lists belong to the scheme or the procedure, a city adds nothing to them;
    ``names``: labels are proper names, the same in both languages, and may repeat;
    ``unique`` names columns that have each value once.
    """

    key: str = Field(pattern=KEY)
    title: Text
    about: Text
    source: Text
    source_date: str = Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")
    licence: str = ""
    checked_against: Text
    differences: Text | None = None
    labels_from: str | None = None
    closed: bool = False
    names: bool = False
    columns: dict[str, Text] = {}
    unique: tuple[str, ...] = ()


class Addition(_Part):
    """What a city adds: items to a list that is shipped, or a list of its own."""

    title: Text | None = None
    about: Text | None = None
    source: Text
    source_date: str = Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")
    checked_against: Text
    columns: dict[str, Text] = {}
    items: list[dict[str, Any]] = Field(min_length=1)


def key(word: str) -> str:
    """A word as words are compared: without case, needless spaces, and form of signs.

    "Kab." at the beginning is "Kabupaten", as lists of regions write it.
    """
    text = " ".join(unicodedata.normalize("NFKC", word).casefold().split()).rstrip(".")
    return re.sub(r"^kab(\.|\s)\s*", "kabupaten ", text)


@dataclass(frozen=True)
class CodeList:
    """A code list: its head, its items, and the additions of the city by source."""

    head: Head
    items: tuple[Item, ...]
    additions: tuple[Addition, ...] = ()

    @cached_property
    def codes(self) -> dict[str, Item]:
        """Code → item."""
        return {one.code: one for one in self.items}

    @cached_property
    def keys(self) -> dict[str, Item | None]:
        """Compared word → the item it means; None where it means several."""
        found: dict[str, Item | None] = {}
        for one in self.items:
            for word in {key(word) for word in one.words()}:
                found[word] = one if found.get(word, one) is one else None
        found.update({key(one.code): one for one in self.items})
        return found


def _problems(place: str, error: ValidationError) -> CodeListError:
    return CodeListError(
        [
            f"{place}: {'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}"
            for one in error.errors()
        ]
    )


def _read(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as source:
            # The loader is one of the two safe ones.
            return yaml.load(source, Loader=LOADER)  # noqa: S506
    except (OSError, UnicodeDecodeError) as error:
        raise CodeListError([f"{path}: file: cannot be read ({error})"]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CodeListError([f"{path}:{line}: file: {error.problem}"]) from error


@lru_cache(maxsize=1)
def _choices() -> dict[str, list[dict[str, Any]]]:
    fields = _read(SCHEME)["dataset_fields"]
    return {one["field_name"]: one["choices"] for one in fields if "choices" in one}


def _labelled(place: str, head: Head, rows: list[Any]) -> list[Any]:
    """The rows with the labels of the scheme's field; both have to have the same codes."""
    labels = {one["value"]: one["label"] for one in _choices().get(head.labels_from or "", ())}
    codes = [one.get("code") if isinstance(one, Mapping) else None for one in rows]
    if codes != list(labels):
        raise CodeListError(
            [f"{place}: items: the codes of {head.labels_from} are {', '.join(labels)}"]
        )
    return [{**row, **labels[row["code"]]} for row in rows]


def items(place: str, head: Head, rows: list[Any], start: str = "items") -> tuple[Item, ...]:
    """Items of a list, each checked by itself.

    Args:
        place: what an error names: the file.
        head: of the list.
        rows: as the file has them.
        start: key of the rows in the file.

    Raises:
        CodeListError: naming file and key.
    """
    found, problems = [], []
    for number, row in enumerate(rows):
        where = f"{place}: {start}.{number}"
        if head.names and isinstance(row, Mapping) and "id" in row:
            row = {"en": row["id"], **row}
        try:
            one = Item.model_validate(row, strict=False)
        except ValidationError as error:
            problems += [
                f"{where}.{'.'.join(map(str, bad['loc'])) or 'item'}: {bad['msg']}"
                for bad in error.errors()
            ]
            continue
        problems += [
            f"{where}.{name}: no column of this list ({', '.join(head.columns) or 'none'})"
            for name in one.columns
            if name not in head.columns
        ]
        found.append(one)
    if problems:
        raise CodeListError(problems)
    return tuple(found)


def checked(place: str, found: CodeList) -> CodeList:
    """The list, when no two items are one code, one word, or one value that is to be unique.

    Raises:
        CodeListError: naming file and key.
    """
    problems: list[str] = []
    seen: dict[tuple[str, str], int] = {}
    for number, one in enumerate(found.items):
        values = {("code", one.code.casefold())}
        if not found.head.names:
            values |= {("word", key(word)) for word in one.words()}
        values |= {(name, one.columns[name]) for name in found.head.unique if name in one.columns}
        for what, value in sorted(values):
            other = seen.setdefault((what, value), number)
            if other != number:
                code = found.items[other].code
                problems.append(f"{place}: items.{number}.{what}: {value} belongs to {code} too")
    if problems:
        raise CodeListError(problems)
    return found


def parse(place: str, content: Any) -> CodeList:
    """A list from the content of its file.

    Raises:
        CodeListError: naming file and key.
    """
    if not isinstance(content, dict):
        raise CodeListError([f"{place}: file: a code list is a mapping with key, title, items"])
    rows = content.get("items")
    try:
        head = Head.model_validate({k: v for k, v in content.items() if k != "items"})
    except ValidationError as error:
        raise _problems(place, error) from error
    if not isinstance(rows, list) or not rows:
        raise CodeListError([f"{place}: items: a list of at least one code is needed"])
    taken = [name for name in head.columns if name in OWN]
    taken += [name for name in head.unique if name not in head.columns]
    if taken:
        raise CodeListError([f"{place}: columns.{name}: not possible here" for name in taken])
    if head.labels_from:
        rows = _labelled(place, head, rows)
    return checked(place, CodeList(head, items(place, head, rows)))


def available() -> dict[str, str]:
    """Lists that are shipped: key → path, by key."""
    return {
        name.removesuffix(".yaml"): os.path.join(FOLDER, name)
        for name in sorted(os.listdir(FOLDER))
        if name.endswith(".yaml")
    }


@cache
def shipped(name: str) -> CodeList:
    """A list as it is shipped, read once per process.

    Raises:
        CodeListError: unreadable, not YAML, or not well-formed.
        KeyError: there is no such list.
    """
    path = available()[name]
    found = parse(path, _read(path))
    if found.head.key != name:
        raise CodeListError([f"{path}: key: has to be the file's name, {name}"])
    return found


def added(place: str, name: str, content: Any) -> CodeList:
    """A list with what a city adds to it, or a list of the city's own.

    Args:
        place: what an error names: the profile.
        name: key of the list.
        content: as the profile has it under ``code_lists``.

    Raises:
        CodeListError: naming file and key.
    """
    start = f"code_lists.{name}"
    if not re.fullmatch(KEY, name):
        raise CodeListError([f"{place}: {start}: a key has small letters, digits and _ only"])
    try:
        more = Addition.model_validate(content)
    except ValidationError as error:
        raise _problems(f"{place}: {start}", error) from error
    if name not in available():
        head = _own_head(f"{place}: {start}", name, more)
        return checked(
            f"{place}: {start}",
            CodeList(head, items(place, head, more.items, f"{start}.items"), (more,)),
        )
    base = shipped(name)
    if base.head.closed:
        raise CodeListError([f"{place}: {start}: this list is closed, its codes are the scheme's"])
    if more.columns or more.title:
        raise CodeListError([f"{place}: {start}: title and columns are those of the list"])
    rows = items(place, base.head, more.items, f"{start}.items")
    return checked(f"{place}: {start}", CodeList(base.head, (*base.items, *rows), (more,)))


def _own_head(place: str, name: str, more: Addition) -> Head:
    if more.title is None:
        raise CodeListError([f"{place}.title: a list of the city's own needs a title"])
    if any(column in OWN for column in more.columns):
        raise CodeListError([f"{place}.columns: {', '.join(OWN)} are there in every list"])
    return Head(
        key=name,
        title=more.title,
        about=more.about or more.title,
        source=more.source,
        source_date=more.source_date,
        checked_against=more.checked_against,
        columns=more.columns,
    )
