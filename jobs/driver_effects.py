"""What promotions, prices and events do, for a run to keep."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.forecast.drivers.cannibalisation import estimate_cannibalisation
from engine.forecast.drivers.effects import DriverEffects
from engine.forecast.drivers.table import COLUMNS, effects_table
from engine.forecast.panel import Panel

Floats = npt.NDArray[np.float64]


def driver_effects(panel: Panel, effects: DriverEffects | None) -> pd.DataFrame:
    """Return the table `driver_effects` without its run; empty if nothing is known to have moved demand."""
    if effects is None:
        return pd.DataFrame(columns=list(COLUMNS))
    return effects_table(effects, estimate_cannibalisation(panel, effects))


def driver_factors(effects: DriverEffects | None, n_lines: int, horizon: int, gap: int) -> Floats:
    """Return the factor on each forecast, [n, horizon]; NaN if nothing is known to have moved demand.

    gap : periods between the last sales and the first one forecast
    """
    if effects is None:
        return np.full((n_lines, horizon), np.nan)
    return effects.future(gap + horizon)[:, gap:]
