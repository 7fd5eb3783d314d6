"""Several links in front of one action: CKAN takes one from each plugin."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ckan.types import Context

Link = Callable[..., Any]


def join(outer: dict[str, Link], inner: dict[str, Link]) -> dict[str, Link]:
    """The chained actions of two domains as one table.

    Args:
        outer: links by name of the action, asked first.
        inner: links asked after them; a name in both gets both.
    """
    both = {name: _joined(outer[name], inner[name]) for name in outer.keys() & inner.keys()}
    return {**inner, **outer, **both}


def _joined(first: Link, then: Link) -> Link:
    # CKAN and the self-test look for marks of each of them.
    @functools.wraps(then)
    @functools.wraps(first)
    def link(next_action: Link, context: Context, data_dict: dict[str, Any]) -> Any:
        return first(functools.partial(then, next_action), context, data_dict)

    return link
