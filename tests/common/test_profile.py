"""A profile's errors name file, line and key."""

from __future__ import annotations

import pytest

from ckanext.satudata import profile


@pytest.fixture
def changed(tmp_path):
    """Kota Blitar with one text replaced by another."""

    def make(old: str, new: str) -> str:
        with open(profile.available()["kota_blitar"], encoding="utf-8") as source:
            text = source.read()
        assert old in text
        path = tmp_path / "kota.yaml"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return str(path)

    return make


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("kind: daerah-kota", "kind: kota", "city.kind"),
        ('"35.72"', '"3572x"', "city.region_kemendagri"),
        ('check: {sop: "3.1", days: 1}', 'check: {sop: "3.1", days: 0}', "steps.check.days"),
        ('check: {sop: "3.1", days: 1}', 'check: {sop: "3.1"}', "steps.check"),
        ("pembina_review: true", "pembina_reviw: true", "approval.pembina_review"),
        ('primary: "#005d7a"', 'primary: "red"', "look.colors.primary"),
        ("{number:03d}", "{nomor}", "letters.surat_validasi"),
        ("<g fill", "<script>x</script><g fill", "look.logo"),
    ],
)
def test_problem_is_named_by_file_line_and_key(changed, old, new, key):
    """The operator goes straight to the place."""
    path = changed(old, new)
    with pytest.raises(profile.ProfileError) as raised:
        profile.load(path)
    first = raised.value.problems[0]
    assert first.startswith(f"{path}:")
    assert f": {key}" in first
    line = int(first.removeprefix(f"{path}:").split(":")[0])
    assert line > 1 or "city" in key


def test_what_is_no_yaml_or_not_there(tmp_path):
    """Broken and missing files are told as such."""
    broken = tmp_path / "broken.yaml"
    broken.write_text("city: [\n", encoding="utf-8")
    with pytest.raises(profile.ProfileError, match="broken.yaml:2"):
        profile.load(str(broken))
    with pytest.raises(profile.ProfileError, match="shipped: kabupaten_contoh, kota_blitar"):
        profile.load(str(tmp_path / "none.yaml"))
