"""A frame as a file that people and order systems open: CSV, Excel or JSON. Same rows, same bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

import pandas as pd

from engine.contracts import Column
from jobs.errors import JobError

Format = Literal["csv", "xlsx", "json"]
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


def encode(sheet: Sheet, fmt: Format, *, bom: bool = False) -> bytes:
    """Write a sheet; JobError for a format that is not one of `FORMATS`.

    Parameters
    ----------
    sheet
        What to write.
    fmt
        csv: RFC 4180, UTF-8, ISO dates, a dot as decimal mark; text that a spreadsheet would run as a formula
        gets an apostrophe before it. xlsx: typed cells, frozen header, filters, totals, definitions.
        json: records with typed values, definitions and notes.
    bom
        Begin the CSV with a byte-order mark: Excel then reads it as UTF-8.
    """
    if fmt == "csv":
        return _csv(sheet, bom)
    if fmt == "xlsx":
        return _xlsx(sheet)
    if fmt == "json":
        return _json(sheet)
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


def _cells(frame: pd.DataFrame, column: Column) -> list[Any]:
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
    texts = [[_text(cell, c.kind) for cell in _cells(sheet.frame, c)] for c in sheet.columns]
    writer.writerows(zip(*texts, strict=True))
    return out.getvalue().encode("utf-8-sig" if bom else "utf-8")


def _json(sheet: Sheet) -> bytes:
    def plain(value: Any, kind: str) -> Any:
        return _text(value, kind) if kind in ("date", "instant") and value is not None else value

    names = [column.name for column in sheet.columns]
    cells = [[plain(cell, c.kind) for cell in _cells(sheet.frame, c)] for c in sheet.columns]
    body = {
        "title": sheet.title,
        "notes": dict(sheet.notes),
        "columns": [{"name": c.name, "unit": c.unit, "meaning": c.doc} for c in sheet.columns],
        "lines": [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)],
    }
    return json.dumps(body, ensure_ascii=False, indent=1, allow_nan=False).encode()


def _xlsx(sheet: Sheet) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    created = sheet.stamp.replace(tzinfo=None)
    book.set_properties({"title": sheet.title, "author": "Shelfcast", "created": created})
    header = {"bold": True, "bg_color": "#E8EDF3", "bottom": 1, "text_wrap": True, "valign": "top"}
    styles = {
        "header": book.add_format(header),
        "total": book.add_format({"bold": True, "top": 1, "num_format": "#,##0.00"}),
        "text": book.add_format(),
        "number": book.add_format({"num_format": "#,##0.###"}),
        "money": book.add_format({"num_format": "#,##0.00"}),
        "share": book.add_format({"num_format": "0.0%"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "instant": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
    }
    _write_rows(book.add_worksheet("Lines"), sheet, styles)
    _write_definitions(book.add_worksheet("Definitions"), sheet, styles)
    book.close()
    return out.getvalue()


def _style_of(column: Column) -> str:
    if column.kind in ("date", "instant"):
        return column.kind
    if column.kind not in ("number", "integer"):
        return "text"
    if column.unit.startswith("money"):
        return "money"
    return "share" if column.unit == "share" else "number"


def _write_rows(page: Any, sheet: Sheet, styles: Mapping[str, Any]) -> None:
    count = len(sheet.frame)
    for index, column in enumerate(sheet.columns):
        style = styles[_style_of(column)]
        cells = _cells(sheet.frame, column)
        page.write_string(0, index, column.name, styles["header"])
        width = max([len(column.name), *(len(str(cell)) for cell in cells[:200] if cell is not None)])
        page.set_column(index, index, min(max(width + 2, 8), 40))
        for row, cell in enumerate(cells, 1):
            _write(page, row, index, cell, column.kind, style)
        if column.name in sheet.totals and count:
            letter = _letters(index)
            total = float(sheet.frame[column.name].sum())
            # 109: visible rows only, so the total follows the filter
            formula = f"=SUBTOTAL(109,{letter}2:{letter}{count + 1})"
            page.write_formula(count + 1, index, formula, styles["total"], total)
    if count and sheet.totals:
        page.write_string(count + 1, 0, "Total of the rows shown", styles["total"])
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, max(count, 1), len(sheet.columns) - 1)


def _write(page: Any, row: int, index: int, cell: Any, kind: str, style: Any) -> None:
    if cell is None:
        return
    if kind in ("number", "integer"):
        page.write_number(row, index, float(cell), style)
    elif kind == "flag":
        page.write_boolean(row, index, bool(cell), style)
    elif kind == "date":
        page.write_datetime(row, index, datetime(cell.year, cell.month, cell.day), style)
    elif kind == "instant":
        page.write_datetime(row, index, cell.replace(tzinfo=None), style)
    else:
        page.write_string(row, index, cell, style)


def _letters(index: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(index))


def _write_definitions(page: Any, sheet: Sheet, styles: Mapping[str, Any]) -> None:
    rows: Sequence[tuple[str, str, str]] = [(c.name, c.unit, c.doc) for c in sheet.columns]
    for index, title in enumerate(("Column", "Unit", "Meaning")):
        page.write_string(0, index, title, styles["header"])
    for row, texts in enumerate(rows, 1):
        for index, text in enumerate(texts):
            page.write_string(row, index, text)
    start = len(rows) + 2
    page.write_string(start, 0, "Where it comes from", styles["header"])
    page.write_string(start, 1, "", styles["header"])
    page.write_string(start, 2, sheet.title, styles["header"])
    for row, (name, text) in enumerate(sheet.notes, start + 1):
        page.write_string(row, 0, name)
        page.write_string(row, 2, text)
    page.set_column(0, 0, 28)
    page.set_column(1, 1, 14)
    page.set_column(2, 2, 90)
    page.freeze_panes(1, 0)
