"""Loss functions of continuous demand: expected units short and left over at a stock level.

First order: `short` = E[(X − x)⁺] and `over` = E[(x − X)⁺]. Second order: ½E[((X − x)⁺)²] and
½E[((x − X)⁺)²], the integrals of the first over the levels above and below x. Each side has its own
closed form, so that the smaller of the two does not drown in the rounding of the larger.

Sources: Zipkin (2000), Foundations of Inventory Management, appendix C; Snyder & Shen (2019), Fundamentals of
Supply Chain Theory, 2nd ed., appendix C.3.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from engine.replenishment.textbook.checks import FINITE, NOT_NEGATIVE, POSITIVE, Floats, checked, require

_ROOT_2_PI = float(np.sqrt(2.0 * np.pi))


class Loss(NamedTuple):
    """Both sides of a loss function [units; units² for the second order].

    Attributes
    ----------
    short : demand above the level
    over : level above the demand
    """

    short: Floats
    over: Floats


def standard_normal_loss(z: npt.ArrayLike) -> Loss:
    """Return E[(Z − z)⁺] = φ(z) − z·(1 − Φ(z)) and E[(z − Z)⁺] of a standard normal Z.

    Examples
    --------
    >>> [round(float(side), 4) for side in standard_normal_loss(0.3)]
    [0.2668, 0.5668]
    """
    (z,) = checked(("z", z, FINITE))
    return unit_loss(z)


def standard_normal_second_loss(z: npt.ArrayLike) -> Loss:
    """Return ½[(z² + 1)(1 − Φ(z)) − zφ(z)] and its mirror image: second-order losses of a standard normal."""
    (z,) = checked(("z", z, FINITE))
    return unit_second_loss(z)


def unit_loss(z: Floats) -> Loss:
    """Return the loss of a standard normal, without checks: for searches that ask it thousands of times."""
    density = np.exp(-0.5 * z * z) / _ROOT_2_PI
    # max: far in a tail the difference of two tiny numbers may round below 0
    short = np.maximum(density - z * special.ndtr(-z), 0.0)
    return Loss(short, np.maximum(density + z * special.ndtr(z), 0.0))


def unit_second_loss(z: Floats) -> Loss:
    """Return the second-order loss of a standard normal, without checks."""
    density = np.exp(-0.5 * z * z) / _ROOT_2_PI
    square = z * z + 1.0
    short = 0.5 * np.maximum(square * special.ndtr(-z) - z * density, 0.0)
    return Loss(short, 0.5 * np.maximum(square * special.ndtr(z) + z * density, 0.0))


def normal_loss(level: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike) -> Loss:
    """Return the loss of normal demand [units].

    Parameters
    ----------
    level, mean, sd : array_like
        Stock level, mean and standard deviation of demand [units]; `sd` ≥ 0.

    Raises
    ------
    EngineError
        If a value is not finite or `sd` is negative.

    Examples
    --------
    >>> [round(float(side), 4) for side in normal_loss(18, 15, 3)]
    [0.2499, 3.2499]
    """
    level, mean, sd = checked(("level", level, FINITE), ("mean", mean, FINITE), ("sd", sd, NOT_NEGATIVE))
    certain = sd == 0.0
    unit = unit_loss((level - mean) / np.where(certain, 1.0, sd))
    return Loss(
        np.where(certain, np.maximum(mean - level, 0.0), sd * unit.short),
        np.where(certain, np.maximum(level - mean, 0.0), sd * unit.over),
    )


def normal_second_loss(level: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike) -> Loss:
    """Return the second-order loss of normal demand [units²]; arguments as of `normal_loss`."""
    level, mean, sd = checked(("level", level, FINITE), ("mean", mean, FINITE), ("sd", sd, NOT_NEGATIVE))
    certain = sd == 0.0
    unit = unit_second_loss((level - mean) / np.where(certain, 1.0, sd))
    return Loss(
        np.where(certain, 0.5 * np.maximum(mean - level, 0.0) ** 2, sd * sd * unit.short),
        np.where(certain, 0.5 * np.maximum(level - mean, 0.0) ** 2, sd * sd * unit.over),
    )


def lognormal_loss(level: npt.ArrayLike, log_mean: npt.ArrayLike, log_sd: npt.ArrayLike) -> Loss:
    """Return the loss of lognormal demand [units]; `log_mean`, `log_sd` are of the logarithm, `log_sd` > 0.

    Examples
    --------
    >>> [round(float(side), 4) for side in lognormal_loss(10.0, 2.0, 0.3)]
    [0.2836, 2.5545]
    """
    below, above, moments, level = _lognormal_parts(level, log_mean, log_sd)
    one = moments[1]
    return Loss(
        np.maximum(one * above[1] - level * above[0], 0.0), np.maximum(level * below[0] - one * below[1], 0.0)
    )


def lognormal_second_loss(level: npt.ArrayLike, log_mean: npt.ArrayLike, log_sd: npt.ArrayLike) -> Loss:
    """Return the second-order loss of lognormal demand [units²]; arguments as of `lognormal_loss`."""
    below, above, moments, level = _lognormal_parts(level, log_mean, log_sd)
    return Loss(_half_square(moments, above, level), _half_square(moments, below, level))


def _lognormal_parts(
    level: npt.ArrayLike, log_mean: npt.ArrayLike, log_sd: npt.ArrayLike
) -> tuple[list[Floats], list[Floats], list[Floats], Floats]:
    """Share of the 0th, 1st and 2nd moment that lies below and above the level, and the moments."""
    level, log_mean, log_sd = checked(
        ("level", level, FINITE), ("log_mean", log_mean, FINITE), ("log_sd", log_sd, POSITIVE)
    )
    with np.errstate(divide="ignore"):
        z = (np.log(np.maximum(level, 0.0)) - log_mean) / log_sd
    moments = [np.exp(k * log_mean + 0.5 * (k * log_sd) ** 2) for k in range(3)]
    below = [special.ndtr(z - k * log_sd) for k in range(3)]
    above = [special.ndtr(k * log_sd - z) for k in range(3)]
    return below, above, moments, level


def exponential_loss(level: npt.ArrayLike, rate: npt.ArrayLike) -> Loss:
    """Return the loss of exponential demand of mean 1 / `rate` [units]."""
    level, rate = checked(("level", level, FINITE), ("rate", rate, POSITIVE))
    return gamma_loss(level, 1.0, 1.0 / rate)


def exponential_second_loss(level: npt.ArrayLike, rate: npt.ArrayLike) -> Loss:
    """Return the second-order loss of exponential demand of mean 1 / `rate` [units²]."""
    level, rate = checked(("level", level, FINITE), ("rate", rate, POSITIVE))
    return gamma_second_loss(level, 1.0, 1.0 / rate)


def gamma_loss(level: npt.ArrayLike, shape: npt.ArrayLike, scale: npt.ArrayLike) -> Loss:
    """Return the loss of gamma demand of mean `shape · scale` [units].

    Examples
    --------
    >>> [round(float(side), 4) for side in gamma_loss(4.0, 2.0, 3.0)]
    [2.636, 0.636]
    """
    below, above, moments, level = _gamma_parts(level, shape, scale)
    one = moments[1]
    return Loss(
        np.maximum(one * above[1] - level * above[0], 0.0), np.maximum(level * below[0] - one * below[1], 0.0)
    )


def gamma_second_loss(level: npt.ArrayLike, shape: npt.ArrayLike, scale: npt.ArrayLike) -> Loss:
    """Return the second-order loss of gamma demand [units²]; arguments as of `gamma_loss`."""
    below, above, moments, level = _gamma_parts(level, shape, scale)
    return Loss(_half_square(moments, above, level), _half_square(moments, below, level))


def _gamma_parts(
    level: npt.ArrayLike, shape: npt.ArrayLike, scale: npt.ArrayLike
) -> tuple[list[Floats], list[Floats], list[Floats], Floats]:
    """Share of the 0th, 1st and 2nd moment that lies below and above the level, and the moments."""
    level, shape, scale = checked(
        ("level", level, FINITE), ("shape", shape, POSITIVE), ("scale", scale, POSITIVE)
    )
    x = np.maximum(level, 0.0) / scale
    moments = [np.ones_like(x), shape * scale, shape * (shape + 1.0) * scale * scale]
    below = [special.gammainc(shape + k, x) for k in range(3)]
    above = [special.gammaincc(shape + k, x) for k in range(3)]
    return below, above, moments, level


def _half_square(moments: list[Floats], share: list[Floats], level: Floats) -> Floats:
    """½E[(X − x)²] over one side of the level."""
    square = moments[2] * share[2] - 2.0 * level * moments[1] * share[1] + level * level * share[0]
    return 0.5 * np.maximum(square, 0.0)


def uniform_loss(level: npt.ArrayLike, lowest: npt.ArrayLike, highest: npt.ArrayLike) -> Loss:
    """Return the loss of demand uniform between `lowest` and `highest` [units]."""
    level, lowest, highest = _uniform_arguments(level, lowest, highest)
    inside = np.clip(level, lowest, highest)
    width = 2.0 * (highest - lowest)
    return Loss(
        (highest - inside) ** 2 / width + np.maximum(lowest - level, 0.0),
        (inside - lowest) ** 2 / width + np.maximum(level - highest, 0.0),
    )


def uniform_second_loss(level: npt.ArrayLike, lowest: npt.ArrayLike, highest: npt.ArrayLike) -> Loss:
    """Return the second-order loss of demand uniform between `lowest` and `highest` [units²]."""
    level, lowest, highest = _uniform_arguments(level, lowest, highest)
    inside = np.clip(level, lowest, highest)
    width = highest - lowest
    outside = 0.5 * (level - 0.5 * (lowest + highest)) ** 2 + width * width / 24.0
    return Loss(
        np.where(level < lowest, outside, (highest - inside) ** 3 / (6.0 * width)),
        np.where(level > highest, outside, (inside - lowest) ** 3 / (6.0 * width)),
    )


def _uniform_arguments(level: npt.ArrayLike, lowest: npt.ArrayLike, highest: npt.ArrayLike) -> list[Floats]:
    arrays = checked(("level", level, FINITE), ("lowest", lowest, FINITE), ("highest", highest, FINITE))
    require("highest", arrays[2], arrays[2] > arrays[1], "above lowest")
    return arrays
