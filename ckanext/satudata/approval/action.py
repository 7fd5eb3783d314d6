"""API of the approval: one action per transition; what only reads is in ``reads``."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.satudata import signals
from ckanext.satudata.approval import adoption, decide, publication, schema, service, verify
from ckanext.satudata.approval.reads import (
    satudata_approval_history,
    satudata_approval_list,
    satudata_approval_show,
    satudata_fingerprint_show,
    satudata_withdrawal_list,
)
from ckanext.satudata.approval.states import TRANSITIONS
from ckanext.satudata.common import actor
from ckanext.satudata.common.inputs import json_inputs

__all__ = [
    "satudata_approval_history",
    "satudata_approval_list",
    "satudata_approval_show",
    "satudata_finding_answer",
    "satudata_fingerprint_show",
    "satudata_fingerprint_verify",
    "satudata_letter_issue",
    "satudata_portal_adopt",
    "satudata_withdrawal_list",
    *(f"satudata_approval_{name}" for name in TRANSITIONS),
]

_COMPARED = ("fingerprint", "found", "same")


@tk.validate_action_data(schema.submit)
def satudata_approval_submit(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Submit a dataset for checking (SOP 2.2 → 3.1); it is locked from now on.

    By a produsen_data or walidata_pendukung of the OPD. Freezes the fingerprint.

    Args:
        context: CKAN's context.
        data_dict: ``id`` (dataset, name or id), optional ``comment`` (answer to the
            findings), ``release_at`` (ISO date with time: not public before) and
            ``revision`` (the one seen; another one is a conflict).

    Returns:
        The approval as of ``satudata_approval_show``, without its findings.

    Raises:
        NotAuthorized: not a role of that OPD.
        ValidationError: wrong state, no file, a file still loading, or a conflict.
    """
    return decide.decide("submit", context, data_dict)


