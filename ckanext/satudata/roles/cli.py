"""Commands of the role assignments: ``ckan satudata role …``."""

from __future__ import annotations

from typing import Any

import click

from ckanext.satudata.common.cli import as_user, call, show
from ckanext.satudata.roles.states import Acting, Role, State

__all__ = ["role"]


@click.group()
def role() -> None:
    """Who may act: give, confirm, end and list roles."""


@role.command("assign")
@as_user
@click.argument("person")
@click.argument("code", type=click.Choice([str(one) for one in Role]))
@click.option("--organization", help="Agency, for roles held in one.")
@click.option("--decree", required=True, help="Number of the SK.")
@click.option("--starts-on", help="First day, 2026-01-31; default today.")
@click.option("--ends-on", help="Last day.")
@click.option("--acting-for", help="User stood in for.")
@click.option("--acting-kind", type=click.Choice([str(one) for one in Acting]))
def assign(user: str, person: str, code: str, **options: Any) -> None:
    """Give PERSON the role CODE; only what a sysadmin gives holds without "confirm"."""
    data = {key: value for key, value in options.items() if value}
    show(call("satudata_role_assign", user, {"user": person, "role": code, **data}))


@role.command("confirm")
@as_user
@click.argument("assignment_id")
def confirm(user: str, assignment_id: str) -> None:
    """Confirm the proposed role with this id."""
    show(call("satudata_role_confirm", user, {"id": assignment_id}))


@role.command("reject")
@as_user
@click.argument("assignment_id")
@click.option("--reason", required=True, help="Why; kept in the history.")
def reject(user: str, assignment_id: str, reason: str) -> None:
    """Reject the proposed role with this id, or take an own proposal back."""
    show(call("satudata_role_reject", user, {"id": assignment_id, "reason": reason}))


@role.command("end")
@as_user
@click.argument("assignment_id")
@click.option("--ends-on", help="Last day; default: at once.")
def end(user: str, assignment_id: str, ends_on: str | None) -> None:
    """End the role assignment with this id."""
    data = {"id": assignment_id, "ends_on": ends_on}
    show(call("satudata_role_end", user, data))


@role.command("list")
@click.option("--person", help="Only of this user.")
@click.option("--code", type=click.Choice([str(one) for one in Role]))
@click.option("--organization", help="Only in this agency.")
@click.option("--active", is_flag=True, help="Only those that hold today.")
@click.option("--state", type=click.Choice([str(one) for one in State]))
@click.option("--limit", type=int, default=100, show_default=True)
def list_(person: str, code: str, organization: str, active: bool, state: str, limit: int) -> None:
    """List role assignments, newest first."""
    data = {"user": person, "role": code, "organization": organization, "state": state}
    show(call("satudata_role_list", None, {**data, "active": active, "limit": limit}))


@role.command("vacancies")
def vacancies() -> None:
    """List agencies without a head or without a data producer."""
    show(call("satudata_role_vacancy_list", None, {}))
