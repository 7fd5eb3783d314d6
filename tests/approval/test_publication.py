"""Publication is whole: killed at any step, all datasets of a group go or none does."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import activities, fingerprint, publication, service
from ckanext.satudata.approval.jobs import tick_index, tick_publish
from ckanext.satudata.approval.model import Approval, Publication
from ckanext.satudata.common import clock, compat, events

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

#: How many datasets are released together.
GROUP = 3
#: The steps of a release: where it is killed, the call counted there, and whether the
#: kill comes after that call. The commit of the release is the first one.
STEPS = {
    "nothing compared yet": (fingerprint, "matches", 1, False),
    "all compared": (fingerprint, "matches", GROUP, True),
    "first record written": (service, "set_private", 1, False),
    "first dataset written": (service, "set_private", 1, True),
    "all written": (service, "set_private", GROUP, True),
    "before the commit": (model.Session, "commit", 1, False),
    "after the commit": (model.Session, "commit", 1, True),
    "first indexed": (compat, "index_dataset", 1, True),
    "last not indexed": (compat, "index_dataset", GROUP, False),
    "all indexed": (compat, "index_dataset", GROUP, True),
    "before the news": (activities, "announce", 1, False),
    "first news told": (activities, "announce", 1, True),
}
#: Those after which the datasets are public before anybody resumes.
DONE = list(STEPS)[6:]


def together(city: make.City, monkeypatch: Any, number: int = GROUP) -> list[str]:
    """Validated datasets with rows that share a release minute, which has come."""
    keys: list[str] = []
    real, later = clock.now, clock.now() + timedelta(minutes=30)
    # What other tests left to be released is out of the way.
    monkeypatch.setattr(clock, "now", lambda: later + timedelta(seconds=30))
    tick_publish()
    monkeypatch.setattr(clock, "now", real)
    for _ in range(number):
        package = make.dataset(city)
        make.call(
            "datastore_create",
            city.produsen_data,
            resource_id=package["resources"][0]["id"],
            force=True,
            records=[{"wilayah": "Sukorejo", "jumlah": 41}],
        )
        key = package["id"]
        make.call(
            "satudata_approval_submit", city.produsen_data, id=key, release_at=later.isoformat()
        )
        make.call("satudata_approval_claim", city.walidata, id=key)
        make.call("satudata_approval_confirm", city.walidata, id=key, checklist=make.CHECKLIST)
        make.validate(city, key)
        keys.append(key)
    assert not set(keys) & set(make.due())
    monkeypatch.setattr(clock, "now", lambda: later + timedelta(seconds=30))
    assert sorted(keys) in [sorted(group) for group in publication.due()]
    return sorted(keys)


def killed(work: Callable[[], Any], where: Any, name: str, count: int, after: bool) -> None:
    """Do the work in a process of its own that is killed (-9) at a call of a function."""
    model.Session.remove()
    child = os.fork()
    if child == 0:
        try:
            # The parent's connections stay the parent's.
            model.Session.get_bind().dispose(close=False)
            real, calls = getattr(where, name), []

            def deadly(*args: Any, **kwargs: Any) -> Any:
                calls.append(name)
                if len(calls) == count and not after:
                    os.kill(os.getpid(), signal.SIGKILL)
                done = real(*args, **kwargs)
                if len(calls) == count:
                    os.kill(os.getpid(), signal.SIGKILL)
                return done

            setattr(where, name, deadly)
            work()
        finally:
            os._exit(7)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the process ended before it was killed"


def public(key: str, app: Any) -> dict[str, bool]:
    """What anonymous is given of a dataset, place by place."""
    row = model.Session.execute(
        sa.select(model.Package.__table__.c.private).where(model.Package.__table__.c.id == key)
    ).scalar_one()
    resource = model.Session.scalar(
        sa.select(model.Resource.id).where(model.Resource.package_id == key)
    )
    search = app.get(f"/api/3/action/datastore_search?resource_id={resource}")
    file = app.get(f"/dataset/{key}/resource/{resource}/download/penduduk.csv")
    return {
        "row": not row,
        "page": app.get(f"/dataset/{key}").status_code == 200,
        "api": app.get(f"/api/3/action/package_show?id={key}").status_code == 200,
        "file": file.status_code == 200 and file.data == make.SAMPLE.read_bytes(),
        "rows": search.status_code == 200 and search.json["result"]["total"] == 1,
    }


def found(key: str) -> bool:
    return bool(make.call("package_search", None, fq=f'id:"{key}"')["count"])


def records(key: str) -> list[Any]:
    """When each record of a dataset was revoked."""
    query = sa.select(Publication.revoked_at).where(Publication.package_id == key)
    return list(model.Session.scalars(query))


@pytest.mark.parametrize("step", list(STEPS))
def test_killed_at_any_step_all_are_public_or_none_and_the_tick_finishes(
    city, app, monkeypatch, step
):
    """Exactly one outcome remains in rows, files, DataStore, index and history."""
    keys = together(city, monkeypatch)
    killed(lambda: publication.release(keys), *STEPS[step])
    model.Session.expire_all()
    for key in keys:
        assert set(public(key, app).values()) == {step in DONE}, (key, public(key, app))
        # The index is never ahead of the database.
        assert step in DONE or not found(key)
    assert tick_publish() == (0 if step in DONE else GROUP)
    tick_index()
    model.Session.remove()
    for key in keys:
        assert set(public(key, app).values()) == {True}, (key, public(key, app))
        assert found(key)
        assert records(key) == [None]
        kinds = [one.kind for one in model.Session.scalars(events.Event.of(f"dataset:{key}"))]
        assert kinds.count("publish") == 1
        assert events.verify(f"dataset:{key}")[1] == []
    assert tick_publish() == 0
    assert not set(keys) & set(publication.behind())


def test_killed_at_a_withdrawal_it_is_closed_or_open_and_the_tick_finishes(city, app):
    """Once committed it is closed everywhere, though the index still names it."""
    for after in (False, True):
        package = make.dataset(city)
        make.bring_to(city, package, "published")
        key = package["id"]
        data = {"id": key, "reason": "wrong", "notice": "Angka keliru."}
        work = lambda data=data: tk.get_action("satudata_approval_withdraw")(  # noqa: E731
            {"user": city.walidata}, data
        )
        killed(work, model.Session, "commit", 1, after)
        model.Session.expire_all()
        assert app.get(f"/dataset/{key}").status_code == (410 if after else 200)
        assert found(key) is not after
        if after:
            assert tick_index() >= 1
            index = tk.get_action("package_search")(
                {"ignore_auth": True}, {"fq": f'+id:"{key}" +capacity:public'}
            )
            assert index["count"] == 0


def test_one_that_changed_goes_back_and_the_others_go_out(city, app, monkeypatch):
    """In a batch only the line whose content differs loses its effect."""
    keys = together(city, monkeypatch)
    model.Session.execute(
        sa.update(model.Package.__table__)
        .where(model.Package.__table__.c.id == keys[1])
        .values(notes="Diubah lewat SQL")
    )
    model.Session.commit()
    assert tick_publish() == GROUP
    states = dict(
        model.Session.execute(
            sa.select(Approval.package_id, Approval.state).where(Approval.package_id.in_(keys))
        ).all()
    )
    assert [states[key] for key in keys] == ["published", "submitted", "published"]
    assert set(public(keys[1], app).values()) == {False}


def test_one_that_was_held_stays_and_the_others_go_out(city, monkeypatch):
    """Decided between the reading of the list and the release."""
    keys = together(city, monkeypatch)
    make.call("satudata_approval_hold", city.walidata, id=keys[0], comment="Ditunda")
    assert [one.package_id for one in publication.release(keys)] == keys[1:]


def test_while_one_cannot_be_read_the_group_waits(city, app, monkeypatch):
    """No disk, no fingerprint: all stay private, and go out together afterwards."""
    keys = together(city, monkeypatch)
    real = fingerprint.matches

    def broken(key: str, stored: str) -> bool:
        if key == keys[-1]:
            raise OSError("disk")
        return real(key, stored)

    monkeypatch.setattr(fingerprint, "matches", broken)
    assert tick_publish() == 0
    assert not any(any(public(key, app).values()) for key in keys)
    monkeypatch.setattr(fingerprint, "matches", real)
    assert tick_publish() == GROUP


def test_two_ticks_at_once_publish_each_dataset_once(city, monkeypatch):
    """The second one finds nothing left to do."""
    keys = together(city, monkeypatch)
    done: list[list[str]] = []

    def round_() -> None:
        done.append([one.package_id for one in publication.release(keys)])
        model.Session.remove()

    threads = [threading.Thread(target=round_) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(done, key=len) == [[], keys]
    assert [records(key) for key in keys] == [[None]] * GROUP


def test_window_between_the_first_and_the_last_is_one_commit(city, app, monkeypatch):
    """A client that polls all of them never sees one public and another not."""
    keys = together(city, monkeypatch)
    seen: set[int] = set()
    ended = threading.Event()
    query = sa.select(sa.func.count()).where(
        model.Package.__table__.c.id.in_(keys), model.Package.__table__.c.private.is_(False)
    )

    def poll() -> None:
        # Each question sees what is stored at its moment; both SQLAlchemy releases know this.
        own = model.Session.get_bind().connect().execution_options(isolation_level="AUTOCOMMIT")
        with own as connection:
            while not ended.is_set():
                seen.add(connection.execute(query).scalar())
                time.sleep(0.001)

    thread = threading.Thread(target=poll)
    thread.start()
    publication.release(keys)
    ended.set()
    thread.join()
    assert seen and seen <= {0, GROUP}


def test_followers_read_of_a_publication_and_no_more_after_a_withdrawal(city):
    """The stream keeps copies of the dataset: they go with it."""

    def stream() -> list[str]:
        rows = make.call("organization_activity_list", None, id=city.opd, limit=100)
        return [one["object_id"] for one in rows if one["activity_type"] == "new package"]

    package = make.dataset(city)
    key = package["id"]
    make.bring_to(city, package, "validated")
    assert key not in stream()
    publication.publish(key)
    assert key in stream()
    make.call("satudata_approval_withdraw", city.walidata, id=key, reason="wrong", notice="Keliru.")
    assert key not in stream()
