"""What every line would do at up to 64 orders chosen so that a what-if can be read off them.

A target asks for the smallest whole order that reaches it, whatever the lot. So these curves know the
answers to the targets planners set: every percent of fill and cycle service from 80 % up, a range of
shortage costs, each with more points for the kind of target the line has. Units short
are convex in the order without expiry, so that a straight line between two points never lies below the
curve: at a target whose answer is a point the order read off is exact, elsewhere it can only be a little
too great. A line whose every useful order fits in is exact throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.replenishment.candidate_orders import MOST_CANDIDATES
from engine.replenishment.candidate_outcomes import Outcomes, outcomes
from engine.replenishment.constraints import on_grid
from engine.replenishment.line import Line, draw, periods_that_matter
from engine.replenishment.lines import FloatArray, IntArray, LineInputs, LinePlans

TARGETS = np.concatenate([np.arange(80, 100) / 100.0, [0.975, 0.985, 0.995, 0.999]])
"""Shares of fill and of cycle service whose answers are known."""
_FEW = np.flatnonzero(np.isin(TARGETS, [0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995]))
"""Those of them that are known for lines of another kind of target too."""
_UP = np.array([1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.4, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0])
_DOWN = np.array([0.95, 0.9, 0.85, 0.75, 0.7, 0.6])
COST_FACTORS = np.unique(np.round(np.concatenate([[1.0], _UP, _DOWN, 1.0 / _UP, 1.0 / _DOWN]), 12))
"""Shortage over holding cost, against the line's own, whose answers are known: a quarter to four times."""
_FEW_FACTORS = np.flatnonzero(np.isin(np.round(COST_FACTORS, 6), [0.25, 0.5, 0.8, 0.9, 1, 1.1, 1.25, 2, 4]))
_MOST_ROUNDS = 12
"""Rounds in which the answers are closed in on, where stock expires; each halves what is open."""
_LONGEST = 1 << 16
"""Whole orders of a line that are looked at; beyond, every second, third, …"""
_BEYOND = np.concatenate([np.arange(1.06, 2.0, 0.08), [2.0, 2.25, 2.5, 3.0]])
"""Where stock expires: orders beyond all demand of the window, in multiples of that."""


@dataclass(frozen=True)
class WhatIfCurves:
    """n lines with up to K ≤ 64 orders each; arrays (n, K), NaN behind a line's last, or (n,)."""

    quantity: FloatArray
    """Orders from 0 [each]; the last leaves no unit short that an order can save."""
    short: FloatArray
    """Expected units short in the window, shape (n, K)."""
    short_windows: FloatArray
    """Share of windows with a shortage, shape (n, K)."""
    waste: FloatArray
    """Expected write-off in the horizon, shape (n, K)."""
    held: FloatArray
    """End stock summed over the window [each·period], shape (n, K)."""
    window_demand: FloatArray
    """Expected demand in the window [each]."""
    window_periods: FloatArray
    """Mean length of the window [periods]."""
    useful: FloatArray
    """Greatest whole order that can still help on any path [each]."""
    expires: FloatArray
    """1 where stock expires within the horizon, else 0."""
    least_order: FloatArray
    """From the plan, as `LinePlans` says."""
    most_order: FloatArray
    demand_rate: FloatArray

    @property
    def size(self) -> int:
        """Number of lines."""
        return len(self.window_demand)

    def take(self, rows: IntArray) -> WhatIfCurves:
        """Lines `rows`, in that order."""
        taken = {field.name: getattr(self, field.name)[rows] for field in fields(self)}
        return WhatIfCurves(**taken)


