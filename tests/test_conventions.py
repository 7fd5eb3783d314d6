"""The house rules, as tests: names, directions, docstrings, sizes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ckanext.satudata import cli, profile, registry
from ckanext.satudata.common.model import Base

HERE = Path(__file__).parent.parent
PACKAGE = HERE / "ckanext" / "satudata"
#: Inside a domain a file may import those before it.
LAYERS = (
    *("states", "texts", "model", "permissions", "access", "canonical", "tables"),
    *("fingerprint", "locks", "marks", "gate_find", "gate", "refusals"),
    *("render", "signing", "owners", "findings", "members"),
    *("needles", "walk", "client", "judge", "codefiles", "codelists", "plain", "service"),
    *("completeness", "rules", "national", "dcat", "indah_layout", "indah", "workbook", "form"),
    *("intake", "prefill", "columns", "tableschema", "served", "loads"),
    *("collect", "uploader", "register"),
    *("activities", "publication", "verify", "decide", "adoption", "consistency", "withdrawn"),
    *("existence", "lists", "approved"),
    *("panel_rows", "panel_turn", "panel", "search", "forms", "figures", "check", "worklist"),
    *(
        "batch",
        "pages",
        "indah_pages",
        "validators",
        "schema",
        "auth",
        "reads",
        "action",
        "checks",
        "jobs",
    ),
    *("implementations",),
    *("doors", "helpers", "parts", "views", "cli"),
)
#: Modules outside the domains, and what they are to the domains.
SHARED = {"config", "profile", "signals", "common", "interfaces"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Modules of this package that a file imports, without the prefix."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ckanext.satudata"):
            base = (node.module or "").removeprefix("ckanext.satudata").strip(".")
            for name in node.names:
                target = ".".join(part for part in (base, name.name) if part)
                full = PACKAGE / (target.replace(".", "/") + ".py")
                folder = PACKAGE / target.replace(".", "/")
                yield target if full.exists() or folder.is_dir() else base


@pytest.mark.both
@pytest.mark.parametrize("name", sorted(registry.actions()))
def test_action_has_prefix_auth_and_docstring(name):
    """Every action is ours by name, judged, and described for the API reference."""
    action = registry.actions()[name]
    assert re.fullmatch(r"satudata_[a-z]+(_[a-z]+)+", name)
    assert name in registry.auth_functions()
    for part in ("Args:", "Returns:", "Raises:"):
        assert part in (action.__doc__ or ""), part


@pytest.mark.parametrize("name", sorted(registry.auth_functions()))
def test_auth_function_belongs_to_an_action(name):
    """No auth function without its action, and each says who may."""
    assert name in registry.actions()
    assert registry.auth_functions()[name].__doc__


def test_names_carry_the_product():
    """Tables, helpers, validators, blueprints, options."""
    tables = [one for one in Base.metadata.tables if "satudata" in one]
    assert tables
    assert all(one.startswith("satudata_") for one in tables)
    for group in (registry.helpers(), registry.validators()):
        assert all(name.startswith("satudata_") for name in group)
    assert all(one.name.startswith("satudata_") for one in registry.blueprints())
    keys = re.findall(r"key: (\S+)", (PACKAGE / "config_declaration.yaml").read_text())
    assert keys
    assert all(key.startswith("ckanext.satudata.") for key in keys)


def test_commands_are_one_group():
    """Everything is under ``ckan satudata`` and says what it does."""
    (group,) = cli.get_commands()
    assert group.name == "satudata"
    for command in group.commands.values():
        assert command.help


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_import_direction(path):
    """A domain uses those before it by service, permissions or data, never their model."""
    own = path.relative_to(PACKAGE).parts
    if own[0] not in registry.DOMAINS:
        return
    domain, layer = own[0], path.stem
    assert domain == "common" or layer in (*LAYERS, "__init__"), f"{layer} has no place"
    for target in imports(path):
        other, _, part = target.partition(".")
        if other in registry.DOMAINS and other != domain:
            assert registry.DOMAINS.index(other) < registry.DOMAINS.index(domain), target
            assert part != "model" or other == "common", target
        elif other == domain and domain != "common" and part in LAYERS and layer in LAYERS:
            assert LAYERS.index(part) < LAYERS.index(layer), target
        else:
            assert other in SHARED or other == domain, target


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_source_keeps_the_rules(path):
    """Version switches in one place, no commits in services, no text at import time."""
    text, tree = path.read_text(), ast.parse(path.read_text())
    assert "check_ckan_version" not in text or path.name == "compat.py"
    assert path.name != "service.py" or "Session.commit" not in text
    for node in tree.body:
        parts = [node] if isinstance(node, (ast.Assign, ast.AnnAssign, ast.Expr)) else []
        if isinstance(node, ast.ClassDef):
            parts = [one for one in node.body if isinstance(one, (ast.Assign, ast.AnnAssign))]
        for part in parts:
            calls = [one for one in ast.walk(part) if isinstance(one, ast.Call)]
            names = {getattr(one.func, "id", getattr(one.func, "attr", "")) for one in calls}
            assert not names & {"_", "ungettext"}


def files() -> list[Path]:
    found = []
    for folder in ("ckanext", "tests", "stack", "demo", "docs", "tools"):
        for kind in ("py", "html", "js", "css"):
            found += [
                one for one in (HERE / folder).rglob(f"*.{kind}") if "vendor" not in one.parts
            ]
    return found


def test_no_file_is_too_long():
    """About 500 lines is what a reader holds in mind."""
    assert [one.name for one in files() if len(one.read_text().splitlines()) > 500] == []


def test_the_stack_stays_small():
    """What runs is data, not a pile of shell."""
    parts = [one for one in (HERE / "stack").rglob("*") if one.is_file() and one.suffix != ".pyc"]
    assert sum(len(one.read_text().splitlines()) for one in parts) < 600


def test_nothing_is_left_for_later():
    """No marks of unfinished work."""
    words = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X"))
    left = [one.name for one in files() if re.search(rf"\b({words})\b", one.read_text())]
    assert left == []


@pytest.mark.both
@pytest.mark.parametrize("name", sorted(profile.available()))
def test_profile_is_valid(name):
    """Every city that ships can be loaded."""
    assert profile.load(name).city.name


def test_the_second_city_differs_where_cities_differ():
    """kabupaten_contoh exercises what kota_blitar does not."""
    blitar, contoh = profile.load("kota_blitar"), profile.load("kabupaten_contoh")
    assert (blitar.clock.days, contoh.clock.days) == ("working", "calendar")
    assert blitar.steps.check.days != contoh.steps.check.days
    assert (blitar.letters.surat_validasi.batch, contoh.letters.surat_validasi.batch) == (
        "release",
        "month",
    )
    assert blitar.approval.pembina_review
    assert not contoh.approval.pembina_review
    assert blitar.city.region_kemendagri != contoh.city.region_kemendagri
    assert blitar.letters.letterhead != contoh.letters.letterhead
