"""The demo's past: a plan of three weeks ago, and what two planners changed in it (`jobs.demo_planners`)."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict

import pandas as pd

from data_lake.events import Event, make_event
from data_lake.lake import Lake
from data_lake.ledger import append_events
from data_lake.progress import Progress
from data_lake.runs import list_runs
from jobs.demo_planners import USUAL_DAYS, Planted, planted_overrides
from jobs.override_scope import with_groups

BACK_DAYS = 21
"""The earlier plan is of this many days before the lake's own: the same weekday, also after a stock count."""

MODEL = "Theta"
"""Of the earlier plan: one model, not a tournament of all, for less than two thirds of the time."""

LEAST_HISTORY_DAYS = 84
"""A shorter demo has no plan of the past: too little was known three weeks ago."""

_KEY = ["sku", "location", "date"]


def plan_history(lake: Lake, progress: Progress | None = None) -> None:
    """Plan the lake as of three weeks before its own morning, with the planners' overrides of that day.

    Does nothing in a lake that was planned before, or is too short.
    """
    dates = lake.read("sales", columns=["date"])["date"]
    first, last = dates.min().date(), dates.max().date()
    as_of = last + dt.timedelta(days=1 - BACK_DAYS)
    if list_runs(lake) or (as_of - first).days < LEAST_HISTORY_DAYS:
        return
    from jobs.plan import plan

    tell = progress or (lambda _text, _share: None)
    tell("Planning three weeks ago", 0.0)
    append_events(lake, _events(planted_overrides(_sold(lake, as_of, last), as_of), as_of))
    plan(lake, as_of=as_of, model=MODEL)


def _sold(lake: Lake, as_of: dt.date, last: dt.date) -> pd.DataFrame:
    """Return the sales around `as_of` beside the demand planted, with the groups that overrides go by."""
    since = as_of - dt.timedelta(days=USUAL_DAYS)
    sold = lake.read("sales", columns=[*_KEY, "quantity", "promo"], since=since, until=last)
    sold = sold.merge(lake.read("demand_truth", since=since, until=last), on=_KEY)
    groups = with_groups(sold, lake.read("products"), lake.read("locations"))
    return sold.assign(category=groups["category"].to_numpy(), region=groups["region"].to_numpy())


def _events(planted: list[Planted], as_of: dt.date) -> list[Event]:
    at = dt.datetime.combine(as_of - dt.timedelta(days=1), dt.time(15), tzinfo=dt.UTC)
    return [
        make_event(
            "forecast.overridden",
            at=at + dt.timedelta(minutes=7 * number),
            author=one.author,
            reason=one.reason,
            data={
                "level": one.scope.level,
                **asdict(one.scope),
                "from_date": (as_of + dt.timedelta(days=one.first_day)).isoformat(),
                "to_date": (as_of + dt.timedelta(days=one.last_day)).isoformat(),
                "factor": one.factor,
                "old_value": None,
                "new_value": None,
                "expiry": None,
            },
        )
        for number, one in enumerate(planted)
    ]
