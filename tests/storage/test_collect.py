"""The collector takes what nothing names, and never what something names."""

from __future__ import annotations

import io
import os
import threading
import time
import tracemalloc
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ckan import model
from ckan.cli.cli import ckan
from ckan.plugins import toolkit as tk

from ckanext.satudata import config
from ckanext.satudata.common import files
from ckanext.satudata.storage import collect, jobs, service

from tests import factories as make
from tests.storage.test_uploads import make_legacy

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

DAY = 86_400
FILES = 3


@pytest.fixture
def folder(tmp_path, with_plugins, monkeypatch) -> Path:
    """A store of its own: the other tests' files are none of ours."""
    monkeypatch.setitem(tk.config, config.STORAGE_PATH, str(tmp_path))
    return tmp_path


@pytest.fixture
def city(kept, folder, non_clean_db) -> make.City:
    if "city" not in kept:
        kept["city"] = make.city()
    return kept["city"]


@pytest.fixture
def resources(city) -> list[str]:
    """Ids of files of a draft."""
    return [one["id"] for one in make.dataset(city, files=FILES)["resources"]]


def stored(folder: Path) -> set[str]:
    """Names of the stored files."""
    return {one.name for one in folder.glob("??/??/*")}


def put(resource_id: str, content: bytes) -> str:
    sha256 = service.put(resource_id, io.BytesIO(content))
    model.Session.commit()
    return sha256


def age(folder: Path, seconds: float) -> None:
    """Let all files be as old."""
    for one in folder.rglob("*"):
        if one.is_file():
            os.utime(one, (time.time() - seconds,) * 2)


def test_what_is_let_go_is_kept_for_the_grace_period(folder, resources):
    """It counts from the moment it was let go, not from the upload."""
    old = put(resources[0], b"lama")
    age(folder, 30 * DAY)
    put(resources[0], b"baru")
    assert collect.collect(grace=DAY) == collect.Collection()
    assert old in stored(folder)
    age(folder, DAY + 1)
    before = stored(folder)
    assert collect.collect(grace=DAY, dry_run=True) == collect.Collection(1, 4)
    assert stored(folder) == before
    assert collect.collect(grace=DAY) == collect.Collection(1, 4)
    assert stored(folder) == before - {old}


def test_originals_are_kept_as_long_as_the_copy(folder, resources):
    """And go with it."""
    uploaded = put(resources[0], b"asli")
    copy = service.set_served(resources[0], io.BytesIO(b"bersih"))
    model.Session.commit()
    collect.collect(grace=0)
    assert {uploaded, copy} <= stored(folder)
    put(resources[0], b"baru")
    collect.collect(grace=0)
    assert not {uploaded, copy} & stored(folder)


def test_deleted_files_are_kept_and_purged_ones_go(folder, city):
    """Of a deleted dataset everything can come back; of a purged one nothing."""
    package = make.dataset(city)
    resource_id, content = package["resources"][0]["id"], uuid.uuid4().bytes
    sha256 = put(resource_id, content)
    make.call("resource_delete", city.produsen_data, id=resource_id)
    make.call("package_delete", city.produsen_data, id=package["id"])
    age(folder, 30 * DAY)
    collect.collect(grace=DAY)
    assert sha256 in stored(folder)
    make.call("dataset_purge", city.sysadmin, id=package["id"])
    # The row goes now; the file has its time of grace from here.
    collect.collect(grace=DAY)
    assert sha256 in stored(folder)
    assert model.Session.get(service.FilePointer, resource_id) is None
    age(folder, 2 * DAY)
    collect.collect(grace=DAY)
    assert sha256 not in stored(folder)


def test_letters_and_what_the_history_names_are_kept(folder, city):
    """Nobody registers them: a column or an event that names a file is enough."""
    from ckanext.satudata.letters.model import Letter

    package = make.dataset(city)
    letter = make.call(
        "satudata_letter_show",
        city.walidata,
        id=make.bring_to(city, package, "validated")["letter_id"],
    )
    sha256 = letter["file_sha256"]
    age(folder, 30 * DAY)
    collect.collect(grace=0)
    assert sha256 in stored(folder)
    model.Session.execute(
        sa.update(Letter.__table__)
        .where(Letter.__table__.c.id == letter["id"])
        .values(file_sha256="0" * 64)
    )
    model.Session.commit()
    collect.collect(grace=0)
    assert sha256 in stored(folder)
    names = {one.by for one in collect.verify() if one.sha256 == "0" * 64}
    assert names == {"satudata_letter.file_sha256"}
    model.Session.execute(
        sa.update(Letter.__table__)
        .where(Letter.__table__.c.id == letter["id"])
        .values(file_sha256=sha256)
    )
    model.Session.commit()


