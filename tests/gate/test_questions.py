"""The search index counts hidden datasets for nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ckan.lib.search import SearchQueryError

from ckanext.satudata.common import questions

from tests import factories as make
from tests.gate.hidden import Hidden

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

#: What Solr would answer over the whole index, by parameter.
COUNTING: list[dict[str, Any]] = [
    {"fl": "name,n:docfreq(text,'{word}')"},
    {"fl": ["name", "n:docfreq(text,'{word}')"]},
    {"fl": "name,[explain]"},
    {"fl": "name,[docid]"},
    {"fl": "name,score"},
    {"fl": ["name", "Score"]},
    {"fl": "name,sub:[subquery]"},
    {"fl": "name,$q"},
    {"sort": "docfreq(text,'{word}') asc"},
    {"sort": "name asc, if(gt(docfreq(text,'{word}'),1),name,title) desc"},
    {"bf": "docfreq(text,'{word}')"},
    {"boost": "docfreq(text,'{word}')"},
    {"qf": "name^$q"},
    {"q": "docfreq(text,'{word}')", "defType": "func"},
    {"defType": "xmlparser"},
    {"facet.field": ["{{!facet.mincount=0}}name"]},
]


@pytest.mark.parametrize("given", COUNTING, ids=str)
def test_a_question_that_counts_over_the_index_is_refused(app, given):
    """With 400 and the name of what was asked wrongly."""
    text = json.dumps({"q": "*:*", **given}).replace("{word}", "x").replace("{{", "{")
    answer = app.post("/api/3/action/package_search", json=json.loads(text.replace("}}", "}")))
    assert answer.status_code == 400
    assert next(key for key in given if key != "q") in answer.json["error"]["message"]


@pytest.mark.parametrize("sort", ["docfreq(text,'x') asc", "name asc, if(1,name,title) desc"])
def test_a_page_refuses_it_too(app, sort):
    """Of these a page passes on the order only."""
    assert app.get("/dataset/", query_string={"sort": sort}).status_code == 400


@pytest.mark.parametrize(
    "given",
    [
        {"fl": "id,name"},
        {"fl": ["name", "extras_*"]},
        {"fl": "*"},
        {"sort": "score desc, metadata_modified desc"},
        {"sort": "views_recent desc"},
        {"sort": "title_string asc"},
        {"qf": "name^4 title^2"},
        {"defType": "edismax"},
        {"facet.field": ["tags"], "facet.mincount": 2},
        {"sort": None, "fl": None},
    ],
    ids=str,
)
def test_what_ckan_and_its_clients_ask_is_let_through(given):
    """Unchanged."""
    assert questions.plain(given) is given or questions.plain(given) == given


@pytest.mark.parametrize("number", [0, "0", -3])
def test_values_that_occur_nowhere_are_not_listed(number):
    """``facet.mincount=0`` would list the names of hidden datasets."""
    assert questions.plain({"facet.mincount": number})["facet.mincount"] == 1


def test_without_the_rule_the_index_would_tell(app, monkeypatch):
    """Shows what is closed: the number tells of a hidden dataset with the word."""
    town = Hidden.town()
    town.dataset(town.word, title=f"Data {town.word}")
    shown = make.dataset(town.city)
    make.bring_to(town.city, shown, "published")
    asked = {"q": "*:*", "fl": f"name,n:docfreq(tags,'{town.word}')", "fq": f"id:{shown['id']}"}
    with pytest.raises(SearchQueryError):
        make.call("package_search", None, **asked)
    monkeypatch.setattr(questions, "plain", lambda data: data)
    # At least: the index counts replaced documents too, until it merges them away.
    assert make.call("package_search", None, **asked)["results"][0]["n"] >= 1
    asked["fl"] = f"name,n:docfreq(tags,'{town.word}-nowhere')"
    assert make.call("package_search", None, **asked)["results"][0]["n"] == 0
