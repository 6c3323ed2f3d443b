"""What an item sold, and what it would have sold where stock was out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run
from jobs.demand_corrections import corrections
from jobs.views.product_history import read_history

MAX_POINTS = 1500
"""Most points of a line in a chart; longer histories are shown as weekly means."""


def item_history(lake: Lake, run: Run, line: Mapping[str, Any], history_days: int | None) -> pd.DataFrame:
    """Return sales of a line and the demand that its plan saw where stock was out or a planner knew better.

    A distribution centre sells nothing itself: what it is shown to have sold are the sales of the places that
    it supplies.

    Parameters
    ----------
    lake, run
        The run that planned the line.
    line : mapping
        One row of `jobs.views.lines.load`.
    history_days : int or None
        How far back is returned [days]; None returns all.

    Returns
    -------
    DataFrame
        date, quantity [each/period], demand [each/period; null where it was what sold]; at most
        `MAX_POINTS` rows.
    """
    read = read_history(lake, run, line["sku"], corrections(lake, line["sku"], until=run.created_at))
    places = {line["location"], *supplied_places(lake, run, line)}
    rows = [] if read is None else [row for row, place in enumerate(read.places) if place in places]
    if read is None or not rows:
        return pd.DataFrame(
            {"date": pd.DatetimeIndex([], dtype="datetime64[us]"), "quantity": [], "demand": []}
        ).astype({"quantity": "float64", "demand": "float64"})
    sold, demand = read.sold[rows].sum(axis=0), read.demand[rows].sum(axis=0)
    differs = np.abs(demand - np.maximum(read.sold[rows], 0.0).sum(axis=0)) > 1e-9
    history = pd.DataFrame(
        {"date": read.dates, "quantity": sold, "demand": np.where(differs, demand, np.nan)}
    )
    if history_days is not None:
        since = pd.Timestamp(run.as_of) - pd.Timedelta(days=history_days)
        history = history[history["date"] >= since]
    if len(history) > MAX_POINTS:
        history = history.resample("W-MON", on="date", label="left", closed="left").mean().reset_index()
    return history.reset_index(drop=True)


def supplied_places(lake: Lake, run: Run, line: Mapping[str, Any]) -> set[str]:
    """Return the locations that a line's location supplies with its product."""
    sourcing = lake.read(
        "sourcing",
        version=run.inputs.get("sourcing"),
        columns=["location"],
        where={"sku": [line["sku"]], "source": [line["location"]]},
    )
    return set(sourcing["location"])
