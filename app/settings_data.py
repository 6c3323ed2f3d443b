"""What the Settings page reads, and the acts it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

import pandas as pd
import streamlit as st

from app import cache, columns, data
from app.acts import recorded, signed
from engine.alerts.kinds import KINDS
from engine.contracts import ALERT_TYPES
from jobs.alert_rules import change_rule
from jobs.notices.news import CONFIRMATIONS
from jobs.notices.words import label
from jobs.notify import Notified, due
from jobs.notify_sample import send_sample
from jobs.notify_schedule import AT_ONCE, DIGESTS, Schedule
from jobs.settings import change_settings
from jobs.subscriptions import (
    CHANNELS,
    EVERYTHING,
    Filter,
    Subscription,
    add_subscription,
    change_subscription,
    parts_of,
    remove_subscription,
)
from jobs.views import settings, subscriptions
from jobs.views.lines import Choices
from jobs.views.settings import THRESHOLDS
from jobs.views.subscriptions import CHANNEL_LABELS, Told

__all__ = [
    "ALERT_TYPES",
    "CHANNELS",
    "CHANNEL_LABELS",
    "CONFIRMATIONS",
    "DIGESTS",
    "EVERYTHING",
    "THRESHOLDS",
    "Choices",
    "Filter",
    "Schedule",
    "Subscription",
    "Told",
    "label",
]

ENDPOINT_HELP = {
    "email": "ana@example.com",
    "sms": "+33612345678",
    "webhook": "https://erp.example.com/alerts",
    "queue": "https://sqs.eu-central-1.amazonaws.com/123456789012/alerts",
}


@st.cache_resource(max_entries=4, ttl=cache.RUN_SECONDS, show_spinner=False)
def _told(address: str, ledger: str) -> list[Told]:
    del ledger  # a part of the key
    return subscriptions.load(cache.lake(address))


@st.cache_resource(max_entries=4, ttl=cache.RUN_SECONDS, show_spinner=False)
def _audit(address: str, ledger: str) -> pd.DataFrame:
    del ledger  # a part of the key
    return settings.audit(cache.lake(address))


def told() -> list[Told]:
    """Return every subscription and how it fares; not older than a few seconds."""
    return _told(data.uri(), data.ledger_state())


def subscription_rows(every: Sequence[Told], currency: str) -> pd.DataFrame:
    """Return the subscriptions as the table shows them."""
    names = choices().locations
    rows = [
        {
            "subscription": one.subscription.subscription,
            "recipient": one.subscription.recipient,
            "channel": CHANNEL_LABELS[one.subscription.channel],
            "endpoint": one.subscription.hidden_endpoint,
            "what": subscriptions.filter_in_words(one.subscription.wanted, currency, names),
            "when": subscriptions.schedule_in_words(one.subscription.schedule),
            "state": [one.state],
            "waiting": one.waiting + one.unsent,
            "last_sent": one.last_sent,
        }
        for one in every
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(last_sent=pd.to_datetime(frame["last_sent"], utc=True)) if rows else frame


def failing(every: Sequence[Told]) -> list[str]:
    """Say of each subscription that fails why, and when it is tried again."""
    return [
        f"**{one.subscription.recipient}** (`{one.subscription.hidden_endpoint}`): {one.failure.reason}. "
        f"Tried {columns.count(one.failure.tries, 'time')}, again at {one.failure.retry_at:%d %b %H:%M} UTC."
        for one in every
        if one.failure
    ]


def choices() -> Choices:
    """Return the locations and categories that can be named."""
    return settings.choices(data.lake())


def setting_rows() -> pd.DataFrame:
    """Return the settings of the lake."""
    return settings.setting_rows(data.lake())


def row(frame: pd.DataFrame, number: int) -> dict[str, str]:
    """Return one row of the settings."""
    return {str(name): str(value) for name, value in frame.iloc[number].items()}


def threshold_rows() -> pd.DataFrame:
    """Return the thresholds of alerts."""
    return settings.threshold_rows(data.lake())


def audit() -> pd.DataFrame:
    """Return the last changes."""
    return _audit(data.uri(), data.ledger_state())


def time_zones() -> list[str]:
    """Return the time zones that can be chosen."""
    return sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


def schedule_here() -> Schedule:
    """Return the schedule that a new subscription starts from: by the clock of who adds it."""
    here = st.context.timezone
    return Schedule(time_zone=here) if here in time_zones() else AT_ONCE


def threshold_unit(alert_type: str) -> str:
    """Say what the threshold of a type counts."""
    return f"Counts {KINDS[alert_type].limit_unit}" if alert_type else "Counts something else for each type"


# acts


@recorded
def add(
    channel: Any, endpoint: str, recipient: str, secret: str, chosen: Mapping[str, Any], reason: str
) -> Subscription:
    """Add a subscription; `chosen`: parts of its filter and its schedule."""
    wanted, schedule = parts_of(EVERYTHING, AT_ONCE, chosen)
    return add_subscription(
        data.lake(),
        channel=channel,
        endpoint=endpoint,
        recipient=recipient,
        wanted=wanted,
        schedule=schedule,
        secret=secret,
        **signed(reason),
    )


@recorded
def change(name: str, changes: Mapping[str, Any], reason: str) -> Subscription:
    """Change a subscription."""
    return change_subscription(data.lake(), name, changes, **signed(reason))


@recorded
def remove(name: str, reason: str) -> Subscription:
    """Take a subscription off."""
    return remove_subscription(data.lake(), name, **signed(reason))


def send_trial(name: str) -> Subscription:
    """Send a made-up alert to a subscription."""
    return send_sample(data.lake(), name, at=datetime.now(UTC))


def send_due() -> Notified:
    """Send what is due, try again what failed."""
    sent = due(data.lake(), at=datetime.now(UTC))
    _told.clear()
    return sent


@recorded
def set_value(name: str, value: str, reason: str) -> bool:
    """Change a setting; True once it is done."""
    change_settings(data.lake(), {name: value}, **signed(reason))
    for stale in (cache.settings, cache.is_behind):
        stale.clear()
    return True


@recorded
def set_threshold(segment: Mapping[str, str], values: Mapping[str, Any], reason: str) -> bool:
    """Change thresholds of alerts in a segment; True once it is done."""
    change_rule(
        data.lake(),
        alert_type=segment["alert_type"],
        category=segment["category"],
        abc=segment["abc"],
        location=segment["location"],
        values=values,
        **signed(reason),
    )
    return True
