"""Which orders of a line are worth knowing for what-ifs: the answers to what may be asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.replenishment.candidate_orders import MOST_CANDIDATES
from engine.replenishment.constraints import LOT_SHARES, on_grid
from engine.replenishment.line import Line
from engine.replenishment.lines import NEVER, FloatArray, IntArray, LinePlans

TARGETS = np.concatenate([np.arange(80, 100) / 100.0, [0.975, 0.985, 0.995, 0.999]])
"""Shares of fill and of cycle service whose answers are known."""
_BETWEEN = np.concatenate([[0.5, 0.6, 0.7, 0.75], np.arange(80, 97) / 100.0 + 0.005, [0.9925, 0.9975]])
"""Shares of fill that are known too for lines that have a target of fill."""
_FEW = np.flatnonzero(np.isin(TARGETS, [0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995]))
"""Those of them that are known for lines of another kind of target too."""
_UP = np.array([1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.4, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0])
_DOWN = np.array([0.95, 0.9, 0.85, 0.75, 0.7, 0.6])
COST_FACTORS = np.unique(np.round(np.concatenate([[1.0], _UP, _DOWN, 1.0 / _UP, 1.0 / _DOWN]), 12))
"""Shortage over holding cost, against the line's own, whose answers are known: a quarter to four times."""
_FEW_FACTORS = np.flatnonzero(np.isin(np.round(COST_FACTORS, 6), [0.25, 0.5, 0.8, 0.9, 1, 1.1, 1.25, 2, 4]))
_BEYOND = np.concatenate([np.arange(1.06, 2.0, 0.08), [2.0, 2.25, 2.5, 3.0]])
"""Where stock expires: orders beyond all demand of the window, in multiples of that."""


def orders_beyond(last: float, own: FloatArray) -> FloatArray:
    """Orders beyond all demand of the window that are worth knowing: lots of which some will expire."""
    times = _BEYOND if last + len(_BEYOND) + len(own) < MOST_CANDIDATES else _BEYOND[::3]
    orders = np.union1d(np.ceil(times * max(last, 1.0)), own)
    return orders[orders > last]


def chosen_orders(
    line: Line,
    demand: float,
    grid: FloatArray,
    values: FloatArray,
    own: Callable[[FloatArray], FloatArray],
    kept: IntArray,
    room: int,
) -> IntArray:
    """Which orders of the grid to know, rising: those kept and, up to `room`, the answers to targets."""
    short, failures, waste, held = values
    kind = str(line.inputs.target_kind[line.row])
    fill = _reached(line, short, demand, TARGETS)
    cycle = _reached(line, failures, 1.0, TARGETS)
    cost = cheapest_orders(line, short, held, waste)
    few = {"fill": fill[_FEW], "cycle": cycle[_FEW], "cost": cost[_FEW_FACTORS]}
    step = max(on_grid(line.value("order_multiple")), 1.0)
    lots = step * np.arange(np.floor(grid[fill[0]] / step), np.ceil(grid[-1] / step))
    needs = grid[cost[np.isin(COST_FACTORS, [0.8, 1.0, 1.25])]] if kind == "cost" else np.empty(0)
    groups = [np.searchsorted(grid, own(needs)), few[kind]]
    if kind == "fill":
        groups.append(_reached(line, short, demand, fill_targets(line)))
    elif kind == "cycle":
        # every answer that the paths can tell apart
        answers = np.flatnonzero(np.diff(failures) < 0) + 1
        groups += [answers[answers >= cycle[0]], answers[failures[answers] <= 0.5]]
    groups += [{"fill": fill, "cycle": cycle, "cost": cost}[kind], *few.values(), fill, cycle]
    groups += [np.searchsorted(grid, lots), np.linspace(fill[0], len(grid) - 1, room).astype(np.int64)]
    chosen = kept
    for group in groups:
        near = np.clip(group, 0, len(grid) - 1)
        new = np.setdiff1d(near, chosen)
        chosen = np.union1d(chosen, _thinned(new, room - len(chosen)))
    return chosen


def own_lots(line: Line, plans: LinePlans, row: int, needs: FloatArray) -> FloatArray:
    """The plan's order and its neighbours, and the lots that compete for needs, as in `constraints`."""
    step = on_grid(line.value("order_multiple")) or 1.0
    planned, most = float(plans.quantity[row]), float(plans.most_order[row])
    own = planned + step * np.array([-1.0, 0.0, 1.0])
    if not len(needs):
        return own[own >= 0.0]
    rate, holding, lot = float(plans.demand_rate[row]), line.value("holding_cost"), 0.0
    if holding > 0.0:
        lot = min(np.sqrt(2.0 * line.value("order_cost") * rate / holding), rate * min(line.life, NEVER))
    plain = np.maximum(np.clip(needs, np.ceil(plans.least_order[row]), most), line.value("moq"))
    raised = np.maximum(plain, min(lot, most))
    shares = np.array(LOT_SHARES if line.perishable else (1.0,))
    wanted = (plain[:, None] + shares * (raised - plain)[:, None]).ravel() / step
    lots = step * np.concatenate([np.floor(wanted + 1e-9), np.ceil(wanted - 1e-9)])
    return np.unique(np.concatenate([own, lots])[np.concatenate([own, lots]) >= 0.0])


def fill_targets(line: Line) -> FloatArray:
    """Shares of fill whose answers are known for a line."""
    if str(line.inputs.target_kind[line.row]) == "fill":
        return np.concatenate([TARGETS, _BETWEEN])
    return TARGETS


def _reached(line: Line, figure: FloatArray, whole: float, targets: FloatArray) -> IntArray:
    """First order at which each target is reached; `figure` falls with the order."""
    allowed = allowed_short(line, figure, whole, targets)
    return np.searchsorted(-figure, -allowed, side="left").astype(np.int64)


def allowed_short(line: Line, figure: FloatArray, whole: float, targets: FloatArray) -> FloatArray:
    """Shortage that each target allows; of what can be saved where expiry puts it out of reach."""
    allowed = (1.0 - targets) * whole
    if line.perishable:
        floor = figure[-1]
        saved = floor + (1.0 - targets) * (whole - floor)
        allowed = np.where(floor > allowed + 1e-9 * whole, saved, allowed)
    return allowed + 1e-9 * whole


def _thinned(values: NDArray[Any], most: int) -> NDArray[Any]:
    """At most `most` of the values, evenly picked."""
    if len(values) <= most:
        return values
    return values[np.unique(np.linspace(0, len(values) - 1, max(most, 0)).astype(np.int64))]


def cheapest_orders(line: Line, short: FloatArray, held: FloatArray, waste: FloatArray) -> IntArray:
    """Cheapest order at each of COST_FACTORS."""
    shortage, holding = line.value("stockout_cost"), line.value("holding_cost")
    kept = holding * held + (line.value("unit_cost") * waste if line.perishable else 0.0)
    return np.array([int(np.argmin(factor * shortage * short + kept)) for factor in COST_FACTORS])
