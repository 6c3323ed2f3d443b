"""Data health on the demo lake: every planted fault is found, nothing else is."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_lake.demo import PLANTED_FAULTS, generate
from engine import health
from engine.contracts import SEVERITIES, TABLES
from engine.errors import EngineError
from engine.health.fault import COLUMNS, LISTED_AT_MOST, Fault, faults_frame

AS_OF = date(2026, 11, 22)


def _pandas(**arguments):
    frames = generate(**arguments)
    return {name: frame.to_pandas() for name, frame in frames.items() if name != "demand_truth"}


@pytest.fixture(scope="module")
def tables():
    return _pandas()


@pytest.fixture(scope="module")
def faults(tables):
    return health.check(tables, as_of=AS_OF, period="D")


@lru_cache
def _small():
    return _pandas(skus=16, stores=3, days=200)


def test_every_planted_fault_is_found_and_nothing_else(faults):
    found = list(zip(faults["check"], faults["sku"].fillna(""), faults["location"].fillna(""), strict=True))
    planted = [(fault.check, fault.sku, fault.location) for fault in PLANTED_FAULTS]
    assert set(found) == set(planted)
    assert len(found) == len(planted)


def test_only_faults_that_make_a_line_wrong_hold_it(faults):
    lines = health.held_lines(faults)
    assert tuple(lines.iloc[0, :2]) == ("05011", "S07")
    assert set(zip(lines["sku"], lines["location"], strict=True)) == {
        ("05011", "S07"),
        ("07005", "DC1"),
        ("08001", "S02"),
        ("99999", "S03"),
    }
    assert lines["reason"].str.len().gt(30).all()


@lru_cache
def _clean():
    return _pandas(seed=3, skus=80, stores=6, days=500, faults=False)


@pytest.mark.parametrize("period", ["D", "W", "M"])
@pytest.mark.parametrize("revenue", [True, False])
def test_a_clean_company_raises_no_alarm(period, revenue):
    tables = _clean()
    sales = tables["sales"].copy()
    sales["date"] = pd.to_datetime(sales["date"])
    if period != "D":
        start = sales["date"].dt.to_period(period).dt.to_timestamp()
        columns = {"quantity": "sum", "revenue": "sum", "promo": "max", "in_stock": "mean"}
        sales = sales.assign(date=start).groupby(["date", "sku", "location"], as_index=False).agg(columns)
    if not revenue:
        sales = sales.drop(columns="revenue")
    found = health.check({**tables, "sales": sales}, as_of=AS_OF, period=period)
    assert found[["check", "sku", "location", "value"]].to_numpy().tolist() == []


def test_faults_have_the_shape_of_the_contract(faults):
    contract = TABLES["data_faults"]
    assert tuple(faults.columns) == COLUMNS == tuple(n for n in contract.names if n != "run_id")
    assert faults["fault_id"].is_unique
    assert faults["date"].dtype == "datetime64[us]"
    assert faults["rows"].dtype == "int64"
    for column in contract.columns:
        if column.required and column.name != "run_id":
            assert faults[column.name].notna().all(), column.name
    ranks = [SEVERITIES.index(severity) for severity in faults["severity"]]
    assert ranks == sorted(ranks)
    assert health.check({}, as_of=AS_OF, period="D").dtypes.equals(faults.dtypes)


def test_fault_ids_last_from_day_to_day(tables, faults):
    tomorrow = health.check(tables, as_of=date(2026, 11, 23), period="D")
    assert set(faults["fault_id"]) <= set(tomorrow["fault_id"])


def test_an_unknown_period_is_refused():
    with pytest.raises(EngineError, match="period is 'Q'; it must be one of D, W, M"):
        health.check({}, as_of=AS_OF, period="Q")


def test_sales_alone_are_enough(tables):
    found = health.check({"sales": tables["sales"]}, as_of=AS_OF, period="D")
    assert set(found["check"]) == {"stale_feed", "history_gap", "sales_outlier"}
    bare = tables["sales"][["date", "sku", "location", "quantity"]]
    assert set(health.check({"sales": bare}, as_of=AS_OF, period="D")["check"]) >= {"stale_feed"}


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_any_table_or_column_may_be_missing_or_empty(data):
    small = _small()
    tables = {}
    for name in data.draw(st.sets(st.sampled_from(sorted(small)))):
        frame = small[name]
        optional = [c for c in frame.columns if c not in TABLES[name].key]
        dropped = data.draw(st.sets(st.sampled_from(optional))) if optional else set()
        frame = frame.drop(columns=sorted(dropped))
        tables[name] = frame.iloc[:0] if data.draw(st.booleans()) else frame
    period = data.draw(st.sampled_from("DWM"))
    found = health.check(tables, as_of=AS_OF, period=period)
    assert found["fault_id"].is_unique
    assert set(found["table"]) <= set(TABLES)


@settings(deadline=None, max_examples=8)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_rows_does_not_matter(seed):
    small = _small()
    rng = np.random.default_rng(seed)
    shuffled = {name: frame.iloc[rng.permutation(len(frame))] for name, frame in small.items()}
    one = health.check(small, as_of=AS_OF, period="D")
    two = health.check(shuffled, as_of=AS_OF, period="D")
    pd.testing.assert_frame_equal(one, two)


def test_many_like_faults_are_counted_beyond_the_first():
    def fault(number, severity):
        return Fault("missing_cost", severity, "products", "has a cost", "enter it", f"{number:04d}", rows=2)

    listed = faults_frame([fault(n, "warning") for n in range(LISTED_AT_MOST + 50)])
    assert len(listed) == LISTED_AT_MOST + 1
    assert listed["rows"].sum() == 2 * (LISTED_AT_MOST + 50)
    assert listed["value"].dropna().tolist() == ["50 more like the 200 listed"]
    held = faults_frame([fault(n, "held") for n in range(LISTED_AT_MOST + 50)])
    assert len(held) == LISTED_AT_MOST + 50, "every held line is named"


def test_held_lines_of_a_whole_product_or_location_are_spelled_out():
    faults = faults_frame(
        [
            Fault("duplicate_keys", "held", "products", "one row", "remove one", "007"),
            Fault("duplicate_keys", "held", "locations", "one row", "remove one", location="S02"),
            Fault("negative_stock", "held", "inventory_snapshot", "not below 0", "count", "008", "S01"),
            Fault("missing_cost", "warning", "products", "has a cost", "enter it", "009"),
        ]
    )
    short = health.held_lines(faults)
    assert set(zip(short["sku"], short["location"], strict=True)) == {
        ("007", "*"),
        ("*", "S02"),
        ("008", "S01"),
    }
    lines = pd.DataFrame({"sku": ["007", "007", "008", "009"], "location": ["S01", "S02", "S03", "S01"]})
    long = health.held_lines(faults, lines)
    assert list(zip(long["sku"], long["location"], strict=True)) == [("007", "S01"), ("007", "S02")]
    assert long["reason"][1].count("one row") == 2
    empty = health.held_lines(faults.iloc[:0])
    assert list(empty.columns) == ["sku", "location", "reason"]
    assert len(empty) == 0
