"""A scenario planned again: its lines and figures, kept in the lake under the hash of what they depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from data_lake.errors import NoSuchObject
from data_lake.lake import Lake
from data_lake.progress import Progress
from engine.replenishment.lines import LineInputs
from jobs.inputs import PlanInputs
from jobs.line_inputs import DemandModel, build_line_inputs, latest_stock, order_offsets
from jobs.line_terms import line_terms
from jobs.override_factors import planned_factors
from jobs.override_scope import SELECTORS
from jobs.plan_orders import plan_orders
from jobs.scenario_apply import demand_overrides, override_frame
from jobs.scenario_base import ScenarioBase
from jobs.scenario_changes import Change, changes_json
from jobs.scenario_lines import figure_frame, figures_of, line_frame
from jobs.scenario_writes import effect_of, written
from jobs.settings import Settings

RESULTS = "scenario_results/"
"""`scenario_results/<hash>.json` names the versions of the tables that hold a result."""


@dataclass(frozen=True)
class ScenarioResult:
    """What the changes do to a run's plan."""

    result: str
    """Hash of the run and the changes."""
    lines: pd.DataFrame
    """Contract `scenario_lines`."""
    figures: pd.DataFrame
    """Contract `scenario_figures`."""
    computed: bool = False
    """It was planned now; False: it was in the lake."""

    @property
    def values(self) -> dict[str, float]:
        """The figures by name."""
        return dict(zip(self.figures["name"], self.figures["value"], strict=True))


def result_id(base: ScenarioBase, changes: Sequence[Change]) -> str:
    """Name what a result depends on: the same changes of the same run, which was made by one code."""
    identity = json.dumps([base.run.run_id, changes_json(changes)])
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def plan_scenario(
    base: ScenarioBase, changes: Sequence[Change], *, progress: Progress | None = None
) -> ScenarioResult:
    """Plan a run again under changes, over its own paths; keep the result in the lake.

    The demand paths and lead times are those of the run (common random numbers), so that what differs is
    what the changes do. The result of the same changes is read back, not worked out again.

    Parameters
    ----------
    base : ScenarioBase
    changes : sequence of Change
        Checked; none: the run's own plan again.
    progress : callable, optional
        Told what is done and the share of it.
    """
    name = result_id(base, changes)
    return stored_result(base.lake, name) or _keep(base.lake, compute(base, changes, progress=progress))


def compute(
    base: ScenarioBase, changes: Sequence[Change], *, progress: Progress | None = None
) -> ScenarioResult:
    """Plan a scenario; nothing is read from or written to `scenario_results`.

    What the changes write is put on the run's inputs in memory, and these are planned by the plan job's own
    code, from the terms of the lines to the orders. So what is promoted plans the same.
    """
    tell = progress or (lambda _text, _share: None)
    name = result_id(base, changes)
    tell("Reading what the plan was made from", 0.0)
    terms, line_inputs, inputs = scenario_inputs(base, changes)
    tell(f"Planning {len(terms):,} lines again", 0.2)
    planned = plan_orders(
        inputs,
        terms,
        line_inputs,
        base.held,
        None,
        n_paths=int(base.run.policy["n_paths"]),
        level_correlation=base.run.summary.get("level_correlation"),
    )
    tell("Comparing", 0.95)
    offsets = order_offsets(terms, base.as_of)
    lines = line_frame(base, planned.line_inputs, offsets, planned.plans, name)
    figures = figures_of(lines)
    tell("The scenario is planned", 1.0)
    return ScenarioResult(name, lines, figure_frame(name, figures, base_figures(base)), computed=True)


def scenario_inputs(
    base: ScenarioBase, changes: Sequence[Change]
) -> tuple[pd.DataFrame, LineInputs, PlanInputs]:
    """Return the terms of the lines, what they are planned on, and the inputs, all under the changes.

    A changed lead time is the one that is planned with, whatever order history says of it.
    """
    seen, effect = base.plan_inputs, effect_of(base, changes)
    tables = dict(seen.tables)
    for table in {write.table for write in effect.writes}:
        own = [write for write in effect.writes if write.table == table]
        tables[table] = written(tables[table], own)
    budget = {write.key["name"]: write.after["value"] for write in effect.writes if write.table == "settings"}
    known = Settings({**seen.settings, **budget}, seen.settings.defaulted)
    inputs = replace(seen, tables=tables, settings=known)
    terms = line_terms(inputs, base.supply)
    direct = {change.parameter for change in changes} & {"lead_time_mean", "lead_time_sd"}
    terms = terms.assign(**{parameter: effect.terms[parameter] for parameter in direct})
    made = override_frame([row for change in changes for row in demand_overrides(base, change)])
    overrides = pd.concat([seen.overrides, made], ignore_index=True) if len(made) else seen.overrides
    line_inputs = build_line_inputs(
        terms,
        _demand(base, overrides),
        latest_stock(tables["inventory_snapshot"]),
        tables["orders"],
        as_of=base.as_of,
        period=base.run.period,
    )
    return terms, line_inputs, replace(inputs, overrides=overrides)


def _demand(base: ScenarioBase, overrides: pd.DataFrame) -> DemandModel:
    """Return the demand of every line's own forecast with overrides, as the plan job works it out."""
    statistical, dates = base.statistical
    factors = planned_factors(overrides, base.terms, base.lines[list(SELECTORS)], dates, statistical)
    return DemandModel(
        mean=statistical * factors,
        level_cv=base.models["level_cv"].to_numpy(dtype=np.float64),
        dispersion=base.models["dispersion"].to_numpy(dtype=np.float64),
        path_seed=np.array([int(seed, 16) for seed in base.models["path_seed"]], dtype=np.uint64),
    )


def base_figures(base: ScenarioBase) -> dict[str, float]:
    """Return the figures of the run's own plan."""
    return figures_of(line_frame(base, base.inputs, base.offsets, None, ""))


def stored_result(lake: Lake, name: str) -> ScenarioResult | None:
    """Read a result back; None: it was not worked out yet."""
    try:
        record = json.loads(lake.objects.get(f"{RESULTS}{name}.json"))
    except NoSuchObject:
        return None
    lines = lake.read("scenario_lines", version=record["scenario_lines"])
    figures = lake.read("scenario_figures", version=record["scenario_figures"])
    return ScenarioResult(name, lines, figures)


def _keep(lake: Lake, made: ScenarioResult) -> ScenarioResult:
    versions = {
        "scenario_figures": lake.replace("scenario_figures", made.figures).number,
        "scenario_lines": lake.replace("scenario_lines", made.lines).number,
    }
    # two that work out the same at once write the same rows: whichever record stays is right
    lake.objects.put_new(f"{RESULTS}{made.result}.json", json.dumps(versions, sort_keys=True).encode())
    return made
