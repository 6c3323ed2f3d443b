"""A distribution centre's demand: the orders of the stores it serves.

A store orders at the start of its order periods whatever lifts its position to its target, in whole lots.
Until period t it has ordered lot·⌈(D − surplus) / lot⌉⁺, D being its demand before t. Noise of different
stores is independent and pools; their levels may be wrong together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, gammainc

from engine.errors import EngineError
from engine.forecast.paths import MAX_DISPERSION, MAX_LEVEL_CV

Floats = npt.NDArray[np.float64]

TAIL_SDS = 9.0
"""Demand is followed to this many standard deviations above its mean."""
CERTAIN = 5.0
"""A store whose surplus is used up this many standard deviations below mean demand is sure to order."""
POISSON_BELOW = 1.0 + 1e-6
"""Variance over mean below which demand is taken as Poisson."""


@dataclass(frozen=True)
class PooledDemand:
    """What the centre must expect.

    mean : [h] units a period
    level_cv, dispersion : for `engine.forecast.paths`; over the window they give the variance below
    window_mean, window_variance : units, units², of all periods of the window together
    sum_of_sds : units; standard deviations of the stores' orders added up, what the stores would have to
        buffer without pooling
    """

    mean: Floats
    level_cv: float
    dispersion: float
    window_mean: float
    window_variance: float
    sum_of_sds: float


def pooled_orders(
    mean: npt.ArrayLike,
    level_cv: npt.ArrayLike,
    dispersion: npt.ArrayLike,
    orders_in: npt.ArrayLike,
    *,
    window: int,
    surplus: npt.ArrayLike = 0.0,
    lot: npt.ArrayLike = 1,
    target_rise: npt.ArrayLike = 0.0,
    level_correlation: float = 0.0,
) -> PooledDemand:
    """Return the centre's demand as the sum of the stores' orders.

    Parameters
    ----------
    mean : [n, h] units a period, expected demand of each store
    level_cv, dispersion : [n], noise of each store as in `engine.forecast.paths`
    orders_in : bool[n, h], periods at whose start a store orders
    window : 1 to h; the centre's protection period, over which mean and variance are met
    surplus : [n] or one; stock and open orders of a store above its target now, below 0 where it is short
    lot : [n] or one; whole units of a store's order multiple
    target_rise : [n, h] or one; units by which a store's target at the start of a period exceeds today's, as
        before a season; where it falls, what was ordered for it stays ordered
    level_correlation : 0 to 1, between the levels of any two stores

    Returns
    -------
    PooledDemand. Lower dispersion than the path generator's least, 1, is reported as 1.

    Raises
    ------
    EngineError : shapes that differ or values out of range; all faults at once.

    Examples
    --------
    Four like stores that order every day: half the relative noise of one, but the same level error if it is
    common to all.

    >>> day = np.ones((4, 8), dtype=bool)
    >>> pooled = pooled_orders(
    ...     np.full((4, 8), 5.0), [0.2] * 4, [1.5] * 4, day, window=8, level_correlation=1.0
    ... )
    >>> pooled.mean.tolist()
    [0.0, 20.0, 20.0, 20.0, 20.0, 20.0, 20.0, 20.0]
    >>> round(pooled.level_cv, 3), round(pooled.dispersion, 3)
    (0.2, 1.5)
    """
    means, levels, noises, starts, free, lots, rise = _checked(
        mean, level_cv, dispersion, orders_in, window, surplus, lot, target_rise, level_correlation
    )
    stores, horizon = means.shape
    before = np.concatenate([np.zeros((stores, 1)), np.cumsum(means, axis=1)], axis=1)
    ordered = np.zeros((stores, horizon))
    variance = np.zeros(stores)
    share = np.zeros(stores)
    # The variance over the window is that of all orders placed until its last order period.
    last = np.array([np.flatnonzero(row[:window]).max(initial=-1) for row in starts])
    for i in range(stores):
        total = 0.0
        for t in np.flatnonzero(starts[i]):
            demand = before[i, t]
            spread = noises[i] * demand + (levels[i] * demand) ** 2
            expected, squares = _orders(demand, spread, free[i] - rise[i, t], lots[i])
            ordered[i, t] = max(expected - total, 0.0)
            total += ordered[i, t]
            if t == last[i]:
                variance[i] = squares
                # A store with ample stock passes on only a part of its demand's deviations.
                passed = min(1.0, np.sqrt(squares / spread)) if spread > 0 else 0.0
                share[i] = passed * levels[i] * demand
    common = (1 - level_correlation) * float(share @ share) + level_correlation * float(share.sum()) ** 2
    between = common - float(share @ share)
    total_mean = float(ordered[:, :window].sum())
    total_variance = float(variance.sum()) + between
    if total_mean > 0:
        level = min(np.sqrt(common) / total_mean, MAX_LEVEL_CV)
        rest = (total_variance - (level * total_mean) ** 2) / total_mean
    else:
        level, rest = 0.0, 1.0
    return PooledDemand(
        ordered.sum(axis=0),
        float(level),
        float(np.clip(rest, 1.0, MAX_DISPERSION)),
        total_mean,
        total_variance,
        float(np.sqrt(variance).sum()),
    )


def level_correlation(actual: npt.ArrayLike, forecast: npt.ArrayLike, level_cv: npt.ArrayLike) -> float:
    """Return how far stores' levels were wrong together, from past forecasts.

    Products of two stores' errors hold no independent noise: their sum over pairs and windows, over
    what it would be if all levels moved together.

    Parameters
    ----------
    actual, forecast : [n, w] units of n stores in w past windows, forecast before the window began
    level_cv : [n]

    Returns
    -------
    0 to 1; 0 where fewer than two stores or no level error leave nothing to compare

    Examples
    --------
    >>> level_correlation([[12, 8], [24, 16]], [[10, 10], [20, 20]], [0.2, 0.2])
    1.0
    """
    sold, expected = np.asarray(actual, dtype=np.float64), np.asarray(forecast, dtype=np.float64)
    cv = np.asarray(level_cv, dtype=np.float64)
    if sold.ndim != 2 or sold.shape != expected.shape or cv.shape != sold.shape[:1]:
        raise EngineError(
            f"actual {sold.shape} and forecast {expected.shape} must be [stores, windows], "
            f"level_cv {cv.shape} one a store"
        )
    errors, wide = sold - expected, cv[:, None] * expected
    together = (errors.sum(axis=0) ** 2 - (errors**2).sum(axis=0)).sum()
    most = (wide.sum(axis=0) ** 2 - (wide**2).sum(axis=0)).sum()
    return float(np.clip(together / most, 0.0, 1.0)) if most > 0 else 0.0


def _orders(demand: float, spread: float, surplus: float, lot: int) -> tuple[float, float]:
    """Return mean and variance of what a store has ordered after demand of this mean and variance."""
    sd = float(np.sqrt(spread))
    if demand <= 0:
        return lot * max(np.ceil(-surplus / lot - 1e-9), 0.0), 0.0
    sure = surplus <= max(demand - CERTAIN * sd, 0.0)
    if sure and (lot == 1 or sd >= lot):
        # The last lot overshoots by 0 … lot − 1, all alike.
        rounding = surplus - np.floor(surplus)
        return demand - surplus + rounding + (lot - 1) / 2, spread + (lot**2 - 1) / 12
    most = int(max(np.ceil((demand + TAIL_SDS * sd + 20 - surplus) / lot), 1))
    more = _exceeds(np.floor(surplus + lot * np.arange(most) + 1e-9), demand, spread)
    expected = float(more.sum())
    squares = float(((2 * np.arange(most) + 1) * more).sum())
    return lot * expected, lot**2 * max(squares - expected**2, 0.0)


def _exceeds(units: Floats, mean: float, variance: float) -> Floats:
    """Return P(D > units) of a negative binomial, or Poisson, with this mean and variance."""
    wide = variance / mean
    steps = np.maximum(units, 0.0) + 1
    if wide < POISSON_BELOW:
        chance = gammainc(steps, mean)
    else:
        chance = betainc(steps, mean / (wide - 1), 1 - 1 / wide)
    result: Floats = np.where(units < 0, 1.0, chance)
    return result


def _checked(
    mean: npt.ArrayLike,
    level_cv: npt.ArrayLike,
    dispersion: npt.ArrayLike,
    orders_in: npt.ArrayLike,
    window: int,
    surplus: npt.ArrayLike,
    lot: npt.ArrayLike,
    target_rise: npt.ArrayLike,
    correlation: float,
) -> tuple[Floats, Floats, Floats, npt.NDArray[np.bool_], Floats, npt.NDArray[np.int64], Floats]:
    means = np.asarray(mean, dtype=np.float64)
    if means.ndim != 2:
        raise EngineError(f"mean has {means.ndim} dimensions; it must be [stores, periods]")
    stores = means.shape[0]
    levels, noises = np.asarray(level_cv, dtype=np.float64), np.asarray(dispersion, dtype=np.float64)
    starts = np.asarray(orders_in, dtype=np.bool_)
    faults = [
        f"{name} has shape {part.shape}; it must be {shape}"
        for name, part, shape in (
            ("level_cv", levels, (stores,)),
            ("dispersion", noises, (stores,)),
            ("orders_in", starts, means.shape),
        )
        if part.shape != shape
    ]
    free, lots = np.asarray(surplus, dtype=np.float64), np.asarray(lot, dtype=np.float64)
    faults += [
        f"{name} has shape {part.shape}; it must be one number or one a store"
        for name, part in (("surplus", free), ("lot", lots))
        if part.shape not in ((), (stores,))
    ]
    rise = np.asarray(target_rise, dtype=np.float64)
    if rise.shape not in ((), means.shape):
        faults.append(f"target_rise has shape {rise.shape}; it must be one number or {means.shape}")
    rules = (
        ("mean", means, means >= 0, "0 or more"),
        ("level_cv", levels, levels >= 0, "0 or more"),
        ("dispersion", noises, noises >= 1, "1 or more"),
        ("surplus", free, np.isfinite(free), "finite"),
        ("target_rise", rise, np.isfinite(rise), "finite"),
        ("lot", lots, (lots >= 1) & (lots == np.floor(lots)), "whole units, 1 or more"),
    )
    for name, part, fine, rule in rules:
        fine = fine & np.isfinite(part)
        if not fine.all():
            faults.append(f"{name} holds {part[~fine].flat[0]}; it must be {rule}")
    if not 1 <= window <= means.shape[1]:
        faults.append(f"window is {window}; it must be 1 to {means.shape[1]} periods")
    if not 0 <= correlation <= 1:
        faults.append(f"level_correlation is {correlation}; it must lie between 0 and 1")
    if faults:
        raise EngineError("; ".join(faults))
    every_lot = np.broadcast_to(lots, stores).astype(np.int64)
    every_rise = np.broadcast_to(rise, means.shape)
    return means, levels, noises, starts, np.broadcast_to(free, stores), every_lot, every_rise
