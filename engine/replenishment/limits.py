"""What cover, shelf, supplier and costs allow one line to order, in eaches."""

from __future__ import annotations

import math

import numpy as np

from engine.replenishment.constraints import Limits
from engine.replenishment.line import Line
from engine.replenishment.lines import NEVER, FloatArray
from engine.replenishment.requirement import COST


def limits_of(line: Line, arrival: int, rate: float, stock_before: FloatArray, kind: int) -> Limits:
    """Least and most order by cover, presentation stock and shelf; minimum, multiple and economic lot.

    Parameters
    ----------
    line : Line
    arrival : int
        Expected period of arrival.
    rate : float
        Mean demand [each/period], also past the horizon.
    stock_before : float64 array (P, h)
        End stock without the order.
    kind : int
        FILL, CYCLE or COST.
    """
    horizon = line.paths.shape[1]
    mean = line.inputs.mean[line.row]
    at_arrival = _stock_at_arrival(line, stock_before)
    window = float((line.next_arrival - line.arrival).mean())
    later = float(line.receipts[min(arrival + 1, horizon) : min(arrival + math.ceil(window), horizon)].sum())
    shown = line.value("presentation_stock")
    demand_then = _sum_over(mean, arrival, window, rate)
    least = shown + demand_then - at_arrival - later if shown > 0.0 else 0.0
    least = max(least, _sum_over(mean, arrival, line.value("min_cover"), rate) - at_arrival, 0.0)
    cover = _sum_over(mean, arrival, line.value("max_cover"), rate) - at_arrival
    shelf = line.value("shelf_maximum") - at_arrival
    lot = 0.0
    holding = line.value("holding_cost")
    if kind == COST and line.value("order_cost") > 0.0 and holding > 0.0:
        # Harris (1913); what would expire before it sells is no saving
        lot = math.sqrt(2.0 * line.value("order_cost") * rate / holding)
        lot = min(lot, rate * min(line.life, NEVER))
    return Limits(
        least=least,
        most=max(min(cover, shelf), 0.0),
        most_is_shelf=shelf < cover,
        moq=line.value("moq"),
        multiple=line.value("order_multiple"),
        lot=lot,
        lot_expires=line.perishable,
    )


def _stock_at_arrival(line: Line, stock_before: FloatArray) -> float:
    """Expected stock as the order arrives, with what else arrives in that period [each]."""
    arrived = np.minimum(line.arrival, line.paths.shape[1] - 1)
    rows = np.arange(len(line.paths))
    start = np.where(arrived > 0, stock_before[rows, np.maximum(arrived - 1, 0)], line.stock.sum())
    return float((start + line.receipts[arrived]).mean())


def _sum_over(mean: FloatArray, start: int, periods: float, rate: float) -> float:
    """Mean demand over `periods` (a fraction counts) from `start`; past the horizon at `rate`."""
    if math.isinf(periods):
        return math.inf
    horizon = len(mean)
    start = min(start, horizon)
    whole = min(int(periods), horizon - start)
    total = float(mean[start : start + whole].sum())
    following = float(mean[start + whole]) if start + whole < horizon else rate
    return total + (periods - whole) * following
