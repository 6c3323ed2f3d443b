"""What many lines would order under other targets, costs or lots, read off their curves: nothing is played.

The steps are those of the plan: the smallest whole order that reaches the target (or is cheapest), then
`constraints.constrain` for all lines at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.errors import EngineError
from engine.replenishment.constraints import GRID, LOT_SHARES
from engine.replenishment.joint.ranking import RankedIncrements
from engine.replenishment.lines import NEVER, FloatArray, IntArray, LineInputs
from engine.replenishment.what_if_curves import TARGETS, WhatIfCurves

_ROUNDING = 1e-9


@dataclass(frozen=True)
class WhatIfOrders:
    """What n lines would order, and what the orders would do; arrays of length n."""

    quantity: FloatArray
    """Order [each]."""
    short: FloatArray
    """Expected units short in the window [each]."""
    fill: FloatArray
    """Expected share of the window's demand that is served."""
    waste: FloatArray
    """Expected write-off in the horizon [each], without stock that has expired already."""
    cash: FloatArray
    """What the order costs at the list price [money]."""
    money: FloatArray
    """Expected money against ordering nothing, a unit short at the line's stockout cost [money]."""


def what_if(curves: WhatIfCurves, lines: LineInputs) -> WhatIfOrders:
    """Read the orders of changed lines off the curves.

    Parameters
    ----------
    curves : WhatIfCurves
        From the lines as they were planned.
    lines : LineInputs
        The same lines with any of these changed: target_kind, service_target, stockout_cost, holding_cost,
        order_cost, unit_cost, moq, order_multiple. All else (demand, stock, receipts, lead times, calendar,
        life, cover, shelf) must be as it was: it is in the curves.

    Returns
    -------
    WhatIfOrders

    Raises
    ------
    EngineError
        An input breaks its range; all faults are listed.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from engine.replenishment.one_line import one_line
    >>> from engine.replenishment.plan import plan_lines
    >>> from engine.replenishment.what_if_curves import what_if_curves
    >>> line = one_line([5.0] * 10, batches=[(20, 1 << 40)], lead_time_mean=2, next_order_period=7)
    >>> curves = what_if_curves(line, plan_lines(line))
    >>> dearer = replace(line, service_target=np.array([0.99]))
    >>> float(what_if(curves, dearer).quantity[0]), float(plan_lines(dearer).quantity[0])
    (34.0, 34.0)
    """
    clean = lines.checked()
    if clean.size != curves.size:
        raise EngineError(f"what-if: {clean.size} lines and curves of {curves.size}; they must be the same")
    needed = _needed(curves, clean)
    quantity = _constrained(curves, clean, needed)
    short, waste, held = _at(curves, quantity)
    demand = curves.window_demand
    with np.errstate(divide="ignore", invalid="ignore"):
        fill = np.where(demand > 0.0, 1.0 - short / demand, 1.0)
    return WhatIfOrders(
        quantity=quantity,
        short=short,
        fill=fill,
        waste=waste,
        cash=quantity * clean.unit_cost,
        money=_money(curves, clean, quantity, short, waste, held),
    )


def within_budget(ranked: RankedIncrements, n: int, budget: float) -> tuple[FloatArray, int]:
    """Orders of n lines that stand above the cut line of another budget.

    Parameters
    ----------
    ranked : RankedIncrements
        From `joint.ranking.ranked_increments` over the lines' value curves; its own cut does not matter.
    n : int
        Lines.
    budget : float
        Cash [money], ≥ 0.

    Returns
    -------
    (float array (n,), int)
        Orders [each]; how many of the ranked steps are above the cut line.

    Raises
    ------
    EngineError
        A budget that is below 0 or not a number.
    """
    if not budget >= 0:
        raise EngineError(f"budget is {budget}, must be ≥ 0")
    cut = int(np.searchsorted(ranked.cumulative_cash, budget * (1 + 1e-9), side="right"))
    quantity = np.zeros(n)
    np.maximum.at(quantity, ranked.line[:cut], ranked.to_quantity[:cut])
    return quantity, cut


def _needed(curves: WhatIfCurves, lines: LineInputs) -> FloatArray:
    """Smallest whole order that reaches each line's target, or its cheapest one [each]."""
    needed = np.zeros(curves.size)
    for kind, read in (("fill", _filled), ("cycle", _protected), ("cost", _cheapest)):
        rows = np.flatnonzero(lines.target_kind == kind)
        if len(rows):
            needed[rows] = read(curves, lines, rows)
    return needed


