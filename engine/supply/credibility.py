"""Credibility: how far a group's own figure counts against what is known without it.

A group of *n* deliveries is estimated by

    Z · measured + (1 − Z) · parent,   Z = n / (n + k)
    k = variance of one delivery ÷ variance between groups

which is the best linear estimate, and for shares the mean of the beta posterior exactly. The parent of a
location is its kind, of a kind the source, of a source the promise: few deliveries leave the promise, many
leave what was measured.

References
----------
Bühlmann & Straub (1970), *Glaubwürdigkeit für Schadensätze*, Mitteilungen der Vereinigung Schweizerischer
Versicherungsmathematiker 70; Bühlmann & Gisler (2005), *A Course in Credibility Theory*, ch. 4 and 6; Jewell
(1974), *Credible means are exact Bayesian for exponential families*, ASTIN Bulletin 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.supply.history import FloatArray, IntArray

PRIOR_GROUPS = 4.0
"""The usual k counts as much as this many groups."""

PRIOR_DELIVERIES = 20.0
"""What is taken for the variance of one delivery counts as much as this many deliveries."""

LEAST_K = 1.0


@dataclass(frozen=True)
class Trust:
    """How many deliveries a parent counts as."""

    usual: float
    """Before any group is seen."""
    most: float


PROMISE = Trust(usual=5.0, most=10.0)
"""A source that is unlike all others is believed too."""

PLACES = Trust(usual=20.0, most=100.0)
"""The locations of one source may well be alike."""


@dataclass(frozen=True)
class Shrunk:
    """A figure of each group of one level, [g]."""

    value: FloatArray
    """What the groups themselves say, weighted; the promise adds ``promise_weight · promise``."""
    promise_weight: FloatArray
    """What is left of the promise: 1 without any delivery, towards 0 with many."""
    k: FloatArray
    """Deliveries that the parent counted as."""


def credibility_k(
    measured: FloatArray,
    parent: FloatArray,
    deliveries: FloatArray,
    variance: FloatArray,
    source: IntArray,
    *,
    n_sources: int,
    usual_variance: float,
    trust: Trust,
) -> FloatArray:
    """Estimate how many deliveries the parent counts as, from how groups differ from their parents.

    For each source from all others: what a source does itself never decides how far it is believed, so that
    a delivery that comes later never makes a lead time shorter.

    Parameters
    ----------
    measured, parent : float array, [g]
        Figure of each group and of its parent.
    deliveries : float array, [g]
        Effective number of deliveries; groups without any say nothing.
    variance : float array, [g]
        Variance of one delivery within each group.
    source : int array, [g]
        Source that each group belongs to.
    n_sources : int
    usual_variance : float
        What the variance of a delivery is taken for where no group says.
    trust : Trust

    Returns
    -------
    float array, [n_sources]
        Between `LEAST_K` and ``trust.most``; ``trust.usual`` where there is no other source.
    """
    known = deliveries > 0
    n = np.where(known, deliveries, 1.0)
    weight = (
        known * n / (n + LEAST_K)
    )  # a group of one delivery says little about the variance between groups

    def of_others(values: FloatArray) -> FloatArray:
        own: FloatArray = np.bincount(source, values, n_sources).astype(np.float64)
        return float(own.sum()) - own

    spread = of_others(np.where(known, n * variance, 0.0)) + PRIOR_DELIVERIES * usual_variance
    within = spread / (of_others(np.where(known, n, 0.0)) + PRIOR_DELIVERIES)
    # what a difference has beyond the noise of its own deliveries
    squares = of_others(np.where(known, weight * (measured - parent) ** 2, 0.0))
    excess = squares - within * of_others(weight / n)
    between = (excess + PRIOR_GROUPS * within / trust.usual) / (of_others(weight) + PRIOR_GROUPS)
    small = between * trust.most <= within
    ratio = np.divide(within, between, out=np.full(n_sources, trust.most), where=~small)
    return np.asarray(np.clip(ratio, LEAST_K, trust.most))


def shrink(
    measured: Sequence[FloatArray],
    deliveries: Sequence[FloatArray],
    parents: Sequence[IntArray],
    k: Sequence[FloatArray],
) -> tuple[Shrunk, ...]:
    """Shrink each level's figures to the level above, and the first level's to the promise.

    Parameters
    ----------
    measured : a level each, [g]
        NaN where a group has no delivery.
    deliveries : a level each, [g]
    parents : a level each, [g]
        Row in the level above; of no meaning on the first level.
    k : a level each, [g]

    Examples
    --------
    A source measured at 4 days late over 12 deliveries, the promise counting as 4:

    >>> shrink([np.array([4.0])], [np.array([12.0])], [np.array([0])], [np.array([4.0])])[0].value
    array([3.])
    """
    done: list[Shrunk] = []
    for values, n, parent, weight in zip(measured, deliveries, parents, k, strict=True):
        z = n / (n + weight)
        own = np.where(n > 0, np.nan_to_num(values), 0.0)
        above, left = (
            (done[-1].value[parent], done[-1].promise_weight[parent])
            if done
            else (np.zeros(len(n)), np.ones(len(n)))
        )
        done.append(Shrunk(value=z * own + (1 - z) * above, promise_weight=(1 - z) * left, k=weight))
    return tuple(done)


def effective_number(group: IntArray, weight: FloatArray, n_groups: int) -> FloatArray:
    """Return (Σw)² ÷ Σw² of each group (Kish 1965): how many equal observations the weighted ones equal."""
    total = np.bincount(group, weight, n_groups)
    squares = np.bincount(group, weight**2, n_groups)
    return np.divide(total**2, squares, out=np.zeros(n_groups), where=squares > 0)
