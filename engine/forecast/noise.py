"""How wrong a forecast may be: the two figures from which sample paths are drawn.

`dispersion` φ: variance over mean of one period, given the right level. `level_cv`: relative error of the
level that all periods of the protection period share. The protection-period sum S with forecast F has
variance φF + level_cv²·F². Few backtest sums a series are seen, so both are shrunk to the segment; then two
factors a segment make the 80 % interval hold 80 %: one on φ, of single periods, one on level_cv, of sums
(`engine.forecast.conformal`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.forecast.conformal import COVERAGE, covered, dispersion_factor

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]

SEGMENT_PERIODS = 60.0
"""Periods of residuals that weigh as much as the segment's dispersion."""
SEGMENT_SUMS = 12.0
"""Protection-period sums that weigh as much as the segment's level error."""
LEAST_SUMS = 60
"""A segment with fewer sums than this takes the figures of all series."""
OUTLIERS = 0.02
"""Share of a series' largest demands, at least one, that do not set what is large."""
OUTLIER = 3.0
"""More than this times the largest of the others is cut to it before noise is measured."""
_FACTORS = np.array([0.0, 0.25, 0.4, 0.55, 0.7, 0.85, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.5])
_LARGEST_LEVEL_CV = 1.0
_PASSES = 2
_LARGEST_RATIO = 4.0


@dataclass(frozen=True)
class Noise:
    """Noise figures of every series and the coverage reached in the backtest.

    Attributes
    ----------
    level_cv, dispersion : [n]
    coverage : share of backtest protection-period sums inside the 80 % interval; NaN without a backtest
    """

    level_cv: Floats
    dispersion: Floats
    coverage: float


def estimate_noise(
    forecast_sum: Floats,
    actual_sum: Floats,
    known: Mask,
    residual_squares: Floats,
    demand_sum: Floats,
    periods: npt.NDArray[np.int64],
    segment: Names,
    single: tuple[Floats, Floats, Mask] | None = None,
) -> Noise:
    """Estimate and calibrate the noise of every series.

    Parameters
    ----------
    forecast_sum, actual_sum, known : [n, K] backtest sums over the observed part of the protection period
    residual_squares, demand_sum : [n] one-step squared errors of smoothing, and demand, over the history
    periods : [n] observed periods of the history
    segment : [n] series that share noise
    single : backtest forecast, actual and scored of single periods, [n, cells]; None: φ is not calibrated
    """
    n = len(segment)
    dispersion = np.ones(n)
    level_cv = np.zeros(n)
    share = np.zeros(known.shape)
    usable = known & (forecast_sum > 0)
    groups = _segments(segment, usable)
    for rows in groups:
        dispersion[rows] = _dispersion(residual_squares[rows], demand_sum[rows], periods[rows])
        sums = forecast_sum[rows], actual_sum[rows]
        for step in range(_PASSES if single is not None else 1):
            level_cv[rows], without = _level_cv(*sums, usable[rows], dispersion[rows])
            factor = _calibration(*sums, usable[rows], without, dispersion[rows])
            level_cv[rows] *= factor
            if single is not None and step + 1 < _PASSES:
                forecast, actual, scored = single[0][rows], single[1][rows], single[2][rows]
                at, _ = np.nonzero(scored)
                narrow = dispersion_factor(
                    forecast[scored], actual[scored], level_cv[rows][at], dispersion[rows][at]
                )
                dispersion[rows] = np.maximum(narrow * dispersion[rows], 1.0)
        share[rows] = covered(*sums, factor * without, np.broadcast_to(dispersion[rows, None], without.shape))
    coverage = float(share[usable].mean()) if usable.any() else float("nan")
    return Noise(np.minimum(level_cv, _LARGEST_LEVEL_CV), dispersion, coverage)


def without_outliers(values: Floats) -> Floats:
    """Return demand [n, T] with single huge values cut, for measuring noise.

    A bulk sale (later returned, often) would make a series' buffer many times what it needs. The largest 2 %
    of its demands, at least one, are cut to three times the largest of the others; ordinary peaks stay.

    Examples
    --------
    >>> without_outliers(np.array([[1.0, 0.0, 2.0, 3.0, 900.0]]))
    array([[1., 0., 2., 3., 9.]])
    """
    if not values.size:
        return values
    ranked = np.sort(values, axis=1)
    positive = (values > 0).sum(axis=1)
    above = np.maximum(np.ceil(OUTLIERS * positive).astype(np.int64), 1)
    at = values.shape[1] - 1 - above
    enough = positive > above
    largest = ranked[np.arange(len(values)), np.where(enough, at, values.shape[1] - 1)]
    limit = np.where(enough, OUTLIER * largest, np.inf)
    result: Floats = np.minimum(values, limit[:, None])
    return result


