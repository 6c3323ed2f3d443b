"""Plan again what changed stock or orders touch: a run that equals a full plan of the same forecasts.

Frozen from the last full plan: forecasts and their models, how far stores are wrong together, what order
history said of sources, masters and settings. If anything else changed, a full plan is asked for.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.errors import NoSuchObject
from data_lake.lake import Lake
from data_lake.ledger import read_events
from data_lake.runs import (
    Run,
    current_number,
    current_run,
    make_current,
    read_run,
    read_run_table,
    store_run,
)
from data_lake.series import SalesPanel
from engine.health import held_lines
from engine.replenishment.plan_rows import put_inputs
from jobs.code_version import code_version
from jobs.echelon_levels import echelon_levels
from jobs.echelons import with_suppliers
from jobs.errors import JobError
from jobs.inputs import MASTER_TABLES, PLANNED_EVENTS, RECENT_DAYS, PlanInputs
from jobs.line_inputs import build_line_inputs, latest_stock, order_offsets
from jobs.plan_orders import plan_orders
from jobs.replan_faults import faults_now
from jobs.replan_reasons import SUPPLY_TABLES, decision_reasons, is_behind, line_reasons, table_reasons
from jobs.replan_tables import Changes, Replan, replanned_tables
from jobs.run_state import RunState, run_state
from jobs.settings import settings
from jobs.stock_now import keep_told
from jobs.supply_flows import supply_flows
from jobs.supply_marks import late_quantity, supply_marks
from jobs.supply_seen import SupplySeen, supply_seen
from jobs.supply_then import REPLAN_OF, full_plan_of

Mask = npt.NDArray[np.bool_]

ATTEMPTS = 8
"""Times that a re-plan starts anew because another run became current meanwhile."""


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
    """(sku, location) that was named and that the plan has no line for."""
    earlier: str = ""
    """Run that it started from."""
    seconds: float = 0.0
    """Time that it took [s]."""
    parts: Mapping[str, float] = field(default_factory=dict)
    """CPU time of each step [s]."""


def replan(
    lake: Lake,
    changed: Iterable[tuple[str, str]] | None = None,
    *,
    at: dt.datetime,
) -> Replanned:
    """Plan again what changed since the current run, and make the result the current run.

    Every line whose stock or orders differ from what the run was planned on is planned again, named or not:
    a run shows one state of the lake. A line that is named but does not differ is left as it is.

    Parameters
    ----------
    lake : Lake
    changed : iterable of (sku, location), optional
        What the caller heard of; `unplanned` says which of it no plan line stands for.
    at : datetime
        Now, with its zone.

    Returns
    -------
    Replanned
        Of re-plans at once each starts from what the others committed; the current run never becomes one
        that saw less.

    Raises
    ------
    JobError
        There is no plan yet, or others kept committing first.
    """
    started = time.perf_counter()
    named = frozenset(changed or ())
    for _ in range(ATTEMPTS):
        number = current_number(lake)
        earlier = current_run(lake, number)
        if earlier is None:
            raise JobError("there is no plan to plan again: shelfcast plan")
        done = replan_from(lake, earlier, at=at)
        if done.run.run_id == earlier.run_id or make_current(lake, done.run.run_id, after=number):
            unplanned = _unplanned(lake, done.run, named)
            return replace(done, unplanned=unplanned, seconds=time.perf_counter() - started)
    raise JobError(f"{ATTEMPTS} other plans were committed meanwhile; plan again")


def made_current(lake: Lake, run: Run, *, after: int, at: dt.datetime) -> Run:
    """Make a full plan the current run; if others were committed since it began to read, bring it up to date.

    So stock that a re-plan saw during the plan does not go back to what it was. Where the plan itself is
    behind (sales came in meanwhile, and another plan has them) that other one stays current.

    Parameters
    ----------
    lake : Lake
    run : stored full plan
    after : `current_number` before the plan read the lake
    at : instant before it read

    Returns
    -------
    Run
        The plan, or its re-plan with the stock and orders of now.
    """
    if make_current(lake, run.run_id, after=after):
        return run
    for _ in range(ATTEMPTS):
        number = current_number(lake)
        done = replan_from(lake, run, at=at)
        if done.needs_full_plan and is_behind(run, current_run(lake, number)):
            return run
        if make_current(lake, done.run.run_id, after=number):
            return done.run
    raise JobError(f"{ATTEMPTS} other plans were committed meanwhile; plan again")


def replan_from(lake: Lake, earlier: Run, *, at: dt.datetime) -> Replanned:
    """Plan again from one run; the result is stored but not made current."""
    clock = _Clock()
    base = full_plan_of(lake, earlier)
    reasons = table_reasons(lake, base)
    if reasons:
        return Replanned(earlier, needs_full_plan=tuple(reasons), earlier=earlier.run_id)
    instant = max(at.astimezone(dt.UTC), earlier.created_at + dt.timedelta(microseconds=1))
    state = run_state(lake, earlier)
    clock.tick("read the run")
    events = [event for event in read_events(lake) if event.event_type.startswith(PLANNED_EVENTS)]
    versions = dict(base.inputs) | {name: _number(lake, name) for name in SUPPLY_TABLES}
    since = base.as_of - dt.timedelta(days=RECENT_DAYS)
    seen = supply_seen(lake, day=base.as_of, since=since, versions=versions, events=events)
    inputs = _inputs(lake, base, seen, versions)
    reasons = decision_reasons(events, base) + _new_lines(state, inputs, seen)
    if reasons:
        return Replanned(earlier, needs_full_plan=tuple(reasons), earlier=earlier.run_id)
    clock.tick("read stock and orders")

    lines = _with_order_dates(state.lines, seen.ordered_until)
    marks = supply_marks(lines, seen.stock, seen.orders, base.as_of)
    differs = state.supply != np.array(marks, dtype=object)
    faults = faults_now(read_run_table(lake, earlier, "data_faults"), lines[differs], inputs)
    held = held_lines(faults, lines[["sku", "location"]])
    is_held = _among(lines, held)
    differs |= is_held != state.held
    clock.tick("find what changed")
    if not differs.any():
        return Replanned(earlier, earlier=earlier.run_id, parts=clock.parts)
    run_id = _run_id(base, marks, held)
    stored = _existing(lake, run_id)
    if stored is not None:
        return Replanned(stored, tuple(lines["line_id"][differs]), earlier=earlier.run_id, parts=clock.parts)

    flows = supply_flows(lines)
    again = np.flatnonzero(with_suppliers(differs, flows, echelon_levels(flows, len(lines))[0]))
    own_inputs = build_line_inputs(
        lines.iloc[again],
        state.own_demand(again),
        latest_stock(seen.stock),
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
        days=_order_days(state, lines, base.as_of),
    )
    clock.tick("plan")
    moved = (planned.plans.quantity != state.known.final.quantity) | (
        planned.plans.bound != state.known.final.bound
    )
    rows = planned.again | moved
    tables = replanned_tables(
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
    clock.tick("write the tables")
    return Replanned(run, tuple(lines["line_id"][rows]), earlier=earlier.run_id, parts=clock.parts)


def _number(lake: Lake, table: str) -> int:
    version = lake.current(table)
    return version.number if version else 0


def _inputs(lake: Lake, base: Run, seen: SupplySeen, versions: dict[str, int]) -> PlanInputs:
    """Return what planning orders reads; sales and what only forecasts read are left out."""
    tables = {
        name: lake.read(name, version=versions[name]) for name in MASTER_TABLES if name in _MASTERS_OF_ORDERS
    }
    nothing = np.zeros((0, 0))
    no_sales = SalesPanel(
        pd.DataFrame({"sku": pd.Series(dtype="str"), "location": pd.Series(dtype="str")}),
        np.datetime64("NaT"),
        base.period,  # type: ignore[arg-type]  # one of PERIODS
        nothing,
        nothing,
        nothing,
        nothing,
    )
    return PlanInputs(
        tables=tables | {"inventory_snapshot": seen.stock, "orders": seen.orders},
        sales=no_sales,
        versions=versions,
        settings=settings(lake),
        overrides=pd.DataFrame(),
        ordered_until=seen.ordered_until,
        as_of=base.as_of,
        digest="",
    )


_MASTERS_OF_ORDERS = ("products", "locations", "suppliers", "lanes", "assortment")


def _new_lines(state: RunState, inputs: PlanInputs, seen: SupplySeen) -> list[str]:
    day = pd.Timestamp(inputs.as_of)
    products, assortment = inputs.tables["products"], inputs.tables["assortment"]
    ended = set(products.loc[products["discontinue_date"] < day, "sku"])
    gone = assortment[assortment["to_date"] < day]
    left = set(zip(gone["sku"], gone["location"], strict=True))
    return line_reasons(state.lines, seen.stock, ended, left)


def _with_order_dates(lines: pd.DataFrame, ordered_until: pd.DataFrame) -> pd.DataFrame:
    keys = ["sku", "location", "source"]
    return lines.drop(columns="next_order_date").merge(ordered_until, on=keys, how="left")[
        list(lines.columns)
    ]


def _order_days(state: RunState, lines: pd.DataFrame, as_of: dt.date) -> npt.NDArray[np.datetime64]:
    """Return the order day of each line: as it was, but for lines that were approved or withdrawn since."""
    days = state.figures["order_by"].to_numpy(dtype="datetime64[D]").copy()
    before, now = (frame["next_order_date"].to_numpy("datetime64[D]") for frame in (state.lines, lines))
    rows = np.flatnonzero((before != now) & ~(np.isnat(before) & np.isnat(now)))
    days[rows] = np.datetime64(as_of, "D") + order_offsets(lines.iloc[rows], as_of)[:, 0]
    return days


def _unplanned(lake: Lake, run: Run, named: frozenset[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
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
