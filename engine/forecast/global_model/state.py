"""What is known of each series at a cut-off: how its demand ran up to there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.forecast.global_model.history import Block, counts, cumulative, rate, ratio, window_sum
from engine.forecast.global_model.settings import Settings

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def state_features(block: Block, level: Floats, cutoffs: Whole, settings: Settings) -> dict[str, Floats]:
    """Return features [b, K] from periods before each cut-off; rates are in levels.

    level : [b, K]
    """
    demand, exposure = block.demand_sums, block.exposure_sums
    observed = counts(block.observed)
    sales = counts(block.demand > 0)
    features = {}
    for length in settings.windows:
        sold, exposed = (window_sum(sums, cutoffs, length) for sums in (demand, exposure))
        features[f"rate of {length}"] = rate(sold, exposed, level)
    for length in settings.activity:
        seen = window_sum(observed, cutoffs, length)
        features[f"selling share of {length}"] = ratio(window_sum(sales, cutoffs, length), seen)
    longest = settings.windows[-1]
    squares = window_sum(cumulative(block.demand**2), cutoffs, longest)
    seen = window_sum(observed, cutoffs, longest)
    features["spread"] = np.sqrt(ratio(squares, seen * level**2))
    features["since last sale"] = _since(block.demand > 0, cutoffs)
    features["since last observed"] = _since(block.observed, cutoffs)
    stock = window_sum(observed, cutoffs, settings.stock)
    out = window_sum(counts(block.censored), cutoffs, settings.stock)
    features["in-stock share"] = ratio(stock, stock + out)
    return features


def _since(event: npt.NDArray[np.bool_], cutoffs: Whole) -> Floats:
    """Return periods since the last event before each cut-off, [b, K]; NaN: none."""
    when = np.where(event, np.arange(event.shape[1], dtype=np.int32), np.int32(-1))
    last = np.maximum.accumulate(when, axis=1)[:, cutoffs - 1]
    return np.where(last < 0, np.nan, cutoffs - 1.0 - last)


def momentum(recent_sold: Floats, recent_exposed: Floats, level: Floats, codes: Whole) -> Floats:
    """Return demand of the last periods over the usual, of all series that share a code, [n, K].

    recent_sold, recent_exposed : [n, K] sums over the recent window
    level : [n, K]
    codes : [n] what is shared: a product, a location, a category
    """
    result = np.empty_like(level)
    for k in range(level.shape[1]):
        sold = np.bincount(codes, recent_sold[:, k])
        due = np.bincount(codes, recent_exposed[:, k] * level[:, k])
        result[:, k] = ratio(sold, due)[codes]
    return result
