"""What people did with alerts: acknowledged, snoozed, closed. Acts are events; an episode's last counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from data_lake.events import Event, make_event
from data_lake.lake import Lake
from data_lake.ledger import append_events
from engine.alerts.transitions import Book, Handled, Key, Standing
from jobs.alert_book import read_book
from jobs.errors import JobError

ACKNOWLEDGED, SNOOZED, CLOSED = "alert.acknowledged", "alert.snoozed", "alert.closed"
_STATES: Mapping[str, Any] = {ACKNOWLEDGED: "in_progress", SNOOZED: "snoozed", CLOSED: "closed"}


def fold_handled(events: Iterable[Event], book: Book) -> dict[Key, Handled]:
    """Return what was done with the standing episode of each alert that is open.

    Parameters
    ----------
    events
        The ledger, in order.
    book
        What stands. An act names its episode, or else means the one that stood when it was done. A snooze
        without a day ends with the next change.
    """
    handled: dict[Key, Handled] = {}
    for event in events:
        if event.event_type not in _STATES:
            continue
        key = Key(*(str(event.data[name]) for name in Key._fields))
        standing = book.get(key)
        if standing is None or not standing.is_open or not _means(event, standing):
            continue
        until = str(event.data.get("until", ""))
        if event.event_type == SNOOZED and not until and event.timestamp < standing.last.change.at:
            handled.pop(key, None)
            continue
        handled[key] = Handled(
            _STATES[event.event_type],
            event.author,
            event.reason,
            event.timestamp,
            date.fromisoformat(until[:10]) if until else None,
        )
    return handled


def _means(event: Event, standing: Standing) -> bool:
    episode = event.data.get("episode")
    if episode is not None:
        return int(episode) == standing.episode
    return event.timestamp >= standing.opened_at


def acknowledge(lake: Lake, keys: Iterable[Key], *, author: str, reason: str = "", at: datetime) -> int:
    """Record that somebody works on alerts; return how many."""
    return _act(lake, ACKNOWLEDGED, keys, {}, author=author, reason=reason, at=at)


def snooze(
    lake: Lake, keys: Iterable[Key], *, until: date | None, author: str, reason: str = "", at: datetime
) -> int:
    """Hide alerts until a day, on which they are back, or (None) until their next change; return how many.

    Raises
    ------
    JobError
        The day is not ahead, or an alert is not open.
    """
    if until is not None and until <= at.date():
        raise JobError(f"snooze until {until:%Y-%m-%d} is not ahead of today, {at:%Y-%m-%d}")
    data = {"until": until.isoformat() if until else ""}
    return _act(lake, SNOOZED, keys, data, author=author, reason=reason, at=at)


def close(lake: Lake, keys: Iterable[Key], *, author: str, reason: str, at: datetime) -> int:
    """Close alerts for a reason: told again only if they get worse by the stated step, or come back."""
    return _act(lake, CLOSED, keys, {}, author=author, reason=reason, at=at)


def _is_over(standing: Standing, at: datetime) -> bool:
    """Whether it was resolved before the act; one that arrives late was done while it stood."""
    return not standing.is_open and at >= standing.last.change.at


def _episode(standing: Standing, at: datetime) -> int:
    """Return the episode that an act means: what was done before this one opened means the one before."""
    return standing.episode if at >= standing.opened_at else standing.episode - 1


def keys_named(lake: Lake, named: Iterable[str]) -> list[Key]:
    """Return the alerts of these names (TYPE|SKU|LOCATION|SOURCE); codes may hold a "|" themselves.

    Raises
    ------
    JobError
        No alert has such a name.
    """
    known = {"|".join(key): key for key in read_book(lake).book}
    asked = list(named)
    missing = [name for name in asked if name not in known]
    if missing:
        raise JobError(f"no alert is named {', '.join(missing)}; `shelfcast alerts list` names them")
    return [known[name] for name in asked]


def _act(
    lake: Lake,
    event_type: str,
    keys: Iterable[Key],
    data: Mapping[str, Any],
    *,
    author: str,
    reason: str,
    at: datetime,
) -> int:
    from jobs.alert_table import renew  # it reads what people did, from here

    book = read_book(lake).book
    asked = list(dict.fromkeys(keys))
    missing = [key for key in asked if key not in book or _is_over(book[key], at)]
    if missing or not asked:
        named = "; ".join(" ".join(filter(None, key)) for key in missing) or "none was named"
        raise JobError(f"no such open alert: {named}. `shelfcast alerts list` shows them")
    events = [
        make_event(
            event_type,
            at=at,
            author=author,
            reason=reason,
            data={**key._asdict(), **data, "episode": _episode(book[key], at)},
        )
        for key in asked
    ]
    append_events(lake, events)
    renew(lake)
    return len(events)
