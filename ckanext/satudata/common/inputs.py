"""Inputs of actions that CKAN's validation would take apart."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

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
