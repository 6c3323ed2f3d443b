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
COLUMNS = (
    "kind",
    "name",
    "group",
    "case",
    "first",
    "last",
    "depth",
    "uplift",
    "low",
    "high",
    "observations",
    "gained",
    "taken",
)


def effects_table(effects: DriverEffects, cannibalisation: Cannibalisation | None = None) -> pd.DataFrame:
    """Return what each driver does to demand, for all products and for each category.

    Columns
    -------
    kind : promotion, dip, price, event or cannibalisation
    name : mechanic or event; "" otherwise
    group : category; "" for all
    case : usual, least or most: which depth of a mechanic; "" otherwise
    first, last : periods relative to the event that the effect is told for, negative before it; 0 otherwise
    depth : share off the regular price that the effect is told for; NaN where there is none
    uplift : relative change of demand, 0.5 is half as much again; for the dip, of the first period after;
        for cannibalisation, the share of the units gained that neighbours lost (low and high likewise)
    low, high : 80 % interval
    observations : promoted periods of all series, periods of the event; 0: not counted
    gained, taken : units that promotions added, and those of them that neighbours lost; NaN but for
        cannibalisation
    """
    rows: list[dict[str, Any]] = []
    if effects.features is not None:
        rows += _promotion_rows(effects)
    if effects.events is not None:
        rows += _event_rows(effects)
    if cannibalisation is not None:
        rows += _cannibalisation_rows(cannibalisation)
    return pd.DataFrame([_NOTHING | row for row in rows], columns=list(COLUMNS))


_NOTHING = {"name": "", "case": "", "first": 0, "last": 0, "depth": np.nan, "observations": 0}
_NOTHING |= {"gained": np.nan, "taken": np.nan}


def _row(kind: str, group: str, log: float, error: float, **more: Any) -> dict[str, Any]:
    low, middle, high = (float(np.expm1(log + side * error)) for side in (-NORMAL_80, 0.0, NORMAL_80))
    return {"kind": kind, "group": group, "uplift": middle, "low": low, "high": high, **more}


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
            if name
        ]
    kinds = len(features.mechanics)
    rows = []
    for group, log, error in nodes:
        for place, name in enumerate(features.mechanics):
            least, usual, most = features.depths[:, place]
            depths = {usual: "usual", **{d: c for d, c in ((least, "least"), (most, "most")) if d != usual}}
            for depth, case in depths.items():
                deep = depth - usual
                row = _row(
                    "promotion",
                    group,
                    log[place] + deep * log[kinds + place],
                    float(np.hypot(error[place], deep * error[kinds + place])),
                    name=name,
                    case=case,
                    depth=depth if depth > 0 else np.nan,
                    observations=int(features.promoted[place]),
                )
                rows.append(row)
        if kinds:
            rows.append(_row("dip", group, log[-2], error[-2]))
        if features.price.size:
            step = -np.log1p(-PRICE_STEP)
            rows.append(_row("price", group, -step * log[-1], step * error[-1], depth=PRICE_STEP))
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
            count = int(events.occurrences[place])
            spot = {"name": event, "first": first, "last": last, "observations": count}
            rows.append(_row("event", group, log[place], error[place], **spot))
    return rows


def _cannibalisation_rows(found: Cannibalisation) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for place, group in enumerate(found.groups):
        if found.gained[place] > 0 and found.gamma[place] != 0.0:
            share = found.taken[place] / found.gained[place]
            # The units taken are close to proportional to γ.
            wide = NORMAL_80 * found.error[place] * share / found.gamma[place]
            low, high = sorted((share - wide, share + wide))
            units = {"gained": found.gained[place], "taken": found.taken[place]}
            rows.append(
                {
                    "kind": "cannibalisation",
                    "group": group,
                    "uplift": share,
                    "low": low,
                    "high": high,
                    **units,
                }
            )
    return rows
