"""True demand: what shoppers would buy if the shelf were never empty."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_lake.demo.catalogue import LUMPY_BASKET, SPEEDS, Catalogue
from data_lake.demo.geography import Geography
from data_lake.demo.seasons import Seasons

Floats = npt.NDArray[np.float64]

DISPERSION = 0.06
"""Squared coefficient of variation of a day's rate beyond Poisson noise (gamma-Poisson mixture)."""
STORE_DAY_SD = 0.05
PRODUCT_WEEK_SD = 0.07
STORE_PRODUCT_SD = 0.28
PRODUCT_SD = 0.30


def base_levels(what: Catalogue, where: Geography, rng: np.random.Generator) -> Floats:
    """Return mean demand a day of each store and product before time effects, shape (stores, skus)."""
    product = np.array([SPEEDS[speed] for speed in what.speed]) * np.exp(rng.normal(0, PRODUCT_SD, len(what)))
    taste = np.exp(rng.normal(0, STORE_PRODUCT_SD, (len(where.store), len(what))))
    return np.asarray(where.size[:, None] * product * taste)


def mean_demand(base: Floats, when: Seasons) -> tuple[Floats, Floats]:
    """Return mean demand without and with promotions, each of shape (T, stores, skus) [each/day]."""
    usual = base * (when.factor * when.active)[:, None, :] * when.regional_factor
    return usual, usual * when.promotion_factor


def draw_demand(mean: Floats, what: Catalogue, rng: np.random.Generator) -> Floats:
    """Draw daily demand around `mean`, shape (T, stores, skus), whole units.

    Gamma-Poisson, with noise shared by a store's day and by a product's week; speed class L buys rarely
    and several at a time.
    """
    length, stores, skus = mean.shape
    traffic = np.exp(rng.normal(0, STORE_DAY_SD, (length, stores, 1)))
    fashion = np.exp(rng.normal(0, PRODUCT_WEEK_SD, (length // 7 + 1, 1, skus)))
    noisy = mean * traffic * np.repeat(fashion, 7, axis=0)[:length]
    rate = noisy * (rng.standard_gamma(1 / DISPERSION, mean.shape) * DISPERSION)
    demand: Floats = rng.poisson(rate).astype(np.float64)
    lumpy = np.flatnonzero([speed == "L" for speed in what.speed])
    if lumpy.size:
        purchases = demand[:, :, lumpy]
        demand[:, :, lumpy] = purchases + rng.poisson((LUMPY_BASKET - 1) * purchases)
    return demand
