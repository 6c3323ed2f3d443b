"""Scenarios: written, checked, kept, planned, compared; every figure a sum over the lines."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_lake.demo import build
from data_lake.errors import ContractError
from data_lake.lake import Lake
from data_lake.revising import revise
from data_lake.runs import Run, latest_run
from data_lake.then import LakeThen
from engine.replenishment.plan import plan_lines
from jobs.approve import approve_lines
from jobs.errors import JobError
from jobs.plan import plan
from jobs.scenario_apply import changed_values, demand_overrides, values_of, with_change
from jobs.scenario_base import ScenarioBase, load_base
from jobs.scenario_changes import PARAMETERS, Change, change_faults, changes_json, changes_of, weekdays_of
from jobs.scenario_frontier import TARGETS, frontier, read_curves
from jobs.scenario_lines import FIGURES
from jobs.scenario_plan import base_figures, compute, plan_scenario, stored_result
from jobs.scenario_quick import estimate, is_quick, quick_plans
from jobs.scenario_words import in_words, parse_change, scope_in_words
from jobs.scenarios import (
    find_scenario,
    list_scenarios,
    make_scenario,
    rename_scenario,
    retire_scenario,
)
from jobs.views.scenarios import compare, lines_that_differ, listed, reconciles

NOW = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)
WHO = {"author": "ana", "reason": "review", "at": NOW}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo lake with a centre, and its plan; tests that write take a copy."""
    folder = tmp_path_factory.mktemp("scenarios") / "lake"
    lake = Lake(folder)
    build(lake, skus=6, stores=2, dcs=1, days=150)
    plan(lake)
    return folder


@pytest.fixture(scope="module")
def base(planned: Path) -> ScenarioBase:
    lake = Lake(planned)
    run = latest_run(lake)
    assert run is not None
    return load_base(lake, run)


@pytest.fixture
def own(planned: Path, tmp_path: Path) -> ScenarioBase:
    """A base on a lake of its own."""
    shutil.copytree(planned, tmp_path / "lake")
    lake = Lake(tmp_path / "lake")
    run = latest_run(lake)
    assert run is not None
    return load_base(lake, run)


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("service_target=98%@category:Dairy", Change("service_target", 0.98, "set", "category", "Dairy")),
        ("moq*2", Change("moq", 2.0, "times")),
        (
            "lead_time_mean - 1.5 @ supplier:A & B",
            Change("lead_time_mean", -1.5, "plus", "supplier", "A & B"),
        ),
        ("order_weekdays=Mon Thu@line:007|S1", Change("order_weekdays", "Mon Thu", "set", "line", "007|S1")),
        ("target_kind=cost@class:AX", Change("target_kind", "cost", "set", "class", "AX")),
        (
            "demand*1.2@sku:007 from 2026-12-01 to 2026-12-14",
            Change("demand", 1.2, "times", "sku", "007", dt.date(2026, 12, 1), dt.date(2026, 12, 14)),
        ),
    ],
)
def test_a_change_is_read_as_it_is_written(text: str, change: Change) -> None:
    assert parse_change(text) == (change, [])
    assert changes_of(changes_json([change])) == (change,)
    assert scope_in_words(change) in in_words(change)


@pytest.mark.parametrize(
    ("text", "why"),
    [("98 %", "is not of the form"), ("moq=many", "not a number"), ("demand*1.1 from May", "is not a day")],
)
def test_what_cannot_be_read_says_why(text: str, why: str) -> None:
    change, faults = parse_change(text)
    assert change is None
    assert why in faults[0]


