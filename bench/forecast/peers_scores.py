"""Measures that ours and the peers are held to, on the same series and cut-offs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.forecast.peers import PeerForecast
from engine.forecast.paths import quantiles, sample_paths_many
from engine.forecast.portfolio import PortfolioForecast

Floats = npt.NDArray[np.float64]

LEVELS = np.array([0.005, 0.025, 0.1, 0.165, 0.25, 0.5, 0.75, 0.835, 0.9, 0.975, 0.995])
"""Quantiles asked of everyone."""
M5_LEVELS = np.array([0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995])
"""Those of the M5 uncertainty competition; the other two bound the 80 % interval."""
N_PATHS = 500


def scales(history: Floats) -> tuple[Floats, Floats]:
    """Root mean square and mean absolute change between periods since the first sale, [n] each."""
    change = np.diff(history, axis=1)
    return np.sqrt(np.nanmean(change**2, axis=1)), np.nanmean(np.abs(change), axis=1)


def rmsse(mean: Floats, actual: Floats, history: Floats) -> Floats:
    """Root mean squared scaled error, [n]: Makridakis et al. (2022), Int. J. Forecasting 38, 1346–1364."""
    result: Floats = np.sqrt(((mean - actual) ** 2).mean(axis=1)) / scales(history)[0]
    return result


def scaled_pinball(drawn: Floats, actual: Floats, history: Floats, levels: Floats = LEVELS) -> Floats:
    """Scaled pinball loss over the nine M5 quantiles, [n].

    Makridakis et al. (2022), The M5 uncertainty competition, Int. J. Forecasting 38, 1365–1385; every series
    weighs the same.

    drawn : [n, h, levels]
    """
    used = np.isin(levels, M5_LEVELS)
    short = actual[:, :, None] - drawn[:, :, used]
    loss = np.maximum(levels[used] * short, (levels[used] - 1.0) * short).mean(axis=(1, 2))
    result: Floats = loss / scales(history)[1]
    return result


def as_peer(forecast: PortfolioForecast) -> PeerForecast:
    """Return our forecast in the peers' shape."""
    drawn = quantiles(forecast.mean, forecast.level_cv, forecast.dispersion, LEVELS)
    return PeerForecast(forecast.mean, drawn, 0.0, False)


def sum_interval(forecast: PortfolioForecast) -> tuple[Floats, Floats]:
    """Return the ends of the 80 % interval of the horizon's sum, from sample paths, [n] each."""
    paths = sample_paths_many(
        forecast.mean, forecast.level_cv, forecast.dispersion, forecast.seeds, N_PATHS
    ).sum(axis=2)
    low, high = np.quantile(paths, (0.1, 0.9), axis=1)
    return low, high
