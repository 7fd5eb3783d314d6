"""What the domain that owns a kind of letter does when a letter takes effect or loses it.

The letters come before the domains that use them, so those register here what has to
happen; it runs in the transaction of the letter itself.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ckan import model

from ckanext.satudata.letters.model import Letter


@dataclass(frozen=True)
class Owner:
    """The part of a domain in the life of its letters.

    Attributes:
        lock: holds what the letter is about while something is decided on it.
        barred: user id → ``prepared`` or ``checked``: people who may neither register
            nor confirm a scan (separation of duties).
        signed: does what the signature decides, in the same transaction.
        revoked: takes back what the letter decided; the text is the reason.
        told: after the commit (index, signals).
    """

    lock: Callable[[Letter], AbstractContextManager[object]]
    barred: Callable[[Letter], dict[str, str]]
    signed: Callable[[Letter, model.User], None]
    revoked: Callable[[Letter, model.User, str], None]
    told: Callable[[Letter], None]


_owners: dict[str, Owner] = {}


def register(kind: str, owner: Owner) -> None:
    """Name the owner of a kind, once at start."""
    _owners[kind] = owner


def of(letter: Letter) -> Owner:
    """The owner of a letter; every kind has one."""
    return _owners[letter.kind]
