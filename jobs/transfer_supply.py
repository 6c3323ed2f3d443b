"""Approved transfers as the next plan sees them: gone from one place, on their way to the other.

Until the imported stock of the origin is of the day it left or later, what was approved is taken off that
stock; until the imported stock of the destination is of the day it arrived, or `orders` holds the same order,
it is an open order there. So a unit is counted once, wherever it is.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from engine.contracts import TABLES
from jobs.columns import typed_column


def coming_transfers(
    approved: pd.DataFrame, orders: pd.DataFrame, snapshot: pd.DataFrame, day: dt.date
) -> pd.DataFrame:
    """Return approved transfers that `orders` does not have, as rows of it.

    Parameters
    ----------
    approved : `jobs.transfer_approvals.approved_transfers`
    orders, snapshot : contracts `orders` and `inventory_snapshot`, as imported
    day : day planned for
    """
    counted = _counted_on(approved, snapshot, "destination")
    missing = (counted < approved["arrival_date"]) | (approved["arrival_date"] >= pd.Timestamp(day))
    lines = approved[missing & (_imported(approved, orders) == "")]
    rows = pd.DataFrame(
        {
            "order_id": lines["order_id"],
            "line": lines["line"],
            "kind": "transfer",
            "sku": lines["sku"],
            "from_source": lines["origin"],
            "to_location": lines["destination"],
            "quantity": lines["quantity"],
            "received": 0.0,
            "status": "approved",
            "ordered_at": lines["approved_at"].dt.tz_localize(None).dt.normalize(),
            "promised_date": lines["arrival_date"],
            "expected_date": lines["arrival_date"],
            "unit_cost": lines["unit_cost"],
        }
    )
    rows = rows.reset_index(drop=True)
    for column in TABLES["orders"].columns:
        if column.name not in rows:
            rows[column.name] = typed_column([None] * len(rows), column.kind)
    return rows[list(TABLES["orders"].names)]


def without_departed(snapshot: pd.DataFrame, approved: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Return the stock without what approved transfers take from it, the named batches first.

    Parameters
    ----------
    snapshot, approved, orders : as for `coming_transfers`; a transfer that `orders` calls cancelled leaves
        the stock as it is
    """
    gone = approved[
        (_counted_on(approved, snapshot, "origin") < approved["ship_date"])
        & (_imported(approved, orders) != "cancelled")
    ]
    if gone.empty:
        return snapshot
    on_hand = snapshot["on_hand"].to_numpy(dtype=np.float64, copy=True)
    concerned = snapshot[snapshot["sku"].isin(set(gone["sku"])) & (snapshot["status"] == "available")]
    for transfer in gone.to_dict("records"):
        rows = concerned[
            (concerned["sku"] == transfer["sku"]) & (concerned["location"] == transfer["origin"])
        ]
        rows = rows[rows["date"] == rows["date"].max()].sort_values(["expiry_date", "batch"])
        left = float(transfer["quantity"])
        named = dict(_named(text) for text in transfer["batches"])
        for position, batch in zip(snapshot.index.get_indexer(rows.index), rows["batch"], strict=True):
            taken = min(named.get(batch, 0.0), max(on_hand[position], 0.0), left)
            on_hand[position] -= taken
            left -= taken
        for position in snapshot.index.get_indexer(
            rows.index
        ):  # a batch sold meanwhile: the oldest of the rest
            taken = min(max(on_hand[position], 0.0), left)
            on_hand[position] -= taken
            left -= taken
    return snapshot.assign(on_hand=on_hand)


def _named(text: str) -> tuple[str, float]:
    name, _, units = text.rpartition("=")
    return name, float(units)


def _counted_on(approved: pd.DataFrame, snapshot: pd.DataFrame, end: str) -> pd.Series:
    """Return the day of the latest stock at one end of each transfer; long ago where there is none."""
    latest = snapshot[snapshot["sku"].isin(set(approved["sku"]))].groupby(["sku", "location"])["date"].max()
    keys = pd.MultiIndex.from_arrays([approved["sku"], approved[end]])
    days = latest.reindex(keys).fillna(pd.Timestamp(1970, 1, 1))
    return pd.Series(days.to_numpy(), index=approved.index)


def _imported(approved: pd.DataFrame, orders: pd.DataFrame) -> pd.Series:
    """Return the status of the imported order of each transfer; '' where none was imported."""
    mine = orders[orders["order_id"].isin(set(approved["order_id"]))]
    by_line = dict(zip(zip(mine["order_id"], mine["line"], strict=True), mine["status"], strict=True))
    by_sku = dict(
        zip(zip(mine["order_id"], mine["sku"], mine["to_location"], strict=True), mine["status"], strict=True)
    )
    found = [
        by_line.get((row.order_id, row.line), by_sku.get((row.order_id, row.sku, row.destination), ""))
        for row in approved.itertuples()
    ]
    return pd.Series(found, index=approved.index, dtype="str")