def test_unfinished_uploads_are_removed_late(folder, resources):
    """One that stands still for an hour was cut off; nothing else in the folder is touched."""
    new, old, other = (folder / name for name in ("upload-new", "upload-old", "catatan.txt"))
    for one in (new, old, other):
        one.write_bytes(b"x")
    os.utime(old, (time.time() - 2 * 3600,) * 2)
    os.utime(other, (time.time() - 90 * DAY,) * 2)
    collect.collect(grace=0)
    assert [one.exists() for one in (new, old, other)] == [True, False, True]


def test_while_somebody_stores_nothing_is_taken(folder, resources):
    """The same content, uploaded again and not committed yet, is safe; then it is named."""
    sha256 = put(resources[0], b"sama")
    put(resources[0], b"lain")
    age(folder, 30 * DAY)
    took: list[collect.Collection] = []

    def run() -> None:
        took.append(collect.collect(grace=0))
        model.Session.remove()

    service.put(resources[1], io.BytesIO(b"sama"))
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    model.Session.commit()
    assert took[0].busy
    assert took[0].count == 0
    assert collect.collect(grace=0).busy is False
    assert service.sha256_of(resources[1]) == sha256
    with service.open_resource(resources[1]) as source:
        assert source.read() == b"sama"


def test_race_of_uploads_with_the_collector(folder, resources):
    """Three people upload the same few contents while the collector never rests."""
    contents = [f"isi {n}".encode() for n in range(3)]
    lost: list[str] = []
    trouble: list[BaseException] = []
    stop = threading.Event()
    taken: list[int] = []

    def upload(resource_id: str) -> None:
        try:
            for number in range(60):
                content = contents[number % len(contents)]
                sha256 = service.put(resource_id, io.BytesIO(content))
                if number % 5 == 4:
                    model.Session.rollback()
                    continue
                model.Session.commit()
                found = service.open_resource(resource_id)
                if found is None:
                    lost.append(sha256)
                else:
                    found.close()
                model.Session.rollback()
        except BaseException as error:  # noqa: BLE001 - shown by the test
            trouble.append(error)
        finally:
            model.Session.remove()

    def run() -> None:
        while not stop.is_set():
            taken.append(collect.collect(grace=0).count)

    collector = threading.Thread(target=run)
    people = [threading.Thread(target=upload, args=(one,)) for one in resources]
    for one in [collector, *people]:
        one.start()
    for one in people:
        one.join()
    stop.set()
    collector.join()
    assert trouble == []
    assert lost == []
    assert sum(taken) > 0, "the collector never had its turn"


#: Few, so that files are shared; the other tests have none of them.
CONTENTS = [f"urutan {n}".encode() for n in range(4)]


class Store(RuleBasedStateMachine):
    """Save, point, copy, derive, clear, roll back, purge, come back, collect: any order."""

    ids: tuple[str, ...] = ()
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        model.Session.rollback()
        #: resource → (served, original) as it must be.
        self.truth: dict[str, tuple[bytes | None, bytes | None]] = {}
        for one in self.ids:
            service.clear(one)
            self.truth[one] = (None, None)
        model.Session.commit()

    _resource = st.integers(0, FILES - 1)
    _content = st.sampled_from(CONTENTS)

    def _end(self, commit: bool, index: int, new: tuple[bytes | None, bytes | None]) -> None:
        if commit:
            model.Session.commit()
            self.truth[self.ids[index]] = new
        else:
            model.Session.rollback()

    @rule(index=_resource, content=_content, commit=st.booleans())
    def upload(self, index: int, content: bytes, commit: bool) -> None:
        service.put(self.ids[index], io.BytesIO(content))
        self._end(commit, index, (content, None))

    @rule(index=_resource, content=_content, commit=st.booleans())
    def derive(self, index: int, content: bytes, commit: bool) -> None:
        served, original = self.truth[self.ids[index]]
        service.set_served(self.ids[index], io.BytesIO(content))
        first = original or served
        self._end(commit, index, (content, None if first == content else first))

    @rule(index=_resource, other=_resource, commit=st.booleans())
    def copy(self, index: int, other: int, commit: bool) -> None:
        service.copy(self.ids[other], self.ids[index])
        self._end(commit, index, self.truth[self.ids[other]])

    @rule(index=_resource, commit=st.booleans())
    def clear(self, index: int, commit: bool) -> None:
        service.clear(self.ids[index])
        self._end(commit, index, (None, None))

    @rule(content=_content, commit=st.booleans())
    def only_save(self, content: bytes, commit: bool) -> None:
        service.save(io.BytesIO(content))
        (model.Session.commit if commit else model.Session.rollback)()

    @rule(index=_resource)
    def purge_and_come_back(self, index: int) -> None:
        table = model.Resource.__table__
        where = table.c.id == self.ids[index]
        row = dict(model.Session.execute(sa.select(table).where(where)).mappings().one())
        model.Session.execute(sa.delete(table).where(where))
        model.Session.commit()
        collect.collect(grace=DAY)
        model.Session.execute(sa.insert(table).values(**row))
        service.begin(self.ids[index], None)
        self._end(True, index, (None, None))

    @rule()
    def collect_all(self) -> None:
        done = collect.collect(grace=0)
        assert done.busy is False
        named = {one for pair in self.truth.values() for one in pair if one is not None}
        have = {path.read_bytes() for path in self.folder.glob("??/??/*")}
        assert have & set(CONTENTS) == named

    @rule()
    def collect_within_grace(self) -> None:
        before = stored(self.folder)
        collect.collect(grace=DAY)
        assert stored(self.folder) == before

    @invariant()
    def what_is_named_is_there(self) -> None:
        for one, (served, original) in self.truth.items():
            for opened, content in (
                (service.open_resource(one), served),
                (service.open_original(one), original or served),
            ):
                if content is None:
                    assert opened is None
                else:
                    with opened:
                        assert opened.read() == content

    def teardown(self) -> None:
        model.Session.rollback()


