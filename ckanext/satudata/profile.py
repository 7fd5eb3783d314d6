"""The city as data: one YAML file, read once, checked against a schema at start-up.

What another city does differently (names, step times, day counting, letters) is in its
profile and nowhere else. Errors name file, line and key.
"""

from __future__ import annotations

import os
from datetime import date
from functools import lru_cache
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ckanext.satudata import config
from ckanext.satudata.common.clock import DayCount

FOLDER = os.path.join(os.path.dirname(__file__), "profiles")


class ProfileError(Exception):
    """A profile that cannot be used.

    Attributes:
        problems: one text ``file:line: key: what is wrong`` each.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, regex_engine="python-re")


class City(_Part):
    """Who the city is; codes of Kemendagri and BPS are never derived from each other."""

    name: str = Field(min_length=3)
    title: str = Field(min_length=3)
    tagline: str
    kind: Literal["daerah-provinsi", "daerah-kota", "daerah-kabupaten"]
    region_kemendagri: str = Field(pattern=r"^\d{2}(\.\d{2})?$")
    region_bps: str = Field(pattern=r"^\d{2}(\d{2})?$")
    sop: str
    contact: str
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")


class Ppid(_Part):
    """The information officer (PPID, UU 14/2008) who answers requests for restricted data."""

    name: str = Field(min_length=3)
    address: str = Field(min_length=3)
    phone: str = ""
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    url: str = Field(default="", pattern=r"^(https?://\S+)?$")

    def line(self) -> str:
        """All of it in one line, as the API says it."""
        parts = (self.name, self.address, self.phone, self.email, self.url)
        return ", ".join(one for one in parts if one)


class Colors(_Part):
    """Colours of the portal, as CSS hex."""

    primary: str = Field(pattern=r"^#[0-9a-fA-F]{6}$")
    primary_dark: str = Field(pattern=r"^#[0-9a-fA-F]{6}$")
    accent: str = Field(pattern=r"^#[0-9a-fA-F]{6}$")


class Look(_Part):
    """Colours and the logo as inline SVG."""

    colors: Colors
    logo: str = Field(pattern=r"(?s)^\s*<svg\b(?!.*<script).*</svg>\s*$")


class Clock(_Part):
    """How days are counted."""

    days: Literal["working", "calendar"]
    days_off: list[date] = []

    def count(self) -> DayCount:
        """The counter for due dates."""
        return DayCount(self.days == "working", frozenset(self.days_off))


class Step(_Part):
    """One step of the SOP: its number there and its time in exactly one unit."""

    sop: str = Field(pattern=r"^\d(\.\d)?$")
    days: int | None = Field(default=None, ge=1)
    hours: int | None = Field(default=None, ge=1)
    minutes: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _one_unit(self) -> Step:
        if sum(unit is not None for unit in (self.days, self.hours, self.minutes)) != 1:
            raise ValueError("give exactly one of days, hours, minutes")
        return self


class Steps(_Part):
    """The steps of the SOP that have a time."""

    agreement: Step
    availability: Step
    upload: Step
    check: Step
    validation: Step
    publication: Step
    report: Step


class Approval(_Part):
    """Which steps of the approval exist."""

    pembina_review: bool


class LetterKind(_Part):
    """How one kind of letter is bundled and numbered, and its own Word template."""

    batch: Literal["release", "month"]
    number: str
    template: str | None = None

    @model_validator(mode="after")
    def _pattern(self) -> LetterKind:
        try:
            self.number.format(number=1, year=2026, month=1, month_roman="I")
        except (KeyError, ValueError, IndexError) as error:
            raise ValueError(f"unknown placeholder in the number: {error}") from error
        return self


class Letters(_Part):
    """Letters of the city."""

    surat_validasi: LetterKind
    letterhead: list[str]


class Profile(_Part):
    """A whole profile."""

    city: City
    ppid: Ppid
    look: Look
    clock: Clock
    steps: Steps
    approval: Approval
    letters: Letters
    #: Additions to the code lists by the list's key; their form is that of the lists.
    code_lists: dict[str, dict[str, Any]] = {}


def available() -> dict[str, str]:
    """Profiles shipped with the extension: name → path."""
    return {
        name.removesuffix(".yaml"): os.path.join(FOLDER, name)
        for name in sorted(os.listdir(FOLDER))
        if name.endswith(".yaml")
    }


def _line(node: yaml.Node | None, keys: tuple[Any, ...]) -> int:
    """Line of the deepest key of a path that the file has."""
    line = 1
    for key in keys:
        found = None
        if isinstance(node, yaml.MappingNode):
            for name, value in node.value:
                if name.value == str(key):
                    line, found = name.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            found = node.value[key]
            line = found.start_mark.line + 1
        if found is None:
            break
        node = found
    return line


def load(name_or_path: str) -> Profile:
    """Read and check a profile.

    Args:
        name_or_path: a name of :func:`available` or the path of a YAML file.

    Raises:
        ProfileError: unreadable, not YAML, or not of the schema.
    """
    path = available().get(name_or_path, name_or_path)
    try:
        with open(path, encoding="utf-8") as source:
            text = source.read()
        tree, content = yaml.compose(text), yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(
            [f"{path}: cannot be read ({error}); shipped: {', '.join(available())}"]
        ) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ProfileError([f"{path}:{line}: {error.problem}"]) from error
    try:
        return Profile.model_validate(content)
    except ValidationError as error:
        raise ProfileError(
            [
                f"{path}:{_line(tree, one['loc'])}: "
                f"{'.'.join(str(key) for key in one['loc']) or 'file'}: {one['msg']}"
                for one in error.errors()
            ]
        ) from error


@lru_cache(maxsize=4)
def _cached(name_or_path: str) -> Profile:
    return load(name_or_path)


def current() -> Profile:
    """The profile of this portal (option ``ckanext.satudata.profile``)."""
    return _cached(config.profile())
