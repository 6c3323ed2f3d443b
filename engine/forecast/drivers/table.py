"""The effects as a table for people."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from engine.forecast.drivers.cannibalisation import Cannibalisation
from engine.forecast.drivers.effects import DriverEffects

NORMAL_80 = 1.2815515655446004
"""Standard errors either side of an 80 % interval."""
PRICE_STEP = 0.1
"""A price this share below the regular one is what the price effect is told for."""
COLUMNS = ("kind", "name", "group", "depth", "uplift", "low", "high", "observations")


def effects_table(effects: DriverEffects, cannibalisation: Cannibalisation | None = None) -> pd.DataFrame:
    """Return what each driver does to demand, for all products and for each category.

    Columns
    -------
    kind : promotion, dip, price, event or cannibalisation
    name : mechanic; event and the periods before (−) or after it; "" otherwise
    group : category; "" for all
    depth : share off the regular price that the effect is told for: least, usual and most seen of a mechanic;
        NaN where there is none
    uplift : relative change of demand, 0.5 is half as much again; for the dip, of the first period after;
        for cannibalisation, the share of the units gained that neighbours lost (low and high likewise)
    low, high : 80 % interval
    observations : promoted periods of all series, periods of the event; 0: not counted
    """
    rows: list[dict[str, Any]] = []
    if effects.features is not None:
        rows += _promotion_rows(effects)
    if effects.events is not None:
        rows += _event_rows(effects)
    if cannibalisation is not None:
        rows += _cannibalisation_rows(cannibalisation)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(
    kind: str, name: str, group: str, depth: float, log: float, error: float, count: int
) -> dict[str, Any]:
    low, middle, high = (float(np.expm1(log + side * error)) for side in (-NORMAL_80, 0.0, NORMAL_80))
    return dict(zip(COLUMNS, (kind, name, group, depth, middle, low, high, count), strict=True))


def _promotion_rows(effects: DriverEffects) -> list[dict[str, Any]]:
    assert effects.features is not None
    assert effects.pooled is not None
    features, pooled, tree = effects.features, effects.pooled, effects.hierarchy
    nodes = [("", pooled.coefficients[-1][0], pooled.errors[-1][0])]
    if len(tree.groups) > 1:
        level = tree.group_level
        nodes += [
            (name, pooled.coefficients[level][node], pooled.errors[level][node])
            for node, name in enumerate(tree.groups)
        ]
    kinds = len(features.mechanics)
    rows = []
    for group, log, error in nodes:
        for place, name in enumerate(features.mechanics):
            least, usual, most = features.depths[:, place]
            count = int(features.promoted[place])
            for depth in dict.fromkeys((least, usual, most)):
                deep = depth - usual
                rows.append(
                    _row(
                        "promotion",
                        name,
                        group,
                        depth if depth > 0 else np.nan,
                        log[place] + deep * log[kinds + place],
                        float(np.hypot(error[place], deep * error[kinds + place])),
                        count,
                    )
                )
        if kinds:
            rows.append(_row("dip", "", group, np.nan, log[-2], error[-2], 0))
        if features.price.size:
            step = -np.log1p(-PRICE_STEP)
            rows.append(_row("price", "", group, PRICE_STEP, -step * log[-1], step * error[-1], 0))
    return rows


def _event_rows(effects: DriverEffects) -> list[dict[str, Any]]:
    events = effects.events
    assert events is not None
    nodes = [("", events.pooled.coefficients[-1][0], events.pooled.errors[-1][0])]
    for code, name in enumerate(effects.hierarchy.groups):
        regions = events.leaf_group == code
        if name and regions.any():
            log = events.pooled.coefficients[0][regions].mean(axis=0)
            error = np.sqrt((events.pooled.errors[0][regions] ** 2).mean(axis=0))
            nodes.append((name, log, error))
    rows = []
    for group, log, error in nodes:
        for place, (event, first, last) in enumerate(events.columns):
            when = "" if first == 0 else f" {first:+d}" if first == last else f" {first:+d} … {last:+d}"
            count = int(events.occurrences[place])
            rows.append(_row("event", event + when, group, np.nan, log[place], error[place], count))
    return rows


def _cannibalisation_rows(found: Cannibalisation) -> list[dict[str, Any]]:
    rows = []
    for place, group in enumerate(found.groups):
        if found.gained[place] > 0 and found.gamma[place] != 0.0:
            share = found.taken[place] / found.gained[place]
            # The units taken are close to proportional to γ.
            wide = NORMAL_80 * found.error[place] * share / found.gamma[place]
            low, high = sorted((share - wide, share + wide))
            values = ("cannibalisation", "", group, np.nan, share, low, high, 0)
            rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows
