"""Approved orders meet what is known of orders: what no import knows yet, and what is closed."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from data_lake.lake import Lake
from data_lake.ledger import read_events
from jobs.approvals import approved_supply
from jobs.stock_now import orders_after, told_now
from jobs.transfer_approvals import fold_transfers, transfers_frame
from jobs.transfer_supply import coming_transfers

CLOSED_STATUSES = ("received", "closed_short", "cancelled")
"""Orders in these states no longer stand for an approval."""


def approved_orders(lake: Lake, transfers: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Return approved purchases and transfers that the imported `orders` do not have, as rows of it.

    Parameters
    ----------
    lake
        Where the ledger is.
    transfers
        `jobs.transfer_approvals.approved_transfers`.
    orders
        Contract `orders`, as imported.
    """
    nowhere = pd.DataFrame({"sku": [], "location": [], "date": []}, dtype="str")
    moving = coming_transfers(
        transfers, orders, nowhere.astype({"date": "datetime64[us]"}), dt.date(1970, 1, 1)
    )
    return pd.concat([approved_supply(lake)[list(orders.columns)], moving])


def closed_lines(lake: Lake) -> set[tuple[str, str, str]]:
    """Return lines (order_id, sku, location) that are received, closed or cancelled.

    As imported, and as systems told since.
    """
    orders = lake.read("orders")
    transfers = transfers_frame(fold_transfers(read_events(lake)).values())
    told = told_now(lake, approved=lambda: approved_orders(lake, transfers, orders))
    if told is not None:
        orders = orders_after(orders, told.orders, dt.date(9999, 12, 31))
    closed = orders[orders["status"].isin(CLOSED_STATUSES)]
    return set(zip(closed["order_id"], closed["sku"], closed["to_location"], strict=True))
