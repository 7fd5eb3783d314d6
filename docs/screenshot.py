"""Take the README's picture again from the demo city of a running ``make run``.

    python docs/screenshot.py

Needs Playwright and Debian's Chromium, as the browser tests do.
"""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PORTAL = "http://127.0.0.1:5000"
DATASET = "penduduk-sasaran-layanan-kesehatan"


def main() -> None:
    """Log in as walidata, open the dataset that waits for the check, take the picture."""
    accounts = json.loads((ROOT / ".satudata" / "accounts.json").read_text())
    account = next(one for one in accounts if one["role"] == "walidata")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 960}, locale="id-ID")
        page.goto(f"{PORTAL}/user/login")
        page.fill("#field-login", account["user"])
        page.fill("#field-password", account["password"])
        with page.expect_navigation():
            page.press("#field-password", "Enter")
        page.goto(f"{PORTAL}/dataset/{DATASET}")
        page.screenshot(path=ROOT / "docs" / "images" / "dataset.png")
        browser.close()


if __name__ == "__main__":
    main()
