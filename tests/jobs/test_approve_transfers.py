"""Approved transfers: one winner, counted once at both ends, exported, withdrawn."""

from __future__ import annotations

import csv
import io
import json
import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_lake.lake import Lake
from data_lake.ledger import read_events
from data_lake.runs import Run, commit_run
from engine.contracts import TABLES
from jobs.approval_result import ApprovalResult
from jobs.approve_transfers import approve_transfers, withdraw_transfers
from jobs.errors import JobError
from jobs.export import export_orders
from jobs.inputs import load_inputs
from jobs.transfer_approvals import approved_transfers, fold_transfers
from jobs.transfer_supply import coming_transfers, without_departed

DAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
_FILLERS = {"text": "x", "number": 0.0, "date": pd.Timestamp(DAY)}


def row(sku: str, origin: str, destination: str, quantity: float = 12.0, **changes: Any) -> dict[str, Any]:
    """One row of `transfers`."""
    filled: dict[str, Any] = {
        column.name: _FILLERS.get(column.kind) if column.required else None
        for column in TABLES["transfers"].columns
    }
    return filled | {
        "transfer_id": f"{sku}|{origin}|{destination}",
        "sku": sku,
        "origin": origin,
        "destination": destination,
        "quantity": quantity,
        "batches": ["old=5", f"new={quantity - 5:g}"],
        "ship_date": pd.Timestamp(DAY),
        "arrival_date": pd.Timestamp(DAY) + pd.Timedelta(days=2),
        "unit_cost": 2.5,
        "value": 2.5 * quantity,
        "money": 20.0,
        "reason": "shortage",
        "why": "because",
        **changes,
    }


ROWS = (row("007", "A", "B"), row("008", "A", "B"), row("007", "C", "B"))
ONE, TWO, THREE = (str(each["transfer_id"]) for each in ROWS)


@pytest.fixture
def stocked(lake: Lake) -> Lake:
    """A lake with sales, stock by batch at A and B, and names."""
    day = pd.Timestamp(DAY - timedelta(days=1))
    lake.replace(
        "products", pd.DataFrame({"sku": ["007", "008"], "name": ["Tea", "Milk"], "case_pack": [6.0, None]})
    )
    lake.replace("locations", pd.DataFrame({"location": ["A", "B"], "name": ["Shop A", "Shop B"]}))
    sales = [{"date": day, "sku": "007", "location": place, "quantity": 1.0} for place in "AB"]
    lake.replace("sales", pd.DataFrame(sales))
    stock(lake, day)
    return lake


def stock(lake: Lake, day: pd.Timestamp, *, places: str = "AB") -> None:
    """Import stock of 8 old and 30 new eaches of 007 at each place."""
    rows = [
        {
            "date": day,
            "sku": "007",
            "location": place,
            "batch": batch,
            "status": "available",
            "on_hand": units,
        }
        | {"expiry_date": pd.Timestamp(DAY) + pd.Timedelta(days=life)}
        for place in places
        for batch, units, life in (("old", 8.0, 4), ("new", 30.0, 40))
    ]
    lake.upsert("inventory_snapshot", pd.DataFrame(rows))


def commit(lake: Lake, run_id: str = "run-1", rows: tuple[dict[str, Any], ...] = ROWS, hour: int = 5) -> Run:
    frame = pd.DataFrame([each | {"run_id": run_id} for each in rows])
    outputs = {"transfers": lake.replace("transfers", frame).number}
    created = datetime(2026, 11, 23, hour, tzinfo=UTC)
    return commit_run(lake, Run(run_id, DAY, created, {}, outputs, seed=7, code_version="test"))


def approve(
    lake: Lake, *ids: str, author: str = "ana", at: datetime = AT, run_id: str = "run-1"
) -> ApprovalResult:
    return approve_transfers(lake, run_id=run_id, transfer_ids=ids, author=author, at=at)


def test_transfers_of_one_way_share_an_order(stocked: Lake) -> None:
    commit(stocked)
    done = approve(stocked, ONE, TWO, THREE)
    assert [line["line_id"] for line in done.approved] == [ONE, TWO, THREE]
    assert len(done.order_ids) == 2
    assert [name.rpartition("-")[0] for name in done.order_ids] == ["TO-20261123-A-B", "TO-20261123-C-B"]
    frame = approved_transfers(stocked)
    assert frame.groupby("order_id")["line"].apply(list).tolist() == [["1", "2"], ["1"]]
    assert frame["quantity"].tolist() == [12.0, 12.0, 12.0]
    assert frame["batches"].iloc[0] == ["old=5", "new=7"]
    assert set(frame["author"]) == {"ana"}


