"""Scenarios: plans under other terms, made, named, retired. What stands is a fold of the ledger's events.

A scenario never changes: its identifier is the hash of its run, name, author, reason and changes. To change
one, copy it. `jobs.scenario_plan` plans it, `jobs.scenario_promote` applies it for good.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from data_lake.events import Event, make_event
from data_lake.ledger import append_events, read_events
from engine.contracts import TABLES
from jobs.columns import typed_column
from jobs.errors import JobError
from jobs.scenario_changes import Change, change_faults, changes_json
from jobs.scenario_words import in_words

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from jobs.scenario_base import ScenarioBase

MOST_COMPARED = 4


@dataclass(frozen=True)
class Scenario:
    """A plan under other terms, as it stands."""

    scenario: str
    """Hash of its content."""
    name: str
    author: str
    reason: str
    created_at: datetime
    run_id: str
    """The run it starts from."""
    changes: tuple[Change, ...]
    state: str = "kept"
    """kept, promoted, undone or retired."""
    decided_by: str = ""
    """Who promoted, undid or retired it."""
    promotion: str = ""
    """What its promotion wrote, by its hash; '' before that."""

    @property
    def words(self) -> list[str]:
        """What it changes, a line a change."""
        return [in_words(change) for change in self.changes]


def make_scenario(
    base: ScenarioBase, changes: Sequence[Change], *, name: str, author: str, reason: str, at: datetime
) -> Scenario:
    """Keep a scenario of a run; the same content again is the same scenario, and nothing is written.

    Raises
    ------
    JobError
        Every fault of its words and its changes at once; nothing was recorded.
    """
    faults = [
        f"{what} is empty; {why}"
        for what, given, why in (
            ("name", name, "say what the scenario is called"),
            ("author", author, "say who makes it"),
            ("reason", reason, "say why"),
        )
        if not given.strip()
    ]
    faults += change_faults(changes, base.codes)
    if faults:
        raise JobError("the scenario was not kept:\n" + "\n".join(f"- {fault}" for fault in faults))
    made = Scenario(
        scenario_id(base.run.run_id, name, author, reason, changes),
        name,
        author,
        reason,
        at,
        base.run.run_id,
        tuple(changes),
    )
    known = {one.scenario: one for one in list_scenarios(base.lake)}
    if made.scenario in known:
        return known[made.scenario]
    data = {
        "scenario": made.scenario,
        "run_id": made.run_id,
        "name": name,
        "changes": [json.dumps(change.as_dict(), sort_keys=True) for change in changes],
    }
    _record(base.lake, make_event("scenario.made", at=at, author=author, reason=reason, data=data))
    return made


def scenario_id(run_id: str, name: str, author: str, reason: str, changes: Sequence[Change]) -> str:
    """Name a scenario by its content."""
    content = json.dumps([run_id, name, author, reason, changes_json(changes)], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def rename_scenario(lake: Lake, scenario: str, name: str, *, author: str, at: datetime) -> None:
    """Give a scenario another name; its content and identifier stay.

    Raises
    ------
    JobError
        There is no such scenario, or the name is empty.
    """
    found = find_scenario(lake, scenario)
    if not name.strip():
        raise JobError("name is empty; say what the scenario is called")
    data = {"scenario": found.scenario, "name": name}
    _record(lake, make_event("scenario.renamed", at=at, author=author, data=data))


def retire_scenario(lake: Lake, scenario: str, *, author: str, reason: str, at: datetime) -> None:
    """Take a scenario off the list; it stays in the lake.

    Raises
    ------
    JobError
        There is no such scenario, it is retired already or promoted, or the reason is empty.
    """
    found = find_scenario(lake, scenario)
    if found.state in ("retired", "promoted"):
        who = f" by {found.decided_by}" if found.decided_by else ""
        raise JobError(f"scenario “{found.name}” is {found.state} already{who}")
    if not reason.strip():
        raise JobError("reason is empty; say why the scenario is retired")
    data = {"scenario": found.scenario}
    _record(lake, make_event("scenario.retired", at=at, author=author, reason=reason, data=data))


def list_scenarios(lake: Lake) -> list[Scenario]:
    """Return every scenario ever made, oldest first."""
    return fold_scenarios(read_events(lake))


def find_scenario(lake: Lake, scenario: str) -> Scenario:
    """Return the one scenario with this identifier, or whose identifier or name begins like this.

    Raises
    ------
    JobError
        There is none, or there are several.
    """
    known = list_scenarios(lake)
    exact = [one for one in known if scenario in (one.scenario, one.name)]
    found = exact or [one for one in known if scenario and one.scenario.startswith(scenario)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise JobError(f"scenario {scenario!r} was never made; shelfcast scenario list shows those that were")
    named = ", ".join(f"{one.scenario} “{one.name}”" for one in found)
    raise JobError(f"scenario {scenario!r} may be {named}; give the identifier")


def fold_scenarios(events: Iterable[Event]) -> list[Scenario]:
    """Fold events, in the order in which they apply, to the scenarios as they stand, oldest first."""
    events = list(events)
    found: dict[str, Scenario] = {}
    for event in events:
        if event.event_type == "scenario.made":
            found.setdefault(event.data["scenario"], _made(event))
    for event in events:
        known = found.get(str(event.data.get("scenario", "")))
        if known is None:
            continue
        if event.event_type == "scenario.renamed":
            found[known.scenario] = replace(known, name=event.data["name"])
        elif event.event_type in ("scenario.promoted", "scenario.undone", "scenario.retired"):
            found[known.scenario] = replace(
                known,
                state=event.event_type.removeprefix("scenario."),
                decided_by=event.author,
                promotion=event.data.get("promotion", known.promotion),
            )
    return list(found.values())


def write_table(lake: Lake) -> None:
    """Write contract `scenarios` as the ledger says, for readers that know Parquet only."""
    scenarios = list_scenarios(lake)
    rows = [{**vars(one), "changes": changes_json(one.changes)} for one in scenarios]
    columns = TABLES["scenarios"].columns
    frame = {column.name: typed_column([row[column.name] for row in rows], column.kind) for column in columns}
    lake.upsert("scenarios", pd.DataFrame(frame))


def _made(event: Event) -> Scenario:
    return Scenario(
        event.data["scenario"],
        event.data["name"],
        event.author,
        event.reason,
        event.timestamp,
        event.data["run_id"],
        tuple(Change.of(json.loads(change)) for change in event.data["changes"]),
    )


def _record(lake: Lake, event: Event) -> None:
    append_events(lake, [event])
    write_table(lake)
