"""Frames as files that people and systems open: CSV, Excel, JSON or Parquet. Same rows, same bytes."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

import pandas as pd

from engine.contracts import Column
from jobs.errors import JobError

Format = Literal["csv", "xlsx", "json", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Sheet:
    """Rows with what each column means, and what they were computed from."""

    title: str
    frame: pd.DataFrame
    columns: tuple[Column, ...]
    """Name, kind, unit and meaning of each column of `frame`, in order."""
    totals: tuple[str, ...]
    """Columns that the totals row of a spreadsheet sums."""
    notes: tuple[tuple[str, str], ...]
    """Currency, run ids, data versions: what a reader needs to find these very numbers again."""
    stamp: datetime
    """Instant of the newest row: the file's own date, so that the same rows give the same file."""
    name: str = "Lines"
    """What its page is called; at most 31 letters."""


def encode(sheet: Sheet, fmt: Format, *, bom: bool = False) -> bytes:
    """Write a sheet; JobError for a format that is not one of `FORMATS`.

    Parameters
    ----------
    sheet
        What to write.
    fmt
        csv: RFC 4180, UTF-8, ISO dates, a dot as decimal mark; text that a spreadsheet would run as a formula
        gets an apostrophe before it. xlsx: typed cells, frozen header, filters, totals, definitions.
        json: records with typed values, definitions and notes. parquet: typed columns (days as days, instants
        in UTC), definitions and notes in the frame's `attrs`.
    bom
        Begin the CSV with a byte-order mark: Excel then reads it as UTF-8.
    """
    if fmt == "csv":
        return _csv(sheet, bom)
    if fmt == "xlsx":
        from jobs.sheets_excel import encode_book

        return encode_book([sheet])
    if fmt == "json":
        return _json(sheet)
    if fmt == "parquet":
        return _parquet(sheet)
    raise JobError(f"format {fmt!r} is not known; known are {', '.join(FORMATS)}")


def guarded(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would take for a formula.

    Examples
    --------
    >>> guarded("=HYPERLINK(1)"), guarded("tea = good")
    ("'=HYPERLINK(1)", 'tea = good')
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def number_text(value: float) -> str:
    """Write a number so that it reads back as the same number, without a needless `.0`."""
    whole = int(value) if value == value and abs(value) < 1e15 else None
    return str(whole) if whole is not None and whole == value else repr(float(value))


def cells_of(frame: pd.DataFrame, column: Column) -> list[Any]:
    """Values of a column as plain Python: text, float, bool, date, datetime [UTC]; None where missing."""
    series = frame[column.name]
    missing = series.isna()
    if column.kind == "date":
        values: list[Any] = series.dt.date.tolist()
    elif column.kind == "instant":
        values = series.dt.to_pydatetime().tolist()
    else:
        values = series.tolist()
    return [None if absent else value for value, absent in zip(values, missing, strict=True)]


def _text(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if kind == "number" or kind == "integer":
        return number_text(value)
    if kind == "flag":
        return "true" if value else "false"
    if kind == "date":
        return str(value.isoformat())
    if kind == "instant":
        return str(value.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return guarded(value)


def _csv(sheet: Sheet, bom: bool) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.name for column in sheet.columns])
    texts = [[_text(cell, c.kind) for cell in cells_of(sheet.frame, c)] for c in sheet.columns]
    writer.writerows(zip(*texts, strict=True))
    return out.getvalue().encode("utf-8-sig" if bom else "utf-8")


def _json(sheet: Sheet) -> bytes:
    def plain(value: Any, kind: str) -> Any:
        return _text(value, kind) if kind in ("date", "instant") and value is not None else value

    names = [column.name for column in sheet.columns]
    cells = [[plain(cell, c.kind) for cell in cells_of(sheet.frame, c)] for c in sheet.columns]
    body = _about(sheet) | {"lines": [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]}
    return json.dumps(body, ensure_ascii=False, indent=1, allow_nan=False).encode()


def _about(sheet: Sheet) -> dict[str, Any]:
    return {
        "title": sheet.title,
        "notes": dict(sheet.notes),
        "columns": [{"name": c.name, "unit": c.unit, "meaning": c.doc} for c in sheet.columns],
    }


def _parquet(sheet: Sheet) -> bytes:
    frame = sheet.frame[[column.name for column in sheet.columns]].reset_index(drop=True)
    days = [column.name for column in sheet.columns if column.kind == "date"]
    frame = frame.assign(**{name: frame[name].dt.date for name in days})
    frame.attrs.update(_about(sheet))
    return frame.to_parquet(index=False, compression="zstd")
