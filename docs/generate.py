"""Write the pages of docs/ that say what the code says; ``--check`` only compares.

    python docs/generate.py            # writes
    python docs/generate.py --check    # exit 1 and names what is not current

Needs CKAN and the extension; no service has to run.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from unittest import mock

import click
import yaml
from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CheckConstraint, Table

from ckanext.satudata import cli, registry, signals
from ckanext.satudata.approval import gate, states, texts
from ckanext.satudata.common import events
from ckanext.satudata.common.model import Base
from ckanext.satudata.metadata import codefiles
from ckanext.satudata.roles import texts as role_texts
from ckanext.satudata.roles.states import FACTS, HOLDS, Acting, Role, State

sys.path.insert(0, str(Path(__file__).resolve().parent))
import codelists  # noqa: E402 - neighbours, also where this file is loaded by its path
import scheme  # noqa: E402

import promises  # noqa: E402

DOCS = Path(__file__).resolve().parent
PACKAGE = Path(cli.__file__).parent
NOTE = "<!-- Written by docs/generate.py from the code. Change the code, run it again. -->"

Row = Iterable[Any]


def plain(text: str) -> str:
    """Markdown of a docstring's text: code marks, cross references."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
    return text.replace("``", "`")


def joined(text: str) -> str:
    """One line of text for a table's cell."""
    return plain(" ".join(text.split())).replace("|", "\\|")


def table(head: Row, rows: Iterable[Row]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(list(head)), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell) if cell != "" else "–" for cell in line) + " |"
        for line in lines
    )


def code(values: Iterable[Any]) -> str:
    """Values as code, in their order."""
    return ", ".join(f"`{value}`" for value in values)


def page(title: str, intro: str, *parts: str) -> str:
    """A whole page."""
    return "\n\n".join([f"# {title}", NOTE, intro, *parts]).rstrip() + "\n"


