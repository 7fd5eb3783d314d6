"""Whatever people do in whatever order: the public sees what was approved, and only that."""

from __future__ import annotations

import contextlib
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import fingerprint, service
from ckanext.satudata.approval.jobs import tick_index, tick_publish
from ckanext.satudata.approval.states import LOCKED, State

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

PEOPLE = (
    *("produsen_data", "walidata_pendukung", "kepala_opd", "walidata", "walidata2"),
    *("pembina_data", "other_produsen", "other_kepala", "sekretariat", "outsider", "sysadmin"),
)
STEPS = {
    "submit": {},
    "recall": {},
    "claim": {},
    "release": {},
    "confirm": {"checklist": make.CHECKLIST},
    "return": {"findings": [{"code": "other", "field": "title", "comment": "Perbaiki"}]},
    "decline": {"findings": [{"code": "other", "comment": "Belum benar"}]},
    "hold": {"comment": "Tunggu"},
    "publish": {},
    "withdraw": {"reason": "wrong", "notice": "Keliru"},
    "cancel": {"comment": "Salah"},
}
#: Every way of writing that a person may try; {0} the dataset, {1} its file.
WRITES: dict[str, dict[str, Any]] = {
    "package_patch": {"id": "{0}", "notes": "Diubah"},
    "package_patch public": {"id": "{0}", "private": False},
    "package_patch odd": {"id": "{0}", "private": "tidak"},
    "package_patch state": {"id": "{0}", "state": "draft"},
    "package_patch class": {"id": "{0}", "accessRights": "tertutup"},
    "package_revise": {"match": {"id": "{0}"}, "update": {"private": False}},
    "bulk_update_public": {"datasets": ["{0}"], "org_id": "opd"},
    "bulk_update_private": {"datasets": ["{0}"], "org_id": "opd"},
    "package_owner_org_update": {"id": "{0}", "organization_id": "other"},
    "package_resource_reorder": {"id": "{0}", "order": []},
    "resource_patch": {"id": "{1}", "description": "Diubah"},
    "resource_patch upload": {"id": "{1}", "upload": "file"},
    "resource_create": {"package_id": "{0}", "name": "Baru", "url": "a.csv", "upload": "file"},
    "resource_view_create": {"resource_id": "{1}", "title": "Teks", "view_type": "text_view"},
    "datastore_create": {"resource_id": "{1}", "force": True, "records": [{"a": 1}]},
    "datastore_upsert": {
        "resource_id": "{1}",
        "force": True,
        "method": "insert",
        "records": [{"a": 2}],
    },
    "datastore_delete": {"resource_id": "{1}", "force": True},
    "package_delete": {"id": "{0}"},
}
REFUSED = (tk.ValidationError, tk.NotAuthorized, tk.ObjectNotFound)


def _fill(value: Any, key: str, file: str, city: make.City) -> Any:
    if isinstance(value, dict):
        return {name: _fill(one, key, file, city) for name, one in value.items()}
    if isinstance(value, list):
        return [_fill(one, key, file, city) for one in value]
    if value in ("opd", "other"):
        return getattr(city, value)
    if value == "file":
        return make.upload(b"a,b\n1,2\n", "a.csv")
    return value.format(key, file) if isinstance(value, str) else value


