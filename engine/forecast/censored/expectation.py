"""What a period was expected to sell, from periods with stock: level, season, what moved others with it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

LEAST_EXPOSURE = 0.5
"""In-stock periods (of average season) around a period that make a level."""
NEARBY = 3
"""Periods before and after within which a product's demand moves together (a fashion, a hot week)."""


def expected_demand(
    sold: Floats, exposure: Floats, season: Floats, product: Codes, location: Codes, half_window: int
) -> Floats:
    """Return what every period was expected to sell, units a period, [n, T].

    level × season × product nearby × product × location: the level is what sold over exposure within
    `half_window` periods; the factors are what the same product sold against expectation at other locations,
    in the `NEARBY` periods around and in the period itself, and what the location sold of other products in
    it. Shelves empty on unusual days: without the factors a stockout looks like a usual one. Left out are a
    period's own sales, which come in with the posterior, and from the factors all of the series' own: it sold
    well in the days before it ran out, or it would not have.

    Parameters
    ----------
    sold : [n, T] units sold in the in-stock time of the periods that count, else 0
    exposure : [n, T] in-stock share of the periods that count, else 0
    season : [n, T] seasonal factors
    product, location : [n] codes 0, 1, …
    half_window : periods before and after that set the level
    """
    products, locations = Group(product), Group(location)
    mean = _level(sold, season * exposure, half_window) * season
    factors = ((products, NEARBY), (products, 0), (locations, 0))
    moved = np.ones_like(mean)
    strengths = []
    for group, half in factors:
        strengths.append(_strength(group, sold, mean * moved * exposure, exposure, half))
        moved *= _ratio(group, sold, mean * moved * exposure, strengths[-1], half)
    # Once more, with a level that knows what moved the periods that it is taken from.
    mean = _level(sold, season * moved * exposure, half_window) * season
    for (group, half), strength in zip(factors, strengths, strict=True):
        mean *= _ratio(group, sold, mean * exposure, strength, half)
    return mean


@dataclass(frozen=True, eq=False)
class Group:
    """Which series move together: [n] codes 0, 1, …"""

    code: Codes

    @cached_property
    def members(self) -> sparse.csr_array:
        """[groups, n] indicator."""
        groups = int(self.code.max(initial=-1)) + 1
        each = np.arange(len(self.code))
        return sparse.csr_array((np.ones(len(each)), (self.code, each)), shape=(groups, len(each)))


def around(values: Floats, half: int) -> Floats:
    """Sum over the columns at most `half` away, [n, T]."""
    if half == 0:
        return values
    n, periods = values.shape
    total = np.zeros((n, periods + 2 * half + 1))
    np.cumsum(values, axis=1, out=total[:, half + 1 : half + 1 + periods])
    total[:, half + 1 + periods :] = total[:, half + periods, None]
    result: Floats = total[:, 2 * half + 1 :] - total[:, : -2 * half - 1]
    return result


def _level(sold: Floats, exposure: Floats, half: int) -> Floats:
    """Units sold per exposure in the other periods around; over the whole history where there are none."""
    whole = exposure.sum(axis=1, keepdims=True)
    overall = sold.sum(axis=1, keepdims=True) / np.where(whole > 0, whole, 1.0)
    nearby = around(exposure, half) - exposure
    known = nearby > LEAST_EXPOSURE
    units = np.maximum(around(sold, half) - sold, 0.0)
    level: Floats = np.where(known, units / np.where(known, nearby, 1.0), overall)
    return level


def _strength(group: Group, sold: Floats, meant: Floats, exposure: Floats, half: int) -> Floats:
    """Units that sold as expected to add to each group's, [groups, 1]: what pays for chance; inf: no factor.

    Bühlmann's credibility: v ÷ τ², where v is the variance over mean of a series' sales and τ² the squared
    variation of the factor that a group shares, from how residuals of *different* members go together.
    """
    members = group.members
    residual = sold - meant
    together, total = members @ residual, members @ meant
    squares, power = members @ (residual * residual), members @ (meant * meant)
    apart, pairs = together * around(together, half), total * around(total, half)
    apart -= members @ (residual * around(residual, half)) if half else squares
    pairs -= members @ (meant * around(meant, half)) if half else power
    # What moves a group is rare and large (a promotion): it is judged by the periods in question.
    asked = members @ (1.0 - exposure)
    apart, pairs = (apart * asked).sum(axis=1), (pairs * asked).sum(axis=1)
    own_squares, own_power = squares.sum(axis=1), power.sum(axis=1)
    units = np.maximum(total.sum(axis=1), 1e-300)
    # Groups count by how surely they tell: as the inverse square of their variance over mean.
    weight = (units / np.maximum(own_squares, 1e-9 * units)) ** 2
    counted = float((pairs * weight).sum())
    shared = float((apart * weight).sum()) / counted if counted > 1e-12 else 0.0
    chance = np.maximum(own_squares - shared * own_power, 0.1 * own_squares) / units
    strength: Floats = (chance / shared if shared > 0 else np.full(len(chance), np.inf))[:, None]
    return strength


def _ratio(group: Group, sold: Floats, meant: Floats, strength: Floats, half: int) -> Floats:
    """What the rest of each series' group sold over what was meant to, shrunk to 1 by `strength`, [n, T]."""
    if not np.isfinite(strength).all():
        return np.ones_like(sold)
    members, code = group.members, group.code
    units, expected = (members @ sold)[code], (members @ meant)[code]
    units -= sold
    expected -= meant
    units, expected = around(units, half), around(expected, half)
    # Sums less the series' own leave rounding dust, which the strength would not pay for.
    added = np.maximum(strength, 1e-9)[code]
    for part in (units, expected):
        np.maximum(part, 0.0, out=part)
        part += added
    units /= expected
    return units
