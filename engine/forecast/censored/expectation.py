"""What a period was expected to sell, from periods with stock: level, season, what moved others with it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

LEAST_EXPOSURE = 0.5
"""In-stock periods (of average season) around a period that make a level."""
SHRINK_NEARBY = 3.0
"""Periods of average size that sold as expected, added to a product's few periods around."""
SHRINK_PRODUCT = 1.0
"""Series that sold as expected, added to those of the same product in the same period."""
SHRINK_LOCATION = 10.0
"""Series that sold as expected, added to those of the same location in the same period."""
NEARBY = 3
"""Periods before and after within which a product's demand moves together (a fashion, a hot week)."""
_PASSES = 2


def expected_demand(
    sold: Floats, exposure: Floats, season: Floats, product: Codes, location: Codes, half_window: int
) -> Floats:
    """Return what every period was expected to sell, units a period, [n, T].

    level × season × product nearby × product × location: the level is what sold over exposure within
    `half_window` periods; the factors are what the same product sold against expectation, at all locations,
    in the `NEARBY` periods around and in the period itself, and what the location sold of all products in it.
    Each is shrunk to 1. Shelves empty on unusual days: without the factors a stockout looks like a usual one.
    A period's own sales are left out of its expectation: they come in with the posterior.

    Parameters
    ----------
    sold : [n, T] units sold in the in-stock time of the periods that count, else 0
    exposure : [n, T] in-stock share of the periods that count, else 0
    season : [n, T] seasonal factors
    product, location : [n] codes 0, 1, …
    half_window : periods before and after that set the level
    """
    products, locations = _members(product), _members(location)
    moved = np.ones_like(sold)
    for _ in range(_PASSES):
        usual = season * moved
        mean = _level(sold, usual * exposure, half_window) * season
        together = _ratio(products, product, sold, mean, exposure, SHRINK_NEARBY, NEARBY)
        together *= _ratio(products, product, sold, mean * together, exposure, SHRINK_PRODUCT)
        together *= _ratio(locations, location, sold, mean * together, exposure, SHRINK_LOCATION)
        moved = together
    result: Floats = mean * moved
    return result


def around(values: Floats, half: int) -> Floats:
    """Sum over the columns at most `half` away, [n, T]."""
    n, periods = values.shape
    total = np.zeros((n, periods + 1))
    np.cumsum(values, axis=1, out=total[:, 1:])
    last = np.minimum(np.arange(periods) + half + 1, periods)
    first = np.maximum(np.arange(periods) - half, 0)
    # Cumulative sums leave rounding dust where the true sum is 0.
    result: Floats = np.maximum(total[:, last] - total[:, first], 0.0)
    return result


def _level(sold: Floats, exposure: Floats, half: int) -> Floats:
    """Units sold per exposure in the periods around; over the whole history where there are none."""
    whole = exposure.sum(axis=1, keepdims=True)
    overall = sold.sum(axis=1, keepdims=True) / np.where(whole > 0, whole, 1.0)
    nearby = np.maximum(around(exposure, half) - exposure, 0.0)
    known = nearby > LEAST_EXPOSURE
    units = np.maximum(around(sold, half) - sold, 0.0)
    level: Floats = np.where(known, units / np.where(known, nearby, 1.0), overall)
    return level


def _members(code: Codes) -> sparse.csr_array:
    """[groups, n] indicator of who belongs to which group."""
    return sparse.csr_array((np.ones(len(code)), (code, np.arange(len(code)))))


def _ratio(
    members: sparse.csr_array,
    code: Codes,
    sold: Floats,
    mean: Floats,
    exposure: Floats,
    prior: float,
    half: int = 0,
) -> Floats:
    """What the rest of each series' group sold over what was meant to, shrunk to 1, [n, T].

    `prior` average members that sold as expected are added.
    """
    mine = mean * exposure
    units, meant = members @ sold, members @ mine
    if half:
        units, meant = around(units, half), around(meant, half)
    added = (prior * (members @ mean) / members.sum(axis=1)[:, None])[code]
    units, meant = np.maximum(units[code] - sold, 0.0) + added, np.maximum(meant[code] - mine, 0.0) + added
    known = meant > 0
    ratio: Floats = np.where(known, units / np.where(known, meant, 1.0), 1.0)
    return ratio
