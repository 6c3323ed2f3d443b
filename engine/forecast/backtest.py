"""Rolling-origin backtest: what each model would have said, at cut-offs that do not overlap.

Every model sees only what was known at the cut-off; only observed periods of the protection period score.
Tashman (2000), Out-of-sample tests of forecasting accuracy, International Journal of Forecasting 16, 437–450.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.forecast.model import Field, Model
from engine.forecast.panel import Panel
from engine.forecast.usual import Usual

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

ORIGINS = 3
JUDGED_WHOLE = 0.95
"""Share of the series whose whole protection period is judged."""
LEAST_TRAINING = {"D": 28, "W": 8, "M": 6}
"""Observed periods a series needs before a cut-off to be scored at it."""


@dataclass(frozen=True)
class Backtest:
    """Forecasts and actuals of every cut-off.

    Attributes
    ----------
    models : names, in the order of `forecast`
    cutoffs : [K] periods known at each cut-off, latest first
    forecast : [models, K, n, H]
    actual : [K, n, H]
    scored : [K, n, H] observed, within the series' protection period, enough known before the cut-off
    """

    models: tuple[str, ...]
    cutoffs: tuple[int, ...]
    forecast: Floats
    actual: Floats
    scored: Mask

    def sums(self) -> tuple[Floats, Floats, Mask]:
        """Return sums over scored periods: forecast [models, n, K], actual [n, K], and which are known."""
        forecast = np.stack([np.where(self.scored, one, 0.0).sum(axis=2).T for one in self.forecast])
        actual = np.where(self.scored, self.actual, 0.0).sum(axis=2).T
        return forecast, actual, np.asarray(self.scored.any(axis=2).T)

    @property
    def origins(self) -> npt.NDArray[np.int64]:
        """Cut-offs at which each series was scored, [n]."""
        counts: npt.NDArray[np.int64] = self.scored.any(axis=2).sum(axis=0, dtype=np.int64)
        return counts


def cutoffs(n_periods: int, horizon: int, period: str, origins: int = ORIGINS) -> tuple[int, ...]:
    """Return the numbers of periods known at each cut-off, latest first; fewer for a short history.

    Examples
    --------
    >>> cutoffs(1096, 14, "D")
    (1082, 1068, 1054)
    >>> cutoffs(20, 6, "W"), cutoffs(9, 6, "W")
    ((14, 8), ())
    """
    known = (n_periods - k * horizon for k in range(1, origins + 1))
    return tuple(count for count in known if count >= LEAST_TRAINING[period])


def backtest_horizon(protection: npt.NDArray[np.int64], n_periods: int, period: str) -> int:
    """Return the periods forecast at each cut-off, also the step between cut-offs.

    Long enough for the protection period of `JUDGED_WHOLE` of the series: one supplier with a lead time of a
    year must not have all others judged by what was known a year ago. At most a sixth of the history, and
    never more than leaves a short history its training.
    """
    wanted = int(np.quantile(protection, JUDGED_WHOLE, method="higher")) if len(protection) else 1
    sixth = max(n_periods // (2 * ORIGINS), 1)
    return max(min(wanted, sixth, n_periods - LEAST_TRAINING[period]), 1)


def run_backtest(
    panel: Panel,
    models: Sequence[Model],
    protection: npt.NDArray[np.int64],
    *,
    field: Field | None = None,
    origins: int = ORIGINS,
) -> Backtest:
    """Forecast the panel with every model at every cut-off.

    Parameters
    ----------
    panel : the whole history
    models : the competitors
    protection : [n] periods that an order must cover
    field : the competitors at work, who keep what they learn; None: everyone may forecast every series
    origins : cut-offs wanted
    """
    horizon = backtest_horizon(protection, panel.n_periods, panel.period)
    known = cutoffs(panel.n_periods, horizon, panel.period, origins)
    shape = (len(known), panel.n_series, horizon)
    forecast = np.zeros((len(models), *shape))
    actual = np.zeros(shape)
    scored = np.zeros(shape, dtype=bool)
    within = np.arange(horizon)[None, :] < protection[:, None]
    demand, observed = panel.values, panel.observed
    if field is None:
        field = Field(models, np.ones((len(models), panel.n_series), dtype=bool), horizon)
    # The earliest cut-off first: what global models learn there, they may use at all.
    for k, count in reversed(list(enumerate(known))):
        past = panel.head(count)
        forecast[:, k] = field.forecast(Usual.of(past), horizon)
        window = slice(count, count + horizon)
        actual[k] = demand[:, window]
        enough = past.observations >= LEAST_TRAINING[panel.period]
        scored[k] = observed[:, window] & within & enough[:, None]
    return Backtest(tuple(model.name for model in models), known, forecast, actual, scored)


def by_series(cube: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return [K, n, H] as [n, K·H]."""
    n_cutoffs, n, horizon = cube.shape
    return cube.transpose(1, 0, 2).reshape(n, n_cutoffs * horizon)
