"""What the Scenarios page reads and does: cached calls of jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime

import pandas as pd
import streamlit as st

from app import acts, cache, data
from jobs.errors import JobError
from jobs.scenario_base import ScenarioBase, load_base
from jobs.scenario_changes import PARAMETERS, SCOPES, WEEKDAYS, Change, How, change_faults
from jobs.scenario_frontier import Frontier
from jobs.scenario_frontier import frontier as frontier_of
from jobs.scenario_lines import FIGURES, FigureOf
from jobs.scenario_plan import ScenarioResult, plan_scenario, result_id, stored_result
from jobs.scenario_promote import Promotion, preview_promotion, promote_scenario, undo_promotion
from jobs.scenario_quick import QuickPlans, is_quick, quick_plans
from jobs.scenario_quick import estimate as quick_estimate
from jobs.scenario_words import in_words, scope_in_words
from jobs.scenarios import (
    MOST_COMPARED,
    Scenario,
    list_scenarios,
    make_scenario,
    rename_scenario,
    retire_scenario,
)
from jobs.views import scenarios as view
from jobs.views.scenarios import BASE, Compared

__all__ = [
    "BASE",
    "MOST_COMPARED",
    "PARAMETERS",
    "SCOPES",
    "WEEKDAYS",
    "Change",
    "Compared",
    "Frontier",
    "How",
    "JobError",
    "Promotion",
    "Scenario",
    "ScenarioResult",
    "in_words",
    "scope_in_words",
]

Progress = Callable[[str, float], None]

HOWS: dict[str, str] = {"set": "to", "times": "by ± %", "plus": "by ±"}


@st.cache_resource(max_entries=2, ttl=cache.HOUR, show_spinner="Reading the plan …")
def _base(address: str, run_id: str) -> ScenarioBase:
    return load_base(cache.lake(address), cache.run(address, run_id))


@st.cache_resource(max_entries=8, ttl=cache.HOUR, show_spinner=False)
def _scenarios(address: str, ledger: str) -> list[Scenario]:
    del ledger  # a part of the key
    return list_scenarios(cache.lake(address))


@st.cache_resource(max_entries=32, ttl=cache.HOUR, show_spinner=False)
def _result(address: str, run_id: str, name: str) -> ScenarioResult:
    """Read a result that is there; LookupError if it is not, which is not kept."""
    del run_id  # a part of the key
    found = stored_result(cache.lake(address), name)
    if found is None:
        raise LookupError(name)
    return found


@st.cache_resource(max_entries=2, ttl=cache.HOUR, show_spinner="Reading the value curves …")
def _frontier(address: str, run_id: str) -> Frontier:
    return frontier_of(_base(address, run_id))


def base() -> ScenarioBase:
    """Return the run shown, ready to be planned again."""
    return _base(data.uri(), data.run().run_id)


def scenarios() -> list[Scenario]:
    """Return every scenario, newest first."""
    return _scenarios(data.uri(), cache.ledger(data.uri()))[::-1]


def of_this_plan() -> dict[str, Scenario]:
    """Return the scenarios of the plan shown that are not retired, newest first, by identifier."""
    run_id = data.run().run_id
    return {one.scenario: one for one in scenarios() if one.run_id == run_id and one.state != "retired"}


def of_earlier_plans() -> list[Scenario]:
    """Return the scenarios of other plans that are not retired, newest first."""
    run_id = data.run().run_id
    return [one for one in scenarios() if one.run_id != run_id and one.state != "retired"]


def result(changes: Sequence[Change]) -> ScenarioResult | None:
    """Return what changes do; None: they were not planned yet."""
    run_id = data.run().run_id
    try:
        return _result(data.uri(), run_id, result_id(base(), changes))
    except LookupError:
        return None


def plan(changes: Sequence[Change], progress: Progress) -> ScenarioResult:
    """Plan changes; takes seconds the first time."""
    return plan_scenario(base(), changes, progress=progress)


def frontier() -> Frontier | None:
    """Return service against cash; None: the plan is older than its curves."""
    try:
        return _frontier(data.uri(), data.run().run_id)
    except JobError:
        return None


@st.cache_resource(max_entries=1, ttl=cache.HOUR, show_spinner="Preparing the sliders …")
def _quick(address: str, run_id: str) -> QuickPlans:
    return quick_plans(_base(address, run_id))


def estimate(changes: Sequence[Change]) -> dict[str, tuple[FigureOf, float, float]] | None:
    """Return figures under changes beside the plan's, at once; None: the curves do not answer them."""
    if not is_quick(changes):
        return None
    plans = _quick(data.uri(), data.run().run_id)
    found = quick_estimate(plans, changes)
    return {name: (FIGURES[name], value, plans.figures[name]) for name, value in found.items()}


def compare(results: Mapping[str, ScenarioResult]) -> Compared:
    """Return plans side by side."""
    return view.compare(results)


def lines_that_differ(results: Mapping[str, ScenarioResult]) -> pd.DataFrame:
    """Return the lines that differ most from the plan."""
    return view.lines_that_differ(results, base().lines, data.choices().products)


def history(run_id: str) -> pd.DataFrame:
    """Return every scenario as a list."""
    return view.listed(scenarios()[::-1], run_id)


def days_planned() -> tuple[date, date]:
    """Return the first and the last day that the plan forecasts."""
    known = base()
    last: date = known.statistical[1][-1].item()
    return known.as_of, last


def codes(scope: str) -> list[str]:
    """Return what a change of a scope may name."""
    return base().codes[scope]


def faults(changes: Sequence[Change]) -> list[str]:
    """Say all that is wrong with changes."""
    return change_faults(changes, base().codes)


def preview(changes: Sequence[Change]) -> Promotion:
    """Say what promoting changes would write."""
    return preview_promotion(base(), changes)


def save(changes: Sequence[Change], name: str, reason: str, progress: Progress) -> Scenario:
    """Keep a scenario and plan it."""
    made = make_scenario(base(), changes, name=name, **acts.signed(reason))
    cache.ledger.clear()
    plan(changes, progress)
    return made


def promote(scenario: str, reason: str) -> Promotion:
    """Apply a scenario's changes for good."""
    try:
        return promote_scenario(data.lake(), scenario, **acts.signed(reason))
    finally:
        _acted()


def undo(scenario: str, reason: str) -> Promotion:
    """Take a promotion back."""
    try:
        return undo_promotion(data.lake(), scenario, **acts.signed(reason))
    finally:
        _acted()


def retire(scenario: str, reason: str) -> bool:
    """Take a scenario off the list; True once it is done."""
    try:
        retire_scenario(data.lake(), scenario, **acts.signed(reason))
    finally:
        _acted()
    return True


def rename(scenario: str, name: str) -> bool:
    """Give a scenario another name; True once it is done."""
    try:
        rename_scenario(data.lake(), scenario, name, author=data.author(), at=datetime.now(UTC))
    finally:
        _acted()
    return True


def _acted() -> None:
    for stale in (cache.ledger, cache.is_behind, cache.settings):
        stale.clear()
