"""A subscription, and how the table `subscriptions` holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import pandas as pd

from jobs.notify_filter import EVERYTHING, Filter, filter_of
from jobs.notify_schedule import AT_ONCE, Schedule
from jobs.subscription_endpoints import hidden, hidden_secret

Channel = Literal["email", "sms", "webhook", "queue", "topic"]
CHANNELS: tuple[Channel, ...] = ("email", "sms", "webhook", "queue")
"""What can be subscribed by; a topic is the installation's own, and SNS knows its subscribers."""

TOPIC = "sns-topic"
"""Name of the installation's topic among the subscriptions."""

SCHEDULE = ("digest", "digest_at", "quiet_from", "quiet_to", "time_zone")
"""Columns of a schedule."""


@dataclass(frozen=True)
class Subscription:
    """Who is told of what, how and when."""

    subscription: str
    channel: Channel
    endpoint: str
    recipient: str
    wanted: Filter = EVERYTHING
    schedule: Schedule = AT_ONCE
    secret: str = field(default="", repr=False)
    """Of a webhook: signs what is sent. `env:NAME`: the variable NAME holds it."""
    active: bool = True
    created_at: datetime | None = None
    removed_at: datetime | None = None

    @property
    def hidden_endpoint(self) -> str:
        """Where, as lists and logs show it."""
        return hidden(self.channel, self.endpoint)

    @property
    def hidden_secret(self) -> str:
        """Its secret, as lists show it."""
        return hidden_secret(self.secret)


def to_frame(one: Subscription) -> pd.DataFrame:
    """Write a subscription as a row of the table."""
    row = {
        "subscription": one.subscription,
        "channel": one.channel,
        "endpoint": one.endpoint,
        "recipient": one.recipient,
        "filter": one.wanted.to_json(),
        "secret": one.secret,
        **{name: getattr(one.schedule, name) for name in SCHEDULE},
        "active": one.active,
        "created_at": one.created_at,
        "removed_at": one.removed_at,
    }
    return pd.DataFrame([row]).astype({"created_at": object, "removed_at": object})


def of_row(row: Mapping[str, Any]) -> Subscription:
    """Read a row of the table; columns that an older table has not are as they are by default."""

    def text(name: str, default: str = "") -> str:
        return str(row[name]) if isinstance(row[name], str) else default

    def instant(name: str) -> datetime | None:
        value: datetime | None = None if pd.isna(row[name]) else row[name].to_pydatetime()
        return value

    return Subscription(
        subscription=row["subscription"],
        channel=row["channel"],
        endpoint=row["endpoint"],
        recipient=text("recipient", row["subscription"]),
        wanted=filter_of(row["filter"]),
        schedule=Schedule(
            **{name: text(name, getattr(AT_ONCE, name)) for name in SCHEDULE}  # type: ignore[arg-type]
        ),
        secret=text("secret"),
        active=True if pd.isna(row["active"]) else bool(row["active"]),
        created_at=instant("created_at"),
        removed_at=instant("removed_at"),
    )