def test_all_faults_of_changes_are_listed_at_once(base: ScenarioBase) -> None:
    day = dt.date(2026, 12, 1)
    changes = [
        Change("service_level", 0.9),
        Change("service_target", 98.0),
        Change("service_target", 0.98, "set", "category", base.codes["category"][0][:-1]),
        Change("target_kind", "often"),
        Change("order_weekdays", "Mo Tue"),
        Change("unit_cost", 1.0, "set", "location", base.codes["location"][0]),
        Change("demand", 1.2, "plus", "sku"),
        Change("moq", 1.0, "set", "all", "007", day),
        Change("demand", 1.2, "times", "planet", "x", day, day - dt.timedelta(days=1)),
        Change("max_cover", 1e9, "times"),
        Change("moq", "six"),
    ]
    text = "\n".join(change_faults(changes, base.codes))
    for words in (
        "change 1 (service_level): not a parameter",
        "write 98% or 0.98",
        f"is it '{base.codes['category'][0]}'",
        "must be one of fill, cycle, cost",
        "'Mo' is no day of the week",
        "not for one location",
        "by times, not by plus",
        "name the sku: sku:CODE",
        "scope all takes no code",
        "only demand can be changed between two days",
        "scope 'planet' is not known",
        "is before first day",
        "factor is 1e+09",
        "change 11 (moq): value is 'six'",
    ):
        assert words in text
    assert change_faults([], base.codes) == ["a scenario changes something: give at least one change"]
    assert weekdays_of("Thu, Mon") == (0.0, 3.0)


@given(
    st.sampled_from(["service_target", "moq", "order_multiple", "min_cover", "holding_cost_rate"]),
    st.sampled_from(["set", "times", "plus"]),
    st.floats(-5, 5),
)
def test_a_changed_value_stays_in_range_and_elsewhere_as_it_was(name: str, how: str, value: float) -> None:
    old = np.array([1.0, 0.5, np.inf])
    rows = np.array([True, False, True])
    new = changed_values(old, rows, Change(name, value, how))  # type: ignore[arg-type]
    limits = PARAMETERS[name]
    assert limits.least <= new[0] <= limits.most
    assert new[1] == 0.5
    assert new[2] == (np.clip(value, limits.least, limits.most) if how == "set" else np.inf)


def test_what_follows_from_a_unit_cost_follows(base: ScenarioBase) -> None:
    every = np.ones(base.inputs.size, dtype=bool)
    dearer = with_change(base.inputs, every, Change("unit_cost", 1.1, "times"))
    np.testing.assert_allclose(dearer.unit_cost, base.inputs.unit_cost * 1.1)
    np.testing.assert_allclose(
        dearer.unit_cost + dearer.unit_margin, base.inputs.unit_cost + base.inputs.unit_margin
    )
    np.testing.assert_allclose(
        values_of(dearer, "holding_cost_rate"), values_of(base.inputs, "holding_cost_rate")
    )
    rate = with_change(base.inputs, every, Change("holding_cost_rate", 0.4))
    np.testing.assert_allclose(values_of(rate, "holding_cost_rate"), 0.4)


def test_the_run_as_it_was_is_planned_the_same_again(own: ScenarioBase) -> None:
    lines = own.lines[(own.lines["quantity"] > 0) & (own.lines["order_by"] == pd.Timestamp(own.as_of))]
    row = lines.iloc[0]
    approve_lines(
        own.lake,
        run_id=own.run.run_id,
        lines=[{"line_id": row["line_id"], "quantity": row["quantity"]}],
        author="ana",
        reason="",
        at=dt.datetime.now(dt.UTC),
    )
    revise(own.lake, "policies", lambda rows: rows.assign(service_target=0.5))
    result = compute(own, [])
    assert (result.lines["quantity"] == result.lines["base_quantity"]).all()
    assert result.values == pytest.approx(base_figures(own))


def test_the_past_cannot_be_written_to(base: ScenarioBase) -> None:
    then = LakeThen(base.lake, base.run)
    with pytest.raises(PermissionError, match="as it was"):
        then.objects.put_new("x", b"1")
    with pytest.raises(PermissionError, match="as it was"):
        then.objects.delete(["x"])
    unwritten = LakeThen(base.lake, Run("r", base.as_of, NOW, {"units": 0}, {}))
    assert unwritten.current("units") is None


