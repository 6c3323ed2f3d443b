"""What each order of a line is worth where lines share: its curve with price breaks and later holding.

A curve values an order over its window. Three things are added, because sharing compares orders far from the
plan's own: what a shortage really costs, holding what even the next order would not need, and price breaks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.contracts import ORDER_BOUNDS
from engine.replenishment.joint.curves import Curves, curves_of
from engine.replenishment.lines import LineInputs, LinePlans
from engine.replenishment.value_curves import LineCurves

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

BREAK_COLUMNS = ("price_break_quantities", "price_break_costs", "price_break_kind")
"""Columns of the lines that hold their price breaks."""
_PREFERENCE = 1e-6
"""Share of its money by which a line's own plan beats every other order, so that ties keep the plan."""


def priced_curves(
    lines: pd.DataFrame, line_inputs: LineInputs, plans: LinePlans, curves: LineCurves, part: Rows
) -> Curves:
    """Return the curves of the lines `part`; without price breaks each line's plan is its best order.

    The share of a centre that is short ends a curve: such a line may not order more.

    Parameters
    ----------
    lines, line_inputs, plans, curves
        Of all lines of the plan.
    part : int array
        Rows whose plan is among their candidates.
    """
    quantity = curves.quantity[part].copy()
    own_quantity = plans.quantity[part]
    row = np.arange(len(part))
    own = (quantity == own_quantity[:, None]).argmax(axis=1)
    money = _at_stockout_cost(curves, plans, part, own)
    money -= line_inputs.holding_cost[part, None] * _held_later(curves, plans, part, own)
    best = money[row, own]
    least = best - _PREFERENCE * np.maximum(np.abs(best), 1.0)
    money = np.where(quantity == own_quantity[:, None], money, np.minimum(money, least[:, None]))
    money -= money[:, :1]
    is_short = plans.bound[part] == ORDER_BOUNDS.index("dc_shortage")
    beyond = is_short[:, None] & (quantity > own_quantity[:, None])
    quantity[beyond] = money[beyond] = np.nan
    starts, costs, incremental = break_arrays(lines[list(BREAK_COLUMNS)].iloc[part])
    starts[own_quantity == 0] = np.nan
    priced = curves_of(
        quantity,
        money,
        lines["unit_cost"].to_numpy(dtype=np.float64)[part],
        break_quantity=starts,
        break_cost=costs,
        incremental=incremental,
    )
    gain = _break_gain(priced, starts, own, incremental)
    return replace(priced, money=priced.money - priced.saving + gain, saving=gain)


def _at_stockout_cost(curves: LineCurves, plans: LinePlans, part: Rows, own: Rows) -> Floats:
    """Return money against ordering nothing where less than the plan costs what its shortage really costs.

    The price that a service target implies says why the plan orders no more; it can be far below the stockout
    cost. So what the plan orders is worth at least the stockout cost a unit short, and what is ordered beyond
    it the implied price.
    """
    row = np.arange(len(part))
    saved = curves.short[part, :1] - curves.short[part]
    dearer = np.maximum(plans.stockout_cost[part] - curves.shortage_price[part], 0.0)[:, None]
    return np.asarray(curves.money[part] + dearer * np.minimum(saved, saved[row, own][:, None]))


def _held_later(curves: LineCurves, plans: LinePlans, part: Rows, own: Rows) -> Floats:
    """Return what each candidate holds after its window more than the plan would [each·period].

    What is left over at the next arrival makes that order smaller, so it costs nothing more until it exceeds
    what the plan leaves and a window's demand; the rest sells at the mean rate.
    """
    short, waste = curves.short[part], curves.waste[part]
    left = curves.quantity[part] - (short[:, :1] - short) - (waste - waste[:, :1])
    excess = left - left[np.arange(len(part)), own][:, None] - curves.window_demand[part, None]
    rate = np.maximum(plans.demand_rate[part, None], 1e-9)
    return np.asarray(np.maximum(excess, 0.0) ** 2 / (2.0 * rate))


def _break_gain(priced: Curves, starts: Floats, own: Rows, incremental: npt.NDArray[np.bool_]) -> Floats:
    """Return what a candidate pays less than if its units were bought in orders of the plan's size [money].

    Units beyond the plan's would be bought later at the price that the plan's order pays at the margin. Where
    a break lowers the price of all units, later orders can reach it too, so beyond its quantity nothing more
    is gained.
    """
    found = np.zeros_like(priced.quantity)
    some = np.flatnonzero(
        np.isfinite(starts).any(axis=1) & (priced.quantity[np.arange(priced.size), own] > 0)
    )
    if len(some):
        found[some] = _gain_of(priced.take(some), starts[some], own[some], incremental[some])
    return found


def _gain_of(priced: Curves, starts: Floats, own: Rows, incremental: npt.NDArray[np.bool_]) -> Floats:
    """Return `_break_gain` of lines that have breaks and order something."""
    row = np.arange(priced.size)
    quantity, paid = priced.quantity, priced.cash
    passed = (quantity[:, :, None] >= np.where(np.isnan(starts), np.inf, starts)[:, None, :]).sum(axis=2)
    of_own = passed[row, own]
    own_quantity, own_paid = quantity[row, own], paid[row, own]
    average = np.divide(own_paid, own_quantity, out=np.zeros(priced.size), where=own_quantity > 0)
    before = np.maximum(own - 1, 0)
    step = own_quantity - quantity[row, before]
    marginal = np.divide(own_paid - paid[row, before], step, out=average.copy(), where=step > 0)
    price = np.where(incremental, marginal, average)
    gain = price[:, None] * (quantity - own_quantity[:, None]) - (paid - own_paid[:, None])
    for tier in range(1, starts.shape[1] + 1):
        inside = np.asarray(passed == tier)
        first = inside.argmax(axis=1)
        flat = inside & np.asarray(~incremental & (of_own < tier)).reshape(-1, 1)
        gain = np.where(flat, gain[row, first][:, None], gain)
    is_all_units = np.asarray(~incremental).reshape(-1, 1)
    gain = np.where((passed == of_own[:, None]) & is_all_units, 0.0, gain)
    return np.where(priced.valid, gain, 0.0)


def break_arrays(lines: pd.DataFrame) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Return quantities and costs of the price breaks, [n, B], NaN: none, and whether they are incremental.

    Breaks that do not rise, or have no cost each, are none: Data health names them.
    """
    n = len(lines)
    rows = np.flatnonzero(lines["price_break_quantities"].notna())
    some = lines[list(BREAK_COLUMNS)].iloc[rows]
    cells = zip(some["price_break_quantities"], some["price_break_costs"], strict=True)
    found = [_breaks(numbers(quantities), numbers(costs)) for quantities, costs in cells]
    width = max((len(starts) for starts, _ in found), default=0)
    quantity, cost = np.full((n, width), np.nan), np.full((n, width), np.nan)
    for row, (starts, costs) in zip(rows.tolist(), found, strict=True):
        quantity[row, : len(starts)], cost[row, : len(costs)] = starts, costs
    return quantity, cost, lines["price_break_kind"].eq("incremental").fillna(False).to_numpy(dtype=bool)


def _breaks(starts: list[float], prices: list[float]) -> tuple[list[float], list[float]]:
    rises = all(before < after for before, after in zip([0.0, *starts], starts, strict=False))
    good = len(starts) == len(prices) and rises and all(0 <= price < np.inf for price in prices)
    return (starts, prices) if good else ([], [])


def numbers(cell: Any) -> list[float]:
    """Return a list cell; a missing one is empty."""
    if cell is None or isinstance(cell, float):
        return []
    return [float(value) for value in cell]
