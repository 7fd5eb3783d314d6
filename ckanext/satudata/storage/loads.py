"""Loads of files into the DataStore: which have not ended, and which the queue lost.

xloader notes a load as a task and has the queue do it. A worker that dies with the job in
its hands takes it along; the task would say for ever that the load has not ended.
"""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any, cast

import sqlalchemy as sa
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus
from rq.registry import StartedJobRegistry

from ckan import model
from ckan import plugins as p
from ckan.lib.redis import connect_to_redis
from ckan.plugins import toolkit as tk

from ckanext.satudata.common import actor, clock

log = logging.getLogger(__name__)

#: What xloader calls a load that has not ended: the last one still makes views and indexes.
_WAITING = ("pending", "submitting", "running", "running_but_viewable")
#: A task that has not moved for so long was left behind for good.
_LONGEST = timedelta(minutes=15)
#: A job needs a moment from its task to the queue, and from the queue to a worker.
_MOMENT = timedelta(minutes=1)
#: A file that takes its worker down each time is not loaded for ever.
_TIMES = 3
_DAY = 24 * 3600


def _tasks() -> sa.sql.Select:
    task = model.TaskStatus
    return (
        sa.select(task.id, task.entity_id, task.value, task.last_updated)
        .join(model.Resource, model.Resource.id == task.entity_id)
        .where(
            model.Resource.state == "active",
            task.task_type == "xloader",
            task.state.in_(_WAITING),
        )
    )


def _before(time: timedelta) -> Any:
    return clock.now().replace(tzinfo=None) - time


def waiting(package_id: str) -> bool:
    """Does xloader load a file of the dataset right now, or is about to?

    A task that says so for longer than a load takes was left behind by a dead worker;
    should it wake up, the guard of xloader stops it, because the dataset is locked.
    """
    query = _tasks().where(
        model.Resource.package_id == package_id,
        model.TaskStatus.last_updated > _before(_LONGEST),
    )
    return model.Session.execute(query.limit(1)).first() is not None


def again() -> int:
    """Have the loads done that the queue lost; how many were asked for.

    Raises:
        redis.exceptions.RedisError: the queue is not there.
    """
    if not p.plugin_loaded("xloader"):
        return 0
    rows = model.Session.execute(
        _tasks().where(model.TaskStatus.last_updated < _before(_MOMENT))
    ).all()
    return sum(_submit(row.entity_id) for row in rows if _lost(row.value))


def _lost(value: str | None) -> bool:
    """Is the job of a task neither in the queue nor in a worker's hands?"""
    try:
        key = json.loads(value or "{}").get("job_id")
    except (ValueError, AttributeError):
        key = None
    if not key:
        return True
    redis = connect_to_redis()
    try:
        job = Job.fetch(key, connection=redis)
        queue = Queue(job.origin, connection=redis)
        if job.get_status() == JobStatus.STARTED:
            # Takes out what a worker began that gives no sign of life any more.
            StartedJobRegistry(queue=queue).cleanup()
        status = job.get_status(refresh=True)
    except NoSuchJobError:
        return True
    if status == JobStatus.QUEUED:
        return key not in queue.job_ids
    return status not in (JobStatus.STARTED, JobStatus.DEFERRED, JobStatus.SCHEDULED)


def _submit(resource_id: str) -> bool:
    context = {"ignore_auth": True, "user": actor.site_user()}
    redis, name = connect_to_redis(), f"{tk.config['ckan.site_id']}:satudata:load:{resource_id}"
    # Typed by hand: the client of CKAN 2.11 has no types of its own.
    times = cast("int", redis.incr(name))
    redis.expire(name, _DAY)
    try:
        # Of a load that has not ended xloader asks the queue itself, and fails at it.
        _end(dict(context), resource_id)
        if times > _TIMES:
            log.error("File %s was not loaded: its worker died %s times", resource_id, _TIMES)
            return False
        done = tk.get_action("xloader_submit")(context, {"resource_id": resource_id})
        log.info("Load of file %s was lost, asked for again: %s", resource_id, done)
        return bool(done)
    except tk.ValidationError as error:
        # Locked meanwhile: what was submitted is not loaded any more.
        model.Session.rollback()
        log.info("File %s is not loaded again: %s", resource_id, error)
        return False


def _end(context: Any, resource_id: str) -> None:
    about = {"entity_id": resource_id, "task_type": "xloader", "key": "xloader"}
    task = tk.get_action("task_status_show")(dict(context), about)
    ended = {"state": "error", "error": json.dumps({"message": "worker died"})}
    tk.get_action("task_status_update")(
        context, {**task, **ended, "last_updated": str(_before(timedelta()))}
    )
