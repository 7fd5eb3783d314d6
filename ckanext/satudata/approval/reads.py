"""API of the approval that only reads: show, history, list, withdrawals."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.satudata.approval import (
    canonical,
    decide,
    findings,
    fingerprint,
    permissions,
    schema,
    service,
    withdrawn,
)
from ckanext.satudata.approval.model import Approval
from ckanext.satudata.approval.states import State
from ckanext.satudata.common import actor, events
from ckanext.satudata.metadata import completeness
from ckanext.satudata.roles import permissions as roles

_LIST_LIMIT = 50


@tk.side_effect_free
@tk.validate_action_data(schema.dataset)
def satudata_approval_show(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Show where a dataset stands.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the dataset, name or id.

    Returns:
        ``state``, ``revision``, ``round``, ``organization_id``, ``priority``,
        ``fingerprint``, who and when (``submitted_by``, ``claimed_by``, ``checked_by``,
        ``endorsed_by``, ``validated_by`` …), ``letter_id``, ``due_at``, ``checklist``,
        and ``findings``. ``verified_at`` is when the content was last compared with the
        fingerprint, ``mismatch_at`` since when it differs (the alarm; else null). A
        dataset never submitted is a draft with revision 0.

    Raises:
        ObjectNotFound: no such dataset, or none that the caller may see.
        NotAuthorized: the caller is no party of the process.
    """
    package_id = decide.package_id(context, data_dict["id"])
    tk.check_access("satudata_approval_show", context, {"id": package_id})
    approval = service.current(package_id)
    if approval is None:
        return {
            "package_id": package_id,
            "state": str(State.DRAFT),
            "revision": 0,
            "round": 0,
            "findings": [],
        }
    package = model.Package.get(package_id)
    rows = [
        {**one.dictize(), "answer": findings.answer(one, package)} for one in findings.of(approval)
    ]
    return {**approval.dictize(), "findings": rows}


@tk.side_effect_free
@tk.validate_action_data(schema.dataset)
def satudata_approval_history(context: Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """List what happened to a dataset, oldest first.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the dataset, name or id.

    Returns:
        Events: ``number``, ``at``, ``kind`` (transition), ``user_id``, ``role``,
        ``acting_for``, ``from_state``, ``to_state``, ``comment``, ``fingerprint``,
        ``data``, ``hash``.

    Raises:
        ObjectNotFound: no such dataset, or none that the caller may see.
        NotAuthorized: the caller is no party of the process.
    """
    package_id = decide.package_id(context, data_dict["id"])
    tk.check_access("satudata_approval_history", context, {"id": package_id})
    found = model.Session.scalars(events.Event.of(service.stream(package_id)))
    return [one.dictize() for one in found]


@tk.side_effect_free
@tk.validate_action_data(schema.list_)
def satudata_approval_list(context: Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """List approvals the caller is a party of, most urgent first.

    Args:
        context: CKAN's context.
        data_dict: optional ``state``, ``organization``, ``mine`` (true: those whose
            next step is the caller's, published ones with an alarm too), ``limit``
            (1-100, default 50), ``after`` (id of the last one of the page before).

    Returns:
        Approvals as of ``satudata_approval_show``, with ``name`` and ``title`` of the
        dataset and ``completeness`` (percent of its demanded fields), without findings.

    Raises:
        NotAuthorized: not signed in.
    """
    tk.check_access("satudata_approval_list", context, data_dict)
    user = actor.user(context)
    query = (
        sa.select(Approval, model.Package)
        .join(model.Package, model.Package.id == Approval.package_id)
        .where(model.Package.state == "active")
        .where(permissions.visible_to(user, roles.holdings(user.id)))
    )
    if data_dict.get("state"):
        query = query.where(Approval.state == data_dict["state"])
    if data_dict.get("organization"):
        query = query.where(Approval.organization_id == data_dict["organization"])
    if data_dict.get("mine"):
        query = query.where(permissions.waits_for(roles.holdings(user.id)))
    far = sa.func.coalesce(Approval.due_at, sa.text("'infinity'::timestamptz"))
    if data_dict.get("after"):
        last = sa.select(far, Approval.id).where(Approval.id == data_dict["after"]).subquery()
        query = query.where(sa.tuple_(far, Approval.id) > sa.select(*last.c))
    limit = max(1, min(data_dict.get("limit") or _LIST_LIMIT, 100))
    rows = model.Session.execute(query.order_by(far, Approval.id).limit(limit)).all()
    full = completeness.of_many([package for _approval, package in rows])
    return [
        {
            **approval.dictize(),
            "name": package.name,
            "title": package.title or package.name,
            "completeness": full[package.id].score,
        }
        for approval, package in rows
    ]


@tk.side_effect_free
@tk.validate_action_data(schema.dataset)
def satudata_fingerprint_show(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Show what the fingerprint of a dataset is made from, computed now.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the dataset, name or id.

    Returns:
        ``form`` (version of the canonical form), ``text`` (the canonical text) and
        ``fingerprint`` (its SHA-256, after the form and a colon).

    Raises:
        ObjectNotFound: no such dataset, or none that the caller may see.
        NotAuthorized: the caller is no party of the process.
        ValidationError: a file or its rows cannot be read now.
    """
    package_id = decide.package_id(context, data_dict["id"])
    tk.check_access("satudata_fingerprint_show", context, {"id": package_id})
    content = fingerprint.read(package_id)
    return {
        "form": canonical.VERSION,
        "text": canonical.text(content),
        "fingerprint": canonical.fingerprint(content),
    }


@tk.side_effect_free
@tk.validate_action_data(schema.withdrawals)
def satudata_withdrawal_list(context: Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """List the datasets that were public and are withdrawn, newest first; for everybody.

    A dataset that is public again by a new approval, or deleted, is in it no more.

    Args:
        context: CKAN's context.
        data_dict: optional ``limit`` (1-100, default 50), ``after`` (``id`` of the last
            one of the page before).

    Returns:
        ``id``, ``package_id``, ``title`` (as published), ``organization`` (its title),
        ``withdrawn_at``, ``reason`` (code) and ``notice`` each.

    Raises:
        ValidationError: a limit that is no number.
    """
    tk.check_access("satudata_withdrawal_list", context, data_dict)
    limit = max(1, min(data_dict.get("limit") or withdrawn.PAGE, 100))
    return [one.dictize() for one in withdrawn.find(limit=limit, after=data_dict.get("after"))]
