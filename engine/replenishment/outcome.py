"""What an order does, in service and money, from its projected paths."""

from __future__ import annotations

import numpy as np

from engine.replenishment.line import Line
from engine.replenishment.lines import FloatArray
from engine.replenishment.requirement import COST
from engine.replenishment.simulate import HELD, LOST_BEFORE, LOST_WINDOW, WASTE


def gains(
    line: Line, before: FloatArray, after: FloatArray, quantity: float, window_demand: float
) -> FloatArray:
    """Money gained by the order in its window on each path.

    The fixed cost and the write-off belong to the whole lot; the window bears its share of the demand
    that the lot serves. Without that a case pack bought for a fortnight would never pay in one day.
    """
    written_off = after[:, WASTE] - before[:, WASTE]
    lasting = quantity - mean_of(written_off)
    share = min(1.0, window_demand / lasting) if lasting > 0.0 else 1.0
    gains: FloatArray = (
        line.value("stockout_cost") * (before[:, LOST_WINDOW] - after[:, LOST_WINDOW])
        - line.value("holding_cost") * (after[:, HELD] - before[:, HELD])
        - share * (line.value("unit_cost") * written_off + line.value("order_cost"))
    )
    return gains


def mean_of(values: FloatArray) -> float:
    """Mean of one column; numpy's own, to the bit, without its overhead."""
    return float(np.add.reduce(values)) / len(values)


def service(name: str, played: FloatArray, window_demand: float) -> dict[str, float]:
    """Fill rate in the window, units short until the next arrival and units written off.

    Parameters
    ----------
    name : str
        "before" or "after" the order: what the names of the figures end in.
    played : float64 array (P, 4)
        What `simulate` returns.
    window_demand : float
        [each]
    """
    short = mean_of(played[:, LOST_WINDOW])
    return {
        f"fill_{name}": 1.0 - short / window_demand if window_demand > 0.0 else 1.0,
        f"lost_{name}": mean_of(played[:, LOST_BEFORE]) + short,
        f"waste_{name}": mean_of(played[:, WASTE]),
    }


def money_at_risk(line: Line, lost: float, wasted: float, excess: float, rate: float) -> float:
    """Expected margin lost, write-off and holding of the excess until it is sold [money]."""
    horizon = line.paths.shape[1]
    held = min(excess / (2.0 * rate), float(horizon)) if rate > 0.0 else float(horizon)
    money = lost * line.value("stockout_cost") + wasted * line.value("unit_cost")
    return money + excess * line.value("holding_cost") * held


def target_used(line: Line, kind: int) -> float:
    """Service target, or the critical ratio of the average window."""
    if kind != COST:
        return line.value("service_target")
    window = float((line.next_arrival - line.arrival).mean())
    overage = line.value("holding_cost") * window
    shortage = line.value("stockout_cost")
    return shortage / (shortage + overage) if shortage + overage > 0.0 else 0.0
