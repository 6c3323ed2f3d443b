"""Orders as they stood on a morning that has passed: what has arrived since was still on its way."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from engine.contracts import OPEN_ORDER_STATUSES

if TYPE_CHECKING:
    from data_lake.lake import Lake

ARRIVED = ("received", "closed_short")


def is_past(lake: Lake, day: dt.date, version: int) -> bool:
    """Return whether the lake knows sales of `day` or later, so that `day` is no longer today."""
    return not lake.read("sales", version=version, columns=["date"], since=day).empty


def orders_then(orders: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """Open again what arrived on `day` or later, by the day it was received or else expected.

    Without this a plan of the past would see stock but nothing on its way, and find everything at risk.
    What was open then is expected when it was promised: when people knew better is not in the table, and the
    day on which an order really came is of the future. An order without a promise keeps its expected day.

    Examples
    --------
    >>> rows = {"status": ["received", "sent"], "received": [5.0, 0.0]}
    >>> days = {"promised_date": pd.Timestamp("2026-11-02"), "expected_date": pd.Timestamp("2026-11-03")}
    >>> orders = pd.DataFrame(rows).assign(**days, received_at=pd.NaT)
    >>> then = orders_then(orders, dt.date(2026, 11, 2))
    >>> then["status"].tolist(), then["expected_date"].dt.day.tolist()
    (['sent', 'sent'], [2, 2])
    >>> orders_then(orders, dt.date(2026, 11, 4))["status"].tolist()
    ['received', 'sent']
    """
    arrived = orders["received_at"].fillna(orders["expected_date"])
    coming = orders["status"].isin(ARRIVED) & (arrived >= pd.Timestamp(day))
    status = orders["status"].where(~coming, "sent")
    told = status.isin(OPEN_ORDER_STATUSES) & orders["promised_date"].notna()
    return orders.assign(
        status=status,
        received=orders["received"].where(~coming, 0.0),
        received_at=orders["received_at"].mask(coming),
        expected_date=orders["expected_date"].mask(told, orders["promised_date"]),
    )
