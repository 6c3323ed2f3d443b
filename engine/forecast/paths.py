"""Sample paths of demand, regenerated at will from a series' mean, two noise figures and a seed.

Demand of period h on a path: y_h ~ NegativeBinomial(mean = mean_h·G, variance = dispersion·mean) with
one G ~ Gamma(mean 1, coefficient of variation level_cv) a path: the level may be wrong for all
periods at once, and each period has its own noise. The protection-period sum has mean M and variance
dispersion·M + level_cv²·M².

Uniforms are Latin-hypercube strata over the paths, counter-based (`engine.forecast.uniforms`): a higher
mean gives every path at least as much demand, to the unit. `engine.forecast.path_draws` draws them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.errors import EngineError
from engine.forecast.negative_binomial import LONGEST_SUM, quantile
from engine.forecast.path_draws import draw_paths

Floats = npt.NDArray[np.float64]

MAX_LEVEL_CV = 1.5
"""A level more uncertain than this is drawn as if it were this."""
MAX_DISPERSION = LONGEST_SUM
"""Variance over mean, given the level, beyond this is drawn as if it were this."""


def sample_paths(
    mean: npt.ArrayLike, level_cv: float, dispersion: float, seed: int | np.uint64, n_paths: int
) -> Floats:
    """Draw demand paths of one series.

    Parameters
    ----------
    mean : [h], units a period, ≥ 0
    level_cv : relative standard deviation of the level common to all periods, ≥ 0
    dispersion : variance over mean of one period given the level, ≥ 1
    seed : 64-bit; see `engine.forecast.uniforms.series_seed`
    n_paths : ≥ 1

    Returns
    -------
    [n_paths, h] whole numbers. A pure function of the arguments.

    Raises
    ------
    EngineError : an argument outside these ranges, or not finite.

    Examples
    --------
    >>> paths = sample_paths([2.0, 3.0], level_cv=0.2, dispersion=1.3, seed=7, n_paths=1000)
    >>> paths.shape, bool(abs(paths.mean(axis=0) - [2.0, 3.0]).max() < 0.1)
    ((1000, 2), True)
    """
    means = np.atleast_2d(np.asarray(mean, dtype=np.float64))
    one: Floats = sample_paths_many(
        means, np.array([level_cv]), np.array([dispersion]), np.array([seed], dtype=np.uint64), n_paths
    )[0]
    return one


def sample_paths_many(
    mean: npt.ArrayLike,
    level_cv: npt.ArrayLike,
    dispersion: npt.ArrayLike,
    seeds: npt.NDArray[np.uint64],
    n_paths: int,
    out: Floats | None = None,
) -> Floats:
    """Draw demand paths of many series: row i is `sample_paths` of row i, to the bit.

    Parameters
    ----------
    mean : [n, h]
    level_cv, dispersion : [n]
    seeds : uint64[n]
    n_paths : ≥ 1
    out : float64[n, n_paths, h] to fill, so that a caller can work in blocks

    Returns
    -------
    float64[n, n_paths, h]
    """
    means = np.ascontiguousarray(mean, dtype=np.float64)
    if means.ndim != 2:
        raise EngineError(f"mean has {means.ndim} dimensions; it must be [series, periods]")
    levels, dispersions = _checked_noise(means, level_cv, dispersion)
    keys = np.asarray(seeds, dtype=np.uint64)
    if keys.shape != levels.shape:
        raise EngineError(f"seeds has shape {keys.shape}; it must be one seed a series, {levels.shape}")
    if n_paths < 1:
        raise EngineError(f"n_paths is {n_paths}; it must be at least 1")
    shape = (means.shape[0], n_paths, means.shape[1])
    if out is None:
        out = np.empty(shape)
    elif out.shape != shape:
        raise EngineError(f"out has shape {out.shape}; it must be {shape}")
    draw_paths(means, levels, dispersions, keys, out)
    return out


def quantiles(
    mean: npt.ArrayLike, level_cv: npt.ArrayLike, dispersion: npt.ArrayLike, probabilities: npt.ArrayLike
) -> Floats:
    """Return quantiles of each period's demand, without sampling noise.

    The period's distribution is the negative binomial with the paths' mean and variance,
    dispersion·mean + level_cv²·mean².

    Parameters
    ----------
    mean : [n, h]
    level_cv, dispersion : [n]
    probabilities : [q], each in (0, 1)

    Returns
    -------
    [n, h, q], units a period, never falling along q

    Examples
    --------
    >>> quantiles([[3.0]], [0.0], [1.0], [0.05, 0.5, 0.95])[0, 0]  # Poisson of mean 3
    array([1., 3., 6.])
    """
    means = np.ascontiguousarray(mean, dtype=np.float64)
    levels, dispersions = _checked_noise(means, level_cv, dispersion)
    chances = np.asarray(probabilities, dtype=np.float64)
    if not ((chances > 0) & (chances < 1)).all():
        raise EngineError(f"probabilities are {chances.tolist()}; each must lie between 0 and 1")
    result = np.empty((*means.shape, len(chances)))
    _quantiles(means, levels, dispersions, chances, result)
    return result


def _checked_noise(
    means: Floats, level_cv: npt.ArrayLike, dispersion: npt.ArrayLike
) -> tuple[Floats, Floats]:
    levels = np.asarray(level_cv, dtype=np.float64)
    dispersions = np.asarray(dispersion, dtype=np.float64)
    faults = []
    if levels.shape != (means.shape[0],) or dispersions.shape != (means.shape[0],):
        faults.append(
            f"level_cv {levels.shape} and dispersion {dispersions.shape} must be one number a series"
        )
    if not (means >= 0).all() or not np.isfinite(means).all():
        faults.append("mean holds a negative or missing value; demand must be 0 or more")
    if not (levels >= 0).all():
        faults.append("level_cv holds a negative or missing value")
    if not (dispersions >= 1).all():
        faults.append("dispersion holds a value below 1 or missing")
    if faults:
        raise EngineError("; ".join(faults))
    return np.minimum(levels, MAX_LEVEL_CV), np.minimum(dispersions, MAX_DISPERSION)


@njit(cache=True, nogil=True)
def _quantiles(
    mean: Floats, level_cv: Floats, dispersion: Floats, probabilities: Floats, out: Floats
) -> None:
    for i in range(mean.shape[0]):
        for h in range(mean.shape[1]):
            wide = dispersion[i] + level_cv[i] * level_cv[i] * mean[i, h]
            for q in range(probabilities.shape[0]):
                out[i, h, q] = quantile(probabilities[q], mean[i, h], wide)
