"""Words of the approval in the reader's language (words page, sections 2-6 and 12)."""

from __future__ import annotations

from ckan.plugins.toolkit import _

from ckanext.satudata.approval.states import State
from ckanext.satudata.metadata import codelists
from ckanext.satudata.roles import texts as role_texts
from ckanext.satudata.roles.states import Role


def states() -> dict[str, str]:
    """State → word of the badge; ``claimed`` is submitted and taken by a checker."""
    return {
        "draft": _("Draft"),
        "submitted": _("Waiting for check"),
        "claimed": _("Being checked"),
        "pembina_review": _("Supervisor review"),
        "returned": _("Returned"),
        "awaiting_validation": _("Awaiting validation"),
        "validated": _("Validated"),
        "published": _("Published"),
        "withdrawn": _("Withdrawn"),
        "cancelled": _("Cancelled"),
    }


def state_line(state: str, values: dict[str, str]) -> str:
    """One line under the badge.

    Args:
        state: a state, or ``claimed``.
        values: ``opd``, ``role``, ``since``, ``count``, ``office``, ``number``,
            ``date``, ``release``, ``reason``.
    """
    lines = {
        "draft": _("Being prepared by %(opd)s. Not public yet."),
        "submitted": _("Waiting for a walidata to take it for checking."),
        "claimed": _("%(role)s has been checking since %(since)s."),
        "pembina_review": _("Priority data, checked again by the data supervisor."),
        "returned": _("%(count)s findings wait for an answer of %(opd)s."),
        "awaiting_validation": _("Waiting for the signature of %(office)s."),
        "validated": _("Letter %(number)s. %(release)s"),
        "published": _("Open to the public since %(date)s."),
        "withdrawn": _("Withdrawn %(date)s: %(reason)s."),
        "cancelled": _("Process cancelled, %(date)s."),
    }
    return lines.get(state, "") % values


def transitions() -> dict[str, str]:
    """Transition → label of its button; ``resubmit`` is submit from round 2 on."""
    return {
        "submit": _("Submit"),
        "resubmit": _("Submit again"),
        "recall": _("Undo submission"),
        "claim": _("Take for checking"),
        "release": _("Release"),
        "return": _("Return"),
        "confirm": _("Confirm conformity"),
        "return_to_walidata": _("Return to walidata"),
        "endorse": _("Endorse"),
        "decline": _("Return (head)"),
        "validate": _("Validate"),
        "hold": _("Hold publication"),
        "publish": _("Lift the hold"),
        "withdraw": _("Withdraw"),
        "cancel": _("Cancel process"),
    }


def asks() -> dict[str, str]:
    """Transition → what is asked back before it is done."""
    return {
        "submit": _("The content is locked until it has been checked."),
        "recall": _("The dataset can then be changed again."),
        "claim": _("The dataset is then checked by you."),
        "release": _("Another walidata can then take it."),
        "return": _("The findings are sent to %(opd)s."),
        "confirm": _("All principles have been checked. Next: %(next)s."),
        "return_to_walidata": _("The findings are sent to the walidata."),
        "endorse": _("Next: %(next)s."),
        "decline": _("The dataset goes back to %(opd)s."),
        "validate": _(
            "I hereby declare that the data is correct and accountable, and approve its "
            "dissemination. It is opened to the public as soon as the letter is entered."
        ),
        "hold": _("Publication waits until the hold is lifted."),
        "publish": _("The data is opened to the public at once."),
        "withdraw": _("The data is closed to the public at once."),
        "cancel": _("The dataset stays, not public."),
    }


def done() -> dict[str, str]:
    """Transition → message shown afterwards."""
    return {
        "submit": _("Submitted. The walidata checks until %(due)s."),
        "recall": _("The submission was undone."),
        "claim": _("You are checking this dataset."),
        "release": _("Released, another walidata can take it."),
        "return": _("Returned with %(count)s findings."),
        "confirm": _("Confirmed."),
        "return_to_walidata": _("Returned to the walidata."),
        "endorse": _("Endorsed by the data supervisor."),
        "decline": _("Returned to %(opd)s."),
        "validate": _("Letter %(number)s is entered. The dataset is validated."),
        "hold": _("Publication is held."),
        "publish": _("Publication goes on."),
        "withdraw": _("Withdrawn. The data is no longer public."),
        "cancel": _("Process cancelled. The dataset stays, not public."),
    }


