"""What planners' overrides put on the mean forecast of a plan."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from jobs.override_scope import Scope

Floats = npt.NDArray[np.float64]


def override_factors(
    overrides: pd.DataFrame, lines: pd.DataFrame, dates: npt.NDArray[np.datetime64]
) -> Floats:
    """Return [n, h] factors that overrides put on the mean forecast.

    An override at any level is one factor for every forecast below it, so each keeps its share of the level's
    total: the spread is proportional to the statistical forecast. Factors of overrides that meet multiply.

    Parameters
    ----------
    overrides : contract `overrides`; an empty sku, category, location or region means all of them
    lines : columns sku, category, location, region (`jobs.override_scope.with_groups`)
    dates : [h] first day of each future period
    """
    factors = np.ones((len(lines), len(dates)))
    for override in overrides.to_dict("records"):
        within = days_of(override["from_date"], override["to_date"], dates)
        factors[np.ix_(Scope.of(override).covers(lines), within)] *= override["factor"]
    return factors


def planned_factors(
    overrides: pd.DataFrame,
    lines: pd.DataFrame,
    groups: pd.DataFrame,
    dates: npt.NDArray[np.datetime64],
    mean: Floats,
) -> Floats:
    """Return [n, h] factors of a plan: a location that supplies others follows what it supplies.

    If a store's forecast is doubled, its distribution centre must send more: the centre's factor is that of
    the sum of what it supplies. On top come only overrides that name the centre itself as their location.

    Parameters
    ----------
    overrides, dates : as in `override_factors`
    lines : columns sku, location, source, source_kind
    groups : `with_groups` of the lines
    mean : [n, h] statistical forecast
    """
    factors = override_factors(overrides, groups, dates)
    rows = lines[["sku", "location", "source"]].assign(row=np.arange(len(lines)))
    flows = rows[lines["source_kind"].eq("location").to_numpy()].merge(
        rows, left_on=["sku", "source"], right_on=["sku", "location"], suffixes=("", "_of_source")
    )
    if flows.empty or overrides.empty:
        return factors
    into, out_of = flows["row_of_source"].to_numpy(), flows["row"].to_numpy()
    before, after = np.zeros_like(mean), np.zeros_like(mean)
    np.add.at(before, into, mean[out_of])
    np.add.at(after, into, (mean * factors)[out_of])
    own = override_factors(overrides[overrides["location"] != ""], groups, dates)
    centres = np.unique(into)
    ratio = np.where(before > 0, after / np.where(before > 0, before, 1.0), factors)
    factors[centres] = ratio[centres] * own[centres]
    return factors


def days_of(
    first: pd.Timestamp, last: pd.Timestamp, dates: npt.NDArray[np.datetime64]
) -> npt.NDArray[np.bool_]:
    """Return which periods begin from the first to the last day, both included, [h]."""
    within: npt.NDArray[np.bool_] = (dates >= np.datetime64(first, "D")) & (dates <= np.datetime64(last, "D"))
    return within
