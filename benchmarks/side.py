"""One portal of a comparison: reads what to do as JSON lines, answers with JSON lines."""

from __future__ import annotations

import itertools
import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ckan import model, plugins
from ckan.cli import load_config
from ckan.config.middleware import make_app
from ckan.lib import search
from ckan.plugins import toolkit as tk

# Importing ckan.cli puts CKAN's own folder, which has a "tests" too, in front of ours.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests import factories as make  # noqa: E402

#: What both portals store of a dataset.
VALUES = {"title": "Jumlah Penduduk", **make.COMPLETE}


class Portal:
    """The portal of this process, asked as a client asks it: by HTTP, without a socket."""

    def __init__(self, ini: str) -> None:
        self.app = make_app(load_config(ini))
        self.client = self.app.test_client()
        self.ours = plugins.plugin_loaded("satudata")
        self.public: Iterator[str] = iter(())
        self.drafts: Iterator[str] = iter(())
        self.count = itertools.count()
        self.city: Any = None
        self.head: dict[str, str] = {}
        self.agency = ""

    # What is asked for
    def prepare(self, datasets: int) -> int:
        """An agency, its officer, public datasets and drafts."""
        with self.app.test_request_context():
            officer = self._agency()
            token = tk.get_action("api_token_create")(
                {"user": officer, "ignore_auth": True}, {"user": officer, "name": "bench"}
            )["token"]
            self.head = {"Authorization": token}
            names = [self._dataset(officer) for _ in range(datasets)]
            drafts = [self._dataset(officer) for _ in range(10)]
            self._publish(names, officer)
            # What both services do by themselves in time; the road to publication writes
            # a dataset more often, and its rests in the index are not what is measured.
            model.Session.execute(sa.text("ANALYZE"))
            search.common.make_connection().optimize()
            model.Session.remove()
        self.public, self.drafts = itertools.cycle(names), itertools.cycle(drafts)
        return len(names)

    def mirror(self, on: bool) -> bool:
        """Switch the national mirror."""
        tk.config["ckanext.satudata.national_mirror"] = on
        return on

    def release(self, number: int) -> dict[str, float]:
        """Release datasets together: seconds to the commit, and until the last is found."""
        from ckanext.satudata.approval import publication

        with self.app.test_request_context():
            keys = []
            for _ in range(number):
                package = make.dataset(self.city)
                make.bring_to(self.city, package, "validated")
                keys.append(package["id"])
            times: list[float] = []
            real = publication.reindex

            def noted(key: str) -> bool:
                times.append(time.perf_counter())
                done = real(key)
                times.append(time.perf_counter())
                return done

            publication.reindex = noted
            begin = time.perf_counter()
            publication.release(keys)
            publication.reindex = real
            model.Session.remove()
        return {"commit": times[0] - begin, "found": times[-1] - times[0]}

    def completeness(self, number: int) -> dict[str, float]:
        """Mean seconds of the completeness of a dataset, and of its package_show."""
        from ckanext.satudata.metadata import completeness

        seconds = {"completeness": 0.0, "package_show": 0.0}
        with self.app.test_request_context():
            for _ in range(number):
                name = next(self.public)
                begin = time.perf_counter()
                completeness.of(model.Package.get(name))
                middle = time.perf_counter()
                seconds["completeness"] += middle - begin
                model.Session.remove()
                begin = time.perf_counter()
                tk.get_action("package_show")({"user": ""}, {"id": name})
                seconds["package_show"] += time.perf_counter() - begin
                model.Session.remove()
        return {**{key: one / number for key, one in seconds.items()}, "datasets": number}

    def time(self, work: Callable[[], int], times: int) -> float:
        """Mean seconds of a request that must succeed."""
        begin = time.perf_counter()
        for _ in range(times):
            status = work()
            if status != 200:
                raise RuntimeError(f"Answered {status}")
        return (time.perf_counter() - begin) / times

    # The requests
    def package_show(self) -> int:
        """Anonymous reads a dataset."""
        return self._get(f"/api/3/action/package_show?id={next(self.public)}")

    def package_search(self) -> int:
        """Anonymous searches."""
        return self._get(f"/api/3/action/package_search?q=penduduk&rows=20&start={self._n()}")

    def dataset_page(self) -> int:
        """Anonymous opens a dataset."""
        return self._get(f"/dataset/{next(self.public)}")

    def form(self) -> int:
        """The officer opens the form: ours a part of it, in turn, stock the whole."""
        path = f"/dataset/edit/{next(self.drafts)}"
        if self.ours:
            path += f"/{self._n() % 5 + 1}"
        return self.client.get(path, headers=self.head).status_code

    def search_page(self) -> int:
        """Anonymous opens the list."""
        return self._get(f"/dataset/?q=penduduk&page={self._n() % 4 + 1}")

    def package_create(self) -> int:
        """The officer makes a draft."""
        return self._post("package_create", self._values())

    def package_patch(self) -> int:
        """The officer changes a draft."""
        notes = f"{VALUES['notes']} {self._n()}"
        return self._post("package_patch", {"id": next(self.drafts), "notes": notes})

    def _n(self) -> int:
        return next(self.count) % 50

    def _get(self, path: str) -> int:
        return self.client.get(path).status_code

    def _post(self, action: str, data: dict[str, Any]) -> int:
        path = f"/api/3/action/{action}"
        return self.client.post(path, json=data, headers=self.head).status_code

    def _values(self) -> dict[str, Any]:
        name = f"bench-{uuid.uuid4().hex[:12]}"
        return {**VALUES, "name": name, "owner_org": self.agency, "private": True}

    def _agency(self) -> str:
        """Name of the officer; with satudata by a role, else by CKAN's own membership."""
        if self.ours:
            self.city = make.city()
            self.agency = self.city.opd
            return self.city.produsen_data
        admin, officer = make.user("admin", sysadmin=True), make.user("officer")
        self.agency = f"opd-{uuid.uuid4().hex[:8]}"
        users = [{"name": officer, "capacity": "editor"}]
        make.call("organization_create", admin, name=self.agency, title="Dinas", users=users)
        return officer

    def _dataset(self, officer: str) -> str:
        values = self._values()
        package = make.call("package_create", officer, **values)
        make.call(
            "resource_create",
            officer,
            package_id=package["id"],
            name="Penduduk",
            format="CSV",
            url="penduduk.csv",
            upload=make.upload(make.SAMPLE.read_bytes(), "penduduk.csv"),
            variabel=[make.VARIABEL],
        )
        return values["name"]

    def _publish(self, names: list[str], officer: str) -> None:
        """With satudata along the road, else by CKAN's own flag."""
        for name in names:
            if self.ours:
                key = model.Package.get(name).id
                make.bring_to(self.city, {"id": key}, "published")
            else:
                context = {"ignore_auth": True, "user": officer}
                tk.get_action("package_patch")(context, {"id": name, "private": False})


def main() -> None:
    """Answer line by line until the input ends."""
    portal = Portal(sys.argv[1])
    answers = sys.stdout
    sys.stdout = sys.stderr  # what CKAN prints is no answer
    for line in sys.stdin:
        asked = json.loads(line)
        name = asked.pop("do")
        work = getattr(portal, name.replace(" ", "_"))
        done = portal.time(work, asked["times"]) if "times" in asked else work(**asked)
        print(json.dumps(done), file=answers, flush=True)


if __name__ == "__main__":
    main()
