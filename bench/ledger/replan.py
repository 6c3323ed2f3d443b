"""A re-plan after 100 events: its CPU time in a warm process, and whether it equals a full plan."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from bench.ledger.replan_lake import FULL, MODEL, SMALL, events_of, planned_lake
from bench.report import Report, calibration_seconds, cpu_seconds
from data_lake.facts.ingest import ingest_facts
from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from jobs.plan import plan
from jobs.replan import replan

BAR_SECONDS = 2.0
EVENTS, ROUNDS = 100, 5
CLOSE = 1e-9
"""Relative difference that counts as equal where sums are updated instead of added up again."""


def run(report: Report, options: Namespace) -> None:
    """Re-plan after each of some batches of events; plan in full at the end and compare every table."""
    folder = Path(tempfile.mkdtemp())
    try:
        lake, base = planned_lake(SMALL if options.quick else FULL, folder / "lake")
        _measure(report, lake, base)
    finally:
        shutil.rmtree(folder)


def _measure(report: Report, lake: Lake, base: Run) -> None:
    walls: list[float] = []
    cpu: list[float] = []
    lines: list[int] = []
    parts: list[dict[str, float]] = []
    done = None
    for turn in range(ROUNDS + 1):  # the first one warms up
        now = datetime.combine(base.as_of, datetime.min.time(), tzinfo=UTC) + timedelta(hours=7 + turn)
        taken = ingest_facts(lake, events_of(lake, base, EVENTS, turn), received_at=now)
        assert taken.stored == EVENTS
        before = cpu_seconds()
        done = replan(lake, at=now)
        cpu.append(cpu_seconds() - before)
        assert not done.needs_full_plan, done.needs_full_plan
        walls.append(done.seconds)
        lines.append(len(done.lines))
        parts.append(dict(done.parts))
    assert done is not None
    report.figure(
        "replan.cpu",
        statistics.median(cpu[1:]),
        "s CPU",
        bar=BAR_SECONDS,
        events=EVENTS,
        lines=int(base.summary["lines"]),
        lines_changed=lines[1:],
        each=[round(seconds, 3) for seconds in cpu[1:]],
        wall=statistics.median(walls[1:]),
        parts={name: round(statistics.median(part[name] for part in parts[1:]), 3) for name in parts[-1]},
    )
    report.figure("replan.calibration", calibration_seconds(), "s CPU")
    whole = plan(lake, model=MODEL, force=True, measured_in=base)
    found = differing(lake, done.run, whole)
    report.figure(
        "replan.differing_columns",
        float(len(found)),
        "columns",
        bar=0,
        tables=len(whole.outputs),
        found=found,
    )


def differing(lake: Lake, one: Run, other: Run) -> list[str]:
    """Return the columns of all tables in which two runs differ; numbers may by rounding of sums only."""
    found = []
    for table in other.outputs:
        mine, its = (
            read_run_table(lake, run, table).drop(columns="run_id", errors="ignore") for run in (one, other)
        )
        if table == "data_faults":  # what compares stock with a year of sales is left to full plans
            mine, its = (rows[rows["severity"] == "held"].reset_index(drop=True) for rows in (mine, its))
        if len(mine) != len(its):
            found.append(f"{table}: {len(mine)} rows, not {len(its)}")
            continue
        found += [f"{table}.{name}" for name in mine if not _same(mine[name], its[name])]
    return found


def _rows(lake: Lake, run: Run, table: str) -> pd.DataFrame:
    return read_run_table(lake, run, table).drop(columns="run_id", errors="ignore")


def _same(mine: pd.Series, its: pd.Series) -> bool:
    if mine.dtype == object:
        return all(_same_cell(a, b) for a, b in zip(mine, its, strict=True))
    if pd.api.types.is_float_dtype(mine.dtype):
        a, b = mine.to_numpy(dtype=np.float64), its.to_numpy(dtype=np.float64)
        return bool(np.allclose(a, b, rtol=CLOSE, atol=1e-9, equal_nan=True))
    return mine.equals(its)


def _same_cell(mine: object, its: object) -> bool:
    if isinstance(mine, np.ndarray) and isinstance(its, np.ndarray):
        return np.array_equal(mine, its, equal_nan=mine.dtype.kind == "f")
    return mine == its or (mine is None and its is None)