def words(function: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """English words of a table of texts, without a translation around."""
    with mock.patch.object(sys.modules[function.__module__], "_", str):
        return function()


# ---------------------------------------------------------------- actions
_SECTION = re.compile(r"^(Args|Returns|Raises|Yields):\s*$", re.MULTILINE)


def sections(function: Callable[..., Any]) -> dict[str, str]:
    """Parts of a Google-style docstring: ``text``, ``Args``, ``Returns``, ``Raises``."""
    parts = _SECTION.split(inspect.getdoc(function) or "")
    found = {"text": parts[0].strip()}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        found[name] = inspect.cleandoc(body.strip("\n"))
    return found


def _entries(body: str) -> dict[str, str]:
    """``name: text`` entries of a section, their continuation lines joined."""
    found: dict[str, str] = {}
    name = ""
    for line in body.splitlines():
        match = re.match(r"^(\*{0,2}\w+):\s*(.*)$", line)
        if match:
            name, text = match.groups()
            found[name] = text
        elif name:
            found[name] += " " + line.strip()
    return found


def action_page() -> str:
    """docs/reference/actions.md."""
    parts = []
    for name, function in sorted(registry.actions().items()):
        said = sections(function)
        free = getattr(function, "side_effect_free", False)
        part = [
            f"## {name}",
            f"`{'GET or POST' if free else 'POST'} /api/action/{name}`",
        ]
        part.append(plain(said["text"]))
        given = _entries(said.get("Args", "")).get("data_dict")
        if given:
            part.append(f"**Input**: {joined(given)}")
        if said.get("Returns"):
            part.append(f"**Result**: {joined(said['Returns'])}")
        raised = _entries(said.get("Raises", ""))
        if raised:
            lines = [f"* `{error}`: {joined(text)}" for error, text in raised.items()]
            part.append("**Errors**\n\n" + "\n".join(lines))
        parts.append("\n\n".join(part))
    return page(
        "Actions",
        "Every step is an action of CKAN's API; pages and commands call the same ones. "
        "Rights are those of the caller's role assignments ([roles](roles.md)); a token "
        "goes into the header `Authorization`. Errors have CKAN's usual shape: "
        "`NotAuthorized` 403, `ObjectNotFound` 404, `ValidationError` 409. A "
        "refusal by the rules carries a word for programs in its key `code`, e.g. "
        "`locked`, `private_required`, `wrong_state`, `same_person`, `conflict`.",
        *parts,
    )


# ---------------------------------------------------------------- states
def _guards(row: states.Transition) -> str:
    said = {
        "claimed": "holds the claim",
        "not_preparer": "did not prepare or submit it",
        "not_checker": "did not check or endorse it",
        "submitter": "submitted it",
        "comment": "gives a reason",
        "findings": "names a finding of severity must",
    }
    found = [text for key, text in said.items() if getattr(row, key)]
    return "; ".join(found)


def state_page() -> str:
    """docs/reference/states.md."""
    labels, buttons = words(texts.states), words(texts.transitions)
    state_rows = [
        (
            f"`{state}`",
            labels[str(state)],
            "yes" if state in states.LOCKED else "no",
            "yes" if state in states.ENDED else "no",
            code(states.WAITS_FOR.get(state, ())),
            code([states.STEP_OF[state]] if state in states.STEP_OF else []),
        )
        for state in states.State
    ]
    transition_rows = [
        (
            f"`{row.name}`",
            buttons.get(row.name, ""),
            code(sorted(map(str, row.sources))),
            f"`{row.target}`" if row.target else "stays",
            code(row.roles) + (", system" if row.system else ""),
            _guards(row),
        )
        for row in states.TRANSITIONS.values()
    ]
    reasons = {one.code: one.en for one in codefiles.shipped("alasan_pengembalian").items}
    return page(
        "States and transitions",
        "The one table of the approval, read by pages, API, commands and tests "
        "(`approval/states.py`). A dataset without an approval is a draft. While a state "
        "is locked, nothing of the dataset can be changed; an ended approval is followed "
        "by a new one when the dataset is submitted again.",
        "## States",
        table(
            ("state", "label", "locked", "ended", "waits for", "step whose time runs"),
            state_rows,
        ),
        "A submitted dataset that a checker has taken is shown as "
        f"“{labels['claimed']}”; its state stays `submitted`.",
        "## Transitions",
        table(
            ("transition", "button", "from", "to", "who", "only if the person"),
            transition_rows,
        ),
        "`recall` leads to `returned` from round 2 on. `confirm` leads to "
        "`pembina_review` for data prioritas where the city's profile wants the second "
        "check. Each is the action `satudata_approval_<transition>` and the command "
        "`ckan satudata approval <transition>`.",
        "## Reasons of findings",
        table(
            ("code", "meaning", "national code", "of the head"),
            [
                (
                    f"`{name}`",
                    reasons[name],
                    "yes" if national else "no",
                    "yes" if name in states.HEAD_REASONS else "no",
                )
                for name, national in states.REASONS.items()
            ],
        ),
        "Severity: "
        + ", ".join(f"`{k}` ({v})" for k, v in words(texts.severities).items())
        + ". State of a finding: "
        + ", ".join(f"`{k}` ({v})" for k, v in words(texts.finding_answers).items())
        + ".",
        "## Checklist",
        table(
            ("principle", "label", "what is asked"),
            [(f"`{k}`", *v) for k, v in words(texts.principles).items()],
        ),
        "Answers: " + ", ".join(f"`{k}` ({v})" for k, v in words(texts.answers).items()) + ".",
        "## Reasons of a withdrawal",
        table(
            ("code", "meaning"),
            [(f"`{k}`", v) for k, v in words(texts.withdraw_reasons).items()],
        ),
    )


# ---------------------------------------------------------------- roles
def role_page() -> str:
    """docs/reference/roles.md."""
    rows = []
    with mock.patch.object(role_texts, "_", str):
        labels = {role: role_texts.role(role) for role in Role}
    for role, facts in FACTS.items():
        may = [row.name for row in states.TRANSITIONS.values() if role in row.roles]
        rows.append(
            (
                f"`{role}`",
                labels[role],
                "one agency" if facts.per_organization else "the whole city",
                f"`{facts.capacity}`" if facts.capacity else "",
                facts.article,
                code(may),
            )
        )
    return page(
        "Roles",
        "A right comes from a role assignment: person, role, agency, first and last day, "
        "number of the decree. CKAN's memberships of organizations are derived from the "
        "assignments and taken away when they end, so they are never edited by hand. A "
        "sysadmin administers the portal and has no role in the procedure by that.",
        table(("role", "label", "held in", "membership", "source", "transitions"), rows),
        "## Stand-ins",
        "An assignment can be held for another person (`acting_for`), as one of "
        + code(Acting)
        + " (`acting_kind`), and has a last day. The history names both.",
        "## Proposed and confirmed",
        "What others than a sysadmin give holds after somebody else confirmed it: see "
        "[giving roles](../howto/peran.md). The state is derived each day: "
        f"{code(State)}; rights follow while {code(HOLDS)}.",
        "## Separation of duties",
        "Who created, edited or submitted a dataset neither checks nor endorses nor "
        "validates it; who checked or endorsed it does not validate it. This binds "
        "sysadmins too.",
    )


# ---------------------------------------------------------------- commands
def _option(param: click.Parameter) -> str:
    if isinstance(param, click.Argument):
        return f"* `{param.human_readable_name}`"
    assert isinstance(param, click.Option)
    kind = param.type
    value = "" if param.is_flag else " " + (param.metavar or kind.name.upper())
    choices = getattr(kind, "choices", None)
    text = param.help or ""
    if choices:
        text = f"{text} One of {code(choices)}.".strip()
    if param.required:
        text = f"{text} Required.".strip()
    return f"* `{', '.join(param.opts)}{value}`: {text}"


def commands() -> dict[str, click.Command]:
    """Every command that can be called, by its full words."""
    found: dict[str, click.Command] = {}

    def walk(prefix: str, command: click.Command) -> None:
        if isinstance(command, click.Group):
            for name in sorted(command.commands):
                walk(f"{prefix} {name}", command.commands[name])
        else:
            found[prefix] = command

    top = {one.name: one for one in cli.satudata.commands.values()}
    top.update({one.name: one for one in registry.commands()})
    for name in sorted(map(str, top)):
        walk(f"ckan satudata {name}", top[name])
    return found


def command_page() -> str:
    """docs/reference/cli.md."""
    parts = []
    for name, command in commands().items():
        arguments = "".join(
            f" {one.human_readable_name}"
            for one in command.params
            if isinstance(one, click.Argument)
        )
        text = plain(inspect.cleandoc(command.help or ""))
        options = [_option(one) for one in command.params]
        parts.append("\n\n".join([f"## {name}", f"`{name}{arguments}`", text]))
        if options:
            parts.append("\n".join(options))
    return page(
        "Commands",
        "All are under `ckan -c ckan.ini satudata` (on the portal of `make run`: "
        "`make shell`). They call the same actions as pages and API, with the rights of "
        "the person named by `--as`; what reads only needs no person. The exit code is "
        f"0 when done, 1 when refused, {cli.TEMPORARY} when the portal is not ready.",
        *parts,
    )


# ---------------------------------------------------------------- signals
def signal_page() -> str:
    """docs/reference/signals.md."""
    source = inspect.getsource(signals)
    found = re.findall(
        r"((?:^#: .*\n|^#\s.*\n)+)^(\w+) = tk\.signals\.ckanext\.signal\(\s*\"([^\"]+)\"",
        source,
        re.MULTILINE,
    )
    parts = [
        f"## {name}\n\nName of the signal: `{word}`. "
        + joined(re.sub(r"^#:?", "", comment, flags=re.MULTILINE))
        for comment, name, word in found
    ]
    return page(
        "Signals",
        "Blinker signals of `ckanext.satudata.signals`, sent after the commit: a receiver "
        "sees what is in the database, and cannot undo it. Nothing correct may depend on "
        "a receiver; one that raises breaks the answer of the call, so catch your errors.",
        "```python\nfrom ckanext.satudata import signals\n\n\n"
        "@signals.approval_changed.connect\n"
        "def tell(transition, approval):\n"
        '    print(transition, approval["state"])\n```',
        *parts,
    )


# ---------------------------------------------------------------- tables
def tables() -> dict[str, Table]:
    """The extension's tables, by name."""
    for domain in registry.DOMAINS:
        registry.module(domain, "model")
    return {
        name: one
        for name, one in sorted(Base.metadata.tables.items())
        if name.startswith("satudata_")
    }


def _classes() -> dict[str, type]:
    return {
        mapper.local_table.name: mapper.class_
        for mapper in events.Event.registry.mappers
        if getattr(mapper.local_table, "name", "").startswith("satudata_")
    }


def _limits(one: Table) -> list[str]:
    found = []
    for limit in one.constraints:
        if isinstance(limit, UniqueConstraint):
            found.append(f"* unique: {code(column.name for column in limit.columns)}")
        elif isinstance(limit, CheckConstraint):
            found.append(f"* `{limit.name}`: `{limit.sqltext}`")
    for index in one.indexes:
        where = index.dialect_options["postgresql"].get("where")
        if index.unique:
            found.append(
                f"* unique: {code(column.name for column in index.columns)}"
                + (f" where `{where}`" if where is not None else "")
            )
    return sorted(found)


def table_page() -> str:
    """docs/reference/tables.md."""
    dialect, classes, parts = postgresql.dialect(), _classes(), []
    for name, one in tables().items():
        rows = [
            (
                f"`{column.name}`",
                column.type.compile(dialect=dialect).lower(),
                "key" if column.primary_key else "" if column.nullable else "not null",
            )
            for column in one.columns
        ]
        text = inspect.getdoc(classes[name]) if name in classes else None
        part = [f"## {name}", plain(text or "Dataset types that stay unmanaged.")]
        part.append(table(("column", "type", "must"), rows))
        limits = _limits(one)
        if limits:
            part.append("\n".join(limits))
        parts.append("\n\n".join(part))
    return page(
        "Tables",
        "Tables of the extension in CKAN's database, made by its migrations (`ckan db "
        "upgrade -p satudata`). They are no interface: programs read the "
        "[actions](actions.md). Two triggers belong to them: one refuses a dataset that "
        "becomes public without a row in `satudata_publication`, the other one refuses "
        "any change of `satudata_event`.",
        *parts,
    )


# ---------------------------------------------------------------- options
def options() -> list[dict[str, Any]]:
    """The declared options."""
    with open(PACKAGE / "config_declaration.yaml", encoding="utf-8") as source:
        groups = yaml.safe_load(source)["groups"]
    return [one for group in groups for one in group["options"]]


def option_page() -> str:
    """docs/configuration.md."""
    parts = []
    for one in options():
        default = one.get("default", "")
        default = f"`{default}`" if default != "" else "empty"
        parts.append(
            f"## {one['key']}\n\nType: {one.get('type', 'text')}. Default: {default}.\n\n"
            + plain(inspect.cleandoc(one["description"]))
        )
    return page(
        "Configuration",
        "Options of the extension in CKAN's configuration file. What differs between "
        "cities is not here but in the profile: see [another city](another-city.md). "
        "Which plugins and which options of CKAN and ckanext-scheming are needed stands "
        "on [the page about installing](install.md).",
        *parts,
        "## What the extension sets by itself",
        "`ckan.site_title` becomes the title of the profile while it is CKAN's own; "
        "`ckan.auth.route_after_login` leads to Pekerjaan Saya; "
        "`ckan.csrf_protection.ignore_extensions` is false, so that the forms of "
        "extensions are protected on CKAN 2.11 too.",
        "## What the gate watches",
        f"{len(gate.table()['writes'])} actions of CKAN and its plugins that write "
        "datasets, files, rows or views are classified in `approval/gate.yaml`; see "
        "[the gate](explanation/gate.md).",
    )


PAGES: dict[str, Callable[[], str]] = {
    "configuration.md": option_page,
    "reference/actions.md": action_page,
    "reference/states.md": state_page,
    "reference/roles.md": role_page,
    "reference/cli.md": command_page,
    "reference/signals.md": signal_page,
    "reference/tables.md": table_page,
    "reference/code-lists.md": lambda: page("Code lists", codelists.INTRO, *codelists.parts()),
    "reference/scheme.md": lambda: page("Metadata scheme", scheme.INTRO, *scheme.parts()),
    "reference/promises.md": lambda: page("Promises", promises.INTRO, *promises.parts()),
}


def stale() -> list[str]:
    """Pages whose file is not what the code says now."""
    there = {one: one.read_text(encoding="utf-8") for one in DOCS.rglob("*.md")}
    return [name for name, make in PAGES.items() if there.get(DOCS / name) != make()]


def main(arguments: list[str] | None = None) -> int:
    """Write or compare; answers the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    check, found = parser.parse_args(arguments).check, stale()
    for name in found:
        if not check:
            (DOCS / name).write_text(PAGES[name](), encoding="utf-8")
        told = "is not current. Run: python docs/generate.py" if check else "written"
        print(f"docs/{name} {told}")
    return 1 if check and found else 0


if __name__ == "__main__":
    raise SystemExit(main())
