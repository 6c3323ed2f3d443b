"""A re-plan equals a full plan with the same forecasts, table by table; nothing older becomes current."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_lake.demo import build
from data_lake.events import make_event
from data_lake.facts.ingest import ingest_facts
from data_lake.facts.messages import Record
from data_lake.lake import Lake
from data_lake.ledger import append_events
from data_lake.objects import Objects
from data_lake.runs import Run, latest_run, list_runs, read_run_table
from engine.replenishment.lines import LinePlans
from engine.replenishment.plan_rows import put_inputs
from jobs.echelon_levels import echelon_levels
from jobs.echelons import with_suppliers
from jobs.errors import JobError
from jobs.inputs import PlanInputs, load_inputs
from jobs.line_inputs import build_line_inputs, latest_stock
from jobs.plan import plan
from jobs.plan_orders import PlannedOrders, plan_orders
from jobs.replan import replan
from jobs.run_state import RunState, run_state
from jobs.settings import change_settings
from jobs.supply_flows import supply_flows

AT = dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)
MODEL = "Theta"
ADDED_UP = {("kpi_facts", "stock_value_days"), ("kpis", "value")}
"""Sums that are updated by what changed, so that their last digits may differ."""


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A planned demo company with centres and shared lorries."""
    folder = tmp_path_factory.mktemp("replan") / "lake"
    lake = Lake(folder)
    build(lake, skus=22, stores=4, dcs=1, days=100)
    plan(lake, model=MODEL)
    return folder


@pytest.fixture
def lake(planned: Path, tmp_path: Path) -> Lake:
    shutil.copytree(planned, tmp_path / "lake")
    return Lake(tmp_path / "lake")


def tell(lake: Lake, events: Iterable[tuple[str, dict[str, object]]], *, hours: int = 0) -> None:
    """Send events to the lake, each an hour before `AT`."""
    at = AT + dt.timedelta(hours=hours)
    stamp = (at - dt.timedelta(hours=1)).isoformat()
    records = [
        Record(f"{hours}-{i}", json.dumps({"eventType": kind, "timestamp": stamp, "data": data}))
        for i, (kind, data) in enumerate(events)
    ]
    done = ingest_facts(lake, records, received_at=at)
    assert not done.poison


def stock_of(
    run_lines: pd.DataFrame, rows: Iterable[int], units: float
) -> list[tuple[str, dict[str, object]]]:
    """Return counts of the stock of some plan lines."""
    return [
        ("inventory.counted", {"productId": line.sku, "location": line.location, "quantity": units})
        for line in run_lines.iloc[list(rows)].itertuples()
    ]


def differing(lake: Lake, one: Run, other: Run) -> list[str]:
    """Return the columns in which two runs differ."""
    found = []
    for table in other.outputs:
        mine, its = (
            read_run_table(lake, run, table).drop(columns="run_id", errors="ignore") for run in (one, other)
        )
        if table == "data_faults":  # warnings that compare stock with sales are left to full plans
            mine, its = (rows[rows["severity"] == "held"].reset_index(drop=True) for rows in (mine, its))
        if len(mine) != len(its):
            found.append(f"{table}: {len(mine)} rows, not {len(its)}")
            continue
        found += [f"{table}.{name}" for name in mine if not same((table, str(name)), mine[name], its[name])]
    return found


def same(column: tuple[str, str], mine: pd.Series, its: pd.Series) -> bool:
    if mine.dtype == object:
        pairs = zip(mine, its, strict=True)
        return all(
            np.array_equal(a, b, equal_nan=a.dtype.kind == "f") if isinstance(a, np.ndarray) else a == b
            for a, b in pairs
        )
    if column in ADDED_UP:
        return np.allclose(mine, its, rtol=1e-12, atol=1e-9)
    return mine.equals(its)


