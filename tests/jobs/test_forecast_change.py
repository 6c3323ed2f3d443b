"""What a change of a total would do, in words and units; what cannot be changed says why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data_lake.lake import Lake
from data_lake.runs import Run, commit_run
from jobs.errors import JobError
from jobs.override_level import LevelForecast
from jobs.override_scope import Scope
from jobs.views.forecast_change import change_to, forecast_of, groups_of, scope_of

MONDAY = date(2026, 11, 23)


@pytest.fixture
def planned(tmp_path: Path, plan_line: Callable[..., dict[str, Any]]) -> tuple[Lake, Run]:
    """Two items in two stores behind a distribution centre, ten days ahead."""
    lake = Lake(tmp_path / "lake")
    lake.replace("products", pd.DataFrame({"sku": ["A", "B"], "category": ["Tea", "Rest"]}))
    lake.replace("locations", pd.DataFrame({"location": ["S1", "S2", "DC"], "region": ["W", "E", "E"]}))
    pairs = [("A", "S1", "DC"), ("A", "S2", "DC"), ("B", "S1", "SUP"), ("A", "DC", "SUP")]
    lines = [
        plan_line(sku, place, source, 0) | {"source_kind": "location" if source == "DC" else "supplier"}
        for sku, place, source in pairs
    ]
    forecasts = [
        {"run_id": "run-1", "sku": sku, "location": place, "date": day, "model": "naive"}
        | {"mean": 0.0 if sku == "B" else 5.0}
        for sku, place, _ in pairs
        for day in pd.date_range(MONDAY, periods=10)
    ]
    outputs = {"plan_lines": pd.DataFrame(lines), "forecasts": pd.DataFrame(forecasts)}
    versions = {name: lake.replace(name, frame).number for name, frame in outputs.items()}
    return lake, commit_run(lake, Run("run-1", MONDAY, datetime(2026, 11, 23, tzinfo=UTC), {}, versions))


def test_a_total_counts_every_line_once(planned: tuple[Lake, Run]) -> None:
    lake, run = planned
    week = (MONDAY, MONDAY + timedelta(days=6))
    tea = forecast_of(lake, run, Scope(category="Tea"), *week)
    assert (tea.lines, tea.total) == (2, 70.0)  # not the distribution centre's
    said = change_to(tea, *week, factor=1.105, new_total=None).sentence
    assert said == "Lifts 2 lines by +10.5 %: +7 units, 23 – 29 Nov (70 → 77)"
    one = forecast_of(lake, run, Scope(location="S2"), MONDAY, MONDAY)
    said = change_to(one, MONDAY, MONDAY, factor=None, new_total=0.0).sentence
    assert said == "Lowers 1 line by −100 %: −5 units, 23 Nov (5 → 0)"


def test_what_cannot_be_changed_says_why(planned: tuple[Lake, Run]) -> None:
    lake, run = planned
    beyond = MONDAY + timedelta(days=10)
    for first, last in ((MONDAY, beyond), (MONDAY - timedelta(days=1), MONDAY), (beyond, beyond)):
        with pytest.raises(JobError, match="reaches from 2026-11-23 to 2026-12-02; choose days in it"):
            forecast_of(lake, run, Scope(), first, last)
    with pytest.raises(JobError, match="the last day 2026-11-23 is before the first, 2026-12-03"):
        forecast_of(lake, run, Scope(), beyond, MONDAY)
    with pytest.raises(JobError, match="is 0 from 2026-11-23"):
        forecast_of(lake, run, Scope(category="Rest"), MONDAY, MONDAY)
    with pytest.raises(JobError, match="these lines have no region; name it in the master data"):
        scope_of("region", "")


def test_lines_without_a_name_are_no_group_to_change() -> None:
    rows = pd.DataFrame({"group": ["Tea", "Tea", "Without a name"], "code": ["Tea", "Tea", ""]})
    assert groups_of(rows) == {"Tea": "Tea"}
    assert groups_of(pd.DataFrame({"group": ["Everything"], "code": [""]})) == {"": "Everything"}
    assert scope_of("all", "") == Scope()


def test_a_change_of_nothing_is_said_to_be_none() -> None:
    level = LevelForecast(1204, 32_100.0, 14, whole=True)
    said = change_to(level, MONDAY, MONDAY, factor=1.0, new_total=None).sentence
    assert said == "Leaves 1,204 lines as they are, 23 Nov"
