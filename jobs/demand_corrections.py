"""What planners know of past demand: made, listed, applied, retired; each an event with author and reason.

A correction says what demand a period had, whatever sold: an estimate behind a stockout that a planner knows
better, or a bulk sale that will not come again. The plan takes a corrected period as observed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data_lake.events import Event, make_event
from data_lake.ledger import append_events, read_events
from data_lake.runs import latest_run
from jobs.errors import JobError

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from data_lake.series import SalesPanel


@dataclass(frozen=True)
class Correction:
    """One correction that stands."""

    correction: str
    """Identifier: that of its event."""
    sku: str
    location: str
    from_date: date
    to_date: date
    demand: float
    """Demand of every period that these days touch [each/period]."""
    author: str
    reason: str
    created_at: datetime


def correct_demand(
    lake: Lake,
    *,
    sku: str,
    location: str,
    from_date: date,
    to_date: date,
    demand: float,
    author: str,
    reason: str,
    at: datetime,
) -> str:
    """Say what the demand of past periods was; the next plan uses it, every earlier plan stays as it is.

    Parameters
    ----------
    lake
        Where the ledger and the sales are.
    sku, location
        Whose demand; a place that sells. Demand of a place that only supplies others is theirs.
    from_date, to_date
        First and last day, both included. Every day, week or month that they touch is corrected.
    demand
        Demand of each of these periods [each/period], 0 or more.
    author, reason
        Who says so, and why.
    at
        Instant of the act, with a time zone.

    Returns
    -------
    str
        Identifier of the correction.

    Raises
    ------
    JobError
        Every fault of the request at once; nothing was recorded.
    """
    faults = []
    if not math.isfinite(demand) or demand < 0:
        faults.append(f"demand is {demand}; it must be a number of 0 or more")
    if to_date < from_date:
        faults.append(f"to_date {to_date} is before from_date {from_date}")
    if not author.strip():
        faults.append("author is empty; say who does it")
    if not reason.strip():
        faults.append("reason is empty; say why")
    if at.tzinfo is None:
        faults.append(f"at {at.isoformat()} has no time zone")
    faults += _outside_history(lake, sku, location, from_date, to_date)
    if faults:
        raise JobError("the correction was not recorded:\n" + "\n".join(f"- {fault}" for fault in faults))
    data = {
        "sku": sku,
        "location": location,
        "from_date": from_date.isoformat(),
        "to_date": to_date.isoformat(),
        "demand": float(demand),
    }
    event = make_event("demand.corrected", at=at, author=author, reason=reason, data=data)
    append_events(lake, [event])
    return event.event_id


def _outside_history(lake: Lake, sku: str, location: str, from_date: date, to_date: date) -> list[str]:
    """What is wrong with the days: a forecast is overridden, not corrected."""
    sold = lake.read("sales", columns=["location", "date"], where={"sku": [sku]})
    if not (sold["location"] == location).any():
        return [f"there are no sales of {sku!r} at {location!r}; correct demand where the product is sold"]
    first, last = sold["date"].min().date(), sold["date"].max().date()
    run = latest_run(lake)
    if run is not None:
        last = max(last, run.as_of - timedelta(days=1))
    history = f"the history of {sku!r}, {first} to {last}"
    return [
        f"{name} {day} is not in {history}; for days ahead change the forecast"
        for name, day in (("from_date", from_date), ("to_date", to_date))
        if not first <= day <= last
    ]


def retire_correction(lake: Lake, correction: str, *, author: str, reason: str, at: datetime) -> None:
    """Retire a correction: later plans take sales, and the estimate where stock was out, again.

    Raises
    ------
    JobError
        There is no such correction, it is retired already, or author or reason is empty.
    """
    if not author.strip() or not reason.strip():
        raise JobError("author or reason is empty; say who retires the correction, and why")
    if correction not in {each.correction for each in corrections(lake)}:
        raise JobError(f"correction {correction!r} is not there; it was retired already or never made")
    data = {"correction": correction}
    append_events(
        lake, [make_event("demand.correction_retired", at=at, author=author, reason=reason, data=data)]
    )


def corrections(
    lake: Lake, sku: str | None = None, location: str | None = None, *, until: datetime | None = None
) -> list[Correction]:
    """Return the corrections that stand, earliest first; later ones win where days meet.

    Parameters
    ----------
    lake
        Where the ledger is.
    sku, location
        Only theirs; None: of all.
    until
        As they stood then: of a plan, the instant at which it was made. None: now.
    """
    return [
        each
        for each in fold_corrections(read_events(lake), until)
        if sku in (None, each.sku) and location in (None, each.location)
    ]


def fold_corrections(events: Iterable[Event], until: datetime | None = None) -> list[Correction]:
    """Fold events to the corrections that were not retired, in the order in which they apply."""
    known = [event for event in events if until is None or event.timestamp <= until]
    retired = {e.data["correction"] for e in known if e.event_type == "demand.correction_retired"}
    return [
        Correction(
            correction=event.event_id,
            sku=event.data["sku"],
            location=event.data["location"],
            from_date=date.fromisoformat(event.data["from_date"]),
            to_date=date.fromisoformat(event.data["to_date"]),
            demand=float(event.data["demand"]),
            author=event.author,
            reason=event.reason,
            created_at=event.timestamp,
        )
        for event in known
        if event.event_type == "demand.corrected" and event.event_id not in retired
    ]


def with_corrections(sales: SalesPanel, made: Sequence[Correction]) -> SalesPanel:
    """Return the sales panel with every corrected period at its demand and in stock.

    Corrections of series or periods that the panel does not hold change nothing.
    """
    series = pd.MultiIndex.from_frame(sales.keys[["sku", "location"]])
    rows = series.get_indexer(pd.MultiIndex.from_tuples([(c.sku, c.location) for c in made] or [("", "")]))
    here = [(row, each) for row, each in zip(rows, made, strict=False) if row >= 0]
    if not here:
        return sales
    quantity, in_stock = sales.quantity.copy(), sales.in_stock.copy()
    for row, each in here:
        first, last = (period_of(day, sales.start, sales.period) for day in (each.from_date, each.to_date))
        these = slice(max(first, 0), max(last + 1, 0))
        quantity[row, these] = each.demand
        in_stock[row, these] = 1.0
    return replace(sales, quantity=quantity, in_stock=in_stock)


def period_of(day: date, start: np.datetime64, period: str) -> int:
    """Return the number of the period that holds a day; that of `start` is 0.

    Examples
    --------
    >>> period_of(date(2026, 3, 4), np.datetime64("2026-01-01"), "M")
    2
    """
    if period == "M":
        return int((np.datetime64(day, "M") - start.astype("datetime64[M]")).astype(int))
    days = int((np.datetime64(day, "D") - start.astype("datetime64[D]")).astype(int))
    return days // (7 if period == "W" else 1)
