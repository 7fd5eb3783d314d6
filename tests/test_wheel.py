"""The built wheel is whole: installed into a clean environment with CKAN, it starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Build it once."""
    folder = tmp_path_factory.mktemp("wheel")
    # A copy, because what an earlier build left behind would hide what MANIFEST.in forgets.
    left = shutil.ignore_patterns(".satudata", ".git", "*.egg-info", "build", "__pycache__")
    source = shutil.copytree(HERE, folder / "source", ignore=left)
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        folder,
        source,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return next(folder.glob("*.whl"))


def test_everything_is_in_it(wheel):
    """Templates, assets, YAML, catalogues, migrations; never CKAN's own __init__."""
    names = zipfile.ZipFile(wheel).namelist()
    assert "ckanext/__init__.py" not in names
    have = {one.removeprefix("ckanext/satudata/") for one in names}
    kinds = (".py", ".html", ".yaml", ".yml", ".css", ".po", ".mo", ".mako", ".ini", ".svg")
    for path in (HERE / "ckanext" / "satudata").rglob("*"):
        if path.suffix in kinds:
            name = path.relative_to(HERE / "ckanext" / "satudata").as_posix()
            assert name in have, name


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_it_starts_beside_ckan(wheel, tmp_path):
    """A clean environment: CKAN by reference, the extension from the wheel only."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    site = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", wheel]
    subprocess.run(pip, check=True)
    here = next(Path(sys.prefix).glob("lib/python*/site-packages"))
    script = (
        "import sys; sys.path[:] = [p for p in sys.path if p != ''];"
        f"sys.path.append({str(here)!r});"
        "import ckanext;"
        f"ckanext.__path__ = [{str(site / 'ckanext')!r}, {str(here / 'ckanext')!r}];"
        "import ckanext.satudata.plugin as plugin; print(plugin.__file__);"
        "from ckan.cli import CKANConfigLoader; from ckan.config.middleware import make_app;"
        f"app = make_app(CKANConfigLoader({str(HERE / 'test.ini')!r}).get_config());"
        "from ckanext.satudata.common import startup; print(startup.problems());"
        "print(app._wsgi_app.test_client().get('/').status_code)"
    )
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = done.stdout.strip().splitlines()
    assert lines[-3].startswith(str(site))
    assert lines[-2] == "[]"
    assert lines[-1] == "200"
