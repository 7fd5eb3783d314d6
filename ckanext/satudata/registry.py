"""The domains of the extension and what each of them publishes to CKAN.

A domain's module publishes exactly the names in its ``__all__``. A name that two
domains publish is refused at start-up, because CKAN would silently keep one of them.
"""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType
from typing import Any

import click
from flask import Blueprint

#: In the order of the import direction: a domain may use those left of it.
DOMAINS = (
    *("common", "roles", "metadata", "storage", "validation", "letters", "approval", "audit"),
)


def module(domain: str, name: str) -> ModuleType | None:
    """Import one module of a domain, or answer None where the domain has none.

    Args:
        domain: a member of :data:`DOMAINS`.
        name: a word of the file grammar: ``action``, ``auth``, ``views``, …
    """
    path = f"ckanext.satudata.{domain}.{name}"
    if importlib.util.find_spec(path) is None:
        return None
    return importlib.import_module(path)


def _collect(name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for domain in DOMAINS:
        part = module(domain, name)
        for public in getattr(part, "__all__", ()):
            if public in found:
                raise ValueError(f"{public} is published twice, again by {domain}")
            found[public] = getattr(part, public)
    return found


def actions() -> dict[str, Any]:
    """Own actions of all domains, by name."""
    return _collect("action")


def auth_functions() -> dict[str, Any]:
    """Auth functions of all domains, by name."""
    return _collect("auth")


def validators() -> dict[str, Any]:
    """Validators of all domains, by name."""
    return _collect("validators")


def helpers() -> dict[str, Any]:
    """Template helpers of all domains, by name."""
    return _collect("helpers")


def checks() -> list[Any]:
    """Self-tests of all domains."""
    return list(_collect("checks").values())


def ticks() -> dict[str, Any]:
    """What the tick process does each round, by name."""
    return _collect("jobs")


def blueprints() -> list[Blueprint]:
    """Blueprints of all domains."""
    return list(_collect("views").values())


def commands() -> list[click.Command]:
    """Commands and groups mounted under ``ckan satudata``."""
    return list(_collect("cli").values())
