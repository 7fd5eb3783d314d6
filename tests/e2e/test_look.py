"""Every page at a desk and on a phone: nothing sticks out, nothing bars anyone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.conftest import DESK, PHONE, Person, account

pytestmark = pytest.mark.e2e

PUBLIC = {
    "home": "/",
    "search": "/dataset/",
    "organizations": "/organization/",
    "topics": "/group/",
    "help": "/about",
    "login": "/user/login",
    "codes": "/kode-referensi",
    "regions": "/kode-referensi/wilayah",
    "units": "/kode-referensi/satuan?q=kilo",
}
OFFICIAL = {
    "produsen_data": {"work": "/pekerjaan-saya", "new": "/dataset/new"},
    "walidata": {
        "checks": "/pemeriksaan",
        "roles": "/kelola/peran",
        "give": "/kelola/peran/beri",
        "gaps": "/kelola/peran?show=vacancies",
        "own-roles": "/kelola/peran/saya",
    },
    "sysadmin": {"roles": "/kelola/peran"},
    "kepala_opd": {"sign": "/validasi", "mine": "/pekerjaan-saya"},
}
#: Only what shuts people out fails the test; the rest is advice.
GRAVE = ("serious", "critical")


def _look(reader: Person, name: str) -> None:
    reader.shoot(name)
    assert reader.sideways() <= 0, f"{name} scrolls sideways"
    found = Axe().run(reader.page).response["violations"]
    grave = [
        (one["id"], node["target"])
        for one in found
        for node in one["nodes"]
        if one["impact"] in GRAVE
    ]
    assert grave == [], name


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_public_pages(width: int, portal: Any, person: Callable[..., Person]) -> None:
    """What anyone may open, with the newest dataset and its file."""
    reader = person(width=width, script=True)
    for name, path in PUBLIC.items():
        assert reader.open(path) == 200
        _look(reader, name)
    assert reader.open("/tidak-ada") == 404
    _look(reader, "missing")
    reader.open("/dataset/")
    reader.page.locator(".dataset-heading a").first.click()
    _look(reader, "dataset-public")
    reader.page.locator(".sd-files .heading").first.click()
    _look(reader, "file-public")


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("role", list(OFFICIAL))
def test_pages_of_officials(
    role: str, width: int, portal: Any, person: Callable[..., Person]
) -> None:
    """Work lists, and the dataset waiting in them with its tabs and decisions."""
    reader = person(account(portal, role), width=width, script=True)
    for name, path in OFFICIAL[role].items():
        assert reader.open(path) == 200
        _look(reader, f"{role}-{name}")
    reader.open("/pekerjaan-saya")
    task = reader.page.locator(".sd-tasks p a").first
    if task.count():
        task.click()
        _look(reader, f"{role}-dataset")
        address = reader.page.url.split("?")[0].removeprefix(reader.url)
        decisions = reader.page.locator(".sd-panel__do a[href]").evaluate_all(
            "all => all.map(one => new URL(one.href).pathname)"
        )
        for path in (f"{address}/persetujuan", f"{address}/riwayat", *decisions):
            assert reader.open(path) == 200
            _look(reader, f"{role}-{path.rsplit('/', 1)[-1]}")


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_the_form_by_parts(width: int, portal: Any, person: Callable[..., Person]) -> None:
    """Every part with every question that may apply, copying, the file, and the workbook."""
    reader = person(account(portal, "produsen_data", "disdukcapil"), width=width, script=True)
    draft = "/dataset/jumlah-akta-kelahiran-terbit"
    for part in range(1, 6):
        assert reader.open(draft.replace("/dataset/", "/dataset/edit/") + f"/{part}") == 200
        _look(reader, f"form-{part}")
    for name in ("salin-isian", "indah", "resource/new"):
        assert reader.open(f"{draft}/{name}") == 200
        _look(reader, f"form-{name.split('/')[0]}")
