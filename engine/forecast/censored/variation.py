"""How much a period's rate varies around what was expected (c), and its sales given the rate (φ)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

POOLED_PERIODS = 30.0
"""Periods of all series' variation that are added to a series' own."""
LEAST_DISPERSION = 1e-3
MOST_VARIATION = 4.0


@dataclass(frozen=True, eq=False)
class Variation:
    """Moments of demand around its expectation: variance = φ·μ + c·μ².

    Attributes
    ----------
    rate : [n] c, squared coefficient of variation of the rate
    dispersion : [n] φ, variance over mean of sales given the rate
    """

    rate: Floats
    dispersion: Floats


def variation_of_periods(demand: Floats, expected: Floats, whole: Mask) -> Variation:
    """Estimate c and φ from periods in stock throughout, [n, T].

    Sales by period cannot tell the two apart, so counts are taken as Poisson given the rate (φ = 1) and all
    further variance as the rate's; sales that vary less than counts (in cases, in fractions of a unit) have
    c = 0 and the φ that they show.
    """
    residual = np.where(whole, demand - expected, 0.0)
    squares, total, power = _sums(residual * residual, expected, whole)
    dispersion = np.minimum(_shrunk(squares, total, whole), 1.0)
    rate = _shrunk(squares - dispersion * total, power, whole)
    return _bounded(rate, dispersion)


def variation_within_periods(
    demand: Floats,
    expected: Floats,
    whole: Mask,
    first_part: Floats,
    first_share: Floats,
) -> Variation:
    """Estimate c and φ from periods in stock throughout that are known in two parts.

    The rate is what both parts share, so c is their covariance: E[(S₁ − μ·e₁)(S₂ − μ·e₂)] = c·μ²·e₁·e₂. What
    variance is left is φ's.

    Parameters
    ----------
    demand, expected, whole : [n, T]
    first_part : [n, T] units sold in the first part
    first_share : [n] share of demand expected in it
    """
    share = first_share[:, None]
    first = np.where(whole, first_part - expected * share, 0.0)
    second = np.where(whole, demand - first_part - expected * (1.0 - share), 0.0)
    _, total, power = _sums(first, expected, whole)
    both = power * first_share * (1.0 - first_share)
    rate = np.clip(_shrunk((first * second).sum(axis=1), both, whole), 0.0, MOST_VARIATION)
    squares = ((first + second) ** 2).sum(axis=1)
    dispersion = _shrunk(np.maximum(squares - rate * power, 0.0), total, whole)
    return _bounded(rate, dispersion)


def _sums(squares: Floats, expected: Floats, whole: Mask) -> tuple[Floats, Floats, Floats]:
    mean = np.where(whole, expected, 0.0)
    return squares.sum(axis=1), mean.sum(axis=1), (mean * mean).sum(axis=1)


def _shrunk(numerator: Floats, denominator: Floats, whole: Mask) -> Floats:
    """Ratio a series, with `POOLED_PERIODS` of the ratio of all, each series counting alike per period."""
    periods = np.maximum(whole.sum(axis=1), 1)
    scale = np.where(denominator > 0, denominator / periods, 1.0)
    known = denominator > 0
    weight = np.where(known, periods, 0.0)
    pooled = (np.where(known, numerator / scale, 0.0)).sum() / max(float(weight.sum()), 1.0)
    own = np.where(known, numerator / scale, 0.0)
    result: Floats = (own + POOLED_PERIODS * pooled) / (weight + POOLED_PERIODS)
    return result


def _bounded(rate: Floats, dispersion: Floats) -> Variation:
    return Variation(np.clip(rate, 0.0, MOST_VARIATION), np.maximum(dispersion, LEAST_DISPERSION))