def what_if_curves(
    lines: LineInputs, plans: LinePlans, *, n_paths: int = 300, block: int = 64, workers: int = 2
) -> WhatIfCurves:
    """Work out the curves of n lines once, for `curve_what_if.what_if` to read orders off.

    Parameters
    ----------
    lines, plans : LineInputs, LinePlans
        n lines and their plan.
    n_paths, block, workers : int
        As for `plan_lines`.

    Raises
    ------
    EngineError
        An input breaks its range; all faults are listed.
    """
    clean = lines.checked()
    n = clean.size
    figures = {field.name: np.full((n, MOST_CANDIDATES), np.nan) for field in fields(WhatIfCurves)[:5]}
    demand, length, expires, useful = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)

    def run(rows: IntArray) -> None:
        for row, line in zip(rows, draw(clean, rows, n_paths, int(periods[rows].max())), strict=True):
            demand[row] = line.window_demand()
            length[row] = (line.next_arrival - line.arrival).mean()
            expires[row] = line.perishable
            useful[row], quantity, values = _points(line, demand[row], float(plans.quantity[row]))
            for name, found in zip(figures, (quantity, *values), strict=True):
                figures[name][row, : len(found)] = found

    periods = periods_that_matter(clean, n_paths)
    order = np.argsort(periods, kind="stable")
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        list(pool.map(run, [order[start : start + block] for start in range(0, n, block)]))
    return WhatIfCurves(
        **figures,
        window_demand=demand,
        window_periods=length,
        useful=useful,
        expires=expires,
        least_order=plans.least_order,
        most_order=plans.most_order,
        demand_rate=plans.demand_rate,
    )


def _points(line: Line, demand: float, planned: float) -> tuple[float, FloatArray, FloatArray]:
    """Greatest order of use, the orders and what each does: short, windows short, waste, held."""
    useful, played = outcomes(line)
    last = float(np.ceil(max(useful, 0.0)))
    beyond = _beyond(last) if line.perishable else np.empty(0)
    room = MOST_CANDIDATES - len(beyond)
    if last < room:
        quantity = np.concatenate([np.arange(last + 1.0), beyond])
        return last, quantity, np.array(played(quantity))
    grid = np.arange(0.0, last + 1.0, np.ceil(last / _LONGEST))
    if not line.perishable:
        values = np.array(played(grid))
        kept = _chosen(line, demand, grid, values, planned, np.array([0, len(grid) - 1]), room)
        return last, grid[kept], values[:, kept]
    found = _Played(line, demand, grid, played)
    found.settle(planned)
    first = np.array([0, len(grid) - 1])
    kept = _chosen(line, demand, grid, found.between(), planned, first, room)
    quantity = np.concatenate([grid[kept], beyond])
    return last, quantity, np.concatenate([found.at(kept), np.array(played(beyond))], axis=1)


