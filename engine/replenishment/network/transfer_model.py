"""The mixed-integer programme behind the transfers, solved by HiGHS."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor, inf, isfinite

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from engine.replenishment.highs import exact_options
from engine.replenishment.network.curve import ValueCurve
from engine.replenishment.network.transfers import Batch, Lane, Need, Product, Supply, Truck

Floats = npt.NDArray[np.float64]

COST_SCALE = 1000.0
"""HiGHS stops at an absolute gap of 1e-6: costs are scaled so that the largest is this."""
LEAST_EARNED = 1e-3
"""Scaled cost of moving a unit of the batch that expires first, so that nothing moves for nothing: a
millionth of the dearest unit. Others cost up to half as much again, so that old batches move first."""

EXACT_COLUMNS = 3000
"""Programmes up to this size, as those of single products are, are solved to the end."""
LARGE_GAP = 0.01
"""Share of the money within which the search for larger ones stops."""
SOLVED = 1e-6
"""Gap, as a share of the money, below which a programme counts as solved to the end."""


@dataclass(frozen=True)
class Way:
    """A batch of a supply that may travel a lane to a need."""

    product: Product
    supply: Supply
    batch: Batch
    lane: Lane
    need: Need

    @property
    def days_left(self) -> float:
        """Usable days on arrival."""
        return self.batch.usable_days - self.lane.transit_days


@dataclass(frozen=True)
class Solved:
    """Units of each way, and the money that a better plan may still earn."""

    units: tuple[int, ...]
    gap: float


def usable_ways(product: Product) -> list[Way]:
    """Return the ways on which a batch arrives with enough usable days."""
    supplies = defaultdict(list)
    for supply in product.supplies:
        supplies[supply.location].append(supply)
    needs = {need.location: need for need in product.needs}
    return [
        Way(product, supply, batch, lane, needs[lane.destination])
        for lane in product.lanes
        if lane.destination in needs
        for supply in supplies[lane.origin]
        for batch in supply.batches
        if batch.units and supply.loss.most and needs[lane.destination].gain.most
        if batch.usable_days - lane.transit_days >= needs[lane.destination].least_days
    ]


def solve(ways: Sequence[Way], trucks: Sequence[Truck], node_limit: int) -> Solved:
    """Return the units of each way of most expected money.

    Variables are units of each way, of each piece of the curves, and a yes or no for lanes with a minimum
    quantity or fixed cost and for pieces that are worth more than an earlier one.
    """
    model = _Model()
    flows = [model.column(way.lane.unit_cost, way.batch.units) for way in ways]
    lanes, batches, supplies, needs, rooms = (defaultdict[object, list[int]](list) for _ in range(5))
    for i, way in enumerate(ways):
        lanes[way.product.name, way.lane].append(i)
        batches[way.product.name, way.supply.location, way.batch.name].append(i)
        supplies[way.product.name, way.supply].append(i)
        needs[way.product.name, way.need.location].append(i)
        rooms[way.lane.origin, way.lane.destination].append(i)
    for group in batches.values():
        model.row({flows[i]: 1.0 for i in group}, 0, ways[group[0]].batch.units)
    for group in supplies.values():
        model.curve([flows[i] for i in group], ways[group[0]].supply.loss, 1.0)
    for group in needs.values():
        model.curve([flows[i] for i in group], ways[group[0]].need.gain, -1.0)
        _sells_in_time(model, [(ways[i], flows[i]) for i in group])
    for group in lanes.values():
        _lane(model, ways[group[0]].lane, [flows[i] for i in group], sum(ways[i].batch.units for i in group))
    for truck in trucks:
        group = rooms.get((truck.origin, truck.destination), [])
        if group and isfinite(truck.capacity):
            model.row({flows[i]: ways[i].product.load_per_unit for i in group}, -inf, truck.capacity)
    for rank, i in enumerate(sorted(range(len(ways)), key=lambda i: ways[i].batch.usable_days)):
        model.nudge[flows[i]] = LEAST_EARNED * (1 + 0.5 * rank / len(ways))
    values, gap = model.solve(node_limit)
    return Solved(tuple(round(values[column]) for column in flows), gap)


def _sells_in_time(model: _Model, arrivals: list[tuple[Way, int]]) -> None:
    rate = arrivals[0][0].need.sells_per_day
    if not isfinite(rate):
        return
    for days in sorted({way.days_left for way, _ in arrivals if isfinite(way.days_left)}):
        soon = {flow: 1.0 for way, flow in arrivals if way.days_left <= days}
        model.row(soon, -inf, floor(rate * days + 1e-9))


def _lane(model: _Model, lane: Lane, flows: list[int], most: int) -> None:
    most = floor(min(most, lane.capacity))
    total = dict.fromkeys(flows, 1.0)
    if lane.least_quantity > 1 or lane.fixed_cost > 0:
        used = model.column(lane.fixed_cost, 1)
        model.row(total | {used: -float(lane.least_quantity)}, 0, inf)
        model.row(total | {used: -float(most)}, -inf, 0)
    elif isfinite(lane.capacity):
        model.row(total, -inf, most)
    if lane.lot > 1:
        lots = model.column(0.0, most // lane.lot)
        model.row(total | {lots: -float(lane.lot)}, 0, 0)


@dataclass
class _Model:
    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[dict[int, float]] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    nudge: dict[int, float] = field(default_factory=dict)

    def column(self, cost: float, upper: float, whole: bool = True) -> int:
        self.cost.append(cost)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.cost) - 1

    def row(self, coefficients: dict[int, float], low: float, high: float) -> None:
        self.rows.append(coefficients)
        self.low.append(low)
        self.high.append(high)

    def curve(self, flows: list[int], curve: ValueCurve, sign: float) -> None:
        """Cost `sign` times the curve at the sum of `flows`, whose pieces fill in order."""
        costs = sign * curve.per_unit
        pieces = [
            self.column(float(cost), float(width), whole=False)
            for cost, width in zip(costs, curve.widths, strict=True)
        ]
        self.row(dict.fromkeys(flows, 1.0) | dict.fromkeys(pieces, -1.0), 0, 0)
        rounding = 1e-9 * float(np.abs(costs).max(initial=0.0))
        for k in range(1, len(pieces)):
            if costs[k] < costs[:k].max() - rounding:
                # Pieces of rising cost fill in order by themselves; this one must wait for those before it.
                reached = self.column(0.0, 1)
                width = float(curve.widths[k])
                self.row({pieces[k]: 1.0, reached: -width}, -inf, 0)
                for j in range(k):
                    self.row({pieces[j]: 1.0, reached: -float(curve.widths[j])}, 0, inf)

    def solve(self, node_limit: int) -> tuple[Floats, float]:
        cost = np.array(self.cost)
        scale = COST_SCALE / max(float(np.abs(cost).max()), 1e-300)
        cost = cost * scale
        cost[list(self.nudge)] += list(self.nudge.values())
        entries = [(r, c, v) for r, row in enumerate(self.rows) for c, v in row.items()]
        where_row, where_column, value = (np.array(part) for part in zip(*entries, strict=True))
        matrix = csr_array((value, (where_row, where_column)), shape=(len(self.rows), len(cost)))
        result = milp(
            cost,
            integrality=np.array(self.whole, dtype=np.int64),
            bounds=Bounds(0.0, np.array(self.upper)),
            constraints=LinearConstraint(matrix, np.array(self.low), np.array(self.high)),
            options=exact_options(
                mip_rel_gap=0.0 if len(cost) <= EXACT_COLUMNS else LARGE_GAP, node_limit=node_limit
            ),
        )
        if result.x is None:
            earns = cost < 0
            return np.zeros(len(cost)), float(-cost[earns] @ np.array(self.upper)[earns]) / scale
        gap = float(result.fun - result.mip_dual_bound)
        return result.x, 0.0 if gap <= SOLVED * abs(result.fun) else gap / scale
