"""What was really ordered in the span of a replay, from the table orders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.forecast.panel import period_dates

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

COVERED_WITHIN_DAYS = 35
"""A source's orders are all known if its first ones are from so soon after the first day played."""


@dataclass(frozen=True)
class RealOrders:
    """Orders of n lines.

    Attributes
    ----------
    quantity : [n, T] units by the period of the order
    covered : [n] whether the orders of the line's source to its location go back to the first day
    """

    quantity: Floats
    covered: Mask


def real_orders(
    orders: pd.DataFrame, lines: pd.DataFrame, start: np.datetime64, period: str, periods: int
) -> RealOrders:
    """Collect what was ordered from outside and between locations, cancelled orders apart.

    Parameters
    ----------
    orders : contract `orders`
    lines : sku, location, source
    start, period, periods : the periods played
    """
    placed = orders[
        (orders["kind"] != "customer") & (orders["status"] != "cancelled") & orders["ordered_at"].notna()
    ]
    edges = period_dates(start, period, 0, periods + 1)
    column = np.searchsorted(edges, placed["ordered_at"].to_numpy("datetime64[D]"), side="right") - 1
    index = pd.MultiIndex.from_frame(lines[["sku", "location"]])
    row = index.get_indexer(pd.MultiIndex.from_frame(placed[["sku", "to_location"]]))
    inside = (row >= 0) & (column >= 0) & (column < periods)
    quantity = np.zeros((len(lines), periods))
    np.add.at(quantity, (row[inside], column[inside]), placed["quantity"].to_numpy(np.float64)[inside])

    since = placed.groupby(["from_source", "to_location"])["ordered_at"].min()
    latest = placed.groupby(["from_source", "to_location"])["ordered_at"].max()
    of_line = pd.MultiIndex.from_frame(lines[["source", "location"]])
    first = since.reindex(of_line).to_numpy("datetime64[D]")
    last = latest.reindex(of_line).to_numpy("datetime64[D]")
    slack = np.timedelta64(COVERED_WITHIN_DAYS, "D")
    # a comparison with not-a-time is false: no order, not covered
    covered = (first <= edges[0] + slack) & (last >= edges[-1] - slack)
    return RealOrders(quantity, covered)
