"""What order history said of sources when a run was planned."""

from __future__ import annotations

from data_lake.lake import Lake
from data_lake.runs import Run, read_run
from data_lake.then import LakeThen
from jobs.inputs import load_inputs
from jobs.supplier_performance import MeasuredSupply, measured_supply

REPLAN_OF = "replan_of"
"""Key of a run's policy that names the full plan whose forecasts and measures it keeps."""


def full_plan_of(lake: Lake, run: Run) -> Run:
    """Return the full plan whose forecasts a run keeps: itself, or the one that it was re-planned from."""
    return read_run(lake, str(run.policy[REPLAN_OF])) if REPLAN_OF in run.policy else run


def measured_then(lake: Lake, run: Run) -> MeasuredSupply:
    """Return what the full plan of a run measured, from its inputs read again as they were."""
    full = full_plan_of(lake, run)
    return measured_supply(load_inputs(LakeThen(lake, full), as_of=full.as_of).tables, full.as_of)
