"""What a job of some plugin might try; run by a real worker in the tests."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.lib.redis import connect_to_redis
from ckan.plugins import toolkit as tk


def attempt(key: str, calls: list[tuple[str, dict[str, Any]]]) -> None:
    """Call actions as the site's own user with ``ignore_auth``; keep what each answered.

    Args:
        key: of the list in Redis in which the answers are kept.
        calls: action and input each.
    """
    site = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    redis = connect_to_redis()
    for action, data in calls:
        try:
            tk.get_action(action)({"ignore_auth": True, "user": site["name"]}, data)
            redis.rpush(key, f"{action} done")
        except Exception as error:
            model.Session.rollback()
            redis.rpush(key, f"{action} {type(error).__name__}")