def test_figures_are_sums_of_the_lines_and_a_result_is_worked_out_once(own: ScenarioBase) -> None:
    changes = [Change("service_target", 0.999), Change("demand", 1.3, "times")]
    told: list[str] = []
    result = plan_scenario(own, changes, progress=lambda text, _share: told.append(text))
    assert result.computed
    assert told[-1] == "The scenario is planned"
    assert reconciles(result)
    lines = result.lines
    values = result.values
    assert values["fill"] == pytest.approx((lines["fill"] * lines["demand"]).sum() / lines["demand"].sum())
    costs = lines[["lost_money", "waste_money", "holding_money"]].sum().sum()
    assert values["expected_cost"] == pytest.approx(costs)
    assert values["lines_changed"] == (lines["quantity"] != lines["base_quantity"]).sum() > 0
    terms = [name for name in lines if name.startswith("term_")]
    assert (lines[terms].sum(axis=1) == lines["quantity"]).all()
    assert (lines.loc[lines["status"] == "held", "quantity"] == 0).all()
    again = plan_scenario(own, changes)
    assert not again.computed
    pd.testing.assert_frame_equal(again.lines, stored_result(own.lake, again.result).lines)  # type: ignore[union-attr]
    assert again.values == values
    assert base_figures(own)["fill"] == pytest.approx(own.run.summary["fill_rate_with_orders"])


def test_the_right_lines_are_changed(base: ScenarioBase) -> None:
    lines = base.lines
    line = lines.iloc[3]
    for scope, code, rows in (
        ("all", "", np.ones(len(lines), dtype=bool)),
        ("category", line["category"], lines["category"] == line["category"]),
        ("supplier", line["source"], lines["source"] == line["source"]),
        ("location", line["location"], lines["location"] == line["location"]),
        ("sku", line["sku"], lines["sku"] == line["sku"]),
        ("line", f"{line['sku']}|{line['location']}", lines["line_id"] == line["line_id"]),
        ("class", line["abc"], lines["abc"] == line["abc"]),
        ("class", line["xyz"], lines["xyz"] == line["xyz"]),
        ("class", line["abc"] + line["xyz"], (lines["abc"] + lines["xyz"]) == line["abc"] + line["xyz"]),
    ):
        change = Change("moq", 1.0, "set", scope, code)
        assert (base.rows_of(change) == np.asarray(rows)).all(), scope
        assert not change_faults([change], base.codes), scope
    shares = (lines["expected_demand_daily"] * lines["unit_cost"]).groupby(lines["abc"]).sum()
    assert shares["A"] / shares.sum() >= 0.75


def test_demand_of_a_supplier_is_that_of_the_shops_it_reaches(base: ScenarioBase) -> None:
    centre = base.lines[base.lines["source_kind"] == "supplier"].iloc[0]
    made = demand_overrides(base, Change("demand", 1.5, "times", "supplier", centre["source"]))
    assert {row["sku"] for row in made} == set(
        base.lines.loc[base.lines["source"] == centre["source"], "sku"]
    )
    assert all(row["location"] == "" for row in made)
    by_class = demand_overrides(base, Change("demand", 1.5, "times", "class", "A"))
    supplying = set(base.lines.loc[base.lines["source_kind"] == "location", "source"])
    assert not {row["location"] for row in by_class} & supplying
    assert demand_overrides(base, Change("moq", 2.0)) == []


