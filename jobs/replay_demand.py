"""Demand that a replay plays: what sold, and what would have sold where stock was short.

It is the same for every policy. What a short period would have sold is judged by that period's own sales and
by days before it alone, so that nothing played on a day depends on what came later.
(The plan's own reconstruction, `engine.forecast.censored`, looks at weeks on both sides.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.series import SalesPanel
from engine.forecast.censored.posterior import demand_posterior
from engine.forecast.censored.variation import variation_of_periods
from engine.forecast.panel import make_panel
from engine.forecast.seasonality import seasonal_profile

Floats = npt.NDArray[np.float64]

BLOCK = {"D": 28, "W": 4, "M": 1}
"""Season and variation are learnt anew after so many periods."""
TRAILING = {"D": 56, "W": 12, "M": 6}
"""Periods before a short one that set its level."""
LEAST_HISTORY = 8
"""Periods before season and variation are judged at all."""
LEAST_EXPOSURE = 0.5


def causal_demand(
    sales: SalesPanel, first: int, last: int, group: npt.NDArray[np.object_], seed: int
) -> Floats:
    """Return demand of the periods `first` … `last` − 1 of a panel, [n, last − first], whole where sales are.

    Parameters
    ----------
    sales : n series
    first, last : periods
    group : [n] category, whose season the series share
    seed : of the rounding of estimates to whole units
    """
    book = _Book.of(sales)
    demand = np.zeros((len(sales.keys), last - first))
    step = BLOCK[sales.period]
    for start in range(first, last, step):
        stop = min(start + step, last)
        demand[:, start - first : stop - first] = _block(sales, book, start, stop, group, seed)
    return demand


@dataclass(frozen=True)
class _Book:
    """Sales, the share of each period with stock, and how much it tells, [n, T]."""

    sold: Floats
    share: Floats
    exposure: Floats

    @classmethod
    def of(cls, sales: SalesPanel) -> _Book:
        row = ~np.isnan(sales.quantity)
        sold = np.where(row & (sales.quantity > 0.0), sales.quantity, 0.0)
        known = np.where(np.isnan(sales.in_stock), 1.0, np.clip(sales.in_stock, 0.0, 1.0))
        share = np.where(row, known, 1.0)
        # a missing row is a sale of nothing on a day on which the location sent others
        codes, _ = pd.factorize(sales.keys["location"])
        sent = np.zeros((codes.max(initial=-1) + 1, row.shape[1]), dtype=bool)
        np.logical_or.at(sent, codes, row)
        started = np.logical_or.accumulate(sold > 0.0, axis=1)
        return cls(sold, share, np.where(row | (started & sent[codes]), share, 0.0))


def _block(
    sales: SalesPanel, book: _Book, start: int, stop: int, group: npt.NDArray[np.object_], seed: int
) -> Floats:
    sold, share = book.sold[:, start:stop], book.share[:, start:stop]
    hidden = share < 1.0
    if not hidden.any() or start < LEAST_HISTORY:
        return sold.copy()
    panel = make_panel(
        sales.keys,
        sales.start,
        sales.period,
        sales.quantity[:, :start],
        sales.in_stock[:, :start],
        group=group,
    )
    season = seasonal_profile(panel).factors(0, stop)
    level = _trailing(book, season, TRAILING[sales.period], stop)
    expected = level * season
    whole = (book.exposure == 1.0)[:, :start]
    varies = variation_of_periods(book.sold[:, :start], expected[:, :start], whole)
    row = np.nonzero(hidden)[0]
    units, stocked = sold[hidden], share[hidden]
    found = demand_posterior(
        np.where(stocked > 0.0, units, 0.0),
        expected[:, start:stop][hidden],
        stocked,
        varies.rate[row],
        varies.dispersion[row],
        np.where(stocked > 0.0, 0.0, units),
    ).mean
    demand = sold.copy()
    more = np.maximum(found - units, 0.0)
    draw = np.stack([_uniforms(seed, period, len(sold)) for period in range(start, stop)], axis=1)
    demand[hidden] = units + np.floor(more + draw[hidden])
    return demand


def _trailing(book: _Book, season: Floats, periods: int, stop: int) -> Floats:
    """Return units per exposure (of average season) in the `periods` before each one, [n, stop]."""
    counts = book.exposure[:, :stop]
    units = _before(np.where(counts > 0.0, book.sold[:, :stop], 0.0))
    exposure = _before(counts * season)
    then = np.maximum(np.arange(stop) - periods, 0)
    near_units = units - units[:, then]
    near = exposure - exposure[:, then]
    known = near > LEAST_EXPOSURE
    overall = units / np.where(exposure > LEAST_EXPOSURE, exposure, 1.0)
    level: Floats = np.where(known, near_units / np.where(known, near, 1.0), overall)
    return level


def _before(values: Floats) -> Floats:
    """Sum of all columns before each one."""
    result = np.zeros_like(values)
    np.cumsum(values[:, :-1], axis=1, out=result[:, 1:])
    return result


def _uniforms(seed: int, period: int, count: int) -> Floats:
    """Numbers of one period: they do not depend on how many periods there are."""
    return np.random.default_rng([seed, period]).random(count)
