"""Subscriptions: added, changed, removed under rules; every change recorded, nothing secret kept for ever."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data_lake.lake import Lake
from data_lake.ledger import read_events
from jobs.errors import JobError
from jobs.notify_filter import Filter
from jobs.notify_schedule import Schedule
from jobs.subscription_endpoints import hidden
from jobs.subscriptions import (
    Subscription,
    add_subscription,
    change_subscription,
    find_subscription,
    remove_subscription,
    sns_filter_policy,
    subscriptions,
)

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
SECRET = "correct horse battery staple"


def add(lake: Lake, **told: Any) -> Subscription:
    base: dict[str, Any] = {"channel": "email", "endpoint": "ana@example.com", "recipient": "Ana Lopez"}
    return add_subscription(lake, **{**base, **told}, author="bo", reason="asked for it", at=AT)


def test_a_subscription_is_read_as_it_was_added(lake: Lake) -> None:
    wanted = Filter(("stockout",), 100.0, "warning", ("S01",), ("Dairy",))
    schedule = Schedule("daily", "07:30", "22:00", "06:00", "Europe/Paris")
    made = add(lake, wanted=wanted, schedule=schedule)
    hook = add(
        lake, channel="webhook", endpoint="https://erp.example.com/hooks/1", recipient="ERP", secret=SECRET
    )
    assert subscriptions(lake) == [made, hook]
    assert made.subscription.startswith("ana-lopez-email-")
    assert find_subscription(lake, "erp") == hook
    assert sns_filter_policy(made)["category"] == ["Dairy"]


def test_every_change_is_recorded_without_what_is_secret(lake: Lake) -> None:
    hook = add(
        lake,
        channel="webhook",
        endpoint="https://erp.example.com/hooks/1?key=abc",
        recipient="ERP",
        secret=SECRET,
    )
    changes = {
        "secret": "another secret, long enough",
        "least_money": 50.0,
        "types": ["expiry"],
        "active": False,
    }
    new = change_subscription(
        lake, "erp", changes, author="cy", reason="rotation", at=AT + timedelta(hours=1)
    )
    assert (new.wanted.types, new.active) == (("expiry",), False)
    remove_subscription(lake, "erp", author="cy", reason="ERP is gone", at=AT + timedelta(hours=2))
    added, changed, removed = read_events(lake)
    assert (added.author, added.reason, added.data["act"]) == ("bo", "asked for it", "added")
    assert changed.data["changes"] == {
        "secret": ["…aple", "…ough"],
        "least_money": [0.0, 50.0],
        "types": [[], ["expiry"]],
        "active": [True, False],
    }
    assert removed.data["subscription"] == hook.subscription
    text = json.dumps([event.data for event in (added, changed, removed)])
    assert SECRET not in text
    assert "key=abc" not in text
    assert SECRET not in repr(hook)


def test_a_removed_subscription_is_off_the_list_and_forgets_its_address(lake: Lake) -> None:
    made = add(lake)
    gone = remove_subscription(lake, made.subscription, author="bo", at=AT)
    assert subscriptions(lake) == []
    assert subscriptions(lake, removed=True) == [gone]
    assert (gone.endpoint, gone.active) == ("", False)
    with pytest.raises(JobError, match="not known; there are: none"):
        find_subscription(lake, made.subscription)


def test_what_changes_nothing_is_not_recorded(lake: Lake) -> None:
    made = add(lake)
    assert change_subscription(lake, "ana", {"recipient": "Ana Lopez"}, author="bo", at=AT) == made
    assert len(read_events(lake)) == 1


def test_a_beginning_that_fits_two_is_ambiguous(lake: Lake) -> None:
    add(lake)
    add(lake, endpoint="ana@example.org")
    with pytest.raises(JobError, match="ambiguous"):
        find_subscription(lake, "ana")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"endpoint": "ana at example"}, "is not an e-mail address"),
        ({"endpoint": "ana@example.com\nBcc: eve@example.com"}, "is not an e-mail address"),
        ({"recipient": " "}, "recipient is empty"),
        ({"channel": "sms", "endpoint": "0612345678"}, "is not a telephone number"),
        ({"channel": "queue", "endpoint": "my-queue"}, "write https://"),
        ({"channel": "fax"}, "channel 'fax' is not known"),
        ({"channel": "webhook", "endpoint": "http://erp.example.com/x", "secret": SECRET}, "needs https"),
        (
            {"channel": "webhook", "endpoint": "https://ana:pw@erp.example.com/", "secret": SECRET},
            "holds a name",
        ),
        (
            {"channel": "webhook", "endpoint": "https://erp.example.com:port/", "secret": SECRET},
            "not an address",
        ),
        ({"channel": "webhook", "endpoint": "https://erp.example.com/"}, "needs a secret of 16"),
        (
            {"channel": "webhook", "endpoint": "https://erp.example.com/", "secret": "env:MY SECRET"},
            "does not name",
        ),
        ({"secret": SECRET}, "email takes none"),
        ({"wanted": Filter(least_money=-1.0)}, "least money is -1"),
        ({"schedule": Schedule(time_zone="Paris")}, "time zone 'Paris' is not known"),
    ],
)
def test_what_breaks_a_rule_is_refused_and_nothing_is_written(
    lake: Lake, told: dict[str, Any], said: str
) -> None:
    with pytest.raises(JobError, match=said) as refused:
        add(lake, **told)
    assert SECRET not in str(refused.value)
    assert "pw@" not in str(refused.value)
    assert lake.objects.list("") == []


def test_all_faults_are_told_at_once(lake: Lake) -> None:
    with pytest.raises(JobError, match=r"recipient.*e-mail.*least money.*digest"):
        add(lake, recipient="", endpoint="x", wanted=Filter(least_money=-1.0), schedule=Schedule("weekly"))  # type: ignore[arg-type]


def test_only_what_can_be_changed_is(lake: Lake) -> None:
    add(lake)
    with pytest.raises(JobError, match="channel cannot be changed; can be: recipient"):
        change_subscription(lake, "ana", {"channel": "sms"}, author="bo", at=AT)


@pytest.mark.parametrize(
    ("channel", "endpoint", "shown"),
    [
        ("email", "ana.lopez@example.com", "a…@example.com"),
        ("sms", "+33612345678", "+33…678"),
        (
            "webhook",
            "https://hooks.example.com:8443/services/T0/B0/XXXX?token=s3cret",
            "https://hooks.example.com:8443/services/…",
        ),
        ("webhook", "https://example.com", "https://example.com"),
        ("webhook", "https://example.com/s3cret", "https://example.com/…"),
        (
            "queue",
            "https://sqs.eu-central-1.amazonaws.com/123456789012/alerts",
            "https://sqs.eu-central-1.amazonaws.com/123456789012/…",
        ),
        ("email", "", ""),
    ],
)
def test_an_address_is_known_again_and_not_given_away(channel: str, endpoint: str, shown: str) -> None:
    assert hidden(channel, endpoint) == shown
