"""A whole portal for tests: real services, two web and two worker processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).parent.parent


class Portal:
    """The instance ``e2e``.

    Attributes:
        url: address without a slash at the end.
        accounts: people of the demo city, as in accounts.json.
    """

    def __init__(self) -> None:
        self.release = os.environ.get("SATUDATA_RELEASE", "2.12")
        self.folder = ROOT / ".satudata" / f"e2e-{self.release}"
        self.url = f"http://127.0.0.1:{os.environ.get('SATUDATA_WEB_PORT', '5050')}"
        self.accounts: list[dict[str, Any]] = []

    def launch(self, verb: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Call the launcher for this instance."""
        env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("CKAN_")},
            "INSTANCE": "e2e",
            "CKAN": self.release,
            "WEB": "2",
            "WORKERS": "2",
            **more,
        }
        command = [sys.executable, str(ROOT / "stack" / "portal.py"), verb]
        return subprocess.run(
            command, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )

    def ctl(self, *words: str) -> None:
        """Tell supervisor to stop or start a process."""
        code = "import sys; sys.path.insert(0, 'stack'); import portal; "
        code += f"portal.Instance('e2e', '{self.release}').ctl(*sys.argv[1:])"
        subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, check=True)

    def answers(self, name: str) -> bool:
        """Does a service of the instance answer?"""
        code = "import sys; sys.path.insert(0, 'stack'); import portal; "
        code += f"print(portal.Instance('e2e', '{self.release}').answers('{name}'))"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
        )
        return done.stdout.strip() == "True"

    def get(self, path: str, **more: Any) -> requests.Response:
        """A request that never hangs."""
        return requests.get(self.url + path, timeout=30, **more)

    def status(self) -> dict[str, tuple[str, int]]:
        """Process → (state, process id) as supervisor has it."""
        found = {}
        for line in self.launch("status").stdout.splitlines():
            words = line.replace(",", " ").split()
            if len(words) > 1 and words[1].isupper():
                pid = int(words[words.index("pid") + 1]) if "pid" in words else 0
                found[words[0]] = (words[1], pid)
        return found

    def wait(self, ready: Callable[[], bool], seconds: int = 90) -> float:
        """Wait until something is true; answers the seconds it took."""
        begin = time.monotonic()
        while not ready():
            assert time.monotonic() - begin < seconds, "it did not come true in time"
            time.sleep(0.5)
        return time.monotonic() - begin


@pytest.fixture(scope="session")
def portal() -> Iterator[Portal]:
    """Start the portal from nothing, with the demo city; stop it afterwards."""
    made = Portal()
    made.launch("reset")
    started = made.launch("up")
    assert started.returncode == 0, started.stdout + started.stderr
    made.accounts = json.loads((ROOT / ".satudata" / "e2e.json").read_text())
    yield made
    made.launch("down")
