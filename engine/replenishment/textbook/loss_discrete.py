"""Loss functions of demand in whole units: Poisson, negative binomial, geometric.

First order as of continuous demand; second order: `short` = ½E[(X − x)⁺(X − x − 1)⁺] and
`over` = ½E[(x − X)⁺(x − X + 1)⁺], the sums of the first over the whole levels above and up to x.

All three rest on k·P(X = k) being proportional to P(X' = k − 1) of the same family (Zipkin 2000, appendix
C.2), so that no sum over demand is needed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from engine.replenishment.textbook.checks import POSITIVE, SHARE, WHOLE, Floats, checked, require
from engine.replenishment.textbook.loss_continuous import Loss


def poisson_loss(level: npt.ArrayLike, mean: npt.ArrayLike) -> Loss:
    """Return the loss of Poisson demand [units].

    Parameters
    ----------
    level : array_like
        Stock level, whole [units].
    mean : array_like
        Mean demand [units]; > 0.

    Raises
    ------
    EngineError
        If a level is not whole or a mean not above 0.

    Examples
    --------
    >>> [round(float(side), 4) for side in poisson_loss(18, 20)]
    [2.925, 0.925]
    """
    below, above, factorials, level = _poisson_parts(level, mean)
    return _first(below, above, factorials, level)


def poisson_second_loss(level: npt.ArrayLike, mean: npt.ArrayLike) -> Loss:
    """Return the second-order loss of Poisson demand [units²]; arguments as of `poisson_loss`."""
    below, above, factorials, level = _poisson_parts(level, mean)
    return _second(below, above, factorials, level)


def negative_binomial_loss(level: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike) -> Loss:
    """Return the loss of negative binomial demand [units].

    Parameters
    ----------
    level : array_like
        Stock level, whole [units].
    mean, sd : array_like
        Of demand [units]; > 0, the variance above the mean.

    Raises
    ------
    EngineError
        If a level is not whole, or a variance not above its mean.

    Examples
    --------
    >>> [round(float(side), 4) for side in negative_binomial_loss(14, 10, 5)]
    [0.7258, 4.7258]
    """
    below, above, factorials, level = _negative_binomial_parts(level, mean, sd)
    return _first(below, above, factorials, level)


def negative_binomial_second_loss(level: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike) -> Loss:
    """Return the second-order loss of negative binomial demand [units²]; arguments as of the first order."""
    below, above, factorials, level = _negative_binomial_parts(level, mean, sd)
    return _second(below, above, factorials, level)


def geometric_loss(level: npt.ArrayLike, probability: npt.ArrayLike) -> Loss:
    """Return the loss of demand 1, 2, … with P(X = k) = p(1 − p)^(k − 1): short = (1 − p)^x / p [units]."""
    level, probability = checked(("level", level, WHOLE), ("probability", probability, SHARE))
    above = (1.0 - probability) ** np.maximum(level, 0.0) / probability
    short = above + np.maximum(-level, 0.0)
    return Loss(short, np.maximum(level - 1.0 / probability + short, 0.0))


def geometric_second_loss(level: npt.ArrayLike, probability: npt.ArrayLike) -> Loss:
    """Return the second-order loss of geometric demand [units²]; arguments as of `geometric_loss`."""
    level, probability = checked(("level", level, WHOLE), ("probability", probability, SHARE))
    mean = 1.0 / probability
    variance = (1.0 - probability) * mean * mean
    both = 0.5 * ((level - mean) ** 2 + level - mean + variance)
    memoryless = (1.0 - probability) ** (np.maximum(level, 0.0) + 1.0) * mean * mean
    short = np.where(level < 0, both, memoryless)
    return Loss(short, np.maximum(both - short, 0.0))


Parts = tuple[list[Floats], list[Floats], list[Floats], Floats]


def _poisson_parts(level: npt.ArrayLike, mean: npt.ArrayLike) -> Parts:
    """Share of the factorial moments 1, μ, μ² that lies at or below, and above, the level."""
    level, mean = checked(("level", level, WHOLE), ("mean", mean, POSITIVE))
    below, above = [], []
    for k in range(3):
        left = level - k < 0
        terms = np.maximum(level - k, 0.0) + 1.0
        below.append(np.where(left, 0.0, special.gammaincc(terms, mean)))
        above.append(np.where(left, 1.0, special.gammainc(terms, mean)))
    return below, above, [np.ones_like(mean), mean, mean * mean], level


def _negative_binomial_parts(level: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike) -> Parts:
    """Share of the factorial moments that lies at or below, and above, the level."""
    level, mean, sd = checked(("level", level, WHOLE), ("mean", mean, POSITIVE), ("sd", sd, POSITIVE))
    excess = sd * sd - mean
    require("sd", sd, excess > 0, "above the square root of the mean (else use Poisson)")
    size = mean * mean / excess
    failure = excess / (sd * sd)
    below, above = [], []
    for k in range(3):
        left = level - k < 0
        terms = np.maximum(level - k, 0.0) + 1.0
        above.append(np.where(left, 1.0, special.betainc(terms, size + k, failure)))
        below.append(np.where(left, 0.0, special.betaincc(terms, size + k, failure)))
    return below, above, [np.ones_like(mean), mean, mean * mean * (1.0 + 1.0 / size)], level


def _first(below: list[Floats], above: list[Floats], factorials: list[Floats], level: Floats) -> Loss:
    mean = factorials[1]
    return Loss(
        np.maximum(mean * above[1] - level * above[0], 0.0),
        np.maximum(level * below[0] - mean * below[1], 0.0),
    )


def _second(below: list[Floats], above: list[Floats], factorials: list[Floats], level: Floats) -> Loss:
    def half(share: list[Floats]) -> Floats:
        # (X − x)(X − x − 1) = X(X − 1) − 2xX + x(x + 1)
        square = factorials[2] * share[2] - 2.0 * level * factorials[1] * share[1]
        return 0.5 * np.maximum(square + level * (level + 1.0) * share[0], 0.0)

    return Loss(half(above), half(below))
