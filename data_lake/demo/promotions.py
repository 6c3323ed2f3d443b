"""Promotions: when, how deep, and what they do to demand while they run and after."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from data_lake.demo.catalogue import Catalogue
from data_lake.demo.geography import Geography

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]

PROMOTIONS_AHEAD_DAYS = 60
MECHANICS = ("price_cut", "multi_buy", "feature")
MECHANIC_POWER = np.array([3.0, 3.8, 4.6])
"""log uplift = power × depth × the category's response."""
PROMOTION_RESPONSE = np.array([0.5, 0.5, 0.6, 1.1, 1.0, 0.9, 0.9, 1.2])
PROMOTIONS_A_YEAR = np.array([2.0, 2.0, 3.0, 5.0, 5.0, 3.5, 4.0, 4.5])
DIP_SHARE = np.array([0.05, 0.03, 0.08, 0.22, 0.15, 0.25, 0.22, 0.32])
"""Post-promotion dip on its first day, by category; fades over DIP_DAYS."""
DIP_DAYS = 14


def draw_promotions(
    what: Catalogue,
    where: Geography,
    days: Days,
    launch: Days,
    discontinue: Days,
    rng: np.random.Generator,
) -> tuple[pl.DataFrame, Floats, Floats]:
    """Draw promotions (Thursday to Wednesday, one or two weeks) and their effect on demand.

    One in eight runs in a single store. A product rests four weeks between two promotions.
    """
    stores = len(where.store)
    depth = np.zeros((len(days), stores, len(what)))
    log_effect = np.zeros_like(depth)
    first, stop = days[0], days[-1] + PROMOTIONS_AHEAD_DAYS
    thursdays = np.arange(first + (3 - (first.astype(np.int64) + 3) % 7) % 7, stop + 1, 7)
    fade = 1 - np.arange(DIP_DAYS) / DIP_DAYS
    rows: list[tuple[str, str, date, date, float, str]] = []
    for index in range(len(what)):
        category = what.category[index]
        chance = PROMOTIONS_A_YEAR[category] / 52 * 1.35  # makes up for the weeks of rest
        starts = rng.random(len(thursdays)) < chance
        rest_until = first
        for thursday in thursdays[starts]:
            weeks = 1 + int(rng.random() < 0.35)
            discount = float(rng.choice([0.15, 0.2, 0.25, 0.3, 0.33]))
            mechanic = int(rng.integers(3))
            store = int(rng.integers(stores)) if rng.random() < 0.125 else None
            on_sale = not thursday < launch[index] and not thursday + 7 * weeks > discontinue[index]
            if thursday < rest_until or not on_sale:
                continue
            until = thursday + 7 * weeks - 1
            rest_until = until + 28
            rows.append(
                (
                    what.sku[index],
                    "*" if store is None else where.store[store],
                    thursday.astype(date),
                    until.astype(date),
                    discount,
                    MECHANICS[mechanic],
                )
            )
            place = slice(None) if store is None else store
            begin, over = int((thursday - first).astype(int)), int((until - first).astype(int)) + 1
            depth[begin:over, place, index] = discount
            log_effect[begin:over, place, index] += (
                MECHANIC_POWER[mechanic] * discount * PROMOTION_RESPONSE[category]
            )
            dip = np.log1p(-DIP_SHARE[category] * fade)[: max(len(days) - over, 0)]
            log_effect[over : over + DIP_DAYS, place, index] += dip if store is not None else dip[:, None]
    table = pl.DataFrame(
        rows,
        schema={
            "sku": pl.String,
            "location": pl.String,
            "from_date": pl.Date,
            "to_date": pl.Date,
            "depth": pl.Float64,
            "mechanic": pl.String,
        },
        orient="row",
    )
    return table, depth, np.exp(log_effect)
