"""Which overrides stand: the fold of their events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from data_lake.events import Event
from data_lake.ledger import read_events
from engine.contracts import TABLES
from jobs.columns import typed_column
from jobs.override_scope import Scope

if TYPE_CHECKING:
    from data_lake.lake import Lake


def fold_overrides(events: Iterable[Event]) -> dict[str, Event]:
    """Fold events to the overrides that were not retired, by identifier, in the order in which they apply."""
    events = list(events)
    retired = {e.data["override"] for e in events if e.event_type == "forecast.override_retired"}
    return {
        event.event_id: event
        for event in events
        if event.event_type == "forecast.overridden" and event.event_id not in retired
    }


def active_overrides(
    lake: Lake, as_of: date | None = None, *, events: Iterable[Event] | None = None
) -> pd.DataFrame:
    """Overrides that a plan for `as_of` applies, earliest first.

    Parameters
    ----------
    lake
        Where the ledger is.
    as_of
        Day planned for: leaves out what expired or ended before it. None: all that were not retired.
    events
        The ledger's events of kind `forecast.`, if they were read already.

    Returns
    -------
    DataFrame
        The columns of contract `overrides`. An empty selector means all. Factors of overrides
        that meet on a day multiply.
    """
    overrides = fold_overrides(read_events(lake) if events is None else events).values()
    return _table([event for event in overrides if as_of is None or _applies(event, as_of)])


def all_overrides(lake: Lake, as_of: date) -> pd.DataFrame:
    """Every override ever made, earliest first: contract `overrides` and its `state` on `as_of`.

    The state is "active" (a plan for `as_of` applies it), "ended" (its days or its expiry have passed) or
    "retired".
    """
    events = read_events(lake)
    made = [event for event in events if event.event_type == "forecast.overridden"]
    standing = fold_overrides(events)
    states = [
        "retired" if event.event_id not in standing else "active" if _applies(event, as_of) else "ended"
        for event in made
    ]
    return _table(made).assign(state=pd.Series(states, dtype="str"))


def _table(overrides: list[Event]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            column.name: typed_column([_cell(event, column.name) for event in overrides], column.kind)
            for column in TABLES["overrides"].columns
        }
    )


def _applies(event: Event, as_of: date) -> bool:
    last = min(event.data["to_date"], event.data.get("expiry") or event.data["to_date"])
    return bool(last >= as_of.isoformat())


def _cell(event: Event, name: str) -> Any:
    scope = Scope.of(event.data)
    own = {
        **asdict(scope),
        "level": scope.level,
        "override": event.event_id,
        "author": event.author,
        "reason": event.reason,
        "created_at": event.timestamp,
    }
    return own[name] if name in own else event.data.get(name)
