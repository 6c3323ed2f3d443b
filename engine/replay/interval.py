"""How sure a difference of total costs is: a bootstrap over whole items, all weeks of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RESAMPLES = 2000
LEVEL = 0.90


@dataclass(frozen=True)
class Difference:
    """Ours less theirs [money], and ours over theirs, each with its interval."""

    money: float
    low: float
    high: float
    ratio: float
    ratio_low: float
    ratio_high: float


def difference(
    ours: Floats,
    theirs: Floats,
    block: npt.NDArray[np.generic],
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Difference:
    """Compare two totals.

    A block bootstrap (Efron and Tibshirani 1993, An Introduction to the Bootstrap, ch. 6 and 8): blocks are
    drawn with replacement, all that is in a block stays together, the interval is that of the percentiles.

    Parameters
    ----------
    ours, theirs : [n] money of each line
    block : [n] what a line belongs to, its product say
    seed, resamples, level

    Examples
    --------
    >>> found = difference(np.array([8.0, 9.0]), np.array([10.0, 10.0]), np.array(["a", "b"]), seed=1)
    >>> found.money, found.ratio, found.ratio_low, found.ratio_high
    (-3.0, 0.85, 0.8, 0.9)
    """
    _, code = np.unique(np.asarray(block).astype(str), return_inverse=True)
    count = int(code.max(initial=-1)) + 1
    a = np.bincount(code, weights=ours, minlength=count)
    b = np.bincount(code, weights=theirs, minlength=count)
    if not count:
        return Difference(0.0, 0.0, 0.0, 1.0, 1.0, 1.0)
    drawn = np.random.default_rng(seed).integers(0, count, size=(resamples, count))
    sums_a, sums_b = a[drawn].sum(axis=1), b[drawn].sum(axis=1)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(sums_a - sums_b, (tail, 1.0 - tail))
    ratios = _ratio(sums_a, sums_b)
    ratio_low, ratio_high = np.quantile(ratios, (tail, 1.0 - tail))
    ratio = float(_ratio(a.sum(keepdims=True), b.sum(keepdims=True))[0])
    return Difference(
        float(a.sum() - b.sum()), float(low), float(high), ratio, float(ratio_low), float(ratio_high)
    )


def _ratio(ours: Floats, theirs: Floats) -> Floats:
    """Ours over theirs; 1 where both are nothing."""
    known = theirs > 0.0
    ratio: Floats = np.where(known, ours / np.where(known, theirs, 1.0), np.where(ours > 0.0, np.inf, 1.0))
    return ratio
