"""The demo's past: a plan of three weeks ago, and what two planners changed in it.

Neither planner is random. One knew something: her changes go most of the way from the statistical forecast to
the demand that came. The other has a hopeful reason and raises forecasts that were right. So the page
*Forecast & value* has something to find, whichever models the engine chooses.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from data_lake.events import Event, make_event
from data_lake.lake import Lake
from data_lake.ledger import append_events
from data_lake.progress import Progress
from data_lake.runs import list_runs
from engine.forecast.value_added import value_added
from jobs.override_scope import Scope, with_groups

BACK_DAYS = 21
"""The earlier plan is of this many days before the lake's own: the same weekday, also after a stock count."""

LEAST_HISTORY_DAYS = 84
"""A shorter demo has no plan of the past: too little was known three weeks ago."""

KNOWING, HOPEFUL = "Niamh Kelly", "Declan Ryan"

SHARE_KNOWN = 0.75
"""Of the way from the forecast to the demand that came."""

FACTORS = (0.3, 3.0)
"""Least and most that the knowing planner makes of a forecast."""

MILD = (0.85, 1.2)
"""Factors of the knowing planner's change that still applies: it must not upset today's plan."""

HOPE = 1.3
"""What the hopeful planner makes of a forecast."""

STILL_HOPED = 2
"""Of his overrides still apply: they can be retired."""

MOST_LINES = 600
"""Of a larger demo the planners act in few categories, because these are forecast an extra time."""

FORECAST_CATEGORIES = 2

_REASONS = {
    KNOWING: (
        "The buyer told me of the change on the shelf",
        "Roadworks in front of the stores",
        "Ran short in my own count, demand is not what the sales say",
        "Agreed with the category team after last week's numbers",
    ),
    HOPEFUL: (
        "Supplier's representative expects a rush",
        "I have a good feeling about this one",
        "A mild autumn always sells",
        "The competitor will surely close",
    ),
}


@dataclass(frozen=True)
class Planted:
    """One override to plant."""

    author: str
    scope: Scope
    factor: float
    first_day: int
    last_day: int
    """Days after the plan of the past."""


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
    append_events(lake, _events(_choose(*_candidates(lake, as_of, last)), as_of))
    plan(lake, as_of=as_of)


