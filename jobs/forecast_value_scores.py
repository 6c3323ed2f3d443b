"""Sums of errors by whatever people ask: by week, author, segment or override."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from engine.forecast.value_added import accuracy, bootstrap_interval

FORECASTS = ("final", "statistical", "naive")

VERDICTS = ("improved", "unclear", "worse")

Verdict = Literal["improved", "unclear", "worse"]

_SEED = 7
_LOW, _HIGH = "q10", "q90"


def score_forecasts(cells: pd.DataFrame, by: pd.Series | None = None) -> pd.DataFrame:
    """Score final, statistical and naive forecasts.

    Parameters
    ----------
    cells : `jobs.forecast_value.ForecastValue.cells`
    by : group of each cell; None: all are one group, ""

    Returns
    -------
    DataFrame
        One row a group, sorted: `demand` [each], `cells`, for each forecast `wape_…` and `bias_…` [share],
        `coverage` [share of the days with stock whose sales lay in the 80 % range; NaN without any].
    """
    groups = pd.Series("", index=cells.index) if by is None else by
    code, names = pd.factorize(groups, sort=True)
    demand = cells["demand"].to_numpy(dtype=np.float64)
    result = pd.DataFrame({"group": names})
    result["cells"] = np.bincount(code, minlength=len(names))
    for name in FORECASTS:
        found = accuracy(cells[name].to_numpy(dtype=np.float64), demand, code.astype(np.int64), len(names))
        result["demand"] = found.demand
        result[f"wape_{name}"], result[f"bias_{name}"] = found.wape, found.bias
    seen = cells["seen"].to_numpy(dtype=bool)
    inside = seen & (demand >= cells[_LOW].to_numpy()) & (demand <= cells[_HIGH].to_numpy())
    judged = np.bincount(code[seen & cells[_LOW].notna().to_numpy()], minlength=len(names))
    within = np.bincount(code[inside], minlength=len(names))
    result["coverage"] = np.where(judged > 0, within / np.maximum(judged, 1), np.nan)
    return result


def score_overrides(effects: pd.DataFrame, by: str, *, cluster: str) -> pd.DataFrame:
    """Score overrides, summed by a column of their effects.

    Parameters
    ----------
    effects : `jobs.forecast_value.ForecastValue.effects`
    by : column whose values are the groups: override, author, level, category, pattern
    cluster : column whose values are independent of each other: the override, or, of a single one, the date

    Returns
    -------
    DataFrame
        `SCORES`, one row a group, largest gain first: sums of demand and of forecasts `before` and `after`;
        `gain` (forecast value added) with its 80 % range `low` … `high` [each]; `points` (gain over demand:
        WAPE saved); `money` (gain at cost); `bias_before`, `bias_after`; `verdict`.
    """
    rows = []
    for group, part in effects.groupby(by, sort=True):
        sums = part[["demand", "before", "after", "gain", "money"]].sum()
        low, high = bootstrap_interval(
            part.groupby(cluster)["gain"].sum().to_numpy(dtype=np.float64), seed=_SEED
        )
        demand = float(sums["demand"]) or float("nan")
        rows.append(
            {
                "group": group,
                "overrides": part["override"].nunique(),
                "days": part["date"].nunique(),
                **sums.to_dict(),
                "low": low,
                "high": high,
                "points": float(sums["gain"]) / demand,
                "bias_before": float(sums["before"]) / demand - 1,
                "bias_after": float(sums["after"]) / demand - 1,
                "verdict": verdict(low, high),
            }
        )
    frame = pd.DataFrame(rows, columns=list(SCORES))
    return frame.sort_values("gain", ascending=False, kind="stable", ignore_index=True)


SCORES = (
    "group",
    "overrides",
    "days",
    "demand",
    "before",
    "after",
    "gain",
    "money",
    "low",
    "high",
    "points",
    "bias_before",
    "bias_after",
    "verdict",
)


def verdict(low: float, high: float) -> Verdict:
    """Say what an interval of value added shows: all above 0, all below, or neither."""
    if low > 0:
        return "improved"
    return "worse" if high < 0 else "unclear"
