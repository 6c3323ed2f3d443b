"""The state kept between re-plans equals the one that is read, and is served for no other run or lake."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_lake.demo import build
from data_lake.facts.ingest import ingest_facts
from data_lake.facts.messages import Record
from data_lake.lake import Lake
from data_lake.runs import latest_run, read_run_table
from jobs import state_memory
from jobs.plan import plan
from jobs.replan import replan
from jobs.run_state import run_state
from jobs.state_memory import known_state

AT = dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("memory") / "lake"
    lake = Lake(folder)
    build(lake, skus=12, stores=3, dcs=1, days=90)
    places = lake.read("locations")
    lake.replace("locations", places.assign(storage_capacity=places["storage_capacity"] * 0.03))
    plan(lake, model="Theta")
    return folder


@pytest.fixture
def lake(planned: Path, tmp_path: Path) -> Lake:
    shutil.copytree(planned, tmp_path / "lake")
    return Lake(tmp_path / "lake")


def count(lake: Lake, rows: Iterable[int], units: float, *, hours: int) -> None:
    lines = read_run_table(lake, latest_run(lake), "plan_lines").iloc[list(rows)]
    at = AT + dt.timedelta(hours=hours)
    records = [
        Record(
            f"{hours}-{i}",
            json.dumps(
                {
                    "eventType": "inventory.counted",
                    "timestamp": (at - dt.timedelta(hours=1)).isoformat(),
                    "data": {"productId": line.sku, "location": line.location, "quantity": units},
                }
            ),
        )
        for i, line in enumerate(lines.itertuples())
    ]
    assert not ingest_facts(lake, records, received_at=at).poison


def check_equal(one: object, other: object, name: str = "state") -> None:
    """Compare two values field by field, to the bit."""
    if isinstance(one, pd.DataFrame):
        assert isinstance(other, pd.DataFrame)
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    elif is_dataclass(one):
        for field in fields(one):
            if field.name == "answers":  # they save time and say nothing of the run
                continue
            check_equal(getattr(one, field.name), getattr(other, field.name), f"{name}.{field.name}")
    elif isinstance(one, np.ndarray):
        assert isinstance(other, np.ndarray), name
        # curves may be as wide as a line was that has left; behind a line's last candidate is nothing
        assert np.array_equal(*_as_wide(one, other), equal_nan=one.dtype.kind == "f"), name
    else:
        assert one == other, name


def _as_wide(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if one.ndim != 2 or one.shape[1] == other.shape[1]:
        return one, other
    width = min(one.shape[1], other.shape[1])
    assert np.isnan(one[:, width:]).all()
    assert np.isnan(other[:, width:]).all()
    return one[:, :width], other[:, :width]


def test_the_state_kept_equals_the_state_read(lake: Lake) -> None:
    changes = [(range(12), 0.0), (range(5, 20), 900.0), ([3, 9], 4.0)]
    for hours, (rows, units) in enumerate(changes):
        count(lake, rows, units, hours=hours)
        run = replan(lake, at=AT + dt.timedelta(hours=hours)).run
        kept = known_state(lake, run)
        assert kept.known is state_memory._kept[1].known
        check_equal(kept, run_state(lake, run))


def test_a_kept_state_is_served_to_its_own_lake_and_run_only(lake: Lake, tmp_path: Path) -> None:
    base = latest_run(lake)
    count(lake, [2, 3], 17.0, hours=0)
    run = replan(lake, at=AT).run
    kept = state_memory._kept[1]
    assert known_state(lake, run).known is kept.known
    assert known_state(lake, base).known is not kept.known
    assert known_state(Lake(lake.uri), run).known is not kept.known
    shutil.copytree(lake.uri, tmp_path / "copy")
    copy = Lake(tmp_path / "copy")
    assert known_state(copy, run).known is not kept.known
    check_equal(known_state(copy, run), known_state(lake, run))


def test_two_processes_in_turn_plan_from_what_the_other_committed(lake: Lake) -> None:
    """Each has its own `Lake`; a state kept by one is of no use after the other's re-plan."""
    other = Lake(lake.uri)
    for hours, (mine, rows) in enumerate([(lake, [1]), (other, [4]), (lake, [7]), (other, [1, 9])]):
        count(mine, rows, 5.0 + hours, hours=hours)
        run = replan(mine, at=AT + dt.timedelta(hours=hours)).run
        check_equal(known_state(mine, run), run_state(Lake(lake.uri), run))
    assert read_run_table(lake, run, "plan_lines")["on_hand"].iloc[[1, 4, 7, 9]].tolist() == [8, 6, 7, 8]


def test_one_state_is_kept_and_none_of_a_lake_that_is_gone(lake: Lake) -> None:
    count(lake, [2], 17.0, hours=0)
    replan(lake, at=AT)
    first = state_memory._kept
    count(lake, [3], 11.0, hours=1)
    replan(lake, at=AT + dt.timedelta(hours=1))
    assert state_memory._kept is not first
    assert state_memory._kept[0]() is lake
