"""schema.org in the page of a dataset; and that ckanext-dcat is not needed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from rdflib import RDF, Graph, Literal

from ckan.plugins import toolkit as tk

from ckanext.satudata.metadata import codefiles

from tests.metadata import rdf
from tests.metadata.rdf import INDICATOR, OPEN, PROFILES, SCHEMA, block_of, made, named

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


@pytest.fixture
def data(kept, city) -> dict[str, Any]:
    """Datasets, made once."""
    if "data" not in kept:
        kept["data"] = rdf.datasets(city)
    return kept["data"]


def _variables(block: str) -> dict[str, dict[str, str]]:
    """Name → what else is said of a measured variable."""
    graph = Graph().parse(data=block, format="json-ld")
    return {
        str(graph.value(one, SCHEMA.name)): {
            str(term).rpartition("/")[2]: str(value) for term, value in graph.predicate_objects(one)
        }
        for one in graph.objects(None, SCHEMA.variableMeasured)
    }


def test_search_engines_read_the_open_variables(app, data):
    """Name, meaning, unit and measure; not those that are not open."""
    block = block_of(app, data["terbuka"]["name"])
    found = _variables(block)
    assert set(found) == {"Penduduk", "Jumlah penduduk"}
    said = found["Jumlah penduduk"]
    assert said["description"] == OPEN["definisi"]
    assert (said["unitText"], said["measurementTechnique"]) == ("jiwa", "Jumlah")
    assert said["alternateName"] == "jumlah_penduduk"
    for word in ("Rahasia", "Tersembunyi", "kode_provinsi"):
        assert word not in block
    assert json.loads(block)


def test_search_engines_read_the_indicators(app, data):
    """With how they are calculated; not those that are not for everybody."""
    block = block_of(app, data["indikator"]["name"])
    said = _variables(block)["Prevalensi stunting"]
    assert said["unitText"] == "persen"
    assert said["measurementTechnique"] == INDICATOR["metode_perhitungan"]
    assert "Indikator tertutup" not in block


def test_the_page_speaks_of_the_dataset(app, data):
    """Place, time, method, parties, and whether everybody may have it."""
    package = data["terbuka"]
    graph = Graph().parse(data=block_of(app, package["name"]), format="json-ld")
    (one,) = graph.subjects(RDF.type, SCHEMA.Dataset)
    assert named(graph, one, SCHEMA.spatialCoverage, SCHEMA.name) == {"Kepanjenkidul"}
    assert str(graph.value(one, SCHEMA.temporalCoverage)) == "2026-01-01/2026-12-31"
    assert graph.value(one, SCHEMA.isAccessibleForFree) == Literal(True)
    assert named(graph, one, SCHEMA.publisher, SCHEMA.name) == {"Dinas Kesehatan"}
    assert named(graph, one, SCHEMA.creator, SCHEMA.name) == {"Bidang Pelayanan"}
    assert {str(said) for said in graph.objects(one, SCHEMA.measurementTechnique)} == {
        *("Jumlah", "Wawancara", "Pengumpulan data sekunder")
    }
    assert {str(said) for said in graph.objects(one, SCHEMA.measurementMethod)} == {
        codefiles.shipped("cara_pengumpulan").codes["kompilasi_produk_administrasi"].id
    }
    (file,) = graph.objects(one, SCHEMA.distribution)
    assert str(graph.value(file, SCHEMA.contentUrl)) == package["resources"][0]["url"]


def test_restricted_data_is_not_offered(app, data):
    """The basis in the place of the bytes."""
    block = block_of(app, data["terbatas"]["name"])
    assert "Terbatas: UU 14/2008 pasal 17 huruf h" in block
    assert "contentUrl" not in block
    assert "isAccessibleForFree" not in block
    assert "Rahasia" not in block


def test_the_block_cannot_be_left_by_a_text(app, city):
    """What people write in a field stays inside of the script element."""
    package = made(city, OPEN, konsep="</script><script>alert(1)</script>")
    assert package["konsep"] in _variables(block_of(app, package["name"]))
    assert "<script>alert(1)" not in app.get(f"/dataset/{package['name']}").body


# ---------------------------------------------------------------- ckanext-dcat is optional
ABSENT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[:2] == ["ckanext", "dcat"] or name.split(".")[0] == "rdflib":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import ckanext.satudata.plugin
from ckanext.satudata import registry
for part in ("actions", "auth_functions", "validators", "helpers", "checks", "ticks"):
    getattr(registry, part)()
registry.blueprints(), registry.commands()
assert "ckanext.satudata.metadata.dcat" not in sys.modules
"""


@pytest.mark.parametrize(("more", "right"), [("", True), ("import {}", False)])
def test_nothing_needs_dcat_to_be_installed(more, right):
    """Every module that the plugin imports is there without it; the profiles are not."""
    code = ABSENT + more.format("ckanext.satudata.metadata.dcat")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode == 0) == right, done.stderr


def test_the_profiles_are_registered_and_chosen():
    """By the package, and by the settings that the installation page gives."""
    names = {one.name for one in entry_points(group="ckan.rdf.profiles")}
    assert {"satudata_dcat_ap", "satudata_schemaorg"} <= names
    assert tk.config["ckanext.dcat.rdf.profiles"].split() == PROFILES
    root = Path(__file__).parent.parent.parent
    for place in ("docs/install.md", "stack/ckan.ini", "test.ini"):
        said = (root / place).read_text()
        for key in ("rdf.profiles", "structured_data.profiles"):
            assert re.search(rf"^ckanext\.dcat\.{key} = .*satudata_\w+$", said, re.M), place
