"""Commands of the approval: ``ckan satudata approval …``, ``fingerprint …``, ``history …``."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click

from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import adoption, consistency
from ckanext.satudata.approval import verify as verification
from ckanext.satudata.approval.states import TRANSITIONS, WITHDRAW_REASONS, State
from ckanext.satudata.common.cli import as_user, call, show
from ckanext.satudata.letters.states import Way

__all__ = ["adopt", "approval", "fingerprint", "history"]

_RELEASE = click.option("--release-at", help="Not public before, 2026-12-01T09:00.")
_OPTIONS: dict[str, list[Any]] = {
    "submit": [_RELEASE],
    "validate": [
        click.option(
            "--way", type=click.Choice([str(way) for way in Way]), help="How it is signed."
        ),
        click.option("--number", help="The office's own number; else the portal gives one."),
        click.option("--date", help="Date of the letter, 2026-11-24; default today."),
        click.option("--letter", help="Id of an unsigned letter to join."),
        click.option("--upload", type=click.File("rb"), help="The signed PDF."),
    ],
    "confirm": [click.option("--checklist", help='JSON: {"metadata": "ok", …}.'), _RELEASE],
    "withdraw": [
        click.option("--reason", type=click.Choice(WITHDRAW_REASONS), required=True),
        click.option("--notice", required=True, help="Shown to the public."),
    ],
}
_FINDINGS = [click.option("--findings", help='JSON: [{"code": …, "comment": …}].')]


@click.group()
def approval() -> None:
    """Submit, check, return, validate, publish, withdraw datasets."""


def _transition(name: str) -> click.Command:
    def command(user: str, dataset: str, **options: Any) -> None:
        data = {key: value for key, value in options.items() if value is not None}
        show(call(f"satudata_approval_{name}", user, {"id": dataset, **data}))

    options = _OPTIONS.get(name, _FINDINGS if TRANSITIONS[name].findings else [])
    for option in reversed(options):
        command = option(command)
    command = click.option("--revision", type=int, help="The one you saw.")(command)
    command = click.option("--comment", help="In words.")(command)
    command = as_user(click.argument("dataset")(command))
    sources = ", ".join(sorted(map(str, TRANSITIONS[name].sources)))
    return click.command(name.replace("_", "-"), help=f"{name} DATASET (from: {sources}).")(command)


for _name in TRANSITIONS:
    approval.add_command(_transition(_name))


@approval.command("answer")
@as_user
@click.argument("finding_id")
@click.argument("word", type=click.Choice(["fixed", "replied", "accepted", "reopened"]))
@click.option("--reply", help="What the walidata has to know; demanded with replied.")
def answer(user: str, finding_id: str, word: str, reply: str | None) -> None:
    """Answer the finding with this id, or judge its answer."""
    data = {"id": finding_id, "answer": word, "reply": reply}
    show(call("satudata_finding_answer", user, data))


@approval.command("show")
@click.argument("dataset")
def show_(dataset: str) -> None:
    """Show where DATASET stands."""
    show(call("satudata_approval_show", _site_user(), {"id": dataset}))


@approval.command("list")
@click.option("--state", type=click.Choice([str(state) for state in State]))
@click.option("--organization", help="Only of this agency.")
def list_(state: str | None, organization: str | None) -> None:
    """List approvals, most urgent first."""
    data = {"state": state, "organization": organization, "limit": 100}
    show(call("satudata_approval_list", _site_user(), data))


@approval.command("withdrawals")
@click.option("--limit", type=int, help="At most so many, 100 at most.")
@click.option("--after", help="Id of the last one of the page before.")
def withdrawals(limit: int | None, after: str | None) -> None:
    """List withdrawn datasets as the public sees them, newest first."""
    show(call("satudata_withdrawal_list", None, {"limit": limit, "after": after}))


@approval.command("history")
@click.argument("dataset")
def history_(dataset: str) -> None:
    """List what happened to DATASET."""
    show(call("satudata_approval_history", _site_user(), {"id": dataset}))


def _site_user() -> str:
    """CKAN's own account: whoever runs commands on the server may read."""
    return tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]


@click.group()
def fingerprint() -> None:
    """What binds a validation to its content."""


