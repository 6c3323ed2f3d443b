"""From the engine's arrays to the tables of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.contracts import QUANTILES, TABLES
from engine.forecast.paths import quantiles
from engine.forecast.portfolio import PortfolioForecast
from jobs.allocations import Allocations
from jobs.curve_tables import line_curves_table
from jobs.demand import LineDemand
from jobs.expiry import expiry_tables
from jobs.expiry_response import responses_table
from jobs.forecast_totals import forecast_totals, sold_here
from jobs.headlines import headlines
from jobs.item_state import line_inputs_table
from jobs.joint_orders import JointOrders
from jobs.kpi_facts import kpi_facts, obsolete_lines
from jobs.kpis import measured_kpis
from jobs.line_inputs import DemandModel
from jobs.line_state import line_plans_table, line_terms_table
from jobs.override_scope import with_groups
from jobs.plan_line_table import Decided, allocations_table, plan_lines_table
from jobs.supplier_performance import MeasuredSupply
from jobs.supplier_performance_table import supplier_performance
from jobs.transfers import plan_transfers_of

OUTPUT_TABLES = (
    "forecasts",
    "forecast_totals",
    "series_models",
    "backtests",
    "forecast_accuracy",
    "driver_effects",
    "line_terms",
    "line_inputs",
    "line_plans",
    "line_curves",
    "plan_lines",
    "markdown_responses",
    "allocations",
    "order_terms",
    "order_increments",
    "write_offs",
    "expiry_acts",
    "transfers",
    "transfers_idle",
    "transfer_loads",
    "data_faults",
    "kpis",
    "kpi_facts",
    "overrides",
    "supplier_performance",
)
"""Tables that a run writes, whole."""


@dataclass(frozen=True)
class Computed(Decided):
    """Everything that the plan worked out; row i of each part is line i."""

    sold: LineDemand
    allocations: Allocations
    joint: JointOrders
    forecast: PortfolioForecast
    demand: DemandModel
    override_factors: npt.NDArray[np.float64]
    driver_effects: pd.DataFrame
    driver_factors: npt.NDArray[np.float64]
    faults: pd.DataFrame
    measured: MeasuredSupply


def plan_tables(done: Computed) -> dict[str, pd.DataFrame]:
    """Return the frames of `OUTPUT_TABLES`, in the columns of their contracts."""
    lines = plan_lines_table(done)
    facts = _kpi_facts(done, lines)
    moves = plan_transfers_of(done.inputs, done.lines, done.line_inputs, done.plans, held=done.held)
    frames = {
        "forecasts": _forecasts(done),
        "forecast_totals": _forecast_totals(done),
        "series_models": _series_models(done),
        "backtests": done.forecast.backtests.assign(run_id=done.run_id),
        "forecast_accuracy": _forecast_accuracy(done),
        "driver_effects": done.driver_effects.assign(run_id=done.run_id),
        "line_terms": line_terms_table(
            done.run_id,
            done.lines,
            done.demand,
            done.sold.sells,
            obsolete_lines(done.lines, done.inputs.tables, done.inputs.as_of),
        ),
        "markdown_responses": responses_table(done.run_id, done.lines, done.responses),
        **line_tables(done, lines),
        "allocations": allocations_table(done, done.allocations.table),
        "order_terms": done.joint.terms.assign(run_id=done.run_id),
        "order_increments": done.joint.increments.assign(run_id=done.run_id),
        **expiry_tables(done, lines, moves.transfers),
        "transfers": moves.transfers.assign(run_id=done.run_id),
        "transfers_idle": moves.idle.assign(run_id=done.run_id),
        "transfer_loads": moves.loads.assign(run_id=done.run_id),
        "data_faults": done.faults.assign(run_id=done.run_id),
        "kpis": pd.concat([_headlines(done, lines), measured_kpis(facts).assign(run_id=done.run_id)]),
        "kpi_facts": facts.assign(run_id=done.run_id),
        "overrides": done.inputs.overrides,
        "supplier_performance": supplier_performance(done, lines),
    }
    return {name: frame.reindex(columns=list(TABLES[name].names)) for name, frame in frames.items()}


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


def line_tables(done: Decided, lines: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables with a row a line that its stock and orders decide; `lines` is `plan_lines`."""
    run_id = done.run_id
    return {
        "line_inputs": line_inputs_table(run_id, done.lines, done.line_inputs),
        "line_plans": line_plans_table(
            run_id, done.lines, done.own, done.plans, done.supply, done.late_quantity
        ),
        "line_curves": line_curves_table(run_id, done.lines, done.curves),
        "plan_lines": lines,
    }


def _headlines(done: Computed, lines: pd.DataFrame) -> pd.DataFrame:
    return headlines(
        done.run_id,
        done.inputs.as_of,
        lines,
        int((done.lines["assumed"] != "").sum()),
        _pooled(done, done.forecast.wape),
        _pooled(done, done.forecast.wape_naive),
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
