"""Sheets as one Excel file: typed cells, frozen header, filters, totals, and what every column means."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jobs.sheets import cells_of

if TYPE_CHECKING:
    from engine.contracts import Column
    from jobs.sheets import Sheet


def encode_book(sheets: Sequence[Sheet]) -> bytes:
    """Write several sheets as one Excel file: a page each, then what their columns mean and come from.

    Parameters
    ----------
    sheets
        At least one; title and date of the file are those of the first.
    """
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    created = sheets[0].stamp.replace(tzinfo=None)
    book.set_properties({"title": sheets[0].title, "author": "Shelfcast", "created": created})
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
    for sheet in sheets:
        _write_rows(book.add_worksheet(sheet.name), sheet, styles)
    _write_definitions(book.add_worksheet("Definitions"), sheets, styles)
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
        cells = cells_of(sheet.frame, column)
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


def _write_definitions(page: Any, sheets: Sequence[Sheet], styles: Mapping[str, Any]) -> None:
    for index, title in enumerate(("Column", "Unit", "Meaning")):
        page.write_string(0, index, title, styles["header"])
    row = 1
    for sheet in sheets:
        if len(sheets) > 1:
            row = _write_texts(page, row + 1, [(sheet.name, "", sheet.title)], styles["header"])
        row = _write_texts(page, row, [(c.name, c.unit, c.doc) for c in sheet.columns])
    row = _write_texts(page, row + 1, [("Where it comes from", "", sheets[0].title)], styles["header"])
    notes = dict.fromkeys(note for sheet in sheets for note in sheet.notes)
    _write_texts(page, row, [(name, "", text) for name, text in notes])
    page.set_column(0, 0, 28)
    page.set_column(1, 1, 14)
    page.set_column(2, 2, 90)
    page.freeze_panes(1, 0)


def _write_texts(page: Any, row: int, rows: Sequence[tuple[str, str, str]], style: Any = None) -> int:
    """Write rows of text and return the number of the row after them."""
    for number, texts in enumerate(rows, row):
        for index, text in enumerate(texts):
            page.write_string(number, index, text, style)
    return row + len(rows)
