"""From what a line needs to what it may order: cover limits, minimum order, order multiple."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

LOT_SHARES = (0.0, 0.5, 1.0)
"""Of the way from the need to the economic lot: lots that compete where the lot may expire."""

GRID = 1024.0
"""Quantities and terms are multiples of 1/1024 each, so that their float64 sums are exact."""


def on_grid(value: float) -> float:
    """Nearest multiple of 1/1024; what is beyond any stock becomes 2**40.

    Examples
    --------
    >>> on_grid(0.1)
    0.099609375
    """
    return round(min(max(value, -(2.0**40)), 2.0**40) * GRID) / GRID


@dataclass(frozen=True)
class Limits:
    """What bounds the order of one line [each]."""

    least: float
    """Order for minimum cover and presentation stock; 0: none."""
    most: float
    """Order at which maximum cover or shelf is full; may be infinite."""
    most_is_shelf: bool
    moq: float
    multiple: float
    """0: any whole number."""
    lot: float = 0.0
    """Economic order quantity; 0 where no fixed cost is weighed."""
    lot_expires: bool = False
    """Some of the lot may be written off: smaller lots compete with it by money."""


@dataclass(frozen=True)
class Ordered:
    """The order and the steps that led to it."""

    quantity: float
    cover: float
    moq: float
    multiple: float
    bound: str


def constrain(
    needed: float, limits: Limits, gain: Callable[[float], float] | None, *, out_of_reach: str
) -> Ordered:
    """Turn a need into an order that keeps every limit.

    Limits win over the need, and the need over the lot: an order is raised to the minimum quantity and
    the next multiple; if that breaks a limit it is rounded down, or dropped. Where costs decide, the
    multiple above, the one below and no order compete by money.

    Parameters
    ----------
    needed : float
        Order that reaches the target [each], ≥ 0.
    limits : Limits
    gain : function of an order, or None
        Expected money of an order against none; given where costs decide.
    out_of_reach : str
        Bound known already: "none", "shelf_life" or "horizon".

    Returns
    -------
    Ordered
        `needed + cover + moq + multiple == quantity`, exactly.
    """
    limit = "shelf_maximum" if limits.most_is_shelf else "max_cover"
    most = math.floor(limits.most) if math.isfinite(limits.most) else math.inf
    covered = on_grid(min(max(needed, math.ceil(limits.least)), most))
    bound = limit if covered < needed else out_of_reach
    if covered <= 0.0:
        return Ordered(0.0, -needed, 0.0, 0.0, bound)
    step = on_grid(limits.multiple) if limits.multiple > 0.0 else 1.0
    step = step or 1.0 / GRID
    smallest = math.ceil(max(limits.moq, step) / step - 1e-9) * step
    raised = on_grid(max(covered, limits.moq, min(limits.lot, most)))

    def rounded(wanted: float) -> tuple[float, float]:
        down = math.floor(min(wanted, most) / step + 1e-9) * step
        return down, max(math.ceil(wanted / step - 1e-9) * step, smallest)

    down, up = rounded(raised)
    if gain is None:
        quantity = up if up <= most else down if down >= smallest else 0.0
    else:
        plain = on_grid(max(covered, limits.moq))
        shares = LOT_SHARES if limits.lot_expires and raised > plain else (1.0,)
        from_lot: dict[float, float] = {}
        for share in shares:
            lot = on_grid(plain + share * (raised - plain))
            from_lot |= dict.fromkeys(rounded(lot), lot)
        quantity = _most_money(gain, list(from_lot), smallest, most, may_skip=limits.least <= 0.0)
        raised = from_lot.get(quantity, raised)
        up = rounded(raised)[1]
    if quantity == 0.0:
        # the smallest lot breaks a limit, or costs more than it brings
        lot_bound = "moq" if limits.moq > covered else "order_multiple" if up > raised else bound
        return Ordered(0.0, covered - needed, -covered, 0.0, lot_bound)
    if quantity < covered and gain is None and bound == "none":
        bound = limit
    return Ordered(quantity, covered - needed, raised - covered, quantity - raised, bound)


def _most_money(
    gain: Callable[[float], float], lots: list[float], smallest: float, most: float, *, may_skip: bool
) -> float:
    best, best_gain = 0.0, 0.0
    for lot in sorted(set(lots)):
        if not smallest <= lot <= most:
            continue
        money = gain(lot)
        if money > best_gain or (best == 0.0 and not may_skip):
            best, best_gain = lot, money
    return best
