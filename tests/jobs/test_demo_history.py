"""The demo's past: planned once, before anything else, with a planner who knows and one who hopes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from data_lake.lake import Lake
from data_lake.ledger import read_events
from data_lake.runs import latest_run, list_runs
from jobs.demo import build_demo
from jobs.demo_history import BACK_DAYS, plan_history
from jobs.demo_planners import HOPEFUL, KNOWING
from jobs.forecast_value import forecast_value
from jobs.forecast_value_scores import score_overrides
from jobs.override_fold import active_overrides
from jobs.views.changes import is_behind

END = date(2026, 11, 21)


def test_the_past_has_two_planners_and_the_present_is_the_run_that_counts(tmp_path: Path) -> None:
    made = build_demo(str(tmp_path / "demo"), skus=8, stores=2, dcs=1, days=150)
    lake, run = made.lake, made.run
    assert run is not None
    assert latest_run(lake) == run
    assert [past.as_of for past in list_runs(lake)] == [END + timedelta(days=1 - BACK_DAYS), run.as_of]
    assert not is_behind(lake, run)
    effects = forecast_value(lake, run).effects
    known, hoped = (
        score_overrides(effects[effects["author"] == author], "override", cluster="date")
        for author in (KNOWING, HOPEFUL)
    )
    assert set(known["verdict"]) == {"improved"}
    assert hoped["gain"].sum() < -40
    assert "worse" in set(hoped["verdict"])
    assert set(active_overrides(lake, run.as_of)["author"]) >= {HOPEFUL}

    before = lake.objects.list("")
    again = build_demo(str(tmp_path / "demo"), skus=8, stores=2, dcs=1, days=150)
    assert (again.state, again.run) == ("reused", run)
    assert lake.objects.list("") == before


def test_a_demo_too_short_for_a_past_has_none(tmp_path: Path) -> None:
    lake = build_demo(str(tmp_path / "demo"), skus=8, stores=2, dcs=1, days=60, plan=False).lake
    plan_history(lake)
    assert not list_runs(lake)
    assert not read_events(Lake(lake.uri))
