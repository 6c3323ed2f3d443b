"""A scenario planned again: its lines and figures, kept in the lake under the hash of what they depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from data_lake.errors import NoSuchObject
from data_lake.lake import Lake
from data_lake.progress import Progress
from engine.replenishment.lines import LinePlans
from engine.replenishment.plan import plan_lines
from jobs.code_version import code_version
from jobs.scenario_apply import Applied, apply_changes
from jobs.scenario_base import ScenarioBase
from jobs.scenario_changes import Change, changes_json
from jobs.scenario_lines import figure_frame, figures_of, line_frame

RESULTS = "scenario_results/"
"""`scenario_results/<hash>.json` names the versions of the tables that hold a result."""

BATCH = 256
"""Lines planned between two words of progress."""


@dataclass(frozen=True)
class ScenarioResult:
    """What the changes do to a run's plan."""

    result: str
    """Hash of the run, the changes and the code."""
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
    """Name what a result depends on: the same changes of the same run by the same code."""
    identity = json.dumps([base.run.run_id, changes_json(changes), code_version()])
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def plan_scenario(
    base: ScenarioBase, changes: Sequence[Change], *, progress: Progress | None = None
) -> ScenarioResult:
    """Plan the lines that changes touch again, over the paths of the run; keep the result in the lake.

    The demand paths and lead times are those of the run (common random numbers), so that what differs is
    what the changes do. The result of the same changes is read back, not worked out again.

    Parameters
    ----------
    base : ScenarioBase
    changes : sequence of Change
        Checked; none: the run's own plan.
    progress : callable, optional
        Told what is done and the share of it.
    """
    name = result_id(base, changes)
    return stored_result(base.lake, name) or _keep(base.lake, compute(base, changes, progress=progress))


def compute(
    base: ScenarioBase, changes: Sequence[Change], *, progress: Progress | None = None
) -> ScenarioResult:
    """Plan a scenario; nothing is read from or written to `scenario_results`."""
    tell = progress or (lambda _text, _share: None)
    applied = apply_changes(base, changes)
    lines = _planned(base, applied, result_id(base, changes), tell)
    tell("Scenario planned", 1.0)
    figures = figures_of(lines)
    unchanged = figures if not changes else base_figures(base)
    name = str(lines["result"].iloc[0])
    return ScenarioResult(name, lines, figure_frame(name, figures, unchanged), computed=True)


def base_figures(base: ScenarioBase) -> dict[str, float]:
    """Return the figures of the run's own plan."""
    none = np.empty(0, np.int64)
    return figures_of(line_frame(base, base.inputs, base.offsets, None, none, ""))


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


def _planned(base: ScenarioBase, applied: Applied, name: str, tell: Progress) -> pd.DataFrame:
    offsets = base.offsets if applied.calendar is None else applied.calendar.offsets
    rows = np.flatnonzero(applied.touched & ~base.held)
    if not len(rows):
        return line_frame(base, applied.inputs, offsets, None, rows, name)
    parts = []
    for start in range(0, len(rows), BATCH):
        tell(f"Planning {len(rows):,} lines again", start / len(rows))
        taken = applied.inputs.take(rows[start : start + BATCH])
        parts.append(plan_lines(taken, n_paths=int(base.run.policy["n_paths"])))
    return line_frame(base, applied.inputs, offsets, _joined(parts), rows, name)


def _joined(parts: Sequence[LinePlans]) -> LinePlans:
    return LinePlans(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(LinePlans)
        }
    )
