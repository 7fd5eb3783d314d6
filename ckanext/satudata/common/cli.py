"""Helpers of the commands: they call actions, as the pages and the API do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from ckan.plugins import toolkit as tk

__all__: list[str] = []


def as_user(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option ``--as USER``: on whose behalf the action is called."""
    return click.option(
        "--as",
        "user",
        required=True,
        metavar="USER",
        help="Name of the person who decides; rights are checked as on the pages.",
    )(command)


def call(action: str, user: str | None, data_dict: dict[str, Any]) -> Any:
    """Call an action as a person; a refusal ends the command with its sentence."""
    context = {"user": user} if user else {"user": "", "ignore_auth": True}
    try:
        return tk.get_action(action)(context, data_dict)
    except tk.ValidationError as error:
        lines = [str(value) for value in error.error_summary.values()]
        raise click.ClickException("; ".join(lines) or str(error)) from error
    except tk.NotAuthorized as error:
        raise click.ClickException(str(error) or tk._("Not authorized")) from error
    except tk.ObjectNotFound as error:
        raise click.ClickException(str(error) or tk._("Not found")) from error


def show(result: Any) -> None:
    """Print an action's result as JSON."""
    click.echo(json.dumps(result, ensure_ascii=False, indent=2, default=str))