def _filled(curves: WhatIfCurves, lines: LineInputs, rows: IntArray) -> FloatArray:
    quantity, short = curves.quantity[rows], curves.short[rows]
    allowed = _allowed(curves, lines, rows, short, curves.window_demand[rows])
    above = (short > allowed[:, None]).sum(axis=1)
    start = np.maximum(above - 1, 0)
    low, high = _pick(quantity, start), _pick(quantity, above)
    over, under = _pick(short, start), _pick(short, above)
    # nothing is left to interpolate at the first order, and behind the last
    with np.errstate(divide="ignore", invalid="ignore"):
        between = low + (high - low) * (over - allowed) / (over - under)
    inside = (above > 0) & (above < _count(quantity))
    reached: FloatArray = np.where(inside, np.minimum(np.ceil(between - 1e-6), high), low)
    return reached


def _protected(curves: WhatIfCurves, lines: LineInputs, rows: IntArray) -> FloatArray:
    quantity, failures = curves.quantity[rows], curves.short_windows[rows]
    allowed = _allowed(curves, lines, rows, failures, np.ones(len(rows)))
    above = np.minimum((failures > allowed[:, None]).sum(axis=1), _count(quantity) - 1)
    exact = _pick(quantity, above)
    start = np.maximum(above - 1, 0)
    over, under, low = _pick(failures, start), _pick(failures, above), _pick(quantity, start)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = np.ceil(low + (exact - low) * (over - allowed) / (over - under))
    known = np.isin(np.round(lines.service_target[rows], 9), np.round(TARGETS, 9))
    guessed = (curves.expires[rows] > 0) & (above > 0) & ~known
    return np.where(guessed, np.minimum(between, exact), exact)


def _allowed(
    curves: WhatIfCurves, lines: LineInputs, rows: IntArray, figure: FloatArray, whole: FloatArray
) -> FloatArray:
    """Shortage that the target allows; of what an order can still save where expiry puts it out of reach."""
    allowed = (1.0 - lines.service_target[rows]) * whole
    floor = np.where(curves.expires[rows] > 0, np.nanmin(figure, axis=1), 0.0)
    out_of_reach = floor > allowed + 1e-9 * whole
    share = (1.0 - lines.service_target[rows]) * (whole - floor)
    result: FloatArray = np.where(out_of_reach, floor + share, allowed) + 1e-9 * whole
    return result


def _cheapest(curves: WhatIfCurves, lines: LineInputs, rows: IntArray) -> FloatArray:
    cost = lines.stockout_cost[rows, None] * curves.short[rows]
    cost += lines.holding_cost[rows, None] * curves.held[rows]
    cost += lines.unit_cost[rows, None] * curves.waste[rows]
    # the plan looks up to the greatest demand of a window only
    cost[curves.quantity[rows] > curves.useful[rows, None]] = np.inf
    least = np.nanmin(cost, axis=1)
    near = cost <= (least + 1e-12 * np.maximum(np.abs(least), 1.0))[:, None]
    return _pick(curves.quantity[rows], near.argmax(axis=1))


def _constrained(curves: WhatIfCurves, lines: LineInputs, needed: FloatArray) -> FloatArray:
    """`constraints.constrain` of all lines."""
    limit = np.floor(np.where(curves.most_order >= NEVER, np.inf, curves.most_order))
    covered = _on_grid(np.minimum(np.maximum(needed, np.ceil(curves.least_order)), limit))
    step = np.where(lines.order_multiple > 0.0, _on_grid(lines.order_multiple), 1.0)
    step = np.where(step > 0.0, step, 1.0 / GRID)
    smallest = np.ceil(np.maximum(lines.moq, step) / step - _ROUNDING) * step
    costs = lines.target_kind == "cost"
    lot = np.where(costs, _economic_lot(curves, lines), 0.0)
    plain = _on_grid(np.maximum(covered, lines.moq))
    raised = np.maximum(plain, _on_grid(np.minimum(lot, limit)))
    up = np.maximum(np.ceil(raised / step - _ROUNDING) * step, smallest)
    down = np.floor(np.minimum(raised, limit) / step + _ROUNDING) * step
    quantity = np.where(up <= limit, up, np.where(down >= smallest, down, 0.0))
    rows = np.flatnonzero(costs & (covered > 0.0))
    if len(rows):
        lots = np.stack([plain, raised, limit, step, smallest], axis=1)[rows]
        quantity[rows] = _most_money(curves.take(rows), lines.take(rows), *lots.T)
    result: FloatArray = np.where(covered > 0.0, quantity, 0.0)
    return result


