"""Series that only pass on what others sell: a distribution centre's demand is that of its stores.

Its promotions are theirs, and they are seen better there: it tells nothing of its own, and its factor is the
mean of theirs, each with the weight of its usual demand.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engine.forecast.drivers.drivers import Drivers, Floats
from engine.forecast.panel import Panel

Codes = npt.NDArray[np.int64]


def sellers_only(panel: Panel, drivers: Drivers) -> tuple[Panel, Drivers]:
    """Return panel and drivers in which series that others make up were never seen and had no promotions."""
    if drivers.supplies is None:
        return panel, drivers
    into, out_of = drivers.supplies
    passed = np.unique(into)
    observed, region = panel.observed.copy(), drivers.region.copy()
    mechanic, depth = drivers.mechanic.copy(), drivers.depth.copy()
    observed[passed], mechanic[passed], depth[passed] = False, 0, 0.0
    # Events are read by region: one more, in which nobody sells, would only dilute them.
    region[into] = drivers.region[out_of]
    price = drivers.price
    if price is not None:
        price = price.copy()
        price[passed] = np.nan
    own = replace(drivers, mechanic=mechanic, depth=depth, region=region, price=price)
    return replace(panel, values=np.where(observed, panel.values, 0.0), observed=observed), own


def passed_on(factor: Floats, panel: Panel, supplies: tuple[Codes, Codes], block: int) -> Floats:
    """Return the factors [n, P], those of series that others make up by the mean of the others'.

    Parameters
    ----------
    factor : [n, P] of each series by itself
    panel : history
    supplies : (rows that are made up, rows that make them up), one pair each
    block : periods in which a series keeps its level: its weight is its mean usual demand in each, after the
        history that in the last one; where none sells, all weigh alike
    """
    into, out_of = supplies
    rows, place = np.unique(into, return_inverse=True)
    sellers, seller = np.unique(out_of, return_inverse=True)
    starts = np.arange(0, panel.n_periods, block)
    seen = panel.observed[sellers]
    usual = np.where(seen, panel.values[sellers] / np.maximum(factor[sellers, : panel.n_periods], 0.1), 0.0)
    sums, counts = (np.add.reduceat(part, starts, axis=1) for part in (usual, seen.astype(np.float64)))
    weight = (sums / np.maximum(counts, 1.0))[seller]
    total = np.zeros((len(rows), len(starts)))
    np.add.at(total, place, weight)
    weight = np.where(total[place] > 0, weight, 1.0)
    total[:] = 0.0
    np.add.at(total, place, weight)
    share = weight / total[place]
    at = np.minimum(np.arange(factor.shape[1]) // block, len(starts) - 1)
    result = factor.copy()
    result[rows] = 0.0
    for pair, (row, source) in enumerate(zip(into, out_of, strict=True)):
        result[row] += share[pair, at] * factor[source]
    return result
