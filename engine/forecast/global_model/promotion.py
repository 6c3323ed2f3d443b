"""Promotions and prices of the period ahead beside those of the past.

Promotions are planned, so those ahead count; a price after the cut-off is not known, so it is the last
regular price less the planned depth, in training as in forecasting.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.forecast.drivers.drivers import Drivers
from engine.forecast.global_model.history import Block, counts, cumulative, rate, ratio, window_sum
from engine.forecast.global_model.settings import Settings
from engine.forecast.global_model.target import between

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def promotion_state(
    block: Block, drivers: Drivers, level: Floats, cutoffs: Whole, settings: Settings
) -> dict[str, Floats]:
    """Return how demand ran with and without promotions before each cut-off, [b, K].

    drivers : of the block's series
    level : [b, K]
    """
    periods = block.demand.shape[1]
    plain = block.observed if block.plain is None else block.plain
    promoted = block.observed & ~plain
    unpromoted = cumulative(block.demand * plain), cumulative(block.exposure * plain)
    offered = block.demand_sums - unpromoted[0], block.exposure_sums - unpromoted[1]
    features = {}
    for name, (demand, exposure) in (("without promotion", unpromoted), ("on promotion", offered)):
        for length in (settings.windows[2], settings.windows[-1]):
            sold, exposed = (window_sum(sums, cutoffs, length) for sums in (demand, exposure))
            features[f"rate of {length} {name}"] = rate(sold, exposed, level)
    depth = cumulative(drivers.depth[:, :periods] * promoted)
    count = counts(promoted)
    longest = settings.windows[-1]
    features["usual depth"] = ratio(window_sum(depth, cutoffs, longest), window_sum(count, cutoffs, longest))
    return features


def promotion_ahead(
    block: Block, drivers: Drivers, cutoffs: Whole, due: Whole, settings: Settings
) -> dict[str, Floats]:
    """Return the promotion of each period ahead, those just before it, and its price, [b, K, m].

    due : [b, K, m]
    """
    last = drivers.n_periods
    inside, rows = np.minimum(due, last - 1), np.arange(len(due))[:, None, None]
    depth = np.where(due < last, drivers.depth[rows, inside], 0.0)
    promoted = drivers.mechanic > 0 if block.promoted is None else block.promoted
    runs = counts(promoted)
    features = {
        "depth": depth,
        "mechanic": np.where(due < last, drivers.mechanic[rows, inside], 0).astype(np.float64),
        "promoted periods before": between(runs, due - settings.windows[1], due),
        "promoted the period before": between(runs, due - 1, due),
    }
    if drivers.price is not None:
        regular, usual = _prices(block, drivers.price, cutoffs, settings.windows[-1])
        features["price over usual"] = (regular / usual)[:, :, None] * (1.0 - depth)
    return features


def _prices(block: Block, price: Floats, cutoffs: Whole, length: int) -> tuple[Floats, Floats]:
    """Return the last price without promotion and the mean price of the last `length` periods, [b, K]."""
    past = price[:, : block.demand.shape[1]]
    known = ~np.isnan(past) & (past > 0)
    regular = known if block.promoted is None else known & ~block.promoted[:, : past.shape[1]]
    when = np.where(regular, np.arange(past.shape[1], dtype=np.int32), np.int32(-1))
    last = np.maximum.accumulate(when, axis=1)[:, cutoffs - 1]
    latest = np.where(last < 0, np.nan, np.take_along_axis(past, np.maximum(last, 0), axis=1))
    total, count = cumulative(np.where(known, past, 0.0)), counts(known)
    return latest, ratio(window_sum(total, cutoffs, length), window_sum(count, cutoffs, length))
