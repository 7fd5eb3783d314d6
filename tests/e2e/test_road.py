"""The whole thin road by mouse and keyboard: one real CSV from private to public."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import Person, account
from tests.factories import SAMPLE, SIGNED

pytestmark = pytest.mark.e2e

#: The tick process looks every few seconds; the procedure allows three minutes (SOP 4).
PUBLISHED_WITHIN = 180
#: The worker loads the rows of an uploaded file; until then nothing can be submitted.
LOADED_WITHIN = 90


def _create(producer: Person, title: str, name: str) -> None:
    """Describe a dataset and upload its file through the forms."""
    producer.open("/dataset/new")
    producer.page.fill("#field-title", title)
    producer.page.fill("#field-name", name)
    producer.page.fill("#field-notes", "Jumlah penduduk menurut jenis kelamin.")
    producer.page.click("#dataset-edit button[name=save].btn-primary")
    producer.page.set_input_files("#field-resource-upload", str(SAMPLE))
    producer.page.fill("#field-name", "Penduduk menurut jenis kelamin")
    producer.page.click("#resource-edit button[name=save].btn-primary")


def _appears(reader: Person, title: str, name: str) -> bool:
    """Whether a search for the title lists the dataset."""
    reader.open(f"/dataset/?q={title.replace(' ', '+')}")
    return reader.page.locator(f'.dataset-heading a[href$="/dataset/{name}"]').count() == 1


def test_officials_publish_a_csv_with_plain_buttons(
    portal: Any, person: Callable[..., Person]
) -> None:
    """Producer, walidata and head press their buttons; then anyone reads the same bytes."""
    mark = uuid.uuid4().hex[:8]
    title, name = f"Jumlah Penduduk {mark}", f"jumlah-penduduk-{mark}"
    anyone = person()
    producer = person(account(portal, "produsen_data"))
    organization = account(portal, "produsen_data")["organization"]

    _create(producer, title, name)
    assert producer.page.url.endswith(f"/dataset/{name}")
    assert producer.badge() == "draft"
    producer.shoot("road-1-draft")
    assert anyone.open(f"/dataset/{name}") in (403, 404)
    assert not _appears(anyone, title, name)

    producer.press(f"/dataset/{name}/persetujuan/submit")
    producer.shoot("road-2-submit")
    producer.decide(patience=LOADED_WITHIN)
    assert producer.badge() == "submitted"

    walidata = person(account(portal, "walidata"))
    walidata.open(f"/dataset/{name}")
    walidata.press(f"/dataset/{name}/persetujuan/claim")
    walidata.decide()
    walidata.press(f"/dataset/{name}/persetujuan/confirm")
    for answer in walidata.page.locator(".sd-check input[value=ok]").all():
        answer.check()
    walidata.shoot("road-3-confirm")
    walidata.decide()
    assert walidata.badge() == "awaiting_validation"
    assert anyone.open(f"/dataset/{name}") in (403, 404)

    head = person(account(portal, "kepala_opd", organization=organization))
    head.open("/validasi")
    head.shoot("road-4-list")
    head.open(f"/dataset/{name}")
    head.press(f"/dataset/{name}/persetujuan/validate")
    head.page.fill("#f-number", f"400.7/{mark}/410.103/2026")
    letter = {"name": "surat.pdf", "mimeType": "application/pdf", "buffer": SIGNED}
    head.page.set_input_files("#f-upload", letter)
    head.shoot("road-5-validate")
    head.decide()

    end = time.monotonic() + PUBLISHED_WITHIN
    while not _appears(anyone, title, name):
        assert time.monotonic() < end, "not published in time"
        time.sleep(2)
    anyone.page.click(f'.dataset-heading a[href$="/dataset/{name}"]')
    assert anyone.page.locator(".sd-valid").is_visible()
    anyone.shoot("road-6-public")
    with anyone.page.expect_download() as started:
        anyone.page.click(".sd-files a[href*='/download/']")
    assert started.value.path().read_bytes() == SAMPLE.read_bytes()
    producer.open(f"/dataset/{name}")
    assert producer.badge() == "published"
    producer.shoot("road-7-published")


def test_missing_entries_are_named_and_typed_text_is_kept(
    portal: Any, person: Callable[..., Person]
) -> None:
    """A decision without what it needs says so on top and beside the field."""
    mark = uuid.uuid4().hex[:8]
    name = f"kosong-{mark}"
    producer = person(account(portal, "produsen_data"))
    _create(producer, f"Kosong {mark}", name)
    producer.press(f"/dataset/{name}/persetujuan/submit")
    producer.decide(patience=LOADED_WITHIN)
    walidata = person(account(portal, "walidata"))
    walidata.open(f"/dataset/{name}")
    walidata.press(f"/dataset/{name}/persetujuan/claim")
    walidata.decide()
    walidata.press(f"/dataset/{name}/persetujuan/confirm")
    walidata.page.fill("#f-comment", "Sudah dibaca.")
    walidata.page.click(".sd-foot button[type=submit]")
    assert walidata.page.locator(".sd-sum li").count() >= 1
    assert walidata.page.input_value("#f-comment") == "Sudah dibaca."
    walidata.shoot("road-8-errors")
