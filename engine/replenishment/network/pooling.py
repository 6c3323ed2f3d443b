"""Demand of distribution centres: the orders of the stores that they serve.

A store orders at the start of its order periods whatever lifts its position to its target, in whole lots.
Until period t it has ordered lot·⌈(D − surplus) / lot⌉⁺, D being its demand before t
(`engine.replenishment.network.store_orders`). Noise of different stores is independent and pools; their
levels may be wrong together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError
from engine.forecast.paths import MAX_DISPERSION, MAX_LEVEL_CV
from engine.replenishment.network.store_orders import place_orders

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


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


@dataclass(frozen=True)
class StoreOrders:
    """How n stores order over h periods; see `pooled_orders` for each."""

    mean: Floats
    level_cv: Floats
    dispersion: Floats
    orders_in: npt.NDArray[np.bool_]
    surplus: Floats
    lot: Floats
    target_rise: Floats


@dataclass(frozen=True)
class OwnDemand:
    """What m centres sell to customers of their own: mean [m, h], level_cv and dispersion [m]."""

    mean: Floats
    level_cv: Floats
    dispersion: Floats


@dataclass(frozen=True)
class PooledDemands:
    """What m centres must expect; see `PooledDemand`. `mean` is [m, h], the rest [m]."""

    mean: Floats
    level_cv: Floats
    dispersion: Floats
    window_mean: Floats
    window_variance: Floats
    sum_of_sds: Floats


def pooled_demands(
    stores: StoreOrders,
    centre: Codes,
    window: Codes,
    *,
    level_correlation: float = 0.0,
    own: OwnDemand | None = None,
    promised: Floats | float = 0.0,
) -> PooledDemands:
    """Return the demand of m centres at once.

    Parameters
    ----------
    stores : of n stores
    centre : [n] 0 … m − 1, which centre serves each
    window : [m] protection periods of the centres
    level_correlation : 0 to 1, between the levels of any two stores (and of a centre's own customers)
    own : demand of the centres' own customers, beside the stores
    promised : [m] or one; units that certainly leave in the first period, beside the stores' orders

    Notes
    -----
    Arguments are taken as they are; `pooled_orders` checks them.
    """
    size, horizon = len(window), stores.mean.shape[1]
    ordered, variance, common = place_orders(
        np.ascontiguousarray(stores.mean),
        np.ascontiguousarray(stores.level_cv),
        np.ascontiguousarray(stores.dispersion),
        np.ascontiguousarray(stores.orders_in),
        np.ascontiguousarray(stores.surplus),
        np.ascontiguousarray(stores.target_rise),
        np.ascontiguousarray(stores.lot),
        window[centre],
    )
    if own is not None:
        inside = np.where(np.arange(horizon) < window[:, None], own.mean, 0.0).sum(axis=1)
        ordered = np.concatenate([ordered, own.mean])
        variance = np.concatenate([variance, own.dispersion * inside + (own.level_cv * inside) ** 2])
        common = np.concatenate([common, own.level_cv * inside])
        centre = np.concatenate([centre, np.arange(size)])

    def summed(values: Floats) -> Floats:
        return np.bincount(centre, weights=values, minlength=size).astype(np.float64)

    mean = np.zeros((size, horizon))
    np.add.at(mean, centre, ordered)
    mean[:, 0] += promised
    alone = summed(common**2)
    together = (1 - level_correlation) * alone + level_correlation * summed(common) ** 2
    total = np.where(np.arange(horizon) < window[:, None], mean, 0.0).sum(axis=1)
    total_variance = summed(variance) + together - alone
    asked = np.maximum(total, 1e-300)
    level = np.where(total > 0, np.minimum(np.sqrt(together) / asked, MAX_LEVEL_CV), 0.0)
    rest = np.where(total > 0, (total_variance - (level * total) ** 2) / asked, 1.0)
    return PooledDemands(
        mean,
        level,
        np.clip(rest, 1.0, MAX_DISPERSION),
        total,
        total_variance,
        summed(np.sqrt(variance)),
    )


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
    stores = _checked(
        mean, level_cv, dispersion, orders_in, window, surplus, lot, target_rise, level_correlation
    )
    centre = np.zeros(len(stores.mean), dtype=np.int64)
    found = pooled_demands(stores, centre, np.array([window]), level_correlation=level_correlation)
    return PooledDemand(
        found.mean[0],
        float(found.level_cv[0]),
        float(found.dispersion[0]),
        float(found.window_mean[0]),
        float(found.window_variance[0]),
        float(found.sum_of_sds[0]),
    )


def level_correlation(
    actual: npt.ArrayLike, forecast: npt.ArrayLike, level_cv: npt.ArrayLike, group: npt.ArrayLike = 0
) -> float:
    """Return how far stores' levels were wrong together, from past forecasts.

    Products of two stores' errors hold no independent noise: their sum over pairs and windows, over
    what it would be if all levels moved together. Groups weigh alike, whatever they sell.

    Parameters
    ----------
    actual, forecast : [n, w] units of n stores in w past windows, forecast before the window began; both 0
        where nothing is known
    level_cv : [n]
    group : [n] or one; stores of the same centre and product: only their errors are multiplied

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
    codes = np.unique(np.broadcast_to(np.asarray(group), cv.shape), return_inverse=True)[1]
    together, most = (_products(part, codes) for part in (sold - expected, cv[:, None] * expected))
    share = np.where(most > 0, 1 / np.where(most > 0, most, 1.0), 0.0)
    return float(np.clip(together @ share / (share > 0).sum(), 0.0, 1.0)) if share.any() else 0.0


def _products(parts: Floats, codes: Codes) -> Floats:
    """Return the products of every two stores of a group, added up over its pairs and windows, [groups]."""
    sums = np.zeros((codes.max(initial=-1) + 1, parts.shape[1]))
    np.add.at(sums, codes, parts)
    squares = np.bincount(codes, weights=(parts**2).sum(axis=1), minlength=len(sums))
    result: Floats = (sums**2).sum(axis=1) - squares
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
) -> StoreOrders:
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
    n = means.shape[0]
    return StoreOrders(
        means,
        levels,
        noises,
        starts,
        np.broadcast_to(free, n),
        np.broadcast_to(lots, n),
        np.broadcast_to(rise, means.shape),
    )
