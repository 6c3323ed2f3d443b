"""Below reorder point: the stock position is at or below the level at which an order is needed and due.

Silver, Pyke & Thomas (2017), *Inventory and Production Management in Supply Chains*, 4th ed., §6.3: order
when the position (on hand + on order − backorders) falls to the demand of the protection interval and its
buffer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.alerts.finding import findings
from engine.alerts.limits import Limits
from engine.alerts.stockout import is_due, proposed_in_time
from engine.replenishment.words import day, money, units

Floats = npt.NDArray[np.float64]

LEAST_UNITS = 1.0
"""A gap of less than a unit is rounding."""


def below_reorder_point(lines: pd.DataFrame, limits: Limits, today: date) -> pd.DataFrame:
    """Find lines whose order is due and needed.

    Parameters
    ----------
    lines : DataFrame
        Columns of `plan_lines`, approved orders counted (`engine.alerts.supply`); rejected.
    limits : Limits
    today : date

    Returns
    -------
    DataFrame
        `engine.alerts.finding.COLUMNS`, and covered_on: the order day, if it is not too late.

    Notes
    -----
    size = reorder point / usable position; money = what the proposed order is expected to gain, at least the
    margin lost without it.
    """
    point, at = lines["reorder_point"].to_numpy(dtype=np.float64), position(lines)
    gain = np.maximum(
        lines["expected_profit"].to_numpy(dtype=np.float64),
        lines["lost_before"].to_numpy(dtype=np.float64) * lines["stockout_cost"].to_numpy(dtype=np.float64),
    )
    proposed = (lines["status"] == "proposed").to_numpy(dtype=np.bool_)
    size = np.where(point > 0.0, point / np.maximum(at, 1e-9), 0.0)
    also = proposed & is_due(lines, limits, today) & (point - at >= LEAST_UNITS)
    found = findings("below_reorder_point", gain, size, limits, also)
    until = lines["order_by"].where(pd.Series(proposed_in_time(lines, today), index=lines.index))
    return found.assign(covered_on=until.to_numpy(dtype="datetime64[us]")[found["row"].to_numpy()])


def position(lines: pd.DataFrame) -> Floats:
    """Return stock usable before it expires and open orders that come in time, [n]."""
    usable: Floats = -(
        lines["term_on_hand"].to_numpy(dtype=np.float64) + lines["term_on_order"].to_numpy(dtype=np.float64)
    )
    return usable


def words(line: Mapping[str, Any], currency: str) -> tuple[str, str]:
    """Say how far below the point a line is, and what to order."""
    at = -(float(line["term_on_hand"]) + float(line["term_on_order"]))
    worth = money(float(line["expected_profit"]), currency)
    cause = (
        f"Stock and orders of {units(at)} are below the reorder point of {units(line['reorder_point'])}; "
        f"the order is expected to gain {worth}."
    )
    act = f"Order {units(line['quantity'])} by {day(line['order_by'])}, arriving {day(line['arrival_date'])}."
    return cause, act
