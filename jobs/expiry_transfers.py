"""Transfers that a run has found, as moves of stock that leaves a line."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.replenishment.acts import Moves
from jobs.line_inputs import latest_stock
from jobs.views.lines import records

Dates = npt.NDArray[np.datetime64]

NO_LANES = "no lanes between locations are known"
NO_TRANSFER = "no transfer of it pays"


def moves_of(
    transfers: pd.DataFrame | None, lines: pd.DataFrame, stock: pd.DataFrame, ends: Dates
) -> tuple[dict[int, tuple[Moves, ...]], str]:
    """Return the transfers that leave each line, by row, and why the other lines have none.

    Parameters
    ----------
    transfers : contract `transfers`; None: there is no lane
    lines : `jobs.line_terms.line_terms`
    stock : table `inventory_snapshot`, for the expiry of what moves
    ends : last day of each period, [h]
    """
    if transfers is None:
        return {}, NO_LANES
    rows = {key: row for row, key in enumerate(zip(lines["sku"], lines["location"], strict=True))}
    keep = lines["min_life_at_sale_days"].to_numpy(dtype=np.float64)
    givers = pd.MultiIndex.from_frame(transfers[["sku", "origin"]])
    there = stock[pd.MultiIndex.from_frame(stock[["sku", "location"]]).isin(givers)]
    expiry = {
        (batch["sku"], batch["location"], batch["batch"]): batch["expiry_date"]
        for batch in records(latest_stock(there).fillna({"batch": ""}))
    }
    found: dict[int, list[Moves]] = {}
    for move in records(transfers):
        row = rows.get((move["sku"], move["origin"]))
        quantity = float(move["quantity"])
        if row is None or quantity <= 0:
            continue
        earned = float(move["gain"] - move["freight"] - move["handling"] - move["fixed_cost"])
        for name, units in _parts(move["batches"]) or [("", quantity)]:
            day = expiry.get((move["sku"], move["origin"], name), pd.NaT)
            last = _last_period(day, float(keep[row]), ends)
            found.setdefault(row, []).append(Moves(units, last, earned * units / quantity))
    return {row: tuple(moves) for row, moves in found.items()}, NO_TRANSFER


def destinations(
    transfers: pd.DataFrame | None, locations: pd.DataFrame
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the names of where each product goes from each location, by (sku, origin), most units first."""
    if transfers is None or transfers.empty:
        return {}
    named = dict(zip(locations["location"], locations["name"].fillna(locations["location"]), strict=True))
    groups = transfers.sort_values("quantity", ascending=False, kind="stable").groupby(
        ["sku", "origin"], sort=False
    )["destination"]
    return {
        (str(sku), str(origin)): tuple(str(named.get(place, place)) for place in places)
        for (sku, origin), places in groups
    }


def _parts(batches: object) -> list[tuple[str, float]]:
    """Return the batches that move and their units, of `name=quantity` each."""
    if not isinstance(batches, list | np.ndarray):
        return []
    named = [str(batch).rpartition("=") for batch in batches]
    return [(name, float(units)) for name, _, units in named]


def _last_period(expiry: pd.Timestamp, keep_days: float, ends: Dates) -> int:
    """Return the last period in which a batch can be sold; the number of periods: not in the horizon."""
    if pd.isna(expiry):
        return len(ends)
    last_sale = np.datetime64(expiry, "D") - np.timedelta64(int(keep_days), "D")
    return int(np.searchsorted(ends, last_sale))
