"""The page of the code lists, read from their files."""

from __future__ import annotations

from collections.abc import Iterator

from ckanext.satudata.metadata import codefiles

INTRO = (
    "Kode referensi (Perpres 39/2019 ps 10): one YAML file each in "
    "`ckanext/satudata/metadata/codes/`, on the pages `/kode-referensi`, as CSV "
    "(`/kode-referensi/<id>.csv`) and by the actions `satudata_code_list_list` and "
    "`satudata_code_list_show`. Every list names its source and the second source it was "
    "compared with; a code that only one source has carries `checked: false`. A word is "
    "looked up by code, label or spelling, without regard to case. A city adds codes, or "
    "lists of its own, in its profile: see [another city](../another-city.md#code_lists)."
)


def parts() -> Iterator[str]:
    """One section for each list."""
    for name in codefiles.available():
        found = codefiles.shipped(name)
        head = found.head
        unchecked = [one.code for one in found.items if not one.checked]
        lines = [
            f"* Codes: {len(found.items)}" + ("; closed: a city adds none" if head.closed else ""),
            f"* Source: {head.source.en} ({head.source_date})",
            f"* Licence: {head.licence}",
            f"* Checked against: {head.checked_against.en}",
        ]
        if head.differences:
            lines.append(f"* Differences: {head.differences.en}")
        if unchecked:
            lines.append(f"* From one source only: {', '.join(f'`{one}`' for one in unchecked)}")
        if head.labels_from:
            lines.append(f"* Codes and labels are those of the field `{head.labels_from}`")
        columns = [f"* `{column}`: {text.en}" for column, text in head.columns.items()]
        yield f"## {name}\n\n{head.about.en}\n\n" + "\n".join(lines)
        if columns:
            yield "Columns:\n\n" + "\n".join(columns)
