"""`shelfcast subscriptions`, as it is typed: add, list, change, test, due, policy, remove."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from typer.testing import Result

from data_lake.lake import Lake
from jobs.notify_filter import Filter
from jobs.notify_schedule import Schedule
from jobs.subscriptions import subscriptions

Shelfcast = Callable[..., Result]


def add_ana(shelfcast: Shelfcast) -> None:
    done = shelfcast(
        *("subscriptions", "add", "email", "--to", "ana@example.com", "--recipient", "Ana"),
        *("--type", "stockout", "--least-money", "100", "--least-level", "warning", "--location", "S01"),
        *("--digest", "daily@07:30", "--quiet", "22:00-06:30", "--time-zone", "Europe/Paris"),
    )
    assert done.exit_code == 0, done.output
    assert "Ana is told from now on" in done.output


def test_a_subscription_from_beginning_to_end(shelfcast: Shelfcast, address: str) -> None:
    assert "Nobody is told yet" in shelfcast("subscriptions", "list").output
    add_ana(shelfcast)
    (ana,) = subscriptions(Lake(address))
    assert ana.wanted == Filter(("stockout",), 100.0, "warning", ("S01",))
    assert ana.schedule == Schedule("daily", "07:30", "22:00", "06:30", "Europe/Paris")
    listed = shelfcast("subscriptions", "list").output
    for said in ("a…@example.com", "Stockout · from €100", "Daily at 07:30, quiet 22:00–06:30", "Active"):
        assert said in listed

    changed = shelfcast("subscriptions", "change", "ana", "--pause", "--quiet", "none", "--all", "locations")
    assert changed.exit_code == 0, changed.output
    (ana,) = subscriptions(Lake(address))
    assert (ana.active, ana.schedule.quiet_from, ana.wanted.locations) == (False, "", ())
    assert "Paused" in shelfcast("subscriptions", "list").output
    assert "nothing was given" in shelfcast("subscriptions", "change", "ana").output

    policy = json.loads(shelfcast("subscriptions", "policy", "ana").output)
    assert policy == {
        "type": ["stockout"],
        "severity": [{"numeric": [">=", 100.0]}],
        "level": ["warning", "critical"],
    }
    assert "0 sent, 0 waiting" in shelfcast("subscriptions", "due").output
    assert shelfcast("subscriptions", "remove", "ana", "--reason", "left").exit_code == 0
    assert subscriptions(Lake(address)) == []


def test_the_secret_of_a_webhook_is_asked_for_and_never_shown(
    shelfcast: Shelfcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = ("subscriptions", "add", "webhook", "--to", "https://erp.example.com/hooks/1", "--recipient", "ERP")
    monkeypatch.setenv("SHELFCAST_WEBHOOK_SECRET", "correct horse battery staple")
    added = shelfcast(*to)
    assert added.exit_code == 0, added.output
    assert "horse" not in added.output + shelfcast("subscriptions", "list").output
    monkeypatch.delenv("SHELFCAST_WEBHOOK_SECRET")
    assert "Secret that signs what is sent" in shelfcast(*to).output
    refused = shelfcast(*to, "--secret", "short")
    assert refused.exit_code == 1
    assert "16 characters or more" in refused.stderr


def test_a_trial_says_what_to_set(shelfcast: Shelfcast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHELFCAST_SMTP_URL", raising=False)
    add_ana(shelfcast)
    refused = shelfcast("subscriptions", "test", "ana")
    assert refused.exit_code == 1
    assert "set SHELFCAST_SMTP_URL to smtps://user:password@host:port" in refused.stderr


def test_faults_are_told_all_at_once(shelfcast: Shelfcast) -> None:
    refused = shelfcast(
        *("subscriptions", "add", "fax", "--to", "x", "--recipient", " ", "--digest", "weekly@7"),
        *("--quiet", "22", "--time-zone", "Paris"),
    )
    assert refused.exit_code == 1
    for said in (
        "channel 'fax'",
        "recipient is empty",
        "'weekly'",
        "'7'",
        "both a start and an end",
        "'Paris'",
    ):
        assert said in refused.stderr


@pytest.mark.parametrize("command", ["", "list", "add", "change", "remove", "test", "due", "policy"])
def test_every_command_explains_itself_with_an_example(shelfcast: Shelfcast, command: str) -> None:
    result = shelfcast(*["subscriptions", command, "--help"] if command else ["subscriptions", "--help"])
    assert result.exit_code == 0
    assert f"shelfcast subscriptions {command}".strip() in " ".join(
        result.output.partition("Examples")[2].split()
    )
