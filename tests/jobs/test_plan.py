"""The plan job on real lakes: deterministic, reconciled, honest about what it does not know."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_lake.demo import build
from data_lake.lake import Lake
from data_lake.runs import Run, list_runs, read_run_table
from engine.contracts import EXPLAIN_TERMS
from jobs.approve import approve_lines
from jobs.errors import JobError
from jobs.override import override_forecast
from jobs.plan import plan

NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
SIZE = {"skus": 10, "stores": 2, "dcs": 1, "days": 200}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A small demo lake and its plan; tests that write take a copy."""
    folder = tmp_path_factory.mktemp("plan") / "lake"
    lake = Lake(folder)
    build(lake, **SIZE)
    return folder, plan(lake)


@pytest.fixture
def copy(planned: tuple[Path, Run], tmp_path: Path) -> tuple[Lake, Run]:
    shutil.copytree(planned[0], tmp_path / "lake")
    return Lake(tmp_path / "lake"), planned[1]


@pytest.fixture
def lines(planned: tuple[Path, Run]) -> pd.DataFrame:
    return read_run_table(Lake(planned[0]), planned[1], "plan_lines")


def test_terms_of_every_line_sum_exactly_to_its_quantity(lines: pd.DataFrame) -> None:
    assert len(lines) > 20
    assert (lines[list(EXPLAIN_TERMS)].sum(axis=1) == lines["quantity"]).all()


def test_quantities_keep_the_source_terms(lines: pd.DataFrame) -> None:
    ordered = lines[lines["quantity"] > 0]
    assert len(ordered)
    assert (ordered["quantity"] % ordered["order_multiple"]).eq(0).all()
    assert (ordered["quantity"] >= ordered["moq"]).all()
    assert (ordered["value"] == ordered["quantity"] * ordered["unit_cost"]).all()
    assert set(ordered["status"]) == {"proposed"}


def test_dates_come_in_order(lines: pd.DataFrame) -> None:
    assert (lines["order_by"] <= lines["arrival_date"]).all()
    assert (lines["order_by"] < lines["next_order_date"]).all()
    assert (lines["arrival_date"] <= lines["next_arrival_date"]).all()


def test_held_lines_order_nothing_and_say_why(lines: pd.DataFrame) -> None:
    held = lines[lines["status"] == "held"]
    assert len(held)
    assert held["held_reason"].notna().all()
    assert held[["quantity", "money_at_risk"]].eq(0).all(axis=None)
    assert lines.loc[lines["status"] != "held", "held_reason"].isna().all()


def test_headline_figures_are_those_of_the_lines(planned: tuple[Path, Run], lines: pd.DataFrame) -> None:
    kpis = read_run_table(Lake(planned[0]), planned[1], "kpis").set_index("name")["value"]
    assert kpis["lines"] == len(lines)
    assert kpis["orders_proposed"] == (lines["quantity"] > 0).sum()
    assert kpis["order_value"] == pytest.approx(lines["value"].sum())
    at_risk = lines.loc[lines["exception"].notna(), "money_at_risk"]
    assert kpis["money_at_risk"] == pytest.approx(at_risk.sum())
    assert kpis["exceptions"] == lines["exception"].notna().sum()
    beside = {"level_correlation"}  # what a scenario needs to plan the same again
    assert {name: value for name, value in planned[1].summary.items() if name not in beside} == kpis.to_dict()


def test_forecasts_cover_the_protection_period(planned: tuple[Path, Run], lines: pd.DataFrame) -> None:
    forecasts = read_run_table(Lake(planned[0]), planned[1], "forecasts")
    assert forecasts["date"].min() == pd.Timestamp(planned[1].as_of)
    last = forecasts.groupby(["sku", "location"], as_index=False)["date"].max()
    merged = lines.merge(last, on=["sku", "location"])
    assert len(merged) == len(lines)
    assert (merged["date"] >= merged["next_arrival_date"]).all()
    bands = forecasts[[name for name in forecasts if name.startswith("q")]].to_numpy()
    assert (np.diff(bands, axis=1) >= 0).all()


# the same again


def test_planning_again_changes_nothing(copy: tuple[Lake, Run]) -> None:
    lake, run = copy
    said: list[str] = []
    assert plan(lake, progress=lambda text, _share: said.append(text)) == run
    assert said[-1] == f"Nothing changed since run {run.run_id}"


def test_computing_again_gives_the_same_bytes(copy: tuple[Lake, Run]) -> None:
    lake, run = copy
    again = plan(lake, force=True)
    assert (again.run_id, again.outputs) == (run.run_id, run.outputs)


def test_the_same_content_in_another_lake_gives_the_same_run(
    planned: tuple[Path, Run], tmp_path: Path
) -> None:
    other = Lake(tmp_path / "other")
    build(other, **SIZE)
    run = plan(other)
    assert run.run_id == planned[1].run_id
    for name, number in run.outputs.items():
        here, there = other.version(name, number), Lake(planned[0]).version(name, planned[1].outputs[name])
        assert [file.sha256 for file in here.files] == [file.sha256 for file in there.files]


def test_another_seed_is_another_run_and_the_first_can_still_be_checked(copy: tuple[Lake, Run]) -> None:
    lake, run = copy
    other = plan(lake, seed=8)
    assert other.run_id != run.run_id
    assert len(list_runs(lake)) == 2
    assert plan(lake, force=True).outputs == run.outputs


def test_new_sales_give_a_new_run_and_the_old_one_stays(copy: tuple[Lake, Run]) -> None:
    lake, run = copy
    before = read_run_table(lake, run, "plan_lines")
    sold = lake.read("sales", since=dt.date(2026, 11, 21))
    lake.upsert("sales", sold.assign(date=pd.Timestamp(2026, 11, 22)))
    newer = plan(lake)
    assert newer.as_of == dt.date(2026, 11, 23)
    pd.testing.assert_frame_equal(read_run_table(lake, run, "plan_lines"), before)


