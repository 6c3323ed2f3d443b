"""Stock and orders as the facts of systems left them, laid over the tables that a plan reads."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data_lake.facts.checkpoint import told_orders, told_stock
from data_lake.facts.checkpoint_known import known_facts
from data_lake.lake import Lake
from data_lake.runs import Run
from data_lake.then import LakeThen
from engine.contracts import TABLES

STOCK, ORDERS = TOLD_TABLES = ("stock_now", "orders_now")
"""Where a plan keeps what facts had told it, so that its pages and what-ifs see the same for ever."""

_LINE = ["sku", "location"]
_LONG_AGO = pd.Timestamp(1970, 1, 1)


@dataclass(frozen=True)
class Told:
    """What facts say beyond the tables."""

    stock: pd.DataFrame
    """Contract `stock_now`."""
    orders: pd.DataFrame
    """Contract `orders_now`."""

    @property
    def digest(self) -> str:
        """SHA-256 of the content: whichever facts led to it, and however they are stored."""
        text = "\n".join(frame.to_csv(index=False) for frame in (self.stock, self.orders))
        return hashlib.sha256(text.encode()).hexdigest()


def told_now(
    lake: Lake,
    *,
    until: dt.date | None = None,
    snapshots_until: dt.date | None = None,
    versions: Mapping[str, int] | None = None,
    approved: Callable[[], pd.DataFrame] | None = None,
) -> Told | None:
    """Return what facts say beyond the tables; None: nothing.

    Parameters
    ----------
    lake
        Of a lake as a run saw it: what the run was told.
    until
        Last day of facts; default: all.
    snapshots_until
        Last day of snapshots; default: `until`.
    versions
        Version of each table that the facts come on top of; default: the newest.
    approved
        Returns approved lines in the columns of `orders`: what is told of them comes on top.
    """
    if isinstance(lake, LakeThen):
        return told_then(lake, lake.inputs)
    known = known_facts(lake, until=until, versions=versions, snapshots_until=snapshots_until)
    if known is None:
        return None
    lines = approved() if approved is not None and len(known.order_facts) else None
    told = Told(told_stock(known), told_orders(lake, known, versions=versions, approved=lines))
    return told if len(told.stock) or len(told.orders) else None


def told_then(lake: Lake, inputs: Mapping[str, int]) -> Told | None:
    """Return what a run was told, by the versions of its inputs; None: nothing."""
    if not any(inputs.get(table) for table in TOLD_TABLES):
        return None
    return Told(*(lake.read(table, version=inputs.get(table, 0)) for table in TOLD_TABLES))


def keep_told(lake: Lake, told: Told) -> dict[str, int]:
    """Write what was told as versions of `TOLD_TABLES`; return their numbers, as inputs of a run."""
    if isinstance(lake, LakeThen):
        return {table: lake.inputs.get(table, 0) for table in TOLD_TABLES}
    frames = {STOCK: told.stock, ORDERS: told.orders}
    return {table: lake.replace(table, frame).number for table, frame in frames.items()}


@dataclass(frozen=True)
class StockAfter:
    """Stock with what was told of it."""

    rows: pd.DataFrame
    """Contract `inventory_snapshot`. Told stock carries the day of its location's latest snapshot: the days
    of the table stay whole."""
    counted: pd.Series
    """Of each row the day up to which all that left or came is in it: that of its own snapshot or, if later,
    of the last fact that told the line's whole stock."""

    @property
    def as_counted(self) -> pd.DataFrame:
        """The rows with the days of `counted`."""
        return self.rows.assign(date=self.counted)


def stock_after(snapshot: pd.DataFrame, stock: pd.DataFrame, eve: dt.date) -> StockAfter:
    """Lay what was told over the latest stock of its lines.

    Parameters
    ----------
    snapshot
        Contract `inventory_snapshot`.
    stock
        Contract `stock_now`.
    eve
        Day before the one planned: that of told stock where no snapshot is known.
    """
    if stock.empty:
        return StockAfter(snapshot, snapshot["date"])
    latest = snapshot.groupby("location")["date"].max()
    newest = snapshot["date"].max() if len(snapshot) else pd.Timestamp(eve)
    stock = stock.assign(
        date=latest.reindex(stock["location"]).fillna(newest).to_numpy(),
        counted=stock[["counted_on", "fixed_on"]].max(axis=1).fillna(_LONG_AGO),
        status="available",
    )
    lines = stock.drop_duplicates(_LINE)
    near = snapshot[snapshot["date"].isin(lines["counted_on"].unique())]
    place = pd.MultiIndex.from_frame(lines[_LINE]).get_indexer(pd.MultiIndex.from_frame(near[_LINE]))
    near, about = near[place >= 0], lines.iloc[place[place >= 0]]
    last = near["date"].to_numpy() == about["counted_on"].to_numpy()
    near = near[last]
    about = about[last].set_index(near.index)
    near = near.assign(date=about["date"], counted=about["counted"])
    told = pd.concat([near[near["status"] != "available"], stock[list(near.columns)]])
    kept = snapshot.drop(index=near.index)
    rows = pd.concat([kept, told[list(snapshot.columns)]], ignore_index=True)
    return StockAfter(rows, pd.concat([kept["date"], told["counted"]], ignore_index=True))


def orders_after(orders: pd.DataFrame, told: pd.DataFrame, eve: dt.date) -> pd.DataFrame:
    """Lay what was told over imported orders, line by line.

    An order that is placed on the day planned, or later where sales are behind, is known and counts as placed
    on its `eve`.
    """
    if told.empty:
        return orders
    key = ["order_id", "line"]
    changed = pd.MultiIndex.from_frame(orders[key]).isin(pd.MultiIndex.from_frame(told[key]))
    placed = told["ordered_at"].mask(told["ordered_at"] > pd.Timestamp(eve), pd.Timestamp(eve))
    rows = told.assign(ordered_at=placed)[list(orders.columns)]
    return pd.concat([orders[~changed], rows], ignore_index=True)


def without_told(approved: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """Leave out approved lines that facts tell of: by line, or by product and destination of the order."""
    known = set(zip(told["order_id"], told["line"], strict=True))
    placed = set(zip(told["order_id"], told["sku"], told["to_location"], strict=True))
    rows = zip(approved["order_id"], approved["line"], approved["sku"], approved["to_location"], strict=True)
    kept = [(order, line) not in known and (order, *place) not in placed for order, line, *place in rows]
    return approved[np.array(kept, dtype=bool)]


def stock_of_run(lake: Lake, run: Run, where: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Return stock as a run saw it, of the lines whose columns hold the values of `where`."""
    eve = run.as_of - dt.timedelta(days=1)
    snapshot = lake.read(
        "inventory_snapshot", version=run.inputs.get("inventory_snapshot"), where=where, until=eve
    )
    if not run.inputs.get(STOCK):
        return snapshot
    return stock_after(snapshot, lake.read(STOCK, version=run.inputs[STOCK], where=where), eve).rows


def orders_of_run(
    lake: Lake, run: Run, where: Mapping[str, Sequence[Any]], columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return order lines as a run saw them, without approvals, whose columns hold the values of `where`."""
    columns = list(columns or TABLES[ORDERS].names)
    read = [*columns, *(name for name in ("order_id", "line") if name not in columns)]
    orders = lake.read("orders", version=run.inputs.get("orders"), where=where, columns=read)
    if run.inputs.get(ORDERS):
        told = lake.read(ORDERS, version=run.inputs[ORDERS])
        orders = orders_after(orders, told, run.as_of - dt.timedelta(days=1))
        for name, values in where.items():
            orders = orders[orders[name].isin(list(values))]
    return orders[columns]
