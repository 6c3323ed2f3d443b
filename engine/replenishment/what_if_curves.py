"""What every line would do at up to 64 orders chosen so that a what-if can be read off them.

A target asks for the smallest whole order that reaches it, whatever the lot. So these curves know the
answers to the targets planners set: every percent of fill from 80 % up, every share of windows that the
paths can tell apart from 80 % of cycle service up, a range of shortage costs, each with more points for
the kind of target the line has. At each order they know what one unit more changes. Units short and
written off are convex in the order where unmet demand is lost (each path is a greatest matching of stock
to demand), so two points and their slopes enclose what lies between: `curve_what_if` knows how far off
what it reads can be. A line whose every useful order fits in is exact throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np

from engine.replenishment.candidate_orders import MOST_CANDIDATES
from engine.replenishment.candidate_outcomes import Outcomes, enough_on_each_path, outcomes
from engine.replenishment.curve_orders import (
    allowed_short,
    cheapest_orders,
    chosen_orders,
    fill_targets,
    orders_beyond,
    own_lots,
)
from engine.replenishment.line import Line, draw, periods_that_matter
from engine.replenishment.lines import FloatArray, IntArray, LineInputs, LinePlans

_ROUNDING = 1e-10
_MOST_ROUNDS = 12
"""Rounds in which the answers are closed in on, where stock expires; each halves what is open."""
_LONGEST = 1 << 16
"""Whole orders of a line that are looked at; beyond, every second, third, …"""


@dataclass(frozen=True)
class WhatIfCurves:
    """n lines with up to K ≤ 64 orders each; arrays (n, K), NaN behind a line's last, or (n,)."""

    quantity: FloatArray
    """Orders from 0 [each]; the last leaves no unit short that an order can save."""
    short: FloatArray
    """Expected units short in the window, shape (n, K)."""
    short_windows: FloatArray
    """Share of windows with a shortage, shape (n, K)."""
    short_windows_below: FloatArray
    """The same of one each less, shape (n, K); where it is not known, as `short_windows`."""
    waste: FloatArray
    """Expected write-off in the horizon, shape (n, K)."""
    held: FloatArray
    """End stock summed over the window [each·period], shape (n, K)."""
    short_saved: FloatArray
    """Units short that one each more saves, shape (n, K)."""
    waste_added: FloatArray
    """Write-off that one each more adds, shape (n, K)."""
    held_added: FloatArray
    """End stock that one each more adds, summed over the window, shape (n, K)."""
    window_demand: FloatArray
    """Expected demand in the window [each]."""
    window_periods: FloatArray
    """Mean length of the window [periods]."""
    useful: FloatArray
    """Greatest whole order that can still help on any path [each]."""
    expires: FloatArray
    """1 where stock expires within the horizon, else 0."""
    outlasts: FloatArray
    """1 where what is ordered outlasts the window on every path, so that stock held is convex too, else 0."""
    periods: IntArray
    """Periods from today that decide all that an order changes."""
    needed: FloatArray
    """Need of the plan, before any limit [each]; NaN where a service target decided."""
    stockout_cost: FloatArray
    """Costs at which that was the need, as `LineInputs` says."""
    holding_cost: FloatArray
    unit_cost: FloatArray
    least_order: FloatArray
    """From the plan, as `LinePlans` says."""
    most_order: FloatArray
    demand_rate: FloatArray
    n_paths: int = 300

    @property
    def size(self) -> int:
        """Number of lines."""
        return len(self.window_demand)

    def take(self, rows: IntArray) -> WhatIfCurves:
        """Lines `rows`, in that order."""
        taken: dict[str, Any] = {}
        for field in fields(self):
            values = getattr(self, field.name)
            taken[field.name] = values if field.name == "n_paths" else values[rows]
        return WhatIfCurves(**taken)


_CURVES = 9
"""Fields of `WhatIfCurves` with a value an order."""


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
    figures = {field.name: np.full((n, MOST_CANDIDATES), np.nan) for field in fields(WhatIfCurves)[:_CURVES]}
    one_each = {
        name: np.zeros(n) for name in ("window_demand", "window_periods", "useful", "expires", "outlasts")
    }

    def run(rows: IntArray) -> None:
        for row, line in zip(rows, draw(clean, rows, n_paths, int(periods[rows].max())), strict=True):
            demand = line.window_demand()
            window = line.next_arrival - line.arrival
            useful, found = _points(line, demand, partial(own_lots, line, plans, row))
            said = (demand, window.mean(), useful, line.perishable, line.life > window.max(initial=0))
            for name, value in zip(one_each, said, strict=True):
                one_each[name][row] = value
            for name, curve in zip(figures, found, strict=True):
                figures[name][row, : len(curve)] = curve

    periods = periods_that_matter(clean, n_paths)
    order = np.argsort(periods, kind="stable")
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        list(pool.map(run, [order[start : start + block] for start in range(0, n, block)]))
    return WhatIfCurves(
        **figures,
        **one_each,
        periods=periods,
        needed=np.where(clean.target_kind == "cost", _needed(plans), np.nan),
        stockout_cost=clean.stockout_cost,
        holding_cost=clean.holding_cost,
        unit_cost=clean.unit_cost,
        least_order=plans.least_order,
        most_order=plans.most_order,
        demand_rate=plans.demand_rate,
        n_paths=n_paths,
    )


