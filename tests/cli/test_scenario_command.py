"""`shelfcast scenario`: made from changes as they are written, listed, compared, promoted, undone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from typer.testing import Result

from data_lake.lake import Lake
from data_lake.runs import latest_run
from jobs.scenario_base import load_base
from jobs.scenario_changes import Change
from jobs.scenarios import list_scenarios, make_scenario

Shelfcast = Callable[..., Result]


@pytest.mark.parametrize("command", ["new", "list", "compare", "promote", "retire"])
def test_every_command_explains_itself_with_an_example(shelfcast: Shelfcast, command: str) -> None:
    text = shelfcast("scenario", command, "--help").output
    assert f"shelfcast scenario {command}" in text
    assert "SHELFCAST_LAKE" in text


def test_before_a_plan_there_is_nothing_to_start_from(shelfcast: Shelfcast) -> None:
    assert shelfcast("scenario", "list").output == "No scenario: shelfcast scenario new\n"
    refused = shelfcast("scenario", "new", "--name", "x", "--change", "moq=6", "--reason", "y")
    assert refused.exit_code == 1
    assert "no plan yet: shelfcast plan" in refused.output


def test_all_faults_of_form_and_of_content_come_at_once(shelfcast: Shelfcast, planned: str) -> None:
    changes = ("moq=many", "--change", "service_target=98", "--change", "98%", "--change", "max_stock=2")
    refused = shelfcast("scenario", "new", "--name", "x", "--reason", "y", "--change", *changes)
    assert refused.exit_code == 1
    for words in (
        "'many' is not a number",
        "write 98% or 0.98",
        "'98%' is not of the form",
        "not a parameter",
    ):
        assert words in refused.output
    assert list_scenarios(Lake(planned)) == []


def test_a_scenario_is_made_compared_promoted_and_undone(shelfcast: Shelfcast, planned: str) -> None:
    made = shelfcast(
        *("scenario", "new", "--name", "high service", "--change", "service_target=99.9%"),
        *("--change", "demand*1.5@all", "--reason", "asked by sales"),
    )
    assert made.exit_code == 0, made.output
    assert re.search(r"Cash in stock \[EUR\] +[\d,]+ +[\d,]+", made.output)
    scenario = list_scenarios(Lake(planned))[0]
    assert f"Scenario {scenario.scenario} “high service” kept." in made.output
    assert (scenario.author, scenario.reason) == ("ana", "asked by sales")
    copy = shelfcast(
        *("scenario", "new", "--name", "and less", "--copy", scenario.scenario[:6]),
        *("--change", "demand*0.5", "--reason", "what if"),
    )
    assert copy.exit_code == 0, copy.output
    both = [one.scenario for one in list_scenarios(Lake(planned))]
    compared = shelfcast("scenario", "compare", *both, "--lines", "3").output
    assert "high service" in compared
    assert "costs least" in compared
    assert "demand until the next arrival" in compared
    listed = shelfcast("scenario", "list").output
    assert "Service target 99.9 % for all lines; Demand +50 % for all lines" in listed
    promoted = shelfcast("scenario", "promote", scenario.scenario, "--reason", "agreed")
    assert promoted.exit_code == 0, promoted.output
    assert promoted.output.startswith("Promoted: ")
    assert "1 overrides of the forecast. Next: shelfcast plan" in promoted.output
    again = shelfcast("scenario", "promote", scenario.scenario, "--reason", "agreed")
    assert again.exit_code == 1
    assert "promoted by ana already" in again.output
    undone = shelfcast("scenario", "promote", scenario.scenario, "--undo", "--reason", "no")
    assert undone.output.startswith("Undone: ")
    retired = shelfcast("scenario", "retire", both[1], "--reason", "no")
    assert retired.output == f"Scenario {both[1]} “and less” retired.\n"
    assert both[1] not in shelfcast("scenario", "list").output
    assert both[1] in shelfcast("scenario", "list", "--all").output


def test_too_many_or_of_several_plans_cannot_be_compared(shelfcast: Shelfcast, planned: str) -> None:
    run = latest_run(Lake(planned))
    assert run is not None
    base = load_base(Lake(planned), run)
    at = datetime(2026, 11, 23, tzinfo=UTC)
    names = [
        make_scenario(base, [Change("moq", n)], name="n", author="a", reason="r", at=at).scenario
        for n in (1.0, 2.0, 3.0, 4.0, 5.0)
    ]
    refused = shelfcast("scenario", "compare", *names)
    assert "at most 4 scenarios are compared at once, not 5" in refused.output
