"""Demand of days known by the hour: what sold in the hours with stock, and what the other hours are worth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError
from engine.forecast.censored.expectation import expected_demand
from engine.forecast.censored.periods import HALF_WINDOW, LEAST_WHOLE, codes, counted
from engine.forecast.censored.posterior import DemandEstimate, demand_posterior
from engine.forecast.censored.variation import variation_within_periods
from engine.forecast.panel import Panel
from engine.forecast.seasonality import seasonal_profile

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Names = npt.NDArray[np.generic]

PROFILE_DAYS = 15.0
"""Days of average demand that follow the profile of all series, added to a series' own."""
_PASSES = 2
_ANY_MONDAY = np.datetime64("2024-01-01")


def reconstruct_days(
    sales: Floats,
    out_of_stock: Mask,
    *,
    product: Names | None = None,
    location: Names | None = None,
) -> DemandEstimate:
    """Return the demand of every day, [n, T], from sales by the hour.

    The share of a day's demand that falls into its hours with stock comes from the series' own profile over
    the hours, shrunk to that of all series; the day's expectation from days with stock in every hour; and
    how much the hours with stock tell of the others from how far the halves of such days agree.

    Parameters
    ----------
    sales : [n, T, H] units sold in each of H parts of the day; missing or negative: 0
    out_of_stock : [n, T, H] whether stock was out in it; what sold there is a lower bound
    product : [n] whose series move together; None: each series its own
    location : [n] likewise; None: one location

    Raises
    ------
    EngineError : shapes that do not fit.
    """
    sales = np.asarray(sales, dtype=np.float64)
    stock = ~np.asarray(out_of_stock, dtype=bool)
    if sales.ndim != 3 or sales.shape != stock.shape:
        raise EngineError(
            f"sales {sales.shape} and out_of_stock {stock.shape} must both be [series, days, hours]"
        )
    n, _, hours = sales.shape
    faults = [
        f"{name} has {len(given)} names for {n} series"
        for name, given in (("product", product), ("location", location))
        if given is not None and len(given) != n
    ]
    if faults:
        raise EngineError("; ".join(faults))
    sales = np.where(np.isfinite(sales) & (sales > 0), sales, 0.0)
    whole: Mask = np.all(stock, axis=2)
    inside = np.where(stock, sales, 0.0)
    sold = inside.sum(axis=2)
    products = np.arange(n) if product is None else codes(product)
    locations = np.zeros(n, dtype=np.int64) if location is None else codes(location)
    season = _season(sold, whole)
    profile = np.full((n, hours), 1.0 / max(hours, 1))
    for _ in range(_PASSES):
        exposure = np.einsum("ith,ih->it", stock, profile)
        expected = expected_demand(
            *counted(sold, exposure, whole), season, products, locations, HALF_WINDOW["D"]
        )
        profile = _profile(inside, stock, expected, whole)
    exposure = np.clip(np.einsum("ith,ih->it", stock, profile), 0.0, 1.0)
    first = _middle(profile)
    varies = variation_within_periods(
        sold, expected, whole, inside[:, :, :first].sum(axis=2), profile[:, :first].sum(axis=1)
    )
    return demand_posterior(
        sold,
        expected,
        np.where(whole, 1.0, exposure),
        varies.rate[:, None],
        varies.dispersion[:, None],
        np.where(whole, 0.0, sales.sum(axis=2) - sold),
    )


def _season(sold: Floats, whole: Mask) -> Floats:
    """Return weekday (and, from a year on, yearly) factors of days in stock throughout, [n, T]."""
    names = np.arange(len(sold)).astype(str)
    values = np.where(whole, sold, 0.0)
    panel = Panel(names, names, _ANY_MONDAY, "D", values, whole)
    return seasonal_profile(panel).factors(0, panel.n_periods)


def _profile(inside: Floats, stock: Mask, expected: Floats, whole: Mask) -> Floats:
    """Return the share of a day's demand in each hour, [n, H]: sold over expected while in stock, shrunk.

    A ratio of sums a series: late hours are in stock on slow days only, which their expectation knows.
    """
    counts = whole | (whole.sum(axis=1, keepdims=True) < LEAST_WHOLE)
    sold = np.einsum("ith,it->ih", inside, counts)
    meant = np.einsum("ith,it->ih", stock, np.where(counts, expected, 0.0))
    total = meant.sum(axis=0)
    pooled = sold.sum(axis=0) / np.where(total > 0, total, 1.0)
    if not pooled.any():
        return np.full(sold.shape, 1.0 / max(sold.shape[1], 1))
    pooled /= pooled.sum()
    prior = PROFILE_DAYS * expected.mean(axis=1, keepdims=True)
    weight = meant + prior
    profile = np.where(weight > 0, (sold + prior * pooled) / np.where(weight > 0, weight, 1.0), pooled)
    result: Floats = profile / profile.sum(axis=1, keepdims=True)
    return result


def _middle(profile: Floats) -> int:
    """Return the hour before which about half of demand comes."""
    if not profile.size:
        return 0
    passed = np.cumsum(profile.mean(axis=0))
    return int(np.argmin(np.abs(passed - 0.5))) + 1
