"""The whole road by mouse and keyboard, on a desk and on a phone, without JavaScript.

One real CSV: described, uploaded, returned, repaired, confirmed, signed, public, and taken
over by the national portal. Pictures of every page are kept as build output.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from demo import signing
from tests.e2e.conftest import DESK, PHONE, Person, account
from tests.factories import COMPLETE, SAMPLE, VARIABEL

pytestmark = pytest.mark.e2e

#: The tick process looks every few seconds; the procedure allows three minutes (SOP 4).
PUBLISHED_WITHIN = 180
#: The worker loads the rows of an uploaded file; until then nothing can be submitted.
LOADED_WITHIN = 90
#: Agencies of which the demo city leaves nothing waiting for the head, one per width.
AGENCY = {DESK: "diskominfotik", PHONE: "dinas-perhubungan"}
SCAN = b"\xff\xd8\xff\xe0" + b"scan" * 100


def _create(producer: Person, title: str, name: str, **values: str) -> None:
    """Describe a dataset part by part and upload its file through the forms."""
    page = producer.page
    producer.open("/dataset/new")
    left = {"title": title, "name": name, **COMPLETE, **values}
    while page.locator("#dataset-edit").count():
        left = _fill(producer, left)
        # Without script a question that an answer made applicable appears when it is saved.
        again = [one for one in left if page.locator(f"#field-{one}").count()]
        page.click(f"#dataset-edit button[name=save]{'[value=stay]' if again else '.btn-primary'}")
    assert not left
    page.set_input_files("#field-resource-upload", str(SAMPLE))
    page.fill("#field-name", "Penduduk menurut jenis kelamin")
    _fill(producer, {f"variabel-0-{key}": value for key, value in VARIABEL.items()})
    page.click("#resource-edit button[name=save].btn-primary")


def _fill(producer: Person, values: dict[str, Any]) -> dict[str, Any]:
    """Answer the questions that can be seen on a page; answers what is left over."""
    left = {}
    for field, value in values.items():
        place = producer.page.locator(f"#field-{field}")
        if not place.count() or not place.is_visible():
            left[field] = value
        elif isinstance(value, list):
            for one in value:
                producer.page.check(f"#field-{field}-{one}")
        elif place.evaluate("one => one.tagName") == "SELECT":
            place.select_option(value)
        else:
            place.fill(value)
    return left


def _appears(reader: Person, title: str, name: str) -> bool:
    """Whether a search for the title lists the dataset."""
    reader.open(f"/dataset/?q={title.replace(' ', '+')}")
    return reader.page.locator(f'.dataset-heading a[href$="/dataset/{name}"]').count() == 1


def _take(walidata: Person, name: str) -> None:
    """Find the dataset in the queue and take it; the check screen opens."""
    walidata.open("/pemeriksaan")
    walidata.shoot("road-queue")
    walidata.page.click(f'a.btn[href$="/pemeriksaan/{name}"]')
    walidata.page.click(f'a.btn[href$="/dataset/{name}/persetujuan/claim"] >> nth=0')
    walidata.decide()
    assert walidata.page.url.endswith(f"/pemeriksaan/{name}")


def _return(walidata: Person) -> None:
    """Send it back from the check screen with one finding at a field."""
    page = walidata.page
    page.select_option('[id="f-findings.0.place"]', "field:definisi")
    page.select_option('[id="f-findings.0.code"]', "standard_mismatch")
    page.fill('[id="f-findings.0.comment"]', "Sebutkan siapa yang dihitung.")
    walidata.shoot("road-check")
    page.click('button[formaction$="/persetujuan/return"]')
    page.wait_for_selector(".flash-messages .alert")


def _repair(producer: Person, name: str) -> None:
    """Go to the field that the finding names, repair it, and submit again."""
    page = producer.page
    producer.open("/pekerjaan-saya")
    producer.shoot("road-tasks")
    page.click(f'a.btn[href$="/dataset/{name}"]')
    assert producer.badge() == "returned"
    assert page.locator(".sd-finds li.open").count() == 1
    producer.shoot("road-returned")
    blocked = page.locator("[aria-disabled=true]", has_text="Ajukan kembali")
    assert blocked.count() == 1
    page.click('.sd-finds a[href*="/dataset/edit/"]')
    page.fill("#field-definisi", "Orang yang terdaftar dan berdomisili di wilayah itu")
    producer.shoot("road-repair")
    page.click("#dataset-edit button[name=save].btn-primary")
    producer.open(f"/dataset/{name}")
    assert page.locator(".sd-finds li.answered").count() == 1
    producer.press(f"/dataset/{name}/persetujuan/submit")
    producer.decide(patience=LOADED_WITHIN)
    assert producer.badge() == "submitted"


def _confirm(walidata: Person, name: str) -> None:
    """Answer the four principles on the check screen."""
    for answer in walidata.page.locator(".sd-check input[value=ok]").all():
        answer.check()
    walidata.page.click('button[formaction$="/persetujuan/confirm"]')
    walidata.page.wait_for_selector(".flash-messages .alert")
    walidata.open(f"/dataset/{name}")
    assert walidata.badge() == "awaiting_validation"


def _sign(head: Person, title: str) -> str:
    """Validate, get the numbered letter, sign it, hand it in; answers its number."""
    page = head.page
    head.open("/validasi")
    assert page.locator(".sd-va__list li").count() == 1
    assert title in page.inner_text(".sd-va__list")
    head.shoot("road-validasi")
    page.click("button[name=do][value=sign]")
    head.shoot("road-sign")
    page.click("button[name=do][value=validate]")
    page.wait_for_selector(".flash-messages .alert")
    assert "/surat/" in page.url
    head.shoot("road-letter")
    with page.expect_download() as started:
        page.evaluate(
            """() => {
              const link = document.querySelector('a[href$="/pdf"]');
              link.setAttribute('download', 'surat.pdf');
            }"""
        )
        page.click('a[href$="/pdf"]')
    pdf = started.value.path().read_bytes()
    signed = signing.sign(pdf, "Kepala")
    page.set_input_files(
        "input[type=file][name=upload]",
        {"name": "surat-validasi.pdf", "mimeType": "application/pdf", "buffer": signed},
    )
    page.click(".sd-card button.sd-btn--go")
    page.wait_for_selector(".sd-line .sd-st--published")
    head.shoot("road-letter-signed")
    return page.inner_text("h1").split()[-1]


def _harvested(harvester: Any, name: str) -> dict[str, Any] | None:
    """The dataset as the national portal has it, or None."""
    return next((one for one in harvester.datasets() if one["name"] == name), None)


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_officials_publish_a_csv_with_plain_buttons(
    width: int, portal: Any, harvester: Any, person: Callable[..., Person]
) -> None:
    """Producer, walidata, head; then anyone reads the same bytes, the nation too."""
    mark = uuid.uuid4().hex[:8]
    title, name = f"Jumlah Penduduk {mark}", f"jumlah-penduduk-{mark}"
    agency = AGENCY[width]
    anyone = person(width=width)
    producer = person(account(portal, "produsen_data", agency), width=width)

    _create(producer, title, name)
    assert producer.page.url.endswith(f"/dataset/{name}")
    assert producer.badge() == "draft"
    producer.shoot("road-draft")
    assert anyone.open(f"/dataset/{name}") in (403, 404)
    producer.press(f"/dataset/{name}/persetujuan/submit")
    producer.shoot("road-submit")
    producer.decide(patience=LOADED_WITHIN)
    assert producer.badge() == "submitted"

    walidata = person(account(portal, "walidata"), width=width)
    _take(walidata, name)
    _return(walidata)
    _repair(producer, name)
    _take(walidata, name)
    _confirm(walidata, name)
    assert anyone.open(f"/dataset/{name}") in (403, 404)
    assert not _appears(anyone, title, name)
    harvester.run_job()
    assert _harvested(harvester, name) is None

    head = person(account(portal, "kepala_opd", agency), width=width)
    number = _sign(head, title)
    begin = time.monotonic()
    while not _appears(anyone, title, name):
        assert time.monotonic() - begin < PUBLISHED_WITHIN, "not published in time"
        time.sleep(1)

    anyone.page.click(f'.dataset-heading a[href$="/dataset/{name}"]')
    assert anyone.page.locator(".sd-valid").is_visible()
    anyone.shoot("road-public")
    with anyone.page.expect_download() as started:
        anyone.page.click(".sd-files a[href*='/download/']")
    assert started.value.path().read_bytes() == SAMPLE.read_bytes()
    anyone.page.click(".sd-valid a[href*='/surat/v/']")
    assert number in anyone.page.inner_text("main, [role=main]")
    anyone.shoot("road-verify")

    producer.open(f"/dataset/{name}")
    assert producer.badge() == "published"
    seconds = re.search(r"(\d+) detik setelah tanda tangan", producer.page.inner_text("body"))
    assert seconds is not None
    assert int(seconds[1]) < PUBLISHED_WITHIN
    producer.shoot("road-published")
    walidata.open("/surat")
    assert number in walidata.page.inner_text("table.sd-t, .sd-cards")
    walidata.shoot("road-register")

    stats = harvester.run_job()
    assert stats["added"] >= 1
    taken = _harvested(harvester, name)
    assert taken is not None
    extras = {one["key"]: one["value"] for one in taken["extras"]}
    assert extras["satuan"] == "jiwa"


def test_a_head_who_signs_on_paper(portal: Any, person: Callable[..., Person]) -> None:
    """One walidata checks, another prints and uploads the scan, a third person confirms."""
    mark = uuid.uuid4().hex[:8]
    title, name = f"Data Kertas {mark}", f"data-kertas-{mark}"
    producer = person(account(portal, "produsen_data", "dkpp"))
    _create(producer, title, name)
    producer.press(f"/dataset/{name}/persetujuan/submit")
    producer.decide(patience=LOADED_WITHIN)
    first = account(portal, "walidata")
    second = next(one for one in portal.accounts if one["user"] == "walidata2")
    walidata = person(first)
    _take(walidata, name)
    _confirm(walidata, name)

    registrar = person(second)
    registrar.open(f"/dataset/{name}")
    registrar.shoot("paper-dataset")
    registrar.press(f"/dataset/{name}/surat-kertas")
    registrar.page.click("button[name=do][value=issue]")
    registrar.page.wait_for_selector(".flash-messages .alert")
    assert registrar.page.locator(".sd-st--awaiting_validation").count()
    registrar.page.set_input_files(
        "input[type=file][name=upload]",
        {"name": "pindai.jpg", "mimeType": "image/jpeg", "buffer": SCAN},
    )
    registrar.page.click(".sd-card button.sd-btn--go")
    registrar.page.wait_for_selector(".sd-line .sd-st--submitted")
    registrar.shoot("paper-scan")
    address = registrar.page.url.removeprefix(registrar.url)
    secretary = person(account(portal, "sekretariat"))
    secretary.open(address)
    secretary.page.click(".sd-card button.sd-btn--go")
    secretary.page.wait_for_selector(".sd-line .sd-st--published")
    secretary.shoot("paper-confirmed")

    begin = time.monotonic()
    anyone = person()
    while not _appears(anyone, title, name):
        assert time.monotonic() - begin < PUBLISHED_WITHIN, "not published in time"
        time.sleep(1)
    producer.open(f"/dataset/{name}/riwayat")
    assert "a.n. Kepala" in producer.page.inner_text("main, [role=main]")
    producer.shoot("paper-history")


def test_the_head_returns_from_the_phone(portal: Any, person: Callable[..., Person]) -> None:
    """One of several, with a reason; the agency reads it where its turn is told."""
    mark = uuid.uuid4().hex[:8]
    title, name = f"Data Kembali {mark}", f"data-kembali-{mark}"
    producer = person(account(portal, "produsen_data", "dpupr"))
    _create(producer, title, name)
    producer.press(f"/dataset/{name}/persetujuan/submit")
    producer.decide(patience=LOADED_WITHIN)
    walidata = person(account(portal, "walidata"))
    _take(walidata, name)
    # A finding that is typed is not lost by the other button.
    walidata.page.fill('[id="f-findings.0.comment"]', "Belum dikirim.")
    for answer in walidata.page.locator(".sd-check input[value=ok]").all():
        answer.check()
    walidata.page.click('button[formaction$="/persetujuan/confirm"]')
    assert walidata.page.locator(".sd-sum").count() == 1
    assert walidata.page.input_value('[id="f-findings.0.comment"]') == "Belum dikirim."
    walidata.shoot("check-refused")
    walidata.page.fill('[id="f-findings.0.comment"]', "")
    _confirm(walidata, name)
    head = person(account(portal, "kepala_opd", "dpupr"), width=PHONE)
    head.open("/validasi")
    head.page.click("button[name=do][value=decline]")
    head.shoot("head-return")
    head.page.locator("select[name^='code.']").select_option("head_wrong_figure")
    head.page.locator("textarea[name^='explanation.']").fill("Cocokkan dengan catatan kami.")
    head.page.click("button[name=do][value=return]")
    head.page.wait_for_selector(".flash-messages .alert")
    producer.open(f"/dataset/{name}")
    assert producer.badge() == "returned"
    assert "Cocokkan dengan catatan kami." in producer.page.inner_text(".sd-panel")


def test_missing_entries_are_named_and_typed_text_is_kept(
    portal: Any, person: Callable[..., Person]
) -> None:
    """A decision without what it needs says so on top and beside the field."""
    mark = uuid.uuid4().hex[:8]
    name = f"kosong-{mark}"
    producer = person(account(portal, "produsen_data", "disperpusip"))
    _create(producer, f"Kosong {mark}", name, satuan="")
    grey = producer.page.locator("[aria-disabled=true]", has_text="Ajukan")
    assert grey.count() == 1
    assert "Satuan" in producer.page.inner_text(".sd-panel")
    producer.open(f"/dataset/edit/{name}/2")
    producer.page.fill("#field-satuan", "jiwa")
    producer.page.click("#dataset-edit button[name=save].btn-primary")
    producer.open(f"/dataset/{name}")
    producer.press(f"/dataset/{name}/persetujuan/submit")
    producer.decide(patience=LOADED_WITHIN)
    walidata = person(account(portal, "walidata"))
    walidata.open(f"/dataset/{name}")
    walidata.press(f"/dataset/{name}/persetujuan/claim")
    walidata.decide()
    walidata.open(f"/dataset/{name}/persetujuan/confirm")
    walidata.page.fill("#f-comment", "Sudah dibaca.")
    walidata.page.click(".sd-foot button[type=submit]")
    assert walidata.page.locator(".sd-sum li").count() >= 1
    assert walidata.page.input_value("#f-comment") == "Sudah dibaca."
    walidata.shoot("road-errors")


@pytest.mark.parametrize("kind", ["empty", "web page"])
def test_a_file_nobody_could_read_is_refused_on_the_page(
    kind: str, portal: Any, person: Callable[..., Person]
) -> None:
    """With the way out in words, and nothing stored."""
    mark = uuid.uuid4().hex[:8]
    content = {"empty": b"", "web page": b"<!DOCTYPE html><html><body>Masuk</body></html>"}[kind]
    producer = person(account(portal, "produsen_data", "dkpp"), width=PHONE)
    producer.open("/dataset/new")
    producer.page.fill("#field-title", f"Berkas {mark}")
    producer.page.fill("#field-name", f"berkas-{mark}")
    producer.page.click("#dataset-edit button[name=save].btn-primary")
    producer.open(f"/dataset/berkas-{mark}/resource/new")
    file = {"name": "data.csv", "mimeType": "text/csv", "buffer": content}
    producer.page.set_input_files("#field-resource-upload", file)
    producer.page.fill("#field-name", "Data")
    producer.page.click("#resource-edit button[name=save].btn-primary")
    assert "data.csv" in producer.page.inner_text(".error-explanation, .sd-sum")
    producer.shoot(f"refused-{kind.split()[0]}")
    producer.open(f"/dataset/berkas-{mark}")
    assert "data.csv" not in producer.page.inner_text("main, [role=main]")