class Portal(RuleBasedStateMachine):
    """Datasets, people, and what each may try in any order."""

    datasets = Bundle("datasets")
    app: Any = None
    city: Any = None

    def __init__(self) -> None:
        super().__init__()
        #: Dataset → what anonymous may read of it: what stood there when it was approved.
        self.public: dict[str, dict[str, Any]] = {}
        self.approved: dict[str, dict[str, Any]] = {}
        self.files: dict[str, str] = {}

    @initialize(target=datasets)
    def first(self) -> str:
        """There is one dataset at least."""
        return self.make_dataset()

    @rule(target=datasets)
    def make_dataset(self) -> str:
        """A producer's draft with a file."""
        package = make.dataset(self.city)
        self.files[package["id"]] = package["resources"][0]["id"]
        return package["id"]

    @rule(key=datasets, write=st.sampled_from(sorted(WRITES)), who=st.sampled_from(PEOPLE))
    def write(self, key: str, write: str, who: str) -> None:
        """Somebody tries to write; what is approved does not move, whoever it is."""
        data = _fill(WRITES[write], key, self.files[key], self.city)
        before = self.state(key)
        with contextlib.suppress(*REFUSED):
            make.call(write.split()[0], getattr(self.city, who), **data)
            unchanged = write.startswith("bulk_update_private") or "reorder" in write
            # What is public already and is called public is not a change either.
            unchanged |= write == "package_patch public" and before == State.PUBLISHED
            assert before not in LOCKED or unchanged, f"{write} by {who} in {before}"
        model.Session.rollback()

    @rule(key=datasets, step=st.sampled_from(sorted(STEPS)), who=st.sampled_from(PEOPLE))
    def step(self, key: str, step: str, who: str) -> None:
        """Somebody tries a step of the road."""
        with contextlib.suppress(*REFUSED):
            make.call(f"satudata_approval_{step}", getattr(self.city, who), id=key, **STEPS[step])
            self.note(key)
        model.Session.rollback()

    @rule(key=datasets, who=st.sampled_from(["kepala_opd", "other_kepala", "sysadmin"]))
    def validate(self, key: str, who: str) -> None:
        """Somebody tries to validate with a signed letter."""
        with contextlib.suppress(*REFUSED):
            make.validate(self.city, key, getattr(self.city, who))
            self.note(key)
        model.Session.rollback()

    @rule(key=datasets)
    def road(self, key: str) -> None:
        """The people whose turn it is go on, as far as they may."""
        for step, who in (
            ("submit", "produsen_data"),
            ("claim", "walidata"),
            ("confirm", "walidata"),
        ):
            self.step(key, step, who)
        self.validate(key, "kepala_opd")

    @rule()
    def tick(self) -> None:
        """Time goes on."""
        tick_publish()
        tick_index()
        for key in self.files:
            self.note(key)

    def state(self, key: str) -> State:
        model.Session.expire_all()
        return service.state_of(service.current(key))

    def note(self, key: str) -> None:
        """Keep what was validated; it is what may be read from publication on."""
        state = self.state(key)
        if state is State.VALIDATED and key not in self.approved:
            self.approved[key] = self.content(key, self.city.sysadmin)
        if state is State.PUBLISHED:
            assert key in self.approved
            self.public[key] = self.approved[key]
        else:
            self.public.pop(key, None)
        if state not in (State.VALIDATED, State.PUBLISHED):
            self.approved.pop(key, None)

    def content(self, key: str, who: str | None) -> dict[str, Any]:
        """What a person reads of a dataset by the API."""
        shown = make.call("package_show", who, id=key)
        return {
            **{name: shown[name] for name in ("title", "notes", "accessRights", "organization")},
            "files": [(one["id"], one.get("description")) for one in shown["resources"]],
        }

    @invariant()
    def anonymous_sees_exactly_the_published(self) -> None:
        """By API, page, file and search."""
        for key, file in self.files.items():
            page = self.app.get(f"/dataset/{key}").status_code
            bytes_ = self.app.get(f"/dataset/{key}/resource/{file}/download/penduduk.csv")
            found = make.call("package_search", None, fq=f'id:"{key}"')["count"]
            if key in self.public:
                assert (page, bytes_.status_code, found) == (200, 200, 1)
                assert self.content(key, None) == self.public[key]
            else:
                assert page in (404, 410)
                assert bytes_.status_code in (404, 410)
                assert found == 0
                with pytest.raises(REFUSED):
                    make.call("package_show", None, id=key)

    @invariant()
    def fingerprints_agree(self) -> None:
        """What is locked is what was submitted."""
        for key in self.files:
            approval = service.current(key)
            if approval is not None and State(approval.state) in LOCKED:
                assert fingerprint.matches(key, approval.fingerprint)


def test_whatever_is_done_in_any_order_the_public_sees_the_approved_and_only_that(
    app, with_plugins, non_clean_db
):
    """Random people, steps, attacks and ticks; by API, page, file and search."""
    Portal.app, Portal.city = app, make.city()
    run_state_machine_as_test(
        Portal,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