def test_nothing_that_is_named_is_ever_lost(folder, resources):
    """Any sequence of what happens to files."""
    made = type("Here", (Store,), {"ids": tuple(resources), "folder": folder})
    run_state_machine_as_test(
        made,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def command(cli):
    """Call ``ckan satudata storage …`` and answer its exit code and what it printed."""

    def call(*words: str) -> tuple[int, str]:
        done = cli.invoke(ckan, ["satudata", "storage", *words])
        return done.exit_code, done.output

    return call


def test_damage_is_found_and_an_upload_repairs_it(folder, resources, command):
    """``verify`` names what is altered or gone and what needs it."""
    first, second = put(resources[0], b"satu"), put(resources[1], b"dua")
    (folder / first[:2] / first[2:4] / first).write_bytes(b"rusak")
    os.remove(files.path(second))
    found = {one for one in collect.verify() if one.sha256 in (first, second)}
    assert found == {
        collect.Damage(first, "altered", "satudata_file_pointer.sha256"),
        collect.Damage(second, "missing", "satudata_file_pointer.sha256"),
    }
    code, said = command("verify")
    assert code == 1
    assert f"{first} altered" in said
    put(resources[0], b"satu")
    put(resources[1], b"dua")
    assert not {one for one in collect.verify() if one.sha256 in (first, second)}


def test_commands(folder, resources, command):
    """Take over what is from before, collect, and give all back to stock CKAN."""
    path = make_legacy(resources[0], b"dari dulu")
    assert "0 files taken over" not in command("take-over")[1]
    assert "0 files taken over" in command("take-over")[1]
    assert service.is_legacy(resources[0]) is False
    put(resources[0], b"yang baru")
    assert "0 files (0 bytes) would be taken away" in command("collect", "--dry-run")[1]
    age(folder, 2 * DAY)
    assert "files taken away" not in command("collect", "--dry-run")[1]
    code, said = command("collect")
    assert (code, "taken away" in said) == (0, True)
    assert {service.sha256_of(one) for one in resources} <= stored(folder)
    assert command("restore")[0] == 0
    assert Path(path).read_bytes() == b"yang baru"


def test_the_tick_collects_once_a_day(folder, resources, monkeypatch):
    """And goes on the same day when it was kept from it."""
    monkeypatch.setattr(jobs, "_last", [])
    put(resources[0], b"lama")
    put(resources[0], b"baru")
    age(folder, 2 * DAY)
    calls = []
    original = collect.collect
    monkeypatch.setattr(collect, "collect", lambda: calls.append(1) or original())
    files.protect()
    assert jobs.tick_storage() == 0
    model.Session.rollback()
    assert jobs.tick_storage() >= 1
    assert jobs.tick_storage() == 0
    assert len(calls) == 2


def test_memory_stays_flat(folder, resources):
    """64 MB are stored and read in pieces."""

    class Zeros(io.RawIOBase):
        left = 64 * files.CHUNK

        def read(self, size: int = -1) -> bytes:
            given = min(size, self.left)
            self.left -= given
            return bytes(given)

    tracemalloc.start()
    try:
        sha256 = service.put(resources[0], Zeros())
        model.Session.commit()
        with service.open_resource(resources[0]) as source:
            assert files.sha256(source) == sha256
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert service.pointer(resources[0]).size == 64 * files.CHUNK
    assert peak < 8 * files.CHUNK
