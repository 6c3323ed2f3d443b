"""`shelfcast alerts`: looked for, listed, acknowledged, snoozed, closed; thresholds shown and set."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from typer.testing import Result

from data_lake.lake import Lake
from data_lake.ledger import read_events
from jobs.views.alerts import at_risk

Shelfcast = Callable[..., Result]


@pytest.mark.parametrize("command", ["check", "list", "acknowledge", "snooze", "close", "rules"])
def test_every_command_explains_itself(shelfcast: Shelfcast, command: str) -> None:
    text = shelfcast("alerts", command, "--help").output
    assert "SHELFCAST_LAKE" in text
    assert f"alerts {command}" in text


def test_alerts_are_found_once_and_listed_by_money(shelfcast: Shelfcast, planned: str) -> None:
    nothing = shelfcast("alerts", "list", "--lake", f"{planned}-empty").output
    assert nothing.startswith("No alert needs anybody")
    shelfcast("alerts", "rules", "--set", "least_money=1", "--set", "ahead_days=7")
    first = shelfcast("alerts", "check")
    assert first.exit_code == 0, first.output
    table = Lake(planned).read("alerts")
    assert re.match(r"Alerts: \d+ opened.*\.\n- ", first.output)
    assert shelfcast("alerts", "check").output == "Alerts: nothing changed.\n"
    listed = shelfcast("alerts", "list", "--most", "1").output
    dearest = table.sort_values("severity").iloc[-1]
    assert "|".join(dearest[["alert_type", "sku", "location", "source"]]) in listed
    assert f"1 of {len(table)}; {at_risk(table):,.2f} at risk in all." in listed
    none = shelfcast("alerts", "list", "--location", "nowhere").output
    assert none == "No alert matches.\n"


def test_people_act_on_alerts_by_name(shelfcast: Shelfcast, planned: str) -> None:
    shelfcast("alerts", "rules", "--set", "least_money=1", "--set", "ahead_days=7")
    shelfcast("alerts", "check")
    lake = Lake(planned)
    table = lake.read("alerts")
    named = ["|".join(row) for row in table[["alert_type", "sku", "location", "source"]].to_numpy()]
    assert shelfcast("alerts", "acknowledge", named[0]).output == "1 acknowledged.\n"
    assert shelfcast("alerts", "snooze", named[0]).output == "1 snoozed until the next change.\n"
    day = shelfcast("alerts", "snooze", named[0], "--until", "2999-01-01").output
    assert day == "1 snoozed until 2999-01-01.\n"
    refused = shelfcast("alerts", "close", named[0])
    assert (refused.exit_code, "reason is empty" in refused.output) == (1, True)
    assert shelfcast("alerts", "close", named[0], "--reason", "agreed").output == "1 closed.\n"
    event = read_events(lake)[-1]
    assert (event.author, event.reason, event.data["sku"]) == ("ana", "agreed", table["sku"].iloc[0])
    unknown = shelfcast("alerts", "close", "stockout|x|y|z", "--reason", "r")
    assert "no alert is named stockout|x|y|z" in unknown.output


def test_thresholds_are_shown_set_and_taken_back(shelfcast: Shelfcast, planned: str) -> None:
    assert "No segment has thresholds of its own." in shelfcast("alerts", "rules").output
    lake = Lake(planned)
    category, location = lake.read("products")["category"].iloc[0], lake.read("locations")["location"].iloc[0]
    segment = ("--type", "excess", "--category", category, "--class", "C", "--location", location)
    assert shelfcast("alerts", "rules", *segment, "--set", "limit=30", "--set", "enabled=no").exit_code == 0
    assert shelfcast("alerts", "rules", *segment, "--set", "least_money=75").exit_code == 0
    (row,) = lake.read("alert_rules").to_dict("records")
    assert (row["limit"], row["least_money"], bool(row["enabled"])) == (30.0, 75.0, False)
    assert "30" in shelfcast("alerts", "rules").output
    shelfcast("alerts", "rules", *segment, "--set", "limit=")
    (row,) = lake.read("alert_rules").to_dict("records")
    assert row["limit"] != row["limit"]
    assert row["least_money"] == 75.0
    changed = [event.data for event in read_events(lake) if event.event_type == "parameter.changed"]
    assert (
        changed[-1]["name"] == f"alert_rules excess, category {category}, class C, location {location}: limit"
    )
    assert (changed[-1]["old_value"], changed[-1]["new_value"]) == ("30.0", "")


@pytest.mark.parametrize(
    ("wanted", "fault"),
    [
        (("limit",), "'limit' is not of the form NAME=VALUE"),
        (("limit=x",), "limit is 'x'; it must be a number"),
        (("limit=3",), "limit needs a type of alert"),
        (("enabled=maybe",), "enabled is 'maybe'; it must be yes or no"),
        (
            ("least_money=-1", "release_share=2"),
            "least_money is -1; it must be 0 or more; release_share is 2",
        ),
        (("colour=3",), "'colour' is no threshold"),
        (("least_money=1", "--location", "nowhere"), "location 'nowhere' is not in the table locations"),
        (("least_money=1", "--class", "D"), "class 'D' must be A, B or C"),
        (("least_money=1", "--type", "flood"), "alert type 'flood' is not known"),
    ],
)
def test_a_threshold_that_cannot_be_is_refused(
    shelfcast: Shelfcast, planned: str, wanted: tuple[str, ...], fault: str
) -> None:
    arguments = [part for change in wanted for part in (("--set", change) if "=" in change else (change,))]
    if arguments == ["limit"]:
        arguments = ["--set", "limit"]
    refused = shelfcast("alerts", "rules", *arguments)
    assert refused.exit_code == 1
    assert fault in refused.output.replace("\n", " ")
    assert Lake(planned).read("alert_rules").empty