def test_of_many_planners_at_once_one_wins_and_the_others_are_told(stocked: Lake) -> None:
    commit(stocked)
    barrier = threading.Barrier(6)
    results: dict[str, ApprovalResult] = {}

    def act(number: int) -> None:
        barrier.wait()
        name, at = f"planner {number}", AT - timedelta(minutes=number)
        results[name] = approve(stocked, ONE, TWO if number % 2 else THREE, author=name, at=at)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    frame = approved_transfers(stocked).set_index("transfer_id")
    assert sorted(frame.index) == sorted([ONE, TWO, THREE])
    assert sum(len(result.approved) for result in results.values()) == 3
    for result in results.values():
        assert len(result.approved) + len(result.refused) == 2
        for line in result.refused:
            assert f"already approved by {frame.loc[line['line_id'], 'author']}" in line["why"]


def test_a_plan_that_does_not_know_of_an_approval_cannot_send_the_same_stock(stocked: Lake) -> None:
    commit(stocked)
    elsewhere, more = row("007", "A", "D"), row("007", "D", "B")
    commit(stocked, "run-2", (elsewhere, more, row("008", "A", "D")), hour=6)
    approve(stocked, ONE)
    done = approve(
        stocked, *(str(each["transfer_id"]) for each in (elsewhere, more)), "008|A|D", run_id="run-2"
    )
    assert [line["line_id"] for line in done.approved] == ["008|A|D"]
    from_a, to_b = (line["why"] for line in done.refused)
    assert "stock at A goes elsewhere" in from_a
    assert "B gets it from elsewhere" in to_b
    assert "plan again" in to_b
    # made after the approval, it knows
    commit(stocked, "run-3", (elsewhere,), hour=9)
    assert approve(stocked, "007|A|D", run_id="run-3").approved


def test_acts_that_cannot_be_are_refused_whole(stocked: Lake) -> None:
    run = commit(stocked)
    assert approve(stocked, "x|A|B").refused[0]["why"].startswith("run run-1 does not propose it")
    for ids, author, run_id, message in (
        ((), "ana", "run-1", "no line was chosen"),
        ((ONE,), " ", "run-1", "author is empty"),
        ((ONE,), "ana", "run-9", "run 'run-9' is not in the lake; the latest is 'run-1'"),
    ):
        with pytest.raises(JobError, match=message):
            approve(stocked, *ids, author=author, run_id=run_id)
    commit_run(stocked, Run("old", DAY, run.created_at - timedelta(days=1), {}, {}, seed=7, code_version="t"))
    with pytest.raises(JobError, match="before plans proposed transfers"):
        approve(stocked, ONE, run_id="old")
    assert not read_events(stocked)


def test_a_withdrawn_transfer_is_as_if_it_had_never_been(stocked: Lake) -> None:
    commit(stocked)
    (order,) = approve(stocked, ONE, TWO).order_ids
    with pytest.raises(JobError, match="say why"):
        withdraw_transfers(stocked, order_id=order, author="ben", reason=" ", at=AT)
    done = withdraw_transfers(
        stocked, order_id=order, transfer_ids=[ONE, THREE], author="ben", reason="van broke down", at=AT
    )
    assert (done.rejected, [line["line_id"] for line in done.refused]) == ([ONE], [THREE])
    assert approved_transfers(stocked)["transfer_id"].tolist() == [TWO]
    assert approve(stocked, ONE).approved
    assert withdraw_transfers(stocked, order_id=order, author="ben", reason="all", at=AT).rejected == [TWO]
    with pytest.raises(JobError, match="no approved transfer"):
        withdraw_transfers(stocked, order_id=order, author="ben", reason="again", at=AT)


def on_hand(lake: Lake, place: str, as_of: date = DAY) -> dict[str, float]:
    frame = load_inputs(lake, as_of=as_of).tables["inventory_snapshot"]
    mine = frame[(frame["location"] == place) & (frame["date"] == frame["date"].max())]
    return dict(zip(mine["batch"], mine["on_hand"], strict=True))


def coming(lake: Lake, as_of: date = DAY) -> list[tuple[Any, ...]]:
    orders = load_inputs(lake, as_of=as_of).tables["orders"]
    mine = orders[orders["status"] != "received"]
    return list(
        mine[["kind", "from_source", "to_location", "quantity", "status"]].itertuples(index=False, name=None)
    )


def test_the_next_plan_counts_a_transfer_once_at_each_end(stocked: Lake) -> None:
    commit(stocked)
    before = load_inputs(stocked, as_of=DAY).digest
    (order,) = approve(stocked, ONE).order_ids
    assert load_inputs(stocked, as_of=DAY).digest != before
    assert on_hand(stocked, "A") == {"old": 3.0, "new": 23.0}
    assert on_hand(stocked, "B") == {"old": 8.0, "new": 30.0}
    assert coming(stocked) == [("transfer", "A", "B", 12.0, "approved")]
    # stock of the day it left says so itself; it is still on its way
    stock(stocked, pd.Timestamp(DAY), places="A")
    assert on_hand(stocked, "A", DAY + timedelta(days=1)) == {"old": 8.0, "new": 30.0}
    assert len(coming(stocked, DAY + timedelta(days=1))) == 1
    # it should have arrived, but B's stock is older than that: it is late, not lost
    assert len(coming(stocked, DAY + timedelta(days=4))) == 1
    stock(stocked, pd.Timestamp(DAY + timedelta(days=2)), places="B")
    assert coming(stocked, DAY + timedelta(days=4)) == []
    withdraw_transfers(stocked, order_id=order, author="ana", reason="wrong", at=AT)
    assert coming(stocked) == []


