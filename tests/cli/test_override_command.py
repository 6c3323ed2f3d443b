"""`shelfcast override`: made at any level, listed with its value, retired by the beginning of its name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import Result

from data_lake.lake import Lake
from data_lake.runs import latest_run
from jobs.demo_planners import HOPEFUL, KNOWING
from jobs.override_fold import active_overrides, all_overrides

Shelfcast = Callable[..., Result]
DAYS = ("--from", "2026-11-24", "--to", "2026-11-30")


@pytest.mark.parametrize("command", ["list", "make", "retire"])
def test_every_command_explains_itself_with_an_example(shelfcast: Shelfcast, command: str) -> None:
    text = shelfcast("override", command, "--help").output
    assert f"shelfcast override {command}" in text
    assert "SHELFCAST_LAKE" in text
    assert "shelfcast override make --category" in shelfcast("override", "--help").output


def test_without_an_override_the_list_says_so(shelfcast: Shelfcast) -> None:
    assert shelfcast("override", "list").output == "No override.\n"


def test_an_override_is_made_listed_and_retired(shelfcast: Shelfcast, planned: str) -> None:
    lake = Lake(planned)
    category = lake.read("products")["category"].iloc[0]
    made = shelfcast("override", "make", *DAYS, "--category", category, "--total", "900", "--reason", "fair")
    assert made.exit_code == 0, made.output
    row = active_overrides(lake).iloc[-1]
    assert (row["level"], row["category"], row["author"]) == ("category", category, "ana")
    assert row["new_value"] == pytest.approx(900 / 7)
    listed = shelfcast("override", "list").output
    assert f"category {category} at all locations" in listed
    name = row["override"][:12]
    assert f"Override {name} recorded" in made.output
    retired = shelfcast("override", "retire", name, "--reason", "cancelled")
    assert retired.output == "1 retired. Next: shelfcast plan\n"
    assert row["override"] not in set(active_overrides(lake)["override"])
    again = shelfcast("override", "retire", name, "--reason", "cancelled")
    assert again.exit_code == 1
    assert f"override '{name}' is not there" in again.output


def test_all_of_them_are_listed_with_what_they_were_worth(shelfcast: Shelfcast, planned: str) -> None:
    text = shelfcast("override", "list", "--all").output
    assert KNOWING in text
    assert HOPEFUL in text
    lake = Lake(planned)
    run = latest_run(lake)
    assert run is not None
    assert len(text.splitlines()) == 1 + len(all_overrides(lake, run.as_of))
    for name in active_overrides(lake, run.as_of)["override"]:
        shelfcast("override", "retire", name, "--reason", "no")
    assert "No active override; --all lists the others." in shelfcast("override", "list").output


def test_all_faults_are_named(shelfcast: Shelfcast, planned: str) -> None:
    result = shelfcast("override", "make", *DAYS, "--region", "Nowhere", "--factor", "-1")
    assert result.exit_code == 1
    for said in ("region 'Nowhere' is in no product", "factor is -1.0", "reason is empty"):
        assert said in result.output
