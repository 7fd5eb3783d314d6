"""The same road by ``ckan satudata`` on the server."""

from __future__ import annotations

import json

import pytest

from ckan.cli.cli import ckan

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")]


@pytest.fixture
def command(cli):
    """Call ``ckan satudata …`` and answer what it printed, or the refusal."""

    def call(*words: str, fails: bool = False) -> str:
        done = cli.invoke(ckan, ["satudata", *words])
        assert (done.exit_code != 0) is fails, done.output
        return done.output

    return call


def test_whole_road_by_command(command, tmp_path):
    """Submit, claim, confirm, validate with a PDF; one round of the tick publishes."""
    city = make.city()
    name = make.dataset(city)["name"]
    letter = tmp_path / "surat.pdf"
    letter.write_bytes(make.signed())
    command("approval", "submit", "--as", city.produsen_data, name)
    refused = command("approval", "confirm", "--as", city.walidata, name, fails=True)
    assert "Error:" in refused
    command("approval", "claim", "--as", city.walidata, name)
    answers = json.dumps(make.CHECKLIST)
    command("approval", "confirm", "--as", city.walidata, "--checklist", answers, name)
    signed = ["--number", "400.7/cli", "--upload", str(letter)]
    command("approval", "validate", "--as", city.kepala_opd, *signed, name)
    assert "tick_publish 1" in command("tick", "--once")
    shown = command("approval", "show", name)
    assert json.loads(shown[shown.index("{") :])["state"] == "published"
    assert make.call("package_show", None, id=name)["private"] is False
    assert "every chain holds" in command("history", "verify")
    assert "Ready" in command("check")


def test_roles_by_command(command):
    """Give, list and end a role."""
    city = make.city()
    given = command(
        *("role", "assign", "--as", city.sysadmin, "--decree", "SK 3/2026"),
        *("--organization", city.opd, city.outsider, "produsen_data"),
    )
    made = json.loads(given[given.index("{") :])
    assert made["state"] == "active"
    listed = command("role", "list", "--person", city.outsider, "--active")
    assert made["id"] in listed
    command("role", "end", "--as", city.sysadmin, made["id"])
    assert made["id"] not in command("role", "list", "--person", city.outsider, "--active")
    assert "Error" in command(*("role", "end", "--as", city.outsider, made["id"]), fails=True)


def test_roles_are_confirmed_by_command(command):
    """Propose, be refused as the proposer, confirm, reject, and see the gaps."""
    city = make.city()

    def propose(code: str) -> str:
        given = command(
            *("role", "assign", "--as", city.sekretariat, "--decree", "SK 4/2026"),
            *("--organization", city.opd, city.outsider, code),
        )
        made = json.loads(given[given.index("{") :])
        assert made["state"] == "proposed"
        return made["id"]

    first, second = propose("produsen_data"), propose("kepala_opd")
    assert "Error" in command(*("role", "confirm", "--as", city.sekretariat, first), fails=True)
    assert '"active"' in command("role", "confirm", "--as", city.walidata, first)
    again = command(*("role", "confirm", "--as", city.walidata2, first), fails=True)
    assert city.walidata in again or "2026" in again
    wrong = ("role", "reject", "--as", city.walidata, "--reason", "Salah", second)
    assert '"rejected"' in command(*wrong)
    assert second in command("role", "list", "--person", city.outsider, "--state", "rejected")
    assert city.opd not in command("role", "vacancies")
