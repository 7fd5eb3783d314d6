"""The canonical form by itself: examples that others can compute, and its properties."""

from __future__ import annotations

import copy
import hashlib
import json
import unicodedata
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ckanext.satudata.approval import canonical

pytestmark = pytest.mark.both

VECTORS = Path(__file__).parent / "vectors"
_quick = settings(
    deadline=None,
    max_examples=80,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def _vectors(name: str) -> list[Any]:
    cases = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["what"]) for case in cases]


# Examples
@pytest.mark.parametrize("case", _vectors("contents.json"))
def test_content_has_this_text_and_fingerprint(case):
    """As docs/explanation/fingerprint.md describes it, on every version."""
    assert canonical.text(case["content"]) == case["text"]
    digest = hashlib.sha256(case["text"].encode("utf-8", "surrogatepass")).hexdigest()
    assert canonical.fingerprint(case["content"]) == case["fingerprint"] == f"sd2:{digest}"


@pytest.mark.parametrize("case", _vectors("contents.json"))
def test_the_first_form_is_what_it_was(case):
    """Fingerprints made before are computed as they were, by the form they name."""
    assert canonical.fingerprint(case["content"], "sd1") == case["sd1"]
    assert canonical.form_of(case["sd1"]) == "sd1"
    assert canonical.form_of(case["fingerprint"]) == "sd2"


@pytest.mark.parametrize("case", _vectors("rows.json"))
def test_rows_have_these_lines_and_digest(case):
    """A row is a line of JSON; the digest is that of all lines."""
    found = canonical.digest_rows(case["types"], case["rows"])
    digest = hashlib.sha256("".join(f"{line}\n" for line in case["lines"]).encode()).hexdigest()
    assert found == {"count": len(case["lines"]), "sha256": digest}
    assert digest == case["sha256"]


@pytest.mark.parametrize(
    ("texts", "same"),
    [
        (("1", "1.0", "1.00", "1e0", "10e-1", "0.1e1"), "1"),
        (("0", "-0", "0.000", "-0.0", "0e9"), "0"),
        (("0.1", "0.10", "1e-1"), "0.1"),
        (("100000000000000000000", "1e20"), "100000000000000000000"),
        (("1e21", "1000000000000000000000"), "1e+21"),
        (("0.0000001", "1e-7"), "1e-7"),
        (("0.000001", "1e-6"), "0.000001"),
        (("0.30000000000000004",), "0.30000000000000004"),
        (("-12.50",), "-12.5"),
        (("12345678901234567890123.4500",), "1.23456789012345678901234" + "5e+22"),
        (("1e300",), "1e+300"),
        (("1e999999999",), "1e+999999999"),
        (("NaN",), "NaN"),
        (("Infinity",), "Infinity"),
    ],
)
def test_numbers_have_one_text(texts, same):
    """However they were written; in the range of ECMAScript without an exponent."""
    assert {canonical.number(text) for text in texts} == {same}


@given(st.floats(allow_nan=False, allow_infinity=False))
@_quick
def test_a_number_keeps_its_value(value):
    """To the last digit, and 1.0 is 1."""
    text = canonical.number(repr(value))
    assert Decimal(text) == Decimal(repr(value))
    assert float(text) == value
    if value.is_integer():
        assert canonical.number(str(int(value))) == canonical.number(str(Decimal(value)))


# Properties
_word = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
_scalar = st.one_of(
    _word,
    st.integers(-(10**25), 10**25),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)
_value = st.recursive(
    _scalar,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.dictionaries(_word, inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)
_object = st.dictionaries(
    _word.map(lambda key: unicodedata.normalize("NFC", key)), _value, max_size=4
)
_view = st.fixed_dictionaries(
    {"order": st.integers(0, 9), "type": _word, "title": _word, "config": _object}
)
_column = st.fixed_dictionaries({"name": _word, "type": _word, "info": _object})
_file = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries(
            {"name": _word, "format": _word, "url_type": st.sampled_from([None, "upload"])}
        ),
        "extras": _object,
        "url": _word,
        "sha256": st.binary(min_size=32, max_size=32).map(bytes.hex),
        "columns": st.lists(_column, min_size=1, max_size=3),
        "rows": st.fixed_dictionaries({"count": st.integers(0, 9), "sha256": _word}),
        "views": st.lists(_view, max_size=3, unique_by=lambda one: one["order"]),
    }
)
_content = st.fixed_dictionaries(
    {
        "owner": _word,
        "metadata": st.fixed_dictionaries({"type": _word, "title": _word, "notes": _word}),
        "extras": st.dictionaries(_word, _word, max_size=3),
        "tags": st.lists(_word, max_size=4),
        "relationships": st.lists(
            st.fixed_dictionaries({"as": _word, "type": _word, "other": _word}), max_size=3
        ),
        "files": st.lists(_file, max_size=3),
    }
)


def _shuffled(data: st.DataObject, value: Any) -> Any:
    """The same, with what does not matter done otherwise."""
    if isinstance(value, dict):
        keys = data.draw(st.permutations(list(value)))
        found = {_retold(data, key): _shuffled(data, value[key]) for key in keys}
        for key in ("tags", "relationships", "views"):
            if isinstance(found.get(key), list):
                found[key] = data.draw(st.permutations(found[key]))
        for name, empty in (("kosong-1", None), ("kosong-2", ""), ("kosong-3", []), ("k4", {})):
            if "type" not in value and data.draw(st.booleans()):
                found[name] = empty
        return found
    if isinstance(value, list):
        return [_shuffled(data, one) for one in value]
    if isinstance(value, str):
        return _retold(data, value)
    if isinstance(value, float) and value.is_integer():
        return data.draw(st.sampled_from([value, int(Decimal(repr(value)))]))
    return value