class _Played:
    """What is known of the orders of a line where stock expires: each has to be played."""

    def __init__(
        self, line: Line, demand: float, grid: FloatArray, played: Callable[[FloatArray], Outcomes]
    ) -> None:
        self.line, self.demand, self.grid, self.played = line, demand, grid, played
        self.kept = np.empty(0, np.int64)
        self.known = np.empty((4, 0))

    def at(self, orders: IntArray) -> FloatArray:
        """Outcomes at places on the grid; what is not known is played."""
        new = np.setdiff1d(np.clip(orders, 0, len(self.grid) - 1), self.kept)
        if len(new):
            rising = np.argsort(np.concatenate([self.kept, new]))
            values = np.concatenate([self.known, np.array(self.played(self.grid[new]))], axis=1)
            self.kept, self.known = np.concatenate([self.kept, new])[rising], values[:, rising]
        return self.known[:, np.searchsorted(self.kept, orders)]

    def between(self) -> FloatArray:
        """Outcomes of all orders, in straight lines between those known."""
        return np.array([np.interp(self.grid, self.grid[self.kept], figure) for figure in self.known])

    def settle(self, planned: float) -> None:
        """Play orders until the answers to all targets are known."""
        last = len(self.grid) - 1
        around = np.searchsorted(self.grid, planned * np.geomspace(0.5, 2.0, 8))
        self.at(np.concatenate([np.linspace(0, last, 9).astype(np.int64), np.minimum(around, last)]))
        for _ in range(_MOST_ROUNDS):
            before = len(self.kept)
            self.at(self._nearer())
            if len(self.kept) == before:
                break

    def _nearer(self) -> IntArray:
        short, failures, waste, held = self.known
        probes = []
        for figure, whole in ((short, self.demand), (failures, 1.0)):
            allowed = _allowed(self.line, figure, whole)
            above = np.clip(np.searchsorted(-figure, -allowed, side="left"), 1, len(figure) - 1)
            low, high = self.kept[above - 1], self.kept[above]
            fall = np.maximum(figure[above - 1] - figure[above], 1e-12)
            share = np.clip((figure[above - 1] - allowed) / fall, 0.0, 1.0)
            guess = low + np.ceil(share * (high - low)).astype(np.int64)
            probes += [np.clip(probe, low, high) for probe in (guess, guess - 1, (low + high) // 2)]
        best = np.unique(_cheapest(self.line, short, held, waste))
        for beside in (np.maximum(best - 1, 0), np.minimum(best + 1, len(self.kept) - 1)):
            probes.append((self.kept[best] + self.kept[beside]) // 2)
            probes.append((self.kept[best] + self.kept[beside] + 1) // 2)
        return np.unique(np.concatenate(probes))


def _beyond(last: float) -> FloatArray:
    """Orders beyond all demand of the window that are worth knowing: lots of which some will expire."""
    times = _BEYOND if last + len(_BEYOND) < MOST_CANDIDATES else _BEYOND[::3]
    orders = np.unique(np.ceil(times * max(last, 1.0)))
    return orders[orders > last]


def _chosen(
    line: Line,
    demand: float,
    grid: FloatArray,
    values: FloatArray,
    planned: float,
    kept: IntArray,
    room: int,
) -> IntArray:
    """Which orders of the grid to know, rising: those kept and, up to `room`, the answers to targets."""
    short, failures, waste, held = values
    fill = _reached(line, short, demand)
    cycle = _reached(line, failures, 1.0)
    cost = _cheapest(line, short, held, waste)
    few = {"fill": fill[_FEW], "cycle": cycle[_FEW], "cost": cost[_FEW_FACTORS]}
    kind = str(line.inputs.target_kind[line.row])
    step = max(on_grid(line.value("order_multiple")), 1.0)
    lots = step * np.arange(np.floor(grid[fill[0]] / step), np.ceil(grid[-1] / step))
    own = np.array([planned - step, planned, planned + step])
    groups = [np.searchsorted(grid, own), few[kind], *few.values()]
    groups += [{"fill": fill, "cycle": cycle, "cost": cost}[kind], fill, cycle]
    groups += [np.searchsorted(grid, lots), np.linspace(fill[0], len(grid) - 1, room).astype(np.int64)]
    chosen = kept
    for group in groups:
        near = np.clip(group, 0, len(grid) - 1)
        new = np.setdiff1d(near, chosen)
        chosen = np.union1d(chosen, _thinned(new, room - len(chosen)))
    return chosen


def _reached(line: Line, figure: FloatArray, whole: float) -> IntArray:
    """First order at which each of TARGETS is reached; `figure` falls with the order."""
    return np.searchsorted(-figure, -_allowed(line, figure, whole), side="left").astype(np.int64)


def _allowed(line: Line, figure: FloatArray, whole: float) -> FloatArray:
    """Shortage that each of TARGETS allows; of what can be saved where expiry puts it out of reach."""
    allowed = (1.0 - TARGETS) * whole
    if line.perishable:
        floor = figure[-1]
        saved = floor + (1.0 - TARGETS) * (whole - floor)
        allowed = np.where(floor > allowed + 1e-9 * whole, saved, allowed)
    return allowed + 1e-9 * whole


def _thinned(values: NDArray[Any], most: int) -> NDArray[Any]:
    """At most `most` of the values, evenly picked."""
    if len(values) <= most:
        return values
    return values[np.unique(np.linspace(0, len(values) - 1, max(most, 0)).astype(np.int64))]


def _cheapest(line: Line, short: FloatArray, held: FloatArray, waste: FloatArray) -> IntArray:
    """Cheapest order at each of COST_FACTORS."""
    shortage, holding = line.value("stockout_cost"), line.value("holding_cost")
    kept = holding * held + (line.value("unit_cost") * waste if line.perishable else 0.0)
    return np.array([int(np.argmin(factor * shortage * short + kept)) for factor in COST_FACTORS])
