"""Which promotions and events an item's forecast holds, and what each adds: one sentence a piece."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run
from engine.forecast.panel import period_dates
from jobs.country_holidays import with_country_holidays
from jobs.drivers_calendar import line_regions, overlapping
from jobs.planned_promotions import PROMOTION, planned_promotions
from jobs.views.driver_effects import mechanic_words
from jobs.views.item_history import supplied_places

Floats = npt.NDArray[np.float64]

MOST_SENTENCES = 4
LEAST_CHANGE = 0.05
"""An event that changes its own days by less is not worth a sentence."""
NOTHING_CHANGED = 0.005


@dataclass(frozen=True)
class _Plan:
    """One thing planned: its days and the periods of the forecast that they touch."""

    first: pd.Timestamp
    last: pd.Timestamp
    periods: npt.NDArray[np.int64]
    event: str
    """Its name; "" for a promotion."""
    detail: str


def planned_sentences(
    lake: Lake, run: Run, line: Mapping[str, Any], forecast: pd.DataFrame
) -> tuple[str, ...]:
    """Say which promotions and events are planned in the periods of a forecast, and what they add.

    Parameters
    ----------
    lake, run
        The run that planned the line.
    line : mapping
        One row of `jobs.views.lines.load`.
    forecast : DataFrame
        date, mean, driver_factor: the periods shown.

    Returns
    -------
    tuple of str
        Earliest first, at most `MOST_SENTENCES`, of which promotions come before events. Empty if the run
        does not know what promotions and events do.
    """
    if forecast.empty or forecast["driver_factor"].isna().all():
        return ()
    places = sorted(supplied_places(lake, run, line)) or [str(line["location"])]
    days = forecast["date"].to_numpy("datetime64[D]")
    edges = period_dates(days[0], run.period, 0, len(days) + 1)
    lines = pd.DataFrame({"sku": line["sku"], "location": places})
    names, code = line_regions(lines, _input(lake, run, "locations"))
    calendar = with_country_holidays(
        _input(lake, run, "calendar"),
        str(run.policy.get("settings", {}).get("country", "")),
        edges[0].item(),
        edges[-1].item(),
    )
    promotions = planned_promotions(
        _input(lake, run, "promotions", {"sku": [line["sku"]]}), calendar, lines, names[code]
    )
    found = _promotions(promotions, edges, places, supplied=places != [line["location"]])
    found += _events(calendar, set(names[code]), edges)
    return _sentences(found, forecast["mean"].to_numpy(), forecast["driver_factor"].to_numpy())


def _input(lake: Lake, run: Run, table: str, where: dict[str, list[Any]] | None = None) -> pd.DataFrame:
    return lake.read(table, version=run.inputs.get(table), where=where)


def _promotions(planned: pd.DataFrame, edges: Any, places: list[str], *, supplied: bool) -> list[_Plan]:
    """Promotions in the forecast, the same one at several places once."""
    ahead = planned[(planned["to_date"] >= edges[0]) & (planned["from_date"] < edges[-1])]
    runs = _joined(ahead, ["row", "depth", "mechanic"])
    found = []
    for _, part in runs.groupby(["from_date", "to_date", "depth", "mechanic"], sort=True):
        row = part.iloc[0]
        off = [f"{row['depth']:.0%} off"] if row["depth"] > 0 else []
        what = [mechanic_words(row["mechanic"])] if row["mechanic"] != PROMOTION else []
        count = part["row"].nunique()
        where = [f"in {count} of {len(places)} places supplied"] if supplied and count < len(places) else []
        found.append(_plan(row, edges, "", ", ".join(off + what + where)))
    return found


def _events(calendar: pd.DataFrame, regions: set[str], edges: Any) -> list[_Plan]:
    """Holidays, events and closed days in the forecast."""
    here = calendar["kind"].isin(("holiday", "event", "closed")) & calendar["region"].isin(regions | {""})
    inside = (calendar["date"] >= edges[0]) & (calendar["date"] < edges[-1])
    days = calendar[here & inside].drop_duplicates(["date", "event"])
    # A holiday on which shops are closed is told by its own name.
    days = days[(days["kind"] != "closed") | ~days.duplicated("date", keep=False)]
    runs = _joined(days.assign(from_date=days["date"], to_date=days["date"]), ["event"])
    return [_plan(row, edges, str(row["event"]), "") for _, row in runs.iterrows()]


def _plan(row: pd.Series[Any], edges: Any, event: str, detail: str) -> _Plan:
    """Return what is planned from `from_date` to `to_date`: an event, or a promotion if that is ""."""
    _, periods, _ = overlapping(pd.Series([row["from_date"]]), pd.Series([row["to_date"]]), edges)
    return _Plan(row["from_date"], row["to_date"], periods, event, detail)


def _joined(entries: pd.DataFrame, same: list[str]) -> pd.DataFrame:
    """Put entries together that follow each other without a gap and are the same: calendars name days."""
    rows = entries.sort_values([*same, "from_date", "to_date"], kind="stable")
    follows = (rows[same] == rows[same].shift()).all(axis=1)
    follows &= rows["from_date"] <= rows["to_date"].shift() + dt.timedelta(days=1)
    spell = (~follows).cumsum().rename("spell")
    joined = rows.groupby([*same, spell]).agg(from_date=("from_date", "min"), to_date=("to_date", "max"))
    return joined.reset_index().drop(columns="spell")


def _sentences(found: list[_Plan], mean: Floats, factor: Floats) -> tuple[str, ...]:
    """Promotions, each with the events in it; then the events of other periods that change something."""
    promotions = [plan for plan in found if not plan.event]
    events = [plan for plan in found if plan.event]
    promoted = {int(at) for plan in promotions for at in plan.periods}
    said = []
    for plan in promotions:
        inside = [event.event for event in events if set(event.periods) <= set(plan.periods)]
        said.append((plan.first, _promotion_words(plan, inside, _change(plan.periods, mean, factor))))
    for plan in events:
        change = _change(plan.periods, mean, factor)
        if not promoted & set(plan.periods.tolist()) and abs(change) >= LEAST_CHANGE:
            said.append((plan.first, f"**{plan.event}**, {_span(plan)}, {_verb(change)}."))
    kept = said[:MOST_SENTENCES]
    return tuple(words for _, words in sorted(kept, key=lambda each: each[0]))


def _promotion_words(plan: _Plan, events: list[str], change: float) -> str:
    detail = f" ({plan.detail})" if plan.detail else ""
    name = f"**Promotion {_span(plan)}**{detail} is planned"
    if not events:
        return f"{name}: it {_verb(change)}."
    *others, last = dict.fromkeys(events)
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"{name}, with {listed} in it: together this {_verb(change)}."


def _change(periods: npt.NDArray[np.int64], mean: Floats, factor: Floats) -> float:
    """Return the relative change of the forecast of some periods by their factors."""
    usual = mean[periods] / np.where(factor[periods] > 0, factor[periods], 1.0)
    total = usual.sum()
    if total > 0:
        return float(mean[periods].sum() / total - 1.0)
    return float(factor[periods].mean() - 1.0)


def _verb(change: float) -> str:
    if abs(change) < NOTHING_CHANGED:
        return "does not change the forecast"
    return f"{'lifts' if change > 0 else 'lowers'} the forecast by {abs(change):.0%}"


def _span(plan: _Plan) -> str:
    first, last = plan.first, plan.last
    end = f"{last.day} {last:%b}"
    if first == last:
        return end
    same_month = (first.year, first.month) == (last.year, last.month)
    return f"{first.day}–{end}" if same_month else f"{first.day} {first:%b}–{end}"
