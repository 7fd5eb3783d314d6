"""The audit in the API."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.satudata.audit import schema, service
from ckanext.satudata.audit.model import AuditRun

__all__ = ["satudata_audit_show"]


@tk.side_effect_free
@tk.validate_action_data(schema.show)
def satudata_audit_show(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Show what the newest audit found: what reaches the public and must not, or misses.

    Args:
        context: CKAN's context.
        data_dict: optional ``id`` of an older run.

    Returns:
        ``id``, ``night`` (empty for one started by hand), ``started_at``,
        ``finished_at``, ``error``, ``counts`` (how much was asked, of how much), and
        ``findings``: list of ``kind``, ``dataset`` (id), ``who`` (anonymous, outsider),
        ``method``, ``route``, ``url``, ``status``, ``needle`` (kind of the word that was
        told), ``detail``.

    Raises:
        NotAuthorized: neither walidata nor sysadmin.
        ObjectNotFound: no audit has ended yet, or no such run.
    """
    tk.check_access("satudata_audit_show", context, data_dict)
    key = data_dict.get("id")
    run = model.Session.get(AuditRun, key) if key else service.last()
    if run is None:
        raise tk.ObjectNotFound("No audit has ended yet. Run: ckan satudata audit")
    return run.dictize()
