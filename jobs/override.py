"""Planners' changes of the forecast: made, listed, retired; each an event with author and reason."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING

from data_lake.events import make_event
from data_lake.ledger import append_events, read_events
from data_lake.runs import latest_run
from jobs.errors import JobError
from jobs.override_fold import fold_overrides
from jobs.override_level import LevelForecast, level_forecast
from jobs.override_scope import Scope, known_codes

if TYPE_CHECKING:
    from data_lake.lake import Lake

MAX_FACTOR = 100.0
"""A forecast changed by more than this is a slip of the keyboard."""


def override_forecast(
    lake: Lake,
    *,
    sku: str = "",
    category: str = "",
    location: str = "",
    region: str = "",
    from_date: date,
    to_date: date,
    factor: float | None = None,
    new_value: float | None = None,
    new_total: float | None = None,
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
    sku, category
        Which products: one, those of a category, or all where both are empty.
    location, region
        Which places: one, those of a region, or all where both are empty.
    from_date, to_date
        First and last day, both included.
    factor
        New forecast over the old, 0 or more; or
    new_value
        New mean of a period in these days, summed over all that it applies to [each/period]; or
    new_total
        New sum of all that it applies to over these days [each].
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

    Notes
    -----
    A new value becomes a factor over the forecast as it stands: the latest run's statistical forecast times
    the overrides that are active now. So the next plan from the same statistical forecast shows what was
    asked, and every series below keeps its share of the total (`jobs.override_factors`).
    """
    scope = Scope(sku, category, location, region)
    run = latest_run(lake)
    faults = _faults(from_date, to_date, factor, new_value, new_total, author, reason, expiry, at)
    faults += scope.faults(known_codes(lake, run))
    level = None if faults or run is None else level_forecast(lake, run, scope, from_date, to_date)
    if not faults and factor is None:
        faults = _faults_of_level(scope, level, from_date, to_date, new_value, new_total)
    if faults:
        raise JobError("the override was not recorded:\n" + "\n".join(f"- {fault}" for fault in faults))
    old_value = None if level is None else level.mean
    if level is not None and new_total is not None:
        new_value = new_total / level.periods
    if new_value is not None and old_value:
        factor = new_value / old_value
    elif factor is not None and old_value is not None:
        new_value = old_value * factor
    data = {
        "level": scope.level,
        **asdict(scope),
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
    from_date: date,
    to_date: date,
    factor: float | None,
    new_value: float | None,
    new_total: float | None,
    author: str,
    reason: str,
    expiry: date | None,
    at: datetime,
) -> list[str]:
    faults = []
    values = {"factor": factor, "new_value": new_value, "new_total": new_total}
    if sum(value is not None for value in values.values()) != 1:
        faults.append("give a factor, a new_value or a new_total: one of them")
    for name, value in values.items():
        if value is not None and (not math.isfinite(value) or value < 0):
            faults.append(f"{name} is {value}; it must be a number of 0 or more")
    if factor is not None and factor > MAX_FACTOR:
        faults.append(f"factor {factor:g} is more than {MAX_FACTOR:g}; 1.2 means a fifth more")
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


def _faults_of_level(
    scope: Scope,
    level: LevelForecast | None,
    from_date: date,
    to_date: date,
    new_value: float | None,
    new_total: float | None,
) -> list[str]:
    """Say why a new value cannot become a factor over the level's forecast."""
    name = "new_value" if new_total is None else "new_total"
    where = f"for {scope.words} from {from_date} to {to_date}"
    if level is None or level.mean == 0:
        missing = "has no day" if level is None else "is 0"
        return [
            f"{name}: the latest plan's forecast {missing} {where}; plan first, choose days of the horizon, "
            "or give a factor"
        ]
    if new_total is not None and not level.whole:
        return [
            f"new_total: the latest plan's forecast does not reach over all the days {where}; choose days of "
            "the horizon, or give a new_value or a factor"
        ]
    factor = new_value / level.mean if new_value is not None else (new_total or 0.0) / level.total
    if factor > MAX_FACTOR:
        return [f"{name} is {factor:,.0f} times the forecast {where}; at most {MAX_FACTOR:g} times"]
    return []


def retire_override(lake: Lake, override: str, *, author: str, reason: str, at: datetime) -> None:
    """Retire an override: later plans no longer apply it. `retire_overrides` of one."""
    retire_overrides(lake, [override], author=author, reason=reason, at=at)


def retire_overrides(
    lake: Lake, overrides: Sequence[str], *, author: str, reason: str | Mapping[str, str], at: datetime
) -> list[str]:
    """Retire overrides: later plans no longer apply them, all or none of them at once.

    Parameters
    ----------
    lake
        Where the ledger is.
    overrides
        Identifiers.
    author, reason, at
        Who, why (of all, or of each by its identifier) and when.

    Returns
    -------
    list of str
        The overrides retired, each once; `remake_override` makes one again.

    Raises
    ------
    JobError
        An override is not there or is retired already, or author or reason is empty; nothing was recorded.
    """
    wanted = list(dict.fromkeys(overrides))
    reasons = dict.fromkeys(wanted, reason) if isinstance(reason, str) else reason
    faults = []
    if not author.strip() or not all(reasons.get(override, "").strip() for override in wanted):
        faults.append("author or reason is empty; say who retires the override, and why")
    there = fold_overrides(read_events(lake))
    faults += [
        f"override {override!r} is not there; it was retired already or never made"
        for override in wanted
        if override not in there
    ]
    if faults:
        raise JobError("\n".join(faults))
    append_events(
        lake,
        [
            make_event(
                "forecast.override_retired",
                at=at,
                author=author,
                reason=reasons[override],
                data={"override": override},
            )
            for override in wanted
        ],
    )
    return wanted


def remake_override(lake: Lake, override: str, *, author: str, reason: str, at: datetime) -> str:
    """Make a retired override again, with the same scope, days and factor; return the new one's identifier.

    Raises
    ------
    JobError
        There is no such override, it was not retired, or author or reason is empty.
    """
    if not author.strip() or not reason.strip():
        raise JobError("author or reason is empty; say who makes the override again, and why")
    events = read_events(lake)
    made = {event.event_id: event for event in events if event.event_type == "forecast.overridden"}
    if override not in made:
        raise JobError(f"override {override!r} was never made")
    if override in fold_overrides(events):
        raise JobError(f"override {override!r} was not retired; it needs not be made again")
    event = make_event("forecast.overridden", at=at, author=author, reason=reason, data=made[override].data)
    append_events(lake, [event])
    return event.event_id
