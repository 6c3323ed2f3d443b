"""Forecasts of totals by category, region, location and over all: table `forecast_totals`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.forecast.hierarchy import HeldOut, total_forecasts
from jobs.line_inputs import DemandModel

LEVELS = ("category", "region", "location", "all")
"""Levels of the table, in its order."""


def forecast_totals(
    groups: pd.DataFrame,
    sold: npt.NDArray[np.bool_],
    demand: DemandModel,
    dates: npt.NDArray[np.datetime64],
    held_out: HeldOut | None,
) -> pd.DataFrame:
    """Return the totals of every level, a row a total and period, in the columns of the contract.

    Parameters
    ----------
    groups : sku, category, location, region of the lines (`jobs.override_scope.with_groups`)
    sold : [n] whether the line's demand is sold there (`sold_here`): only that counts, and only once
    demand : the plan's forecast, overrides included
    dates : [h] first day of each period
    held_out : the forecast's backtest; row i of each part is line i
    """
    parts = []
    for level in LEVELS:
        names = groups[level] if level in groups else pd.Series("", index=groups.index)
        codes, keys = pd.factorize(names[sold], sort=True)
        group = np.full(len(groups), -1, dtype=np.int64)
        group[sold] = codes
        totals = total_forecasts(demand.mean, demand.level_cv, demand.dispersion, group, held_out)
        count = len(keys)
        part = pd.DataFrame(
            {
                "level": level,
                **dict.fromkeys(LEVELS[:-1], ""),
                "date": np.tile(dates, count),
                "mean": totals.mean.ravel(),
                "q10": totals.low.ravel(),
                "q90": totals.high.ravel(),
            }
        )
        if level != "all":
            part[level] = np.repeat(np.asarray(keys, dtype=object), len(dates))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def sold_here(lines: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which lines sell to customers, [n]: a line that supplies another location only passes it on.

    lines : columns sku, location, source, source_kind
    """
    transfers = lines[lines["source_kind"] == "location"]
    suppliers = pd.MultiIndex.from_arrays([transfers["sku"], transfers["source"]])
    keys = pd.MultiIndex.from_frame(lines[["sku", "location"]])
    return ~np.asarray(keys.isin(suppliers), dtype=bool)