# people's acts


def proposed_today(lake: Lake, run: Run) -> pd.Series:
    lines = read_run_table(lake, run, "plan_lines")
    ready = lines[(lines["status"] == "proposed") & (lines["arrival_date"] < lines["next_arrival_date"])]
    return ready.sort_values("value").iloc[-1]


def test_approved_orders_are_supply_in_the_next_plan(copy: tuple[Lake, Run]) -> None:
    lake, run = copy
    line = proposed_today(lake, run)
    approve_lines(
        lake,
        run_id=run.run_id,
        lines=[{"line_id": line["line_id"], "quantity": line["quantity"]}],
        author="ann",
        reason="",
        at=NOW,
    )
    again = read_run_table(lake, plan(lake), "plan_lines").set_index("line_id").loc[line["line_id"]]
    assert again["on_order"] == line["on_order"] + line["quantity"]
    assert again["quantity"] < line["quantity"]


def test_approving_moves_no_forecast(copy: tuple[Lake, Run]) -> None:
    lake, run = copy
    lines = read_run_table(lake, run, "plan_lines")
    proposed = lines[lines["status"] == "proposed"]
    approve_lines(
        lake,
        run_id=run.run_id,
        lines=proposed[["line_id", "quantity"]].to_dict("records"),
        author="ann",
        reason="",
        at=NOW,
    )
    before = read_run_table(lake, run, "forecasts").drop(columns="run_id")
    newer = read_run_table(lake, plan(lake), "forecasts").drop(columns="run_id")
    last = before["date"].max()
    pd.testing.assert_frame_equal(newer[newer["date"] <= last].reset_index(drop=True), before)


def test_an_override_moves_the_forecast_of_its_days_only(copy: tuple[Lake, Run]) -> None:
    lake, run = copy
    line = proposed_today(lake, run)
    key = {"sku": [line["sku"]], "location": [line["location"]]}
    override_forecast(
        lake,
        sku=line["sku"],
        location=line["location"],
        from_date=dt.date(2026, 11, 24),
        to_date=dt.date(2026, 11, 25),
        factor=3.0,
        author="ann",
        reason="street fair",
        at=NOW,
    )
    before = read_run_table(lake, run, "forecasts", where=key)["mean"].to_numpy()
    newer = plan(lake)
    after = read_run_table(lake, newer, "forecasts", where=key)["mean"].to_numpy()
    assert after[2:4] == pytest.approx(3 * before[2:4])
    assert np.delete(after, [2, 3]) == pytest.approx(np.delete(before, [2, 3]))
    assert read_run_table(lake, newer, "series_models", where=key)["override_factor"].iloc[0] > 1


# small and odd lakes


def lake_of(folder: Path, frame: pd.DataFrame, period: str = "D") -> Lake:
    lake = Lake(folder)
    lake.replace("settings", pd.DataFrame({"name": ["period"], "value": [period]}))
    lake.replace("sales", frame)
    return lake


def history(period: str, periods: int) -> pd.DataFrame:
    freq = {"D": "D", "W": "W-MON", "M": "MS"}[period]
    dates = pd.date_range("2024-01-01", periods=periods, freq=freq)
    rng = np.random.default_rng(3)
    return pd.concat(
        [
            pd.DataFrame(
                {"date": dates, "sku": sku, "location": "007", "quantity": rng.poisson(mean, periods) * 1.0}
            )
            for sku, mean in {"1": 20.0, "2": 0.3}.items()
        ]
    )


def test_one_sale_is_enough_to_plan(tmp_path: Path) -> None:
    lake = lake_of(tmp_path / "lake", history("D", 1).head(1))
    lines = read_run_table(lake, plan(lake), "plan_lines")
    assert len(lines) == 1
    assert lines["quantity"].iloc[0] > 0
    assert lines["location"].iloc[0] == "007"


@pytest.mark.parametrize(("period", "periods"), [("W", 120), ("M", 40)])
def test_weekly_and_monthly_lakes(tmp_path: Path, period: str, periods: int) -> None:
    lake = lake_of(tmp_path / "lake", history(period, periods), period)
    run = plan(lake)
    lines = read_run_table(lake, run, "plan_lines")
    assert run.period == period
    assert (lines[list(EXPLAIN_TERMS)].sum(axis=1) == lines["quantity"]).all()
    fast = lines[lines["sku"] == "1"].iloc[0]
    assert fast["quantity"] > 20
    days = {"W": 7, "M": 30.4375}[period]
    assert fast["expected_demand_daily"] == pytest.approx(20 / days, rel=0.2)


def test_a_stale_feed_is_forecast_across(tmp_path: Path) -> None:
    lake = lake_of(tmp_path / "lake", history("D", 100))
    run = plan(lake, as_of=dt.date(2024, 4, 20))
    dates = read_run_table(lake, run, "forecasts")["date"]
    assert dates.min() == pd.Timestamp(2024, 4, 20)


def test_prophet_by_stan_on_request(tmp_path: Path) -> None:
    lake = lake_of(tmp_path / "lake", history("W", 60), "W")
    models = read_run_table(lake, plan(lake, model="prophet-stan"), "series_models").set_index("sku")
    assert models.loc["1", "model"] == "prophet-stan"


def test_an_unknown_model_is_named(tmp_path: Path) -> None:
    lake = lake_of(tmp_path / "lake", history("D", 30))
    with pytest.raises(ValueError, match="crystal ball"):
        plan(lake, model="crystal ball")


def test_an_empty_lake_cannot_be_planned(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="no sales"):
        plan(Lake(tmp_path / "lake"))