def history() -> dict[str, str]:
    """Kind of an event → what happened, as the history says it."""
    return {
        "submit": _("Submitted"),
        "recall": _("Submission undone"),
        "claim": _("Taken for checking"),
        "release": _("Released by the checker"),
        "return": _("Returned"),
        "confirm": _("Conformity confirmed"),
        "return_to_walidata": _("Returned to the walidata"),
        "endorse": _("Endorsed by the data supervisor"),
        "decline": _("Returned by the head of agency"),
        "validate": _("Validated"),
        "invalidate": _("Content changed, back to checking"),
        "hold": _("Publication held"),
        "publish": _("Published"),
        "adopt": _("Taken over as public"),
        "withdraw": _("Withdrawn"),
        "cancel": _("Process cancelled"),
        "mismatch": _("Content differs from what was submitted"),
        "match": _("Content is again what was submitted"),
        "finding_fixed": _("A finding was repaired"),
        "finding_replied": _("A finding was replied to"),
        "finding_accepted": _("The answer to a finding was accepted"),
        "finding_reopened": _("A finding was opened again"),
    }


def alarm() -> str:
    """The alarm in one sentence, as lists and the turn box say it."""
    return _("The public content is not what was validated.")


def reasons() -> dict[str, str]:
    """Code of a finding → its words, those of the code list."""
    return codelists.labels("alasan_pengembalian")


def severities() -> dict[str, str]:
    """Severity of a finding → its words."""
    return {"must": _("Must be repaired"), "advice": _("Advice")}


def finding_answers() -> dict[str, str]:
    """State of a finding → its words."""
    return {
        "open": _("Unanswered"),
        "fixed": _("Repaired"),
        "replied": _("Replied"),
        "accepted": _("Accepted"),
        "reopened": _("Reopened"),
    }


def principles() -> dict[str, tuple[str, str]]:
    """Principle → (label, what is asked)."""
    return {
        "standar_data": (
            _("1. Standar Data"),
            _(
                "Are concept, definition, classification, measure and unit filled in, "
                "and as in the entry?"
            ),
        ),
        "metadata": (
            _("2. Metadata"),
            _(
                "Are activity, indicator and variables complete and clear to somebody "
                "outside the agency?"
            ),
        ),
        "interoperabilitas": (
            _("3. Interoperability"),
            _("Open format, one table, one meaning for each column, readable by machine?"),
        ),
        "kode_referensi": (
            _("4. Reference codes and master data"),
            _("Are region codes and other codes known and valid?"),
        ),
        "privasi": (
            _("Additional: personal data"),
            _("No NIK, name, address, telephone, or combination that points to a person?"),
        ),
    }


def answers() -> dict[str, str]:
    """Answer to a principle → its words."""
    return {"ok": _("Conforms"), "not_ok": _("Does not conform"), "na": _("Not relevant")}


def withdraw_reasons() -> dict[str, str]:
    """Reason of a withdrawal → its words."""
    return {
        "wrong": _("Data wrong"),
        "privacy": _("Personal data"),
        "replaced": _("Replaced"),
        "legal": _("Legal order"),
        "other": _("Other"),
    }


def withdrawn(date: str, reason: str, notice: str) -> str:
    """What the API says of a withdrawn dataset."""
    text = _("This dataset was withdrawn on %(date)s. Reason: %(reason)s. %(notice)s")
    return (text % {"date": date, "reason": reason, "notice": notice}).strip()


def access_classes() -> dict[str, str]:
    """Access class → its word."""
    return {"terbuka": _("Open"), "terbatas": _("Restricted"), "tertutup": _("Closed")}


def readers(names: str) -> str:
    """Who reads restricted data."""
    return _("What data there is stands here. Its files and rows are for: %(readers)s.") % {
        "readers": names
    }


def limited(names: str) -> str:
    """To those who decide: who will read the files."""
    return _("Restricted data: its files and rows will be for %(readers)s only.") % {
        "readers": names
    }


def never() -> str:
    """To those who decide: nothing becomes public."""
    return _("Closed data: nothing of it becomes public; the letter is registered.")


def columns_left_out(name: str, out: str) -> str:
    """To those who decide: which columns the public does not get."""
    return _("Not in the public copy of %(name)s: %(columns)s.") % {"name": name, "columns": out}


def restricted(readers: str, contact: str) -> str:
    """What the API says of restricted data to who may not read it."""
    return _(
        "The data of this dataset is restricted (terbatas). Its files and rows are for: "
        "%(readers)s. Others ask for them at %(contact)s."
    ) % {"readers": readers, "contact": contact}


