"""Forecasts looked back on: which one counts, what came, what each override was worth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_lake.lake import Lake
from data_lake.runs import Run, commit_run
from jobs.demand_corrections import correct_demand
from jobs.forecast_value import forecast_value, scored_days
from jobs.forecast_value_scores import score_forecasts, score_overrides, verdict
from jobs.forecast_value_served import MOST_LAG_DAYS, protection_days
from jobs.override import override_forecast, retire_override
from jobs.override_fold import active_overrides, all_overrides

FIRST = date(2026, 9, 1)
PLANNED = (date(2026, 11, 1), date(2026, 11, 11))
NOW = date(2026, 11, 22)
LAG = {("007", "S1"): 9, ("007", "S2"): 3, ("008", "S1"): 9}
LEVEL = {("007", "S1"): 10.0, ("007", "S2"): 20.0, ("008", "S1"): 4.0}
FORECAST = {PLANNED[0]: 1.2, PLANNED[1]: 0.9, NOW: 1.0}
"""Statistical forecast over the level that demand really has, by run."""

Lines = Callable[..., dict[str, Any]]


def demand(level: float, day: date) -> float:
    return level + (day.toordinal() % 7)


@pytest.fixture
def lake(small_lake: Lake) -> Lake:
    """Two products at two stores; the centre supplies 007; sales of every day, one stockout."""
    lake = small_lake
    lake.replace("products", pd.DataFrame({"sku": ["007", "008"], "category": ["Dairy", "Drinks"]}))
    lake.replace(
        "locations", pd.DataFrame({"location": ["S1", "S2", "DC"], "region": ["West", "East", "West"]})
    )
    days = [FIRST + timedelta(days=i) for i in range((NOW - FIRST).days)]
    rows = [
        {
            "sku": sku,
            "location": place,
            "date": pd.Timestamp(day),
            "quantity": demand(level, day),
            "in_stock": 1.0,
        }
        for (sku, place), level in LEVEL.items()
        for day in days
    ]
    sales = pd.DataFrame(rows)
    out = (sales["sku"] == "008") & (sales["date"] == pd.Timestamp("2026-11-15"))
    sales.loc[out, ["quantity", "in_stock"]] = 0.0
    lake.replace("sales", sales)
    return lake


@pytest.fixture
def make_run(lake: Lake, plan_line: Lines) -> Callable[..., Run]:
    """Commit a run as a plan would: its forecast with the overrides of the moment."""

    def make(as_of: date, *, keeps_overrides: bool = True) -> Run:
        series = [*LEVEL, ("007", "DC")]
        overrides = active_overrides(lake, as_of)
        run_id = f"run-{as_of}"
        lines, forecasts = [], []
        for sku, place in series:
            lag = LAG.get((sku, place), 5)
            line = plan_line(sku, place, "Acme" if place == "DC" or sku == "008" else "DC", 0)
            kind = "location" if line["source"] == "DC" else "supplier"
            dates = {
                "order_by": pd.Timestamp(as_of),
                "next_order_date": pd.Timestamp(as_of) + pd.Timedelta("2D"),
            }
            lines.append(line | dates | {"run_id": run_id, "lead_time_mean": lag - 2.0, "source_kind": kind})
            level = LEVEL.get((sku, place), 30.0) * FORECAST[as_of]
            for ahead in range(28):
                day = as_of + timedelta(days=ahead)
                factor = 1.0
                for override in overrides.to_dict("records"):
                    if (
                        override["sku"] in ("", sku)
                        and override["from_date"].date() <= day <= override["to_date"].date()
                    ):
                        factor *= override["factor"]
                row = {
                    "run_id": run_id,
                    "sku": sku,
                    "location": place,
                    "date": pd.Timestamp(day),
                    "model": "x",
                }
                forecasts.append(
                    row | {"mean": level * factor, "statistical": level, "q10": level - 2, "q90": level + 2}
                )
        models = [
            {
                "run_id": run_id,
                "sku": sku,
                "location": place,
                "model": "x",
                "reason": "y",
                "pattern": "smooth",
            }
            | {"level_cv": 0.1, "dispersion": 1.0, "path_seed": "0f"}
            for sku, place in series
        ]
        tables = {
            "plan_lines": pd.DataFrame(lines),
            "forecasts": pd.DataFrame(forecasts),
            "series_models": pd.DataFrame(models),
            **({"overrides": overrides} if keeps_overrides else {}),
        }
        outputs = {name: lake.replace(name, frame).number for name, frame in tables.items()}
        inputs = {name: lake.version(name).number for name in ("products", "locations", "sales")}
        created = datetime(as_of.year, as_of.month, as_of.day, 5, tzinfo=UTC)
        return commit_run(lake, Run(run_id, as_of, created, inputs, outputs))

    return make


def act(lake: Lake, factor: float, author: str, first: date, last: date, **scope: str) -> str:
    at = datetime.combine(first - timedelta(days=1), datetime.min.time(), tzinfo=UTC)
    return override_forecast(
        lake, factor=factor, author=author, reason="because", from_date=first, to_date=last, at=at, **scope
    )


def served_by_hand(sku: str, place: str, day: date) -> date:
    """The last plan at least the protection period before the day; else the first plan of all."""
    able = [made for made in PLANNED if made <= day - timedelta(days=LAG[sku, place])]
    return max(able) if able else PLANNED[0]


def test_each_day_has_the_forecast_that_was_current_when_its_order_was_placed(lake: Lake, make_run) -> None:
    for as_of in PLANNED:
        make_run(as_of)
    value = forecast_value(lake, make_run(NOW))
    assert value.runs == ("run-2026-11-01", "run-2026-11-11")
    assert scored_days(value) == (PLANNED[0], NOW - timedelta(days=1))
    seen = {}
    for row in value.cells.to_dict("records"):
        key = (row["sku"], row["location"])
        day = row["date"].date()
        made = served_by_hand(*key, day)
        assert row["run"] == PLANNED.index(made)
        assert row["statistical"] == pytest.approx(LEVEL[key] * FORECAST[made])
        assert row["lag_days"] == (day - made).days
        assert row["naive"] == demand(LEVEL[key], day)  # a perfect week: the last one repeats
        seen[key, day] = row
    assert len(seen) == 3 * 21  # the centre is left out: what it ships is counted where it sells
    assert {row["category"] for row in seen.values()} == {"Dairy", "Drinks"}


def test_demand_is_sales_but_where_stock_was_out_it_is_estimated(lake: Lake, make_run) -> None:
    make_run(PLANNED[0])
    cells = forecast_value(lake, make_run(NOW)).cells
    out = (cells["sku"] == "008") & (cells["date"] == pd.Timestamp("2026-11-15"))
    assert cells["seen"].tolist() == (~out).tolist()
    assert cells.loc[out, "demand"].item() == pytest.approx(demand(4.0, date(2026, 11, 15)), rel=0.35)
    there = cells[~out]
    assert there["demand"].tolist() == [
        demand(LEVEL[row["sku"], row["location"]], row["date"].date()) for row in there.to_dict("records")
    ]


def test_demand_that_a_planner_corrected_is_what_forecasts_are_judged_by(lake: Lake, make_run) -> None:
    make_run(PLANNED[0])
    bulk, at = date(2026, 11, 12), datetime(2026, 11, 20, tzinfo=UTC)
    correct_demand(
        lake,
        sku="007",
        location="S1",
        from_date=bulk,
        to_date=bulk,
        demand=3.0,
        author="ann",
        reason="a bulk sale that came back",
        at=at,
    )
    cells = forecast_value(lake, make_run(NOW)).cells
    there = (cells["sku"] == "007") & (cells["location"] == "S1") & (cells["date"] == pd.Timestamp(bulk))
    assert cells.loc[there, "demand"].item() == 3.0


def test_an_override_is_worth_the_error_it_took_away(lake: Lake, make_run) -> None:
    """By hand: 007 at both stores, the first plan says 1.2 × the level, an override takes it to 0.96 ×."""
    days = (date(2026, 11, 1), date(2026, 11, 5))
    act(lake, 0.8, "ana", *days, sku="007")
    make_run(PLANNED[0])
    value = forecast_value(lake, make_run(NOW))
    by_hand = before = after = 0.0
    for place in ("S1", "S2"):
        level = LEVEL["007", place]
        for i in range(5):
            came = demand(level, days[0] + timedelta(days=i))
            by_hand += abs(1.2 * level - came) - abs(0.96 * level - came)
            before, after = before + 1.2 * level, after + 0.96 * level
    (score,) = score_overrides(value.effects, "override", cluster="date").to_dict("records")
    assert score["gain"] == pytest.approx(by_hand)
    assert (score["before"], score["after"]) == (pytest.approx(before), pytest.approx(after))
    assert (score["overrides"], score["days"]) == (1, 5)
    assert score["money"] == pytest.approx(by_hand * 2.5)
    assert score["points"] == pytest.approx(by_hand / score["demand"])
    whole = score_forecasts(value.cells).iloc[0]
    assert (whole["wape_statistical"] - whole["wape_final"]) * whole["demand"] == pytest.approx(by_hand)


def test_overrides_that_meet_are_scored_step_by_step_and_add_up(lake: Lake, make_run) -> None:
    act(lake, 0.8, "ana", date(2026, 11, 1), date(2026, 11, 9), sku="007")
    act(lake, 1.5, "ben", date(2026, 11, 3), date(2026, 11, 9))
    make_run(PLANNED[0])
    value = forecast_value(lake, make_run(NOW))
    scores = score_overrides(value.effects, "author", cluster="override").set_index("group")
    whole = score_forecasts(value.cells).iloc[0]
    saved = (whole["wape_statistical"] - whole["wape_final"]) * whole["demand"]
    assert scores["gain"].sum() == pytest.approx(saved)
    met = value.effects[value.effects["author"] == "ben"].merge(
        value.effects[value.effects["author"] == "ana"], on=["category", "location", "date"]
    )
    assert met["before_x"].tolist() == met["after_y"].tolist()  # ben's step begins where ana's ended
    assert np.isnan(scores.loc["ana", "low"])  # one act says nothing of the next
    assert scores.loc["ana", "verdict"] == "unclear"


def test_an_override_of_factor_1_is_worth_nothing(lake: Lake, make_run) -> None:
    act(lake, 1.0, "ana", date(2026, 11, 1), date(2026, 11, 20))
    make_run(PLANNED[0])
    (score,) = score_overrides(
        forecast_value(lake, make_run(NOW)).effects, "override", cluster="date"
    ).to_dict("records")
    assert (score["gain"], score["low"], score["high"], score["verdict"]) == (0.0, 0.0, 0.0, "unclear")


def test_an_override_made_too_late_for_the_orders_has_no_effect(lake: Lake, make_run) -> None:
    make_run(PLANNED[0])
    act(lake, 3.0, "ana", date(2026, 11, 11), date(2026, 11, 13))
    make_run(PLANNED[1])
    value = forecast_value(lake, make_run(NOW))
    assert value.effects.empty  # these days' orders were placed on the first plan's forecast
    assert score_overrides(value.effects, "author", cluster="override").empty


def test_a_retired_override_keeps_its_score_and_its_state(lake: Lake, make_run) -> None:
    first = act(lake, 0.8, "ana", date(2026, 11, 1), date(2026, 11, 5))
    second = act(lake, 0.8, "ana", date(2026, 11, 1), date(2026, 12, 5))
    third = act(lake, 0.8, "ana", date(2026, 11, 2), date(2026, 12, 5))
    make_run(PLANNED[0])
    retire_override(lake, second, author="ben", reason="no", at=datetime(2026, 11, 20, tzinfo=UTC))
    value = forecast_value(lake, make_run(NOW))
    states = dict(all_overrides(lake, NOW)[["override", "state"]].itertuples(index=False))
    assert states == {first: "ended", second: "retired", third: "active"}
    assert set(value.effects["override"]) == {first, second, third}


def test_without_a_plan_of_an_earlier_day_nothing_is_judged(lake: Lake, make_run) -> None:
    value = forecast_value(lake, make_run(NOW))
    assert (len(value.cells), len(value.effects), value.runs) == (0, 0, ())
    assert scored_days(value) is None


def test_a_plan_that_kept_no_record_of_its_overrides_is_judged_without_them(lake: Lake, make_run) -> None:
    act(lake, 0.8, "ana", date(2026, 11, 1), date(2026, 11, 5))
    make_run(PLANNED[0], keeps_overrides=False)
    value = forecast_value(lake, make_run(NOW))
    assert len(value.cells) == 63
    assert value.effects.empty


def test_protection_is_review_and_lead_time_within_limits() -> None:
    day = pd.Timestamp(NOW)
    lines = pd.DataFrame(
        {
            "order_by": [day, day, day],
            "next_order_date": [day + pd.Timedelta(days=7), pd.NaT, day],
            "lead_time_mean": [2.5, 400.0, np.nan],
        }
    )
    assert protection_days(lines, "D").tolist() == [10, MOST_LAG_DAYS["D"], 1]
    assert protection_days(lines, "W").tolist() == [10, MOST_LAG_DAYS["W"], 7]


def test_coverage_counts_days_with_stock_only() -> None:
    cells = pd.DataFrame(
        {
            "demand": [5.0, 1.0, 9.0, 50.0],
            "seen": [True, True, True, False],
            "q10": [2.0, 2.0, 2.0, 2.0],
            "q90": [8.0, 8.0, 9.0, 8.0],
            **{name: [5.0, 1.0, 9.0, 50.0] for name in ("final", "statistical", "naive")},
        }
    )
    (row,) = score_forecasts(cells).to_dict("records")
    assert row["coverage"] == pytest.approx(2 / 3)
    assert row["wape_final"] == 0.0
    groups = score_forecasts(cells, pd.Series(["b", "a", "a", "c"]))
    assert groups["group"].tolist() == ["a", "b", "c"]
    assert groups["coverage"].tolist()[:2] == [0.5, 1.0]
    assert np.isnan(groups["coverage"].iloc[2])


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (1, 2, "improved"),
        (-2, -1, "worse"),
        (-1, 1, "unclear"),
        (0, 0, "unclear"),
        (np.nan, np.nan, "unclear"),
    ],
)
def test_a_verdict_needs_the_whole_range_on_one_side(low: float, high: float, says: str) -> None:
    assert verdict(low, high) == says
