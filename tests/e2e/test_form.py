"""The dataset form as officials use it: few answers, saved while typing, by keyboard."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import DESK, PHONE, Person, account
from tests.factories import SAMPLE

pytestmark = pytest.mark.e2e

#: Answers that a yearly administrative compilation may cost after the last period is copied.
MOST = 12


class Counted:
    """Types into a page and counts the answers."""

    def __init__(self, page: Any) -> None:
        self.page, self.number = page, 0

    def fill(self, field: str, value: str) -> None:
        """Answer one question."""
        self.number += 1
        self.page.fill(f"#field-{field}", value)


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_a_new_year_is_a_handful_of_answers(
    width: int, portal: Any, person: Callable[..., Person]
) -> None:
    """Title, summary, period, source, file and its name; everything else is copied."""
    mark = uuid.uuid4().hex[:8]
    name = f"tahun-baru-{mark}"
    producer = person(account(portal, "produsen_data", "dinas-perhubungan"), width=width)
    page = producer.page
    answers = Counted(page)
    producer.open("/dataset/new")
    answers.fill("title", f"Jumlah Armada Angkutan Umum menurut Jenis {mark}")
    answers.fill("name", name)
    answers.fill("notes", "Kendaraan berizin trayek atau operasi yang masih berlaku.")
    answers.fill("temporal_start", "2027-01-01")
    answers.fill("temporal_end", "2027-12-31")
    page.click("#dataset-edit button[name=save].btn-primary")
    parts = ".sd-parts--desk" if width == DESK else ".sd-parts--phone"
    if width == PHONE:
        page.click(f"{parts} > summary")
    page.click(f'{parts} a[href$="/resource/new"]')
    answers.number += 1
    page.set_input_files("#field-resource-upload", str(SAMPLE))
    answers.fill("name", "Armada menurut jenis")
    page.click("#resource-edit button[name=save].btn-primary")
    producer.open(f"/dataset/edit/{name}/2")
    page.click(f'a[href$="/dataset/{name}/salin-isian"]')
    producer.shoot("form-copy")
    answers.number += 1
    page.check(".sd-choice:has-text('Jumlah Armada Angkutan Umum') input >> nth=0")
    page.click(".sd-foot button[type=submit]")
    page.wait_for_selector(".flash-messages .alert")
    producer.shoot("form-copied")
    assert answers.number <= MOST, answers.number
    counts = page.inner_text("[data-sd-count]")
    filled, total = re.findall(r"\d+", counts)
    assert filled == total, counts
    producer.open(f"/dataset/{name}")
    producer.press(f"/dataset/{name}/persetujuan/submit")
    producer.decide(patience=90)
    assert producer.badge() == "submitted"


def test_it_is_saved_while_somebody_types(portal: Any, person: Callable[..., Person]) -> None:
    """Without a button; what an answer makes applicable appears at once, and stays."""
    mark = uuid.uuid4().hex[:8]
    producer = person(account(portal, "produsen_data", "disperpusip"), script=True)
    page = producer.page
    producer.open("/dataset/new")
    page.fill("#field-title", f"Jumlah Koleksi {mark}")
    page.click("#dataset-edit button[name=save].btn-primary")
    page.wait_for_url(re.compile("/dataset/new/.*/2$"))
    page.fill("#field-konsep", "Koleksi")
    page.keyboard.press("Tab")
    expect(page.locator("[data-sd-saved]")).to_have_text(re.compile(r"Tersimpan \d\d\.\d\d"))
    page.fill("#field-id_sds", "salah")
    page.keyboard.press("Tab")
    expect(page.locator(".sd-err--auto")).to_contain_text("SE04218.01.00")
    page.reload()
    assert page.input_value("#field-konsep") == "Koleksi"
    page.goto(page.url.replace("/2", "/4"))
    expect(page.locator("#field-frekuensi_penyelenggaraan")).to_be_hidden()
    page.select_option("#field-pelaksanaan", "berulang")
    expect(page.locator("#field-frekuensi_penyelenggaraan")).to_be_visible()
    page.select_option("#field-cara_pengumpulan_data", "survei")
    expect(page.locator("#field-unit_sampel")).to_be_visible()
    page.select_option("#field-frekuensi_penyelenggaraan", "tahunan")
    expect(page.locator("[data-sd-count]")).to_contain_text(re.compile(r"^(\d+) dari \d+"))
    page.wait_for_timeout(3000)
    page.reload()
    assert page.input_value("#field-frekuensi_penyelenggaraan") == "tahunan"
    producer.shoot("form-kegiatan")
