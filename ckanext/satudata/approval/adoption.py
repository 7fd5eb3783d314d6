"""Take over the public datasets of a portal that was there before the workflow.

Each one gets an approval that is published, a publication record of the kind "adopted"
with its fingerprint, and an event; the dataset itself is not touched, so nothing goes off
line and harvesters see no change. One transaction per dataset: whoever is stopped in the
middle begins again and finds the first ones done. Only what was public before the trigger
came can be adopted: a dataset with a history of its own never is, or adoption would be a
way around the procedure.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata import config
from ckanext.satudata.approval import fingerprint, locks, service, texts
from ckanext.satudata.approval.model import Approval, Publication
from ckanext.satudata.approval.states import State
from ckanext.satudata.common import clock, events
from ckanext.satudata.common.errors import Refusal
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.storage import service as storage

log = logging.getLogger(__name__)

#: Datasets of one call: asked for, and at most.
PAGE, MOST = 100, 500
#: Kind of the event.
EVENT = "adopt"
#: Reasons that are in order: there is nothing to adopt.
NOTHING_TO_DO = frozenset({"unmanaged_type", "draft", "private"})


@dataclass(frozen=True)
class Row:
    """What became of one dataset.

    Attributes:
        package_id: its id; ``name`` its name, ``organization`` that of its agency.
        result: ``adopted``, ``ready`` (a dry run would adopt it), ``already`` (it has a
            record) or ``skipped``.
        reason: why it was skipped, a key of :func:`texts.adoption_reasons`.
        detail: the error behind ``unreadable`` and ``failed``.
        fingerprint: of what was or would be adopted.
    """

    package_id: str
    name: str
    organization: str
    result: str
    reason: str = ""
    detail: str = ""
    fingerprint: str = ""

    def dictize(self) -> dict[str, Any]:
        """The row as the API and the report give it."""
        words = texts.adoption_reasons().get(self.reason, "")
        return {
            "id": self.package_id,
            "name": self.name,
            "organization": self.organization,
            "result": self.result,
            "reason": self.reason,
            "text": " ".join(filter(None, (words, self.detail))),
            "fingerprint": self.fingerprint,
        }


def _facts() -> sa.sql.Select:
    """What decides about every dataset that is not deleted, in the order of their ids."""
    package, group = model.Package, model.Group
    stream = sa.literal(service.stream("")) + package.id
    of_package = Publication.package_id == package.id
    history = sa.or_(
        sa.exists().where(Approval.package_id == package.id),
        sa.exists().where(events.Event.stream == stream),
        sa.exists().where(of_package),
    )
    return (
        sa.select(
            package.id,
            package.name,
            package.state,
            package.private,
            sa.func.coalesce(package.type, "dataset").label("type"),
            sa.func.coalesce(group.name, "").label("organization"),
            sa.exists().where(of_package, Publication.revoked_at.is_(None)).label("has_record"),
            history.label("has_history"),
        )
        .outerjoin(group, group.id == package.owner_org)
        .where(package.state != "deleted")
        .order_by(package.id)
    )


def waiting() -> int:
    """How many public datasets of managed types have no publication record yet."""
    facts = _facts().order_by(None).subquery()
    query = sa.select(sa.func.count()).where(
        facts.c.state == "active",
        facts.c.private.is_not(True),
        facts.c.has_record.is_(False),
        facts.c.type.not_in(sorted(config.unmanaged_types())),
    )
    return model.Session.scalar(query) or 0


def _judge(row: Any) -> tuple[str, str]:
    """Result and reason by the facts alone; ready where the files decide."""
    if row.type in config.unmanaged_types():
        return "skipped", "unmanaged_type"
    if row.state != "active":
        return "skipped", "draft"
    if row.private is True:
        return "skipped", "private"
    if row.has_record:
        return "already", ""
    return ("skipped", "in_process") if row.has_history else ("ready", "")


def adopt(
    user: model.User,
    *,
    after: str = "",
    limit: int = PAGE,
    organization: str | None = None,
    dry_run: bool = False,
    missing_files: bool = False,
) -> tuple[list[Row], str | None]:
    """Adopt what waits in one page of datasets; commits each of them.

    Args:
        user: the administrator who adopts.
        after: id of the last dataset of the page before.
        limit: datasets looked at.
        organization: id of an agency, or None for all.
        dry_run: read everything, write nothing.
        missing_files: also adopt what has an uploaded file without bytes.

    Returns:
        One row per dataset, and ``after`` for the next page (None: it was the last).

    Raises:
        NotAuthorized: no administrator, also with ``ignore_auth``.
    """
    if not user.sysadmin:
        raise tk.NotAuthorized(_("Datasets are adopted by the administrator of the portal."))
    query = _facts().where(model.Package.id > after)
    if organization:
        query = query.where(model.Package.owner_org == organization)
    found = model.Session.execute(query.limit(limit + 1)).all()
    page = found[:limit]
    rows = [_one(one, user, dry_run, missing_files) for one in page]
    return rows, page[-1].id if len(found) > limit else None


def _one(facts: Any, user: model.User, dry_run: bool, missing_files: bool) -> Row:
    result, reason = _judge(facts)
    detail = print_ = ""
    if result == "ready":
        try:
            with locks.lock({facts.id}, alone=True):
                # Another run may have been here since the page was read.
                result, reason = _judge(
                    model.Session.execute(_facts().where(model.Package.id == facts.id)).one()
                )
                if result == "ready" and not missing_files and _has_missing_file(facts.id):
                    result, reason = "skipped", "file_missing"
                if result == "ready" and not dry_run:
                    for resource_id in _uploads(facts.id):
                        storage.take_over(resource_id)
                if result == "ready":
                    print_ = fingerprint.compute(facts.id)
                if result == "ready" and not dry_run:
                    _record(facts.id, print_, user)
                    model.Session.commit()
                    result = "adopted"
        except Refusal as refusal:
            result, reason = "skipped", refusal.code
        except OSError as error:
            result, reason, detail = "skipped", "unreadable", str(error)
        except Exception as error:
            # Whatever is wrong with this one, the others do not wait for it.
            log.exception("Dataset %s could not be adopted", facts.id)
            result, reason, detail = "skipped", "failed", repr(error)
        finally:
            model.Session.rollback()
    return Row(facts.id, facts.name, facts.organization, result, reason, detail, print_)


def _uploads(package_id: str) -> list[str]:
    uploaded = sa.select(model.Resource.id).where(
        model.Resource.package_id == package_id,
        model.Resource.state == "active",
        model.Resource.url_type == "upload",
    )
    return list(model.Session.scalars(uploaded))


def _has_missing_file(package_id: str) -> bool:
    """Is there an uploaded file without bytes?"""
    for resource_id in _uploads(package_id):
        source = storage.open_resource(resource_id)
        if source is None:
            return True
        source.close()
    return False


def _record(package_id: str, print_: str, user: model.User) -> None:
    """Approval, record and event of one dataset; flushed."""
    package = model.Session.get(model.Package, package_id)
    assert package is not None
    now = clock.now()
    approval = Approval(
        package_id=package_id,
        organization_id=package.owner_org,
        state=str(State.PUBLISHED),
        revision=1,
        round=0,
        priority=service.is_priority(package),
        access=metadata.access(package) or metadata.OPEN,
        fingerprint=print_,
        checklist={},
        state_since=now,
        # What the index says of the dataset stays true.
        indexed_at=now,
    )
    model.Session.add(approval)
    model.Session.flush()
    model.Session.add(
        Publication(
            package_id=package_id,
            approval_id=approval.id,
            kind="adopted",
            title=package.title or package.name,
            fingerprint=print_,
            published_at=now,
        )
    )
    events.append(
        service.stream(package_id),
        EVENT,
        user_id=user.id,
        role="sysadmin",
        to_state=str(State.PUBLISHED),
        fingerprint=print_,
        data={"round": 1},
    )
