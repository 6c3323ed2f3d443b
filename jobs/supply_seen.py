"""Stock and orders as a plan of today sees them, without the rest of its inputs.

The same steps as `jobs.inputs.load_inputs` takes, on the latest stock of each line instead of a year of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from data_lake.events import Event
from data_lake.lake import Lake
from data_lake.latest import latest_rows
from jobs.approvals import approved_lines, approved_supply
from jobs.inputs import ordered_until, with_approved
from jobs.stock_now import Told, orders_after, stock_after, told_now, without_told
from jobs.transfer_approvals import fold_transfers, transfers_frame
from jobs.transfer_supply import coming_transfers, without_departed


@dataclass(frozen=True)
class SupplySeen:
    """What a plan would read of stock and orders."""

    stock: pd.DataFrame
    """Contract `inventory_snapshot`: the latest rows of each line."""
    orders: pd.DataFrame
    """Contract `orders`, with what is approved."""
    ordered_until: pd.DataFrame
    """As of `jobs.inputs.PlanInputs`."""
    told: Told | None
    """What facts say beyond the tables."""


def supply_seen(
    lake: Lake, *, day: dt.date, since: dt.date, versions: Mapping[str, int], events: Sequence[Event]
) -> SupplySeen:
    """Return the stock and orders that a plan of `day` reads now.

    Parameters
    ----------
    lake : Lake
    day : first day planned, which has not passed
    since : first day of which stock counts
    versions : of `inventory_snapshot`, `orders` and the tables that facts are folded with
    events : of the kinds `jobs.inputs.PLANNED_EVENTS`
    """
    eve = day - dt.timedelta(days=1)
    stock = latest_rows(lake, version=versions["inventory_snapshot"], since=since, until=eve)
    every = approved_supply(lake)
    supply = every[every["expected_date"] >= pd.Timestamp(day)]
    orders = lake.read("orders", version=versions["orders"])
    sent = transfers_frame(fold_transfers(list(events)).values())

    def approved() -> pd.DataFrame:
        moving = coming_transfers(sent, orders, stock.iloc[:0], day)
        return pd.concat([every[list(orders.columns)], moving])

    told = told_now(lake, snapshots_until=eve, versions=versions, approved=approved)
    if told is not None:
        orders, supply = orders_after(orders, told.orders, eve), without_told(supply, told.orders)
    after = None if told is None else stock_after(stock, told.stock, eve)
    counted = stock if after is None else after.as_counted
    supply = pd.concat([supply[list(orders.columns)], coming_transfers(sent, orders, counted, day)])
    stock = without_departed(counted, sent, orders)
    stock = stock if after is None else stock.assign(date=after.rows["date"])
    return SupplySeen(
        stock, with_approved(orders, supply, day), ordered_until(approved_lines(lake), day), told
    )
