"""Planners' changes of the forecast: made, listed, retired; each an event with author and reason."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from data_lake.events import Event, make_event
from data_lake.ledger import append_events, read_events
from data_lake.runs import latest_run, read_run_table
from engine.contracts import TABLES
from jobs.columns import typed_column
from jobs.errors import JobError

if TYPE_CHECKING:
    from data_lake.lake import Lake

MAX_FACTOR = 100.0
"""A forecast changed by more than this is a slip of the keyboard."""


def override_forecast(
    lake: Lake,
    *,
    sku: str,
    location: str,
    from_date: date,
    to_date: date,
    factor: float | None = None,
    new_value: float | None = None,
    author: str,
    reason: str,
    expiry: date | None = None,
    at: datetime,
) -> str:
    """Change the forecast of some periods; the next plan uses it, every earlier plan stays as it is.

    Parameters
    ----------
    lake
        Where the ledger is.
    sku, location
        Which forecasts; an empty one means all. Both empty: every forecast.
    from_date, to_date
        First and last day, both included.
    factor
        New forecast over the old, 0 or more; or
    new_value
        New mean of a period in these days [each/period]; needs one item and location of the latest run.
    author, reason
        Who, and why: the override is scored against actual demand later.
    expiry
        Day after which a plan no longer applies it; None: it ends with `to_date`.
    at
        Instant of the act, with a time zone.

    Returns
    -------
    str
        Identifier of the override.

    Raises
    ------
    JobError
        Every fault of the request at once; nothing was recorded.
    """
    faults = _faults(sku, location, from_date, to_date, factor, new_value, author, reason, expiry, at)
    old_value = None
    if not faults and sku and location:
        old_value = _mean_forecast(lake, sku, location, from_date, to_date)
        if new_value is not None and not old_value:
            missing = "is 0" if old_value == 0 else "has no day"
            faults.append(
                f"new_value: the latest plan's forecast {missing} for {sku} at {location} from {from_date} "
                f"to {to_date}; plan first, choose days of the horizon, or give a factor"
            )
    if faults:
        raise JobError("the override was not recorded:\n" + "\n".join(f"- {fault}" for fault in faults))
    if new_value is not None and old_value:
        factor = new_value / old_value
    elif factor is not None and old_value is not None:
        new_value = old_value * factor
    data = {
        "level": "item" if sku else "location" if location else "all",
        "sku": sku,
        "location": location,
        "from_date": from_date.isoformat(),
        "to_date": to_date.isoformat(),
        "factor": factor,
        "old_value": old_value,
        "new_value": new_value,
        "expiry": expiry.isoformat() if expiry else None,
    }
    event = make_event("forecast.overridden", at=at, author=author, reason=reason, data=data)
    append_events(lake, [event])
    return event.event_id


def _faults(
    sku: str,
    location: str,
    from_date: date,
    to_date: date,
    factor: float | None,
    new_value: float | None,
    author: str,
    reason: str,
    expiry: date | None,
    at: datetime,
) -> list[str]:
    faults = []
    if (factor is None) == (new_value is None):
        faults.append("give a factor or a new_value, one of them")
    for name, value in (("factor", factor), ("new_value", new_value)):
        if value is not None and (not math.isfinite(value) or value < 0):
            faults.append(f"{name} is {value}; it must be a number of 0 or more")
    if factor is not None and factor > MAX_FACTOR:
        faults.append(f"factor {factor:g} is more than {MAX_FACTOR:g}; 1.2 means a fifth more")
    if new_value is not None and not (sku and location):
        faults.append("new_value needs one sku and one location; give a factor for more than one")
    if to_date < from_date:
        faults.append(f"to_date {to_date} is before from_date {from_date}")
    if expiry is not None and expiry < from_date:
        faults.append(f"expiry {expiry} is before from_date {from_date}: it would never apply")
    if not author.strip():
        faults.append("author is empty; say who does it")
    if not reason.strip():
        faults.append("reason is empty; say why")
    if at.tzinfo is None:
        faults.append(f"at {at.isoformat()} has no time zone")
    return faults


def _mean_forecast(lake: Lake, sku: str, location: str, from_date: date, to_date: date) -> float | None:
    """Mean forecast of the latest run over the days [each/period]; None if it has none."""
    run = latest_run(lake)
    if run is None:
        return None
    where = {"sku": [sku], "location": [location]}
    forecast = read_run_table(lake, run, "forecasts", columns=["date", "mean"], where=where)
    days = forecast[forecast["date"].between(pd.Timestamp(from_date), pd.Timestamp(to_date))]
    return None if days.empty else float(days["mean"].mean())


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
        The columns of contract `overrides`. An empty `sku` or `location` means all. Factors of overrides
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
        "override": event.event_id,
        "author": event.author,
        "reason": event.reason,
        "created_at": event.timestamp,
    }
    return own[name] if name in own else event.data.get(name)


def retire_override(lake: Lake, override: str, *, author: str, reason: str, at: datetime) -> None:
    """Retire an override: later plans no longer apply it.

    Raises
    ------
    JobError
        There is no such override, it is retired already, or author or reason is empty.
    """
    if not author.strip() or not reason.strip():
        raise JobError("author or reason is empty; say who retires the override, and why")
    if override not in fold_overrides(read_events(lake)):
        raise JobError(f"override {override!r} is not there; it was retired already or never made")
    data = {"override": override}
    append_events(
        lake, [make_event("forecast.override_retired", at=at, author=author, reason=reason, data=data)]
    )
