"""Inputs of actions that CKAN's validation would take apart."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _
from ckan.types import Context


def json_inputs(*keys: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Hand lists and objects under these keys to the validators as JSON text.

    CKAN 2.11 reads a list of objects as a nested schema and drops what that schema does
    not name; text it leaves alone. Clients may send either.
    """

    def decorate(action: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(action)
        def call(context: Context, data_dict: dict[str, Any]) -> Any:
            packed = {
                key: json.dumps(data_dict[key])
                for key in keys
                if isinstance(data_dict.get(key), (list, dict))
            }
            return action(context, {**data_dict, **packed})

        return call

    return decorate


def clean(action: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse text that no database takes (NUL, half of a surrogate pair), however deep."""

    @functools.wraps(action)
    def call(context: Context, data_dict: dict[str, Any] | None = None) -> Any:
        given = data_dict or {}
        for key, value in given.items():
            if unfit(value):
                message = _("This text has signs that cannot be stored. Type it again.")
                raise tk.ValidationError({str(key): [message]})
        return action(context, given)

    return call


def unfit(value: Any) -> bool:
    """Does a value hold text that no database takes?"""
    if isinstance(value, str):
        return "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value)
    if isinstance(value, dict):
        return any(unfit(one) for pair in value.items() for one in pair)
    if isinstance(value, (list, tuple)):
        return any(unfit(one) for one in value)
    return False
