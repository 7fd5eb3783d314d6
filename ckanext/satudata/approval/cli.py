"""Commands of the approval: ``ckan satudata approval …`` and ``… history verify``."""

from __future__ import annotations

from typing import Any

import click

from ckan.plugins import toolkit as tk

from ckanext.satudata.approval.states import TRANSITIONS, WITHDRAW_REASONS, State
from ckanext.satudata.common import events
from ckanext.satudata.common.cli import as_user, call, show
from ckanext.satudata.letters.states import Way

__all__ = ["approval", "history"]

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
def history() -> None:
    """The hash-chained history."""


@history.command("verify")
def verify() -> None:
    """Compute all chains again; exit 1 when an event was altered or is missing."""
    count, breaks = events.verify()
    for one in breaks:
        click.secho(f"{one.stream} event {one.number}: {one.reason}", fg="red")
    if breaks:
        raise SystemExit(1)
    click.secho(f"{count} events, every chain holds.", fg="green")
