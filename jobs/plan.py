"""Plan: read the lake at one state, check it, forecast, decide, write the tables, commit the run last.

Deterministic: a run is named by what went into it (docs/adr/0004), no clock enters a table, and the same
inputs, policy, seed and code give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.errors import NoSuchObject
from data_lake.lake import Lake
from data_lake.ledger import read_events
from data_lake.progress import Progress
from data_lake.runs import Run, current_number, read_run, store_run
from engine.contracts import SETTING_DEFAULTS
from engine.forecast.portfolio import PortfolioForecast, forecast_panel
from engine.health import check, held_lines
from jobs.code_version import code_version
from jobs.demand import line_demand
from jobs.driver_effects import driver_effects, driver_factors
from jobs.drivers import plan_drivers
from jobs.expiry_response import allowed_depths, markdown_responses
from jobs.inputs import PlanInputs, load_inputs
from jobs.lifecycle import plan_lifecycle
from jobs.line_inputs import DemandModel, build_line_inputs, latest_stock, protection_periods
from jobs.line_terms import line_terms
from jobs.override_factors import planned_factors
from jobs.override_scope import with_groups
from jobs.plan_orders import plan_orders
from jobs.plan_tables import OUTPUT_TABLES, Computed, plan_tables
from jobs.replan import made_current
from jobs.replan_reasons import decisions_digest
from jobs.supplier_performance import measured_supply
from jobs.supply_marks import late_quantity, supply_marks
from jobs.supply_then import full_plan_of, measured_then

N_PATHS = 300
"""Demand paths a line: the order quantity's sampling error is then well below one case pack."""

HORIZON = {"D": (56, 366), "W": (13, 53), "M": (6, 18)}
"""Least and most periods forecast: what a page shows, and what the longest lead time may ask for."""

LATENESS = 1.5
"""Forecast this many times the longest protection period, so that late deliveries are seen."""


