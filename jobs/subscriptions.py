"""Who is told of what, how and when: read, add, change, remove. Every change is recorded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from data_lake.events import make_event
from data_lake.ledger import append_events
from jobs.errors import JobError
from jobs.notify_filter import (
    EVERYTHING,
    Filter,
    attributes,
    filter_faults,
    filter_policy,
    matches,
)
from jobs.notify_schedule import AT_ONCE, Schedule, schedule_faults
from jobs.subscription_endpoints import endpoint_fault, secret_fault
from jobs.subscription_rows import CHANNELS, SCHEDULE, TOPIC, Channel, Subscription, of_row, to_frame

if TYPE_CHECKING:
    from data_lake.lake import Lake

__all__ = [
    "CHANNELS",
    "EVERYTHING",
    "TOPIC",
    "Channel",
    "Filter",
    "Schedule",
    "Subscription",
    "add_subscription",
    "attributes",
    "change_subscription",
    "find_subscription",
    "matches",
    "parts_of",
    "remove_subscription",
    "sns_filter_policy",
    "subscriptions",
]

_FILTER = ("types", "least_money", "least_level", "locations", "categories", "authors")
CHANGEABLE = ("recipient", "endpoint", "secret", "active", *_FILTER, *SCHEDULE)
"""What `change_subscription` takes; another channel is another subscription."""


def subscriptions(lake: Lake, *, removed: bool = False) -> list[Subscription]:
    """Return the subscriptions by recipient; with `removed` those too that were taken off."""
    rows: list[dict[str, Any]] = lake.read("subscriptions").to_dict("records")  # type: ignore[assignment]
    found = [of_row(row) for row in rows]
    found.sort(key=lambda one: (one.recipient.casefold(), one.subscription))
    return [one for one in found if removed or one.removed_at is None]


def find_subscription(lake: Lake, name: str) -> Subscription:
    """Return a subscription by its id or the beginning of it.

    Raises
    ------
    JobError
        None or several begin so.
    """
    standing = subscriptions(lake)
    found = [one for one in standing if one.subscription == name] or [
        one for one in standing if one.subscription.startswith(name)
    ]
    if len(found) != 1:
        known = ", ".join(one.subscription for one in (found or standing)) or "none"
        raise JobError(
            f"subscription {name!r} is {'ambiguous' if found else 'not known'}; there are: {known}"
        )
    return found[0]


def add_subscription(
    lake: Lake,
    *,
    channel: Channel,
    endpoint: str,
    recipient: str,
    wanted: Filter = EVERYTHING,
    schedule: Schedule = AT_ONCE,
    secret: str = "",
    author: str,
    reason: str = "",
    at: datetime,
) -> Subscription:
    """Add a subscription; it is told of what happens from now on.

    Raises
    ------
    JobError
        Something breaks a rule: every fault is listed, nothing was added.
    """
    made = Subscription(
        _name(recipient, channel, endpoint, at), channel, endpoint.strip(), recipient.strip(), wanted
    )
    made = replace(made, schedule=schedule, secret=secret, created_at=at)
    _check(made)
    said = {name: _said(made, name) for name in ("recipient", "endpoint", *_FILTER, *SCHEDULE)}
    _write(lake, made, "added", {"channel": channel, **said}, author=author, reason=reason, at=at)
    return made


def change_subscription(
    lake: Lake, name: str, changes: Mapping[str, Any], *, author: str, reason: str = "", at: datetime
) -> Subscription:
    """Change a subscription and record who did, when, why, from what to what.

    Parameters
    ----------
    changes
        Of `CHANGEABLE`; what has that value already changes nothing.

    Raises
    ------
    JobError
        It is not known, or something breaks a rule: nothing was changed.
    """
    old = find_subscription(lake, name)
    unknown = [key for key in changes if key not in CHANGEABLE]
    if unknown:
        raise JobError(f"{', '.join(unknown)} cannot be changed; can be: {', '.join(CHANGEABLE)}")
    own = {key: value for key, value in changes.items() if key not in (*_FILTER, *SCHEDULE)}
    wanted, schedule = parts_of(old.wanted, old.schedule, changes)
    new = replace(old, **own, wanted=wanted, schedule=schedule)
    if new == old:
        return old
    _check(new)
    said = {
        key: [_said(old, key), _said(new, key)] for key in changes if _value(old, key) != _value(new, key)
    }
    _write(lake, new, "changed", said, author=author, reason=reason, at=at)
    return new


def parts_of(wanted: Filter, schedule: Schedule, changes: Mapping[str, Any]) -> tuple[Filter, Schedule]:
    """Return a filter and a schedule with those of the changes that are of them."""
    return (
        replace(wanted, **{key: _filter_value(value) for key, value in changes.items() if key in _FILTER}),
        replace(schedule, **{key: value for key, value in changes.items() if key in SCHEDULE}),
    )


def remove_subscription(
    lake: Lake, name: str, *, author: str, reason: str = "", at: datetime
) -> Subscription:
    """Take a subscription off: nothing more goes out, and its row forgets address and secret."""
    old = find_subscription(lake, name)
    gone = replace(old, endpoint="", secret="", active=False, removed_at=at)
    said = {"channel": old.channel, "recipient": old.recipient, "endpoint": old.hidden_endpoint}
    _write(lake, gone, "removed", said, author=author, reason=reason, at=at)
    return gone


def sns_filter_policy(subscription: Subscription) -> dict[str, list[Any]]:
    """Return the SNS filter policy of a subscription: see `jobs.notify_filter.filter_policy`."""
    return filter_policy(subscription.wanted)


def _name(recipient: str, channel: str, endpoint: str, at: datetime) -> str:
    digest = hashlib.sha256(f"{channel}\n{endpoint}\n{recipient}\n{at.isoformat()}".encode()).hexdigest()
    who = re.sub(r"[^a-z0-9]+", "-", recipient.lower()).strip("-")[:24] or "subscriber"
    return f"{who}-{channel}-{digest[:6]}"


def _check(one: Subscription) -> None:
    faults = [] if one.recipient.strip() else ["recipient is empty; say who it is for"]
    faults += endpoint_fault(one.channel, one.endpoint)
    faults += secret_fault(one.channel, one.secret)
    faults += [*filter_faults(one.wanted), *schedule_faults(one.schedule)]
    if faults:
        raise JobError("; ".join(faults))


def _write(
    lake: Lake,
    one: Subscription,
    act: str,
    said: Mapping[str, Any],
    *,
    author: str,
    reason: str,
    at: datetime,
) -> None:
    data = {"subscription": one.subscription, "act": act, "changes": dict(said)}
    append_events(lake, [make_event("subscription.changed", at=at, author=author, reason=reason, data=data)])
    lake.upsert("subscriptions", to_frame(one), note=f"{author}: {one.subscription} {act}")


def _filter_value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else value


def _value(one: Subscription, name: str) -> Any:
    owner: Any = one.wanted if name in _FILTER else one.schedule if name in SCHEDULE else one
    return getattr(owner, name)


def _said(one: Subscription, name: str) -> Any:
    """Return a value as the ledger may keep it for ever: no secret, no full address."""
    if name == "secret":
        return one.hidden_secret
    if name == "endpoint":
        return one.hidden_endpoint
    value = _value(one, name)
    return list(value) if isinstance(value, tuple) else value
