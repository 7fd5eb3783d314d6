"""The scheme for both portals of a comparison, with the same number of dataset fields.

Stock scheming knows neither our validators nor our code lists: it gets what
``ckan satudata scheme`` writes, with the choices written out and one long form. Only text is
handled here, because this runs outside of CKAN's environment.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "ckanext" / "satudata" / "schemas"
#: Fields of a dataset in the comparison.
FIELDS = 150
NAMES = ("dataset", "organization")


def ours(folder: Path) -> dict[str, str]:
    """Our scheme, filled up; answers CKAN's options that name its files."""
    (folder / "ours").mkdir(exist_ok=True)
    for name in NAMES:
        (folder / "ours" / f"{name}.yaml").write_text((SOURCE / f"{name}.yaml").read_text())
    return _filled(folder / "ours")


def stock(folder: Path, ckan: Path, ini: Path, environment: dict[str, str]) -> dict[str, str]:
    """The same for stock scheming.

    Args:
        folder: in which it is written.
        ckan: the command of CKAN's environment.
        ini: configuration of a portal with our plugin.
        environment: of that portal.
    """
    command = [ckan, "-c", ini, "satudata", "scheme", folder / "stock"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return _filled(folder / "stock")


def _filled(folder: Path) -> dict[str, str]:
    """Add plain text fields until there are as many as wanted."""
    path = folder / "dataset.yaml"
    head, mark, tail = path.read_text().partition("\nresource_fields:")
    top = head.partition("\ndataset_fields:")[2]
    indent = top.strip("\n").partition("-")[0]
    count = sum(one.startswith(f"{indent}- ") for one in top.splitlines())
    more = [
        f"{indent}- field_name: tambahan_{number}\n{indent}  label: Tambahan {number}\n"
        f"{indent}  part: akses"
        for number in range(count, FIELDS)
    ]
    path.write_text("\n".join([head.rstrip("\n"), *more]) + mark + tail)
    return {f"scheming.{name}_schemas": f"file://{folder / f'{name}.yaml'}" for name in NAMES}
