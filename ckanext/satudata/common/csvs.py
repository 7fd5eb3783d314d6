"""A CSV without some of its columns, read and written row by row.

A column is taken out only where it is certain which one it is: the encoding, the
separator and the number of fields of every row have to be plain. What is not certain is
no copy but a reason why, because a cell in the wrong place would be given to everybody.
"""

from __future__ import annotations

import codecs
import csv
import io
import tempfile
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

#: Separators in the order in which they are tried; decided by the row of names.
SEPARATORS = (",", ";", "\t", "|")
_CHUNK = 1024 * 1024
#: How files begin that are no text: ZIP (xlsx, ods), the old Excel, PDF, UTF-16.
_BINARY = (b"PK", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")


#: Signs at which a spreadsheet takes a cell for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class NoCopyError(Exception):
    """A copy without the columns cannot be made.

    Attributes:
        code: ``format``, ``encoding``, ``column``, ``row`` or ``all``.
        values: what the reason names: ``column``, or ``row``, ``fields``, ``wanted``.
    """

    def __init__(self, code: str, **values: Any) -> None:
        self.code, self.values = code, values
        super().__init__(code)


@dataclass(frozen=True)
class Shape:
    """How a file is written: encoding, separator, end of line, and the names of its columns."""

    encoding: str
    separator: str
    end: str
    names: tuple[str, ...]


def key(name: str) -> str:
    """A column's name as names are compared: without case, spaces around, and form."""
    return unicodedata.normalize("NFC", name).strip().strip("\ufeff").casefold()


def shape(source: IO[bytes], columns: Collection[str] = (), *, whole: bool = True) -> Shape:
    """Read how a file is written; its position is at the beginning before and after.

    Args:
        source: a binary file that can seek.
        columns: names that it is known to have; they tell the separator.
        whole: False where only the names are wanted, so that the encoding is that of the
            beginning.

    Raises:
        NoCopyError: it is no CSV, or has not all of these columns.
    """
    source.seek(0)
    begin = source.read(_CHUNK)
    if begin.startswith(_BINARY) or b"\x00" in begin:
        raise NoCopyError("format")
    encoding = _encoding(source, whole)
    rows = [_head(source, encoding, one) for one in SEPARATORS]
    wanted = {key(one) for one in columns}
    fitting = [one for one in rows if wanted <= {key(name) for name in one}]
    if not fitting:
        known = {key(name) for row in rows for name in row}
        absent = sorted(one for one in columns if key(one) not in known) or sorted(columns)
        raise NoCopyError("column", column=absent[0])
    names = max(fitting, key=len)
    source.seek(0)
    first = begin.split(b"\n", 1)[0]
    end = "\r\n" if first.endswith(b"\r") else "\n"
    return Shape(encoding, SEPARATORS[rows.index(names)], end, tuple(names))


def names(source: IO[bytes], how: Shape) -> list[str]:
    """The names of the columns of a file that is written like another one."""
    return _head(source, how.encoding, how.separator)


def _encoding(source: IO[bytes], whole: bool) -> str:
    """utf-8-sig, utf-8 or cp1252, decided by every byte of the file or by its beginning."""
    source.seek(0)
    with_mark = source.read(3) == codecs.BOM_UTF8
    for name in ("utf-8",) if with_mark else ("utf-8", "cp1252"):
        source.seek(0)
        decoder = codecs.getincrementaldecoder(name)()
        try:
            while part := source.read(_CHUNK):
                decoder.decode(part)
                if not whole:
                    break
            decoder.decode(b"", final=whole)
        except UnicodeDecodeError:
            continue
        return "utf-8-sig" if with_mark else name
    raise NoCopyError("encoding")


def _text(source: IO[bytes], encoding: str) -> io.TextIOWrapper:
    source.seek(0)
    return io.TextIOWrapper(source, encoding=encoding, newline="")


def _head(source: IO[bytes], encoding: str, separator: str) -> list[str]:
    text = _text(source, encoding)
    try:
        return next(csv.reader(text, delimiter=separator, strict=True), [])
    except csv.Error:
        return []
    finally:
        text.detach()


def _rows(text: io.TextIOWrapper, how: Shape) -> Iterator[list[str]]:
    """Rows with as many fields as there are names; empty lines are left out.

    Raises:
        NoCopyError: ``row``, a row that is longer or shorter, or quoted wrongly.
    """
    reader = csv.reader(text, delimiter=how.separator, strict=True)
    wanted = len(how.names)
    try:
        for row in reader:
            if not row:
                continue
            if len(row) != wanted:
                raise NoCopyError("row", row=reader.line_num, fields=len(row), wanted=wanted)
            yield row
    except csv.Error as error:
        raise NoCopyError("row", row=reader.line_num, fields="?", wanted=wanted) from error


def without(source: IO[bytes], columns: Collection[str]) -> IO[bytes]:
    """A copy of a CSV without these columns, written as the file itself is.

    Args:
        source: a binary file that can seek.
        columns: names as the file has them.

    Returns:
        A temporary file at its beginning; the caller closes it.

    Raises:
        NoCopyError: no certain copy can be made.
    """
    how = shape(source, columns)
    out = {key(one) for one in columns}
    kept = [place for place, name in enumerate(how.names) if key(name) not in out]
    if not kept:
        raise NoCopyError("all")
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - handed on
    text = _text(source, how.encoding)
    target = io.TextIOWrapper(copy, encoding=how.encoding, newline="")
    try:
        writer = csv.writer(target, delimiter=how.separator, lineterminator=how.end)
        for row in _rows(text, how):
            writer.writerow([row[place] for place in kept])
        target.flush()
    except BaseException:
        copy.close()
        raise
    finally:
        text.detach()
    target.detach()
    copy.seek(0)
    return copy


def plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe goes before it.

    A single sign is none; "-" stays what it is.
    """
    return f"'{cell}" if len(cell) > 1 and cell.startswith(_FORMULA) else cell


def written(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows as a CSV of the portal's own: UTF-8 with byte order mark, no cell a formula."""
    target = io.StringIO(newline="")
    csv.writer(target).writerows([[plain(cell) for cell in row] for row in rows])
    return codecs.BOM_UTF8 + target.getvalue().encode("utf-8")
