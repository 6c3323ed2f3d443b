"""What an item sold, and what it would have sold where stock was out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run
from engine.forecast.censored.periods import demand_estimate
from engine.forecast.panel import make_panel

MAX_POINTS = 1500
"""Most points of a line in a chart; longer histories are shown as weekly means."""

_STEPS = {"D": "D", "W": "7D", "M": "MS"}


def item_history(lake: Lake, run: Run, line: Mapping[str, Any], history_days: int | None) -> pd.DataFrame:
    """Return sales of a line and the demand estimated where its stock was out.

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
        date, quantity [each/period], demand [each/period; null where it was all sold]; at most
        `MAX_POINTS` rows.
    """
    sales = lake.read(
        "sales",
        version=run.inputs.get("sales"),
        columns=["date", "location", "quantity", "in_stock"],
        where={"sku": [line["sku"]]},
        until=run.as_of - dt.timedelta(days=1),
    )
    places = {line["location"], *_supplied(lake, run, line)} & set(sales["location"])
    if not places:
        return pd.DataFrame(
            {"date": sales["date"], "quantity": sales["quantity"], "demand": sales["quantity"]}
        )
    history = _reconstructed(sales, run.period, sorted(places))
    if history_days is not None:
        since = pd.Timestamp(run.as_of) - pd.Timedelta(days=history_days)
        history = history[history["date"] >= since]
    if len(history) > MAX_POINTS:
        history = history.resample("W-MON", on="date", label="left", closed="left").mean().reset_index()
    return history.reset_index(drop=True)


def _supplied(lake: Lake, run: Run, line: Mapping[str, Any]) -> set[str]:
    sourcing = lake.read(
        "sourcing",
        version=run.inputs.get("sourcing"),
        columns=["location"],
        where={"sku": [line["sku"]], "source": [line["location"]]},
    )
    return set(sourcing["location"])


def _reconstructed(sales: pd.DataFrame, period: str, places: list[str]) -> pd.DataFrame:
    """Put all places of the product on one grid, as they share its season; sum the ones asked for."""
    grid = pd.date_range(sales["date"].min(), sales["date"].max(), freq=_STEPS[period])
    wide = sales.pivot_table(
        index="location", columns="date", values=["quantity", "in_stock"], aggfunc="last"
    )
    quantity, in_stock = (
        (wide[[name]].droplevel(0, axis=1) if name in wide else pd.DataFrame(index=wide.index))
        .reindex(columns=grid)
        .to_numpy(dtype=np.float64)
        for name in ("quantity", "in_stock")
    )
    keys = pd.DataFrame({"sku": "", "location": wide.index})
    panel = make_panel(
        keys,
        grid[0].to_datetime64(),
        period,  # type: ignore[arg-type]
        quantity,
        in_stock,
    )
    rows = np.flatnonzero(wide.index.isin(places))
    sold = np.nansum(quantity[rows], axis=0)
    wanted = demand_estimate(panel).mean[rows].sum(axis=0)
    lost = np.zeros(len(grid), dtype=bool)
    if panel.censored is not None:
        lost = panel.censored[rows].any(axis=0) & (wanted > sold)
    return pd.DataFrame({"date": grid, "quantity": sold, "demand": np.where(lost, wanted, np.nan)})
