"""The command line of ckanapi: dump and load of a portal, and the road by actions."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from ckanext.satudata.approval.states import PRINCIPLES, TRANSITIONS

from tests.kegiatan import every_field
from tests.portal import ROOT
from tests.site import Instance

pytestmark = pytest.mark.e2e

#: What another portal necessarily says otherwise: its own dates, its account, its host.
OF_THE_SITE = {
    "private",
    "metadata_created",
    "creator_user_id",
    "organization.created",
    "tags.id",
    "resources.metadata_modified",
    "resources.url",
}
#: What a file that is sent once more moves; no worker of the fresh portal loads its rows.
OF_THE_UPLOAD = {"metadata_modified", "resources.last_modified", "resources.datastore_active"}
#: Tables that every request with a token writes.
SEEN = ("api_token", "user")
FINDINGS = {"findings": [{"code": "other", "comment": "Mohon dijelaskan."}]}
CHECKLIST = {"checklist": dict.fromkeys(PRINCIPLES, "ok")}


def _ckanapi(url: str, token: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the real command against a running site."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # its workers start themselves
    own = {key: value for key, value in os.environ.items() if not key.startswith("CKAN_")}
    command = ["ckanapi", *words, "-r", url, "-a", token]
    return subprocess.run(command, env={**own, "PATH": path}, capture_output=True, text=True)


def _dump(url: str, token: str, target: Path, *names: str) -> list[dict[str, Any]]:
    """Dump datasets (all that ckanapi takes for all, or those named)."""
    done = _ckanapi(url, token, "dump", "datasets", *(names or ["--all"]), "-O", str(target))
    assert done.returncode == 0, done.stderr
    return _records(target)


def _load(
    url: str, token: str, source: Path, *more: str, thing: str = "datasets"
) -> subprocess.CompletedProcess[str]:
    return _ckanapi(url, token, "load", thing, "-I", str(source), *more)


def _write(target: Path, records: list[dict[str, Any]]) -> Path:
    target.write_text("".join(json.dumps(one) + "\n" for one in records))
    return target


def _digests(instance: Instance) -> dict[str, str]:
    """Table → digest of all its rows, of the portal's own database."""
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    found = instance.sql(f"\\connect satudata\n{tables}").split()
    digest = "md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
    queries = [f"SELECT '{one}', {digest} FROM \"{one}\" t;" for one in found if one not in SEEN]
    lines = instance.sql("\\connect satudata\n" + "\n".join(queries)).split()
    return dict(line.split("|") for line in lines)


@pytest.fixture(scope="module")
def admin(portal: Any) -> str:
    """Token of the portal's administrator."""
    return next(one["token"] for one in portal.accounts if one["user"] == "admin")


@pytest.fixture(scope="module")
def full(demo: Any) -> dict[str, Any]:
    """A draft with every field of the scheme, tags, free extras, a file and a link."""
    schema = yaml.safe_load((ROOT / "ckanext/satudata/schemas/dataset.yaml").read_text())
    name = f"data-lengkap-{uuid.uuid4().hex[:8]}"
    values = every_field()
    values |= {"name": name, "owner_org": "disdukcapil", "license_id": "cc-by"}
    values["tag_string"] = "kependudukan,lingkungan hidup"
    values["extras"] = [{"key": "Catatan", "value": "Diperbarui tiap semester"}]
    producer = demo.as_("dukcapil")
    producer.package_create(**values)
    about = {"package_id": name, "description": "Isi description", "periode": "2025"}
    content = io.BytesIO(b"kelurahan,jumlah\nSentul,12\n")
    file = {"name": "Berkas", "url": "a.csv", "format": "CSV", "upload": ("a.csv", content)}
    producer.resource_create(**about, **file)
    producer.resource_create(**about, name="Tautan", url="https://example.org/b", format="PDF")
    _wait_until_loaded(demo, name)
    record = producer.package_show(id=name)
    assert all(record.get(key) for key in values if key != "tag_string")
    assert len(record["tags"]) == 2
    # Repeating ones are no text of a form with a file.
    fields = {one["field_name"] for one in schema["resource_fields"] if "field_name" in one}
    fields -= {
        one["field_name"] for one in schema["resource_fields"] if "repeating_subfields" in one
    }
    assert all(one.get(key) for one in record["resources"] for key in fields)
    return record


