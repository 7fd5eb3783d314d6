"""Run a whole portal on one machine: ``python3 stack/portal.py <verb>`` (see Makefile).

Installs what is missing, starts services and portal under supervisor, prepares databases and
index, seeds the demo city, and reports what dies and comes back. Every step can be interrupted
and repeated. Standard library only: it runs before there is a virtual environment. What runs
is in supervisord.conf, the rest in settings.toml.
"""

from __future__ import annotations

import contextlib
import getpass
import glob
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import string
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import tomllib

ROOT = Path(__file__).resolve().parent.parent
STACK, HOME = ROOT / "stack", ROOT / ".satudata"
SETTINGS = tomllib.loads((STACK / "settings.toml").read_text())
SERVICES, PORTAL = ["postgresql", "redis", "solr"], ["web", "worker:*", "tick"]


class Stop(Exception):  # noqa: N818 - it stops, it is no error of ours
    """Something a person has to look at: what, why, and what to do."""


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Print a step and its time."""
    begin = time.monotonic()
    print(f"  … {name}", flush=True)
    yield
    print(f"    {time.monotonic() - begin:.1f} s", flush=True)


def run(*command: Any, why: str = "A command failed", **more: Any) -> str:
    """Run a command and answer its output; on failure its last lines are told."""
    more["input"] = more.get("input") or ""
    words = [str(one) for one in command]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run(words, **pipes, **more)
    if done.returncode:
        tail = "\n    ".join(done.stdout.strip().splitlines()[-12:])
        raise Stop(f"{why}: {' '.join(words)[:150]}\n    {tail}")
    return done.stdout


def install_packages(*groups: str) -> None:
    """Install missing Debian packages (a command or file shows that one is there)."""
    missing = [
        package
        for group in groups
        for package, sign in SETTINGS[group].items()
        if not (glob.glob(sign) if "/" in sign else shutil.which(sign))
    ]
    if not missing:
        return
    names, sudo = " ".join(missing), [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or sudo and not shutil.which("sudo"):
        raise Stop(f"Missing: {names}. As administrator: apt-get install {names}")
    why = f"Missing: {names}, and they cannot be installed"
    apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y"]
    with step(f"Debian packages {names}"):
        run(*apt, "update", why=why)
        run(*apt, "install", "--no-install-recommends", *missing, why=why)


class Instance:
    """One portal, or only its services, with its own folder, ports and secret."""

    def __init__(self, name: str, release: str) -> None:
        known = SETTINGS["ckan"]["releases"]
        if release not in known:
            raise Stop(f"CKAN={release} is not known. Use one of: {', '.join(known)}")
        self.name, self.release, self.version = name, release, known[release]
        self.venv, self.daemon = HOME / f"venv-{release}", None
        self.bin, self.folder = self.venv / "bin", HOME / f"{name}-{release}"
        ports = SETTINGS["instances"][name]["ports"].items()
        env = os.environ
        self.ports = {k: int(env.get(f"SATUDATA_{k.upper()}_PORT", v)) for k, v in ports}

    @property
    def kept(self) -> dict[str, Any]:
        """Secret, xloader's token and the key of the last preparation."""
        file = self.folder / "kept.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def keep(self, **values: Any) -> None:
        """Write some of it, whole or not at all."""
        new = self.folder / "kept.new"
        new.write_text(json.dumps({**self.kept, **values}))
        new.replace(self.folder / "kept.json")

    @property
    def environment(self) -> dict[str, str]:
        """What supervisord.conf and the ckan command read."""
        user, data = getpass.getuser(), self.folder / "postgresql"
        if os.geteuid() == 0:  # PostgreSQL refuses root, and its user may not enter the clone
            user, digest = "postgres", hashlib.sha256(str(data).encode()).hexdigest()
            look = ["runuser", "-u", user, "--", "test", "-x", str(self.folder)]
            if subprocess.run(look, capture_output=True, cwd="/").returncode:
                data = Path(f"/var/lib/postgresql/satudata-{digest[:12]}")
        binaries = glob.glob("/usr/lib/postgresql/*/bin")
        values = {
            "INSTANCE": self.folder,
            "STACK": STACK,
            "BIN": self.bin,
            "PG_BIN": max(binaries, key=lambda one: int(one.split("/")[4])),
            "PG_DATA": data,
            "PG_USER": user,
            "SECRET": self.kept.get("secret", ""),
            "CKAN_INI": self.folder / "ckan.ini",
            "WEB": os.environ.get("WEB") or 1,
            "WORKERS": os.environ.get("WORKERS") or 1,
            "WEB_PORT": 0,
            **{f"{key.upper()}_PORT": port for key, port in self.ports.items()},
        }
        # CKAN reads CKAN_… of the caller's environment too: they belong to another portal.
        own = {key: value for key, value in os.environ.items() if not key.startswith("CKAN_")}
        return own | {key: str(value) for key, value in values.items()}

    def ckan(self, *words: Any, text: str | None = None, **more: Any) -> str:
        """Run the ckan command with the settings of this instance."""
        return run(self.bin / "ckan", *words, env=self.environment | more, input=text)

    def ctl(self, *words: str) -> str:
        """Ask supervisor."""
        command = [self.bin / "supervisorctl", "-c", STACK / "supervisord.conf", *words]
        try:
            env = self.environment
            return subprocess.run(command, env=env, capture_output=True, text=True).stdout
        except FileNotFoundError:
            return ""

    def running(self) -> bool:
        """Is supervisor up for this instance?"""
        return bool(self.kept) and self.ctl("pid").strip().isdigit()

    def install(self) -> None:
        """Virtual environment and Solr, once; an interrupted install is repeated."""
        text = (ROOT / "pyproject.toml").read_text() + str(SETTINGS["ckan"])
        key, marker = hashlib.sha256(text.encode()).hexdigest(), self.venv / "installed"
        if not marker.exists() or marker.read_text() != key:
            pip = [self.bin / "python", "-m", "pip", "install", "-q"]
            why = "A Python package cannot be had"
            with step(f"CKAN {self.version} and this extension, about a minute"):
                run(sys.executable, "-m", "venv", self.venv, why=why)
                run(*pip, "-U", "pip", "setuptools", "wheel", why=why)
                run(*pip, f"ckan[requirements]=={self.version}", why=why)
                run(*pip, SETTINGS["ckan"]["xloader"], why=why)
                run(*pip, *SETTINGS["ckan"]["editable"], f"{ROOT}[stack,dev]", why=why)
            marker.write_text(key)
        if not (jars := HOME / "solr-jars").exists():
            with step("Solr"):
                copy = ["dependency:copy-dependencies", f"-DoutputDirectory={jars}.part"]
                pom = ["-f", STACK / "pom.xml"]
                run("mvn", "-q", *pom, *copy, why="The parts of Solr cannot be had")
                Path(f"{jars}.part").rename(jars)

    def write_settings(self, *cores: str) -> None:
        """Folders, secret, ini, Solr cores and the PostgreSQL cluster."""
        for name in ("logs", "redis", "files"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        if "secret" not in self.kept:
            self.keep(secret="ckan" if self.name == "test" else secrets.token_hex(16))
        values = {"web": 0, "token": "none", **self.ports, **self.kept}
        template = string.Template((STACK / "ckan.ini").read_text())
        text = template.substitute(values, instance=self.folder)
        (self.folder / "ckan.ini").write_text(text)
        schema = next(self.venv.glob("lib/*/site-packages/ckan/config/solr/schema.xml"))
        for core in cores:
            conf = self.folder / "solr" / core / "conf"
            conf.mkdir(parents=True, exist_ok=True)
            shutil.copy(schema, conf)
            shutil.copy(STACK / "solr" / "solrconfig.xml", conf)
            _ = [(conf / f"{one}.txt").touch() for one in ("protwords", "synonyms")]
            (conf.parent / "core.properties").write_text(f"name={core}\n")
        (self.folder / "solr" / "solr.xml").write_text("<solr></solr>")
        env = self.environment
        data, part = Path(env["PG_DATA"]), Path(env["PG_DATA"] + ".part")
        if not data.exists():
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(mode=0o700)
            shutil.chown(part, env["PG_USER"])
            root = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
            how = ["-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust", "-k"]
            with step("PostgreSQL cluster"):
                run(*root, f"{env['PG_BIN']}/initdb", "-D", part, *how, cwd="/")
                # Loopback only, and nobody without the instance's secret but its owner.
                rules = ("postgres 127.0.0.1/32 trust", "all 127.0.0.1/32 scram-sha-256")
                (part / "pg_hba.conf").write_text("\n".join(f"host all {r}" for r in rules) + "\n")
                part.rename(data)

    def sql(self, text: str) -> str:
        """Run SQL (or a script for psql) as the cluster's owner."""
        where = ["-h", "127.0.0.1", "-p", self.ports["postgresql"], "-U", "postgres"]
        psql = [f"{self.environment['PG_BIN']}/psql", *where, "-d", "postgres", "-qAtX"]
        return run(*psql, "-v", "ON_ERROR_STOP=1", input=text)

    def make_databases(self, pairs: dict[str, str]) -> None:
        """Roles, and databases (name → owner)."""
        for role in ("ckan", "datastore_rw", "datastore_ro"):
            if not self.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'"):
                self.sql(f"CREATE ROLE {role} LOGIN PASSWORD '{self.kept['secret']}'")
        for name, owner in pairs.items():
            if not self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
                self.sql(f"CREATE DATABASE {name} OWNER {owner}")

    def let_datastore(self, **more: str) -> None:
        """Give the DataStore's roles their rights."""
        script = self.ckan("datastore", "set-permissions", **more)
        self.sql(script[script.index("/*") :])

    def start(self, *cores: str) -> None:
        """Start supervisor with the three services, and wait for them."""
        for name, port in self.ports.items():
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if not probe.connect_ex(("127.0.0.1", port)):
                    other = f"SATUDATA_{name.upper()}_PORT={port + 1000}"
                    what = f"Port {port} ({name}) is taken by another program."
                    raise Stop(f"{what} See it by: ss -ltnp; or set {other}")
        self.write_settings(*cores)
        daemon = [self.bin / "supervisord", "-c", STACK / "supervisord.conf"]
        out = (self.folder / "logs" / "launcher.log").open("w")
        how = {"env": self.environment, "stdout": out, "stderr": out}
        self.daemon = subprocess.Popen(daemon, start_new_session=True, **how)
        with step("PostgreSQL, Redis, Solr"):
            for name in SERVICES:
                self.wait(name, lambda name=name: self.answers(name))

    def answers(self, name: str) -> bool:
        """Does a service answer on its port?"""
        if name == "postgresql":
            with contextlib.suppress(Stop):
                return self.sql("SELECT 1") != ""
            return False
        if name in ("solr", "web"):
            path = {"solr": "solr/admin/cores", "web": "api/3/action/status_show"}[name]
            with contextlib.suppress(OSError):
                return (
                    urlopen(f"http://127.0.0.1:{self.ports[name]}/{path}", timeout=5).status == 200
                )
            return False
        with socket.socket() as probe:
            return not probe.connect_ex(("127.0.0.1", self.ports[name]))

    def wait(self, name: str, ready: Any, seconds: int = 90) -> None:
        """Wait until something is ready, or say where its log is."""
        end = time.monotonic() + seconds
        while not ready():
            dead = self.daemon is not None and self.daemon.poll() is not None
            if time.monotonic() > end or dead:
                log = self.folder / "logs" / f"{'launcher' if dead else name}.log"
                tail = "\n    ".join(log.read_text().splitlines()[-8:]) if log.exists() else ""
                raise Stop(f"{name} does not answer. Its log: {log}\n    {tail}")
            time.sleep(0.3)

    def prepare(self) -> None:
        """Databases, migrations and the administrator, when something changed."""
        sources = [*ROOT.glob("ckanext/satudata/migration/**/*.py"), STACK / "ckan.ini"]
        text = self.version + "".join(one.read_text() for one in sorted(sources))
        key = hashlib.sha256(text.encode()).hexdigest()
        if self.kept.get("prepared") == key:
            return
        with step("databases and migrations"):
            self.make_databases(SETTINGS["ckan"]["databases"])
            self.ckan("db", "init")
            self.ckan("translation", "js")
            # Here, because two workers that make xloader's tables at once lose a load.
            self.ckan("shell", text="from ckanext.xloader import db; db.init(config)\n")
            self.let_datastore()
        if "token" not in self.kept:
            with step("administrator"):
                who = ["admin", "email=admin@example.org", "password=satudata-admin"]
                self.ckan("sysadmin", "add", *who, text="y\n")
                token = self.ckan("user", "token", "add", "admin", "portal").split()[-1]
                self.keep(token=token)
            self.write_settings()
        self.keep(prepared=key)

    def up(self) -> None:
        """Everything: install, services, preparation, portal, demo city."""
        install_packages("debian")
        self.install()
        if not self.running():
            self.start("satudata")
        self.prepare()
        with step("web processes, worker, tick"):
            with ThreadPoolExecutor() as pool:
                list(pool.map(lambda name: self.ctl("start", name), PORTAL))
            self.wait("web", lambda: self.answers("web"))
        url = f"http://127.0.0.1:{self.ports['web']}"
        file = HOME / ("accounts.json" if self.name == "run" else f"{self.name}.json")
        seed = [self.bin / "python", ROOT / "demo" / "seed.py", url, file]
        print(run(*seed, env={**os.environ, "TOKEN": self.kept["token"]}, why="Seeding"))

    def down(self) -> None:
        """Stop everything of this instance."""
        if self.running():
            pid = int(self.ctl("pid"))
            with step(f"stopping {self.name}"), contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
                # A child of ours would stay a zombie until it is waited for.
                while self.daemon.poll() is None if self.daemon else not os.kill(pid, 0):
                    time.sleep(0.2)

    def follow(self) -> None:
        """Tell in plain words what supervisor reports, until Ctrl-C."""
        words = {
            r"exited: (\S+) \((.+); not expected\)": "{0} died ({1}); it is restarted",
            r"success: (\S+) entered RUNNING": "{0} runs",
            r"spawnerr: (.+)": "cannot be started: {0}",
            r"gave up: (\S+)": "{0} does not start. See: make logs; then: make down up",
        }
        with (self.folder / "logs" / "supervisord.log").open() as log:
            log.seek(0, os.SEEK_END)
            while self.running():
                for line in log.readlines():
                    for pattern, text in words.items():
                        if found := re.search(pattern, line):
                            now = time.strftime("%H:%M:%S")
                            print(f"  {now} {text.format(*found.groups())}", flush=True)
                time.sleep(1)
        raise Stop("The supervisor ended. See: make logs; start again with: make run")


def main() -> None:
    """Do what the command line says."""
    verb, release = sys.argv[1], os.environ.get("CKAN") or SETTINGS["ckan"]["default"]
    portal = Instance(os.environ.get("INSTANCE") or "run", release)
    if verb == "run":
        try:
            portal.up()
            print("Ctrl-C stops everything.", flush=True)
            portal.follow()
        finally:
            portal.down()
    elif verb == "status":
        ports = ", ".join(f"{name} {port}" for name, port in portal.ports.items())
        print(portal.ctl("status") if portal.running() else "not running", f"({ports})")
    elif verb == "logs":
        files = glob.glob(f"{portal.folder}/logs/{os.environ.get('SERVICE', '')}*.log")
        os.execvp("tail", ["tail", "-n", "20", "-F", *files])
    elif verb == "reset":
        if sys.stdin.isatty() and input("Delete all data? Type yes: ") != "yes":
            return
        data = portal.environment["PG_DATA"]
        portal.down()
        for folder in (portal.folder, data):
            shutil.rmtree(folder, ignore_errors=True)
    elif verb == "shell":
        words, env = sys.argv[2:], portal.environment
        env["PATH"] = f"{portal.bin}:{env['PATH']}"
        os.execvpe(words[0] if words else "bash", words or ["bash"], env)
    else:
        getattr(portal, verb)()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except Stop as problem:
        sys.exit(f"\n{problem}")
    except KeyboardInterrupt:
        sys.exit(130)
