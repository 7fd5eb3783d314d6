"""Fill a running portal with the demo city: ``seed.py <address> <accounts.json>``.

Everything goes through the action API, each step by the person whose step it is. What
is there already is left alone, so an interrupted run is simply repeated. The
environment's TOKEN is that of the administrator "admin".
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from ckanapi import NotFound, RemoteCKAN

HERE = Path(__file__).parent
PASSWORD = "satudata-demo"
CHECKLIST = dict.fromkeys(
    ("standar_data", "metadata", "interoperabilitas", "kode_referensi", "privasi"), "ok"
)
#: Transitions in their order, and the state each one leads to.
ROAD = ("submit", "confirm", "validate", "publish")
STATES = ("submitted", "awaiting_validation", "validated", "published")


def letter(title: str) -> bytes:
    """A one-page PDF that says which dataset it validates."""
    text = title.encode("ascii", "replace").decode()
    stream = f"BT /F1 12 Tf 60 760 Td (Surat Validasi: {text[:70]}) Tj ET"
    return (
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>"
        f"endobj\n4 0 obj<</Length {len(stream)}>>stream\n{stream}\nendstream endobj\n"
        "trailer<</Root 1 0 R>>\n%%EOF\n"
    ).encode()


class Seed:
    """The demo city on one portal."""

    def __init__(self, address: str, accounts: Path) -> None:
        self.address, self.file = address, accounts
        self.city = yaml.safe_load((HERE / "kota_blitar.yaml").read_text())
        self.accounts = json.loads(accounts.read_text()) if accounts.exists() else []
        self.admin = self.client(os.environ["TOKEN"])

    def client(self, token: str) -> RemoteCKAN:
        """The API as the person with this token."""
        return RemoteCKAN(self.address, apikey=token, user_agent="satudata-demo")

    def as_(self, user: str) -> RemoteCKAN:
        """The API as a person of the demo city."""
        token = next(one["token"] for one in self.accounts if one["user"] == user)
        return self.client(token)

    def account(self, user: str, role: str, **more: Any) -> None:
        """Enter a person in accounts.json, with a token that works."""
        for one in self.accounts:
            if one["user"] == user and self._works(one["token"]):
                return
        self.accounts = [one for one in self.accounts if one["user"] != user]
        token = os.environ["TOKEN"]
        if user != "admin":
            made = self.admin.action.api_token_create(user=user, name="demo")
            token = made["token"]
        entry = {"role": role, "user": user, "password": PASSWORD, "token": token}
        self.accounts.append({**entry, "organization": None, **more})
        self.file.write_text(json.dumps(self.accounts, indent=2))

    def _works(self, token: str) -> bool:
        try:
            return bool(self.client(token).action.satudata_approval_list(limit=1) != "")
        except Exception:  # noqa: BLE001 - a token of an older database
            return False

    def people(self) -> None:
        """Agencies, people and their roles."""
        for one in self.city["organizations"]:
            try:
                self.admin.action.organization_show(id=one["name"])
            except NotFound:
                self.admin.action.organization_create(**one)
        self.account("admin", "sysadmin", password="satudata-admin")
        for one in self.city["people"]:
            user, role, opd = one["user"], one["role"], one.get("organization")
            try:
                self.admin.action.user_show(id=user)
            except NotFound:
                self.admin.action.user_create(
                    name=user,
                    fullname=one["fullname"],
                    email=f"{user}@example.org",
                    password=PASSWORD,
                )
            held = self.admin.action.satudata_role_list(user=user, role=role, active=True)
            if not held:
                self.admin.action.satudata_role_assign(
                    user=user, role=role, organization=opd or "", decree="SK 188/1/2026"
                )
            self.account(user, role, organization=opd)

    def dataset(self, one: dict[str, Any]) -> None:
        """One dataset along the road, up to the state the file names."""
        producer, head = one["by"]["producer"], one["by"]["head"]
        api, key = self.as_(producer).action, {"id": one["name"]}
        opd = next(p for p in self.city["people"] if p["user"] == producer)
        try:
            package = api.package_show(**key)
        except NotFound:
            values = {key: one[key] for key in ("name", "title", "notes")}
            package = api.package_create(**values, **one["fields"], owner_org=opd["organization"])
        if not package["resources"]:
            path = HERE.parent / "samples" / one["file"]
            with path.open("rb") as source:
                api.resource_create(
                    package_id=package["id"],
                    name=one["title"],
                    format="CSV",
                    url=one["file"],
                    upload=source,
                )
        goal = STATES.index(one["until"])
        while (state := api.satudata_approval_show(**key)["state"]) != one["until"]:
            done = STATES.index(state) if state in STATES else -1
            if done >= goal:
                return
            getattr(self, ROAD[done + 1])(key, producer, head, one["title"])

    def submit(self, key: dict[str, str], producer: str, *_rest: str) -> None:
        """The producer submits, once the worker has loaded the file."""
        for attempt in range(120):
            try:
                self.as_(producer).action.satudata_approval_submit(**key)
                return
            except Exception as error:
                if "busy" not in str(error) or attempt == 119:
                    raise
                time.sleep(0.5)

    def confirm(self, key: dict[str, str], *_rest: str) -> None:
        """The walidata takes it and confirms."""
        api = self.as_("walidata").action
        api.satudata_approval_claim(**key)
        api.satudata_approval_confirm(**key, checklist=CHECKLIST)

    def validate(self, key: dict[str, str], _producer: str, head: str, title: str) -> None:
        """The head validates with a letter."""
        self.as_(head).action.satudata_approval_validate(
            **key,
            number=f"400.7/{key['id'][:12]}/{date.today().year}",
            date=date.today().isoformat(),
            upload=("surat-validasi.pdf", io.BytesIO(letter(title))),
        )

    def publish(self, *_rest: Any) -> None:
        """Nobody does this: the tick process publishes by itself."""
        time.sleep(0.5)

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
    seed.people()
    for dataset in seed.city["datasets"]:
        seed.dataset(dataset)
    print(seed.table())
