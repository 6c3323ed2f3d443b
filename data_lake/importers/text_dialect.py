"""How a text file is written: encoding, delimiter, and the row of its header."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from data_lake.errors import LakeError

SAMPLE_BYTES = 1 << 20
DELIMITERS = (",", ";", "\t", "|")
_BLOCK = 1 << 20
_HEADER_WITHIN = 30
_LOOKED_AT = 300


class UnreadableFileError(LakeError):
    """The file cannot be read as a table at all; the message is the rule that it breaks."""


def sniff_encoding(path: Path) -> str:
    """Return utf-8-sig, utf-8, utf-16, utf-16-le, utf-16-be, cp1252 or latin-1. Reads the whole file: the one
    byte that is not UTF-8 may be in its last row."""
    with path.open("rb") as file:
        start = file.read(_BLOCK)
        if start.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        head = start[:4096]
        if b"\0" in head:
            even, odd = head[0::2].count(0), head[1::2].count(0)
            if max(even, odd) < len(head) // 5:
                raise UnreadableFileError("is not a CSV, Excel or Parquet file")
            return "utf-16-le" if odd > even else "utf-16-be"
        decoder = codecs.getincrementaldecoder("utf-8")()
        other: set[int] = set()
        block, utf8 = start, True
        while block:
            if utf8:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    utf8 = False
            other |= set(block) & _NOT_CP1252
            block = file.read(_BLOCK)
        if utf8:
            try:
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                utf8 = False
    if utf8:
        return "utf-8"
    return "latin-1" if other else "cp1252"


_NOT_CP1252 = {0x81, 0x8D, 0x8F, 0x90, 0x9D}


def sample_text(path: Path, encoding: str) -> tuple[str, bool]:
    """Return the start of the file as text, and whether that is all of it."""
    with path.open("rb") as file:
        raw = file.read(SAMPLE_BYTES)
        whole = not file.read(1)
    try:
        return codecs.getincrementaldecoder(encoding)().decode(raw, final=whole), whole
    except (UnicodeDecodeError, LookupError) as error:
        raise UnreadableFileError(f"is not written in the encoding {encoding}: {error}") from None


def records(text: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the records of a text; the last may be cut off at the end of a sample."""
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error:
        # A quote that never closes: what came before it still says how the file is written.
        return


def first_records(text: str, delimiter: str, *, whole: bool) -> list[list[str]]:
    """Return the first records of a sample, without one that is cut off."""
    first = list(islice(records(text, delimiter), _LOOKED_AT + 1))
    return first if whole or len(first) > _LOOKED_AT else first[:-1]


def sniff_delimiter(text: str, *, whole: bool) -> str:
    """Return the delimiter that cuts the most records into the same number (> 1) of fields."""
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        widths = Counter(len(r) for r in first_records(text, delimiter, whole=whole) if any(r))
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: (item[0] > 1, item[1]))
        if width > 1 and (count / widths.total(), width) > best_score:
            best, best_score = delimiter, (count / widths.total(), width)
    return best


def sniff_header(rows: Sequence[Sequence[str]]) -> int:
    """Return the header's row, 1-based: the first as wide as most rows and at least half filled with text."""
    widths = Counter(_filled(row) for row in rows if _filled(row))
    if not widths:
        raise UnreadableFileError("is empty")
    usual = max(widths.items(), key=lambda item: (item[1], item[0]))[0]
    for number, row in enumerate(rows[:_HEADER_WITHIN], start=1):
        if _filled(row) >= max(1, min(2, usual), usual // 2 + 1):
            return number
    return next(number for number, row in enumerate(rows, start=1) if _filled(row))


def clean_headers(cells: Sequence[str]) -> tuple[str, ...]:
    """Return usable headers: stripped, blanks named by position, repeats numbered."""
    seen: Counter[str] = Counter()
    headers = []
    for position, cell in enumerate(cells, start=1):
        header = " ".join(cell.replace("﻿", "").split()) or f"column {position}"
        seen[header] += 1
        headers.append(header if seen[header] == 1 else f"{header} ({seen[header]})")
    return tuple(headers)


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell and cell.strip())
