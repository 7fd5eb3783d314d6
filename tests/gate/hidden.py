"""Datasets that are hidden for every reason there is, for the existence tests."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.common import compat

from tests import factories as make
from tests.gate import probes

#: Who has no right to it: nobody signed in, no role, another agency, manager of its topic.
STRANGERS = [None, "outsider", "other_produsen", "topic_admin"]
#: Why a dataset is hidden.
REASONS = ["private", "draft", "deleted", "withdrawn"]


def _new() -> str:
    return uuid.uuid4().hex[:8]


@dataclass
class Hidden:
    """A city with a public dataset and hidden ones.

    Attributes:
        public: the public one.
        hidden: reason → what stands for that dataset in a probe (``id``, ``name``,
            ``resource``, ``table``, ``view``, ``task``, ``activity``, ``file``).
        tokens: of the people, by name.
        word: tag and format of :meth:`secret`, found nowhere else.
    """

    city: make.City
    group: str
    public: dict[str, Any] = field(default_factory=dict)
    hidden: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    word: str = field(default_factory=lambda: f"rahasia{_new()}")

    @classmethod
    def town(cls) -> Hidden:
        """Only the city and its topic."""
        city = make.city()
        city.people["topic_admin"] = make.user("topik")
        users = [{"name": city.topic_admin, "capacity": "admin"}]
        group = make.call("group_create", city.sysadmin, name=f"topik-{_new()}", users=users)
        return cls(city, group["name"])

    @classmethod
    def make(cls) -> Hidden:
        """Make it all, once for a module."""
        made = cls.town()
        city = made.city
        made.public = made.dataset("terbuka")
        made.fill(made.public)
        make.bring_to(city, made.public, "published")
        made.hidden = {reason: made.hide(reason) for reason in REASONS}
        return made

    def dataset(self, tag: str, **more: Any) -> dict[str, Any]:
        """A dataset of the topic with one tag."""
        package = make.dataset(self.city, tags=[{"name": tag}], **more)
        member = {"object": package["id"], "object_type": "package", "capacity": "public"}
        make.call("member_create", self.city.sysadmin, id=self.group, **member)
        return make.call("package_show", self.city.produsen_data, id=package["id"])

    def fill(self, package: dict[str, Any]) -> dict[str, str]:
        """Rows with an alias, a view, a task, a follower; what stands for them in a probe."""
        resource, alias = package["resources"][0]["id"], f"alias_{_new()}"
        admin = {"user": self.city.sysadmin, "ignore_auth": True}
        rows = {"resource_id": resource, "force": True, "records": [{"menara": 7}]}
        tk.get_action("datastore_create")(dict(admin), {**rows, "aliases": [alias]})
        view = make.call(
            "resource_view_create",
            self.city.produsen_data,
            resource_id=resource,
            title="Tabel",
            view_type="datatables_view",
        )
        task = {"entity_id": resource, "entity_type": "resource", "task_type": "xloader"}
        status = tk.get_action("task_status_update")(
            dict(admin), {**task, "key": "xloader", "value": "{}", "error": "{}"}
        )
        make.call("follow_dataset", self.city.sysadmin, id=package["id"])
        history = make.call("package_activity_list", self.city.sysadmin, id=package["id"])
        return {
            "id": package["id"],
            "name": package["name"],
            "resource": resource,
            "table": alias,
            "view": view["id"],
            "task": status["id"],
            "activity": history[0]["id"],
            "file": self._file(package["id"]),
        }

    def _file(self, package_id: str) -> str:
        """A file of CKAN 2.12's file actions that belongs to a dataset."""
        file = getattr(model, "File", None)
        if file is None:
            return str(uuid.uuid4())
        found = file(name="a.csv", location=_new(), storage="default")
        owner = {"owner_type": "package", "owner_id": package_id}
        model.Session.add(found)
        model.Session.flush()
        model.Session.add(model.FileOwner(file_id=found.id, **owner))
        model.Session.commit()
        return found.id

    def hide(self, reason: str) -> dict[str, str]:
        """Make a dataset that is hidden for a reason."""
        package = self.dataset(f"rahasia-{reason}")
        found = self.fill(package)
        if reason == "deleted":
            make.call("package_delete", self.city.produsen_data, id=package["id"])
        if reason == "withdrawn":
            make.bring_to(self.city, package, "withdrawn")
        if reason == "draft":
            table = model.Package.__table__
            draft = sa.update(table).where(table.c.id == package["id"]).values(state="draft")
            model.Session.execute(draft)
            model.Session.commit()
            compat.index_dataset(package["id"])
        return found

    def secret(self) -> dict[str, Any]:
        """A private dataset with everything that could leave a trace in a list."""
        package = self.dataset(self.word, title=f"Data {self.word}", license_id="cc-by")
        resource = package["resources"][0]["id"]
        person = self.city.produsen_data
        make.call("resource_patch", person, id=resource, format=self.word, name="Penduduk X")
        self.fill(package)
        make.call("package_patch", person, id=package["id"], notes="Rahasia sekali.")
        return package

    def missing(self) -> dict[str, str]:
        """What stands for a dataset that does not exist; of the same shape."""
        keys = ("id", "resource", "view", "task", "activity", "file")
        found = {key: str(uuid.uuid4()) for key in keys}
        return {**found, "name": f"data-{_new()}", "table": f"alias_{_new()}"}

    def words(self, person: str | None) -> dict[str, str]:
        """What fills the placeholders that do not name the dataset asked about."""
        return {
            "org": self.city.opd,
            "group": self.group,
            "me": getattr(self.city, person) if person else "tidak-ada",
            "public": self.public.get("id", "tidak-ada"),
            "open": self.public["resources"][0]["id"] if self.public else "tidak-ada",
            "producer": self.city.produsen_data,
            "follower": self.city.sysadmin,
            "secret": self.word,
        }

    def headers(self, person: str | None) -> dict[str, str]:
        """Headers of a person; none for anonymous."""
        from ckan.tests import factories

        if person is None:
            return {}
        if person not in self.tokens:
            token = factories.APIToken(user=getattr(self.city, person))
            self.tokens[person] = token["token"]
        return {"Authorization": self.tokens[person]}

    def call(
        self, action: str, data: Any, person: str | None, package: dict[str, str] | None = None
    ) -> tuple[str, str]:
        """What an action says to a person: kind of answer and its text, masked."""
        words, package = self.words(person), package or {}
        try:
            given = filled(data, {**words, **package})
            answer = make.call(action, words["me"] if person else None, **given)
            if action in probes.UNORDERED:
                answer = sorted(answer, key=str)
            said = "200", json.dumps(answer, default=str, sort_keys=True)
        except tk.ValidationError as error:
            said = "409", json.dumps(error.error_dict, default=str, sort_keys=True)
        except (tk.NotAuthorized, tk.ObjectNotFound) as error:
            said = type(error).__name__, str(error)
        finally:
            model.Session.rollback()
        return said[0], masked(said[1], package)

    def request(
        self,
        app: Any,
        method: str,
        pattern: str,
        person: str | None,
        package: dict[str, str],
        **more: str,
    ) -> tuple[int, str]:
        """Status and body of a page or of the API, masked."""
        words = {**self.words(person), **package, **more}
        ask = app.post if method == "POST" else app.get
        how = {"headers": self.headers(person), "follow_redirects": False, "status": None}
        answer = ask(filled(pattern, words), **how)
        return answer.status_code, masked(answer.get_data(as_text=True), package)


def filled(value: Any, words: dict[str, str]) -> Any:
    """A probe with its placeholders filled in."""
    if isinstance(value, dict):
        return {key: filled(one, words) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, words) for one in value]
    if isinstance(value, str):
        for key, word in words.items():
            value = value.replace("{" + key + "}", word)
    return value


def masked(body: str, package: dict[str, str]) -> str:
    """A text without what was asked for, without tokens of forms and times of the day."""
    for word in package.values():
        body = body.replace(word, "-")
    body = re.sub(r"\d+ \w+ yang lalu", "-", body)
    body = re.sub(r'(name="_csrf_token"|csrf[^>]*) (content|value)="[^"]*"', r"\1", body)
    return re.sub(r"\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?", "-", body)
