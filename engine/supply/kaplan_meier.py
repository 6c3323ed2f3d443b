"""Kaplan and Meier's estimate of a duration where some have not ended, for many groups at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.supply.history import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Durations:
    """A distribution a group: probability of each value."""

    value: FloatArray
    """Values, [g, p], rising in every row where they have mass."""
    mass: FloatArray
    """Probability of each, [g, p]; rows sum to 1, those of groups without any observation to 0."""

    @property
    def mean(self) -> FloatArray:
        """Mean of each group; NaN without observations."""
        known = self.mass.sum(axis=1) > 0
        return np.where(known, (self.mass * self.value).sum(axis=1), np.nan)

    @property
    def variance(self) -> FloatArray:
        """Variance of each group; NaN without observations."""
        return np.asarray((self.mass * (self.value - self.mean[:, None]) ** 2).sum(axis=1))

    def quantile(self, probability: float) -> FloatArray:
        """Return the least value with at least this probability at or below it; NaN without observations."""
        reached = np.cumsum(self.mass, axis=1) >= probability - 1e-9
        found = np.take_along_axis(self.value, reached.argmax(axis=1)[:, None], axis=1)[:, 0]
        return np.where(reached.any(axis=1), found, np.nan)


def kaplan_meier(
    group: IntArray,
    value: FloatArray,
    weight: FloatArray,
    ended: BoolArray,
    n_groups: int,
    *,
    least: float = 0.0,
    step: float = 1.0,
) -> Durations:
    """Estimate the distribution of each group's durations.

    The probability of an observation that has not ended is shared out over the later ends, as Efron's
    redistribution to the right does it. What lasts longer than every end is taken to end at
    ``max(longest + step, least)``: an order that is late arrives tomorrow, one that is not yet due when it is
    promised, which is what a plan assumes of open orders too.

    Parameters
    ----------
    group : int array, [n]
        Codes from 0.
    value : float array, [n]
        How long it took, or has lasted so far.
    weight : float array, [n]
        Weight of each observation, > 0.
    ended : bool array, [n]
        Whether the value is final; otherwise the duration is longer than `value`.
    n_groups : int
    least, step : float
        See above.

    References
    ----------
    Kaplan & Meier (1958), *Nonparametric estimation from incomplete observations*, JASA 53; Efron (1967),
    *The two sample problem with censored data*, Proc. 5th Berkeley Symposium 4.

    Examples
    --------
    Kaplan and Meier's own example (section 2): deaths at .8, 3.1, 5.4, 9.2, losses at 1.0, 2.7, 7.0, 12.1.

    >>> at = np.array([0.8, 1.0, 2.7, 3.1, 5.4, 7.0, 9.2, 12.1])
    >>> died = np.array([1, 0, 0, 1, 1, 0, 1, 0], dtype=bool)
    >>> found = kaplan_meier(np.zeros(8, int), at, np.ones(8), died, 1)
    >>> (1 - np.cumsum(found.mass[0]))[[0, 3, 4, 6]].round(4)
    array([0.875 , 0.7   , 0.525 , 0.2625])
    """
    grid, column = np.unique(value, return_inverse=True)
    size = len(grid)
    cell = group * size + column
    shape = (n_groups, size)
    ends = np.bincount(cell, weight * ended, n_groups * size).reshape(shape)
    losses = np.bincount(cell, weight * ~ended, n_groups * size).reshape(shape)
    both = ends + losses
    at_risk = np.cumsum(both[:, ::-1], axis=1)[:, ::-1]
    hazard = np.divide(ends, at_risk, out=np.zeros(shape), where=ends > 0)
    # the last to end ends with all that is left: sums of weights may differ in the last digit
    later = np.zeros(shape, dtype=bool)
    later[:, :-1] = np.cumsum((both > 0)[:, ::-1], axis=1)[:, ::-1][:, 1:] > 0
    hazard = np.where((ends > 0) & (losses == 0) & ~later, 1.0, hazard)
    survival = np.cumprod(1.0 - hazard, axis=1)
    before = np.concatenate([np.ones((n_groups, 1)), survival[:, :-1]], axis=1)
    known = both.any(axis=1)
    tail = np.where(known, survival[:, -1] if size else 0.0, 0.0)
    last = size - 1 - (both > 0)[:, ::-1].argmax(axis=1) if size else np.zeros(n_groups, np.int64)
    longest = grid[last] if size else np.zeros(n_groups)
    return Durations(
        value=np.column_stack([np.broadcast_to(grid, shape), np.maximum(longest + step, least)]),
        mass=np.column_stack([before * hazard, tail]),
    )
