"""What the public is told of a dataset that was withdrawn, and nothing else of it.

The normal answer comes first. Only where it is a refusal, one query looks for a notice:
pages and files then answer 410 with it, the API 404. The title is the one of the letter
by which the data was public, or of its adoption: what is written in the dataset since then
is a draft.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.satudata.approval import texts
from ckanext.satudata.approval.access import Restricted
from ckanext.satudata.approval.model import Approval, Publication
from ckanext.satudata.common import dates
from ckanext.satudata.common.inputs import unfit
from ckanext.satudata.common.model import iso
from ckanext.satudata.letters import service as letters

#: Withdrawals on one page of the list.
PAGE = 50

#: Actions that read one dataset and ask CKAN whether the caller may, and the inputs that
#: name the dataset or its file.
READS: dict[str, tuple[str, ...]] = {
    "package_show": ("id", "name_or_id"),
    "package_activity_list": ("id",),
    "resource_show": ("id",),
    "resource_view_list": ("id",),
    "datastore_search": ("resource_id", "id"),
    "datastore_info": ("resource_id", "id"),
    "dcat_dataset_show": ("id",),
}


@dataclass(frozen=True)
class Notice:
    """What is told: ``id`` is that of the publication record, ``reason`` a code."""

    id: str
    package_id: str
    title: str
    organization: str
    withdrawn_at: datetime
    reason: str
    notice: str

    @property
    def reason_words(self) -> str:
        """The reason in the reader's language."""
        return texts.withdraw_reasons().get(self.reason, self.reason)

    @property
    def day(self) -> str:
        """The date in the reader's language."""
        return dates.day(self.withdrawn_at)

    def text(self) -> str:
        """One sentence for the API, with the notice behind it."""
        return texts.withdrawn(self.day, self.reason_words, self.notice)

    def dictize(self) -> dict[str, Any]:
        """The notice as the API gives it."""
        return {
            "id": self.id,
            "package_id": self.package_id,
            "title": self.title,
            "organization": self.organization,
            "withdrawn_at": iso(self.withdrawn_at),
            "reason": self.reason,
            "notice": self.notice,
        }


class Withdrawn(tk.ObjectNotFound):
    """Nothing to be seen here any more; its text is the notice."""


def _told() -> sa.sql.Select:
    """Notices of datasets that were public, were withdrawn, and are not public again.

    Deleting the dataset does not take the notice away; a purge by the administrator does.
    """
    package, group = model.Package, model.Group
    newest = (
        sa.select(Publication.id)
        .where(Publication.package_id == package.id, Publication.reason.is_not(None))
        .order_by(Publication.revoked_at.desc(), Publication.id)
        .limit(1)
        .correlate(package)
        .scalar_subquery()
    )
    return (
        sa.select(
            Publication.id,
            Publication.package_id,
            sa.func.coalesce(
                letters.title_on(Publication.letter_id, Publication.package_id),
                Publication.title,
                Publication.package_id,
            ),
            sa.func.coalesce(group.title, group.name, "-"),
            Publication.revoked_at,
            Publication.reason,
            sa.func.coalesce(Publication.notice, ""),
        )
        .join(package, package.id == Publication.package_id)
        .outerjoin(Approval, Approval.id == Publication.approval_id)
        .outerjoin(group, group.id == sa.func.coalesce(Approval.organization_id, package.owner_org))
        .where(
            Publication.id == newest,
            package.private.is_(True),
        )
        .order_by(Publication.revoked_at.desc(), Publication.id.desc())
    )


def notice(keys: Iterable[Any]) -> Notice | None:
    """The notice of a dataset, in one query; None for what never was public.

    Args:
        keys: ids or names of the dataset, or ids of its files; what is no text is
            passed over.
    """
    wanted = sorted({key for key in keys if isinstance(key, str) and key and not unfit(key)})
    if not wanted:
        return None
    package, resource = model.Package, model.Resource
    of_file = sa.select(resource.package_id).where(resource.id.in_(wanted))
    query = _told().where(
        sa.or_(package.id.in_(wanted), package.name.in_(wanted), package.id.in_(of_file))
    )
    row = model.Session.execute(query.limit(1)).first()
    return Notice(*row) if row else None


def find(*, limit: int = PAGE, after: str | None = None) -> list[Notice]:
    """All notices, newest first.

    Args:
        limit: at most so many.
        after: ``id`` of the last one read.
    """
    query = _told()
    if after:
        last = sa.select(Publication.revoked_at, Publication.id).where(Publication.id == after)
        # Fetched by itself: an unknown one ends the list instead of beginning it again.
        row = model.Session.execute(last).first()
        if row is None:
            return []
        query = query.where(
            sa.tuple_(Publication.revoked_at, Publication.id) < sa.tuple_(*map(sa.literal, row))
        )
    return [Notice(*row) for row in model.Session.execute(query.limit(limit))]


def instead(keys: Iterable[Any], context: Context) -> Notice | None:
    """The notice to give instead of a refusal, or None where the refusal stands.

    Args:
        keys: as of :func:`notice`.
        context: of who asks; who may see the dataset gets no notice.
    """
    found = notice(keys)
    if found is None or may_see(context, found.package_id):
        return None
    return found


def may_see(context: Context, package_id: str) -> bool:
    """May the caller see a dataset? By CKAN's own right to read it."""
    try:
        tk.check_access("package_show", tk.fresh_context(context), {"id": package_id})
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return False
    return True


def chained_actions(existing: set[str]) -> dict[str, Callable[..., Any]]:
    """The links in front of the actions that read a dataset.

    Args:
        existing: names of all actions of core and of the other plugins.
    """
    return {name: _link(name, how) for name, how in READS.items() if name in existing}


def _link(name: str, inputs: tuple[str, ...]) -> Callable[..., Any]:
    @tk.chained_action
    @tk.side_effect_free
    def told(next_action: Any, context: Context, data_dict: dict[str, Any]) -> Any:
        keys = [data_dict.get(key) for key in inputs] if isinstance(data_dict, dict) else []
        try:
            return next_action(context, data_dict)
        except (Withdrawn, Restricted):
            raise
        except (tk.NotAuthorized, tk.ObjectNotFound) as error:
            found = instead(keys, context)
            if found is not None:
                raise Withdrawn(found.text()) from error
            raise

    told.__name__ = name
    told.__doc__ = f"Tell of a withdrawal where ``{name}`` refuses."
    # The action behind this link checks the right; see the gate.
    told.auth_audit_exempt = True  # type: ignore[attr-defined]
    return told
