"""What a scenario starts from: the lines of one run, what each was computed from, and who they belong to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from data_lake.then import LakeThen
from engine.contracts import EXPLAIN_TERMS, TABLES
from engine.replenishment.lines import LineInputs
from jobs.errors import JobError
from jobs.inputs import PlanInputs, load_inputs
from jobs.line_terms import line_terms
from jobs.override_scope import with_groups
from jobs.scenario_changes import Change
from jobs.supplier_performance import MeasuredSupply
from jobs.supply_then import measured_then

Floats = npt.NDArray[np.float64]

ABC_SHARES = (0.80, 0.95)
"""Products at a location that make the first 80 % of demand at cost are A, the next 15 % B, the rest C."""

XYZ_CV2 = (0.5, 1.0)
"""Squared variation of demand sizes below which a line is X, below which it is Y; the rest is Z."""

_RAGGED = {
    "batch": ("batch_quantity", "batch_last_period"),
    "receipt": ("receipt_quantity", "receipt_period"),
}
_OWN = ("run_id", "line_id", "sku", "location", "source", "mean", "path_seed", "period_days")


@dataclass(frozen=True)
class ScenarioBase:
    """The lines of a run in the order of sku and location; row i of each part is line i."""

    lake: Lake
    run: Run
    lines: pd.DataFrame
    """Columns of `plan_lines`, and category, region, abc, xyz."""
    inputs: LineInputs

    @property
    def as_of(self) -> dt.date:
        """Day planned for."""
        return self.run.as_of

    @cached_property
    def held(self) -> npt.NDArray[np.bool_]:
        """Lines that order nothing because of their data, [n]."""
        return self.lines["status"].eq("held").to_numpy(dtype=bool)

    @cached_property
    def plan_inputs(self) -> PlanInputs:
        """Everything that the run read, read again as it was then."""
        return load_inputs(LakeThen(self.lake, self.run), as_of=self.as_of)

    @cached_property
    def supply(self) -> MeasuredSupply:
        """What order history said of the sources."""
        return measured_then(self.lake, self.run)

    @cached_property
    def terms(self) -> pd.DataFrame:
        """Terms of every line: `jobs.line_terms.line_terms`."""
        terms = line_terms(self.plan_inputs, self.supply)
        if not (terms["sku"].equals(self.lines["sku"]) and terms["source"].equals(self.lines["source"])):
            raise JobError(f"run {self.run.run_id} was made by another version, with other lines: plan again")
        return terms

    @cached_property
    def models(self) -> pd.DataFrame:
        """level_cv, dispersion, path_seed of each line's own forecast."""
        stored = read_run_table(self.lake, self.run, "series_models")
        keys = ["sku", "location"]
        return self.lines[keys].merge(stored, on=keys, how="left")

    @cached_property
    def offsets(self) -> npt.NDArray[np.int64]:
        """Days from the day planned to each line's order day and to the next one, [n, 2]."""
        dates = self.lines[["order_by", "next_order_date"]].to_numpy(dtype="datetime64[D]")
        return (dates - np.datetime64(self.as_of, "D")).astype(np.int64)

    @cached_property
    def statistical(self) -> tuple[Floats, npt.NDArray[np.datetime64]]:
        """Forecast before overrides [each/period], [n, h], and the first day of each period, [h]."""
        columns = ["sku", "location", "date", "statistical"]
        stored = read_run_table(self.lake, self.run, "forecasts", columns=columns)
        stored = stored.sort_values(["sku", "location", "date"], kind="stable")
        shape = self.inputs.mean.shape
        if len(stored) != shape[0] * shape[1] or stored["statistical"].isna().any():
            raise JobError(
                f"run {self.run.run_id} does not keep the forecast of every line before overrides: plan again"
            )
        dates = stored["date"].to_numpy(dtype="datetime64[D]")[: shape[1]]
        return stored["statistical"].to_numpy(dtype=np.float64).reshape(shape), dates

    @cached_property
    def codes(self) -> dict[str, list[str]]:
        """Codes that a change of each scope may name."""
        lines = self.lines
        return {
            "all": [],
            "category": sorted({code for code in lines["category"] if code}),
            "supplier": sorted(set(lines["source"])),
            "location": sorted(set(lines["location"])),
            "class": sorted({*lines["abc"], *lines["xyz"], *(lines["abc"] + lines["xyz"])}),
            "sku": sorted(set(lines["sku"])),
            "line": sorted(set(lines["sku"] + "|" + lines["location"])),
        }

    def rows_of(self, change: Change) -> npt.NDArray[np.bool_]:
        """Return which lines a change applies to, [n]."""
        lines, code = self.lines, change.code
        if change.scope == "all":
            return np.ones(len(lines), dtype=bool)
        if change.scope == "line":
            named = lines["sku"] + "|" + lines["location"]
        elif change.scope == "class":
            named = {"A": lines["abc"], "B": lines["abc"], "C": lines["abc"]}.get(code, lines["xyz"])
            named = lines["abc"] + lines["xyz"] if len(code) > 1 else named
        else:
            named = lines[{"supplier": "source"}.get(change.scope, change.scope)]
        return named.eq(code).to_numpy(dtype=bool)


