"""A real browser in front of a running portal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

#: Screenshots of the pages as tested; not part of the repository.
OUTPUT = Path(__file__).parents[2] / ".satudata" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Widths at which every page is looked at: a desk and the phone of a head of agency.
DESK, PHONE = 1280, 360


def account(portal: Any, role: str, organization: str | None = None) -> dict[str, Any]:
    """First demo account of a role, of an organization if one is named."""
    return next(
        one
        for one in portal.accounts
        if one["role"] == role and organization in (None, one["organization"])
    )


class Person:
    """Somebody with a browser of their own, who only reads, types and presses.

    Attributes:
        page: the open page.
        url: address of the portal without a slash at the end.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url.rstrip("/")

    def open(self, path: str) -> int:
        """Open a page of the portal; answers the HTTP status."""
        response = self.page.goto(self.url + path, wait_until="load")
        assert response is not None
        return response.status

    def log_in(self, account: dict[str, Any]) -> None:
        """Log in through the form."""
        self.open("/user/login")
        self.page.fill("#field-login", account["user"])
        self.page.fill("#field-password", account["password"])
        self.page.click("main button[type=submit], [role=main] button[type=submit]")
        self.page.wait_for_selector(".sd-account form[action*=logout]")

    def press(self, path: str) -> None:
        """Press the button or link that leads to an address ending in ``path``."""
        self.page.click(f'a[href$="{path}"]')

    def decide(self, *, patience: int = 0) -> None:
        """Press the button of a decision page; its result is a flash message.

        Args:
            patience: seconds during which a refusal is answered by pressing again: a
                dataset cannot be submitted while its file is still being loaded.
        """
        end = time.monotonic() + patience
        while True:
            self.page.click(".sd-foot button[type=submit]")
            self.page.wait_for_selector(".flash-messages .alert, .sd-sum")
            refusal = self.page.locator(".sd-sum")
            if not refusal.count():
                return
            assert time.monotonic() < end, refusal.inner_text()
            time.sleep(2)

    def badge(self) -> str:
        """State of the dataset as the panel of the open page names it."""
        names = self.page.locator(".sd-panel__meta .sd-st").first.get_attribute("class")
        assert names is not None
        return names.split("sd-st--")[-1]

    def shoot(self, name: str) -> None:
        """Keep a picture of the whole page."""
        OUTPUT.mkdir(parents=True, exist_ok=True)
        width = (self.page.viewport_size or {"width": 0})["width"]
        self.page.screenshot(path=OUTPUT / f"{name}-{width}.png", full_page=True)

    def sideways(self) -> int:
        """Pixels by which the page is wider than the window."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, one for all tests."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def person(browser: Browser, portal: Any) -> Iterator[Callable[..., Person]]:
    """Make a person; without an account the person is anonymous.

    The browser of each runs without JavaScript: no decision may need it.
    """
    contexts = []

    def make(
        account: dict[str, Any] | None = None,
        *,
        width: int = DESK,
        script: bool = False,
    ) -> Person:
        context = browser.new_context(
            viewport={"width": width, "height": 900 if width > PHONE else 740},
            java_script_enabled=script,
            locale="id-ID",
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        made = Person(context.new_page(), portal.url)
        if account:
            made.log_in(account)
        return made

    yield make
    for context in contexts:
        context.close()
