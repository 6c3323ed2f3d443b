"""One re-plan: from a run, and stock and orders of now, to the run that follows it."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.errors import NoSuchObject
from data_lake.lake import Lake
from data_lake.ledger import read_events
from data_lake.runs import (
    Run,
    read_run,
    read_run_table,
    store_run,
)
from engine.health import held_lines
from engine.replenishment.plan_rows import put_inputs
from jobs.code_version import code_version
from jobs.echelon_levels import echelon_levels
from jobs.echelons import with_suppliers
from jobs.inputs import PLANNED_EVENTS, RECENT_DAYS
from jobs.line_inputs import build_line_inputs, latest_stock
from jobs.plan_orders import plan_orders
from jobs.replan_faults import faults_now
from jobs.replan_inputs import order_days_now, orders_inputs, with_order_dates, without_new_lines
from jobs.replan_reasons import SUPPLY_TABLES, decision_reasons, table_reasons
from jobs.replan_tables import Changes, Replan, replanned_tables
from jobs.state_memory import keep_state, known_state, next_state
from jobs.stock_now import keep_told
from jobs.supply_flows import supply_flows
from jobs.supply_marks import late_quantity, supply_marks
from jobs.supply_seen import supply_seen
from jobs.supply_then import REPLAN_OF, full_plan_of

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Replanned:
    """What a re-plan came to."""

    run: Run
    """The run that is current now; the earlier one if nothing changed or a full plan is needed."""
    lines: tuple[str, ...] = ()
    """line_id of the lines that were planned again or whose order moved."""
    needs_full_plan: tuple[str, ...] = ()
    """Why a re-plan is not enough; empty: it was. Then nothing was done."""
    unplanned: tuple[tuple[str, str], ...] = ()
    """(sku, location) named or in stock that the plan has no line for: left to a full plan."""
    earlier: str = ""
    """Run that it started from."""
    seconds: float = 0.0
    """Time that it took [s]."""
    parts: Mapping[str, float] = field(default_factory=dict)
    """CPU time of each step [s]."""


def replan_from(lake: Lake, earlier: Run, *, at: dt.datetime) -> Replanned:
    """Plan again from one run; the result is stored but not made current."""
    clock = _Clock()
    base = full_plan_of(lake, earlier)
    reasons = table_reasons(lake, base)
    if reasons:
        return Replanned(earlier, needs_full_plan=tuple(reasons), earlier=earlier.run_id)
    instant = max(at.astimezone(dt.UTC), earlier.created_at + dt.timedelta(microseconds=1))
    state = known_state(lake, earlier)
    clock.tick("read the run")
    events = [event for event in read_events(lake) if event.event_type.startswith(PLANNED_EVENTS)]
    versions = dict(base.inputs) | {name: _number(lake, name) for name in SUPPLY_TABLES}
    since = base.as_of - dt.timedelta(days=RECENT_DAYS)
    seen = supply_seen(lake, day=base.as_of, since=since, versions=versions, events=events)
    reasons = decision_reasons(events, base)
    if reasons:
        return Replanned(earlier, needs_full_plan=tuple(reasons), earlier=earlier.run_id)
    inputs, new = without_new_lines(state, orders_inputs(lake, base, seen, versions))
    stock = inputs.tables["inventory_snapshot"]
    clock.tick("read stock and orders")

    lines = with_order_dates(state.lines, seen.ordered_until)
    marks = supply_marks(lines, stock, seen.orders, base.as_of)
    differs = state.supply != np.array(marks, dtype=object)
    faults = faults_now(read_run_table(lake, earlier, "data_faults"), lines[differs], inputs)
    held = held_lines(faults, lines[["sku", "location"]])
    is_held = _among(lines, held)
    differs |= is_held != state.held
    clock.tick("find what changed")
    if not differs.any():
        return Replanned(earlier, unplanned=new, earlier=earlier.run_id, parts=clock.parts)
    run_id = _run_id(base, marks, held)
    stored = _existing(lake, run_id)
    if stored is not None:
        names = tuple(lines["line_id"][differs])
        return Replanned(stored, names, unplanned=new, earlier=earlier.run_id, parts=clock.parts)

    flows = supply_flows(lines)
    again = np.flatnonzero(with_suppliers(differs, flows, echelon_levels(flows, len(lines))[0]))
    own_inputs = build_line_inputs(
        lines.iloc[again],
        state.own_demand(again),
        latest_stock(stock),
        seen.orders,
        as_of=base.as_of,
        period=base.period,
    )
    planned = plan_orders(
        inputs,
        lines,
        put_inputs(state.line_inputs, again, own_inputs.checked()),
        is_held,
        None,
        n_paths=int(base.policy["n_paths"]),
        level_correlation=float(base.summary["level_correlation"]),
        known=replace(state.known, changed=differs),
        days=order_days_now(state, lines, base.as_of),
        flows=flows,
    )
    clock.tick("plan")
    moved = (planned.plans.quantity != state.known.final.quantity) | (
        planned.plans.bound != state.known.final.bound
    )
    rows = planned.again | moved
    tables, figures = replanned_tables(
        lake,
        Replan(
            run_id=run_id,
            state=state,
            inputs=inputs,
            lines=lines,
            planned=planned,
            held=held,
            faults=faults,
            supply=marks,
            late_quantity=late_quantity(lines, seen.orders, base.as_of),
            changed=rows,
            dates=_dates(lake, base),
        ),
    )
    clock.tick("lay out the tables")
    written = {name: _written(lake, earlier, name, change) for name, change in tables.items()}
    told = {} if seen.told is None else keep_told(lake, seen.told)
    kpis = tables["kpis"].frame
    summary = dict(zip(kpis["name"], kpis["value"].astype(float), strict=True))
    summary["level_correlation"] = base.summary["level_correlation"]
    run = store_run(
        lake,
        replace(
            base,
            run_id=run_id,
            created_at=instant,
            inputs=versions | told,
            outputs=dict(earlier.outputs) | written,
            policy={**base.policy, REPLAN_OF: base.run_id},
            summary=summary,
        ),
    )
    keep_state(lake, next_state(run, lines, figures, marks, planned))
    clock.tick("write the tables")
    names = tuple(lines["line_id"][rows])
    return Replanned(run, names, unplanned=new, earlier=earlier.run_id, parts=clock.parts)


def _number(lake: Lake, table: str) -> int:
    version = lake.current(table)
    return version.number if version else 0


def unplanned_of(lake: Lake, run: Run, named: frozenset[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return which of the named products and locations a run has no line for."""
    if not named:
        return ()
    where = {"sku": sorted({sku for sku, _ in named})}
    lines = read_run_table(lake, run, "plan_lines", columns=["sku", "location"], where=where)
    return tuple(sorted(named - set(zip(lines["sku"], lines["location"], strict=True))))