def test_a_scenario_is_its_content(own: ScenarioBase) -> None:
    changes = [Change("service_target", 0.99)]
    made = make_scenario(own, changes, name="99 %", **WHO)
    assert make_scenario(own, changes, name="99 %", **WHO | {"at": NOW + dt.timedelta(days=1)}) == made
    other = make_scenario(own, changes, name="ninety-nine", **WHO | {"at": NOW + dt.timedelta(minutes=1)})
    assert other.scenario != made.scenario
    rename_scenario(own.lake, made.scenario, "Ninety-nine", author="bo", at=NOW + dt.timedelta(hours=1))
    assert [one.name for one in list_scenarios(own.lake)] == ["Ninety-nine", "ninety-nine"]
    assert find_scenario(own.lake, made.scenario[:8]).words == ["Service target 99 % for all lines"]
    retire_scenario(own.lake, other.scenario, author="bo", reason="twice", at=NOW + dt.timedelta(hours=2))
    table = own.lake.read("scenarios").set_index("scenario")
    assert table.loc[other.scenario, "state"] == "retired"
    assert changes_of(str(table.loc[made.scenario, "changes"])) == tuple(changes)
    assert listed(list_scenarios(own.lake), own.run.run_id)["state"].tolist() == ["retired", "kept"]


def test_acts_that_make_no_sense_are_refused(own: ScenarioBase) -> None:
    with pytest.raises(JobError) as error:
        make_scenario(own, [Change("service_target", 2.0)], name=" ", author="", reason="", at=NOW)
    for words in ("name is empty", "author is empty", "reason is empty", "value is 2"):
        assert words in str(error.value)
    assert list_scenarios(own.lake) == []
    one = make_scenario(own, [Change("moq", 6.0)], name="a", **WHO)
    two = make_scenario(own, [Change("moq", 12.0)], name="a", **WHO)
    with pytest.raises(JobError, match="may be"):
        find_scenario(own.lake, "a")
    with pytest.raises(JobError, match="never made"):
        find_scenario(own.lake, "zz")
    with pytest.raises(JobError, match="name is empty"):
        rename_scenario(own.lake, one.scenario, " ", author="bo", at=NOW)
    with pytest.raises(JobError, match="reason is empty"):
        retire_scenario(own.lake, one.scenario, author="bo", reason="", at=NOW)
    retire_scenario(own.lake, two.scenario, author="bo", reason="no", at=NOW)
    with pytest.raises(JobError, match="retired already by bo"):
        retire_scenario(own.lake, two.scenario, author="bo", reason="no", at=NOW)


def test_plans_are_set_side_by_side(own: ScenarioBase) -> None:
    results = {
        "dearer": plan_scenario(own, [Change("demand", 2.0, "times")]),
        "higher": plan_scenario(own, [Change("service_target", 0.999)]),
    }
    compared = compare(results)
    rows = compared.figures.set_index("name")
    assert list(rows.index) == list(FIGURES)
    assert rows.loc["order_value", "base"] == pytest.approx(own.lines["value"].sum())
    assert rows.loc["order_value", "dearer"] > rows.loc["order_value", "base"]
    costs = {name: results[name].values["expected_cost"] for name in results}
    best = min(costs, key=lambda name: costs[name])
    planned = rows.loc["expected_cost", "base"]
    assert compared.winner == (best if costs[best] < planned else "")
    assert compared.saving == pytest.approx(max(planned - costs[best], 0.0))
    differ = lines_that_differ(results, own.lines, {own.lines["sku"].iloc[0]: "Butter"})
    most = differ.groupby("line_id", sort=False)["value_change"].agg(lambda money: money.abs().max())
    assert most.is_monotonic_decreasing
    assert (differ["quantity"] != differ["base_quantity"]).all()
    assert differ["why"].str.contains("demand until the next arrival").any()
    assert compare({}).winner == ""
    assert lines_that_differ({}, own.lines).empty
    with pytest.raises(ValueError, match="at most 4"):
        compare(dict.fromkeys("abcde", results["higher"]))


