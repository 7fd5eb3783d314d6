"""What an answer tells: needles in it, and whether it differs from that of a missing one."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import quote, unquote_plus

from ckanext.satudata.audit.client import Answer
from ckanext.satudata.audit.needles import Needles, keys, plain

#: Tokens of forms, and times: they differ from one answer to the next.
_CHANGING = re.compile(
    r'name="_csrf_token"[^>]*|content="[\w.\-]{40,}"|value="[\w.\-]{60,}"'
    r"|\d{4}-\d\d-\d\dt\d\d:\d\d:\d\d[\d.:+z\-]*"
)


def text(answer: Answer) -> str:
    """All words of an answer as one plain text: escapes undone, archives opened."""
    parts = [answer.headers]
    if answer.body[:2] == b"PK":
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(answer.body)) as packed:
            parts += [
                packed.read(name).decode("utf-8", "ignore")
                for name in packed.namelist()
                if packed.getinfo(name).file_size < len(answer.body) * 100
            ]
    else:
        body = answer.body.decode("utf-8", "ignore")
        if answer.kind == "application/json":
            with suppress(ValueError):
                body = json.dumps(json.loads(body), ensure_ascii=False)
        parts.append(body)
        if "\\" in body:
            parts.append(body.replace('\\"', '"').replace("\\n", " ").replace("\\t", " "))
        if "&" in body:
            parts.append(html.unescape(body))
    if "%" in parts[0]:
        parts.append(unquote_plus(parts[0]))
    return plain(" ".join(parts))


def needles(said: str, asked: str, all_: Needles) -> Iterator[tuple[str, str, str]]:
    """Needles in an answer: (dataset's id, kind, needle).

    Args:
        said: text of the answer.
        asked: address and body of the request: what was known already is not told by it.
        all_: what is looked for.
    """
    known = plain(unquote_plus(asked)) + " " + plain(asked)
    for key in keys(said) & all_.known.keys():
        if key not in known:
            yield (*all_.known[key], key)
    for phrase, (package_id, kind) in all_.phrases.items():
        if phrase in said and phrase not in known:
            yield package_id, kind, phrase


def same(told: Answer, none: Answer, own: dict[str, str], other: dict[str, str]) -> bool:
    """Do the answers for a hidden dataset and for a missing one look alike?

    Args:
        told: the answer for the hidden one.
        none: that for one that does not exist.
        own: values that were asked for, masked in the answer.
        other: those of the missing one.
    """
    if told.status != none.status:
        return False
    return _masked(told, own) == _masked(none, other)


def _masked(answer: Answer, values: dict[str, str]) -> str:
    said = text(answer)
    for value in sorted(set(values.values()), key=len, reverse=True):
        for form in {plain(value), plain(quote(value, safe="")), plain(json.dumps(value)[1:-1])}:
            said = said.replace(form, "-")
    return _CHANGING.sub("", said)
