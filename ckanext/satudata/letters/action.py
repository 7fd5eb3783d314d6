"""API of the letters: the register, signing, scans, revocation, public verification."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _
from ckan.types import Context

from ckanext.satudata import signals
from ckanext.satudata.common import actor, files
from ckanext.satudata.common.errors import Conflict, refuse
from ckanext.satudata.letters import owners, register, schema, service, texts
from ckanext.satudata.letters.model import Letter
from ckanext.satudata.letters.states import WAITING, LetterState

__all__ = [
    "satudata_letter_confirm",
    "satudata_letter_list",
    "satudata_letter_reject",
    "satudata_letter_revoke",
    "satudata_letter_show",
    "satudata_letter_sign",
    "satudata_letter_summary",
    "satudata_letter_upload",
    "satudata_letter_verify",
]


#: A file that waits for its second person is not exchanged under their eyes.
_UNSIGNED = WAITING - {LetterState.WAITING_CONFIRMATION}


def _shown(letter: Letter) -> dict[str, Any]:
    return {**letter.dictize(), "items": [one.dictize() for one in service.items(letter.id)]}


def _decide(
    name: str,
    context: Context,
    data_dict: dict[str, Any],
    states: frozenset[LetterState],
    do: Callable[[Letter, model.User, owners.Owner], None],
) -> dict[str, Any]:
    """Lock what the letter is about, check, do, commit, tell."""
    tk.check_access(f"satudata_letter_{name}", context, data_dict)
    person = actor.user(context)
    letter = service.get(data_dict["id"])
    if letter is None:
        raise tk.ObjectNotFound
    owner = owners.of(letter)
    try:
        with owner.lock(letter):
            letter = service.get(letter.id, lock=True)
            assert letter is not None
            if LetterState(letter.state) not in states:
                raise Conflict(
                    _("Letter %(number)s is: %(state)s.")
                    % {"number": letter.number, "state": texts.states()[letter.state].lower()}
                )
            do(letter, person, owner)
            model.Session.commit()
    except Exception:
        model.Session.rollback()
        raise
    owner.told(letter)
    result = _shown(letter)
    signals.letter_changed.send(name, letter=result)
    return result


@tk.validate_action_data(schema.upload)
def satudata_letter_sign(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Hand in the electronically signed PDF of a letter; it takes effect at once.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the letter, ``upload`` (the signed PDF).

    Returns:
        The letter as of ``satudata_letter_show``: valid, and what it covers is published
        by the tick process. Handed in by a walidata with a signature whose issuer is not
        trusted: waiting_confirmation.

    Raises:
        ObjectNotFound: no such letter.
        NotAuthorized: neither its signer nor a walidata.
        ValidationError: no PDF, no intact signature in it, or signed already.
    """

    def do(letter: Letter, person: model.User, owner: owners.Owner) -> None:
        if letter.signer_id != person.id:
            _not_barred(letter, person, owner)
        service.sign_uploaded(letter, data_dict, person)
        if letter.state == str(LetterState.VALID):
            owner.signed(letter, person)

    return _decide("sign", context, data_dict, _UNSIGNED, do)


