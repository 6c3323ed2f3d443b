"""What is known of a product's level from others: products like it, its other locations, its predecessor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.forecast.lifecycle import LifecycleFacts, period_index
from engine.forecast.lifecycle_bins import totals
from engine.forecast.new_items_similar import LEVEL_PERIODS, Market
from engine.forecast.panel import Panel

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Evidence:
    """Rows, and what is known of their levels: from similar products, elsewhere, and a predecessor.

    rows : [k]; similar : [k] level of products like it; predecessor : [k] NaN: none
    elsewhere, precision : [k] the product's sales over those of similar products at other locations, and the
        precision of that ratio; dispersion : [k] variance over mean of similar products
    base_cv2 : [k] squared relative error that a settled level has, too
    """

    rows: Codes
    similar: Floats
    predecessor: Floats
    elsewhere: Floats
    precision: Floats
    dispersion: Floats
    base_cv2: Floats

    @classmethod
    def joined(cls, parts: list[Evidence]) -> Evidence:
        """Return the rows of all parts."""
        return cls(
            np.concatenate([part.rows for part in parts]),
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("similar", "predecessor", "elsewhere", "precision", "dispersion", "base_cv2")
            ),
        )


def evidence(
    panel: Panel,
    market: Market,
    rows: Codes,
    at: Codes,
    noise: tuple[Floats, Floats],
    place_cv2: float,
    level: Floats,
    exposure: Floats,
) -> Evidence:
    """Return what is known of `rows` from others.

    level, exposure : [n] of every series, NaN and 0 where nothing is known of it
    at : period before which predecessors are looked at
    noise : dispersion [n] and level_cv [n] of the series
    """
    dispersion, level_cv = noise
    around = np.where(np.isfinite(market.level), dispersion, np.nan)
    spread = np.fmax(np.nan_to_num(market.similar(rows, around), nan=1.0), 1.0)
    base = market.similar(rows, np.where(np.isfinite(market.level), level_cv**2, np.nan))
    products = np.unique(market.sku[rows])
    mates = np.flatnonzero(np.isin(market.sku, products) & np.isfinite(level))
    expected = np.full(len(level), np.nan)
    expected[mates] = market.typical(mates)
    usable = np.isfinite(expected) & (expected > 0) & (exposure > 0)
    ratio = np.where(usable, level / np.where(usable, expected, 1.0), 0.0)
    sampling = dispersion / np.where(usable, expected * exposure, 1.0)
    weight = np.where(usable, 1.0 / (place_cv2 + sampling), 0.0)
    size = int(market.sku.max(initial=0)) + 1
    own = market.sku[rows]
    total = totals(market.sku, weight, size)[own] - weight[rows]
    summed = totals(market.sku, weight * ratio, size)[own] - (weight * ratio)[rows]
    total = np.where(total > 1e-9, total, 0.0)
    return Evidence(
        rows,
        market.typical(rows),
        predecessor_level(panel, market.about, rows, at),
        np.where(total > 0, summed / np.where(total > 0, total, 1.0), 1.0),
        total,
        spread,
        np.nan_to_num(base),
    )


def predecessor_level(panel: Panel, about: LifecycleFacts, rows: Codes, at: Codes) -> Floats:
    """Return the seasonally adjusted level of each row's predecessor before its end and `at`, [k]; NaN: none.

    Of its last observed periods, at most as many as make a level: a predecessor may have been out of stock.
    """
    result = np.full(len(rows), np.nan)
    if about.ancestors is None:
        return result
    old = about.ancestors
    width = LEVEL_PERIODS[panel.period]
    for k in np.flatnonzero(about.predecessor[rows] >= 0):
        row = about.predecessor[rows[k]]
        last = int(at[k])
        if about.ancestor_end is not None and not np.isnat(about.ancestor_end[row]):
            last = min(last, int(period_index(old, about.ancestor_end[row : row + 1])[0]) + 1)
        seen = np.flatnonzero(old.observed[row, : max(last, 0)])[-width:]
        if len(seen):
            result[k] = old.values[row, seen].mean()
    return result
