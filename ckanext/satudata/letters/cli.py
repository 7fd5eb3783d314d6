"""Commands of the letters: ``ckan satudata letter …``."""

from __future__ import annotations

from typing import IO, Any

import click

from ckanext.satudata.common.cli import as_user, call, show
from ckanext.satudata.letters.states import LetterState

__all__ = ["letter"]


@click.group()
def letter() -> None:
    """The register of letters: list, sign, upload scans, confirm, revoke, verify."""


@letter.command("list")
@as_user
@click.option("--year", type=int)
@click.option("--state", type=click.Choice(["waiting", *(str(one) for one in LetterState)]))
@click.option("--organization", help="Only of this agency.")
def list_(user: str, **options: Any) -> None:
    """List letters, newest number first."""
    data = {key: value for key, value in options.items() if value}
    show(call("satudata_letter_list", user, {**data, "limit": 1000}))


@letter.command("show")
@as_user
@click.argument("letter_id")
def show_(user: str, letter_id: str) -> None:
    """Show the letter with this id."""
    show(call("satudata_letter_show", user, {"id": letter_id}))


@letter.command("check")
@as_user
@click.argument("year", type=int)
def check(user: str, year: int) -> None:
    """Look for missing and double numbers of YEAR; exit 1 when there are any."""
    found = call("satudata_letter_summary", user, {"year": year})
    show(found)
    if found["missing"] or found["doubles"]:
        raise SystemExit(1)


@letter.command("issue")
@as_user
@click.argument("datasets", nargs=-1, required=True)
@click.option("--number", help="The office's own number.")
@click.option("--date", help="Date of the letter, 2026-11-24.")
@click.option("--signer", help="The stand-in who signs.")
def issue(user: str, datasets: tuple[str, ...], **options: Any) -> None:
    """Issue a letter to be signed on paper for DATASETS that wait for the validation."""
    data = {key: value for key, value in options.items() if value}
    show(call("satudata_letter_issue", user, {"ids": list(datasets), **data}))


def _with_file(name: str, help_text: str) -> None:
    def command(user: str, letter_id: str, file: IO[bytes]) -> None:
        show(call(f"satudata_letter_{name}", user, {"id": letter_id, "upload": file}))

    command = click.argument("file", type=click.File("rb"))(command)
    command = as_user(click.argument("letter_id")(command))
    letter.add_command(click.command(name, help=help_text)(command))


_with_file("sign", "Hand in FILE, the letter with its electronic signature.")
_with_file("upload", "Upload FILE, the scan of a letter signed on paper.")


@letter.command("confirm")
@as_user
@click.argument("letter_id")
def confirm(user: str, letter_id: str) -> None:
    """Confirm as second person that the scan is the signed letter."""
    show(call("satudata_letter_confirm", user, {"id": letter_id}))


def _with_reason(name: str, help_text: str) -> None:
    def command(user: str, letter_id: str, comment: str) -> None:
        show(call(f"satudata_letter_{name}", user, {"id": letter_id, "comment": comment}))

    command = click.option("--comment", required=True, help="Why.")(command)
    command = as_user(click.argument("letter_id")(command))
    letter.add_command(click.command(name, help=help_text)(command))


_with_reason("reject", "Send a scan back that is not the letter.")
_with_reason("revoke", "Revoke a letter.")


@letter.command("verify")
@click.argument("code")
@click.option("--file", "file", type=click.File("rb"), help="Compare with this file.")
def verify(code: str, file: IO[bytes] | None) -> None:
    """Tell what the public is told of the letter with CODE."""
    show(call("satudata_letter_verify", None, {"code": code, "upload": file}))