@tk.validate_action_data(schema.upload)
def satudata_letter_upload(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Upload the scan of a letter signed on paper, as registrar.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the letter, ``upload`` (PDF, JPEG or PNG).

    Returns:
        The letter: waiting_confirmation, until a second person confirms it.

    Raises:
        ObjectNotFound: no such letter.
        NotAuthorized: not a walidata.
        ValidationError: the caller checked or prepared the data, no readable file, or
            the letter waits for nothing.
    """

    def do(letter: Letter, person: model.User, owner: owners.Owner) -> None:
        _not_barred(letter, person, owner)
        service.register_scan(letter, data_dict, person)

    return _decide("upload", context, data_dict, _UNSIGNED, do)


_SCANNED = frozenset({LetterState.WAITING_CONFIRMATION})


@tk.validate_action_data(schema.one)
def satudata_letter_confirm(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Confirm as second person that a scan is the signed letter; it takes effect.

    For a head who never logs in this performs the validation in the head's name, and
    the history says so.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the letter.

    Returns:
        The letter: valid.

    Raises:
        ObjectNotFound: no such letter.
        NotAuthorized: neither walidata, sekretariat nor head of that agency.
        ValidationError: the caller uploaded the scan or checked or prepared the data,
            the content changed, or there is no scan to confirm.
    """

    def do(letter: Letter, person: model.User, owner: owners.Owner) -> None:
        _second_person(letter, person, owner)
        service.confirm(letter, person)
        owner.signed(letter, person)

    return _decide("confirm", context, data_dict, _SCANNED, do)


@tk.validate_action_data(schema.reason)
def satudata_letter_reject(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Send a scan back that is not the letter; another one can be uploaded.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the letter, ``comment`` (why).

    Returns:
        The letter: waiting_scan.

    Raises:
        ObjectNotFound: no such letter.
        NotAuthorized: as of ``satudata_letter_confirm``.
        ValidationError: the caller uploaded the scan, or there is none.
    """

    def do(letter: Letter, person: model.User, owner: owners.Owner) -> None:
        _second_person(letter, person, owner)
        service.reject_scan(letter, person, data_dict["comment"])

    return _decide("reject", context, data_dict, _SCANNED, do)


@tk.validate_action_data(schema.reason)
def satudata_letter_revoke(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Revoke a letter; its number stays in the register as revoked.

    What it validated and is not public yet goes back to the check. The letter of a
    published dataset is not revoked alone: withdraw the dataset.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the letter, ``comment`` (why).

    Returns:
        The letter: revoked.

    Raises:
        ObjectNotFound: no such letter.
        NotAuthorized: neither its signer nor a walidata.
        ValidationError: revoked already, or a dataset of it is published.
    """
    states = frozenset(LetterState) - {LetterState.REVOKED}

    def do(letter: Letter, person: model.User, owner: owners.Owner) -> None:
        owner.revoked(letter, person, data_dict["comment"])
        service.revoke(letter, person, data_dict["comment"])

    return _decide("revoke", context, data_dict, states, do)


def _not_barred(letter: Letter, person: model.User, owner: owners.Owner) -> None:
    how = owner.barred(letter).get(person.id)
    if how == "checked":
        refuse("same_person", _("You checked this data. Another walidata registers the letter."))
    if how:
        refuse("same_person", _("You prepared this data. Another person registers the letter."))


def _second_person(letter: Letter, person: model.User, owner: owners.Owner) -> None:
    if letter.registered_by == person.id:
        refuse("same_person", _("You uploaded this scan. A second person confirms it."))
    _not_barred(letter, person, owner)


@tk.side_effect_free
@tk.validate_action_data(schema.one)
def satudata_letter_show(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Show one letter of the register.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the letter.

    Returns:
        ``id``, ``kind``, ``register_number``, ``number``, ``dated``, ``organization_id``,
        ``signer``, ``way``, ``state``, ``code``, ``file_sha256``, ``signature``, who and
        when, and ``items`` (``package_id``, ``title``, ``period``, ``fingerprint``,
        ``void_at``, ``void_reason``).

    Raises:
        ObjectNotFound: no such letter, or none that the caller may read.
    """
    try:
        tk.check_access("satudata_letter_show", context, data_dict)
    except tk.NotAuthorized as error:
        raise tk.ObjectNotFound from error
    letter = service.get(data_dict["id"])
    assert letter is not None
    return _shown(letter)


@tk.side_effect_free
@tk.validate_action_data(schema.list_)
def satudata_letter_list(context: Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """List letters of the register, newest number first.

    Args:
        context: CKAN's context.
        data_dict: optional ``kind`` (surat_validasi), ``year``, ``state`` (one, or
            ``waiting``), ``organization``, ``dataset``, ``limit`` (50, at most 1000) and
            ``after`` (register number of the last one read, with ``year``).

    Returns:
        Letters as of ``satudata_letter_show`` without ``items``, with ``agency`` and
        ``datasets`` (how many).

    Raises:
        NotAuthorized: no role of the procedure.
    """
    tk.check_access("satudata_letter_list", context, data_dict)
    rows = register.find(
        actor.user(context),
        kind=data_dict["kind"],
        year=data_dict.get("year"),
        state=data_dict.get("state"),
        organization_id=data_dict.get("organization"),
        package_id=data_dict.get("dataset"),
        limit=min(data_dict.get("limit") or register.PAGE, 1000),
        after=data_dict.get("after"),
    )
    return [
        {**letter.dictize(), "agency": agency, "datasets": count} for letter, agency, count in rows
    ]


@tk.side_effect_free
@tk.validate_action_data(schema.summary)
def satudata_letter_summary(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Tell whether the register of a year is whole: no number missing, none double.

    Args:
        context: CKAN's context.
        data_dict: ``year``, optional ``kind``.

    Returns:
        ``count``, ``last``, ``missing``, ``doubles``, ``states``.

    Raises:
        NotAuthorized: neither walidata nor sekretariat.
    """
    tk.check_access("satudata_letter_summary", context, data_dict)
    return register.summary(data_dict["kind"], data_dict["year"])


@tk.side_effect_free
@tk.auth_allow_anonymous_access
@tk.validate_action_data(schema.verify)
def satudata_letter_verify(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Tell everybody whether a letter is in the register, by the code printed on it.

    Args:
        context: CKAN's context.
        data_dict: ``code``, and optional ``upload`` or ``sha256`` of a file to compare
            with the signed letter (nothing of it is kept).

    Returns:
        ``result``: ok, revoked or none; for a known letter what is printed on it, with
        titles of public datasets only, and ``match`` when a file was given.

    Raises:
        ValidationError: no code.
    """
    tk.check_access("satudata_letter_verify", context, data_dict)
    found = register.verification(data_dict["code"])
    known = found.pop("file_sha256", None)
    upload = files.uploaded(data_dict, "upload")
    given = files.sha256(files.stream(upload)) if upload else data_dict.get("sha256")
    if found["result"] != "none" and given:
        found["match"] = given.strip().lower() == known
    return found
