"""Run the suite with services of its own: ``python3 tests/run.py [pytest arguments]``.

Without the environment's CKAN: all on 2.12, then the parts marked ``both`` on 2.11.
Each parallel process has databases, a Solr core and a Redis database of its own. The
whole-portal tests (``e2e``) run after the others, in one process, because the portal
they start wants the machine for itself. Nothing is left running.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "stack"))

from portal import ROOT, SETTINGS, Instance, Stop, install_packages, step  # noqa: E402

#: Parallel processes: as many as cores, two at least.
PROCESSES = max(2, os.cpu_count() or 2)
NO_TESTS = 5


def prepare(test: Instance) -> None:
    """Start the services and make what each process needs, empty."""
    test.install()
    test.down()
    names = [f"satudata_test_gw{n}" for n in range(PROCESSES)]
    test.start(*names)
    stores = [name.replace("satudata", "datastore") for name in names]
    pairs = dict.fromkeys(names, "ckan") | dict.fromkeys(stores, "datastore_rw")
    with step(f"databases of {PROCESSES} processes"):
        for name in pairs:
            test.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        test.make_databases(pairs)
        for n in range(PROCESSES):
            more = {**addresses(test, n), "CKAN_INI": str(ROOT / "test.ini")}
            test.let_datastore(**more)


def addresses(test: Instance, n: int = 0) -> dict[str, str]:
    """Where a process finds its services (conftest.py puts the others' for gw0)."""
    host = {name: f"127.0.0.1:{port}" for name, port in test.ports.items()}
    store = f"{host['postgresql']}/datastore_test_gw{n}"
    return {
        "CKAN_SQLALCHEMY_URL": f"postgresql://ckan:ckan@{host['postgresql']}/satudata_test_gw{n}",
        "CKAN_DATASTORE_WRITE_URL": f"postgresql://datastore_rw:ckan@{store}",
        "CKAN_DATASTORE_READ_URL": f"postgresql://datastore_ro:ckan@{store}",
        "CKAN_SOLR_URL": f"http://{host['solr']}/solr/satudata_test_gw{n}",
        "CKAN_REDIS_URL": f"redis://{host['redis']}/{n}",
    }


def pytest(test: Instance, *words: str) -> int:
    """Run pytest in the environment of a release; its exit code."""
    env = {**test.environment, **addresses(test), "SATUDATA_RELEASE": test.release}
    env.pop("CKAN_INI")
    command = [test.bin / "python", "-m", "pytest", *words]
    return subprocess.run(command, cwd=ROOT, env=env).returncode


def suite(release: str, chosen: list[str]) -> int:
    """The whole suite on one release; the first exit code that is not good."""
    primary = release == SETTINGS["ckan"]["default"]
    test, codes = Instance("test", release), []
    try:
        prepare(test)
        mark = "not e2e" if primary else "both and not e2e"
        parallel = ["-n", str(PROCESSES), "--dist", "loadscope"]
        codes.append(pytest(test, "-m", mark, *parallel, *chosen))
        if primary:
            codes.append(pytest(test, "-m", "e2e", *chosen))
    finally:
        test.down()
    # A choice of tests may leave one of the two runs without any.
    codes = [code for code in codes if code != NO_TESTS] or codes[:1]
    return next((code for code in codes if code), 0)


def main() -> int:
    """Run it on the releases asked for."""
    begin = time.monotonic()
    install_packages("debian", "debian-test")
    asked = os.environ.get("CKAN")
    releases = [asked] if asked else list(SETTINGS["ckan"]["releases"])
    codes = {release: suite(release, sys.argv[1:]) for release in releases}
    for release, code in codes.items():
        print(f"CKAN {release}: {'passed' if code == 0 else f'failed ({code})'}")
    print(f"{time.monotonic() - begin:.0f} s in all")
    return next((code for code in codes.values() if code), 0)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Stop as problem:
        sys.exit(f"\n{problem}")
    except KeyboardInterrupt:
        sys.exit(130)
