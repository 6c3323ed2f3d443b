"""Plans, pages and approvals on a lake whose systems tell of stock and orders."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from data_lake.demo import build
from data_lake.facts.fact import Fact
from data_lake.facts.ingest import put_facts
from data_lake.facts.layout import LANDING
from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from data_lake.then import LakeThen
from jobs.approve import approve_lines
from jobs.closed_lines import closed_lines
from jobs.compact import compact
from jobs.inputs import PlanInputs, load_inputs
from jobs.line_inputs import latest_stock
from jobs.plan import plan
from jobs.stock_now import stock_after
from jobs.views import health, item
from jobs.views.suppliers import late_orders

NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
EVE = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
KEYS = ["sku", "location"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "lake"
    build(Lake(folder), skus=8, stores=2, dcs=1, days=90)
    return folder


@pytest.fixture
def copy(demo: Path, tmp_path: Path) -> Lake:
    shutil.copytree(demo, tmp_path / "lake")
    return Lake(tmp_path / "lake")


def tell(lake: Lake, *facts: dict[str, Any], at: dt.datetime = NOW) -> None:
    """Tell facts one second after the other."""
    start = int(at.timestamp()) * 1_000_000
    empty = {"sequence": 0, "quantity": float("nan"), "sku": "", "location": ""}
    told = [
        Fact(**(empty | {"event_id": f"{at} {n} {one}", "at": start + n} | one))
        for n, one in enumerate(facts)
    ]
    put_facts(lake.objects, told)


def a_line(inputs: PlanInputs, batches: int = 1) -> tuple[str, str]:
    """Return a line with stock of so many batches."""
    stock = latest_stock(inputs.tables["inventory_snapshot"])
    counts = stock[stock["on_hand"] > 0].groupby(KEYS).size()
    key = counts.index[counts == batches][0]
    return str(key[0]), str(key[1])


def stock_of(inputs: PlanInputs, line: tuple[str, str]) -> list[float]:
    stock = latest_stock(inputs.tables["inventory_snapshot"])
    return stock[(stock["sku"] == line[0]) & (stock["location"] == line[1])]["on_hand"].tolist()


def orders_of(inputs: PlanInputs, order_id: str) -> list[tuple[str, float, float]]:
    orders = inputs.tables["orders"]
    mine = orders[orders["order_id"] == order_id]
    return list(zip(mine["status"], mine["quantity"], mine["received"], strict=True))


def test_a_plan_starts_from_stock_and_orders_as_they_are_told(copy: Lake) -> None:
    before = load_inputs(copy)
    assert not {"stock_now", "orders_now"} & (set(before.versions) | set(before.tables))
    sku, place = line = a_line(before)
    here = {"sku": sku, "location": place}
    order = {"order_id": "ERP-1", "line": "1"}
    expected = '{"expectedDate":"2026-11-25","source":"SUP1"}'
    tell(
        copy,
        {"kind": "set", "quantity": 77.0, **here},
        {"kind": "delta", "quantity": -7.0, **here},
        {"kind": "order_placed", "quantity": 24.0, "details": expected, **order, **here},
        {"kind": "order_received", "quantity": 10.0, **order, **here},
    )
    after = load_inputs(copy)
    assert stock_of(after, line) == [70.0]
    assert orders_of(after, "ERP-1") == [("part_received", 24.0, 10.0)]
    assert after.digest != before.digest
    others = after.tables["inventory_snapshot"]
    others = others[(others["sku"] != sku) | (others["location"] != place)]
    known = before.tables["inventory_snapshot"]
    known = known[(known["sku"] != sku) | (known["location"] != place)]
    assert_frame_equal(others.reset_index(drop=True), known.reset_index(drop=True))


def test_only_what_facts_come_to_names_a_plan(copy: Lake) -> None:
    copy.replace("assortment", copy.read("assortment").assign(perpetual_stock=False))
    before = load_inputs(copy)
    sku, place = a_line(before)
    here = {"sku": sku, "location": place}
    tell(copy, {"kind": "sale", "quantity": 3.0, **here})  # its stock is not perpetual
    tell(copy, {"kind": "set", "quantity": 3.0, **here}, at=EVE)  # the snapshot is of its evening
    assert load_inputs(copy).digest == before.digest
    tell(copy, {"kind": "set", "quantity": 9.0, **here})
    told = load_inputs(copy)
    tell(copy, {"kind": "set", "quantity": 30.0, **here}, at=NOW - dt.timedelta(hours=2))  # counted since
    assert load_inputs(copy).digest == told.digest
    assert compact(copy).landing == 4
    assert not copy.objects.list(LANDING)
    assert load_inputs(copy).digest == told.digest
    again = compact(copy)
    assert (again.landing, again.written, again.checkpoint) == (0, 0, None)


def test_receipts_and_sales_move_perpetual_stock(copy: Lake) -> None:
    sku, place = line = a_line(load_inputs(copy))
    copy.replace("assortment", copy.read("assortment").assign(perpetual_stock=True))
    here = {"sku": sku, "location": place}
    told = {"order_id": "X", "line": "1"} | here
    tell(copy, {"kind": "set", "quantity": 9.0, **here}, {"kind": "sale", "quantity": 4.0, **here})
    assert stock_of(load_inputs(copy), line) == [5.0]
    tell(copy, {"kind": "order_received", "quantity": 6.0, **told}, at=NOW + dt.timedelta(minutes=1))
    assert sum(stock_of(load_inputs(copy), line)) == 11.0


def test_a_plan_of_a_day_that_has_passed_sees_no_later_fact(copy: Lake) -> None:
    day = dt.date(2026, 11, 18)
    before = load_inputs(copy, as_of=day)
    sku, place = line = a_line(before)
    here = {"sku": sku, "location": place}
    tell(copy, {"kind": "set", "quantity": 5.0, **here}, at=dt.datetime(2026, 11, 17, 12, tzinfo=dt.UTC))
    tell(copy, {"kind": "set", "quantity": 50.0, **here}, at=dt.datetime(2026, 11, 18, 6, tzinfo=dt.UTC))
    assert stock_of(load_inputs(copy, as_of=day), line) == [5.0]
    assert stock_of(load_inputs(copy, as_of=day - dt.timedelta(days=1)), line) == stock_of(before, line)


def open_of(inputs: PlanInputs, sku: str, place: str) -> float:
    orders = inputs.tables["orders"]
    mine = orders[(orders["sku"] == sku) & (orders["to_location"] == place)]
    mine = mine[mine["status"].isin(["approved", "sent", "part_received"])]
    return float((mine["quantity"] - mine["received"].fillna(0.0)).sum())


@pytest.fixture(scope="module")
def planned(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    folder = tmp_path_factory.mktemp("planned") / "lake"
    shutil.copytree(demo, folder)
    return folder, plan(Lake(folder))


@pytest.fixture
def with_plan(planned: tuple[Path, Run], tmp_path: Path) -> tuple[Lake, Run]:
    shutil.copytree(planned[0], tmp_path / "planned")
    return Lake(tmp_path / "planned"), planned[1]


def test_what_is_told_of_an_approved_order_supersedes_the_approval(with_plan: tuple[Lake, Run]) -> None:
    lake, run = with_plan
    lines = read_run_table(lake, run, "plan_lines")
    chosen = lines[(lines["quantity"] > 0) & (lines["source_kind"] == "supplier")].iloc[0]
    sku, place = str(chosen["sku"]), str(chosen["location"])
    nothing = open_of(load_inputs(lake), sku, place)
    done = approve_lines(
        lake,
        run_id=run.run_id,
        lines=[{"line_id": chosen["line_id"], "quantity": float(chosen["quantity"])}],
        author="ana",
        at=NOW,
    )
    (order_id,) = done.order_ids
    approved = open_of(load_inputs(lake), sku, place)
    assert approved == nothing + chosen["quantity"]

    here = {"sku": sku, "location": place, "order_id": order_id}
    tell(lake, {"kind": "order_sent", "order_id": order_id})
    assert open_of(load_inputs(lake), sku, place) == approved
    placed = {"kind": "order_placed", "line": "17", "quantity": float(chosen["quantity"]), **here}
    tell(lake, placed, at=NOW + dt.timedelta(hours=1))  # the other system counts its lines otherwise
    assert open_of(load_inputs(lake), sku, place) == approved
    assert not closed_lines(lake) & {(order_id, sku, place)}
    part = {"kind": "order_received", "line": "1", "quantity": 1.0, **here}
    tell(lake, part, at=NOW + dt.timedelta(hours=2))
    assert open_of(load_inputs(lake), sku, place) == approved - 1.0
    rest = {"kind": "order_received", "line": "1", "quantity": float(chosen["quantity"]) - 1.0, **here}
    tell(lake, rest, at=NOW + dt.timedelta(hours=3))
    assert open_of(load_inputs(lake), sku, place) == nothing
    assert (order_id, sku, place) in closed_lines(lake)


def test_pages_of_a_run_show_what_it_was_told(with_plan: tuple[Lake, Run]) -> None:
    lake, first = with_plan
    sku, place = a_line(load_inputs(lake), batches=2)
    here = {"sku": sku, "location": place}
    late = '{"expectedDate":"2026-11-20","promisedDate":"2026-11-19","source":"SUP01"}'
    tell(
        lake,
        {"kind": "delta", "quantity": 12.0, "batch": "new", "expiry": "2026-12-31", **here},
        {"kind": "order_placed", "quantity": 5.0, "order_id": "E", "line": "1", "details": late, **here},
        {"kind": "delta", "quantity": -4.0, "sku": "nobody knows it", "location": place},
    )
    run = plan(lake)
    assert run.run_id != first.run_id
    line = item.lines_of(read_run_table(lake, run, "plan_lines"), sku, place).iloc[0].to_dict()
    tell(lake, {"kind": "set", "quantity": 0.0, **here}, at=NOW + dt.timedelta(hours=1))
    shown = item.load(lake, run, line)
    assert len(shown.batches) == 3
    assert shown.batches.set_index("batch").loc["new", "on_hand"] == 12.0
    assert "E" in set(shown.open_orders["order_id"])
    assert line["on_hand"] == shown.batches["on_hand"].sum()
    assert "E" in set(late_orders(lake, run, "SUP01")["order_id"])

    before = item.load(
        lake, first, item.lines_of(read_run_table(lake, first, "plan_lines"), sku, place).iloc[0]
    )
    assert "new" not in set(before.batches["batch"])

    then = load_inputs(LakeThen(lake, run), as_of=run.as_of)
    assert stock_of(then, (sku, place)) == shown.batches["on_hand"].tolist()
    assert {name: then.versions[name] for name in run.inputs} == run.inputs
    earlier = load_inputs(LakeThen(lake, first), as_of=first.as_of)
    assert "stock_now" not in earlier.versions

    faults = read_run_table(lake, run, "data_faults")
    told = set(faults.loc[faults["sku"] == "nobody knows it", "check"])
    assert {"negative_stock", "unknown_code"} <= told
    freshness = health.location_freshness(lake, run).set_index("location")
    assert freshness.loc[place, "inventory_snapshot"] == pd.Timestamp("2026-11-21")


def test_a_plan_made_again_by_force_is_the_same_run(with_plan: tuple[Lake, Run]) -> None:
    lake, run = with_plan
    calendar = lake.read("calendar")
    lake.replace("calendar", calendar.iloc[1:])
    lake.replace("calendar", calendar)
    assert load_inputs(lake).versions["calendar"] == run.inputs["calendar"] + 2
    again = plan(lake, force=True)
    assert (again.run_id, again.inputs, again.outputs) == (run.run_id, run.inputs, run.outputs)


def test_told_stock_lies_on_the_last_day_of_its_location() -> None:
    rows: Sequence[tuple[Any, ...]] = [
        ("2026-11-14", "A", "S1", "available", 5.0),
        ("2026-11-14", "A", "S1", "blocked", 2.0),
        ("2026-11-21", "B", "S1", "available", 3.0),
        ("2026-11-20", "C", "S2", "available", 4.0),
    ]
    snapshot = pd.DataFrame(rows, columns=["date", "sku", "location", "status", "on_hand"])
    snapshot = snapshot.assign(date=pd.to_datetime(snapshot["date"]), batch="")
    stock = pd.DataFrame({"sku": ["A", "D"], "location": ["S1", "S3"], "batch": "", "on_hand": [9.0, 1.0]})
    stock["counted_on"] = pd.to_datetime(["2026-11-14", None])
    stock["fixed_on"] = pd.to_datetime([None, "2026-11-22"])
    after = stock_after(snapshot, stock, dt.date(2026, 11, 21))
    lines = {
        (row.sku, row.status): (row.date.day, counted.day, row.on_hand)
        for row, counted in zip(after.rows.itertuples(), after.counted, strict=True)
    }
    assert lines == {
        ("A", "available"): (21, 14, 9.0),
        ("A", "blocked"): (21, 14, 2.0),
        ("B", "available"): (21, 21, 3.0),
        ("C", "available"): (20, 20, 4.0),
        ("D", "available"): (21, 22, 1.0),
    }
    nothing = snapshot.iloc[:0]
    alone = stock_after(nothing, stock, dt.date(2026, 11, 21)).rows
    assert set(alone["date"].dt.day) == {21}
