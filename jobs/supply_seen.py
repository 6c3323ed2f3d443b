"""Stock and orders as a plan sees them: the tables, what facts told since, and what planners approved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from data_lake.events import Event
from data_lake.lake import Lake
from data_lake.latest import latest_rows
from jobs.approvals import approvals_frame, fold_approvals, not_imported
from jobs.orders_then import orders_then
from jobs.stock_now import Told, orders_after, stock_after, told_now, without_told
from jobs.transfer_approvals import fold_transfers, transfers_frame
from jobs.transfer_supply import coming_transfers, without_departed


@dataclass(frozen=True)
class SupplySeen:
    """What a plan reads of stock and orders."""

    stock: pd.DataFrame
    """Contract `inventory_snapshot`: the rows that were given, or the latest ones of each line."""
    orders: pd.DataFrame
    """Contract `orders`, with what is approved."""
    ordered_until: pd.DataFrame
    """As of `jobs.inputs.PlanInputs`."""
    told: Told | None
    """What facts say beyond the tables."""


def supply_seen(
    lake: Lake,
    *,
    day: dt.date,
    since: dt.date,
    versions: Mapping[str, int],
    events: Sequence[Event],
    stock: pd.DataFrame | None = None,
    past: bool = False,
) -> SupplySeen:
    """Return the stock and orders that a plan of `day` reads.

    Parameters
    ----------
    lake : Lake
    day : first day planned
    since : first day of which stock counts
    versions : of `inventory_snapshot`, `orders` and the tables that facts are folded with
    events : of the kinds `jobs.inputs.PLANNED_EVENTS`
    stock : rows of `inventory_snapshot` from `since` to the eve of `day`; default: the latest of each line
    past : the day has passed, so that neither facts nor transfers since then are seen
    """
    eve = day - dt.timedelta(days=1)
    if stock is None:
        stock = latest_rows(lake, version=versions["inventory_snapshot"], since=since, until=eve)
    lines = approvals_frame(fold_approvals(events).values())
    orders = lake.read("orders", version=versions["orders"])
    every = not_imported(lines, orders)
    supply = every[every["expected_date"] >= pd.Timestamp(day)]
    sent = transfers_frame(fold_transfers(list(events)).values())
    none_counted = stock.iloc[:0]

    def approved() -> pd.DataFrame:
        moving = coming_transfers(sent, orders, none_counted, day)
        return pd.concat([every[list(orders.columns)], moving])

    told = told_now(
        lake, until=eve if past else None, snapshots_until=eve, versions=versions, approved=approved
    )
    if told is not None:
        orders, supply = orders_after(orders, told.orders, eve), without_told(supply, told.orders)
    after = None if told is None else stock_after(stock, told.stock, eve)
    if past:
        orders = orders_then(orders, day)
        stock = stock if after is None else after.rows
    else:
        counted = stock if after is None else after.as_counted
        supply = pd.concat([supply[list(orders.columns)], coming_transfers(sent, orders, counted, day)])
        stock = without_departed(counted, sent, orders)
        stock = stock if after is None else stock.assign(date=after.rows["date"])
    return SupplySeen(stock, with_approved(orders, supply, day), ordered_until(lines, day), told)


def with_approved(orders: pd.DataFrame, supply: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """Return orders placed before `day`, and what planners approved that no imported order says yet."""
    placed = orders[orders["ordered_at"].isna() | (orders["ordered_at"] < pd.Timestamp(day))]
    if supply.empty:
        return placed
    return pd.concat([placed, supply[list(orders.columns)]], ignore_index=True)


def ordered_until(approved: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """Return lines approved for an order day that has not passed: they are ordered again on the next one."""
    ahead = approved[approved["order_by"] >= pd.Timestamp(day)]
    last = ahead.sort_values("next_order_date").drop_duplicates(["sku", "location", "source"], keep="last")
    return last[["sku", "location", "source", "next_order_date"]]
