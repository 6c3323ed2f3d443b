"""What the orders of a run share, as the Orders page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from jobs.views.lines import tags

KIND_LABELS = {
    "supplier_minimum": "Supplier minimum",
    "truck": "Trucks",
    "storage": "Room",
    "budget": "Cash budget",
    "rebate": "Rebate",
    "price_break": "Price breaks",
}
"""What people call what is shared."""

STATE_LABELS = {"waits": "Waits", "binds": "Moves lines", "free": "Moves nothing"}


@dataclass(frozen=True)
class Gains:
    """What an order earns back as planned [money]."""

    price_breaks: float = 0.0
    rebate: float = 0.0


NO_GAINS = Gains()


def load(lake: Lake, run: Run) -> pd.DataFrame | None:
    """Return the contract `order_terms` of a run; None: the run is older than that."""
    if "order_terms" not in run.outputs:
        return None
    return read_run_table(lake, run, "order_terms").drop(columns="run_id")


def gains(terms: pd.DataFrame | None, source: str, day: date) -> Gains:
    """Return what price breaks and a rebate are worth on a supplier's order of a day."""
    if terms is None:
        return Gains()
    mine = terms[(terms["supplier"] == source) & (terms["day"] == pd.Timestamp(day))]
    worth = mine.groupby("kind")["money"].sum()
    return Gains(float(worth.get("price_break", 0.0)), float(worth.get("rebate", 0.0)))


def binding(terms: pd.DataFrame, *, with_free: bool = False) -> pd.DataFrame:
    """Return the terms that move lines, the dearest first; all of them on demand.

    Returns
    -------
    DataFrame
        day, kind and state as labels (state as a list, for a column of tags), words, moved [lines], cost
        [money], used, limit and unit.
    """
    shown = terms if with_free else terms[terms["state"] != "free"]
    shown = shown.assign(cost=shown["cost"].round(2))
    shown = shown.sort_values(
        ["cost", "moved", "term_id"], ascending=[False, False, True], na_position="last", ignore_index=True
    )
    return shown.assign(
        kind=shown["kind"].map(KIND_LABELS),
        state=tags(shown["state"].map(STATE_LABELS)),
        day=shown["day"].dt.date,
    )