def _needed(plans: LinePlans) -> FloatArray:
    """Need of each plan, before any limit [each]."""
    reorder_point = plans.term_demand + plans.term_buffer
    return reorder_point + plans.term_on_hand + plans.term_on_order + plans.term_excess


def _points(line: Line, demand: float, own: Callable[[FloatArray], FloatArray]) -> tuple[float, FloatArray]:
    """Greatest order of use; the orders, what each does and what one each more does."""
    useful, played = outcomes(line)
    last = float(np.ceil(max(useful, 0.0)))
    if not line.perishable:
        return last, _lasting(line, demand, own, last, played)
    costs = str(line.inputs.target_kind[line.row]) == "cost"
    beyond = orders_beyond(last, own(np.ones(1) if costs else np.empty(0)))
    room = MOST_CANDIDATES - len(beyond)
    if last < room:
        quantity = np.concatenate([np.arange(last + 1.0), beyond])
        values = np.array(played(quantity))
        return last, _with_steps(quantity, values, played, quantity, values)
    grid = np.append(np.arange(0.0, last, np.ceil(last / _LONGEST)), last)
    found = _Played(line, demand, grid, played)
    found.settle(float(own(np.empty(0)).max(initial=0.0)))
    between = found.between()
    kept = chosen_orders(line, demand, grid, between, own, np.array([0, len(grid) - 1]), room)
    quantity = np.concatenate([grid[kept], beyond])
    values = np.concatenate([found.at(kept), np.array(played(beyond))], axis=1)
    known = np.full(between.shape, np.nan)
    known[:, found.kept], known[1] = found.known, between[1]
    return last, _with_steps(quantity, values, played, grid, known)


def _lasting(
    line: Line,
    demand: float,
    own: Callable[[FloatArray], FloatArray],
    last: float,
    played: Callable[[FloatArray], Outcomes],
) -> FloatArray:
    if last < MOST_CANDIDATES:
        grid = np.arange(last + 2.0)
        values = np.array(played(grid))
        kept = np.arange(len(grid) - 1)
    else:
        grid = np.append(np.arange(0.0, last, np.ceil(last / _LONGEST)), last)
        values = np.array(played(grid))
        kept = chosen_orders(line, demand, grid, values, own, np.array([0, len(grid) - 1]), MOST_CANDIDATES)
    return _with_steps(grid[kept], values[:, kept], played, grid, values)


def _with_steps(
    quantity: FloatArray,
    values: FloatArray,
    played: Callable[[FloatArray], Outcomes],
    grid: FloatArray,
    known: FloatArray,
) -> FloatArray:
    """Orders, what they do, and what one each more and one each less changes, shape (9, K).

    `known` is what orders `grid` do, as far as that has been found out; short windows of all of them.
    """
    at = np.clip(np.searchsorted(grid, quantity - 1.0), 0, len(grid) - 1)
    below = np.where(grid[at] == quantity - 1.0, known[1, at], values[1])
    unknown = np.setdiff1d(quantity + 1.0, grid[~np.isnan(known[0])])
    if len(unknown):
        kept = ~np.isnan(known[0]) & ~np.isin(grid, unknown)
        grid = np.concatenate([grid[kept], unknown])
        known = np.concatenate([known[:, kept], np.array(played(unknown))], axis=1)
        rising = np.argsort(grid)
        grid, known = grid[rising], known[:, rising]
    step = known[:, np.searchsorted(grid, quantity + 1.0)] - values
    # units short only fall, the others only rise; what is left of running sums is rounding
    saved, waste, held = -step[0], step[2], step[3]
    steps = np.array([np.where(change > _ROUNDING, change, 0.0) for change in (saved, waste, held)])
    return np.concatenate([quantity[None], values[:2], below[None], values[2:], steps])


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
        """Outcomes of all orders: windows short exactly, the others in straight lines between those known."""
        values = [np.interp(self.grid, self.grid[self.kept], figure) for figure in self.known]
        line = self.line
        enough = enough_on_each_path(
            line.paths,
            line.stock,
            line.receipts,
            line.life,
            line.arrival,
            line.next_arrival,
            line.waits,
            self.grid[-1],
        )
        enough = np.sort(enough[line.arrival < line.next_arrival])
        short = len(enough) - np.searchsorted(enough, self.grid, side="right")
        values[1] = short / max(len(enough), 1)
        return np.array(values)

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
        short, _, waste, held = self.known
        allowed = allowed_short(self.line, short, self.demand, fill_targets(self.line))
        above = np.clip(np.searchsorted(-short, -allowed, side="left"), 1, len(short) - 1)
        low, high = self.kept[above - 1], self.kept[above]
        fall = np.maximum(short[above - 1] - short[above], 1e-12)
        share = np.clip((short[above - 1] - allowed) / fall, 0.0, 1.0)
        guess = low + np.ceil(share * (high - low)).astype(np.int64)
        probes = [np.clip(probe, low, high) for probe in (guess, guess - 1, (low + high) // 2)]
        best = np.unique(cheapest_orders(self.line, short, held, waste))
        for beside in (np.maximum(best - 1, 0), np.minimum(best + 1, len(self.kept) - 1)):
            probes.append((self.kept[best] + self.kept[beside]) // 2)
            probes.append((self.kept[best] + self.kept[beside] + 1) // 2)
        return np.unique(np.concatenate(probes))
