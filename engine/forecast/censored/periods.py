"""Demand of every period of a panel, from what sold in the share of it that had stock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engine.forecast.censored.expectation import expected_demand
from engine.forecast.censored.posterior import DemandEstimate, demand_posterior
from engine.forecast.censored.variation import variation_of_periods
from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile, seasonal_profile

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]

HALF_WINDOW = {"D": 28, "W": 6, "M": 3}
"""Periods before and after a stockout whose demand sets its level."""
LEAST_WHOLE = 5
"""A series with fewer observed periods is also judged by the in-stock time of its censored ones."""
BLOCK_SERIES = 4096
"""Series estimated at a time: bounds memory on large lakes."""


def demand_estimate(panel: Panel, profile: Profile | None = None) -> DemandEstimate:
    """Return demand behind sales, [n, T]: sales where stock was there throughout, else their posterior.

    Never below sales. Periods unobserved for another reason than stock (before launch, feed down) keep their
    sales. A series that never had stock keeps its sales too: nothing tells of more.
    """
    sales = panel.values if panel.sales is None else panel.sales
    mean: Floats = np.where(panel.observed, panel.values, sales)
    sd = np.zeros_like(mean)
    in_stock = in_stock_share(panel)
    hidden = in_stock < 1.0
    if not hidden.any():
        return DemandEstimate(mean, sd)
    season = profile or seasonal_profile(panel)
    for rows in _blocks(codes(panel.sku), np.any(hidden, axis=1)):
        found = _estimate(panel.rows(rows), in_stock[rows], season.rows(rows))
        row, period = np.nonzero(hidden[rows])
        mean[rows[row], period], sd[rows[row], period] = found.mean, found.sd
    return DemandEstimate(mean, sd)


def _blocks(product: Codes, short: Mask) -> list[npt.NDArray[np.intp]]:
    """Return rows of the products that ran out, whole products together, about `BLOCK_SERIES` at a time."""
    rows = np.flatnonzero(np.isin(product, product[short]))
    rows = rows[np.argsort(product[rows], kind="stable")]
    first = np.searchsorted(product[rows], product[rows])
    return np.split(rows, np.flatnonzero(np.diff(first // BLOCK_SERIES)) + 1)


def _estimate(panel: Panel, in_stock: Floats, profile: Profile) -> DemandEstimate:
    """Return mean and deviation of the periods that were not in stock throughout, row by row, [k]."""
    sold = panel.values if panel.sales is None else panel.sales
    known = panel.observed if panel.censored is None else panel.observed | panel.censored
    expected = expected_demand(
        *counted(np.where(in_stock > 0, sold, 0.0), np.where(known, in_stock, 0.0), panel.observed),
        profile.factors(0, panel.n_periods),
        codes(panel.sku),
        codes(panel.location),
        HALF_WINDOW[panel.period],
    )
    varies = variation_of_periods(sold, expected, panel.observed & (in_stock == 1.0))
    hidden = in_stock < 1.0
    row = np.nonzero(hidden)[0]
    units, share = sold[hidden], in_stock[hidden]
    return demand_posterior(
        np.where(share > 0, units, 0.0),
        expected[hidden],
        share,
        varies.rate[row],
        varies.dispersion[row],
        np.where(share > 0, 0.0, units),
    )


def with_estimates(panel: Panel, estimate: DemandEstimate) -> Panel:
    """Return the panel with partly out-of-stock but observed periods at their estimate.

    Censored periods stay unobserved: models leave them out.
    """
    if panel.in_stock is None:
        return panel
    part = panel.observed & (panel.in_stock < 1.0)
    return replace(panel, values=np.where(part, estimate.mean, panel.values))


def in_stock_share(panel: Panel) -> Floats:
    """Return the share of each period with stock, [n, T]; 1 where unobserved for another reason."""
    censored = np.zeros_like(panel.observed) if panel.censored is None else panel.censored
    known: Floats = np.where(censored, 0.0, 1.0) if panel.in_stock is None else panel.in_stock
    return np.where(panel.observed | censored, known, 1.0)


def counted(sold: Floats, exposure: Floats, observed: Mask) -> tuple[Floats, Floats]:
    """Return sales and exposure of the periods that set a level: the observed; of all where those are few."""
    counts = observed | (observed.sum(axis=1, keepdims=True) < LEAST_WHOLE)
    return np.where(counts, sold, 0.0), np.where(counts, exposure, 0.0)


def codes(names: npt.NDArray[np.generic]) -> Codes:
    """Number names 0, 1, … in their order."""
    _, numbers = np.unique(names.astype(str), return_inverse=True)
    return numbers.astype(np.int64)
