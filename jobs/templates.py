"""Files to fill in: the columns of a kind, with one example row or with a row for everything that is sold.

Examples
--------
>>> import tempfile
>>> import pandas as pd
>>> from data_lake.lake import Lake
>>> lake = Lake(tempfile.mkdtemp())
>>> sales = pd.DataFrame({"date": ["2026-01-31"], "sku": ["007"], "location": ["A"], "quantity": [4.0]})
>>> _ = lake.upsert("sales", sales.assign(date=pd.to_datetime(sales["date"])))
>>> print(filled_template(lake, "locations", {"kind": "store"}).decode("utf-8-sig"))
location,name,kind,region
A,,store,
<BLANKLINE>
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import pandas as pd

from data_lake.lake import Lake
from jobs.errors import JobError
from jobs.import_file import KINDS, stock_estimate

FILLED_KINDS = ("stock", "products", "locations", "suppliers", "sourcing")
"""Kinds whose rows follow from what is sold."""


def filled_template(
    lake: Lake, kind: str, values: Mapping[str, str] | None = None, *, cover_days: float | None = None
) -> bytes:
    """Return a CSV with a row for each product, location or pair of them that the lake has sales of.

    Parameters
    ----------
    lake : Lake
        With sales; for suppliers, with sourcing.
    kind : str
        One of `FILLED_KINDS`.
    values : mapping, optional
        Column of the kind to the value of every row. What is neither known nor given is left empty.
    cover_days : float, optional
        Stock only: `on_hand` [each] is an estimate that lasts this long [days]; see `stock_estimate`.

    Returns
    -------
    bytes
        UTF-8 with BOM, so that Excel opens it as it is.

    Raises
    ------
    JobError
        If the kind, a column or the days cannot be used, or the lake has nothing to make rows of.
    """
    given = dict(values or {})
    _check(kind, given, cover_days)
    rows = _rows(lake, kind, cover_days)
    columns = list(dict.fromkeys((*rows.columns, *KINDS[kind].example, *given)))
    for name, value in given.items():
        rows[name] = value
    if kind == "stock":  # one count a row: no empty columns for batches that nobody tracks
        columns = [name for name in columns if name in rows.columns]
    return _csv(rows.reindex(columns=columns))


def _check(kind: str, values: Mapping[str, str], cover_days: float | None) -> None:
    faults = []
    if kind not in FILLED_KINDS:
        faults.append(f"{kind} cannot be filled from sales; {', '.join(FILLED_KINDS)} can")
    else:
        names = KINDS[kind].names
        faults += [
            f"{name!r} is no column of {kind} ({', '.join(names)})" for name in values if name not in names
        ]
    if cover_days is not None and kind != "stock":
        faults.append(f"days of cover estimate stock, not {kind}")
    if cover_days is not None and not 0 <= cover_days < float("inf"):
        faults.append(f"days of cover are {cover_days:g}; they must be 0 or more")
    if faults:
        raise JobError("; ".join(faults))


def _rows(lake: Lake, kind: str, cover_days: float | None) -> pd.DataFrame:
    """What the lake knows of the kind's key and columns."""
    if kind == "suppliers":
        sourcing = lake.read(
            "sourcing", columns=["source", "source_kind"], where={"source_kind": ["supplier"]}
        )
        found = sourcing[["source"]].rename(columns={"source": "supplier"})
    elif lake.current("sales") is None:
        found = pd.DataFrame()
    elif kind == "stock":
        stock = stock_estimate(lake, cover_days or 0.0)
        stock["on_hand"] = "" if cover_days is None else stock["on_hand"].map("{:.0f}".format)
        found = stock[["date", "sku", "location", "on_hand"]]
    else:
        found = lake.read("sales", columns=[name for name in ("sku", "location") if name in KINDS[kind].key])
    if found.empty:
        needed = "sourcing" if kind == "suppliers" else "sales"
        raise JobError(f"{lake.uri} has no {needed} to make rows of: shelfcast import {needed}.csv")
    found = found.drop_duplicates().sort_values(list(found.columns), ignore_index=True)
    if kind in ("products", "locations"):
        table = lake.read(KINDS[kind].table)
        known = [name for name in KINDS[kind].example if name in table.columns]
        found = found.merge(table[known], on=list(KINDS[kind].key), how="left")
    return found


def _csv(rows: pd.DataFrame) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows.columns)
    writer.writerows([_cell(value) for value in row] for row in rows.itertuples(index=False))
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return "" if pd.isna(value) else repr(value).removesuffix(".0")
    return "" if value is None or pd.isna(value) else str(value)
