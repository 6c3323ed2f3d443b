"""Sums over any stretch of the history of a block of series, of observed periods only.

With cumulative sums every window costs the same, and a sum over [first, last) cannot see `last` or later.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.forecast.global_model.settings import LEVEL_PRIOR, Settings
from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int32]

FORGOTTEN = 0.01
"""Weight below which the level's exponential memory ends."""

ROUNDING = 1e-6
"""Periods of exposure that a difference of sums may be wrong by."""


@dataclass(frozen=True, eq=False)
class Block:
    """History of b series, as matrices [b, T].

    Attributes
    ----------
    demand : 0 where unobserved
    exposure : seasonal factor where observed, else 0
    observed, censored : censored is out of stock, a part of the unobserved
    promoted : [b, P ≥ T] whether on promotion, planned periods included; None: no drivers
    """

    demand: Floats
    exposure: Floats
    observed: Mask
    censored: Mask
    promoted: Mask | None

    @classmethod
    def of(cls, panel: Panel, profile: Profile, rows: slice) -> Block:
        """Return some series of a panel."""
        demand, observed = panel.values[rows], panel.observed[rows]
        exposure = profile.rows(np.arange(panel.n_series)[rows]).factors(0, panel.n_periods) * observed
        censored = np.zeros_like(observed) if panel.censored is None else panel.censored[rows]
        promoted = None
        if panel.drivers is not None:
            promoted = (panel.drivers.depth[rows] > 0) | (panel.drivers.mechanic[rows] > 0)
        return cls(demand, exposure, observed, censored, promoted)

    @cached_property
    def demand_sums(self) -> Floats:
        """Demand over [0, t), [b, T + 1]."""
        return cumulative(self.demand)

    @cached_property
    def exposure_sums(self) -> Floats:
        """Exposure over [0, t), [b, T + 1]."""
        return cumulative(self.exposure)

    @cached_property
    def plain(self) -> Mask | None:
        """Observed without a promotion, [b, T]; None: no drivers."""
        return None if self.promoted is None else self.observed & ~self.promoted[:, : self.demand.shape[1]]


def cumulative(matrix: Floats) -> Floats:
    """Return sums over [0, t) of each row, [b, T + 1]."""
    sums = np.zeros((matrix.shape[0], matrix.shape[1] + 1))
    np.cumsum(matrix, axis=1, out=sums[:, 1:])
    return sums


def counts(mask: Mask) -> Counts:
    """Return how many of [0, t) of each row are set, [b, T + 1]; seven times as fast as sums of numbers."""
    sums = np.zeros((mask.shape[0], mask.shape[1] + 1), np.int32)
    np.cumsum(mask, axis=1, dtype=np.int32, out=sums[:, 1:])
    return sums


def window_sum(sums: Floats | Counts, cutoffs: Whole, length: int) -> Floats:
    """Return the sum of the last `length` periods before each cut-off, [b, K]."""
    result = sums[:, cutoffs] - sums[:, np.maximum(cutoffs - length, 0)]
    return result.astype(np.float64, copy=False)


def ratio(top: npt.ArrayLike, bottom: npt.ArrayLike) -> Floats:
    """top ÷ bottom; NaN where the bottom is nothing or not known."""
    top, bottom = np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64)
    some = bottom > 0.0
    result: Floats = np.where(some, np.maximum(top, 0.0) / np.where(some, bottom, 1.0), np.nan)
    return result


def rate(sold: Floats, exposed: Floats, level: Floats) -> Floats:
    """sold ÷ exposed, in levels; NaN where nothing was exposed, up to rounding, or there is no level."""
    return ratio(sold, np.where(exposed > ROUNDING, exposed, 0.0) * level)


def levels(block: Block, cutoffs: Whole, settings: Settings) -> Floats:
    """Return the deseasonalised level before each cut-off, [b, K]; 0: nothing sold yet.

    An exponentially weighted mean of observed demand over its seasonal exposure, without promoted periods,
    shrunk to the mean of everything before the cut-off, which weighs `LEVEL_PRIOR` periods.
    """
    sold, exposed = block.demand_sums[:, cutoffs], block.exposure_sums[:, cutoffs]
    usual = np.nan_to_num(ratio(sold, exposed))
    used = block.observed if block.plain is None else block.plain
    memory = int(np.ceil(np.log(FORGOTTEN) / np.log(1.0 - settings.level_memory)))
    result = np.empty_like(usual)
    for k, cutoff in enumerate(cutoffs):
        past = slice(max(cutoff - memory, 0), cutoff)
        weight = (1.0 - settings.level_memory) ** np.arange(cutoff - past.start)[::-1]
        # Without BLAS: the same bytes on any number of threads.
        demand = np.einsum("it,it,t->i", block.demand[:, past], used[:, past], weight)
        exposure = np.einsum("it,it,t->i", block.exposure[:, past], used[:, past], weight)
        result[:, k] = (demand + LEVEL_PRIOR * usual[:, k]) / (exposure + LEVEL_PRIOR)
    return result
