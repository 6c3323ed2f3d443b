"""One recursion for exponential smoothing: level, trend and season, corrected by each period's error.

    forecast  f = (l + φb)·s·x                     additive season: (l + φb + s)·x
    step      e = (y − f) ÷ (s·x)                  (y − f) ÷ x
    update    l ← l + φb + αe,  b ← φb + βe
              s ← s + γ(y − f) ÷ ((l + φb)·x)      s + γ(y − f) ÷ x

x is the part of the seasonal profile that is not smoothed. With γ = 0 this is C. C. Holt's method (1957,
reprinted in International Journal of Forecasting 20, 2004, 5–10) on deseasonalised demand, with φ < 1
damped (Gardner and McKenzie 1985), with β = 0 and b ≠ 0 simple smoothing with drift, with γ > 0 P. R.
Winters' (1960, Management Science 6, 324–342). Equations: R. J. Hyndman, A. B. Koehler, J. K. Ord and R. D.
Snyder (2008), Forecasting with Exponential Smoothing, table 2.2; α, β and γ are theirs (β = αβ* of Holt's
form). Unobserved periods change nothing.

Two guards, both off at `least` = 0: an error counts for less where the season's factor is low, which tells
little of the level (factor² below `least`), and moves a multiplicative season less where the level is below
its start; no multiplicative factor falls below 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def smooth(
    values: Floats,
    observed: Mask,
    phase: Codes,
    fixed: Floats,
    group: Codes,
    parameters: Floats,
    additive: bool,
    least: float,
    levels: Floats,
    trends: Floats,
    seasons: Floats,
    errors: Floats,
) -> None:
    """Smooth every series with every row of parameters; `levels`, `trends`, `seasons` hold start, then end.

    Parameters
    ----------
    values, observed : [n, T]
    phase : [T] season of each period, row of `seasons`
    fixed, group : [groups, T] and [n], factors x
    parameters : [g, 4] rows of α, β, γ, φ
    additive : whether seasons are added
    least : squared season factor (and level over its start) below which an error counts for less
    levels, trends : [n, g] units a period, and their change a period
    seasons : [n, m, g] factors, or units a period if additive
    errors : [n, g] sums of squared one-step errors, added to
    """
    grid = parameters.shape[0]
    usual = np.empty(grid)
    for i in range(values.shape[0]):
        for a in range(grid):
            usual[a] = max(least * levels[i, a] * levels[i, a], 1e-12)
        for t in range(values.shape[1]):
            if not observed[i, t]:
                continue
            demand, x, now = values[i, t], fixed[group[i], t], phase[t]
            # Grid innermost: independent lanes, which the compiler puts side by side.
            for a in range(grid):
                trend = parameters[a, 3] * trends[i, a]
                base = levels[i, a] + trend
                season = seasons[i, now, a]
                if additive:
                    miss = demand - (base + season) * x
                    step = miss * x / max(x * x, least, 1e-12)
                    season += parameters[a, 2] * step
                else:
                    factor, before = season * x, base * x
                    miss = demand - base * factor
                    step = miss * factor / max(factor * factor, least, 1e-12)
                    season = max(
                        season + parameters[a, 2] * miss * before / max(before * before, usual[a]), 0.0
                    )
                errors[i, a] += miss * miss
                levels[i, a] = base + parameters[a, 0] * step
                trends[i, a] = trend + parameters[a, 1] * step
                seasons[i, now, a] = season
