"""From the engine's arrays to the tables of a run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.contracts import EXPLAIN_TERMS, ORDER_BOUNDS, QUANTILES, TABLES
from engine.forecast.paths import quantiles
from engine.forecast.portfolio import PortfolioForecast
from engine.replenishment.exceptions import describe
from engine.replenishment.lines import LineInputs, LinePlans
from engine.replenishment.value_curves import LineCurves
from jobs.allocations import Allocations
from jobs.curve_tables import line_curves_table
from jobs.demand import LineDemand
from jobs.expiry import expiry_tables
from jobs.forecast_totals import forecast_totals, sold_here
from jobs.inputs import PlanInputs
from jobs.item_state import line_inputs_table
from jobs.joint_orders import JointOrders
from jobs.kpi_facts import kpi_facts
from jobs.kpis import measured_kpis
from jobs.line_inputs import DemandModel, holding_cost_per_day, open_orders, order_offsets
from jobs.override_scope import with_groups
from jobs.supplier_performance import MeasuredSupply
from jobs.supplier_performance_table import supplier_performance
from jobs.transfers import plan_transfers_of

Dates = npt.NDArray[np.datetime64]

OUTPUT_TABLES = (
    "forecasts",
    "forecast_totals",
    "series_models",
    "backtests",
    "forecast_accuracy",
    "driver_effects",
    "line_inputs",
    "plan_lines",
    "line_curves",
    "allocations",
    "order_terms",
    "order_increments",
    "write_offs",
    "expiry_acts",
    "transfers",
    "transfers_idle",
    "data_faults",
    "kpis",
    "kpi_facts",
    "overrides",
    "supplier_performance",
)
"""Tables that a run writes, whole."""


@dataclass(frozen=True)
class Computed:
    """Everything that the plan worked out; row i of each part is line i."""

    run_id: str
    inputs: PlanInputs
    lines: pd.DataFrame
    sold: LineDemand
    line_inputs: LineInputs
    plans: LinePlans
    curves: LineCurves
    allocations: Allocations
    joint: JointOrders
    forecast: PortfolioForecast
    demand: DemandModel
    dates: Dates
    """First day of each forecast period, [h]."""
    override_factors: npt.NDArray[np.float64]
    driver_effects: pd.DataFrame
    driver_factors: npt.NDArray[np.float64]
    faults: pd.DataFrame
    held: pd.DataFrame
    supply: MeasuredSupply


def plan_tables(done: Computed) -> dict[str, pd.DataFrame]:
    """Return the frames of `OUTPUT_TABLES`, in the columns of their contracts."""
    lines = _plan_lines(done)
    facts = _kpi_facts(done, lines)
    moves = plan_transfers_of(done.inputs, done.lines, done.line_inputs, done.plans, held=done.held)
    frames = {
        "forecasts": _forecasts(done),
        "forecast_totals": _forecast_totals(done),
        "series_models": _series_models(done),
        "backtests": done.forecast.backtests.assign(run_id=done.run_id),
        "forecast_accuracy": _forecast_accuracy(done),
        "driver_effects": done.driver_effects.assign(run_id=done.run_id),
        "line_inputs": line_inputs_table(done.run_id, done.lines, done.line_inputs),
        "plan_lines": lines,
        "line_curves": line_curves_table(done.run_id, done.lines, done.curves),
        "allocations": _allocations(done),
        "order_terms": done.joint.terms.assign(run_id=done.run_id),
        "order_increments": done.joint.increments.assign(run_id=done.run_id),
        **expiry_tables(done, lines, moves.transfers),
        "transfers": moves.transfers.assign(run_id=done.run_id),
        "transfers_idle": moves.idle.assign(run_id=done.run_id),
        "data_faults": done.faults.assign(run_id=done.run_id),
        "kpis": pd.concat([_kpis(done, lines), measured_kpis(facts).assign(run_id=done.run_id)]),
        "kpi_facts": facts.assign(run_id=done.run_id),
        "overrides": done.inputs.overrides,
        "supplier_performance": supplier_performance(done, lines),
    }
    return {name: frame.reindex(columns=list(TABLES[name].names)) for name, frame in frames.items()}


def period_start(as_of: dt.date, period: str, offset: npt.NDArray[np.int64]) -> Dates:
    """Return the first day of the period `offset` periods after the one that begins on `as_of`; −1: NaT."""
    day = np.datetime64(as_of, "D")
    if period == "M":
        months = as_of.day - 1
        dates = (day.astype("datetime64[M]") + offset).astype("datetime64[D]") + months
    else:
        dates = day + offset * (7 if period == "W" else 1)
    return np.where(offset < 0, np.datetime64("NaT", "D"), dates)


def _plan_lines(done: Computed) -> pd.DataFrame:
    lines, plans, inputs = done.lines, done.plans, done.inputs
    offsets = order_offsets(lines, inputs.as_of)
    day = np.datetime64(inputs.as_of, "D")
    frame = pd.DataFrame(
        {
            "run_id": done.run_id,
            "line_id": lines["sku"] + "|" + lines["location"] + "|" + lines["source"],
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
        frame.assign(late_quantity=_late_quantity(done)),
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


def _allocations(done: Computed) -> pd.DataFrame:
    shares = done.allocations.table
    return shares.assign(
        run_id=done.run_id, order_by=_period_column(done, shares["period"].to_numpy(dtype=np.int64))
    )


def _late_quantity(done: Computed) -> npt.NDArray[np.float64]:
    """Return what is overdue on open orders, [n]."""
    orders = open_orders(done.inputs.tables["orders"])
    late = orders[orders["due"] < pd.Timestamp(done.inputs.as_of)]
    overdue = late.groupby(["sku", "to_location"])["open_quantity"].sum()
    index = pd.MultiIndex.from_frame(done.lines[["sku", "location"]])
    return overdue.reindex(index).fillna(0.0).to_numpy(dtype=np.float64)


def _forecasts(done: Computed) -> pd.DataFrame:
    n, horizon = done.demand.mean.shape
    bands = quantiles(done.demand.mean, done.demand.level_cv, done.demand.dispersion, QUANTILES)
    names = [name for name in TABLES["forecasts"].names if name.startswith("q")]
    return pd.DataFrame(
        {
            "run_id": done.run_id,
            "sku": np.repeat(done.lines["sku"].to_numpy(), horizon),
            "location": np.repeat(done.lines["location"].to_numpy(), horizon),
            "date": np.tile(done.dates, n),
            "mean": done.demand.mean.ravel(),
            "statistical": done.forecast.mean[:, -horizon:].ravel(),
            **{name: bands[:, :, i].ravel() for i, name in enumerate(names)},
            "model": np.repeat(done.forecast.model, horizon),
            "censoring_share": np.repeat(done.forecast.censoring_share, horizon),
            "driver_factor": done.driver_factors.ravel(),
        }
    )


def _forecast_accuracy(done: Computed) -> pd.DataFrame:
    scores = done.forecast.accuracy_by_segment.rename(columns={"segment": "pattern"})
    return scores.assign(run_id=done.run_id)


def _forecast_totals(done: Computed) -> pd.DataFrame:
    tables = done.inputs.tables
    groups = with_groups(done.lines, tables["products"], tables["locations"])
    totals = forecast_totals(groups, sold_here(done.lines), done.demand, done.dates, done.forecast.held_out)
    return totals.assign(run_id=done.run_id)


def _series_models(done: Computed) -> pd.DataFrame:
    forecast = done.forecast
    plain = done.demand.mean / np.where(done.override_factors > 0, done.override_factors, 1.0)
    total = plain.sum(axis=1)
    return pd.DataFrame(
        {
            "run_id": done.run_id,
            "sku": done.lines["sku"],
            "location": done.lines["location"],
            "model": forecast.model,
            "reason": forecast.reason,
            "pattern": forecast.pattern,
            "adi": forecast.adi,
            "cv2": forecast.cv2,
            "level_cv": forecast.level_cv,
            "dispersion": forecast.dispersion,
            "path_seed": [f"{seed:016x}" for seed in forecast.seeds],
            "wape": forecast.wape,
            "bias": forecast.bias,
            "wape_naive": forecast.wape_naive,
            "censoring_share": forecast.censoring_share,
            "override_factor": np.where(
                total > 0, done.demand.mean.sum(axis=1) / np.maximum(total, 1e-12), 1.0
            ),
        }
    )


def _kpis(done: Computed, lines: pd.DataFrame) -> pd.DataFrame:
    """Return headline figures: sums and demand-weighted means over the lines of `plan_lines`."""
    proposed = lines[lines["status"] == "proposed"]
    due = proposed[proposed["order_by"] == pd.Timestamp(done.inputs.as_of)]
    exceptions, held = lines["exception"].notna(), lines["status"] == "held"
    demand = lines["term_demand"].to_numpy()
    weight = demand / demand.sum() if demand.sum() > 0 else np.full(len(lines), 1 / max(len(lines), 1))
    figures: Mapping[str, tuple[float, str]] = {
        "money_at_risk": (lines.loc[exceptions, "money_at_risk"].sum(), "money"),
        "exceptions": (exceptions.sum(), "lines"),
        "fill_rate_without_orders": ((lines["fill_before"] * weight).sum(), "share"),
        "fill_rate_with_orders": ((lines["fill_after"] * weight).sum(), "share"),
        "orders_proposed": (len(proposed), "lines"),
        "orders_due": (len(due), "lines"),
        "order_value": (proposed["value"].sum(), "money"),
        "order_value_due": (due["value"].sum(), "money"),
        "stock_value": ((lines["on_hand"].clip(lower=0) * lines["unit_cost"]).sum(), "money"),
        "excess_value": ((lines["excess_units"] * lines["unit_cost"]).sum(), "money"),
        "expected_write_off": ((lines["waste_after"] * lines["unit_cost"]).sum(), "money"),
        "lines": (len(lines), "lines"),
        "lines_held": (held.sum(), "lines"),
        "lines_assumed": ((done.lines["assumed"] != "").sum(), "lines"),
        "wape": (_pooled(done, done.forecast.wape), "share"),
        "wape_naive": (_pooled(done, done.forecast.wape_naive), "share"),
    }
    return pd.DataFrame(
        {
            "run_id": done.run_id,
            "name": list(figures),
            "value": [float(value) for value, _ in figures.values()],
            "unit": [unit for _, unit in figures.values()],
        }
    )


def _kpi_facts(done: Computed, lines: pd.DataFrame) -> pd.DataFrame:
    """Return the sums that key figures are ratios of; each line's backtest weighs its forecast demand."""
    demand = done.demand.mean.sum(axis=1)
    return kpi_facts(
        sold=done.sold,
        tables=done.inputs.tables,
        lines=done.lines,
        plan_lines=lines,
        error=done.forecast.wape * demand,
        actual=demand,
        as_of=done.inputs.as_of,
    )


def _pooled(done: Computed, error: npt.NDArray[np.float64]) -> float:
    """Return the mean of a relative error over series, weighted by forecast demand; 0 if none is known."""
    weight = np.where(np.isnan(error), 0.0, done.demand.mean.sum(axis=1))
    return float((np.nan_to_num(error) * weight).sum() / weight.sum()) if weight.sum() > 0 else 0.0


def _day_column(dates: Dates) -> pd.Series:
    return pd.Series(dates.astype("datetime64[us]"))


def _period_column(done: Computed, offset: npt.NDArray[np.int64]) -> pd.Series:
    return _day_column(period_start(done.inputs.as_of, done.inputs.period, offset))
