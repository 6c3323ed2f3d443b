"""Loss functions of demand given as a distribution object, a table of probabilities or a sample."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.integrate import quad

from engine.errors import EngineError
from engine.replenishment.textbook.checks import FINITE, NOT_NEGATIVE, WHOLE, Floats, checked
from engine.replenishment.textbook.loss_continuous import Loss

_BLOCK = 1024
_NEGLIGIBLE = 1e-17
_LONGEST_SUM = 1 << 24


class Distribution(Protocol):
    """What is asked of a distribution: a frozen one of `scipy.stats` has it."""

    def cdf(self, x: Any) -> Any:
        """P(X ≤ x)."""
        ...

    def sf(self, x: Any) -> Any:
        """P(X > x)."""
        ...

    def ppf(self, q: Any) -> Any:
        """Smallest x with P(X ≤ x) ≥ q."""
        ...

    def support(self) -> Any:
        """Smallest and greatest value."""
        ...


def continuous_loss(level: npt.ArrayLike, demand: Distribution) -> Loss:
    """Return the loss of continuous demand by quadrature of its distribution function [units].

    Parameters
    ----------
    level : array_like
        Stock levels [units].
    demand : Distribution
        For example `scipy.stats.norm(50, 8)`.

    Examples
    --------
    >>> from scipy.stats import norm
    >>> [round(float(side), 4) for side in continuous_loss(18, norm(15, 3))]
    [0.2499, 3.2499]
    """
    return _integrated(level, demand, order=1)


def continuous_second_loss(level: npt.ArrayLike, demand: Distribution) -> Loss:
    """Return the second-order loss of continuous demand by quadrature [units²]."""
    return _integrated(level, demand, order=2)


def _integrated(level: npt.ArrayLike, demand: Distribution, order: int) -> Loss:
    (levels,) = checked(("level", level, FINITE))
    lowest, highest = (float(end) for end in demand.support())
    cuts = [float(q) for q in demand.ppf([1e-9, 1e-3, 0.1, 0.5, 0.9, 0.999, 1.0 - 1e-9])]

    def weight(distance: float) -> float:
        return distance if order == 2 else 1.0

    def side(x: float, above: bool) -> float:
        if above:
            start, end = x, highest

            def tail(y: float) -> float:
                return weight(y - x) * float(demand.sf(y))
        else:
            start, end = lowest, x

            def tail(y: float) -> float:
                return weight(x - y) * float(demand.cdf(y))

        if start >= end:
            return 0.0
        ends = [start, *(cut for cut in cuts if start < cut < end), end]
        pieces = (quad(tail, a, b, epsabs=1e-14, epsrel=1e-11, limit=200)[0] for a, b in pairwise(ends))
        return float(sum(pieces))

    flat = [float(x) for x in levels.ravel()]
    short = np.array([side(x, True) for x in flat]).reshape(levels.shape)
    over = np.array([side(x, False) for x in flat]).reshape(levels.shape)
    return Loss(short, over)


def discrete_loss(level: npt.ArrayLike, demand: Distribution) -> Loss:
    """Return the loss of demand in whole units from its distribution function [units].

    Parameters
    ----------
    level : array_like
        Stock levels, whole [units].
    demand : Distribution
        For example `scipy.stats.poisson(20)`; of finite mean.

    Raises
    ------
    EngineError
        If the tail does not end within 16 million units.

    Examples
    --------
    >>> from scipy.stats import poisson
    >>> [round(float(side), 4) for side in discrete_loss(18, poisson(20))]
    [2.925, 0.925]
    """
    return _summed(level, demand, order=1)


def discrete_second_loss(level: npt.ArrayLike, demand: Distribution) -> Loss:
    """Return the second-order loss of demand in whole units [units²]; arguments as of `discrete_loss`."""
    return _summed(level, demand, order=2)


def _summed(level: npt.ArrayLike, demand: Distribution, order: int) -> Loss:
    (levels,) = checked(("level", level, WHOLE))

    def side(x: float, above: bool) -> float:
        # first order: Σ P(X > y) over y ≥ x, or Σ P(X ≤ y) over y < x; second: weighted by the distance
        total = 0.0
        for start in range(0, _LONGEST_SUM, _BLOCK):
            steps = np.arange(start, start + _BLOCK)
            tail = demand.sf(x + steps) if above else demand.cdf(x - 1.0 - steps)
            weights = (steps if above else steps + 1.0) if order == 2 else 1.0
            terms = np.asarray(tail * weights, dtype=np.float64)
            total += float(np.sum(terms[::-1]))
            if tail[-1] <= _NEGLIGIBLE and terms[-1] <= _NEGLIGIBLE * total:
                return total
        raise EngineError("demand must have a mean: its tail does not end")

    flat = [float(x) for x in levels.ravel()]
    short = np.array([side(x, True) for x in flat]).reshape(levels.shape)
    over = np.array([side(x, False) for x in flat]).reshape(levels.shape)
    return Loss(short, over)


def table_loss(level: npt.ArrayLike, values: npt.ArrayLike, probabilities: npt.ArrayLike) -> Loss:
    """Return the loss of demand that takes each of `values` with its probability [units].

    Parameters
    ----------
    level : array_like
        Stock levels [units].
    values, probabilities : array_like, shape (m,)
        Demand [units] and its probabilities, which sum to 1 (`check_table`).

    Examples
    --------
    >>> [float(side) for side in table_loss(2, [1, 2, 4], [0.25, 0.25, 0.5])]
    [1.0, 0.25]
    """
    (levels,) = checked(("level", level, FINITE))
    values, probabilities = check_table(values, probabilities)
    distance = values - levels[..., None]
    return Loss(np.maximum(distance, 0.0) @ probabilities, np.maximum(-distance, 0.0) @ probabilities)


def table_second_loss(level: npt.ArrayLike, values: npt.ArrayLike, probabilities: npt.ArrayLike) -> Loss:
    """Return the second-order loss of demand in whole units with given probabilities [units²]."""
    (levels,) = checked(("level", level, WHOLE))
    values, probabilities = check_table(values, probabilities)
    distance = values - levels[..., None]
    above = np.maximum(distance, 0.0)
    below = np.maximum(-distance, 0.0)
    return Loss(
        0.5 * ((above * np.maximum(above - 1.0, 0.0)) @ probabilities),
        0.5 * ((below * (below + 1.0)) @ probabilities),
    )


def check_table(values: npt.ArrayLike, probabilities: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return demand values in rising order and their probabilities.

    Raises
    ------
    EngineError
        If lengths differ, a probability is negative or they do not sum to 1 within 1e-6.
    """
    values, probabilities = checked(
        ("values", values, FINITE), ("probabilities", probabilities, NOT_NEGATIVE)
    )
    if values.ndim != 1:
        raise EngineError("values and probabilities must be one list each")
    total = float(probabilities.sum())
    if abs(total - 1.0) > 1e-6:
        raise EngineError(f"probabilities must sum to 1; they sum to {total:.9g}")
    order = np.argsort(values, kind="stable")
    return values[order], probabilities[order]