def test_a_replan_equals_a_full_plan_in_every_table(lake: Lake) -> None:
    places = lake.read("locations")
    lake.replace("locations", places.assign(storage_capacity=places["storage_capacity"] * 0.05))
    change_settings(lake, {"order_budget": "900"}, author="Ana", reason="tight", at=AT - dt.timedelta(days=1))
    base = plan(lake, model=MODEL)
    lines = read_run_table(lake, base, "plan_lines")
    centres = np.flatnonzero(lines["location"] == "DC1")
    stores = np.flatnonzero(lines["location"] != "DC1")
    first, lost = lines.iloc[stores[3]], lines.iloc[centres[5]]
    due = {"expectedDate": "2026-11-24", "quantity": 40.0}
    tell(
        lake,
        [
            *stock_of(lines, stores[[0, 7, 11]], 0.0),
            *stock_of(lines, stores[[20]], 400.0),
            *stock_of(lines, centres[:3], 2.0),
            ("inventory.updated", {"productId": lost.sku, "location": "DC1", "delta": -9000.0}),
            ("order.placed", {"orderId": "PO-9", "productId": first.sku, "location": first.location, **due}),
        ],
    )
    done = replan(lake, at=AT)
    assert not done.needs_full_plan
    assert latest_run(lake) == done.run
    assert 8 <= len(done.lines) < len(lines)
    tables = {
        name: read_run_table(lake, done.run, name) for name in ("allocations", "transfers", "order_terms")
    }
    assert all(len(rows) for rows in tables.values())
    assert {"budget", "storage"} <= set(tables["order_terms"]["kind"])
    assert (
        read_run_table(lake, done.run, "plan_lines")["status"].eq("held").sum()
        > lines["status"].eq("held").sum()
    )
    again = replan(lake, at=AT + dt.timedelta(minutes=1))
    assert again.run == done.run
    assert not again.lines

    tell(lake, [*stock_of(lines, stores[[0, 1]], 9.0), *stock_of(lines, centres[[5]], 60.0)], hours=1)
    second = replan(lake, at=AT + dt.timedelta(hours=1))
    whole = plan(lake, model=MODEL, force=True, measured_in=base)
    assert differing(lake, second.run, whole) == []
    kpis = dict(
        zip(*(read_run_table(lake, second.run, "kpis")[name] for name in ("name", "value")), strict=True)
    )
    assert {name: value for name, value in second.run.summary.items() if name in kpis} == kpis
    after = read_run_table(lake, second.run, "plan_lines")
    assert kpis["order_value"] == pytest.approx(after.loc[after["status"] == "proposed", "value"].sum())
    assert set(after["run_id"]) == {second.run.run_id}


def test_what_does_not_change_is_not_written_again(lake: Lake) -> None:
    base = latest_run(lake)
    lines = read_run_table(lake, base, "plan_lines")
    tell(lake, stock_of(lines, [4], 77.0))
    run = replan(lake, at=AT).run
    same_tables = {name for name in base.outputs if run.outputs[name] == base.outputs[name]}
    assert {"forecasts", "forecast_totals", "series_models", "backtests", "line_terms"} <= same_tables
    small = lake.version("plan_lines", run.outputs["plan_lines"])
    assert small.files[0] == lake.version("plan_lines", base.outputs["plan_lines"]).files[0]


def test_nothing_new_keeps_the_run_whatever_is_named(lake: Lake) -> None:
    base = latest_run(lake)
    line = read_run_table(lake, base, "plan_lines").iloc[2]
    done = replan(lake, [(line["sku"], line["location"]), ("none", "S01")], at=AT)
    assert done.run == base == latest_run(lake)
    assert not done.lines
    assert done.unplanned == (("none", "S01"),)