def test_the_frontier_rises_and_its_mix_is_never_dearer(base: ScenarioBase) -> None:
    found = frontier(base)
    assert list(found.uniform["target"]) == list(TARGETS)
    assert found.uniform["cash"].is_monotonic_increasing
    assert found.uniform["fill"].is_monotonic_increasing
    assert found.mix["cash"].is_monotonic_increasing
    assert found.cash == pytest.approx(base_figures(base)["stock_value"])
    assert found.fill == pytest.approx(base_figures(base)["fill"])
    within = found.uniform["fill"].between(found.mix["fill"].min(), found.mix["fill"].max())
    cheapest = np.interp(found.uniform.loc[within, "fill"], found.mix["fill"], found.mix["cash"])
    # chords of a convex curve lie above it, by at most what a fortieth of the way costs
    slack = np.diff(found.mix["cash"]).max()
    assert (cheapest <= found.uniform.loc[within, "cash"] + slack).all()


def test_the_frontier_serves_what_a_plain_loop_says(base: ScenarioBase) -> None:
    curves = read_curves(base)
    target = TARGETS[5]
    cash = frontier(base).uniform.set_index("target").loc[target, "cash"]
    orders = 0.0
    for row in range(base.inputs.size):
        if base.held[row]:
            continue
        known = ~np.isnan(curves.quantity[row])
        reached = [
            quantity
            for quantity, short in zip(curves.quantity[row][known], curves.short[row][known], strict=True)
            if short <= (1 - target) * curves.window_demand[row] * (1 + 1e-9)
        ]
        best = curves.quantity[row][known][np.argmin(curves.short[row][known])]
        orders += (reached[0] if reached else best) * base.inputs.unit_cost[row]
    least = base_figures(base)["stock_value"] - base.lines["value"].sum()
    assert cash == pytest.approx(least + orders)


def test_quick_figures_are_those_of_lines_planned_on_their_own(base: ScenarioBase) -> None:
    plans = quick_plans(base)
    change = Change("service_target", 0.99)
    assert is_quick([change])
    assert not is_quick([Change("demand", 1.1, "times")])
    same = estimate(plans, [])
    assert same["lines_changed"] == 0
    assert same["order_value"] == pytest.approx(plans.figures["order_value"])
    n_paths = int(base.run.policy["n_paths"])
    every = np.ones(base.inputs.size, dtype=bool)
    before = plan_lines(base.inputs, n_paths=n_paths).quantity
    after = plan_lines(with_change(base.inputs, every, change), n_paths=n_paths).quantity
    moved = np.where(base.held, 0.0, after - before) @ base.inputs.unit_cost
    found = estimate(plans, [change])
    assert found["order_value"] - plans.figures["order_value"] == pytest.approx(moved, rel=0.05)
    assert found["fill"] >= same["fill"]
    assert estimate(plans, [Change("cash_budget", 0.0)])["order_value"] <= same["order_value"]


def test_a_run_of_an_earlier_version_says_so(base: ScenarioBase) -> None:
    without = {name: n for name, n in base.run.outputs.items() if name not in ("line_inputs", "line_curves")}
    old = Run("old", base.as_of, NOW, base.run.inputs, without)
    with pytest.raises(JobError, match="keeps no line inputs"):
        load_base(base.lake, old)
    with pytest.raises(JobError, match="keeps no value curves"):
        read_curves(ScenarioBase(base.lake, old, base.lines, base.inputs))


def test_a_table_is_revised_whole_or_not_at_all(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.replace("units", pd.DataFrame({"sku": ["1", "2"], "unit": "case", "eaches": [6, 12]}))
    seen: list[int] = []

    def drop(rows: pd.DataFrame) -> pd.DataFrame:
        if not seen:  # another writer is faster, once
            lake.upsert("units", pd.DataFrame({"sku": ["3"], "unit": ["case"], "eaches": [4]}))
        seen.append(len(rows))
        return rows[rows["eaches"] < 10]

    revise(lake, "units", drop, note="small ones")
    assert seen == [2, 3]
    assert lake.read("units")["sku"].tolist() == ["1", "3"]
    with pytest.raises(ContractError):
        revise(lake, "units", lambda rows: rows.assign(eaches=-1.0))
    assert lake.version("units").number == 3