def test_an_imported_order_stands_for_the_approval(stocked: Lake) -> None:
    commit(stocked)
    (order,) = approve(stocked, ONE).order_ids
    imported = {
        "order_id": [order],
        "line": ["1"],
        "kind": ["transfer"],
        "sku": ["007"],
        "from_source": ["A"],
    }
    imported |= {"to_location": ["B"], "quantity": [12.0], "status": ["sent"]}
    stocked.upsert("orders", pd.DataFrame(imported))
    assert coming(stocked) == [("transfer", "A", "B", 12.0, "sent")]
    assert on_hand(stocked, "A")["old"] == 3.0
    stocked.upsert("orders", pd.DataFrame(imported | {"status": ["cancelled"]}))
    assert on_hand(stocked, "A")["old"] == 8.0


def test_a_plan_of_the_past_does_not_know_of_it(stocked: Lake) -> None:
    commit(stocked)
    approve(stocked, ONE)
    later = pd.DataFrame([{"date": pd.Timestamp(DAY), "sku": "007", "location": "A", "quantity": 1.0}])
    stocked.upsert("sales", later)
    assert on_hand(stocked, "A") == {"old": 8.0, "new": 30.0}
    assert coming(stocked) == []


def test_approved_transfers_are_exported_with_the_orders(stocked: Lake) -> None:
    commit(stocked)
    order = approve(stocked, ONE).order_ids[0]
    (line,) = csv.DictReader(io.StringIO(export_orders(stocked, "csv").decode()))
    assert (line["order_id"], line["kind"], line["supplier"], line["ship_to"]) == (
        order,
        "transfer",
        "A",
        "B",
    )
    assert (line["supplier_name"], line["quantity"], line["cases"]) == ("Shop A", "12", "2")
    assert (line["expected_arrival"], line["batches"]) == ("2026-11-25", "old=5, new=7")
    assert json.loads(export_orders(stocked, "json", [order]))
    assert export_orders(stocked, "xlsx", [order], author="ana", at=AT)[:2] == b"PK"
    assert read_events(stocked)[-1].event_type == "order.exported"
    withdraw_transfers(stocked, order_id=order, author="ana", reason="no", at=AT)
    with pytest.raises(JobError, match=order):
        export_orders(stocked, "csv", [order])


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9)), min_size=1, max_size=4),
    st.integers(1, 40),
    st.integers(0, 5),
)
def test_units_are_neither_made_nor_lost(batches: list[tuple[int, int]], quantity: int, named: int) -> None:
    """Whatever the batches say, what leaves the stock is what was approved, or all there is."""
    day = pd.Timestamp(DAY - timedelta(days=1))
    rows = [
        {
            "date": day,
            "sku": "s",
            "location": "A",
            "batch": f"b{i}",
            "status": "available",
            "on_hand": float(units),
        }
        | {"expiry_date": pd.Timestamp(DAY) + pd.Timedelta(days=life)}
        for i, (units, life) in enumerate(batches)
    ]
    snapshot = pd.DataFrame(rows)
    approved = pd.DataFrame(
        [
            row("s", "A", "B", float(quantity), batches=[f"b{named}={quantity}"])
            | {"order_id": "TO-1", "line": "1", "approved_at": pd.Timestamp(AT), "unit_cost": 1.0}
        ]
    )
    orders = pd.DataFrame(columns=list(TABLES["orders"].names))
    left = without_departed(snapshot, approved, orders)
    assert (left["on_hand"] >= 0).all()
    assert snapshot["on_hand"].sum() - left["on_hand"].sum() == min(quantity, snapshot["on_hand"].sum())
    assert coming_transfers(approved, orders, snapshot, DAY)["quantity"].tolist() == [quantity]


def test_the_fold_does_not_depend_on_copies(stocked: Lake) -> None:
    commit(stocked)
    approve(stocked, ONE, TWO)
    events = read_events(stocked)
    assert fold_transfers(events).keys() == fold_transfers([*events, *events]).keys()


def test_a_refusal_leaves_nothing_in_the_ledger(stocked: Lake) -> None:
    commit(stocked)
    approve(stocked, ONE)
    approve(stocked, ONE, author="ben")
    assert len(stocked.objects.list("ledger/acts/")) == 1
