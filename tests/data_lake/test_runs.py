"""A run commits last and once."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pandas as pd
import pytest

from data_lake.errors import Conflict, CorruptObject, LakeError, NoSuchObject
from data_lake.lake import Lake
from data_lake.runs import Run, commit_run, latest_run, list_runs, read_run, read_run_table

RUN = Run(
    run_id="2026-11-22-a",
    as_of=dt.date(2026, 11, 22),
    created_at=dt.datetime(2026, 11, 22, 5, 0, tzinfo=dt.UTC),
    inputs={"units": 1, "sales": 0},
    outputs={"settings": 1},
    policy={"service_target": 0.97, "weekdays": (0, 3)},
    seed=7,
    code_version="0.1.0",
    summary={"lines": 3},
)


def test_runs_are_listed_by_time(any_lake: Lake) -> None:
    assert latest_run(any_lake) is None
    assert list_runs(any_lake) == []
    later = replace(RUN, run_id="0", created_at=RUN.created_at + dt.timedelta(hours=1), policy={})
    assert commit_run(any_lake, later) == later
    commit_run(any_lake, RUN)
    assert [run.run_id for run in list_runs(any_lake)] == [RUN.run_id, "0"]
    assert latest_run(any_lake) == replace(RUN, policy=json.loads(json.dumps(RUN.policy)))
    assert read_run(any_lake, "0") == later
    with pytest.raises(NoSuchObject):
        read_run(any_lake, "never")


def test_an_earlier_run_becomes_current_again(any_lake: Lake) -> None:
    commit_run(any_lake, RUN)
    commit_run(any_lake, replace(RUN, run_id="b"))
    commit_run(any_lake, RUN)
    commit_run(any_lake, RUN)
    latest = latest_run(any_lake)
    assert latest is not None
    assert latest.run_id == RUN.run_id
    assert len(list_runs(any_lake)) == 2
    assert len(any_lake.objects.list("current_runs/")) == 3


def test_the_same_run_commits_once(any_lake: Lake) -> None:
    first = commit_run(any_lake, RUN)
    again = commit_run(any_lake, replace(RUN, created_at=RUN.created_at + dt.timedelta(days=1)))
    assert again.created_at == first.created_at
    assert commit_run(any_lake, again) == again
    with pytest.raises(Conflict, match="2026-11-22-a"):
        commit_run(any_lake, replace(RUN, seed=8))
    assert len(list_runs(any_lake)) == 1


def test_a_run_sees_the_versions_it_used(lake: Lake) -> None:
    units = pd.DataFrame({"sku": ["1"], "unit": ["case"], "eaches": [6.0]})
    lake.replace("units", units)
    lake.replace("settings", pd.DataFrame({"name": ["period"], "value": ["D"]}))
    commit_run(lake, RUN)
    lake.replace("units", units.assign(eaches=12.0))
    days = pd.date_range("2026-01-01", periods=2)
    lake.replace("sales", pd.DataFrame({"date": days, "sku": "1", "location": "A", "quantity": 1.0}))
    run = read_run(lake, RUN.run_id)
    assert read_run_table(lake, run, "units", columns=["eaches"]).eaches.tolist() == [6.0]
    assert read_run_table(lake, run, "settings").value.tolist() == ["D"]
    assert read_run_table(lake, run, "sales").empty  # there was none when it ran
    with pytest.raises(LakeError, match="neither read nor wrote table 'orders'"):
        read_run_table(lake, run, "orders")


def test_runs_that_cannot_be(lake: Lake) -> None:
    for run_id in ("", "a/b"):
        with pytest.raises(LakeError, match="run id"):
            commit_run(lake, replace(RUN, run_id=run_id))
    lake.objects.put_new("runs/broken.json", b"{}")
    with pytest.raises(CorruptObject, match=r"runs/broken.json"):
        list_runs(lake)
