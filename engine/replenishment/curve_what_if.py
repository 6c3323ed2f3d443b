"""What many lines would order under other targets, costs or lots, read off their curves.

The steps are those of the plan: the smallest whole order that reaches the target (or is cheapest), then
`constraints.constrain`, for all lines at once. A curve encloses the need between a least and a most
(`curve_needs`), and the money of a lot as well (`curve_bounds`): where every order these leave possible is
within one multiple of the one read off, that one stands; the few lines left are played.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.replenishment.constraints import GRID, LOT_SHARES, Limits
from engine.replenishment.curve_bounds import money_bounds, outcome_bounds
from engine.replenishment.curve_needs import Needs, curve_needs
from engine.replenishment.joint.ranking import RankedIncrements
from engine.replenishment.line import draw
from engine.replenishment.lines import NEVER, FloatArray, IntArray, LineInputs
from engine.replenishment.plan import order_of
from engine.replenishment.what_if_curves import WhatIfCurves

_ROUNDING = 1e-9
_BLOCK = 64
"""Lines that are drawn at once."""


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
    played: NDArray[np.bool_]
    """The curve left more than one order multiple open: the order was found over the paths, as a plan's."""


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
    steps, needs = _Steps.of(curves, clean), curve_needs(curves, clean)
    quantity, unsure = _served(steps, needs)
    costs = (clean.target_kind == "cost") & (steps.covered(needs.most) > 0.0)
    lots = (curves.expires > 0) & (steps.lot > 0.0)
    for shares, of in ((LOT_SHARES, costs & lots), ((1.0,), costs & ~lots)):
        rows = np.flatnonzero(of)
        if len(rows):
            enclosed = Needs(needs.least[rows], needs.guess[rows], needs.most[rows])
            quantity[rows], unsure[rows] = _weighed(
                curves.take(rows), clean.take(rows), steps.take(rows), enclosed, shares
            )
    again = np.flatnonzero(unsure)
    if len(again):
        quantity[again] = _played(curves, clean, steps, again)
    outcome = outcome_bounds(curves, clean, quantity)
    short, demand = outcome.short.guess, curves.window_demand
    with np.errstate(divide="ignore", invalid="ignore"):
        fill = np.where(demand > 0.0, 1.0 - short / demand, 1.0)
    return WhatIfOrders(
        quantity=quantity,
        short=short,
        fill=fill,
        waste=outcome.waste.guess,
        cash=quantity * clean.unit_cost,
        money=money_bounds(curves, clean, quantity, outcome).guess,
        played=unsure,
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


@dataclass(frozen=True)
class _Steps:
    """What makes an order of each line's need, as in `constraints.constrain`; arrays of length n."""

    limit: FloatArray
    least: FloatArray
    moq: FloatArray
    step: FloatArray
    smallest: FloatArray
    lot: FloatArray
    """Economic lot, 0 where none is weighed."""

    @classmethod
    def of(cls, curves: WhatIfCurves, lines: LineInputs) -> _Steps:
        limit = np.floor(np.where(curves.most_order >= NEVER, np.inf, curves.most_order))
        step = np.where(lines.order_multiple > 0.0, _on_grid(lines.order_multiple), 1.0)
        step = np.where(step > 0.0, step, 1.0 / GRID)
        smallest = np.ceil(np.maximum(lines.moq, step) / step - _ROUNDING) * step
        lot = np.where(lines.target_kind == "cost", _economic_lot(curves, lines), 0.0)
        return cls(limit, np.ceil(curves.least_order), lines.moq, step, smallest, lot)

    def take(self, rows: IntArray) -> _Steps:
        return _Steps(**{name: values[rows] for name, values in vars(self).items()})

    def covered(self, needed: FloatArray) -> FloatArray:
        """Need within cover and shelf; at most 0: no order."""
        return _on_grid(np.minimum(np.maximum(needed, self.least), self.limit))

    def down(self, wanted: FloatArray) -> FloatArray:
        lots: FloatArray = np.floor(np.minimum(wanted, self.limit) / self.step + _ROUNDING) * self.step
        return lots

    def up(self, wanted: FloatArray) -> FloatArray:
        lots: FloatArray = np.maximum(np.ceil(wanted / self.step - _ROUNDING) * self.step, self.smallest)
        return lots

    def allowed(self, lots: FloatArray) -> NDArray[np.bool_]:
        allowed: NDArray[np.bool_] = (self.smallest <= lots) & (lots <= self.limit)
        return allowed

    def ordered(self, needed: FloatArray) -> FloatArray:
        """Orders where a service target decides; they never fall as the need rises."""
        covered = self.covered(needed)
        raised = _on_grid(np.maximum(covered, self.moq))
        down, up = self.down(raised), self.up(raised)
        quantity = np.where(up <= self.limit, up, np.where(down >= self.smallest, down, 0.0))
        result: FloatArray = np.where(covered > 0.0, quantity, 0.0)
        return result

    def competing(self, needed: FloatArray, shares: tuple[float, ...]) -> FloatArray:
        """Lots that compete by money, shape (2 × shares, n)."""
        covered = self.covered(needed)
        plain = _on_grid(np.maximum(covered, self.moq))
        raised = np.maximum(plain, _on_grid(np.minimum(self.lot, self.limit)))
        lots = []
        for share in shares:
            wanted = _on_grid(plain + share * (raised - plain))
            lots += [self.down(wanted), self.up(wanted)]
        return np.array(lots)


def _served(steps: _Steps, needs: Needs) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Orders by service targets, and which of them may be off by more than one multiple."""
    least, guess, most = (steps.ordered(needed) for needed in (needs.least, needs.guess, needs.most))
    # from the middle of three lots neither of the others is more than one away
    middle = (most - least <= 2.0 * steps.step) & (least > 0.0)
    quantity = np.where(middle, np.clip(guess, most - steps.step, least + steps.step), guess)
    off = np.maximum(most - quantity, quantity - least)
    return quantity, off > steps.step * (1.0 + _ROUNDING)


def _weighed(
    curves: WhatIfCurves, lines: LineInputs, steps: _Steps, needs: Needs, shares: tuple[float, ...]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Orders of most money, and which of them may be off by more than one multiple.

    Of the lots around the least and around the greatest need, any whose money may exceed what the best
    other one surely brings can be the plan's.
    """
    n = curves.size
    must = curves.least_order > 0.0
    ends = [steps.competing(needed, shares) for needed in (needs.least, needs.most)]
    guesses = steps.competing(needs.guess, shares)
    surely = np.full(n, -np.inf)
    least_order = steps.covered(needs.least) > 0.0
    possible = []
    for lots in zip(*ends, strict=True):
        floor = np.full(n, np.inf)
        for quantity in lots:
            bounds = money_bounds(curves, lines, quantity, outcome_bounds(curves, lines, quantity))
            allowed = steps.allowed(quantity)
            floor = np.minimum(floor, np.where(allowed, bounds.least, -np.inf))
            possible.append((quantity, np.where(allowed, bounds.most, -np.inf)))
        surely = np.maximum(surely, np.where(least_order, floor, -np.inf))
    surely = np.where(must & least_order, surely, np.maximum(surely, 0.0))
    noise = 1e-9 * (1.0 + np.abs(surely))
    best, most = np.zeros(n), np.zeros(n)
    for quantity in np.sort(guesses, axis=0):
        likely = money_bounds(curves, lines, quantity, outcome_bounds(curves, lines, quantity)).guess
        better = steps.allowed(quantity) & (quantity != best)
        better &= (likely > most) | ((best == 0.0) & must)
        best, most = np.where(better, quantity, best), np.where(better, likely, most)
    best = np.where(steps.covered(needs.guess) > 0.0, best, 0.0)
    nothing = (surely <= noise) & ~(must & least_order)
    off = np.where(nothing, best, 0.0)
    for quantity, upper in possible:
        off = np.maximum(off, np.where(upper >= surely - noise, np.abs(quantity - best), 0.0))
    for low, high in zip(*ends, strict=True):
        off = np.maximum(off, np.where(steps.limit > 0.0, high - low, 0.0))
    return best, off > steps.step * (1.0 + _ROUNDING)


def _played(curves: WhatIfCurves, lines: LineInputs, steps: _Steps, rows: IntArray) -> FloatArray:
    """Orders of a few lines as the plan finds them, over the periods that matter."""
    quantity = np.zeros(len(rows))
    following = np.floor(lines.next_order_period + lines.lead_time_mean + 0.5).astype(np.int64)
    periods = np.minimum(np.maximum(curves.periods, following + 1), lines.horizon)
    rising = np.argsort(periods[rows], kind="stable")
    for start in range(0, len(rows), _BLOCK):
        block = rising[start : start + _BLOCK]
        of = rows[block]
        drawn = draw(lines, of, curves.n_paths, int(periods[of].max()))
        for place, row, line in zip(block, of, drawn, strict=True):
            limits = Limits(
                least=float(curves.least_order[row]),
                most=float(np.where(curves.most_order[row] >= NEVER, np.inf, curves.most_order[row])),
                most_is_shelf=False,
                moq=float(lines.moq[row]),
                multiple=float(lines.order_multiple[row]),
                lot=float(steps.lot[row]),
                lot_expires=line.perishable,
            )
            quantity[place] = order_of(line, limits)
    return quantity


def _economic_lot(curves: WhatIfCurves, lines: LineInputs) -> FloatArray:
    """Harris's lot as `limits.limits_of` has it; 0 where no fixed cost is weighed."""
    weighed = (lines.order_cost > 0.0) & (lines.holding_cost > 0.0)
    holding = np.where(weighed, lines.holding_cost, 1.0)
    lot = np.sqrt(2.0 * lines.order_cost * curves.demand_rate / holding)
    sold = curves.demand_rate * np.minimum(np.trunc(np.minimum(lines.life_periods, NEVER)), NEVER)
    result: FloatArray = np.where(weighed, np.minimum(lot, sold), 0.0)
    return result


def _on_grid(values: FloatArray) -> FloatArray:
    """`constraints.on_grid` of an array."""
    result: FloatArray = np.round(np.clip(values, -(2.0**40), 2.0**40) * GRID) / GRID
    return result