@pytest.fixture(scope="module")
def names(demo: Any, full: dict[str, Any]) -> list[str]:
    """Datasets of the demo city in every state of the road, and the full one."""
    return [full["name"], *(one["name"] for one in demo.city["datasets"])]


def test_all_that_is_public_is_what_a_dump_of_all_gives(demo, portal, admin, tmp_path):
    """The list of packages it asks for names public ones only, also for a sysadmin."""
    public = {one["name"] for one in demo.city["datasets"] if one["road"] == "published"}
    every = {one["name"] for one in demo.city["datasets"]}
    found = {one["name"] for one in _dump(portal.url, admin, tmp_path / "all.jsonl")}
    assert found & every == public


@pytest.fixture(scope="module")
def dumped(portal: Any, admin: str, names: list[str], tmp_path_factory: Any) -> Path:
    """A dump of the named datasets, by the administrator."""
    target = tmp_path_factory.mktemp("dump") / "dump.jsonl"
    assert len(_dump(portal.url, admin, target, *names)) == len(names) == 28
    return target


def _records(source: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in source.read_text().splitlines()]


def test_loading_a_dump_into_the_same_portal_changes_nothing(portal, admin, names, dumped):
    """No row of any table moves: not a date of change, not a file, not a decision."""
    instance = Instance("e2e", portal.release)
    before = _digests(instance)
    done = _load(portal.url, admin, dumped)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(" update None ") == len(names)
    assert _digests(instance) == before


def test_loading_something_else_over_a_published_dataset_is_refused(
    demo, portal, admin, dumped, tmp_path
):
    """By anyone, and with a file too; its own producer may send it back as it is."""
    one = next(one for one in demo.city["datasets"] if one["road"] == "published")
    record = next(o for o in _records(dumped) if o["name"] == one["name"])
    same = _write(tmp_path / "same.jsonl", [record])
    producer = demo.token(demo.agency[one["org"]]["short"])
    assert _load(portal.url, producer, same).returncode == 0
    changes = ({"title": "Lain"}, {"private": True}, {"konsep": ""}, {"resources": []})
    others = _write(tmp_path / "others.jsonl", [{**record, **one} for one in changes])
    done = _load(portal.url, admin, others)
    assert done.returncode == 3
    assert done.stderr.count('"code":["locked"]') == len(changes), done.stderr
    done = _load(portal.url, admin, same, "--upload-resources")
    assert '"code":["locked"]' in done.stderr
    assert demo.admin.action.package_show(id=record["id"]) == record


@pytest.fixture
def prepared(portal: Any, fresh: Any, admin: str, dumped: Path, tmp_path: Path) -> Any:
    """Agencies loaded into the fresh portal, and datasets to load."""
    agencies = tmp_path / "agencies.jsonl"
    done = _ckanapi(portal.url, admin, "dump", "organizations", "--all", "-O", str(agencies))
    assert done.returncode == 0, done.stderr
    done = _load(fresh.url, fresh.token, agencies, thing="organizations")
    assert done.returncode == 0, done.stderr
    return _records(dumped)


