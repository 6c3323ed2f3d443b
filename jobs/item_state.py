"""What each line of a run was computed from, stored as `line_inputs`, and one line of it read back.

A what-if starts from exactly the figures of the plan, whatever was imported or approved since.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from engine.contracts import TABLES
from engine.replenishment.lines import NEVER, LineInputs, LinePlans
from engine.replenishment.plan import plan_lines
from jobs.errors import JobError

BAND = (0.1, 0.9)
"""Quantiles of projected stock that are shown with its mean."""
_KEYS = ("run_id", "line_id", "sku", "location", "source")
_RAGGED = {
    "batch_quantity": "batch_line",
    "batch_last_period": "batch_line",
    "receipt_period": "receipt_line",
    "receipt_quantity": "receipt_line",
}
_SCALARS = tuple(
    column.name
    for column in TABLES["line_inputs"].columns
    if column.name not in (*_KEYS, *_RAGGED, "mean", "path_seed", "period_days")
)


@dataclass(frozen=True)
class ItemState:
    """One line of a run, ready to be planned again."""

    line_id: str
    source: str
    as_of: dt.date
    period: str
    """D, W or M."""
    n_paths: int
    inputs: LineInputs
    """One line."""

    @cached_property
    def plan(self) -> LinePlans:
        """The plan of the line as it is; its quantity is the run's."""
        return plan_lines(self.inputs, n_paths=self.n_paths, stock_quantiles=BAND)


def line_inputs_table(run_id: str, lines: pd.DataFrame, inputs: LineInputs) -> pd.DataFrame:
    """Lay out line inputs as the contract `line_inputs` says; row i is line i.

    Parameters
    ----------
    run_id : str
    lines : DataFrame
        sku, location and source of each line, in the order of `inputs`.
    inputs : LineInputs
    """
    figures: dict[str, Any] = {name: getattr(inputs, name) for name in _SCALARS}
    for name in ("max_cover", "shelf_maximum", "life_periods"):
        figures[name] = np.where(figures[name] < NEVER, figures[name], np.nan)
    frame = pd.DataFrame(
        {
            "run_id": run_id,
            "line_id": (lines["sku"] + "|" + lines["location"] + "|" + lines["source"]).to_numpy(),
            **{name: lines[name].to_numpy() for name in ("sku", "location", "source")},
            "mean": list(inputs.mean),
            "path_seed": [f"{seed:016x}" for seed in inputs.path_seed.tolist()],
            **{name: _by_line(inputs, name, of) for name, of in _RAGGED.items()},
            **figures,
            "period_days": inputs.period_days,
        }
    )
    return frame[list(TABLES["line_inputs"].names)]


def load_item_state(lake: Lake, run: Run, sku: str, location: str, source: str | None = None) -> ItemState:
    """Read one line of a run.

    Parameters
    ----------
    lake : Lake
    run : Run
    sku, location : str
    source : str, optional
        Needed where a product and location has several sources.

    Raises
    ------
    JobError
        If the run did not plan that line.
    """
    found = read_run_table(lake, run, "line_inputs", where={"sku": [sku], "location": [location]})
    if source is not None:
        found = found[found["source"] == source]
    if found.empty:
        raise JobError(f"run {run.run_id} has no plan line of product {sku!r} at {location!r}")
    row = found.iloc[0]
    return ItemState(
        line_id=str(row["line_id"]),
        source=str(row["source"]),
        as_of=run.as_of,
        period=run.period,
        n_paths=int(run.policy["n_paths"]),
        inputs=_inputs_of(row),
    )


def _by_line(inputs: LineInputs, name: str, line_name: str) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    line = np.asarray(getattr(inputs, line_name))
    order = np.argsort(line, kind="stable")
    ends = np.searchsorted(line[order], np.arange(1, inputs.size))
    return np.split(np.asarray(getattr(inputs, name), dtype=np.float64)[order], ends)


def _inputs_of(row: pd.Series) -> LineInputs:
    ragged: dict[str, Any] = {name: np.asarray(row[name], dtype=np.float64) for name in _RAGGED}
    lines: dict[str, Any] = {
        of: np.zeros(len(ragged[name]), np.int64) for name, of in _RAGGED.items() if name.endswith("quantity")
    }
    scalars: dict[str, Any] = {name: np.array([row[name]]) for name in _SCALARS}
    return LineInputs(
        mean=np.asarray(row["mean"], dtype=np.float64)[None, :],
        path_seed=np.array([int(row["path_seed"], 16)], dtype=np.uint64),
        **lines,
        **ragged,
        **scalars,
        period_days=float(row["period_days"]),
    ).checked()
