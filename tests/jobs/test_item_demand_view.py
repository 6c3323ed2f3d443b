"""What Item shows of the demand behind stockouts, beside what its plan saw."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from data_lake.lake import Lake
from data_lake.runs import Run
from jobs.demand_corrections import correct_demand, corrections
from jobs.views.changes import is_behind
from jobs.views.item_demand import load
from jobs.views.item_history import item_history

AS_OF = date(2026, 11, 23)
CREATED = datetime(2026, 11, 23, 5, tzinfo=UTC)
LINE = {"sku": "007", "location": "S1"}
DC = {"sku": "007", "location": "DC1"}


@pytest.fixture
def lake(small_lake: Lake) -> Lake:
    """Twenty weeks at two shops that a depot supplies; S1 is two days without stock, and one in part."""
    days = pd.date_range("2026-07-06", periods=140)
    quantity, in_stock = np.full((2, 140), 8.0), np.ones((2, 140))
    quantity[0, 100:103], in_stock[0, 100:103] = [0.0, 0.0, 6.0], [0.0, 0.0, 0.5]
    frames = [
        pd.DataFrame({"date": days, "quantity": sold, "in_stock": share, "sku": "007", "location": place})
        for place, sold, share in zip(("S1", "S2"), quantity, in_stock, strict=True)
    ]
    small_lake.replace("sales", pd.concat(frames))
    sourcing = {
        "sku": "007",
        "location": ["S1", "S2"],
        "source": "DC1",
        "source_kind": "location",
        "lead_time_mean": 1.0,
    }
    small_lake.replace("sourcing", pd.DataFrame(sourcing))
    return small_lake


def run_of(lake: Lake, period: str = "D") -> Run:
    inputs = {name: lake.current(name).number for name in ("sales", "sourcing")}
    return Run("run-1", AS_OF, CREATED, inputs, {}, seed=7, code_version="test", period=period)


def correct(lake: Lake, day: date, demand: float, at: datetime) -> str:
    return correct_demand(
        lake,
        sku="007",
        location="S1",
        from_date=day,
        to_date=day,
        demand=demand,
        author="ana",
        reason="fair",
        at=at,
    )


def test_periods_without_stock_have_an_estimate_with_its_range(lake: Lake) -> None:
    view = load(lake, run_of(lake), LINE)
    assert view.periods["date"].dt.day.tolist() == [16, 15, 14], "October, latest first"
    assert view.periods["sold"].tolist() == [6.0, 0.0, 0.0]
    assert view.periods["estimate"].to_numpy() == pytest.approx([10.0, 8.0, 8.0], rel=0.05)
    assert (view.periods["low"] <= view.periods["estimate"]).all()
    assert (view.periods["low"] >= view.periods["sold"]).all()
    assert view.summary == "Stock was out in whole or part on 3 days: 6 sold, about 20 more were wanted."
    assert (view.first_day, view.last_day) == (pd.Timestamp("2026-07-06"), pd.Timestamp("2026-11-22"))
    short = load(lake, run_of(lake), LINE, history_days=14)
    assert short.periods.empty
    assert short.summary == "Stock never ran out in the days shown: demand is what sold."


def test_a_correction_stands_beside_the_estimate(lake: Lake) -> None:
    made = correct(lake, date(2026, 10, 15), 12.0, CREATED)
    correct(lake, date(2026, 11, 2), 1.0, CREATED)
    view = load(lake, run_of(lake), LINE, history_days=None)
    by_day = view.periods.set_index("date")
    assert by_day.loc["2026-10-15", "corrected"] == 12.0
    assert by_day.loc["2026-10-15", "estimate"] == pytest.approx(8.0, rel=0.05)
    assert by_day.loc["2026-11-02", ["sold", "estimate", "corrected"]].tolist() == [8.0, 8.0, 1.0]
    assert by_day.loc["2026-10-15", "note"] == "fair · ana"
    assert view.corrections[0].correction == made


def test_weeks_are_listed_by_their_monday(lake: Lake) -> None:
    sales = lake.read("sales", where={"location": ["S1"]})
    weekly = sales[sales["date"].dt.day_of_week == 0].assign(in_stock=1.0)
    weekly.loc[weekly["date"] == "2026-10-12", ["quantity", "in_stock"]] = [1.0, 0.25]
    lake.replace("sales", weekly)
    correct(lake, date(2026, 9, 9), 3.0, CREATED)
    view = load(lake, run_of(lake, "W"), LINE, history_days=None)
    assert view.periods["date"].dt.strftime("%m-%d").tolist() == ["10-12", "09-07"]
    assert "on 1 week: 1 sold" in view.summary


def test_a_place_that_only_supplies_others_sells_nothing(lake: Lake) -> None:
    assert load(lake, run_of(lake), DC).last_day is None
    assert load(lake, run_of(lake), {"sku": "009", "location": "S1"}).last_day is None
    assert item_history(lake, run_of(lake), {"sku": "009", "location": "S1"}, None).empty
    history = item_history(lake, run_of(lake), DC, None)
    assert history["quantity"].iloc[0] == 16.0
    assert history["demand"].iloc[100] == pytest.approx(16.0, rel=0.05)
    assert history["demand"].isna().sum() == 137


def test_history_shows_the_corrections_that_its_plan_knew(lake: Lake) -> None:
    correct(lake, date(2026, 10, 15), 12.0, CREATED - timedelta(hours=1))
    assert not is_behind(lake, run_of(lake))
    correct(lake, date(2026, 10, 14), 30.0, CREATED + timedelta(hours=1))
    assert is_behind(lake, run_of(lake))
    assert len(corrections(lake)) == 2
    by_day = item_history(lake, run_of(lake), LINE, None).set_index("date")["demand"]
    assert by_day["2026-10-15"] == 12.0
    assert by_day["2026-10-14"] == pytest.approx(8.0, rel=0.05)