def test_a_dump_loaded_into_a_fresh_portal_arrives_private_and_whole(
    demo, fresh, prepared, tmp_path
):
    """What says public is refused and told what to do; without it nothing is lost."""
    public = [one for one in prepared if not one["private"]]
    done = _load(fresh.url, fresh.token, _write(tmp_path / "public.jsonl", public))
    assert done.returncode == 3
    assert done.stderr.count('"code":["private_required"]') == len(public) == 10
    assert done.stderr.count('Hilangkan \\"private\\"') == len(public)
    assert fresh.action("package_search", include_private=True)["count"] == 0

    stripped = [{k: v for k, v in one.items() if k != "private"} for one in prepared]
    # Files come from their addresses; private and "terbatas" ones give no file to a stranger.
    names = {one["name"] for one in public if one["accessRights"] != "terbatas"}
    assert len(names) == 9
    open_ones = [one for one in stripped if one["name"] in names]
    closed = [one for one in stripped if one not in open_ones]
    source = _write(tmp_path / "open.jsonl", open_ones)
    done = _load(fresh.url, fresh.token, source, "--upload-resources")
    assert done.returncode == 0, done.stderr
    source = _write(tmp_path / "closed.jsonl", closed)
    done = _load(fresh.url, fresh.token, source)
    assert done.returncode == 0, done.stderr
    # What such an address gives is a page, and a page is not stored as the file. Who made
    # the dataset is another one here, and is not for a load to say.
    made = [{k: v for k, v in one.items() if k != "creator_user_id"} for one in closed]
    source = _write(tmp_path / "again.jsonl", made)
    done = _load(fresh.url, fresh.token, source, "--upload-resources", "-m", "1")
    assert '"code":["invalid_format"]' in done.stderr

    assert fresh.public("package_search")["count"] == 0
    for old in prepared:
        new = fresh.action("package_show", id=old["name"])
        assert new["private"] is True
        assert fresh.action("satudata_approval_show", id=new["id"])["state"] == "draft"
        uploaded = old["name"] in names
        moved = _differences(old, new).keys()
        assert moved <= OF_THE_SITE | (OF_THE_UPLOAD if uploaded else set()), old["name"]
        for one, other in zip(old["resources"], new["resources"], strict=True):
            assert other["url"].replace(fresh.url, "") == one["url"].replace(demo.address, "")
            if uploaded:
                files = [
                    requests.get(url, headers={"Authorization": token}, timeout=30).content
                    for url, token in ((one["url"], ""), (other["url"], fresh.token))
                ]
                assert len({hashlib.sha256(content).hexdigest() for content in files}) == 1


def _differences(old: Any, new: Any, path: str = "") -> dict[str, tuple[Any, Any]]:
    """Path of a value → what it was and what it is."""
    found: dict[str, tuple[Any, Any]] = {}
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() | new.keys():
            found |= _differences(old.get(key), new.get(key), f"{path}.{key}".strip("."))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            found |= _differences(one, other, path)
    elif old != new:
        found[path] = (old, new)
    return found


#: Dataset → its steps: person, transition, input beside the id, state afterwards.
STEPS: dict[str, list[tuple[str, str, dict[str, Any], str]]] = {
    "batal": [
        ("dinkes", "submit", {}, "submitted"),
        ("dinkes", "recall", {}, "draft"),
        ("dinkes", "submit", {"comment": "Diajukan lagi"}, "submitted"),
        ("walidata", "claim", {}, "submitted"),
        ("walidata", "release", {}, "submitted"),
        ("walidata2", "claim", {}, "submitted"),
        ("walidata2", "return", FINDINGS, "returned"),
        ("dinkes", "cancel", {"comment": "Digabung"}, "cancelled"),
    ],
    "tolak": [
        ("dinkes", "submit", {}, "submitted"),
        ("walidata", "claim", {}, "submitted"),
        ("walidata", "confirm", CHECKLIST, "awaiting_validation"),
        ("kepala-dinkes", "decline", FINDINGS, "returned"),
    ],
    "prioritas": [
        ("dinkes", "submit", {}, "submitted"),
        ("walidata", "claim", {}, "submitted"),
        ("walidata", "confirm", CHECKLIST, "pembina_review"),
        ("pembina", "claim", {}, "pembina_review"),
        ("pembina", "return_to_walidata", FINDINGS, "submitted"),
        ("walidata", "claim", {}, "submitted"),
        ("walidata", "confirm", CHECKLIST, "pembina_review"),
        ("pembina", "claim", {}, "pembina_review"),
        ("pembina", "endorse", {}, "awaiting_validation"),
        ("walidata", "invalidate", {"comment": "Berkas diperiksa lagi"}, "submitted"),
        ("walidata", "claim", {}, "submitted"),
        ("walidata", "confirm", CHECKLIST, "pembina_review"),
        ("pembina", "claim", {}, "pembina_review"),
        ("pembina", "endorse", {}, "awaiting_validation"),
        ("kepala-dinkes", "validate", {}, "validated"),
        ("walidata", "hold", {"comment": "Menunggu rapat"}, "validated"),
        ("kepala-dinkes", "sign", {}, ""),
        # A lifted hold publishes at once; without a hold the tick process does it.
        ("walidata", "publish", {}, "published"),
        ("walidata", "withdraw", {"reason": "wrong", "notice": "Angka keliru."}, "withdrawn"),
    ],
}


