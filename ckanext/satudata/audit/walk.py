"""What is asked for: every page of the URL map and every action that changes nothing.

The tables are in ``walk.yaml``. What no table fills is reported as not walked, so that a
new page or action of CKAN or of a plugin is seen, and never taken for closed.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Any
from urllib.parse import quote, quote_plus

import yaml

from ckan import logic
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import gate

#: Placeholders that belong to one dataset: who is not told of it must get the same answer
#: as for one that does not exist.
OWN = frozenset(
    {"key", "id", "name", "resource", "view", "activity", "letter", "approval", "tag", "file"}
)
_PLACE = re.compile(r"\{([a-z]+)\}")
_ARGUMENT = re.compile(r"<(?:[^<>]*?:)?([^<>:()]+)>")


@dataclass(frozen=True)
class Ask:
    """One request, with placeholders.

    Attributes:
        route: the rule or action, as the report names it.
        path: address, from the root.
        body: JSON of the input of an action; empty for a page.
    """

    route: str
    path: str
    body: str = ""

    @property
    def method(self) -> str:
        """Pages are read, actions posted."""
        return "POST" if self.body else "GET"

    @cached_property
    def places(self) -> frozenset[str]:
        """Placeholders that have to be filled."""
        return frozenset(_PLACE.findall(self.path + self.body))

    def fill(self, values: dict[str, str]) -> tuple[str, str]:
        """Address and body for these values."""
        before, mark, query = self.path.partition("?")
        path = _PLACE.sub(lambda found: quote(values[found[1]], safe=""), before)
        query = _PLACE.sub(lambda found: quote_plus(values[found[1]]), query)
        # Within JSON: the text of a JSON string, without its quotes.
        body = _PLACE.sub(lambda found: json.dumps(values[found[1]])[1:-1], self.body)
        return path + mark + query, body


@lru_cache(maxsize=1)
def table() -> dict[str, Any]:
    """The tables of ``walk.yaml``."""
    with open(os.path.join(os.path.dirname(__file__), "walk.yaml"), encoding="utf-8") as source:
        return yaml.safe_load(source)


def plan(url_map: Any) -> tuple[list[Ask], list[str], dict[str, str]]:
    """Everything to be asked for.

    Args:
        url_map: of the Flask application.

    Returns:
        The requests, the routes and actions that no table fills, and those that are left
        out with the reason.
    """
    asks: dict[Ask, None] = {}
    unknown: list[str] = []
    skipped: dict[str, str] = {}
    for rule in sorted({one.rule: one for one in url_map.iter_rules()}.items()):
        if "GET" not in (rule[1].methods or ()):
            continue
        reason = next(
            (why for what, why in table()["skip"].items() if re.search(what, rule[0])), ""
        )
        if reason:
            skipped[rule[0]] = reason
            continue
        paths = list(_paths(rule[0]))
        if not paths:
            unknown.append(rule[0])
        for path in paths:
            asks[Ask(rule[0], path)] = None
    for path in table()["paths"]:
        asks[Ask(path, path)] = None
    for name in actions():
        inputs = table()["actions"].get(name)
        if inputs is None:
            unknown.append(name)
        for one in inputs or ():
            body = json.dumps(one, ensure_ascii=False)
            asks[Ask(name, f"/api/3/action/{name}", body)] = None
    # What is asked for once comes first: it is most of what people see.
    ordered = sorted(asks, key=lambda ask: bool(ask.places))
    return ordered, unknown, skipped


def _paths(rule: str) -> Iterator[str]:
    """Addresses of a rule, with placeholders; none where an argument is unknown."""
    names = _ARGUMENT.findall(rule)
    choices = [_values(rule, name) for name in names]
    for values in product(*choices):
        filled = iter(values)
        yield _ARGUMENT.sub(lambda _found: next(filled), rule)  # noqa: B023 - used at once


def _values(rule: str, name: str) -> list[str]:
    for row in table()["arguments"]:
        if name in row and re.search(row["rule"], rule):
            return row[name] if isinstance(row[name], list) else [row[name]]
    return []


def actions() -> list[str]:
    """Actions that change nothing: as the gate has them, or as they say themselves."""
    tk.get_action("package_show")
    known = gate.table()
    found = {
        name
        for name, action in logic._actions.items()
        if name in known["reads"] or getattr(action, "side_effect_free", False)
    }
    return sorted(found - set(known["other"]) - set(known["writes"]))


def missing(values: dict[str, str]) -> dict[str, str]:
    """Values of a dataset that does not exist, in the place of a hidden one's."""
    nobody = {key: str(uuid.uuid4()) for key in OWN}
    nobody |= {key: f"tidak-ada-{uuid.uuid4().hex[:12]}" for key in ("name", "tag")}
    same = {key: value for key, value in values.items() if key not in OWN}
    found = {key: nobody[key] for key in values if key in OWN} | same
    if "key" in values:
        found["key"] = found["name"] if values["key"] == values["name"] else found["id"]
    return found
