"""Validators of the approval's inputs."""

from __future__ import annotations

import json
from typing import Any

from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.approval import states

__all__ = ["satudata_checklist", "satudata_findings"]


def _json(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError as error:
            raise tk.Invalid(_("This is not valid JSON.")) from error
    return value


def satudata_findings(value: Any) -> list[dict[str, Any]]:
    """A list of findings, as JSON or JSON text (multipart forms).

    Each: ``code`` (a reason), ``severity`` (must by default, or advice), ``comment``,
    and a place: ``field``, or ``resource`` with ``column`` and ``rows``.
    """
    value = _json(value)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise tk.Invalid(_("Findings are a list."))
    known = {"code", "severity", "field", "resource", "column", "rows", "comment"}
    for number, one in enumerate(value, start=1):
        where = _("Finding {number}").format(number=number) + ": "
        if set(one) - known:
            strange = ", ".join(sorted(map(str, set(one) - known)))
            raise tk.Invalid(where + _("unknown key %(key)s.") % {"key": strange})
        if not all(isinstance(text, (str, type(None))) for text in one.values()):
            raise tk.Invalid(where + _("all values are texts."))
        if one.get("code") not in states.REASONS:
            raise tk.Invalid(where + _("choose a reason."))
        if (one.get("severity") or "must") not in states.SEVERITIES:
            raise tk.Invalid(where + _("the weight is must or advice."))
        if not (one.get("comment") or "").strip():
            raise tk.Invalid(where + _("write what has to be done."))
    return value


def satudata_checklist(value: Any) -> dict[str, str]:
    """Principle → answer, as JSON object or JSON text."""
    value = _json(value)
    if not isinstance(value, dict):
        raise tk.Invalid(_("The checklist is an object: principle, answer."))
    for principle, answer in value.items():
        if principle not in states.PRINCIPLES or answer not in states.ANSWERS:
            raise tk.Invalid(
                _("Unknown answer %(answer)s to %(principle)s.")
                % {"answer": answer, "principle": principle}
            )
    return value