def plan(
    lake: Lake,
    *,
    as_of: dt.date | None = None,
    seed: int = 7,
    model: str | None = None,
    force: bool = False,
    measured_in: Run | None = None,
    progress: Progress | None = None,
) -> Run:
    """Plan every product and location; return the committed run.

    Parameters
    ----------
    lake : Lake
    as_of : date, optional
        Day planned for; default: the period after the last one with sales.
    seed : int
        Of the sample paths.
    model : str, optional
        One forecasting model for every series (for example `prophet-stan`) instead of the backtest's choice.
    force : bool
        Compute again although the same run exists; must give the same tables.
    measured_in : Run, optional
        Plan with what order history said of sources then, as the re-plans of that run do.
    progress : callable, optional

    Raises
    ------
    JobError
        If there is nothing to plan; says what to import.
    """
    tell = progress or (lambda _text, _share: None)
    tell("Reading the lake", 0.0)
    number = current_number(lake)  # before anything is read: who reads later has seen more
    started = dt.datetime.now(dt.UTC)  # before the ledger is read: what is approved later was not known
    decisions = decisions_digest(read_events(lake))
    inputs = load_inputs(lake, as_of=as_of)
    policy: dict[str, Any] = {
        "decisions": decisions,
        "settings": {name: inputs.settings[name] for name in SETTING_DEFAULTS},
        "model": model,
        "n_paths": N_PATHS,
    }
    if measured_in is not None:
        policy["measured_in"] = full_plan_of(lake, measured_in).run_id
    run_id = _run_id(inputs, policy, seed)
    earlier = _existing(lake, run_id)
    if earlier is not None and not force:
        tell(f"Nothing changed since run {run_id}", 1.0)
        return made_current(lake, earlier, after=number, at=started)

    tell("Checking the data", 0.15)
    faults = check(inputs.tables, as_of=inputs.as_of, period=inputs.period)
    supply = (
        measured_supply(inputs.tables, inputs.as_of)
        if measured_in is None
        else measured_then(lake, measured_in)
    )
    lines = line_terms(inputs, supply)
    protection = protection_periods(lines, inputs.as_of, inputs.period)
    held = held_lines(faults, lines[["sku", "location"]])
    is_held = _among(lines, held)
    horizon = _horizon(protection[~is_held], inputs.period)

    tell(f"Forecasting {len(lines):,} series", 0.25)
    gap = inputs.periods_since_sales
    sold = line_demand(inputs.sales, lines, inputs.tables["products"])
    panel = replace(sold.panel, drivers=plan_drivers(inputs, lines, gap + horizon))
    # Whether a line was approved today must not change how it, or any other, is forecast.
    unordered = lines.assign(next_order_date=pd.Series(pd.NaT, index=lines.index))
    forecast = forecast_panel(
        panel,
        gap + horizon,
        protection_periods=protection_periods(unordered, inputs.as_of, inputs.period),
        seed=seed,
        models=None if model is None else (model,),
        lifecycle=plan_lifecycle(inputs, lines),
    )
    dates = panel.future_dates(gap + horizon)[gap:]
    groups = with_groups(lines, inputs.tables["products"], inputs.tables["locations"])
    factors = planned_factors(inputs.overrides, lines, groups, dates, forecast.mean[:, gap:])
    demand = demand_model(forecast, forecast.mean[:, gap:] * factors)

    tell(f"Planning {len(lines):,} lines", 0.6)
    stock = latest_stock(inputs.tables["inventory_snapshot"])
    line_inputs = build_line_inputs(
        lines, demand, stock, inputs.tables["orders"], as_of=inputs.as_of, period=inputs.period
    )
    planned = plan_orders(inputs, lines, line_inputs, is_held, forecast.held_out, n_paths=N_PATHS)

    tell("Writing the plan", 0.85)
    effects = driver_effects(panel, forecast.effects)
    depths = allowed_depths(inputs.settings)
    orders = inputs.tables["orders"]
    tables = plan_tables(
        Computed(
            run_id=run_id,
            inputs=inputs,
            lines=lines,
            sold=sold,
            line_inputs=planned.line_inputs,
            own=planned.own,
            plans=planned.plans,
            curves=planned.curves,
            allocations=planned.allocations,
            joint=planned.joint,
            forecast=forecast,
            demand=demand,
            dates=dates,
            override_factors=factors,
            driver_effects=effects,
            driver_factors=driver_factors(forecast.effects, len(lines), horizon, gap),
            responses=markdown_responses(forecast.effects, effects, len(lines), depths, gap=gap),
            faults=pd.concat([faults, planned.faults], ignore_index=True),
            held=held,
            measured=supply,
            supply=supply_marks(lines, stock, orders, inputs.as_of),
            late_quantity=late_quantity(lines, orders, inputs.as_of),
        )
    )
    outputs = {name: _written(lake, name, tables[name], earlier) for name in OUTPUT_TABLES}
    summary = dict(zip(tables["kpis"]["name"], tables["kpis"]["value"], strict=True))
    summary["level_correlation"] = planned.level_correlation
    run = store_run(
        lake,
        Run(
            run_id=run_id,
            as_of=inputs.as_of,
            created_at=started,
            # the same content may have another number by now, and the run is the same
            inputs=dict(inputs.versions) if earlier is None else earlier.inputs,
            outputs=outputs,
            policy=policy,
            seed=seed,
            code_version=code_version(),
            period=inputs.period,
            summary=summary,
        ),
    )
    run = made_current(lake, run, after=number, at=started)
    tell(f"Run {run.run_id} is ready", 1.0)
    return run


def _written(lake: Lake, table: str, frame: pd.DataFrame, earlier: Run | None) -> int:
    """Write one table; return its version: the earlier run's own where the bytes are the same."""
    version = lake.replace(table, frame)
    if earlier is not None and lake.version(table, earlier.outputs[table]).files == version.files:
        return earlier.outputs[table]
    return version.number


def demand_model(forecast: PortfolioForecast, mean: npt.NDArray[np.float64]) -> DemandModel:
    """Return what regenerates the demand paths, with `mean` in place of the forecast's own."""
    return DemandModel(
        mean=mean, level_cv=forecast.level_cv, dispersion=forecast.dispersion, path_seed=forecast.seeds
    )


def _run_id(inputs: PlanInputs, policy: dict[str, Any], seed: int) -> str:
    identity = json.dumps([inputs.digest, policy, seed, code_version()], sort_keys=True)
    return f"{inputs.as_of:%Y%m%d}-{hashlib.sha256(identity.encode()).hexdigest()[:10]}"


def _existing(lake: Lake, run_id: str) -> Run | None:
    try:
        return read_run(lake, run_id)
    except NoSuchObject:
        return None


def _among(lines: pd.DataFrame, held: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return whether each line is held, [n]."""
    keys = pd.MultiIndex.from_frame(lines[["sku", "location"]])
    return np.asarray(keys.isin(pd.MultiIndex.from_frame(held[["sku", "location"]])))


def _horizon(protection: npt.NDArray[np.int64], period: str) -> int:
    """Return periods to forecast: until the slowest next order arrives, late, within `HORIZON`."""
    least, most = HORIZON[period]
    return int(np.clip(LATENESS * protection.max(initial=0), least, most))
