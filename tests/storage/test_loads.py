"""A load that the queue lost with its worker is done again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from rq.job import JobStatus

from ckan import model
from ckan.lib import jobs
from ckan.lib.redis import connect_to_redis
from ckan.plugins import toolkit as tk

from ckanext.satudata.common import clock
from ckanext.satudata.storage import loads

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


@pytest.fixture
def load(with_plugins, non_clean_db) -> Any:
    """A file whose load has waited in the queue for a while."""
    model.Session.query(model.TaskStatus).delete()
    model.Session.commit()
    city = make.city()
    package = make.dataset(city)
    key = package["resources"][0]["id"]
    context = {"ignore_auth": True, "user": city.sysadmin}
    tk.get_action("xloader_submit")(context, {"resource_id": key})
    _later(key)
    return city, package, key


def _task(key: str) -> model.TaskStatus:
    return model.Session.query(model.TaskStatus).filter_by(entity_id=key).one()


def _later(key: str) -> None:
    task = _task(key)
    task.last_updated = clock.now().replace(tzinfo=None) - timedelta(minutes=2)
    model.Session.commit()


def _job(key: str) -> Any:
    return jobs.job_from_id(json.loads(_task(key).value)["job_id"])


def _taken(key: str) -> Any:
    """The job as a worker that died leaves it: out of the queue, and not begun."""
    job = _job(key)
    connect_to_redis().lrem(f"rq:queue:{job.origin}", 0, job.id)
    return job


def test_a_job_in_the_queue_is_waited_for(load):
    _city, _package, key = load
    before = _job(key).id
    assert loads.again() == 0
    assert _job(key).id == before


def test_a_job_that_left_the_queue_with_its_worker_is_asked_for_again(load):
    city, package, key = load
    lost = _taken(key)
    assert loads.again() == 1
    fresh = _job(key)
    assert fresh.id != lost.id
    assert fresh.get_status() == JobStatus.QUEUED
    # It has a moment to begin.
    assert loads.again() == 0
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
    assert refused.value.error_dict["code"] == ["busy"]


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.FINISHED, JobStatus.STARTED])
def test_a_job_that_ended_without_a_word_is_asked_for_again(load, status):
    """Killed in the middle: no worker gives a sign of life of what is begun."""
    _city, _package, key = load
    _taken(key).set_status(status)
    # What RQ calls begun stands in its register; one that is not there, nobody does.
    assert loads.again() == (status != JobStatus.STARTED)


def test_a_job_that_a_queue_without_a_memory_forgot_is_asked_for_again(load):
    _city, _package, key = load
    _job(key).delete()
    assert loads.again() == 1


def test_a_file_that_takes_its_worker_down_is_given_up(load):
    """Three times; then the load has failed, and the dataset can be submitted."""
    city, package, key = load
    done = []
    for _ in range(4):
        _taken(key)
        done.append(loads.again())
        _later(key)
    assert done == [1, 1, 1, 0]
    assert _task(key).state == "error"
    assert loads.again() == 0
    assert make.call("satudata_approval_submit", city.produsen_data, id=package["id"])["state"] == (
        "submitted"
    )


def test_a_locked_dataset_is_not_loaded(load):
    """Neither now nor by the queue: its rows are those that are checked."""
    city, package, key = load
    task = _task(key)
    task.state = "complete"
    model.Session.commit()
    make.bring_to(city, package, "submitted")
    lost = _taken(key)
    task = _task(key)
    task.state = "pending"
    model.Session.commit()
    assert loads.again() == 0
    assert _job(key).id == lost.id
