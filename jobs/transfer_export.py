"""Proposed transfers as a file for people: what moves, why, and what each part of the money is."""

from __future__ import annotations

import pandas as pd

from data_lake.runs import Run
from engine.contracts import TABLES, Column
from jobs.sheets import Format, Sheet, encode

_NAMES = (
    Column("product", "text", "Name of the product"),
    Column("origin_name", "text", "Name of the location that gives"),
    Column("destination_name", "text", "Name of the location that gets"),
    Column("batches_text", "text", "Batches that move, with their units"),
    Column("state", "text", "open or approved"),
    Column("order_id", "text", "Order, once approved"),
)
TRANSFER_SHEET: tuple[Column, ...] = (
    *(column for column in TABLES["transfers"].columns if column.name not in ("run_id", "batches")),
    *_NAMES,
)
"""Columns of an export of proposals, in order."""


def export_transfers(transfers: pd.DataFrame, run: Run, currency: str, fmt: Format) -> bytes:
    """Write transfers of `jobs.views.network` as CSV (with a byte-order mark), Excel or JSON."""
    sheet = Sheet(
        "Transfers",
        transfers[[column.name for column in TRANSFER_SHEET]],
        TRANSFER_SHEET,
        ("quantity", "value", "money"),
        (("currency", currency), (f"run {run.run_id}", f"planned for {run.as_of}")),
        run.created_at,
    )
    return encode(sheet, fmt, bom=fmt == "csv")
