"""Refusals: one sentence for page and API, and a code for programs.

CKAN's API answers a ValidationError with status 409 and the dictionary; its pages show
``error_summary``. The codes are those of the words page (refusals).
"""

from __future__ import annotations

from typing import NoReturn

from ckan.plugins import toolkit as tk


class Refusal(tk.ValidationError):
    """A request the rules do not allow in this state; nothing was changed.

    Attributes:
        code: machine-readable reason, e.g. ``locked``.
        message: the sentence for the reader, already translated.
    """

    def __init__(self, code: str, message: str, field: str = "message") -> None:
        self.code = code
        self.message = message
        super().__init__({field: [message], "code": [code]}, {"": message})


class Conflict(Refusal):
    """Somebody else decided meanwhile (compare-and-set lost)."""

    def __init__(self, message: str) -> None:
        super().__init__("conflict", message)


def refuse(code: str, message: str, field: str = "message") -> NoReturn:
    """Raise a :class:`Refusal`."""
    raise Refusal(code, message, field)
