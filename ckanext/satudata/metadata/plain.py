"""The scheme as stock ckanext-scheming understands it, for a portal without this extension."""

from __future__ import annotations

from importlib import resources
from typing import Any

import yaml

from ckanext.satudata.metadata import codelists

KINDS = ("dataset", "organization")


def scheme(kind: str) -> dict[str, Any]:
    """The scheme with the choices of its code lists written out, and one long form.

    Args:
        kind: ``dataset`` or ``organization``.
    """
    text = (resources.files("ckanext.satudata") / "schemas" / f"{kind}.yaml").read_text("utf-8")
    return plain(yaml.safe_load(text))


def plain(value: Any) -> Any:
    """A part of a scheme without what only our plugin brings: validators, lists, parts."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: plain(one) for key, one in value.items() if key != "start_form_page"}
    if found.pop("choices_helper", None):
        shown = codelists.get(found["code_list"])
        found["choices"] = [
            {"value": one.code, "label": {"id": one.id, "en": one.en}}
            for one in (shown.items if shown else ())
        ]
    if "validators" in found:
        words = found["validators"].split()
        found["validators"] = " ".join(one for one in words if not one.startswith("satudata_"))
    return found
