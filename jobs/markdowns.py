"""Markdowns that planners decided: made, listed, ended; the next plan takes each for a planned promotion.

A markdown is decided for lines of a run, from the day planned to its last day, at one depth. It is an event
with author and reason, so it can be told later who decided what, and for which effect. Ending it keeps the
days before the plan shown: the history of demand needs them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from data_lake.events import Event, make_event
from data_lake.ledger import append_events, read_events
from data_lake.runs import Run, latest_run, read_run, read_run_table
from jobs.errors import JobError
from jobs.settings import settings
from jobs.views.lines import records

if TYPE_CHECKING:
    from data_lake.lake import Lake

PRICE_CUT = "price_cut"
"""Mechanic of a markdown whose effect was taken from prices, not from promotions."""


@dataclass(frozen=True)
class Markdown:
    """One markdown that was decided."""

    markdown: str
    """Identifier: that of its event."""
    line_id: str
    sku: str
    location: str
    from_date: date
    to_date: date
    """Last day; the day before it was ended, if it was."""
    depth: float
    """Share off the price."""
    mechanic: str
    author: str
    reason: str
    created_at: datetime


def decide_markdowns(
    lake: Lake,
    *,
    run_id: str,
    lines: Sequence[Mapping[str, Any]],
    author: str,
    reason: str,
    at: datetime,
) -> list[str]:
    """Decide to mark lines down from the day planned: all of them, or nothing.

    Parameters
    ----------
    lake
        Where the run and the ledger are.
    run_id
        Run that suggested it.
    lines
        Of each: `line_id`, `depth` [share off the price], `until` (last day); `from_date` (first day; without
        one the day planned); and, if known, `mechanic` (kind of promotion whose effect it will have).
    author, reason
        Who decides, and why.
    at
        Instant of the act, with a time zone.

    Returns
    -------
    list of str
        Identifiers, in the order of the lines.

    Raises
    ------
    JobError
        Every fault of the request at once; nothing was recorded.
    """
    run = read_run(lake, run_id)
    wanted = [str(line["line_id"]) for line in lines]
    planned = read_run_table(
        lake, run, "plan_lines", columns=["line_id", "sku", "location"], where={"line_id": wanted}
    )
    items = {row["line_id"]: (row["sku"], row["location"]) for row in records(planned)}
    standing = {each.line_id: each for each in markdowns(lake) if each.to_date >= run.as_of}
    most = settings(lake).number("markdown_most_depth")
    faults = _of_the_act(wanted, author, reason, at)
    for line in lines:
        faults += _of_a_line(line, run, items, standing, most)
    if faults:
        raise JobError("no markdown was recorded:\n" + "\n".join(f"- {fault}" for fault in faults))
    events = [
        make_event(
            "markdown.decided",
            at=at,
            author=author,
            reason=reason,
            data={
                "run_id": run_id,
                "line_id": line["line_id"],
                "sku": items[line["line_id"]][0],
                "location": items[line["line_id"]][1],
                "from_date": _first_day(line, run).isoformat(),
                "to_date": _day(line["until"]).isoformat(),
                "depth": float(line["depth"]),
                "mechanic": str(line.get("mechanic") or PRICE_CUT),
            },
        )
        for line in lines
    ]
    append_events(lake, events)
    return [event.event_id for event in events]


def end_markdown(lake: Lake, markdown: str, *, author: str, reason: str, at: datetime) -> None:
    """End a markdown before the day that the latest plan is for; one that starts then never was.

    Raises
    ------
    JobError
        There is no such markdown, it is over, or author or reason is empty.
    """
    run = latest_run(lake)
    today = run.as_of if run else at.date()
    faults = _of_the_act([markdown], author, reason, at)
    if markdown not in {each.markdown for each in markdowns(lake) if each.to_date >= today}:
        faults.append(f"markdown {markdown!r} is not running; it was ended already, is over, or never was")
    if faults:
        raise JobError("nothing was ended:\n" + "\n".join(f"- {fault}" for fault in faults))
    data = {"markdown": markdown, "to_date": (today - timedelta(days=1)).isoformat()}
    append_events(lake, [make_event("markdown.ended", at=at, author=author, reason=reason, data=data)])


def markdowns(lake: Lake) -> list[Markdown]:
    """Return the markdowns that were decided, earliest first, with the days that they run."""
    return fold_markdowns(read_events(lake))


def changed_since(lake: Lake, instant: datetime) -> bool:
    """Return whether a markdown was decided or ended after an instant."""
    return any(
        event.event_type.startswith("markdown.") and event.timestamp > instant for event in read_events(lake)
    )


def fold_markdowns(events: Iterable[Event]) -> list[Markdown]:
    """Fold events to markdowns of at least a day, in the order in which they were decided."""
    known = list(events)
    ended = {e.data["markdown"]: e.data["to_date"] for e in known if e.event_type == "markdown.ended"}
    found = []
    for event in known:
        if event.event_type != "markdown.decided":
            continue
        last = min(event.data["to_date"], ended.get(event.event_id, event.data["to_date"]))
        if last < event.data["from_date"]:
            continue
        found.append(
            Markdown(
                markdown=event.event_id,
                line_id=event.data["line_id"],
                sku=event.data["sku"],
                location=event.data["location"],
                from_date=date.fromisoformat(event.data["from_date"]),
                to_date=date.fromisoformat(last),
                depth=float(event.data["depth"]),
                mechanic=event.data["mechanic"],
                author=event.author,
                reason=event.reason,
                created_at=event.timestamp,
            )
        )
    return found


def with_markdowns(promotions: pd.DataFrame, made: Sequence[Markdown]) -> pd.DataFrame:
    """Return the table `promotions` and, as promotions, what planners decided to mark down."""
    if not made:
        return promotions
    rows = pd.DataFrame(
        {
            "sku": [each.sku for each in made],
            "location": [each.location for each in made],
            "from_date": pd.to_datetime([each.from_date for each in made]),
            "to_date": pd.to_datetime([each.to_date for each in made]),
            "depth": [each.depth for each in made],
            "mechanic": [each.mechanic for each in made],
        }
    )
    rows = rows.astype({name: promotions[name].dtype for name in rows.columns})
    return pd.concat([promotions, rows], ignore_index=True)


def _of_the_act(wanted: Sequence[str], author: str, reason: str, at: datetime) -> list[str]:
    faults = []
    if not wanted:
        faults.append("no line is chosen")
    if not author.strip():
        faults.append("author is empty; say who does it")
    if not reason.strip():
        faults.append("reason is empty; say why")
    if at.tzinfo is None:
        faults.append(f"at {at.isoformat()} has no time zone")
    return faults


def _of_a_line(
    line: Mapping[str, Any], run: Run, items: Collection[str], standing: Mapping[str, Markdown], most: float
) -> list[str]:
    name, depth, until = str(line["line_id"]), float(line["depth"]), _day(line["until"])
    faults = []
    if name not in items:
        faults.append(f"line {name!r} is not in run {run.run_id}")
    if not (math.isfinite(depth) and 0.0 < depth <= most + 1e-9):
        faults.append(
            f"{name}: depth is {depth:g}; it must be above 0 and at most {most:g} (markdown_most_depth)"
        )
    start = _first_day(line, run)
    if start < run.as_of:
        faults.append(f"{name}: its first day {start} is before {run.as_of}, the day planned for")
    if until < start:
        faults.append(f"{name}: its last day {until} is before its first day {start}")
    if name in standing:
        other = standing[name]
        faults.append(
            f"{name}: {other.author} marked it down by {other.depth:.0%} until {other.to_date}; "
            "end that first"
        )
    return faults


def _first_day(line: Mapping[str, Any], run: Run) -> date:
    return _day(line["from_date"]) if line.get("from_date") is not None else run.as_of


def _day(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else pd.Timestamp(value).date()
