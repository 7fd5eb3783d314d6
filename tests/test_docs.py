"""The documentation says everything the code offers, and says it as the code does now."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from ckanext.satudata import profile, registry, signals
from ckanext.satudata.approval.states import TRANSITIONS, State
from ckanext.satudata.roles.states import Role

HERE = Path(__file__).parent.parent
DOCS = HERE / "docs"
#: Markdown link or picture: the target without its title.
_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """The script docs/generate.py as a module."""
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def text(name: str) -> str:
    """A page of docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


def pages() -> list[Path]:
    """README and every page of docs/."""
    return [HERE / "README.md", *sorted(DOCS.rglob("*.md"))]


def test_generated_pages_are_current(generate: ModuleType) -> None:
    """Whoever changes the code runs docs/generate.py."""
    assert generate.stale() == []


def test_every_action_is_documented() -> None:
    """With a heading, what it takes, what it answers."""
    said = text("reference/actions.md")
    for name in registry.actions():
        part = re.search(rf"^## {name}$(.*?)(?=^## |\Z)", said, re.MULTILINE | re.DOTALL)
        assert part, f"{name} is not in docs/reference/actions.md"
        for word in ("**Input**", "**Result**", "**Errors**"):
            assert word in part[1], f"{name} does not say {word} in its docstring"


def test_every_option_is_documented(generate: ModuleType) -> None:
    """Each with a description, and a reader in config.py."""
    said = text("configuration.md")
    readers = (Path(profile.__file__).parent / "config.py").read_text(encoding="utf-8")
    for option in generate.options():
        assert f"## {option['key']}\n" in said
        assert option["description"].strip()
        assert f'"{option["key"]}"' in readers, f"{option['key']} has no reader"


def test_every_command_is_documented(generate: ModuleType) -> None:
    """Each with a sentence, each of its own options with a help text."""
    said = text("reference/cli.md")
    for name, command in generate.commands().items():
        assert f"## {name}\n" in said
        assert (command.help or "").strip(), f"{name} has no help"


def test_every_state_and_transition_is_documented() -> None:
    """In the page that is made from the table."""
    said = text("reference/states.md")
    for state in State:
        assert re.search(rf"^\| `{state}` \|", said, re.MULTILINE), state
    for name in TRANSITIONS:
        assert re.search(rf"^\| `{name}` \|", said, re.MULTILINE), name


def test_every_role_is_documented() -> None:
    """With where it comes from."""
    said = text("reference/roles.md")
    for role in Role:
        assert re.search(rf"^\| `{role}` \|", said, re.MULTILINE), role


def test_every_signal_is_documented() -> None:
    """With its sender and what it carries."""
    said = text("reference/signals.md")
    found = [name for name, one in vars(signals).items() if hasattr(one, "send")]
    assert found
    for name in found:
        part = re.search(rf"^## {name}$(.*?)(?=^## |\Z)", said, re.MULTILINE | re.DOTALL)
        assert part, f"{name} is not in docs/reference/signals.md"
        assert "Sender" in part[1] and "Keyword arguments" in part[1]


def test_every_table_is_documented(generate: ModuleType) -> None:
    """With every column."""
    said = text("reference/tables.md")
    found = generate.tables()
    assert len(found) > 5
    for name, one in found.items():
        part = re.search(rf"^## {name}$(.*?)(?=^## |\Z)", said, re.MULTILINE | re.DOTALL)
        assert part, f"{name} is not in docs/reference/tables.md"
        for column in one.columns:
            assert f"| `{column.name}` |" in part[1], f"{name}.{column.name}"


def _keys(model: type[BaseModel], start: str = "") -> Iterator[str]:
    """Dotted keys of a profile; what every step has in common counts once."""
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        if kind is profile.Step:
            yield f"{start}{name}"
            yield from _keys(profile.Step, f"{start}*.")
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _keys(kind, f"{start}{name}.")
        else:
            yield f"{start}{name}"


def test_every_profile_key_is_documented() -> None:
    """Another city is set up from docs/another-city.md alone; no key is invented."""
    said = text("another-city.md")
    rows = set(re.findall(r"^\| `([a-z_.*]+)` \|", said, re.MULTILINE))
    assert rows == set(_keys(profile.Profile))


def test_every_page_is_in_the_navigation() -> None:
    """Each page once, and none that does not exist."""
    tree = yaml.safe_load((HERE / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]

    def walk(part: Any) -> Iterator[str]:
        if isinstance(part, str):
            yield part
            return
        for one in part.values() if isinstance(part, dict) else part:
            yield from walk(one)

    found = sorted(walk(tree))
    assert found == sorted(str(one.relative_to(DOCS)) for one in DOCS.rglob("*.md"))


@pytest.mark.parametrize("path", pages(), ids=lambda one: str(one.relative_to(HERE)))
def test_links_lead_somewhere(path: Path) -> None:
    """Relative links and pictures name files of this project, anchors headings."""
    for target in _LINK.findall(_CODE.sub("", path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _sep, anchor = target.partition("#")
        goal = (path.parent / name).resolve() if name else path
        assert goal.exists(), f"{path.name}: {target} leads nowhere"
        assert goal.is_relative_to(HERE), f"{path.name}: {target} leaves the project"
        if anchor:
            assert anchor in _anchors(goal), f"{path.name}: no heading for {target}"


def _anchors(path: Path) -> set[str]:
    """Anchors of a page's headings, as mkdocs and GitHub make them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    plain = [re.sub(r"[^\w\s-]", "", one).strip().lower() for one in headings]
    return {re.sub(r"[\s]+", "-", one) for one in plain}


@pytest.mark.parametrize("path", pages(), ids=lambda one: str(one.relative_to(HERE)))
def test_commands_of_make_exist(path: Path) -> None:
    """Every "make …" that a page names is in the Makefile."""
    makefile = (HERE / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    code = " ".join(_CODE.findall(path.read_text(encoding="utf-8")))
    for word in re.findall(r"\bmake ([a-z]+)", code):
        assert word in known, f"{path.name}: make {word} does not exist"


def test_readme_says_what_is_asked() -> None:
    """A newcomer finds picture, two commands, address, accounts and the first plugin."""
    said = (HERE / "README.md").read_text(encoding="utf-8")
    for word in (
        "docs/images/dataset.png",
        "make run",
        "make test",
        "http://127.0.0.1:5000",
        ".satudata/accounts.json",
        "ckan.plugins = satudata ",
        "db upgrade -p satudata",
        "satudata tick",
        "satudata check",
        "ckanext-validation",
    ):
        assert word in said, word