@tk.validate_action_data(schema.decision)
def satudata_approval_recall(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Undo one's own submission while nobody has taken it for checking.

    Args:
        context: CKAN's context.
        data_dict: ``id``, optional ``comment``, ``revision``.

    Returns:
        The approval: draft, or returned from round 2 on.

    Raises:
        NotAuthorized: not a role of that OPD.
        ValidationError: not the submitter, taken already, or a conflict.
    """
    return decide.decide("recall", context, data_dict)


@tk.validate_action_data(schema.decision)
def satudata_approval_claim(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Take a submitted dataset for checking, as walidata (pembina_data in its review).

    Args:
        context: CKAN's context.
        data_dict: ``id``, optional ``revision``.

    Returns:
        The approval with ``claimed_by`` and ``claimed_at``.

    Raises:
        NotAuthorized: no such role.
        ValidationError: a colleague holds it, one prepared it oneself, or wrong state.
    """
    return decide.decide("claim", context, data_dict)


@tk.validate_action_data(schema.decision)
def satudata_approval_release(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Give a dataset taken for checking back to the queue.

    Args:
        context: CKAN's context.
        data_dict: ``id``, optional ``revision``.

    Returns:
        The approval without a claim.

    Raises:
        NotAuthorized: no such role.
        ValidationError: held by a colleague or by nobody.
    """
    return decide.decide("release", context, data_dict)


@json_inputs("findings")
@tk.validate_action_data(schema.with_findings)
def satudata_approval_return(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Return a dataset to its producer with findings (Perpres 39/2019 ps 34).

    Args:
        context: CKAN's context.
        data_dict: ``id``, ``findings`` (list of ``code``, ``severity`` must or advice,
            ``field`` or ``resource`` with ``column`` and ``rows``, ``comment``), at
            least one of them must; optional ``comment``, ``revision``.

    Returns:
        The approval: returned; the dataset can be changed again.

    Raises:
        NotAuthorized: not a walidata.
        ValidationError: not taken by the caller, no must finding, or a conflict.
    """
    return decide.decide("return", context, data_dict)


@json_inputs("checklist")
@tk.validate_action_data(schema.confirm)
def satudata_approval_confirm(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Confirm that a dataset conforms (SOP 3.1), as the walidata who took it.

    Args:
        context: CKAN's context.
        data_dict: ``id``, ``checklist`` (standar_data, metadata, interoperabilitas,
            kode_referensi, privasi: ok, not_ok or na); optional ``release_at`` (another
            release time), ``comment``, ``revision``.

    Returns:
        The approval: awaiting_validation, or pembina_review for data prioritas.

    Raises:
        NotAuthorized: not a walidata.
        ValidationError: an unanswered or failed principle, the content changed, the
            caller prepared the dataset, or a conflict.
    """
    return decide.decide("confirm", context, data_dict)


@json_inputs("findings")
@tk.validate_action_data(schema.with_findings)
def satudata_approval_return_to_walidata(
    context: Context, data_dict: dict[str, Any]
) -> dict[str, Any]:
    """Return data prioritas from the Pembina Data to the walidata (ps 35).

    Args:
        context: CKAN's context.
        data_dict: ``id``, ``findings`` as of ``satudata_approval_return``; optional
            ``comment``, ``revision``.

    Returns:
        The approval: submitted.

    Raises:
        NotAuthorized: not the pembina_data.
        ValidationError: not taken by the caller, no must finding, or a conflict.
    """
    return decide.decide("return_to_walidata", context, data_dict)


@tk.validate_action_data(schema.decision)
def satudata_approval_endorse(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Endorse data prioritas as Pembina Data (ps 35).

    Args:
        context: CKAN's context.
        data_dict: ``id``, optional ``comment``, ``revision``.

    Returns:
        The approval: awaiting_validation.

    Raises:
        NotAuthorized: not the pembina_data.
        ValidationError: not taken by the caller, the content changed, or a conflict.
    """
    return decide.decide("endorse", context, data_dict)


@json_inputs("findings")
@tk.validate_action_data(schema.with_findings)
def satudata_approval_decline(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Return a dataset as head of the agency, instead of validating it.

    Args:
        context: CKAN's context.
        data_dict: ``id``, ``findings`` (one is enough: head_not_ready,
            head_wrong_figure or other, with ``comment``); optional ``revision``.

    Returns:
        The approval: returned.

    Raises:
        NotAuthorized: not the head of that OPD or their stand-in.
        ValidationError: wrong state, no reason, or a conflict.
    """
    return decide.decide("decline", context, data_dict)


@tk.validate_action_data(schema.answer)
def satudata_finding_answer(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Answer one finding of a returned dataset, or judge the answer as its checker.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the finding, ``answer`` (fixed, replied by the agency;
            accepted, reopened by the checker), ``reply`` (demanded with replied).

    Returns:
        The finding, as in ``satudata_approval_show``.

    Raises:
        ObjectNotFound: no such finding, or none that the caller may see.
        NotAuthorized: neither preparer of that OPD nor checker.
        ValidationError: wrong state, not taken for checking, or no reply.
    """
    return decide.answer(context, data_dict).dictize()


@json_inputs("ids", "given")
@tk.validate_action_data(schema.validate)
def satudata_approval_validate(context: Context, data_dict: dict[str, Any]) -> Any:
    """Validate datasets as head of the agency, by one surat validasi (SOP 3.2).

    The letter gets its register number, code and attachment in the same transaction. It
    is signed at once (``upload``, or ``way`` tte), or waits for the signed PDF or the
    scan; publication by the tick process waits for the signature.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of a dataset, or ``ids`` of several of one agency (all or
            none); optional ``way`` (pdf, scan, tte; pdf by default), ``upload`` (the
            letter with its electronic signature, as PDF), ``given`` (what the signature
            service asks for), ``number`` (the office's own; else by the city's pattern),
            ``date`` (ISO, default today), ``letter`` (id of an unsigned letter to join),
            ``comment``, ``revision`` (with ``id``).

    Returns:
        With ``id`` the approval: validated, with ``letter_id``; with ``ids`` a list.

    Raises:
        NotAuthorized: not the head of that OPD or their stand-in.
        ValidationError: no intact signature, a number that is in the register, the
            content changed, the caller prepared or checked the dataset, or a conflict.
    """
    results = decide.validate(context, data_dict)
    return results if data_dict.get("ids") else results[0]


@json_inputs("ids")
@tk.validate_action_data(schema.issue)
def satudata_letter_issue(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Have a surat validasi printed for a head who signs on paper, as registrar.

    The datasets go on waiting; the confirmed scan performs the validation.

    Args:
        context: CKAN's context.
        data_dict: ``ids`` of datasets of one agency that wait for the validation,
            optional ``signer`` (user; a stand-in has to be named), ``number``, ``date``.

    Returns:
        The letter: waiting_scan.

    Raises:
        NotAuthorized: not a walidata.
        ValidationError: the caller checked or prepared a dataset, one does not wait, or
            the agency has no head.
    """
    letter = decide.issue_on_paper(context, data_dict)
    result = tk.get_action("satudata_letter_show")(tk.fresh_context(context), {"id": letter.id})
    signals.letter_changed.send("issue", letter=result)
    return result


@tk.validate_action_data(schema.decision)
def satudata_approval_invalidate(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Send a dataset back to the check because its content is not what was decided on.

    The extension does this by itself at publication; a walidata may do it too.

    Args:
        context: CKAN's context.
        data_dict: ``id``, ``comment`` (why); optional ``revision``.

    Returns:
        The approval: submitted.

    Raises:
        NotAuthorized: not a walidata.
        ValidationError: wrong state, no reason, or a conflict.
    """
    return decide.decide("invalidate", context, data_dict)


@tk.validate_action_data(schema.decision)
def satudata_approval_hold(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Hold the publication of a validated dataset; ``publish`` lifts it.

    Args:
        context: CKAN's context.
        data_dict: ``id``, ``comment`` (why); optional ``revision``.

    Returns:
        The approval with ``hold_reason``.

    Raises:
        NotAuthorized: not a walidata.
        ValidationError: wrong state, no reason, or a conflict.
    """
    return decide.decide("hold", context, data_dict)


@tk.validate_action_data(schema.decision)
def satudata_approval_publish(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Publish a validated dataset now, lifting a hold (SOP 4).

    The tick process does this by itself once the letter is signed.

    Args:
        context: CKAN's context.
        data_dict: ``id``, optional ``revision``.

    Returns:
        The approval: published, or submitted when the content is not the validated one.

    Raises:
        NotAuthorized: not a walidata.
        ValidationError: not validated, its letter not signed, or its time not come.
    """
    package_id = decide.package_id(context, data_dict["id"])
    tk.check_access("satudata_approval_publish", context, {"id": package_id})
    found = publication.publish(package_id, actor.user(context), data_dict.get("revision"))
    result = found.dictize()
    signals.approval_changed.send("publish", approval=result)
    return result


@tk.validate_action_data(schema.withdraw)
def satudata_approval_withdraw(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Withdraw a published dataset from the public at once, as walidata.

    Works with the search index down. Copies at harvesters stay: tell their operators.

    Args:
        context: CKAN's context.
        data_dict: ``id``, ``reason`` (wrong, privacy, replaced, legal, other),
            ``notice`` (shown to the public); optional ``revision``.

    Returns:
        The approval: withdrawn. The dataset returns only by a new one.

    Raises:
        NotAuthorized: not a walidata.
        ValidationError: not published, reason or notice missing, or a conflict.
    """
    return decide.decide("withdraw", context, data_dict)


@tk.validate_action_data(schema.decision)
def satudata_approval_cancel(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """End an approval without publication; the dataset stays, private.

    Args:
        context: CKAN's context.
        data_dict: ``id``, ``comment`` (why); optional ``revision``.

    Returns:
        The approval: cancelled. A later submission opens a new one.

    Raises:
        NotAuthorized: neither producer of that OPD nor walidata.
        ValidationError: wrong state, no reason, or a conflict.
    """
    return decide.decide("cancel", context, data_dict)


@tk.validate_action_data(schema.dataset)
def satudata_fingerprint_verify(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Compare the content of a locked dataset with its fingerprint now, as every night.

    What differs goes back to the check if it waits for validation or publication; else
    an alarm is raised. What is published stays public, and an alarm ends here when the
    content is again what was validated.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the dataset, name or id.

    Returns:
        ``package_id``, ``state`` (afterwards), ``fingerprint`` (the stored one),
        ``found`` (of the content now) and ``same``; the last three are null for a
        dataset that is not locked.

    Raises:
        NotAuthorized: neither walidata nor pembina_data.
        ValidationError: a file or its rows cannot be read now; nothing is decided.
    """
    package_id = decide.package_id(context, data_dict["id"])
    tk.check_access("satudata_fingerprint_verify", context, {"id": package_id})
    found = verify.check(package_id)
    if found is not None:
        return found.dictize()
    state = str(service.state_of(service.current(package_id)))
    return {"package_id": package_id, "state": state, **dict.fromkeys(_COMPARED)}


@tk.validate_action_data(schema.adoption)
def satudata_portal_adopt(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Take over public datasets that were there before the workflow, one page per call.

    Each gets a publication record of the kind "adopted" with its fingerprint, and is
    locked like any published one; the dataset itself is not touched. Called again with
    the ``after`` of its answer until that is null. Whoever is interrupted begins again.

    Args:
        context: CKAN's context.
        data_dict: all optional: ``after`` (of the answer before), ``limit`` (1-500
            datasets looked at, default 100), ``organization``, ``dry_run`` (read all,
            write nothing), ``missing_files`` (also adopt what has an uploaded file
            without bytes).

    Returns:
        ``rows``: ``id``, ``name``, ``organization``, ``result`` (adopted, ready in a dry
        run, already, skipped), ``reason`` (unmanaged_type, draft, private, in_process,
        file_missing, unreadable, busy, failed), ``text`` (the reason in words),
        ``fingerprint``; and ``after``, null at the end.

    Raises:
        NotAuthorized: not the administrator of the portal.
        ValidationError: an unknown organization, or a limit that is no number.
    """
    tk.check_access("satudata_portal_adopt", context, data_dict)
    rows, after = adoption.adopt(
        actor.user(context),
        after=data_dict.get("after") or "",
        limit=max(1, min(data_dict.get("limit") or adoption.PAGE, adoption.MOST)),
        organization=data_dict.get("organization"),
        dry_run=bool(data_dict.get("dry_run")),
        missing_files=bool(data_dict.get("missing_files")),
    )
    return {"rows": [one.dictize() for one in rows], "after": after}