def _among(lines: pd.DataFrame, held: pd.DataFrame) -> Mask:
    keys = pd.MultiIndex.from_frame(lines[["sku", "location"]])
    return np.asarray(keys.isin(pd.MultiIndex.from_frame(held[["sku", "location"]])))


def _run_id(base: Run, marks: list[str], held: pd.DataFrame) -> str:
    """Name what the run depends on: the full plan, and the stock, orders and trust of every line."""
    parts = [base.run_id, code_version(), *marks, *held.to_csv(index=False).splitlines()]
    name = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:10]
    return f"{base.as_of:%Y%m%d}-{name}"


def _existing(lake: Lake, run_id: str) -> Run | None:
    try:
        return read_run(lake, run_id)
    except NoSuchObject:
        return None


def _dates(lake: Lake, base: Run) -> npt.NDArray[np.datetime64]:
    """Return the first day of each forecast period, [h]."""
    days = read_run_table(lake, base, "forecast_totals", columns=["date"])["date"]
    return np.unique(days.to_numpy(dtype="datetime64[D]"))


def _written(lake: Lake, earlier: Run, table: str, change: Changes) -> int:
    if change.gone is None:
        return lake.replace(table, change.frame).number
    number = earlier.outputs[table]
    return lake.overlay(table, change.frame, change.column, change.gone, version=number).number


class _Clock:
    """CPU seconds of each step."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}
        self._last = time.process_time()

    def tick(self, step: str) -> None:
        now = time.process_time()
        self.parts[step], self._last = now - self._last, now