def load_base(lake: Lake, run: Run) -> ScenarioBase:
    """Read the lines of a run and what each was computed from.

    Raises
    ------
    JobError
        The run keeps no line inputs: it was made by an earlier version.
    """
    if "line_inputs" not in run.outputs:
        raise JobError(
            f"run {run.run_id} keeps no line inputs, so it cannot be planned again: shelfcast plan"
        )
    order = ["sku", "location"]
    stored = read_run_table(lake, run, "line_inputs").sort_values(order, ignore_index=True)
    lines = read_run_table(lake, run, "plan_lines").sort_values(order, ignore_index=True)
    if not lines["line_id"].equals(stored["line_id"]):
        raise JobError(f"run {run.run_id}: its plan lines and line inputs differ: shelfcast plan --force")
    groups = with_groups(lines, _seen(lake, run, "products"), _seen(lake, run, "locations"))
    lines = lines.assign(category=groups["category"], region=groups["region"], **_classes(lake, run, lines))
    lines["bound"] = lines["bound"].fillna("none")
    lines[list(EXPLAIN_TERMS)] = lines[list(EXPLAIN_TERMS)].fillna(0.0)
    return ScenarioBase(lake, run, lines, line_inputs_of(stored))


def line_inputs_of(stored: pd.DataFrame) -> LineInputs:
    """Return contract `line_inputs` as the engine's structure; row i is line i."""
    parts: dict[str, Any] = {}
    for name, columns in _RAGGED.items():
        lengths = [len(cell) for cell in stored[columns[0]]]
        parts[f"{name}_line"] = np.repeat(np.arange(len(stored)), lengths)
        for column in columns:
            cells = [np.asarray(cell, dtype=np.float64) for cell in stored[column]]
            parts[column] = np.concatenate(cells) if cells else np.empty(0)
    own = {*_OWN, *(column for columns in _RAGGED.values() for column in columns)}
    scalars = {
        column.name: stored[column.name].to_numpy()
        for column in TABLES["line_inputs"].columns
        if column.name not in own
    }
    return LineInputs(
        mean=np.vstack([np.asarray(row, dtype=np.float64) for row in stored["mean"]]),
        path_seed=np.array([int(seed, 16) for seed in stored["path_seed"]], dtype=np.uint64),
        **parts,
        **scalars,
        period_days=float(stored["period_days"].iloc[0]),
    ).checked()


def _classes(lake: Lake, run: Run, lines: pd.DataFrame) -> Mapping[str, pd.Series]:
    """ABC by demand at cost, XYZ by how much the sizes of demand vary."""
    value = (lines["expected_demand_daily"] * lines["unit_cost"]).fillna(0.0)
    ranked = value.sort_values(ascending=False, kind="stable")
    before = (ranked.cumsum() - ranked) / max(float(ranked.sum()), 1e-12)
    letters = np.array(["A", "B", "C"])
    abc = pd.Series(letters[np.searchsorted(ABC_SHARES, before, side="right")], index=ranked.index)
    models = read_run_table(lake, run, "series_models", columns=["sku", "location", "cv2"])
    cv2 = lines[["sku", "location"]].merge(models, on=["sku", "location"], how="left")["cv2"].fillna(np.inf)
    xyz = np.array(["X", "Y", "Z"])[np.searchsorted(XYZ_CV2, cv2.to_numpy(), side="right")]
    return {"abc": abc.reindex(lines.index), "xyz": pd.Series(xyz, index=lines.index)}


def _seen(lake: Lake, run: Run, table: str) -> pd.DataFrame:
    """Read a table as the run saw it."""
    return lake.read(table, version=run.inputs[table]) if run.inputs.get(table) else lake.read(table).head(0)
