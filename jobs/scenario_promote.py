"""Promote a scenario: its changes become the lake's, all or nothing, by one winner; undo takes them back.

A promotion is decided by one act of the ledger that names everything it writes, and is written after that.
So two who promote at once cannot both win, and one that was interrupted is finished by the next.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from data_lake.errors import NoSuchObject
from data_lake.events import Event, make_event
from data_lake.ledger import Ledger, append_act, append_events, read_events
from data_lake.revising import revise
from data_lake.runs import latest_run
from jobs.errors import JobError
from jobs.override_fold import active_overrides, fold_overrides
from jobs.override_scope import Scope
from jobs.scenario_apply import demand_overrides
from jobs.scenario_base import ScenarioBase, load_base
from jobs.scenario_changes import Change
from jobs.scenario_words import in_words
from jobs.scenario_writes import WRITTEN_TABLES, Effect, Write, effect_of, moved_since, unwritten, written
from jobs.scenarios import Scenario, find_scenario, fold_scenarios, write_table

if TYPE_CHECKING:
    from data_lake.lake import Lake

PROMOTIONS = "scenario_promotions/"
"""`scenario_promotions/<hash>.json`: every cell that a promotion writes, with what it held before."""

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Promotion:
    """What a promotion did, or would do."""

    promotion: str
    """Hash of what it writes."""
    rows: dict[str, int]
    """Rows written, by table."""
    overrides: int
    """Overrides of the forecast that were made."""
    differences: list[str] = field(default_factory=list)
    """Why the next plan may differ from the scenario; none: it will not."""


def preview_promotion(base: ScenarioBase, changes: Sequence[Change]) -> Promotion:
    """Say what promoting changes would write; nothing is written."""
    return _summary(base, changes, "", effect_of(base, changes))


def promote_scenario(lake: Lake, scenario: str, *, author: str, reason: str, at: datetime) -> Promotion:
    """Apply a scenario's changes to the lake; the next plan uses them.

    Returns
    -------
    Promotion

    Raises
    ------
    JobError
        The scenario was not made on the latest plan, or something that it depends on changed since, or
        another was promoted since: each is named, and nothing was written.
    """
    _require(author, reason, "promoted")
    finish_promotions(lake)
    found = find_scenario(lake, scenario)
    base = _standing_base(lake, found)
    effect = effect_of(base, found.changes)
    record = {"scenario": found.scenario, "writes": [write.as_dict() for write in effect.writes]}
    name = _stored(lake, record)
    made = _overrides(base, found)

    def decide(ledger: Ledger, earliest: datetime | None) -> list[Event]:
        _refuse_if_decided(ledger, found, base.run.created_at)
        stamp = max(at, earliest) if earliest else at
        who = {"author": author, "reason": reason}
        head = {"scenario": found.scenario, "run_id": found.run_id, "promotion": name}
        return [
            make_event("scenario.promoted", at=stamp, data=head, **who),
            *_parameter_events(found, stamp, **who),
            *(
                # a microsecond apart, so that they apply in the order of the changes
                make_event("forecast.overridden", at=stamp + number * _MICROSECOND, data=override, **who)
                for number, override in enumerate(made)
            ),
        ]

    append_act(lake, decide)
    finish_promotions(lake)
    return _summary(base, found.changes, name, effect)


def undo_promotion(lake: Lake, scenario: str, *, author: str, reason: str, at: datetime) -> Promotion:
    """Take a promotion back: every cell holds again what it held before, overrides are retired.

    Raises
    ------
    JobError
        The scenario is not promoted, or what it wrote was changed since: each cell is named.
    """
    _require(author, reason, "undone")
    finish_promotions(lake)
    found = find_scenario(lake, scenario)
    if found.state != "promoted":
        raise JobError(f"scenario “{found.name}” is not promoted, so there is nothing to undo")
    writes = _writes(lake, found.promotion)
    moved = [
        fault
        for table in WRITTEN_TABLES
        for fault in moved_since(lake.read(table), [write for write in writes if write.table == table])
    ]
    if moved:
        raise JobError("not undone, because these were changed since:\n" + "\n".join(f"- {m}" for m in moved))

    def decide(ledger: Ledger, earliest: datetime | None) -> list[Event]:
        now = {one.scenario: one for one in fold_scenarios(ledger.events)}[found.scenario]
        if now.state != "promoted":
            raise JobError(f"scenario “{found.name}” was {now.state} by {now.decided_by} a moment ago")
        stamp = max(at, earliest) if earliest else at
        who: dict[str, Any] = {"at": stamp, "author": author, "reason": reason}
        head = {"scenario": found.scenario, "promotion": found.promotion}
        made = _overrides_made(ledger.events, found)
        return [
            make_event("scenario.undone", data=head, **who),
            *(
                make_event("forecast.override_retired", data={"override": override}, **who)
                for override in made
            ),
        ]

    _, events = append_act(lake, decide)
    finish_promotions(lake)
    rows = {table: sum(write.table == table for write in writes) for table in WRITTEN_TABLES}
    return Promotion(found.promotion, {name: n for name, n in rows.items() if n}, len(events) - 1)


def finish_promotions(lake: Lake) -> int:
    """Write what was promoted or undone and not yet written, oldest first; return how many there were.

    A promotion is decided before it is written. This is its second half, also after a crash between the two.
    """
    open_acts = unfinished_promotions(read_events(lake))
    for event in open_acts:
        change = written if event.event_type == "scenario.promoted" else unwritten
        _write(lake, _writes(lake, event.data["promotion"]), change, f"{event.author}: {event.reason}")
        done = make_event(
            "scenario.applied",
            at=event.timestamp + _MICROSECOND,
            author=event.author,
            data={"promotion": event.event_id},
        )
        append_events(lake, [done])
    if open_acts:
        write_table(lake)
    return len(open_acts)


def unfinished_promotions(events: Sequence[Event]) -> list[Event]:
    """Return acts that promoted or undid a scenario and whose tables are not written yet."""
    applied = {event.data["promotion"] for event in events if event.event_type == "scenario.applied"}
    acts = [event for event in events if event.event_type in ("scenario.promoted", "scenario.undone")]
    return [event for event in acts if event.event_id not in applied]


def _write(
    lake: Lake,
    writes: Sequence[Write],
    change: Callable[[pd.DataFrame, Sequence[Write]], pd.DataFrame],
    note: str,
) -> None:
    for table in WRITTEN_TABLES:
        own = [write for write in writes if write.table == table]
        if own:
            revise(lake, table, lambda rows, own=own: change(rows, own), note=note)  # type: ignore[misc]


def _standing_base(lake: Lake, found: Scenario) -> ScenarioBase:
    """Return the base of a scenario if promoting it still means what was compared; JobError says why not."""
    if found.state in ("promoted", "retired"):
        raise JobError(f"scenario “{found.name}” was {found.state} by {found.decided_by} already")
    run = latest_run(lake)
    if run is None or run.run_id != found.run_id:
        raise JobError(
            f"scenario “{found.name}” was made on plan {found.run_id}; the plan now is "
            f"{run.run_id if run else 'none'}. Copy it onto that plan, look again, then promote the copy"
        )
    faults = [
        f"table {table} was changed after the plan was made"
        for table in WRITTEN_TABLES
        if not _is_as_planned(lake, table, run.inputs.get(table, 0))
    ]
    base = load_base(lake, run)
    if set(active_overrides(lake, run.as_of)["override"]) != set(base.plan_inputs.overrides["override"]):
        faults.append("forecasts were overridden, or overrides retired, after the plan was made")
    if faults:
        raise JobError(
            "not promoted; plan again and copy the scenario onto the new plan:\n"
            + "\n".join(f"- {fault}" for fault in faults)
        )
    return base


def _is_as_planned(lake: Lake, table: str, number: int) -> bool:
    """Return whether a table holds what the version that was planned held."""
    now = lake.current(table)
    if now is None or not number:
        return (now.number if now else 0) == number
    return now.number == number or now.files == lake.version(table, number).files


def _refuse_if_decided(ledger: Ledger, found: Scenario, planned_at: datetime) -> None:
    known = {one.scenario: one for one in fold_scenarios(ledger.events)}
    now = known[found.scenario]
    if now.state in ("promoted", "retired"):
        raise JobError(f"scenario “{now.name}” was {now.state} by {now.decided_by} a moment ago")
    for event in ledger.events:
        if event.event_type != "scenario.promoted" or event.timestamp <= planned_at:
            continue
        other = known[str(event.data["scenario"])]
        if other.state == "promoted":
            raise JobError(
                f"{event.author} promoted “{other.name}” at {event.timestamp:%d %b %H:%M} UTC, after this "
                "plan was made: plan again and copy the scenario onto the new plan"
            )


def _overrides(base: ScenarioBase, found: Scenario) -> list[dict[str, Any]]:
    """Return the data of the overrides that changes of demand become; each expires with its last day."""
    rows = [override for change in found.changes for override in demand_overrides(base, change)]
    made = []
    for row in rows:
        last = row["to_date"].date().isoformat()
        scope = Scope.of(row)
        made.append(
            {
                "level": scope.level,
                **{name: row[name] for name in ("sku", "category", "location", "region")},
                "from_date": row["from_date"].date().isoformat(),
                "to_date": last,
                "factor": row["factor"],
                "old_value": None,
                "new_value": None,
                "expiry": last,
                "scenario": found.scenario,
            }
        )
    return made


def _overrides_made(events: Sequence[Event], found: Scenario) -> list[str]:
    """Return the overrides of a scenario that still stand."""
    return [
        name for name, event in fold_overrides(events).items() if event.data.get("scenario") == found.scenario
    ]


def _parameter_events(found: Scenario, at: datetime, *, author: str, reason: str) -> list[Event]:
    return [
        make_event(
            "parameter.changed",
            at=at,
            author=author,
            reason=reason,
            data={
                "name": change.parameter,
                "new_value": in_words(change),
                "scope": change.scope,
                "code": change.code,
                "scenario": found.scenario,
                "number": number,
            },
        )
        for number, change in enumerate(found.changes)
        if change.parameter != "demand"
    ]


def _summary(base: ScenarioBase, changes: Sequence[Change], name: str, effect: Effect) -> Promotion:
    rows = {table: sum(write.table == table for write in effect.writes) for table in WRITTEN_TABLES}
    demand = sum(len(demand_overrides(base, change)) for change in changes)
    differences = [f"not written: {what}" for what in effect.left_out]
    parameters = {change.parameter for change in changes}
    if parameters & {"lead_time_mean", "lead_time_sd", "order_weekdays", "review_days"}:
        differences.append(
            "forecasting models are chosen by how far ahead an order must see: with other lead times or "
            "order days the next plan may choose others"
        )
    learns = base.run.policy.get("settings", {}).get("learn_lead_times") == "yes"
    if parameters & {"lead_time_mean", "lead_time_sd"} and learns:
        differences.append(
            "lead times are measured: the next plan takes the new terms only as far as order history lets it "
            "(setting learn_lead_times)"
        )
    return Promotion(name, {table: n for table, n in rows.items() if n}, demand, differences)


def _stored(lake: Lake, record: dict[str, Any]) -> str:
    body = json.dumps(record, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()
    name = hashlib.sha256(body).hexdigest()[:16]
    lake.objects.put_new(f"{PROMOTIONS}{name}.json", body)
    return name


def _writes(lake: Lake, promotion: str) -> list[Write]:
    try:
        record = json.loads(lake.objects.get(f"{PROMOTIONS}{promotion}.json"))
    except NoSuchObject as error:
        raise JobError(
            f"promotion {promotion} is decided but what it writes is lost: restore "
            f"{PROMOTIONS}{promotion}.json from a backup"
        ) from error
    return [Write(**write) for write in record["writes"]]


def _require(author: str, reason: str, what: str) -> None:
    missing = [name for name, given in (("author", author), ("reason", reason)) if not given.strip()]
    if missing:
        raise JobError(f"{' and '.join(missing)} is empty; say who promotes and why it is {what}")
