"""The best transfers of a product over few ways, by looking at every combination of whole units.

Most products move over a lane or two. HiGHS takes milliseconds to start for each; the few hundred
combinations that there are take a fraction of one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from math import floor, isfinite

import numpy as np
import numpy.typing as npt

from engine.replenishment.network.transfer_model import COST_SCALE, LEAST_EARNED, Way

Floats = npt.NDArray[np.float64]
Units = npt.NDArray[np.int64]

MOST_COMBINATIONS = 8_000
"""Combinations of units, of ways that hang together, up to which all are looked at."""


def best_of_few(ways: Sequence[Way]) -> tuple[int, ...] | None:
    """Return the units of each way as `transfer_model.solve` without trucks; None: there are too many.

    Parameters
    ----------
    ways : of one product
    """
    parts = _hanging_together(ways)
    choices = [[_choices(ways, i) for i in part] for part in parts]
    if any(_combinations(of_part) > MOST_COMBINATIONS for of_part in choices):
        return None
    paid = _unit_costs(ways)
    units = [0] * len(ways)
    for part, of_part in zip(parts, choices, strict=True):
        for i, moved in zip(part, _best([ways[i] for i in part], of_part, paid[part]), strict=True):
            units[i] = moved
    return tuple(units)


def _hanging_together(ways: Sequence[Way]) -> list[list[int]]:
    """Return the ways that share a place, directly or by way of others."""
    groups: list[tuple[set[Hashable], list[int]]] = []
    for i, way in enumerate(ways):
        ends: set[Hashable] = {("from", way.supply.location), ("to", way.need.location), way.lane}
        members = [i]
        for group in [group for group in groups if group[0] & ends]:
            groups.remove(group)
            ends |= group[0]
            members = group[1] + members
        groups.append((ends, sorted(members)))
    return [members for _, members in groups]


def _choices(ways: Sequence[Way], i: int) -> Units:
    """Return the units that a way may carry; whole lots where nothing else is on its lane."""
    way = ways[i]
    most = floor(min(way.batch.units, way.supply.loss.most, way.need.gain.most, way.lane.capacity))
    is_alone = sum(other.lane == way.lane for other in ways) == 1
    return np.arange(0, most + 1, way.lane.lot if is_alone else 1)


def _combinations(choices: Iterable[Units]) -> int:
    many = 1
    for units in choices:
        many *= len(units)
    return many


def _unit_costs(ways: Sequence[Way]) -> Floats:
    """Return what moving a unit costs, with the nudge of `transfer_model`: nothing moves for nothing."""
    dearest = max(
        max(
            way.lane.unit_cost,
            way.lane.fixed_cost,
            float(np.abs(way.supply.loss.per_unit).max(initial=0.0)),
            float(np.abs(way.need.gain.per_unit).max(initial=0.0)),
        )
        for way in ways
    )
    scale = COST_SCALE / max(dearest, 1e-300)
    paid = np.array([way.lane.unit_cost for way in ways])
    for rank, i in enumerate(sorted(range(len(ways)), key=lambda i: ways[i].batch.usable_days)):
        paid[i] += LEAST_EARNED * (1 + 0.5 * rank / len(ways)) / scale
    return paid


def _best(ways: Sequence[Way], choices: Sequence[Units], paid: Floats) -> list[int]:
    """Return the units of the cheapest combination that keeps every rule."""
    units = np.stack([grid.ravel() for grid in np.meshgrid(*choices, indexing="ij")])
    cost = paid @ units
    good = np.ones(units.shape[1], dtype=np.bool_)
    lanes, batches, supplies, needs = (defaultdict[Hashable, list[int]](list) for _ in range(4))
    for i, way in enumerate(ways):
        lanes[way.lane].append(i)
        batches[way.supply.location, way.batch.name].append(i)
        supplies[way.supply].append(i)
        needs[way.need.location].append(i)
    for rows in lanes.values():
        lane, total = ways[rows[0]].lane, units[rows].sum(axis=0)
        good &= (total == 0) | ((total >= lane.least_quantity) & (total <= lane.capacity))
        good &= total % lane.lot == 0
        cost += lane.fixed_cost * (total > 0)
    for rows in batches.values():
        good &= units[rows].sum(axis=0) <= ways[rows[0]].batch.units
    for rows in supplies.values():
        loss, total = ways[rows[0]].supply.loss, units[rows].sum(axis=0)
        good &= total <= loss.most
        cost += loss.at(total)
    for rows in needs.values():
        need, total = ways[rows[0]].need, units[rows].sum(axis=0)
        good &= total <= need.gain.most
        cost -= need.gain.at(total)
        if isfinite(need.sells_per_day):
            for days in {ways[i].days_left for i in rows if isfinite(ways[i].days_left)}:
                soon = [i for i in rows if ways[i].days_left <= days]
                good &= units[soon].sum(axis=0) <= floor(need.sells_per_day * days + 1e-9)
    best = int(np.where(good, cost, np.inf).argmin())
    return [int(moved) for moved in units[:, best]]
