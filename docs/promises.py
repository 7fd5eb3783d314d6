"""The list of promises, read from the names of the tests that hold them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"
INTRO = (
    "What the portal promises, each line held by a test of the suite that makes it true or "
    "turns red: nothing unapproved is public, nothing approved changes."
)
#: Where the tests of the promise "private until validated" lie, as patterns.
PLACES = (
    "gate/test_*.py",
    "approval/test_publication.py",
    "approval/test_withdrawn.py",
    "approval/test_access*.py",
    "approval/test_adopt.py",
    "approval/test_fingerprint*.py",
    "storage/test_*.py",
    "audit/test_*.py",
)


def promises(path: Path) -> tuple[str, list[tuple[str, str]]]:
    """What a test module is about, and the promise and its explanation of each test."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [
        (one.name.removeprefix("test_").replace("_", " "), _first(ast.get_docstring(one)))
        for one in tree.body
        if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")
    ]
    return _first(ast.get_docstring(tree)), found


def _first(text: str | None) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((text or "").split("\n\n")[0].split())


def parts() -> Iterator[str]:
    """The page's sections, one per test module."""
    for pattern in PLACES:
        for path in sorted(TESTS.glob(pattern)):
            about, found = promises(path)
            if not found:
                continue
            lines = [f"* **{name[:1].upper()}{name[1:]}.** {text}" for name, text in found]
            place = f"`tests/{path.relative_to(TESTS)}`"
            yield f"## {about.rstrip('.')}\n\n{place}\n\n" + "\n".join(lines)