def _most_money(
    curves: WhatIfCurves,
    lines: LineInputs,
    plain: FloatArray,
    raised: FloatArray,
    limit: FloatArray,
    step: FloatArray,
    smallest: FloatArray,
) -> FloatArray:
    """The lot of most money around the need and the economic lot, or none; of equal ones the smallest."""
    competing = (curves.expires > 0) & (raised > plain)
    choices = []
    for share in LOT_SHARES:
        wanted = np.where(competing, _on_grid(plain + share * (raised - plain)), raised)
        choices.append(np.floor(np.minimum(wanted, limit) / step + _ROUNDING) * step)
        choices.append(np.maximum(np.ceil(wanted / step - _ROUNDING) * step, smallest))
    must = curves.least_order > 0.0
    best, most = np.zeros(curves.size), np.zeros(curves.size)
    for quantity in np.sort(np.stack(choices), axis=0):
        money = _money(curves, lines, quantity, *_at(curves, quantity))
        better = (smallest <= quantity) & (quantity <= limit) & (quantity != best)
        better &= (money > most) | ((best == 0.0) & must)
        best, most = np.where(better, quantity, best), np.where(better, money, most)
    return best


def _economic_lot(curves: WhatIfCurves, lines: LineInputs) -> FloatArray:
    """Harris's lot as `limits.limits_of` has it; 0 where no fixed cost is weighed."""
    weighed = (lines.order_cost > 0.0) & (lines.holding_cost > 0.0)
    holding = np.where(weighed, lines.holding_cost, 1.0)
    lot = np.sqrt(2.0 * lines.order_cost * curves.demand_rate / holding)
    sold = curves.demand_rate * np.minimum(np.trunc(np.minimum(lines.life_periods, NEVER)), NEVER)
    result: FloatArray = np.where(weighed, np.minimum(lot, sold), 0.0)
    return result


def _money(
    curves: WhatIfCurves,
    lines: LineInputs,
    quantity: FloatArray,
    short: FloatArray,
    waste: FloatArray,
    held: FloatArray,
) -> FloatArray:
    """Expected money of orders, as `outcome.gains` has it."""
    written_off = waste - curves.waste[:, 0]
    lasting = quantity - written_off
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(lasting > 0.0, np.minimum(1.0, curves.window_demand / lasting), 1.0)
    fixed = lines.order_cost * (quantity > 0.0)
    money: FloatArray = (
        lines.stockout_cost * (curves.short[:, 0] - short)
        - lines.holding_cost * (held - curves.held[:, 0])
        - share * (lines.unit_cost * written_off + fixed)
    )
    return money


def _at(curves: WhatIfCurves, quantity: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Units short, write-off and stock held of one order a line, between the points in a straight line."""
    count = _count(curves.quantity)
    after = (curves.quantity <= quantity[:, None]).sum(axis=1)
    end = np.clip(after, 1, np.maximum(count - 1, 1))
    start = end - 1
    alone = count < 2
    end = np.where(alone, 0, end)
    low, high = _pick(curves.quantity, start), _pick(curves.quantity, end)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(alone, 0.0, (quantity - low) / (high - low))
    past = np.maximum(quantity - _pick(curves.quantity, count - 1), 0.0)
    lasts = (past > 0.0) & (curves.expires == 0)
    share = np.where(lasts, 1.0, share)
    values = []
    for figure in (curves.short, curves.waste, curves.held):
        first, second = _pick(figure, start), _pick(figure, end)
        values.append(first + share * (second - first))
    short, waste, held = values
    # past the last point nothing is short, and what lasts is held to the end of the window
    held = np.where(lasts, held + past * curves.window_periods, held)
    return np.maximum(np.where(past > 0.0, _pick(curves.short, count - 1), short), 0.0), waste, held


def _pick(values: FloatArray, index: IntArray) -> FloatArray:
    safe = np.minimum(index, values.shape[1] - 1)
    picked: FloatArray = values[np.arange(len(values)), safe]
    return picked


def _count(quantity: FloatArray) -> IntArray:
    counted: IntArray = (~np.isnan(quantity)).sum(axis=1)
    return counted


def _on_grid(values: FloatArray) -> FloatArray:
    """`constraints.on_grid` of an array."""
    result: FloatArray = np.round(np.clip(values, -(2.0**40), 2.0**40) * GRID) / GRID
    return result
