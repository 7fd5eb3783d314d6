"""Fill a running portal with the demo city: ``seed.py <address> <accounts.json>``.

Everything goes through the action API, each step by the person whose step it is. What
is there already is left alone, so an interrupted run is simply repeated. The
environment's TOKEN is that of the administrator "admin".
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import activity
import requests
import tables
import yaml
from ckanapi import NotFound, RemoteCKAN
from road import AFTERWARDS, NUMBERED, ROADS, Walk

HERE = Path(__file__).parent
PASSWORD = "satudata-demo"
#: Requests at the same time; the portal of one machine serves a few.
THREADS = 4


class Seed:
    """The demo city on one portal."""

    def __init__(self, address: str, accounts: Path) -> None:
        self.address, self.file = address, accounts
        self.city = yaml.safe_load((HERE / "kota_blitar.yaml").read_text())
        self.accounts = json.loads(accounts.read_text()) if accounts.exists() else []
        self.admin, self._lock = self.client(os.environ["TOKEN"]), threading.Lock()
        self.agency = {one["name"]: one for one in self.city["organizations"]}

    def client(self, token: str) -> RemoteCKAN:
        """The API as the person with this token."""
        return RemoteCKAN(self.address, apikey=token, user_agent="satudata-demo")

    def token(self, user: str) -> str:
        """Token of a person of the demo city."""
        return next(one["token"] for one in self.accounts if one["user"] == user)

    def as_(self, user: str) -> Any:
        """The actions as a person of the demo city."""
        return self.client(self.token(user)).action

    def account(self, user: str, role: str, **more: Any) -> None:
        """Enter a person in accounts.json, with a token that works."""
        for one in self.accounts:
            if one["user"] == user and self._works(one["token"]):
                return
        token = os.environ["TOKEN"]
        if user != "admin":
            token = self.admin.action.api_token_create(user=user, name="demo")["token"]
        entry = {"role": role, "user": user, "password": PASSWORD, "token": token}
        with self._lock:
            kept = [one for one in self.accounts if one["user"] != user]
            self.accounts = [*kept, {**entry, "organization": None, **more}]
            self.file.write_text(json.dumps(self.accounts, indent=2))

    def _works(self, token: str) -> bool:
        try:
            return bool(self.client(token).action.satudata_approval_list(limit=1) != "")
        except Exception:  # noqa: BLE001 - a token of an older database
            return False

    def everybody(self) -> list[dict[str, Any]]:
        """The people of the city, and data officer and head of every agency."""
        people = list(self.city["people"])
        for one in self.city["organizations"]:
            of = {"organization": one["name"]}
            name = f"Petugas Data {one['title']}"
            people.append({"user": one["short"], "fullname": name, "role": "produsen_data", **of})
            head = f"kepala-{one['short']}"
            people.append({"user": head, "fullname": one["head"], "role": "kepala_opd", **of})
        return people

    def organization(self, one: dict[str, Any]) -> None:
        """One agency with its head."""
        try:
            self.admin.action.organization_show(id=one["name"])
        except NotFound:
            number = list(self.agency).index(one["name"]) + 1
            city = self.city["facts"]
            self.admin.action.organization_create(
                name=one["name"],
                title=one["title"],
                nama_kepala=one["head"],
                jabatan_kepala=f"Kepala {one['title']}",
                pangkat_kepala="Pembina Utama Muda (IV/c)",
                nip_kepala=f"19700101 199503 1 {number:03d}",
                unit_eselon2=one["title"],
                surel=f"{one['short']}@example.org",
                kontak=f"{one['title']}, Kota Blitar",
                urusan=one["affairs"],
                kode_opd=f"{one['affairs'][0]}.{number:02d}",
                **city,
            )

    def person(self, one: dict[str, Any]) -> None:
        """One person with a role and a token."""
        user, role, opd = one["user"], one["role"], one.get("organization")
        try:
            self.admin.action.user_show(id=user)
        except NotFound:
            self.admin.action.user_create(
                name=user, fullname=one["fullname"], email=f"{user}@example.org", password=PASSWORD
            )
        if not self.admin.action.satudata_role_list(user=user, role=role, active=True):
            self.admin.action.satudata_role_assign(
                user=user, role=role, organization=opd or "", decree=self.city["decree"]
            )
        self.account(user, role, organization=opd)

    def dataset(self, one: dict[str, Any]) -> None:
        """One dataset with its file, as its producer makes it."""
        api = self.as_(self.agency[one["org"]]["short"])
        try:
            package = api.package_show(id=one["name"])
        except NotFound:
            package = api.package_create(**self._fields(one))
        if not package["resources"] and (one.get("table") or one.get("file")):
            name = one.get("file") or f"{one['name']}.csv"
            content = (
                (HERE.parent / "samples" / name).read_bytes()
                if one.get("file")
                else tables.make(one["name"], one["table"])
            )
            api.resource_create(
                package_id=package["id"],
                name=one["title"],
                format="CSV",
                url=name,
                upload=(name, io.BytesIO(content)),
                **self._variables(one, content),
            )

    def _variables(self, one: dict[str, Any], content: bytes) -> dict[str, str]:
        """The columns of a file; a form with a file names each part of each row."""
        columns = next(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        rows = activity.variables(columns, one) if one.get("std") else []
        return {
            f"variabel-{number}-{key}": value
            for number, row in enumerate(rows)
            for key, value in row.items()
        }

    def _fields(self, one: dict[str, Any]) -> dict[str, Any]:
        agency = self.agency[one["org"]]
        values = {key: one[key] for key in ("name", "title")} | {"owner_org": one["org"]}
        values |= {"license_id": "cc-by", "author": agency["title"]}
        values |= {"maintainer": "Walidata Kota Blitar", "kontak": agency["title"]}
        if one["road"] == "incomplete":
            return values
        values["notes"] = f"{one['definisi']} {one.get('summary', 'Angka contoh untuk peragaan.')}"
        standard = [part.strip() for part in one["std"].split("|")]
        keys = ("konsep", "klasifikasi", "ukuran", "satuan")
        values |= dict(zip(keys, standard, strict=True)) | {"definisi": one["definisi"]}
        values |= {"temporal_start": str(one["period"][0]), "temporal_end": str(one["period"][1])}
        values |= {"accrualPeriodicity": one["freq"], "accessRights": one.get("access", "terbuka")}
        for field, key in (("dasar_pembatasan", "basis"), ("akses_peran", "roles")):
            values |= {field: one[key]} if key in one else {}
        if one.get("priority"):
            values |= {"prioritas_tahun": one["priority"], "kriteria_prioritas": "RPJMD"}
        return values | activity.activity(one, agency)

    def check(self, one: dict[str, Any]) -> None:
        """One dataset along its road, as far as no letter needs a number."""
        self._walk(one, slice(0, self._first(one, NUMBERED)))

    def issue(self, one: dict[str, Any]) -> None:
        """Validate and sign; one after the other, so that numbers are always the same."""
        self._walk(one, slice(self._first(one, NUMBERED), self._first(one, (AFTERWARDS,))))

    def finish(self, one: dict[str, Any]) -> None:
        """What follows once the tick has published it."""
        self._walk(one, slice(self._first(one, (AFTERWARDS,)), None))

    def sign(self, one: dict[str, Any]) -> None:
        """Everything that follows the check."""
        self.issue(one)
        self.finish(one)

    def _first(self, one: dict[str, Any], names: tuple[str, ...]) -> int:
        steps = ROADS[one["road"]]
        return next((n for n, step in enumerate(steps) if step in names), len(steps))

    def _walk(self, one: dict[str, Any], part: slice) -> None:
        walk = Walk(one, self.agency[one["org"]]["short"], self.as_, self.download)
        for step in ROADS[one["road"]][part]:
            getattr(walk, step)()

    def download(self, path: str, user: str) -> bytes:
        """A page or file of the portal, as a person."""
        headers = {"Authorization": self.token(user)}
        answer = requests.get(self.address + path, headers=headers, timeout=60)
        answer.raise_for_status()
        return answer.content

    def run(self) -> None:
        """Everything, several requests at a time."""
        begin = time.monotonic()
        self.account("admin", "sysadmin", password="satudata-admin")
        people, sets = self.everybody(), self.city["datasets"]
        work: list[tuple[Callable[[Any], None], list[Any]]] = [
            (self.organization, self.city["organizations"]),
            (self.person, people),
            (self.dataset, sets),
            (self.check, sets),
        ]
        with ThreadPoolExecutor(THREADS) as pool:
            for do, items in work:
                list(pool.map(do, items))
            for one in sets:
                self.issue(one)
            list(pool.map(self.finish, sets))
        order = ["admin", *(one["user"] for one in people)]
        self.accounts.sort(key=lambda one: order.index(one["user"]))
        self.file.write_text(json.dumps(self.accounts, indent=2))
        print(f"{len(sets)} datasets, {time.monotonic() - begin:.0f} s")

    def table(self) -> str:
        """Addresses and demo accounts, for people."""
        rows = [
            (one["user"], one["password"], one["role"], one["organization"] or "")
            for one in self.accounts
        ]
        widths = [max(len(row[n]) for row in rows) for n in range(4)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            for row in rows
        ]
        return "\n".join([*lines, "", f"Portal: {self.address}/", f"Accounts: {self.file}"])


if __name__ == "__main__":
    seed = Seed(sys.argv[1], Path(sys.argv[2]))
    seed.run()
    print(seed.table())
