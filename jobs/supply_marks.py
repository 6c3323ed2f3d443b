"""Fingerprints of the stock and orders of each line: what a re-plan compares to find what changed."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.util import hash_array

from jobs.line_inputs import latest_stock, open_orders
from jobs.supply_flows import promised

Floats = npt.NDArray[np.float64]
_Marks = npt.NDArray[np.uint64]

_BATCH = ("batch", "expiry_date", "on_hand")
_ORDER = ("order_id", "from_source", "open_quantity", "due", "promised_date", "unit_cost")
_APPROVED = ("from_source", "expected_date", "quantity")
_STEP = np.uint64(0x9E3779B97F4A7C15)


def supply_marks(lines: pd.DataFrame, stock: pd.DataFrame, orders: pd.DataFrame, as_of: dt.date) -> list[str]:
    """Return a fingerprint a line: another one wherever anything that a plan takes of its supply differs.

    Parameters
    ----------
    lines : sku, location, next_order_date
    stock, orders : `inventory_snapshot` and `orders` of a plan's inputs
    as_of : day planned for
    """
    line_of = pd.MultiIndex.from_frame(lines[["sku", "location"]])
    here = latest_stock(stock)
    coming = open_orders(orders)
    marks = _marked(line_of, here[["sku", "location"]], here[list(_BATCH)])
    marks ^= _marked(line_of, coming[["sku", "to_location"]], coming[list(_ORDER)])
    is_approved = lines["next_order_date"].notna().to_numpy()
    if is_approved.any():  # what is approved counts towards the supplier's terms, received or not
        ours = orders[orders["sku"].isin(set(lines.loc[is_approved, "sku"]))]
        marks ^= np.where(
            is_approved, _marked(line_of, ours[["sku", "to_location"]], ours[list(_APPROVED)]), 0
        )
    marks ^= _column(pd.Series(promised(orders, lines, as_of))) * _STEP
    marks ^= _column(lines["next_order_date"])
    return [f"{mark:016x}" for mark in marks.tolist()]


def late_quantity(lines: pd.DataFrame, orders: pd.DataFrame, as_of: dt.date) -> Floats:
    """Return what is overdue on open orders of each line [each], [n]."""
    coming = open_orders(orders)
    late = coming[coming["due"] < pd.Timestamp(as_of)]
    overdue = late.groupby(["sku", "to_location"])["open_quantity"].sum()
    index = pd.MultiIndex.from_frame(lines[["sku", "location"]])
    return overdue.reindex(index).fillna(0.0).to_numpy(dtype=np.float64)


def _marked(line_of: pd.MultiIndex, keys: pd.DataFrame, content: pd.DataFrame) -> _Marks:
    """Return a mark a line of the rows that belong to it, in their order."""
    line = line_of.get_indexer(pd.MultiIndex.from_frame(keys))
    kept = line >= 0
    line, content = line[kept], content[kept]
    row = np.zeros(len(content), dtype=np.uint64)
    for name in content.columns:
        row = row * _STEP + _column(content[name])
    place = pd.Series(line).groupby(line).cumcount().to_numpy(dtype=np.uint64)
    marks = np.zeros(len(line_of), dtype=np.uint64)
    mixed = (row ^ (row >> np.uint64(29))) * (place * np.uint64(2) + np.uint64(1))
    np.add.at(marks, line, mixed + place + np.uint64(1))
    return marks * _STEP


def _column(values: pd.Series) -> _Marks:
    if pd.api.types.is_numeric_dtype(values.dtype):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0  # -0 is 0
        return np.asarray(hash_array(numbers), dtype=np.uint64)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return np.asarray(
            hash_array(values.to_numpy(dtype="datetime64[D]").astype(np.int64)), dtype=np.uint64
        )
    return np.asarray(hash_array(values.fillna("").to_numpy(dtype=object)), dtype=np.uint64)