def _command(demo: Any, user: str, action: str, data: dict[str, Any], *more: str) -> Any:
    """Call an action as a person, by the command line."""
    words = [
        f"{key}={value}" if isinstance(value, str) else f"{key}:{json.dumps(value)}"
        for key, value in data.items()
    ]
    done = _ckanapi(demo.address, demo.token(user), "action", action, "-j", *words, *more)
    assert done.returncode == 0, f"{user} {action}\n{done.stderr[-1000:]}"
    return json.loads(done.stdout)


def test_every_transition_by_the_command_line(demo, tmp_path):
    """With a token of the person whose step it is; the history has every transition."""
    mark, commanded, kinds = uuid.uuid4().hex[:8], set(), set()
    pattern = next(o for o in demo.city["datasets"] if o["name"] == "cakupan-balita-ditimbang")
    for key, steps in STEPS.items():
        one = {**pattern, "name": f"{key}-{mark}", "title": f"{key} {mark}"}
        one["priority"] = pattern["priority"] if key == "prioritas" else None
        demo.dataset(one)
        _wait_until_loaded(demo, one["name"])
        approval: dict[str, Any] = {}
        for person, transition, more, state in steps:
            data = {"id": one["name"], **more}
            action = f"satudata_approval_{transition}"
            if transition == "sign":
                _sign(demo, person, approval["letter_id"], tmp_path / "surat.pdf")
                continue
            if transition in commanded:  # once by the command, again by the API itself
                approval = demo.as_(person).__getattr__(action)(**data)
            else:
                approval = _command(demo, person, action, data)
            commanded.add(transition)
            assert approval["state"] == state, (key, person, transition)
            if state == "published":
                assert demo.client("").action.package_show(id=one["name"])["private"] is False
        kinds |= {e["kind"] for e in demo.as_("walidata").satudata_approval_history(id=one["name"])}
    assert commanded == set(TRANSITIONS)
    assert commanded <= kinds


def _sign(demo: Any, head: str, letter: str, file: Path) -> None:
    """Hand in the letter that was made for the head, with an electronic signature."""
    import signing

    file.write_bytes(signing.sign(demo.download(f"/surat/{letter}/pdf", head), head))
    _command(demo, head, "satudata_letter_sign", {"id": letter}, f"upload@{file}")


def _wait_until_loaded(demo: Any, name: str) -> None:
    """Until the worker has the rows of the first file; before, every load moves dates."""
    resource = demo.admin.action.package_show(id=name)["resources"][0]["id"]
    for _attempt in range(240):
        if demo.admin.action.xloader_status(resource_id=resource)["status"] == "complete":
            return
        time.sleep(0.5)
    raise TimeoutError(f"the file of {name} is not loaded")
