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


def active_overrides(lake: Lake, as_of: date | None = None) -> pd.DataFrame:
    """Overrides that a plan for `as_of` applies, earliest first.

    Parameters
    ----------
    lake
        Where the ledger is.
    as_of
        Day planned for: leaves out what expired or ended before it. None: all that were not retired.

    Returns
    -------
    DataFrame
        The columns of contract `overrides`. An empty selector means all. Factors of overrides
        that meet on a day multiply.
    """
    overrides = fold_overrides(read_events(lake)).values()
    rows = [event for event in overrides if as_of is None or _applies(event, as_of)]
    return pd.DataFrame(
        {
            column.name: typed_column([_cell(event, column.name) for event in rows], column.kind)
            for column in TABLES["overrides"].columns
        }
    )


def _applies(event: Event, as_of: date) -> bool:
    last = min(event.data["to_date"], event.data.get("expiry") or event.data["to_date"])
    return bool(last >= as_of.isoformat())


def _cell(event: Event, name: str) -> Any:
    own = {
        **asdict(scope := Scope.of(event.data)),
        "level": scope.level,
        "override": event.event_id,
        "author": event.author,
        "reason": event.reason,
        "created_at": event.timestamp,
    }
    return own[name] if name in own else event.data.get(name)
