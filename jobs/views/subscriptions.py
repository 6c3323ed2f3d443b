"""Subscriptions in words: who is told of what, when, and whether it arrives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from data_lake import numbered
from jobs.notices.news import LEVELS
from jobs.notices.words import label, money
from jobs.notify_filter import Filter
from jobs.notify_log import read_state
from jobs.notify_schedule import Schedule
from jobs.notify_tries import SENT, Failure, failures_of, sent_of
from jobs.subscriptions import Subscription, subscriptions

if TYPE_CHECKING:
    from data_lake.lake import Lake

CHANNEL_LABELS = {"email": "E-mail", "sms": "SMS", "webhook": "Webhook", "queue": "Queue"}

_RECENT = 1000
"""Decisions that are looked through for the last message to somebody."""


@dataclass(frozen=True)
class Told:
    """A subscription and how it fares."""

    subscription: Subscription
    waiting: int
    """News kept for later."""
    unsent: int
    """Messages decided and not delivered."""
    last_sent: datetime | None
    """When its last message was decided."""
    failure: Failure | None
    """Why the oldest message that failed did."""

    @property
    def state(self) -> str:
        """In a word."""
        if not self.subscription.active:
            return "Paused"
        return "Failing" if self.failure else "Active"


def load(lake: Lake) -> list[Told]:
    """Return every subscription and how it fares, by recipient."""
    objects = lake.objects
    state = read_state(objects)
    done = sent_of(objects, state.messages)
    unsent = [message for message in state.messages if message.name not in done]
    failures = {one.subscription: one for one in reversed(failures_of(objects, unsent))}
    last = _last_sent(lake, state.number)
    return [
        Told(
            one,
            len(state.waiting.get(one.subscription, {})),
            sum(message.subscription == one.subscription for message in unsent),
            last.get(one.subscription),
            failures.get(one.subscription),
        )
        for one in subscriptions(lake)
    ]


def _last_sent(lake: Lake, number: int) -> dict[str, datetime]:
    """Return subscription → instant of its last message, by one listing and one read each."""
    start = numbered.name("", max(number - _RECENT, 0))
    last: dict[str, str] = {}
    for key in lake.objects.list(SENT, start_after=SENT + start):
        last[key[len(SENT) :].split("-", 2)[2]] = key
    return {who: _instant(lake, key) for who, key in last.items()}


def _instant(lake: Lake, key: str) -> datetime:
    return datetime.fromisoformat(json.loads(lake.objects.get(key))["at"])


def filter_in_words(wanted: Filter, currency: str, names: Mapping[str, str] | None = None) -> str:
    """Say what a subscription wants.

    Parameters
    ----------
    names
        Location → name for people.

    Examples
    --------
    >>> filter_in_words(Filter(("stockout", "expiry"), 100.0, "warning", ("S01",)), "EUR")
    'Stockout, Expiry risk · from €100 · warning and up · S01'
    >>> filter_in_words(Filter(), "EUR")
    'All alerts'
    """
    parts = [", ".join(label(one) for one in wanted.types) or "All alerts"]
    if wanted.least_money:
        parts.append(f"from {money(wanted.least_money, currency)}")
    if wanted.least_level != LEVELS[0]:
        parts.append(f"{wanted.least_level}{'' if wanted.least_level == LEVELS[-1] else ' and up'}")
    named = [(names or {}).get(one, one) for one in wanted.locations]
    parts += [", ".join(values) for values in (named, wanted.categories, wanted.authors) if values]
    return " · ".join(parts)


def schedule_in_words(schedule: Schedule) -> str:
    """Say when a subscription is told.

    Examples
    --------
    >>> schedule_in_words(Schedule("daily", "07:30", "22:00", "06:00", "Europe/Paris"))
    'Daily at 07:30, quiet 22:00–06:00 (Europe/Paris)'
    >>> schedule_in_words(Schedule())
    'Immediately'
    """
    said = {"immediately": "Immediately", "hourly": "Hourly", "daily": f"Daily at {schedule.digest_at}"}
    quiet = f", quiet {schedule.quiet_from}–{schedule.quiet_to}" if schedule.quiet_from else ""
    clock = quiet or schedule.digest == "daily"
    return f"{said[schedule.digest]}{quiet}{f' ({schedule.time_zone})' if clock else ''}"