@fingerprint.command("show")
@click.argument("dataset")
def show_text(dataset: str) -> None:
    """Print the canonical text of DATASET as it is now; its SHA-256 is the fingerprint."""
    found = call("satudata_fingerprint_show", _site_user(), {"id": dataset})
    click.echo(found["text"])
    click.echo(found["fingerprint"], err=True)


@fingerprint.command("verify")
@click.argument("datasets", nargs=-1, metavar="[DATASET]...")
def verify_content(datasets: tuple[str, ...]) -> None:
    """Compare locked datasets, or those named, with their fingerprints, as every night.

    Exit 1 when one differs or cannot be read.
    """
    user, wrong = _site_user(), 0
    names = datasets or verification.locked()
    for name in names:
        try:
            found = call("satudata_fingerprint_verify", user, {"id": name})
        except click.ClickException as refusal:
            wrong += 1
            click.secho(f"{name}: {refusal.message}", fg="red")
            continue
        if found["same"] is None:
            click.echo(f"{name}: {found['state']}, nothing is frozen")
        elif not found["same"]:
            wrong += 1
            click.secho(
                f"{name}: differs, {found['fingerprint']} expected, {found['found']} found;"
                f" now {found['state']}",
                fg="red",
            )
    if wrong:
        raise SystemExit(1)
    click.secho(f"{len(names)} datasets compared, none differs.", fg="green")


@click.group()
def history() -> None:
    """The hash-chained history."""


@history.command("verify")
def verify() -> None:
    """Compute all chains again, and compare them with approvals and datasets.

    Exit 1 when an event was altered or is missing, also at the end of a chain.
    """
    count, breaks = consistency.verify()
    for one in breaks:
        click.secho(f"{one.stream} event {one.number}: {one.reason}", fg="red")
    if breaks:
        raise SystemExit(1)
    click.secho(f"{count} events, every chain holds.", fg="green")


@click.command()
@as_user
@click.option("--dry-run", is_flag=True, help="Read everything, write nothing.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for one row per dataset: .json or .csv.",
)
@click.option("--organization", help="Only of this agency.")
@click.option("--missing-files", is_flag=True, help="Also datasets with a file without bytes.")
def adopt(user: str, dry_run: bool, report: Path | None, **options: Any) -> None:
    """Take over public datasets that were there before the workflow.

    Nothing goes off line and no field changes. Can be repeated, also after it was
    interrupted; exit 1 when something is left that could not be adopted.
    """
    counts: Counter[str] = Counter()
    with _report(report) as write:
        after: str | None = ""
        while after is not None:
            data = {"after": after, "dry_run": dry_run, **options}
            page = call("satudata_portal_adopt", user, data)
            after = page["after"]
            for row in page["rows"]:
                counts[row["reason"] or row["result"]] += 1
                write(row)
                if row["result"] == "skipped" and row["reason"] not in adoption.NOTHING_TO_DO:
                    click.secho(f"{row['name']}: {row['text']}", fg="red")
            click.echo(f"{sum(counts.values())} looked at", err=True)
    for word, number in sorted(counts.items()):
        click.echo(f"{word}: {number}")
    done = {"adopted", "ready", "already"} | adoption.NOTHING_TO_DO
    if set(counts) - done:
        raise SystemExit(1)


@contextmanager
def _report(path: Path | None) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Write rows as they come, so that the report of a large portal needs no memory."""
    if path is None:
        yield lambda _row: None
        return
    kinds = {".json": _json_rows, ".csv": _csv_rows}
    if path.suffix.lower() not in kinds:
        raise click.UsageError("The name of the report ends in .json or .csv.")
    rows = kinds[path.suffix.lower()]
    with path.open("w", encoding="utf-8", newline="") as target, rows(target) as write:
        yield write


@contextmanager
def _json_rows(target: IO[str]) -> Iterator[Callable[[dict[str, Any]], None]]:
    between = ["["]

    def write(row: dict[str, Any]) -> None:
        target.write(between[0] + "\n" + json.dumps(row, ensure_ascii=False))
        between[0] = ","

    yield write
    target.write("[]\n" if between == ["["] else "\n]\n")


@contextmanager
def _csv_rows(target: IO[str]) -> Iterator[Callable[[dict[str, Any]], None]]:
    columns = ("id", "name", "organization", "result", "reason", "text", "fingerprint")
    writer = csv.DictWriter(target, columns)
    writer.writeheader()
    yield writer.writerow