def _candidates(lake: Lake, as_of: dt.date, last: dt.date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what either planner's change would be worth: of items in a region, of categories in a region.

    Columns sku (of items), category, region; over the days with stock from `as_of` to `last`: forecast and
    demand [each], the knowing planner's `factor`, and the error that this factor (`known_gain`) and `HOPE`
    (`hoped_gain`) save [each].
    """
    from engine.forecast.portfolio import forecast_panel
    from jobs.demand import planning_panel
    from jobs.drivers import plan_drivers
    from jobs.inputs import load_inputs
    from jobs.lifecycle import plan_lifecycle
    from jobs.line_inputs import protection_periods
    from jobs.line_terms import line_terms

    inputs = load_inputs(lake, as_of=as_of)
    lines = line_terms(inputs)
    groups = with_groups(lines, inputs.tables["products"], inputs.tables["locations"])
    days = (last - as_of).days + 1
    sold = lake.read("sales", since=as_of - dt.timedelta(days=days), until=last)
    sold = sold[sold["in_stock"] >= 1].rename(columns={"quantity": "demand"})
    if len(lines) > MOST_LINES:
        here = groups["category"].isin(_most_changed(sold, as_of, inputs.tables["products"]))
        lines, groups = lines[here].reset_index(drop=True), groups[here].reset_index(drop=True)
    panel = replace(
        planning_panel(inputs.sales, lines, inputs.tables["products"]),
        drivers=plan_drivers(inputs, lines, days),
    )
    forecast = forecast_panel(
        panel,
        days,
        protection_periods=protection_periods(lines, inputs.as_of, inputs.period),
        seed=7,
        lifecycle=plan_lifecycle(inputs, lines),
    ).mean
    cells = groups.loc[groups.index.repeat(days)].assign(
        date=np.tile(pd.date_range(as_of, last), len(groups)), forecast=forecast.ravel()
    )
    supplying = set(lines.loc[lines["source_kind"] == "location", "source"])
    cells = cells[~cells["location"].isin(supplying)]
    cells = cells.merge(sold[["sku", "location", "date", "demand"]], on=["sku", "location", "date"])
    return _worth(cells, ["sku", "category", "region"]), _worth(cells, ["category", "region"])


def _worth(cells: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Sum forecast and demand of groups of cells, and what either planner's factor on them would save."""
    sums = cells.groupby(by)[["forecast", "demand"]].transform("sum")
    some = sums["forecast"] > 0
    cells, sums = cells[some], sums[some]
    factor = (1 + SHARE_KNOWN * (sums["demand"] / sums["forecast"] - 1)).round(2).clip(*FACTORS)
    before, demand = cells["forecast"].to_numpy(), cells["demand"].to_numpy()
    cells = cells.assign(
        factor=factor,
        known_gain=value_added(before, before * factor.to_numpy(), demand),
        hoped_gain=value_added(before, before * HOPE, demand),
    )
    return cells.groupby(by, as_index=False).agg(
        forecast=("forecast", "sum"),
        demand=("demand", "sum"),
        factor=("factor", "first"),
        known_gain=("known_gain", "sum"),
        hoped_gain=("hoped_gain", "sum"),
    )


def _most_changed(sold: pd.DataFrame, as_of: dt.date, products: pd.DataFrame) -> list[str]:
    """Return the categories whose items' demand changed most from the days before to those after."""
    sign = np.where(sold["date"] >= pd.Timestamp(as_of), 1.0, -1.0)
    change = (sold["demand"] * sign).groupby(sold["sku"]).sum().abs()
    total = sold["demand"].groupby(sold["sku"]).sum()
    category = products.set_index("sku")["category"].reindex(total.index)
    share = change.groupby(category).sum() / total.groupby(category).sum()
    return [str(name) for name in share.nlargest(FORECAST_CATEGORIES).index]


def _choose(items: pd.DataFrame, regions: pd.DataFrame) -> list[Planted]:
    """Give the knowing planner the changes that save most, the hopeful one some that cost."""
    best = items[items["known_gain"] > 0].sort_values("known_gain", ascending=False, kind="stable")
    best = best.drop_duplicates("sku")
    mild = best[best["factor"].between(*MILD)].head(1)
    known = pd.concat([mild, best[~best["sku"].isin(mild["sku"])].head(3)])
    harmed = items[~items["sku"].isin(known["sku"]) & (items["hoped_gain"] < 0)]
    harmed = harmed.sort_values("hoped_gain", kind="stable").drop_duplicates("sku")
    wide = regions[regions["hoped_gain"] < 0].sort_values("hoped_gain", kind="stable")
    hoped = [*harmed.head(3).to_dict("records"), *wide.head(1).to_dict("records")]
    past, beyond = BACK_DAYS - 1, BACK_DAYS + 13
    knowing = [
        Planted(KNOWING, _scope(row), row["factor"], 0, beyond if i < len(mild) else past)
        for i, row in enumerate(known.to_dict("records"))
    ]
    hopeful = [
        Planted(HOPEFUL, _scope(row), HOPE, i, beyond if i < STILL_HOPED else past)
        for i, row in enumerate(hoped)
    ]
    return [*knowing, *hopeful]


def _scope(row: dict[Any, Any]) -> Scope:
    """Return the scope of an item, or else a category, in a region."""
    return Scope(
        sku=row.get("sku", ""), category="" if "sku" in row else row["category"], region=row["region"]
    )


def _events(planted: list[Planted], as_of: dt.date) -> list[Event]:
    at = dt.datetime.combine(as_of - dt.timedelta(days=1), dt.time(15), tzinfo=dt.UTC)
    events = []
    for i, one in enumerate(planted):
        reasons = _REASONS[one.author]
        data = {
            "level": one.scope.level,
            **asdict(one.scope),
            "from_date": (as_of + dt.timedelta(days=one.first_day)).isoformat(),
            "to_date": (as_of + dt.timedelta(days=one.last_day)).isoformat(),
            "factor": one.factor,
            "old_value": None,
            "new_value": None,
            "expiry": None,
        }
        reason = reasons[i % len(reasons)]
        moment = at + dt.timedelta(minutes=7 * i)
        events.append(
            make_event("forecast.overridden", at=moment, author=one.author, reason=reason, data=data)
        )
    return events
