"""Scenarios page: empty, made, compared by URL, copied, promoted, retired."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import cache
from app.scenarios_charts import frontier_chart
from app.theme import LIGHT
from data_lake.lake import Lake
from data_lake.runs import latest_run
from jobs.scenario_base import load_base
from jobs.scenario_changes import Change
from jobs.scenario_frontier import frontier
from jobs.scenario_plan import plan_scenario
from jobs.scenarios import Scenario, find_scenario, list_scenarios, make_scenario

PAGE = str(Path(__file__).parents[2] / "pages" / "scenarios.py")
TIMEOUT = 120


@pytest.fixture(autouse=True)
def fresh_caches() -> None:
    """Every test sees its own lake."""
    for cached in (cache.latest, cache.ledger, cache.run):
        cached.clear()


def page(**address: str) -> AppTest:
    test = AppTest.from_file(PAGE, default_timeout=TIMEOUT)
    for name, value in address.items():
        test.query_params[name] = value
    return test.run()


def keep(lake: Lake, name: str, *changes: Change, plan: bool = True) -> Scenario:
    run = latest_run(lake)
    assert run is not None
    base = load_base(lake, run)
    at = dt.datetime(2026, 11, 23, 9, len(list_scenarios(lake)), tzinfo=dt.UTC)
    made = make_scenario(base, list(changes), name=name, author="ana", reason="review", at=at)
    if plan:
        plan_scenario(base, made.changes)
    return made


def words(test: AppTest) -> str:
    return "\n".join(str(each.value) for each in (*test.markdown, *test.caption, *test.error, *test.info))


def test_the_first_visit_offers_to_make_a_scenario(planned_lake: Lake) -> None:
    test = page()
    assert not test.exception
    assert "Make a scenario below" in words(test)
    assert test.button(key="keep-0").disabled
    assert "One more point of service costs" in words(test)


def test_scenarios_named_by_the_address_are_set_side_by_side(planned_lake: Lake) -> None:
    one = keep(planned_lake, "High service", Change("service_target", 0.999))
    two = keep(planned_lake, "A fifth more", Change("demand", 1.2, "times"))
    keep(planned_lake, "Not asked for", Change("moq", 36.0))
    test = page(compare=f"{one.scenario},{two.scenario},gone")
    assert not test.exception
    assert test.multiselect(key="compare").value == [one.scenario, two.scenario]
    assert "gone: no scenario of this plan" in words(test)
    table = next(frame.value for frame in test.dataframe if "Figure" in frame.value or "" in frame.value)
    assert list(table.columns[1:]) == ["The plan", "High service", "A fifth more"]
    assert len(table) == 10
    assert "costs least" in words(test)
    test.multiselect(key="compare").set_value([two.scenario]).run()
    assert test.query_params["compare"] in (two.scenario, [two.scenario])


def test_what_was_not_planned_is_offered_to_be(planned_lake: Lake) -> None:
    one = keep(planned_lake, "Later", Change("moq", 48.0), plan=False)
    test = page(compare=one.scenario)
    assert "is not planned yet" in words(test)
    test.button(key="plan_missing").click().run()
    assert not test.exception
    assert "is not planned yet" not in words(test)
    assert "costs least" in words(test)


def test_a_scenario_is_changed_by_slider_and_form_and_kept(planned_lake: Lake) -> None:
    test = page()
    test.slider(key="quick-service_target-0").set_value(2.0).run()
    assert "Service target +2 points for all lines" in words(test)
    assert {metric.label for metric in test.metric} >= {"Cash in stock", "Fill rate"}
    test.selectbox(key="parameter-0").set_value("demand").run()
    assert not test.exception
    test.button(key="add-0-1").click().run()
    assert "Demand +10 % for all lines" in words(test)
    assert "known when the scenario is kept" in words(test)
    test.button(key="remove-1-2").click().run()
    assert "Demand +10 %" not in words(test)
    test.button(key="keep-0").click().run()
    assert "name is empty" in words(test)
    test.text_input(key="name-0").set_value("Two points")
    test.text_input(key="reason-0").set_value("asked")
    test.button(key="keep-0").click().run()
    assert not test.exception
    made = list_scenarios(planned_lake)
    assert [(one.name, one.words) for one in made] == [
        ("Two points", ["Service target +2 points for all lines"])
    ]
    assert test.multiselect(key="compare").value == [made[0].scenario]


def test_a_copy_starts_from_the_changes_of_another(planned_lake: Lake) -> None:
    one = keep(planned_lake, "First", Change("moq", 36.0), Change("demand", 1.1, "times"))
    test = page()
    test.selectbox(key="copy-0").set_value(one.scenario).run()
    assert "Minimum order 36 units for all lines" in words(test)
    assert "Demand +10 % for all lines" in words(test)


def open_dialog(name: str, scenario: str) -> AppTest:
    """Open a dialog alone: AppTest runs a whole page again, which would close it."""

    def script(name: str, scenario: str) -> None:
        from app import scenarios_data, scenarios_page

        one = {each.scenario: each for each in scenarios_data.scenarios()}[scenario]
        getattr(scenarios_page, name)(one)

    args = {"name": name, "scenario": scenario}
    return AppTest.from_function(script, kwargs=args, default_timeout=TIMEOUT).run()


def confirm(dialog: AppTest, act: str, text: str) -> None:
    field = "name" if act == "rename" else "reason"
    dialog.text_input(key=f"{act}_{field}").set_value(text).run()
    dialog.button(key=f"{act}_confirm").click().run()
    assert not dialog.exception


def test_promote_asks_for_a_reason_and_can_be_undone(planned_lake: Lake) -> None:
    one = keep(planned_lake, "High service", Change("service_target", 0.99))
    test = page(compare=one.scenario)
    test.button(key=f"promote-{one.scenario}").click().run()
    assert "rows of **policies**" in words(test)
    dialog = open_dialog("_promote", one.scenario)
    assert dialog.button(key="promote_confirm").disabled
    confirm(dialog, "promote", "agreed")
    assert find_scenario(planned_lake, one.scenario).state == "promoted"
    assert planned_lake.read("policies")["service_target"].tolist() == [0.99]
    assert page(compare=one.scenario).button(key=f"undo-{one.scenario}").label == "Undo"
    refused = open_dialog("_promote", one.scenario)
    refused.text_input(key="promote_reason").set_value("again").run()
    refused.button(key="promote_confirm").click().run()
    assert "promoted by" in words(refused)
    confirm(open_dialog("_undo", one.scenario), "undo", "sales fell")
    assert find_scenario(planned_lake, one.scenario).state == "undone"
    assert planned_lake.read("policies").empty


def test_a_scenario_is_renamed_and_retired(planned_lake: Lake) -> None:
    one = keep(planned_lake, "First", Change("moq", 36.0))
    confirm(open_dialog("_rename", one.scenario), "rename", "Second")
    assert find_scenario(planned_lake, one.scenario).name == "Second"
    confirm(open_dialog("_retire", one.scenario), "retire", "no")
    assert find_scenario(planned_lake, one.scenario).state == "retired"
    assert not page().multiselect(key="compare").options


def test_the_frontier_is_drawn_with_the_plans_on_it(planned_lake: Lake) -> None:
    run = latest_run(planned_lake)
    assert run is not None
    found = frontier(load_base(planned_lake, run))
    chart = frontier_chart(found, [("The plan", found.cash, found.fill), ("a", 1.0, 0.9)], LIGHT, "€")
    assert [trace.name for trace in chart.data] == [
        "Cheapest mix of targets",
        "Same target everywhere",
        "The plan",
        "a",
    ]
    assert [trace.name for trace in frontier_chart(None, [("a", 1.0, 0.9)], LIGHT, "€").data] == ["a"]
