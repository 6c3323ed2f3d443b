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


def days_of(
    first: pd.Timestamp, last: pd.Timestamp, dates: npt.NDArray[np.datetime64]
) -> npt.NDArray[np.bool_]:
    """Return which periods begin from the first to the last day, both included, [h]."""
    within: npt.NDArray[np.bool_] = (dates >= np.datetime64(first, "D")) & (dates <= np.datetime64(last, "D"))
    return within
