"""Stockout: more is lost until the next possible receipt than the service target tolerates.

Nobody has approved the plan's order, so the next receipt that is possible without a decision is that of the
order day after it (`next_arrival_date`). Expected losses until then are the plan's own, over its paths.
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
from engine.replenishment.exception_words import LEAST_UNITS, cause_and_act
from engine.replenishment.words import day, units

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_LEAST_TOLERATED = 0.001
"""A target of all but everything still tolerates one unit in a thousand: no limit is divided by nothing."""


def stockout(lines: pd.DataFrame, limits: Limits, today: date) -> pd.DataFrame:
    """Find lines whose shortage needs somebody now.

    Parameters
    ----------
    lines : DataFrame
        Columns of `plan_lines`, approved orders and transfers counted; rejected; and what proposed transfers
        would do (`engine.alerts.supply`, `engine.alerts.transfer_supply`).
    limits : Limits
    today : date

    Returns
    -------
    DataFrame
        `engine.alerts.finding.COLUMNS`, and covered_on: the day until which the plan's proposal can be
        approved, where it keeps the shortage within the limits: the order, else transfers (by_transfer).

    Notes
    -----
    With L the expected units lost, W the units wanted until the next possible receipt (at least L) and t the
    service target, size = L / ((1 − t) · W); money = L × cost of a unit short. A line counts if its order is
    due (order day at most `ahead_days` away) or could not prevent the shortage any more.
    """
    lost, lost_after = _floats(lines, "lost_before"), _floats(lines, "lost_after")
    price = _floats(lines, "stockout_cost")
    due = is_due(lines, limits, today)
    unavoidable = _times_tolerated(lines, lost_after) >= limits.limit
    usable = (lines["status"] != "held").to_numpy(dtype=np.bool_) & (lost >= LEAST_UNITS)
    found = findings(
        "stockout", lost * price, _times_tolerated(lines, lost), limits, usable & (due | unavoidable)
    )
    row = found["row"].to_numpy()

    def enough(left: Floats) -> Flags:
        still = (_times_tolerated(lines, left) >= limits.limit) & (left >= LEAST_UNITS)
        return ~(still & (left * price >= limits.least_money))

    by_order = proposed_in_time(lines, today) & enough(lost_after)
    saves = _floats(lines, "transfer_saves")
    leaves = lines["transfer_by"].to_numpy(dtype="datetime64[us]")
    by_transfer = (saves > 0.0) & (leaves >= np.datetime64(today)) & enough(np.maximum(lost - saves, 0.0))
    by_transfer &= ~by_order
    until = np.where(by_order, lines["order_by"].to_numpy(dtype="datetime64[us]"), leaves)
    until = np.where(by_order | by_transfer, until, np.datetime64("NaT"))
    return found.assign(covered_on=until[row], by_transfer=by_transfer[row])


def is_due(lines: pd.DataFrame, limits: Limits, today: date) -> Flags:
    """Return whether each line's order is due, [n]."""
    ahead = (lines["order_by"] - pd.Timestamp(today)).dt.days.to_numpy(dtype=np.float64)
    due: Flags = ahead <= limits.ahead_days
    return due


def proposed_in_time(lines: pd.DataFrame, today: date) -> Flags:
    """Return whether an order is proposed that nobody refused and whose day has not passed, [n]."""
    open_ = (lines["status"] == "proposed") & ~lines["rejected"] & (lines["order_by"] >= pd.Timestamp(today))
    return open_.to_numpy(dtype=np.bool_)


def words(line: Mapping[str, Any], currency: str, today: date) -> tuple[str, str]:
    """Say why a line runs short and what to do; an order day that has passed is not proposed any more."""
    late = float(line.get("late_quantity") or 0.0)
    cause, act = cause_and_act("late_supply" if late >= LEAST_UNITS else "stockout", line, currency)
    if line["by_transfer"]:
        moved, leaves = units(line["transfer_quantity"]), day(line["transfer_by"])
        act = f"Approve the transfer of {moved} from {line['transfer_from']}, leaving {leaves}."
    elif float(line["quantity"]) > 0.0 and line["order_by"] < pd.Timestamp(today):
        act = "Plan again: the order day of this plan has passed. Until then expedite, or move stock here."
    return cause, act


def _times_tolerated(lines: pd.DataFrame, lost: Floats) -> Floats:
    wanted = np.maximum(_floats(lines, "term_demand"), lost)
    tolerated = np.maximum(1.0 - _floats(lines, "service_target"), _LEAST_TOLERATED) * wanted
    times: Floats = np.divide(lost, tolerated, out=np.zeros(len(lost)), where=tolerated > 0.0)
    return times


def _floats(lines: pd.DataFrame, name: str) -> Floats:
    return lines[name].to_numpy(dtype=np.float64)
