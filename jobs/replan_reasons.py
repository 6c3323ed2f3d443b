"""Why a re-plan is not enough: what else than stock and orders changed since the last full plan."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from data_lake.errors import NoSuchVersion
from data_lake.events import Event
from data_lake.lake import Lake
from data_lake.runs import Run
from engine.contracts import SETTING_DEFAULTS
from jobs.code_version import code_version
from jobs.inputs import INPUT_TABLES
from jobs.orders_then import is_past
from jobs.settings import settings

SUPPLY_TABLES = ("inventory_snapshot", "orders")
"""Inputs of a plan that a re-plan reads anew."""
KEPT = ("line_terms", "line_plans", "line_inputs", "line_curves", "plan_lines", "markdown_responses")
"""Tables that a run must keep to be planned again in part."""
DECISIONS = {
    "forecast.": "a forecast was overridden",
    "demand.": "past demand was corrected",
    "markdown.": "a markdown was decided",
}
"""Acts that move the forecast, by their kind."""


def table_reasons(lake: Lake, base: Run) -> list[str]:
    """Return which tables, settings or code differ from those of the full plan `base`."""
    reasons = []
    if any(table not in base.outputs for table in KEPT):
        return [f"run {base.run_id} was made by an earlier version"]
    if base.code_version != code_version():
        reasons.append(f"run {base.run_id} was made by another version of the code")
    known = settings(lake)
    stated = base.policy["settings"]
    reasons += [
        f"setting {name} is now {known[name]!r}, was {stated.get(name)!r}"
        for name in SETTING_DEFAULTS
        if known[name] != stated.get(name)
    ]
    for table in INPUT_TABLES:
        if table not in (*SUPPLY_TABLES, "settings") and _differs(lake, table, base.inputs.get(table, 0)):
            reasons.append(f"table {table} has changed")
    if is_past(lake, base.as_of, base.inputs["sales"]):
        reasons.append(f"{base.as_of:%d %b %Y}, for which it was planned, has passed")
    return reasons


def decision_reasons(events: Sequence[Event], base: Run) -> list[str]:
    """Return the acts since the full plan that move its forecast; `events` as `load_inputs` reads them."""
    if decisions_digest(events) == base.policy.get("decisions"):
        return []
    later = [event for event in events if event.timestamp > base.created_at]
    found = {
        words for event in later for kind, words in DECISIONS.items() if event.event_type.startswith(kind)
    }
    return sorted(found) or ["an act on forecasts became known after it was planned"]


def decisions_digest(events: Iterable[Event]) -> str:
    """Name the acts that move the forecast; a plan keeps it, so that one that arrives late is noticed too."""
    names = sorted(event.event_id for event in events if event.event_type.startswith(tuple(DECISIONS)))
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def is_behind(run: Run, other: Run | None) -> bool:
    """Return whether another run read later versions than a run: of some tables later, of none earlier."""
    if other is None or other.as_of < run.as_of:
        return False
    versions = [(run.inputs.get(table, 0), other.inputs.get(table, 0)) for table in INPUT_TABLES]
    return all(mine <= its for mine, its in versions) and any(mine < its for mine, its in versions)


def _differs(lake: Lake, table: str, number: int) -> bool:
    current = lake.current(table)
    if (current.number if current else 0) == number:
        return False
    try:
        return not (current and number and current.files == lake.version(table, number).files)
    except NoSuchVersion:
        return True