def _segments(segment: Names, usable: Mask) -> list[npt.NDArray[np.intp]]:
    """Row numbers of every segment; segments with few sums are put together."""
    groups: list[npt.NDArray[np.intp]] = []
    small: list[npt.NDArray[np.intp]] = []
    for name in sorted(set(segment.tolist())):
        rows = np.flatnonzero(segment == name)
        (groups if usable[rows].sum() >= LEAST_SUMS else small).append(rows)
    if small:
        groups.append(np.concatenate(small))
    return groups


def _dispersion(squares: Floats, demand: Floats, periods: npt.NDArray[np.int64]) -> Floats:
    """Variance over mean, shrunk to the segment's line a + b·mean (noise that grows with volume)."""
    mean: Floats = demand / np.maximum(periods, 1)
    variance = squares / np.maximum(periods, 1)
    ratio = np.where(mean > 0, variance / np.where(mean > 0, mean, 1.0), 1.0)
    weight = np.where(mean > 0, periods / (1.0 + ratio) ** 2, 0.0)
    total = weight.sum()
    expected: Floats = np.ones(ratio.shape)
    if total > 0:
        centre = (weight * mean).sum() / total
        middle = (weight * ratio).sum() / total
        spread = (weight * (mean - centre) ** 2).sum()
        slope = (weight * (mean - centre) * (ratio - middle)).sum() / spread if spread > 0 else 0.0
        line: Floats = middle + max(float(slope), 0.0) * (mean - centre)
        expected = np.maximum(line, 1.0)
    own = np.where(mean > 0, periods, 0)
    result: Floats = np.maximum((own * ratio + SEGMENT_PERIODS * expected) / (own + SEGMENT_PERIODS), 1.0)
    return result


def _level_cv(forecast: Floats, actual: Floats, usable: Mask, dispersion: Floats) -> tuple[Floats, Floats]:
    """Level error: squared sum errors less what the periods' own noise explains, shrunk to the segment.

    Return it a series [n], and for every sum as known without it [n, K]: for an honest coverage.
    """
    mean = np.where(usable, forecast, 1.0)
    ratio = ((actual - mean) ** 2 - dispersion[:, None] * mean) / mean**2
    ratio = np.where(usable, np.clip(ratio, -1.0, _LARGEST_RATIO), 0.0)
    pooled = 0.05
    for _ in range(3):
        weight = np.where(usable, (dispersion[:, None] / mean + pooled) ** -2.0, 0.0)
        total = weight.sum()
        pooled = max(float((weight * ratio).sum() / total), 1e-4) if total > 0 else 0.05
    # A sum of few units says nothing of the level: it counts by how precise it is.
    precision = np.where(usable, (pooled / (dispersion[:, None] / mean + pooled)) ** 2, 0.0)
    own = precision.sum(axis=1, keepdims=True)
    weighted = (precision * ratio).sum(axis=1, keepdims=True)
    with_all = (weighted + SEGMENT_SUMS * pooled) / (own + SEGMENT_SUMS)
    without = (weighted - precision * ratio + SEGMENT_SUMS * pooled) / (own - precision + SEGMENT_SUMS)
    least = 0.1 * pooled
    return np.sqrt(np.maximum(with_all[:, 0], least)), np.sqrt(np.maximum(without, least))


def _calibration(
    forecast: Floats, actual: Floats, usable: Mask, level_cv: Floats, dispersion: Floats
) -> float:
    """The factor on level_cv [n, K] whose 80 % interval holds nearest to 80 % of the segment's sums."""
    if usable.sum() < LEAST_SUMS:
        return 1.0
    mean, sold = forecast[usable], actual[usable]
    cv = level_cv[usable]
    spread = np.broadcast_to(dispersion[:, None], usable.shape)[usable]
    shares = [float(covered(mean, sold, factor * cv, spread).mean()) for factor in _FACTORS]
    return float(np.interp(COVERAGE, np.maximum.accumulate(shares), _FACTORS))
