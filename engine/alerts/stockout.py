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

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_LEAST_TOLERATED = 0.001
"""A target of all but everything still tolerates one unit in a thousand: no limit is divided by nothing."""


def stockout(lines: pd.DataFrame, limits: Limits, today: date) -> pd.DataFrame:
    """Find lines whose shortage needs somebody now.

    Parameters
    ----------
    lines : DataFrame
        Columns of `plan_lines`, approved orders counted (`engine.alerts.supply`).
    limits : Limits
    today : date

    Returns
    -------
    DataFrame
        `engine.alerts.finding.COLUMNS`, and covered: the proposed order keeps the shortage within the limits.

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
    still = (
        (_times_tolerated(lines, lost_after) >= limits.limit)
        & (lost_after >= LEAST_UNITS)
        & (lost_after * price >= limits.least_money)
    )
    proposed = (lines["status"] == "proposed").to_numpy(dtype=np.bool_) & in_time(lines, today)
    return found.assign(covered=(proposed & ~still)[row])


def is_due(lines: pd.DataFrame, limits: Limits, today: date) -> Flags:
    """Return whether each line's order is due, [n]."""
    ahead = (lines["order_by"] - pd.Timestamp(today)).dt.days.to_numpy(dtype=np.float64)
    due: Flags = ahead <= limits.ahead_days
    return due


def in_time(lines: pd.DataFrame, today: date) -> Flags:
    """Return whether each line's order day has not passed, [n]."""
    return (lines["order_by"] >= pd.Timestamp(today)).to_numpy(dtype=np.bool_)


def words(line: Mapping[str, Any], currency: str, today: date) -> tuple[str, str]:
    """Say why a line runs short and what to do; an order day that has passed is not proposed any more."""
    late = float(line.get("late_quantity") or 0.0)
    cause, act = cause_and_act("late_supply" if late >= LEAST_UNITS else "stockout", line, currency)
    if float(line["quantity"]) > 0.0 and line["order_by"] < pd.Timestamp(today):
        act = "Plan again: the order day of this plan has passed. Until then expedite, or move stock here."
    return cause, act


def _times_tolerated(lines: pd.DataFrame, lost: Floats) -> Floats:
    wanted = np.maximum(_floats(lines, "term_demand"), lost)
    tolerated = np.maximum(1.0 - _floats(lines, "service_target"), _LEAST_TOLERATED) * wanted
    times: Floats = np.divide(lost, tolerated, out=np.zeros(len(lost)), where=tolerated > 0.0)
    return times


def _floats(lines: pd.DataFrame, name: str) -> Floats:
    return lines[name].to_numpy(dtype=np.float64)