def _retold(data: st.DataObject, text: str) -> str:
    form = data.draw(st.sampled_from(["NFC", "NFD"]))
    return unicodedata.normalize(form, text)


@given(_content, st.data())
@_quick
def test_what_does_not_matter_changes_nothing(content, data):
    """Order of keys, tags, relationships; NFC or NFD; 1.0 or 1; None, "" or missing."""
    other = _shuffled(data, copy.deepcopy(content))
    assert canonical.text(other) == canonical.text(content)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a content that holds something that counts."""
    if isinstance(value, dict):
        keys = [key for key in value if key not in ("order", "url_type")]
        return [place for key in keys for place in _places(value[key], (*path, key))]
    if isinstance(value, list):
        return [place for n, one in enumerate(value) for place in _places(one, (*path, n))]
    return [path]


def _set(content: Any, path: tuple[Any, ...], change: Any) -> Any:
    found = copy.deepcopy(content)
    inner = found
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = change(inner[path[-1]])
    return found


def _other(value: Any) -> Any:
    """Another value than that, also to who reads over what does not matter."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value / 2 or 1.5
    return f"{value}x"


def _is_covered(content: dict[str, Any], path: tuple[Any, ...]) -> bool:
    """The address of an upload is the portal's; the one of a link counts."""
    if path[0] == "files" and path[2] == "url":
        return content["files"][path[1]]["metadata"]["url_type"] is None
    return not (path[0] == "files" and path[2:3] == ("extras",) and path[3] in canonical.COMPUTED)


@given(_content, st.data())
@_quick
def test_any_change_of_a_covered_part_changes_the_text(content, data):
    """One letter, one digit, one truth value, at any depth of any part."""
    places = [place for place in _places(content) if _is_covered(content, place)]
    place = data.draw(st.sampled_from(places))
    changed = _set(content, place, _other)
    assert canonical.text(changed) != canonical.text(content)


@given(_content, _file, st.data())
@_quick
def test_a_file_more_less_or_elsewhere_changes_the_text(content, one, data):
    """Number and order of files count; so do tag, view and column more."""
    assert canonical.text({**content, "files": [*content["files"], one]}) != canonical.text(content)
    for key, more in (("tags", "tag baru yang lain"), ("relationships", {"as": "baru-baru"})):
        assert canonical.text({**content, key: [*content[key], more]}) != canonical.text(content)
    files = content["files"]
    if len(files) > 1 and canonical.normal(files[0]) != canonical.normal(files[1]):
        turned = {**content, "files": [files[1], files[0], *files[2:]]}
        same = canonical.dump(canonical.normal(canonical._sd2_file(files[0]))) == canonical.dump(
            canonical.normal(canonical._sd2_file(files[1]))
        )
        assert (canonical.text(turned) == canonical.text(content)) is same
    for n, file in enumerate(files):
        for key, more in (("views", {"order": 99, "type": "baru"}), ("columns", {"name": "baru"})):
            changed = copy.deepcopy(content)
            changed["files"][n][key] = [*file[key], more]
            assert canonical.text(changed) != canonical.text(content)


def test_a_key_that_comes_twice_hides_nothing():
    """Two keys that look the same (NFC) both count."""
    twice = {"caf\u00e9": "a", "cafe\u0301": "b"}
    texts = {canonical.dump(canonical.normal(one)) for one in ({"caf\u00e9": "a"}, twice)}
    assert len(texts) == 2


_cell = st.one_of(st.none(), _word)
_rows = st.lists(st.tuples(_cell, _cell), min_size=1, max_size=5)


@given(_rows, st.data())
@_quick
def test_one_cell_changes_the_digest_of_the_rows(rows, data):
    """So do a row more and two rows exchanged; NFD and an empty text do not."""
    kinds = ["text", "text"]
    before = canonical.digest_rows(kinds, rows)
    retold = [
        tuple(unicodedata.normalize("NFD", cell) if cell else "" for cell in row) for row in rows
    ]
    assert canonical.digest_rows(kinds, retold) == before
    row, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, 1))
    changed = [list(one) for one in rows]
    changed[row][column] = f"{changed[row][column] or ''}x"
    assert canonical.digest_rows(kinds, changed) != before
    assert canonical.digest_rows(kinds, [*rows, rows[0]]) != before
    turned = rows[::-1]
    normal = [[unicodedata.normalize("NFC", c) if c else None for c in row] for row in rows]
    assert (canonical.digest_rows(kinds, turned) == before) is (normal == normal[::-1])


@given(st.lists(st.tuples(_word, _word), min_size=2, max_size=2))
@_quick
def test_cells_do_not_run_into_each_other(rows):
    """A separator inside a cell is not one between cells."""
    joined = [(left + right, "") for left, right in rows]
    shifted = [(left[:-1], left[-1:] + right) for left, right in rows]
    digests = [canonical.digest_rows(["text", "text"], one) for one in (rows, joined, shifted)]
    assert digests[0] != digests[1]
    assert digests[0] != digests[2] or all(
        unicodedata.normalize("NFC", a) == unicodedata.normalize("NFC", b)
        for old, new in zip(rows, shifted, strict=True)
        for a, b in zip(old, new, strict=True)
    )