def test_what_is_new_waits_for_a_full_plan_and_the_rest_does_not(lake: Lake) -> None:
    base = latest_run(lake)
    known = read_run_table(lake, base, "plan_lines")
    sku = known["sku"].iloc[0]
    tell(lake, [("inventory.counted", {"productId": sku, "location": "NEW", "quantity": 5})])
    left = replan(lake, at=AT)
    assert (left.run, left.unplanned, left.needs_full_plan) == (base, ((sku, "NEW"),), ())
    tell(lake, [("inventory.counted", {"productId": "unknown", "location": "S01", "quantity": 5})])
    tell(lake, stock_of(known, [4], 77.0))
    done = replan(lake, at=AT)
    assert done.unplanned == tuple(sorted([(sku, "NEW"), ("unknown", "S01")]))
    assert known["line_id"].iloc[4] in done.lines
    assert set(read_run_table(lake, done.run, "plan_lines")["line_id"]) == set(known["line_id"])


@pytest.mark.parametrize("what", ["setting", "master", "sales", "override"])
def test_other_changes_ask_for_a_full_plan(lake: Lake, what: str) -> None:
    base = latest_run(lake)
    if what == "setting":
        change_settings(lake, {"default_service_target": "0.9"}, author="Ana", reason="x", at=AT)
    elif what == "master":
        products = lake.read("products")
        lake.upsert("products", products.head(1).assign(unit_cost=9.0))
    elif what == "sales":
        row = lake.read("sales", since=dt.date(2026, 11, 21)).head(1)
        lake.upsert("sales", row.assign(date=pd.Timestamp(2026, 11, 22)))
    else:
        data = {"level": "all", "sku": "", "location": "", "from_date": "2026-11-24", "to_date": "2026-11-30"}
        data["factor"] = 1.1
        append_events(lake, [make_event("forecast.overridden", at=AT, author="Ana", reason="x", data=data)])
    done = replan(lake, at=AT)
    assert len(done.needs_full_plan) >= 1
    assert done.run == base == latest_run(lake)


def test_without_a_plan_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="shelfcast plan"):
        replan(Lake(tmp_path / "empty"), at=AT)


class Disturbed:
    """Objects that do something when a key is first written."""

    def __init__(self, objects: Objects, prefix: str, act: Callable[[], None]) -> None:
        self._objects, self._prefix, self._act = objects, prefix, act

    def __getattr__(self, name: str) -> object:
        return getattr(self._objects, name)

    def put_new(self, key: str, body: bytes) -> bool:
        if key.startswith(self._prefix):
            act, self._prefix = self._act, "\0"
            act()
        return self._objects.put_new(key, body)


def disturbed(lake: Lake, prefix: str, act: Callable[[], None]) -> Lake:
    return Lake(lake.uri, objects=Disturbed(lake.objects, prefix, act))  # type: ignore[arg-type]


def on_hand(lake: Lake, line: pd.Series) -> float:
    where = {"sku": [line["sku"]], "location": [line["location"]]}
    return float(read_run_table(lake, latest_run(lake), "plan_lines", where=where)["on_hand"].iloc[0])


def test_of_two_replans_at_once_none_takes_back_what_the_other_saw(lake: Lake) -> None:
    lines = read_run_table(lake, latest_run(lake), "plan_lines")

    def overtake() -> None:
        tell(lake, stock_of(lines, [9], 31.0), hours=1)
        replan(lake, at=AT + dt.timedelta(hours=1))

    tell(lake, stock_of(lines, [2], 17.0))
    done = replan(disturbed(lake, "current_runs/", overtake), at=AT)
    assert latest_run(lake) == done.run
    assert (on_hand(lake, lines.iloc[2]), on_hand(lake, lines.iloc[9])) == (17.0, 31.0)


def test_a_full_plan_does_not_take_back_what_replans_saw_meanwhile(lake: Lake) -> None:
    lines = read_run_table(lake, latest_run(lake), "plan_lines")

    def overtake() -> None:
        tell(lake, stock_of(lines, [9], 31.0), hours=1)
        replan(lake, at=AT + dt.timedelta(hours=1))

    tell(lake, stock_of(lines, [2], 17.0))
    run = plan(disturbed(lake, "runs/", overtake), model=MODEL)
    assert latest_run(lake) == run
    assert (on_hand(lake, lines.iloc[2]), on_hand(lake, lines.iloc[9])) == (17.0, 31.0)


