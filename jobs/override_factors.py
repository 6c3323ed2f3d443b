"""What planners' overrides put on the mean forecast of a plan."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


def override_factors(
    overrides: pd.DataFrame, lines: pd.DataFrame, dates: npt.NDArray[np.datetime64]
) -> Floats:
    """Return [n, h] factors that the active overrides put on the mean forecast; they multiply.

    Parameters
    ----------
    overrides : contract `overrides`; an empty sku or location means all of them
    lines : columns sku, location
    dates : [h] first day of each future period
    """
    factors = np.ones((len(lines), len(dates)))
    sku, location = lines["sku"].to_numpy(), lines["location"].to_numpy()
    for override in overrides.to_dict("records"):
        here = np.ones(len(lines), dtype=bool)
        if override["sku"]:
            here &= sku == override["sku"]
        if override["location"]:
            here &= location == override["location"]
        first, last = (np.datetime64(override[name], "D") for name in ("from_date", "to_date"))
        factors[np.ix_(here, (dates >= first) & (dates <= last))] *= override["factor"]
    return factors
