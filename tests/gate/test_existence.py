"""Existence is not told: an action answers for a hidden dataset as for a missing one."""

from __future__ import annotations

import re

import pytest

from ckan import logic
from ckan.plugins import toolkit as tk

from ckanext.satudata import registry
from ckanext.satudata.approval import existence, gate, gate_find

from tests.gate import probes
from tests.gate.hidden import STRANGERS, Hidden, filled

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

PROBES = {**probes.PROBES, **probes.OWN}
READS = sorted(set(gate.table()["reads"]) & set(probes.PROBES))
#: Actions whose documentation speaks of a dataset beside an id that is of something else.
OTHER_IDS = {
    # Sysadmins only, whatever is named.
    "activity_create",
    # The id of a user, a group or an agency, for whom datasets are counted.
    *("organization_show", "organization_list_for_user", "group_show", "user_show"),
    # What is made, not what there is.
    *("package_create", "organization_delete", "organization_purge", "group_delete"),
}


@pytest.fixture
def world(kept, with_plugins, non_clean_db) -> Hidden:
    if not kept:
        kept["world"] = Hidden.make()
        kept["missing"] = kept["world"].missing()
    return kept["world"]


def _loaded(action: str) -> bool:
    tk.get_action("package_show")
    return action in logic._actions


def _rules() -> dict[str, str]:
    table = gate.table()
    return {**table["writes"], **table["other"], **table["reads"]}


def _names(rule: str) -> bool:
    """Does a rule of the table name a dataset?"""
    return any(kind in existence.KINDS for kind, _keys in gate_find.parts(rule))


def test_every_action_that_names_a_dataset_is_probed():
    """A new one has to be put into the table of probes; so has each of our own."""
    assert {name for name, rule in _rules().items() if _names(rule)} == set(probes.PROBES)
    ours = set(registry.actions())
    assert set(probes.OWN) | probes.OWN_UNNAMED == ours
    assert not set(probes.OWN) & probes.OWN_UNNAMED


def test_no_action_that_takes_the_id_of_a_dataset_is_said_to_name_none():
    """Its documentation gives it away."""
    tk.get_action("package_show")
    about = re.compile(r":param ((?:\w*_)?id|\w*(?:dataset|package|resource)\w*):([^:]*)")
    word = re.compile(r"dataset|package|resource")
    told = {
        name
        for name, rule in _rules().items()
        if name in logic._actions and not _names(rule)
        for found in about.findall(logic._actions[name].__doc__ or "")
        if word.search(" ".join(found))
    }
    assert told - OTHER_IDS == set()


@pytest.mark.parametrize("action", sorted(PROBES))
def test_an_action_answers_for_what_is_hidden_as_for_what_is_missing(world, kept, action):
    """The same kind of answer and text; to a stranger, whatever hides it, however named."""
    if not _loaded(action):
        pytest.skip("not on this portal")
    for data in PROBES[action]:
        for person in STRANGERS:
            none = world.call(action, data, person, kept["missing"])
            for reason, package in world.hidden.items():
                said = world.call(action, data, person, package)
                # Of what was public and is withdrawn the public is told.
                if reason != "withdrawn" or said[0] != "Withdrawn":
                    assert said == none, (action, person, reason, data)


@pytest.mark.parametrize("action", READS)
def test_the_probe_of_a_reading_action_would_tell(world, kept, action):
    """Who may see everything gets different answers, so equal ones prove something."""
    if not _loaded(action):
        pytest.skip("not on this portal")
    data = probes.PROBES[action][0]
    said = world.call(action, data, "sysadmin", world.hidden["private"])
    assert said != world.call(action, data, "sysadmin", kept["missing"])


@pytest.mark.parametrize("person", [None, "outsider"])
def test_the_api_answers_alike_in_status_and_body(app, world, kept, person):
    """Over the wire, one probe of every action."""
    told = []
    for action, (data, *_more) in PROBES.items():
        answers = []
        for package in (world.hidden["private"], kept["missing"]):
            given = filled(data, {**world.words(person), **package})
            answer = app.post(
                f"/api/3/action/{action}", json=given, headers=world.headers(person), status=None
            )
            body = answer.body
            for one in package.values():
                body = body.replace(one, "-")
            answers.append((answer.status_code, body))
        if answers[0] != answers[1] or answers[0][0] >= 500:
            told.append((action, answers))
    assert told == []


def test_who_may_read_a_dataset_is_told_why_a_write_is_refused(world):
    """A reader without the right to write gets CKAN's refusal, its people ``locked``."""
    data = {"id": world.public["id"], "title": "Lain"}
    assert world.call("package_patch", data, None)[0] == "NotAuthorized"
    assert world.call("package_patch", data, "outsider")[0] == "NotAuthorized"
    kind, said = world.call("package_patch", data, "produsen_data")
    assert kind == "409"
    assert "locked" in said


def test_a_portal_that_reveals_by_its_own_setting_does_so(world, monkeypatch):
    """``ckan.auth.reveal_private_datasets`` is CKAN's; who sets it wants to tell."""
    monkeypatch.setitem(tk.config, "ckan.auth.reveal_private_datasets", True)
    said = world.call("package_show", {"id": "{id}"}, "outsider", world.hidden["private"])
    assert said[0] == "NotAuthorized"