class KilledError(Exception):
    """The process ends here."""


@pytest.mark.parametrize("prefix", ["plan_lines/", "runs/", "current_runs/"])
def test_killed_midway_the_current_run_stays_and_the_next_replan_is_whole(lake: Lake, prefix: str) -> None:
    base = latest_run(lake)
    lines = read_run_table(lake, base, "plan_lines")
    tell(lake, stock_of(lines, [2, 9], 17.0))

    def die() -> None:
        raise KilledError

    with pytest.raises(KilledError):
        replan(disturbed(lake, prefix, die), at=AT)
    assert latest_run(lake) == base
    done = replan(lake, at=AT)
    assert latest_run(lake) == done.run
    assert on_hand(lake, lines.iloc[9]) == 17.0
    assert len(list_runs(lake)) == 2


@pytest.fixture(scope="module")
def opened(planned: Path) -> tuple[RunState, PlanInputs]:
    lake = Lake(planned)
    run = latest_run(lake)
    return run_state(lake, run), load_inputs(lake, as_of=run.as_of)


def orders_of(
    state: RunState, inputs: PlanInputs, stock: pd.DataFrame, held: np.ndarray, changed: np.ndarray | None
) -> PlannedOrders:
    """Plan all lines on `stock`; with `changed`, only what it touches."""
    rows = np.arange(len(state.lines))
    if changed is not None:
        flows = supply_flows(state.lines)
        rows = np.flatnonzero(with_suppliers(changed, flows, echelon_levels(flows, len(rows))[0]))
    own = build_line_inputs(
        state.lines.iloc[rows],
        state.own_demand(rows),
        latest_stock(stock),
        inputs.tables["orders"],
        as_of=inputs.as_of,
        period="D",
    ).checked()
    return plan_orders(
        replace(inputs, tables={**inputs.tables, "inventory_snapshot": stock}),
        state.lines,
        own if changed is None else put_inputs(state.line_inputs, rows, own),
        held,
        None,
        n_paths=300,
        level_correlation=float(state.run.summary["level_correlation"]),
        known=None if changed is None else replace(state.known, changed=changed),
    )


@settings(max_examples=6)
@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.02, 0.1, 0.4]), hold=st.booleans())
def test_any_set_of_changes_gives_the_orders_of_a_full_plan(
    opened: tuple[RunState, PlanInputs], seed: int, share: float, hold: bool
) -> None:
    state, inputs = opened
    drawn = np.random.default_rng(seed)
    changed = drawn.random(len(state.lines)) < share
    held = state.held.copy()
    if hold:
        held[np.flatnonzero(changed)[:1]] = True
    stock = inputs.tables["inventory_snapshot"]
    keys = pd.MultiIndex.from_frame(state.lines[["sku", "location"]])
    mine = changed[keys.get_indexer(pd.MultiIndex.from_frame(stock[["sku", "location"]]))]
    factor = np.where(mine, np.round(drawn.random(len(stock)) * 3, 1), 1.0)
    stock = stock.assign(on_hand=np.round(stock["on_hand"] * factor))
    whole = orders_of(state, inputs, stock, held, None)
    part = orders_of(state, inputs, stock, held, changed)
    for name in (field.name for field in fields(LinePlans)):
        assert np.array_equal(getattr(whole.plans, name), getattr(part.plans, name), equal_nan=True), name
        assert np.array_equal(getattr(whole.own, name), getattr(part.own, name), equal_nan=True), name
    order = ["line_id"]
    shares = [one.allocations.table.sort_values(order, ignore_index=True) for one in (whole, part)]
    assert shares[0].reindex(columns=shares[1].columns).equals(shares[1]) or not len(shares[0])
    assert whole.joint.terms.equals(part.joint.terms)
    assert whole.joint.increments.equals(part.joint.increments)
