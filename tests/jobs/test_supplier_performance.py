"""Suppliers measured from the orders of a lake: who is late, what is known when, what plans make of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_lake.demo import build
from data_lake.demo.network import LATE_DAYS, LATE_SUPPLIER
from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from engine.contracts import TABLES
from jobs.inputs import load_inputs
from jobs.line_terms import line_terms
from jobs.plan import plan
from jobs.supplier_performance import basis_in_words, known_orders, measured_supply
from jobs.views import suppliers

AS_OF = dt.date(2026, 3, 1)
DATES = ("ordered_at", "promised_date", "expected_date", "received_at")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("measured") / "lake")
    build(lake, skus=16, stores=2, dcs=1, days=250)
    return lake


@pytest.fixture(scope="module")
def run(demo: Lake) -> Run:
    return plan(demo)


def orders(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {
        "kind": "purchase",
        "sku": "7",
        "from_source": "A",
        "to_location": "S1",
        "quantity": 10.0,
        "received": 10.0,
        "status": "received",
        "ordered_at": "2026-01-05",
        "promised_date": "2026-01-10",
        "expected_date": "2026-01-10",
        "received_at": None,
        "unit_cost": 2.0,
    }
    frame = pd.DataFrame(
        [{"order_id": f"o{i}", "line": "1", **usual, **row} for i, row in enumerate(rows)],
        columns=list(TABLES["orders"].names),
    )
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in DATES})


def tables(*rows: dict[str, Any], lead_time: float = 5.0) -> dict[str, pd.DataFrame]:
    sourcing = {"sku": "7", "location": "S1", "source": "A", "lead_time_mean": lead_time, "lead_time_sd": 1.0}
    return {
        "orders": orders(*rows),
        "sourcing": pd.DataFrame([sourcing]),
        "locations": pd.DataFrame({"location": ["S1"], "kind": ["store"]}),
    }


def weekly(lead: int, n: int = 7, **more: Any) -> list[dict[str, Any]]:
    days = pd.date_range("2026-01-05", periods=n, freq="7D")
    wait = pd.Timedelta(days=1)
    return [
        {"ordered_at": day, "promised_date": day + 5 * wait, "received_at": day + lead * wait, **more}
        for day in days
    ]


def test_the_late_supplier_of_the_demo_is_found_by_its_orders(demo: Lake) -> None:
    lines = line_terms(load_inputs(demo))
    late = lines[lines["source"] == LATE_SUPPLIER]
    assert len(late)
    beyond = late["lead_time_mean"] - late["promised_lead_time"]
    assert beyond.between(LATE_DAYS - 1.2, LATE_DAYS + 1.5).all()
    assert late["lead_time_basis"].str.match(r"promised 12 d, measured 1[5-8].* d from \d+ deliveries").all()
    others = lines[(lines["source"] != LATE_SUPPLIER) & (lines["source_kind"] == "supplier")]
    usual = others[others["lead_time_mean"] < 100]
    assert (usual["lead_time_mean"] - usual["promised_lead_time"]).abs().max() < 1.5


def test_the_setting_leaves_the_plan_with_the_promise(demo: Lake) -> None:
    inputs = load_inputs(demo)
    inputs.settings["learn_lead_times"] = "no"
    lines = line_terms(inputs)
    assert (lines["lead_time_mean"] == lines["promised_lead_time"]).all()
    assert (lines.loc[lines["source"] == LATE_SUPPLIER, "lead_time_basis"] != "").all()


def test_the_run_tells_what_it_planned_with_and_what_unreliability_costs(demo: Lake, run: Run) -> None:
    lines = read_run_table(demo, run, "plan_lines")
    late = lines[lines["source"] == LATE_SUPPLIER]
    assert (late["lead_time_mean"] > late["promised_lead_time"] + 2.5).all()
    assert lines["delivered_share"].between(0, 1).all()
    assert lines["loss_chance"].between(0, 1).all()
    table = read_run_table(demo, run, "supplier_performance")
    whole = table[table["location"] == ""].set_index("source")
    row = whole.loc[LATE_SUPPLIER]
    assert row["lead_time_mean"] == pytest.approx(late["lead_time_mean"].median(), abs=0.6)
    assert row["measured_lead_time"] > row["promised_lead_time"] + 3
    assert row["on_time_share"] < 0.3
    assert row["lead_time_shares"].sum() == pytest.approx(1)
    parts = table[table["location"] != ""].groupby("source")
    for name in ("deliveries", "lines", "buffer_value", "late_value", "late_lines"):
        np.testing.assert_allclose(parts[name].sum(), whole[name], rtol=1e-9, err_msg=name)
    assert (whole["buffer_value"] >= 0).all()
    assert whole["buffer_value"].sum() > 0
    assert "unassigned" not in whole.index


def test_the_page_ranks_by_money_and_names_who_is_slow(demo: Lake, run: Run) -> None:
    frame = suppliers.load(demo, run)
    assert frame is not None
    rows = suppliers.sources(frame, internal=False)
    assert rows["cost"].is_monotonic_decreasing
    assert list(rows.loc[rows["verdict"] == suppliers.SLOWER, "source"]) == [LATE_SUPPLIER]
    assert set(rows["source_kind"]) == {"supplier"}
    assert len(suppliers.sources(frame, internal=True)) > len(rows)
    found = suppliers.figures(rows)
    assert (found.slower, found.late_lines) == (1, rows["late_lines"].sum())
    row = suppliers.one(frame, LATE_SUPPLIER)
    days = suppliers.histogram(row)
    assert days["measured"].sum() == pytest.approx(1)
    assert days["planned"].sum() == pytest.approx(1, abs=0.01)
    assert (days["planned"] * days["day"]).sum() == pytest.approx(row["lead_time_mean"], abs=0.1)
    assert "promises **12 days**" in suppliers.in_words(row)
    late = suppliers.late_orders(demo, run, LATE_SUPPLIER)
    assert len(late) == row["late_lines"]
    assert late["value"].sum() == pytest.approx(row["late_value"])
    assert (late["days_late"] > 0).all()


def test_the_table_of_the_page(demo: Lake, run: Run) -> None:
    frame = suppliers.load(demo, run)
    assert frame is not None
    shown = suppliers.as_shown(frame).set_index(["source", "location"])
    assert shown.loc[(LATE_SUPPLIER, ""), "against_promise"].mean() == pytest.approx(1 + 4 / 12, abs=0.15)
    assert shown.loc[("DC1", ""), "against_promise"] is None, "transfers are known for four weeks"
    assert list(shown.loc[(LATE_SUPPLIER, ""), "verdict"]) == ["Slower"]
    assert shown["fill_rate"].max() > 50
    place = suppliers.places(frame, LATE_SUPPLIER)
    assert list(place["location"]) == ["DC1"]
    unseen = {"deliveries": 0, "source_name": "Acme", "promised_lead_time": 1.0, "lead_time_days": []}
    assert "takes its word" in suppliers.in_words(unseen)
    assert "**1 day**" in suppliers.in_words(unseen)
    assert suppliers.histogram({**unseen, "lead_time_shares": []}).empty


def test_a_run_without_the_table_shows_nothing(demo: Lake, run: Run) -> None:
    older = Run(run.run_id, run.as_of, run.created_at, run.inputs, {"plan_lines": 1})
    assert suppliers.load(demo, older) is None


def test_what_arrives_later_is_not_known() -> None:
    known = weekly(5)
    coming = {"ordered_at": "2026-02-23", "promised_date": "2026-02-28"}
    later = [
        {**coming, "received_at": "2026-03-01"},
        {**coming, "received_at": "2026-03-20", "expected_date": "2026-03-20"},
        {**coming, "received_at": "2026-03-09", "status": "closed_short", "received": 4.0},
    ]
    open_then = {**coming, "status": "sent", "received": 0.0}
    then = measured_supply(tables(*known, open_then), AS_OF).measures.by_location
    for row in later:
        now = measured_supply(tables(*known, row), AS_OF).measures.by_location
        np.testing.assert_array_equal(now.lead.excess, then.lead.excess)
        np.testing.assert_array_equal(now.shares.fill.mean, then.shares.fill.mean)
        np.testing.assert_array_equal(now.lines, then.lines)
    future = {"ordered_at": "2026-03-01", "received_at": "2026-03-30"}
    assert len(known_orders(orders(future), AS_OF)) == 0


def test_a_plan_of_the_past_measures_what_was_known_then(demo: Lake) -> None:
    past = dt.date(2026, 10, 15)
    inputs = load_inputs(demo, as_of=past)
    before = measured_supply(inputs.tables, past)
    everything = demo.read("orders")
    shuffled = everything.assign(
        received_at=everything["received_at"].where(
            everything["received_at"] < pd.Timestamp(past), everything["received_at"] + pd.Timedelta(days=30)
        )
    )
    after = measured_supply({**inputs.tables, "orders": shuffled}, past)
    np.testing.assert_array_equal(
        before.measures.by_source.lead.durations.mean, after.measures.by_source.lead.durations.mean
    )


def test_expected_dates_stand_for_receipts_only_where_a_source_updates_them() -> None:
    silent = known_orders(orders({"expected_date": "2026-01-10"}), AS_OF)
    assert silent["arrived"].isna().all()
    told = known_orders(orders({"expected_date": "2026-01-12"}, {"order_id": "x"}), AS_OF)
    assert list(told["arrived"]) == [pd.Timestamp("2026-01-12"), pd.Timestamp("2026-01-10")]


def test_what_says_nothing_of_a_source_is_left_out() -> None:
    rows = known_orders(
        orders(
            {"kind": "customer"},
            {"from_source": None},
            {"status": "approved", "received": 0.0},
            {"status": "cancelled", "received": 0.0},
            {"status": "cancelled", "received": 0.0, "expected_date": "2026-01-20"},
            {"status": "part_received", "received": 4.0},
            {"received_at": "2026-01-02"},
        ),
        AS_OF,
    )
    assert list(rows["order_id"]) == ["o4", "o5", "o6"]
    assert list(rows["waiting"]) == [False, True, False]
    assert list(rows["closed"]) == [True, False, True]
    assert list(rows["received"]) == [0.0, 4.0, 10.0]
    assert rows["arrived"].isna().all(), "a receipt before its order is a slip"


def test_terms_that_contradict_the_promise_of_the_order_are_a_slip() -> None:
    found = measured_supply(tables(*weekly(5), lead_time=480.0), AS_OF).measures.by_source
    assert found.lead.promise[0] == pytest.approx(5)
    meant = measured_supply(tables(*weekly(9), lead_time=9.0), AS_OF).measures.by_source
    assert meant.lead.promise[0] == pytest.approx(9)
    assert meant.lead.excess[0] == pytest.approx(0)
    assert meant.shares.on_time.mean[0] < 0.7, "in time is by the promise of the order"


def test_without_any_order_or_location_the_promise_stands() -> None:
    nothing = tables()
    lines = pd.DataFrame({"source": ["A"], "location": ["S1"]})
    found = measured_supply(nothing, AS_OF).line_terms(lines, np.array([5.0]), np.array([1.0]))
    assert (found.lead_time_mean[0], found.lead_time_sd[0]) == (5, 1)
    unknown = {**tables(*weekly(7)), "locations": pd.DataFrame({"location": [], "kind": []}, dtype="str")}
    found = measured_supply(unknown, AS_OF).line_terms(lines, np.array([5.0]), np.array([1.0]))
    assert 5.5 < found.lead_time_mean[0] < 7


def test_the_basis_in_words() -> None:
    assert basis_in_words(12, 16.14, 1) == "promised 12 d, measured 16.1 d from 1 delivery"
    assert basis_in_words(12, float("nan"), 3) == ""


def test_the_demo_says_when_orders_arrived(demo: Lake) -> None:
    table = demo.read("orders")
    done = table["status"].isin(["received", "closed_short"])
    assert (table.loc[done, "received_at"] == table.loc[done, "expected_date"]).all()
    assert table.loc[~done, "received_at"].isna().all()


def test_files_say_when_orders_arrived(tmp_path: Path) -> None:
    from jobs.import_file import import_file

    lake = Lake(tmp_path / "lake")
    path = tmp_path / "orders.csv"
    path.write_text(
        "PO,Item,Supplier,Ship to,Qty,Received,Status,Order date,Promised,Goods receipt date\n"
        "1,007,Acme,S1,5,5,received,2026-01-05,2026-01-10,2026-01-12\n"
    )
    import_file(lake, path, kind="orders")
    assert lake.read("orders")["received_at"].tolist() == [pd.Timestamp("2026-01-12")]
