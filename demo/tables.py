"""Small plausible files of the demo city: real regions, invented figures.

The figures follow from the name of the dataset alone, so the city is the same on every
machine. They are marked as examples in each dataset's summary.
"""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path
from typing import Any

REGIONS = Path(__file__).resolve().parent.parent / "samples" / "kode-wilayah-35.72.csv"
MONTHS = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
    *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
)


def _regions(level: int) -> list[list[str]]:
    """Code and name of the kecamatan (level 3) or kelurahan (level 4) of the city."""
    with REGIONS.open(encoding="utf-8", newline="") as source:
        rows = [row for row in csv.reader(source) if row and row[0].startswith("35.72.")]
    return [row[:2] for row in rows if row[0].count(".") == level - 1]


def _number(seed: str, low: float, high: float, decimals: int) -> str:
    share = int(hashlib.sha256(seed.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    value = low + share * (high - low)
    return f"{value:.{decimals}f}" if decimals else str(round(value))


def make(name: str, table: dict[str, Any]) -> bytes:
    """The file of a dataset, as CSV in UTF-8.

    Args:
        name: of the dataset; seeds the figures.
        table: ``rows`` (kelurahan, kecamatan, bulan or a list of names with ``head``),
            ``by`` (name of a further column and its values), ``column`` (of the figure),
            ``low``, ``high`` and ``decimals``.
    """
    rows = table["rows"]
    if rows in ("kelurahan", "kecamatan"):
        heads = [f"kode_{rows}", f"nama_{rows}"]
        places = _regions(4 if rows == "kelurahan" else 3)
    elif rows == "bulan":
        heads, places = ["bulan"], [[one] for one in MONTHS[: table.get("months", 12)]]
    else:
        heads, places = [table["head"]], [[str(one)] for one in rows]
    by, parts = table.get("by", [None, [""]])
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([*heads, *([by] if by else []), table["column"]])
    for place in places:
        for part in parts:
            seed = "|".join([name, *place, str(part)])
            figure = _number(seed, table["low"], table["high"], table.get("decimals", 0))
            writer.writerow([*place, *([part] if by else []), figure])
    return target.getvalue().encode()
