"""The table `plan_lines`, and what else a run says of the order of each line."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.contracts import EXPLAIN_TERMS, ORDER_BOUNDS
from engine.replenishment.exceptions import describe
from engine.replenishment.lines import LineInputs, LinePlans
from engine.replenishment.value_curves import LineCurves
from jobs.expiry_response import Responses
from jobs.inputs import PlanInputs
from jobs.line_inputs import holding_cost_per_day, order_offsets
from jobs.line_state import line_ids

Dates = npt.NDArray[np.datetime64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Decided:
    """What was decided of some lines of a plan, and from what; row i of each part is line i."""

    run_id: str
    inputs: PlanInputs
    lines: pd.DataFrame
    line_inputs: LineInputs
    own: LinePlans
    """Each line on its own."""
    plans: LinePlans
    """After all that lines share."""
    curves: LineCurves
    held: pd.DataFrame
    dates: Dates
    """First day of each forecast period, [h]."""
    responses: Responses
    """How demand answers markdowns."""
    supply: list[str]
    """Fingerprints of the stock and orders of lines (`jobs.supply_marks`)."""
    late_quantity: Floats
    """Overdue on open orders [each], [n]."""


def period_start(as_of: dt.date, period: str, offset: npt.NDArray[np.int64]) -> Dates:
    """Return the first day of the period `offset` periods after the one that begins on `as_of`; −1: NaT."""
    day = np.datetime64(as_of, "D")
    if period == "M":
        months = as_of.day - 1
        dates = (day.astype("datetime64[M]") + offset).astype("datetime64[D]") + months
    else:
        dates = day + offset * (7 if period == "W" else 1)
    return np.where(offset < 0, np.datetime64("NaT", "D"), dates)


def plan_lines_table(done: Decided) -> pd.DataFrame:
    """Return the contract `plan_lines`; held lines order nothing."""
    lines, plans, inputs = done.lines, done.plans, done.inputs
    offsets = order_offsets(lines, inputs.as_of)
    day = np.datetime64(inputs.as_of, "D")
    frame = pd.DataFrame(
        {
            "run_id": done.run_id,
            "line_id": line_ids(lines),
            "sku": lines["sku"],
            "location": lines["location"],
            "source": lines["source"],
            "source_kind": lines["source_kind"],
            "quantity": plans.quantity,
            "unit_cost": lines["unit_cost"],
            "order_by": _day_column(day + offsets[:, 0]),
            "next_order_date": _day_column(day + offsets[:, 1]),
            "arrival_date": _period_column(done, plans.arrival_period),
            "next_arrival_date": _period_column(done, plans.next_arrival_period),
            "need_date": _period_column(done, plans.need_period),
            **{term: getattr(plans, term) for term in EXPLAIN_TERMS},
            **{name: getattr(plans, name) for name in _SAME_NAME},
            "bound": np.array(ORDER_BOUNDS)[plans.bound],
            "lead_time_mean": lines["lead_time_mean"],
            "lead_time_sd": lines["lead_time_sd"],
            **{name: lines[name] for name in _OF_SUPPLY},
            "moq": lines["moq"],
            "order_multiple": lines["order_multiple"],
            "target_kind": lines["target_kind"],
            "holding_cost": holding_cost_per_day(lines),
            "expected_demand_daily": plans.demand_rate / done.line_inputs.period_days,
            "days_of_cover": plans.cover * done.line_inputs.period_days,
            "projected_stock": list(plans.projected_stock),
            "projected_stock_with_order": list(plans.projected_stock_with_order),
        }
    )
    frame["status"] = np.where(frame["quantity"] > 0, "proposed", "none")
    frame = _hold(frame, done.held)
    frame["value"] = frame["quantity"] * frame["unit_cost"]
    words = describe(
        frame.assign(late_quantity=done.late_quantity),
        as_of=inputs.as_of,
        currency=inputs.settings["currency"],
        least_money=inputs.settings.number("exception_least_money"),
    )
    return frame.join(words)


_OF_SUPPLY = ("promised_lead_time", "lead_time_basis", "delivered_share", "loss_chance")
"""Columns of `plan_lines` that `jobs.line_terms` takes from order history."""

_SAME_NAME = (
    "on_hand",
    "on_order",
    "service_target",
    "stockout_cost",
    "reorder_point",
    "order_up_to",
    "fill_before",
    "fill_after",
    "lost_before",
    "lost_after",
    "waste_before",
    "waste_after",
    "expected_profit",
    "confidence",
    "excess_units",
    "money_at_risk",
)
"""Columns of `plan_lines` that `LinePlans` names alike."""


def _hold(frame: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """Take the order off lines whose data is wrong; terms and money are zero, not figures of nothing."""
    reason = held.groupby(["sku", "location"])["reason"].agg("; ".join)
    frame = frame.merge(reason.rename("held_reason").reset_index(), on=["sku", "location"], how="left")
    wrong = frame["held_reason"].notna()
    frame.loc[wrong, "status"] = "held"
    frame.loc[wrong, ["quantity", "expected_profit", "confidence", "money_at_risk", *EXPLAIN_TERMS]] = 0.0
    for figure in ("fill", "lost", "waste"):
        frame.loc[wrong, f"{figure}_after"] = frame.loc[wrong, f"{figure}_before"]
    return frame


def allocations_table(done: Decided, shares: pd.DataFrame) -> pd.DataFrame:
    """Return the contract `allocations`; `shares` as in `jobs.allocations.Allocations`."""
    return shares.assign(
        run_id=done.run_id, order_by=_period_column(done, shares["period"].to_numpy(dtype=np.int64))
    )


def _day_column(dates: Dates) -> pd.Series:
    return pd.Series(dates.astype("datetime64[us]"))


def _period_column(done: Decided, offset: npt.NDArray[np.int64]) -> pd.Series:
    return _day_column(period_start(done.inputs.as_of, done.inputs.period, offset))
