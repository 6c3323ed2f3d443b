"""What products like it sell at the same place: the level that a launch is first expected to reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.forecast.lifecycle import LifecycleFacts
from engine.forecast.lifecycle_bins import totals
from engine.forecast.panel import Panel, Texts
from engine.forecast.seasonality import Profile

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]

LEVEL_PERIODS = {"D": 56, "W": 13, "M": 12}
"""Last periods whose mean is a series' level."""
SAME_BRAND = 3.0
"""How many products of other brands one of the same brand weighs."""
PRICE_SCALE = 0.5
"""Difference of log prices at which a product weighs exp(−½)."""
PARENT_PRODUCTS = 2.0
"""How many products at the location the category's mean over all locations weighs."""


@dataclass(frozen=True, eq=False)
class Market:
    """What sells at one moment: series with a level of their own.

    Attributes
    ----------
    level : [n] seasonally adjusted demand a period; NaN where the series has none yet
    exposure : [n] seasonal factors summed over the periods observed
    sku, place, group : [n] codes; `place` is the location within its group
    names : [n] of the products
    """

    level: Floats
    exposure: Floats
    sku: Codes
    place: Codes
    group: Codes
    names: Texts
    about: LifecycleFacts

    @classmethod
    def of(cls, panel: Panel, profile: Profile, about: LifecycleFacts, at: int) -> Market:
        """Return the market after `at` periods of the panel."""
        first = max(at - LEVEL_PERIODS[panel.period], 0)
        seen = panel.observed[:, first:at]
        exposure = np.where(seen, profile.factors(first, at - first), 0.0).sum(axis=1)
        enough = seen.sum(axis=1) * 2 >= LEVEL_PERIODS[panel.period]
        total = panel.values[:, first:at].sum(axis=1)
        level = np.where(enough & (exposure > 0), total / np.where(exposure > 0, exposure, 1.0), np.nan)
        sku, location = (pd.factorize(names)[0].astype(np.int64) for names in (panel.sku, panel.location))
        place = profile.group * (int(location.max(initial=0)) + 1) + location
        return cls(level, exposure, sku, place, profile.group, panel.sku, about)

    def typical(self, rows: Codes) -> Floats:
        """Return the geometric mean of the levels of products like each of `rows`; NaN: nobody has a level.

        Sales of products are about lognormal: an arithmetic mean would follow the one best-seller. What it
        lacks to the mean is learnt (`Experience.similar_bias`). A level of nothing counts as half a unit.
        """
        least = 0.5 / np.where(self.exposure > 0, self.exposure, 1.0)
        logs = np.log(np.maximum(self.level, least))
        typical: Floats = np.exp(self.similar(rows, logs))
        return typical

    def similar(self, rows: Codes, values: Floats) -> Floats:
        """Return the mean of `values` [n] over products like each of `rows`, never of the product itself.

        Products at the same location and of the same category, by likeness of brand and price; with
        `PARENT_PRODUCTS` of the category's everywhere; where that is empty, of all. NaN: nobody has a value.
        """
        known = np.isfinite(values)
        around = self._elsewhere(rows, values, known, np.zeros_like(self.group))
        category = self._elsewhere(rows, values, known, self.group)
        around = np.where(np.isnan(category), around, category)
        result = around.copy()
        order = np.argsort(self.place, kind="stable")
        starts = np.searchsorted(self.place[order], np.arange(int(self.place.max(initial=0)) + 2))
        for place in np.unique(self.place[rows]):
            members = order[starts[place] : starts[place + 1]]
            members = members[known[members]]
            which = np.flatnonzero(self.place[rows] == place)
            if not len(members):
                continue
            weight = self._likeness(rows[which], members)
            parent = np.where(np.isnan(around[which]), 0.0, PARENT_PRODUCTS)
            total = np.einsum("ij,j->i", weight, values[members]) + parent * np.nan_to_num(around[which])
            weights = weight.sum(axis=1) + parent
            result[which] = np.where(weights > 0, total / np.where(weights > 0, weights, 1.0), np.nan)
        return result

    def most_similar(self, row: int, count: int = 3) -> list[str]:
        """Return the products at the location that are most like the row's, best first."""
        members = np.flatnonzero((self.place == self.place[row]) & np.isfinite(self.level))
        weight = self._likeness(np.array([row]), members)[0]
        best = members[np.lexsort((members, -weight))][: min(count, int((weight > 0).sum()))]
        return [str(self.names[i]) for i in best]

    def _likeness(self, rows: Codes, members: Codes) -> Floats:
        """Return weights [rows, members]; 0 for the product itself."""
        weight: Floats = (self.sku[rows][:, None] != self.sku[members][None, :]).astype(np.float64)
        brand, price = self.about.brand, self.about.price
        if brand is not None:
            same = (brand[rows][:, None] == brand[members][None, :]) & (brand[rows] != "")[:, None]
            weight = np.where(same, SAME_BRAND, 1.0) * weight
        if price is not None:
            log = np.log(np.where(price > 0, price, np.nan))
            apart = np.nan_to_num(log[rows][:, None] - log[members][None, :]) / PRICE_SCALE
            weight = weight * np.exp(-0.5 * apart * apart)
        return weight

    def _elsewhere(self, rows: Codes, values: Floats, known: Mask, group: Codes) -> Floats:
        """Return the mean of the group's values without the row's own product, [rows]."""
        value = np.where(known, values, 0.0)
        pair = group * (int(self.sku.max(initial=0)) + 1) + self.sku
        _, code = np.unique(pair, return_inverse=True)
        total = totals(group, value)[group[rows]] - totals(code, value)[code[rows]]
        count = totals(group, known)[group[rows]] - totals(code, known)[code[rows]]
        mean: Floats = np.where(count > 0, total / np.where(count > 0, count, 1.0), np.nan)
        return mean
