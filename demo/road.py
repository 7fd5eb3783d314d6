"""The steps of a dataset of the demo city, each by the person whose step it is."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any

import signing

CHECKLIST = dict.fromkeys(
    ("standar_data", "metadata", "interoperabilitas", "kode_referensi", "privasi"), "ok"
)
_CHECKED = ["submit", "claim", "confirm"]
_VALIDATED = [*_CHECKED, "validate", "sign"]
#: Where a dataset stands → the steps that lead there.
ROADS: dict[str, list[str]] = {
    "incomplete": [],
    "draft": [],
    "submitted": ["submit"],
    "claimed": ["submit", "claim"],
    "returned": ["submit", "claim", "send_back"],
    "resubmitted": ["submit", "claim", "send_back", "repair", "submit_again"],
    "pembina_review": _CHECKED,
    "awaiting_validation": [*_CHECKED, "endorse"],
    "declined": [*_CHECKED, "decline"],
    "paper": [*_CHECKED, "print_letter"],
    "waiting_signature": [*_CHECKED, "validate"],
    "validated": _VALIDATED,
    "held": [*_CHECKED, "validate", "hold", "sign"],
    "published": [*_VALIDATED, "wait_public"],
    "withdrawn": [*_VALIDATED, "wait_public", "withdraw"],
    "cancelled": ["submit", "cancel"],
}

#: Steps that give a letter its number, and the one after which nobody waits for it.
NUMBERED = ("validate", "print_letter")
AFTERWARDS = "wait_public"


def once(kind: str, times: int = 1) -> Callable[..., Any]:
    """Leave a step out when the dataset's history has its event already."""

    def decorate(step: Callable[[Walk], None]) -> Callable[[Walk], None]:
        @wraps(step)
        def do(self: Walk) -> None:
            if self.kinds.count(kind) < times:
                step(self)
                self.kinds.append(kind)

        return do

    return decorate


class Walk:
    """One dataset on its road.

    Args:
        one: its entry of the city's file.
        short: account of its data officer; the head is ``kepala-<short>``.
        as_: gives the actions as a person.
        download: gives a file of the portal as a person.
    """

    def __init__(
        self,
        one: dict[str, Any],
        short: str,
        as_: Callable[[str], Any],
        download: Callable[[str, str], bytes],
    ) -> None:
        self.key, self.one, self.as_ = {"id": one["name"]}, one, as_
        self.download = download
        self.producer, self.head = as_(short), as_(f"kepala-{short}")
        self.head_name, self.walidata = f"kepala-{short}", as_("walidata")

    @cached_property
    def kinds(self) -> list[str]:
        """Kinds of the events so far."""
        events = self.walidata.satudata_approval_history(**self.key)
        return [event["kind"] for event in events]

    def state(self) -> str:
        """State of the approval."""
        return self.walidata.satudata_approval_show(**self.key)["state"]

    @once("submit")
    def submit(self) -> None:
        """The producer submits, once the worker has loaded the file."""
        self._submit()

    @once("submit", 2)
    def submit_again(self) -> None:
        """Round two."""
        self._submit()

    def _submit(self) -> None:
        for attempt in range(240):
            try:
                self.producer.satudata_approval_submit(**self.key)
                return
            except Exception as error:
                if "busy" not in str(error) or attempt == 239:
                    raise
                time.sleep(0.5)

    @once("claim")
    def claim(self) -> None:
        """The walidata takes it."""
        self.walidata.satudata_approval_claim(**self.key)

    @once("return")
    def send_back(self) -> None:
        """The walidata returns it with two findings and an advice."""
        resource = self.walidata.package_show(**self.key)["resources"][0]["id"]
        self.walidata.satudata_approval_return(
            **self.key,
            comment="Mohon diperbaiki sebelum akhir pekan.",
            findings=[
                {
                    "code": "standard_mismatch",
                    "field": "definisi",
                    "comment": "Sebutkan sumber angkanya.",
                },
                {
                    "code": "change_unexplained",
                    "resource": resource,
                    "rows": "3",
                    "comment": "Angka naik tajam. Jelaskan sebabnya.",
                },
                {
                    "code": "metadata_unclear",
                    "severity": "advice",
                    "field": "notes",
                    "comment": "Tambahkan kegunaan data.",
                },
            ],
        )

    @once("finding_replied")
    def repair(self) -> None:
        """The producer repairs one finding and replies to the other."""
        text = self.one["definisi"] + " Sumber: laporan petugas lapangan."
        self.producer.package_patch(**self.key, definisi=text)
        for one in self.producer.satudata_approval_show(**self.key)["findings"]:
            if one["answer"] == "open" and one["severity"] == "must":
                self.producer.satudata_finding_answer(
                    id=one["id"], answer="replied", reply="Panen raya bergeser ke Agustus."
                )

    @once("confirm")
    def confirm(self) -> None:
        """The walidata finds it in order."""
        self.walidata.satudata_approval_confirm(**self.key, checklist=CHECKLIST)

    @once("endorse")
    def endorse(self) -> None:
        """The Pembina Data checks data prioritas again."""
        if self.state() == "pembina_review":
            pembina = self.as_("pembina")
            pembina.satudata_approval_claim(**self.key)
            pembina.satudata_approval_endorse(**self.key)

    @once("decline")
    def decline(self) -> None:
        """The head sends it back."""
        self.head.satudata_approval_decline(
            **self.key,
            findings=[
                {
                    "code": "head_wrong_figure",
                    "comment": "Pasar Pon: cocokkan dengan catatan retribusi.",
                }
            ],
        )

    @once("validate")
    def validate(self) -> None:
        """The head validates; the letter gets its number and waits for the signature."""
        self.head.satudata_approval_validate(**self.key)

    def sign(self) -> None:
        """The head signs the very PDF that the portal made."""
        letter = self.walidata.satudata_approval_show(**self.key)["letter_id"]
        if self.head.satudata_letter_show(id=letter)["state"] == "waiting_signature":
            pdf = self.download(f"/surat/{letter}/pdf", self.head_name)
            signed = io.BytesIO(signing.sign(pdf, self.head_name))
            self.head.satudata_letter_sign(id=letter, upload=("surat-validasi.pdf", signed))

    def print_letter(self) -> None:
        """For a head who signs on paper a second walidata has the letter printed."""
        if not self.walidata.satudata_approval_show(**self.key)["letter_id"]:
            self.as_("walidata2").satudata_letter_issue(ids=[self.one["name"]])

    @once("hold")
    def hold(self) -> None:
        """The walidata holds the publication."""
        self.walidata.satudata_approval_hold(
            **self.key, comment="Menunggu rapat pimpinan tentang pengelolaan sampah."
        )

    def wait_public(self) -> None:
        """Nobody does this: the tick process publishes by itself."""
        for _attempt in range(120):
            if self.state() in ("published", "withdrawn"):
                return
            time.sleep(0.5)
        raise TimeoutError(f"{self.one['name']} is not published after a minute")

    @once("withdraw")
    def withdraw(self) -> None:
        """The walidata withdraws it."""
        self.walidata.satudata_approval_withdraw(
            **self.key,
            reason="wrong",
            notice="Jumlah menara Kecamatan Sukorejo keliru. Data diperbaiki.",
        )

    @once("cancel")
    def cancel(self) -> None:
        """The producer gives it up."""
        self.producer.satudata_approval_cancel(**self.key, comment="Digabung dengan data lain.")
