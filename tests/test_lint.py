"""Lint, format and types, on the CKAN version the suite runs on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."]],
    ids=" ".join,
)
def test_ruff(command):
    """The code is formatted and linted."""
    done = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=HERE, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.both
def test_types():
    """Pyright finds nothing wrong against this CKAN."""
    done = subprocess.run(
        [BIN / "pyright", "--pythonpath", sys.executable],
        cwd=HERE,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
