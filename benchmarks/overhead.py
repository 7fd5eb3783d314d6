"""Ours against stock CKAN: ``python3 benchmarks/overhead.py [rounds [request]]`` (``make bench``).

Two processes on the same services: CKAN with scheming and the same schema, once with
satudata and once without. Each does the same request in turn, A B and B A, and what
counts is the ratio of each pair: the machine's own speed falls out of it. The national
mirror (extras in search results) is off, and measured by itself.
"""

from __future__ import annotations

import configparser
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "stack")]

from benchmarks import schemas  # noqa: E402
from portal import SETTINGS, Instance, install_packages  # noqa: E402
from tests.run import addresses, prepare  # noqa: E402

#: Request → the ratio it may cost at most, and how often it is made in one measurement.
#: A search is short and its spread wide: many small pairs tell more than a few long ones.
REQUESTS = {
    "package_show": (1.05, 20),
    "package_search": (1.15, 10),
    "package_create": (1.25, 3),
    "package_patch": (1.25, 5),
    "dataset page": (None, 5),
    "search page": (None, 5),
    "form": (None, 5),
}
#: Completeness of a dataset against one package_show of it.
COMPLETENESS = 2
DATASETS = 40
ROUNDS = 25


class Side:
    """One of the two portals: a process that answers a line with a line."""

    def __init__(self, test: Instance, number: int, *plugins: str) -> None:
        ini = test.folder / f"bench-{number}.ini"
        parser = configparser.RawConfigParser()
        parser.optionxform = str  # type: ignore[assignment, method-assign]  # SECRET_KEY
        parser.read(ROOT / "test.ini")
        parser.set("app:main", "ckan.plugins", " ".join(plugins))
        parser.set("app:main", "ckanext.satudata.national_mirror", "false")
        parser.set("app:main", "ckan.storage_path", str(test.folder / f"bench-{number}"))
        own = {**test.environment, **addresses(test, number), "CKAN_INI": str(ini)}
        if "satudata" in plugins:
            options = schemas.ours(test.folder)
        else:
            first = {**test.environment, **addresses(test, 0)}
            written = test.folder / "bench-0.ini"
            options = schemas.stock(test.folder, test.bin / "ckan", written, first)
        for name, value in options.items():
            parser.set("app:main", name, value)
        with ini.open("w") as target:
            parser.write(target)
        migrate = ["db", "pending-migrations", "--apply"]
        # The index outlives the databases: the last run would be found in it.
        for words in (["db", "init"], migrate, ["search-index", "clear"]):
            command = [test.bin / "ckan", "-c", ini, *words]
            done = subprocess.run(command, env=own, cwd=ROOT, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(done.stderr)
        self.process = subprocess.Popen(
            [test.bin / "python", "-m", "benchmarks.side", ini],
            env={**own, "PYTHONWARNINGS": "ignore"},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, name: str, **values: Any) -> Any:
        """Have one thing done; its answer."""
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps({"do": name, **values}), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"The process ended at {name}")
        return json.loads(line)

    def end(self) -> None:
        """Let the process go."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(30)


def main() -> int:
    """Measure and print; 1 when a median ratio is above its limit."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    install_packages("debian")
    test = Instance("test", os.environ.get("CKAN") or SETTINGS["ckan"]["default"])
    stock = ["scheming_datasets", "scheming_organizations", "activity", "datastore", "text_view"]
    sides: list[Side] = []
    try:
        prepare(test)
        sides += [Side(test, 0, "satudata", *stock), Side(test, 1, *stock)]
        for side in sides:
            side.ask("prepare", datasets=DATASETS)
        return report(sides, rounds, sys.argv[2] if len(sys.argv) > 2 else "")
    finally:
        for side in sides:
            side.end()
        test.down()


def report(sides: list[Side], rounds: int, only: str) -> int:
    """Print one line a request: medians of both, median and spread of the ratios."""
    ours, stock = sides
    bad = 0
    print(f"{'request':<16} {'ours ms':>8} {'stock ms':>8} {'ratio':>6}  quartiles    limit")
    chosen = [name for name in REQUESTS if only in name]
    for name in chosen:
        limit, times = REQUESTS[name]
        pairs = measure(name, times, rounds, ours, stock)
        bad += show(name, pairs, limit)
    if only:
        return 1 if bad else 0
    for side in (ours, stock):
        side.ask("mirror", on=True)
    show("  with mirror", measure("package_search", 10, rounds, ours, stock), None)
    full = ours.ask("completeness", number=10000)
    ratio = full["completeness"] / full["package_show"]
    bad += ratio > COMPLETENESS
    print(
        f"completeness of {full['datasets']} datasets: {ratio:.2f} of one package_show each "
        f"(at most {COMPLETENESS})"
    )
    window = ours.ask("release", number=20)
    print(f"20 datasets released together: one commit after {window['commit']:.2f} s,", end=" ")
    print(f"the last one is found {window['found']:.2f} s after it")
    return 1 if bad else 0


def measure(name: str, times: int, rounds: int, ours: Side, stock: Side) -> list[tuple]:
    """Pairs of seconds for one request; who begins changes from pair to pair."""
    pairs = []
    for number in range(rounds + 2):
        order = (ours, stock) if number % 2 else (stock, ours)
        done = {side: side.ask(name, times=times) for side in order}
        if number >= 2:  # the first two warm up
            pairs.append((done[ours], done[stock]))
    return pairs


def show(name: str, pairs: list[tuple], limit: float | None) -> bool:
    """Print one line; True when the median ratio is above the limit."""
    ratios = sorted(a / b for a, b in pairs)
    low, middle, high = statistics.quantiles(ratios, n=4)
    mine, theirs = (statistics.median(one[n] for one in pairs) * 1000 for n in (0, 1))
    told = f"≤ {limit}" if limit else "-"
    over = limit is not None and middle > limit
    print(
        f"{name:<16} {mine:8.2f} {theirs:8.2f} {middle:6.3f}  {low:.3f}-{high:.3f}  {told}"
        f"{'  ABOVE' if over else ''}",
        flush=True,
    )
    return over


if __name__ == "__main__":
    sys.exit(main())
