"""Orders as they stood on a morning that has passed: what has arrived since was still on its way."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from data_lake.lake import Lake

ARRIVED = ("received", "closed_short")


def is_past(lake: Lake, day: dt.date, version: int) -> bool:
    """Return whether the lake knows sales of `day` or later, so that `day` is no longer today."""
    return not lake.read("sales", version=version, columns=["date"], since=day).empty


def orders_then(orders: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """Open again what arrived on `day` or later, by the day it was received or else expected.

    Without this a plan of the past would see stock but nothing on its way, and find everything at risk.

    Examples
    --------
    >>> rows = {"status": ["received", "sent"], "received": [5.0, 0.0], "expected_date": ["2026-11-03"] * 2}
    >>> orders = pd.DataFrame(rows).assign(expected_date=pd.Timestamp("2026-11-03"), received_at=pd.NaT)
    >>> orders_then(orders, dt.date(2026, 11, 2))["status"].tolist()
    ['sent', 'sent']
    >>> orders_then(orders, dt.date(2026, 11, 4))["status"].tolist()
    ['received', 'sent']
    """
    arrived = orders["received_at"].fillna(orders["expected_date"])
    coming = orders["status"].isin(ARRIVED) & (arrived >= pd.Timestamp(day))
    return orders.assign(
        status=orders["status"].where(~coming, "sent"),
        received=orders["received"].where(~coming, 0.0),
        received_at=orders["received_at"].mask(coming),
    )