def closed() -> str:
    """What the API says of data that only the parties of its process read."""
    return _("The data of this dataset is closed (tertutup). Its files and rows are not given.")


def parties_only() -> str:
    """What a party of the process is told of closed data."""
    return _("Its files and rows are for the parties of its process only.")


def private_required() -> str:
    """Refusal: a dataset cannot be made public directly."""
    return _(
        "This dataset cannot be made public directly. Submit it for checking; the data "
        "is opened after the head of the agency has signed."
    )


def created_private() -> str:
    """Refusal: a new dataset that says it is public, e.g. of a loaded dump."""
    return _(
        'A new dataset is always private. Leave "private" out, or send true, and it is '
        "created; then submit it for checking. It becomes public after the head of the "
        "agency has signed."
    )


def locked(state: State) -> str:
    """Refusal: a locked dataset, with the way out of that state."""
    word = states()[str(state)]
    if state is State.SUBMITTED:
        return _("The dataset is %(state)s and cannot be changed. Undo the submission first.") % {
            "state": word.lower()
        }
    if state is State.PUBLISHED:
        return _("The dataset is %(state)s and cannot be changed. Have it withdrawn first.") % {
            "state": word.lower()
        }
    return _("The dataset is %(state)s and cannot be changed until that step is done.") % {
        "state": word.lower()
    }


def not_adopted() -> str:
    """Refusal: a public dataset of before the workflow."""
    return _(
        "This dataset was public before the approval workflow came, and cannot be changed "
        "until it is taken over. Ask the administrator of the portal to run "
        '"ckan satudata adopt".'
    )


def record_kept() -> str:
    """Refusal: the record of a dataset that is still public."""
    return _("The dataset is public, so its publication record has to stay. Withdraw it first.")


def adoption_reasons() -> dict[str, str]:
    """Reason for which a dataset is not adopted → words with the way out."""
    return {
        "unmanaged_type": _("Its type is not under the workflow."),
        "draft": _("It is a draft; nobody outside sees it."),
        "private": _("It is private; it goes the road of the workflow."),
        "in_process": _("It went through the workflow already. Have its history verified."),
        "file_missing": _(
            "An uploaded file is missing. Put it back, or adopt it as it is with missing_files."
        ),
        "unreadable": _("A file cannot be read:"),
        "busy": _("Somebody was saving it. Run the command again."),
        "failed": _("It could not be adopted, see the log:"),
    }


def adopted_line() -> str:
    """What everyone is told of adopted data."""
    return _("Public before the approval workflow; taken over on %(date)s without a letter.")


def no_role(roles: tuple[Role, ...], opd: str, own: list[str], contact: str) -> str:
    """Refusal: the decision belongs to another role."""
    return _("This is for %(roles)s of %(opd)s. Your role: %(own)s. Contact: %(contact)s.") % {
        "roles": ", ".join(role_texts.role(one) for one in roles),
        "opd": opd,
        "own": ", ".join(role_texts.role(one) for one in own) or _("none"),
        "contact": contact,
    }


def same_person(how: str, roles: tuple[Role, ...]) -> str:
    """Refusal: separation of duties."""
    who = ", ".join(role_texts.role(one) for one in roles)
    if how == "checked":
        return _("You checked this dataset, so another %(who)s has to do this.") % {"who": who}
    return _("You prepared this dataset, so another %(who)s has to do this.") % {"who": who}


def control(field: str) -> str:
    """Refusal: a value that only the portal sets."""
    return _(
        "%(field)s is set by the portal and cannot be changed. Leave it out, or send it back "
        "as the portal gave it."
    ) % {"field": field}


def foreign_file() -> str:
    """Refusal: the id of a file of another dataset."""
    return _("This file id belongs to another dataset. Leave the id out to add a new file.")


def unknown_type() -> str:
    """Refusal: a dataset of a type that no plugin of the portal has pages for."""
    return _("This portal does not know this type of dataset. Leave the type out.")


def system_parts() -> dict[str, str]:
    """Part of the self-test → its name on the system page."""
    return {
        "database": _("Database"),
        "redis": _("Queue"),
        "search": _("Search"),
        "migrations": _("Migrations"),
        "profile": _("City profile"),
        "gate": _("Gate"),
        "adoption": _("Datasets of before"),
    }
