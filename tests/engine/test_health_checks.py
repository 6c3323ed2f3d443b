"""Each check of data health on the smallest data that shows it."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from engine import health
from engine.health.periods import period_number, period_start

AS_OF = date(2026, 11, 22)
YESTERDAY = AS_OF - timedelta(days=1)


def check(period="D", **tables):
    return health.check(tables, as_of=AS_OF, period=period)


def sales(quantity, *, sku="007", location="S01", last=YESTERDAY, days=None, **columns):
    """One series of daily sales that ends on `last`; NaN leaves the row out."""
    quantity = np.asarray(quantity, dtype=float)
    dates = pd.date_range(end=pd.Timestamp(last), periods=len(quantity)) if days is None else days
    frame = pd.DataFrame({"date": dates, "sku": sku, "location": location, "quantity": quantity, **columns})
    return frame[frame["quantity"].notna()]


def stock(on_hand, *, sku="007", location="S01", day=YESTERDAY, batch="", status="available", expiry=None):
    row = {"date": day, "sku": sku, "location": location, "batch": batch, "status": status}
    return pd.DataFrame([{**row, "on_hand": on_hand, "expiry_date": pd.to_datetime(expiry)}])


def sourcing(**columns):
    row = {"sku": "007", "location": "S01", "source": "SUP", "source_kind": "supplier", "lead_time_mean": 5.0}
    row["lead_time_sd"] = 1.0
    return pd.DataFrame([{**row, **columns}])


def only(faults, name):
    found = faults[faults["check"] == name]
    assert len(found) == 1, faults[["check", "table", "value"]].to_string()
    return found.iloc[0]


def none(faults, name):
    assert name not in set(faults["check"])


@pytest.mark.parametrize("period", ["D", "W", "M"])
def test_period_numbers_and_starts_are_inverse(period):
    for day in pd.date_range("1969-11-01", "1970-03-01").append(pd.date_range("2026-01-01", "2027-01-31")):
        number = int(period_number(np.array([day], dtype="datetime64[D]"), period)[0])
        start = period_start(number, period)
        assert start <= day.date() < period_start(number + 1, period)
        if period == "W":
            assert start.weekday() == 0


def test_duplicate_keys_hold_the_line_and_count_the_rows():
    one = sales([1, 2, 3])
    found = only(check(sales=pd.concat([one, one.tail(2)])), "duplicate_keys")
    assert (found["severity"], found["sku"], found["location"], found["rows"]) == ("held", "007", "S01", 4)
    none(check(sales=one), "duplicate_keys")


def test_duplicate_keys_are_found_where_key_combinations_are_many():
    """Wide key spaces take another path than narrow ones, and a still wider one must not overflow."""
    rng = np.random.default_rng(1)
    rows = 3_000
    frame = pd.DataFrame(
        {
            "date": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(rows), unit="D"),
            "sku": [f"s{i}" for i in range(rows)],
            "location": [f"l{i}" for i in range(rows)],
            "batch": [f"b{i}" for i in range(rows)],
            "status": "available",
            "on_hand": rng.integers(0, 9, rows).astype(float),
        }
    )
    none(check(inventory_snapshot=frame), "duplicate_keys")
    found = only(check(inventory_snapshot=pd.concat([frame, frame.iloc[[17]]])), "duplicate_keys")
    assert (found["sku"], found["rows"]) == ("s17", 2)
    wide = pd.DataFrame(dict.fromkeys(("segment", "sku", "location"), frame["sku"]))
    none(check(policies=wide.assign(target_kind="cost")), "duplicate_keys")


def test_key_spaces_beyond_64_bits_are_renumbered():
    rows = 60_000
    texts = pd.Series([f"v{i}" for i in range(rows)])
    frame = pd.DataFrame(dict.fromkeys(("sku", "location", "batch", "status"), texts))
    frame["date"] = pd.Timestamp("1900-01-01") + pd.to_timedelta(np.arange(rows), unit="D")
    frame["on_hand"] = 1.0
    found = only(check(inventory_snapshot=pd.concat([frame, frame.iloc[[5]]])), "duplicate_keys")
    assert found["sku"] == "v5"


def test_duplicate_suppliers_are_named():
    found = only(check(suppliers=pd.DataFrame({"supplier": ["A", "A", "B"]})), "duplicate_keys")
    assert (found["value"], found["rows"]) == ("A", 2)


def test_products_with_the_same_name():
    products = pd.DataFrame(
        {
            "sku": ["1", "2", "3", "4", "5"],
            "name": ["Oat Milk 1 l", "OAT-MILK  1 L", "Oat Milk 2 l", None, None],
            "unit_cost": 1.0,
            "unit_price": 2.0,
        }
    )
    found = only(check(products=products), "duplicate_product")
    assert found["sku"] == "2"
    assert "1 has it too" in found["rule"]


def test_codes_that_no_master_knows():
    masters = {
        "products": pd.DataFrame({"sku": ["007"], "unit_cost": [1.0], "unit_price": [2.0]}),
        "locations": pd.DataFrame({"location": ["S01"]}),
        "suppliers": pd.DataFrame({"supplier": ["SUP"]}),
    }
    none(check(**masters, sales=sales([1]), sourcing=sourcing()), "unknown_code")
    found = only(check(**masters, sales=sales([1, 2], sku="7")), "unknown_code")
    assert (found["severity"], found["column"], found["value"], found["rows"]) == ("held", "sku", "7", 2)
    found = only(check(**masters, sales=sales([1], location="S1")), "unknown_code")
    assert (found["column"], found["value"]) == ("location", "S1")
    found = only(check(**masters, sourcing=sourcing(location="S9")), "unknown_code")
    assert (found["severity"], found["location"]) == ("held", "S9")
    for source in ({"source": "SOP"}, {"source": "DC7", "source_kind": "location"}):
        found = only(check(**masters, sourcing=sourcing(**source)), "unknown_code")
        assert (found["severity"], found["column"], found["value"]) == ("held", "source", source["source"])
    everywhere = pd.DataFrame({"sku": ["007"], "location": ["*"], "from_date": [pd.Timestamp("2026-01-01")]})
    none(check(**masters, promotions=everywhere), "unknown_code")
    found = only(check(**masters, promotions=everywhere.assign(sku="7")), "unknown_code")
    assert (found["severity"], found["value"]) == ("warning", "7")


def test_a_lake_without_masters_is_not_full_of_unknown_codes():
    none(check(sales=sales([1, 2]), sourcing=sourcing()), "unknown_code")


def test_missing_and_impossible_money():
    products = pd.DataFrame(
        {"sku": ["a", "b", "c"], "unit_cost": [np.nan, 0.0, 1.0], "unit_price": [2.0, np.nan, -1.0]}
    )
    found = check(products=products)
    assert set(zip(found["check"], found["sku"], strict=True)) == {
        ("missing_cost", "a"),
        ("cost_not_positive", "b"),
        ("missing_price", "b"),
        ("price_not_positive", "c"),
    }
    given_away = only(check(sales=sales([1, 2, 0], price=[0.0, 1.0, 0.0])), "price_not_positive")
    assert (given_away["table"], given_away["rows"]) == ("sales", 1)


@pytest.mark.parametrize(
    ("terms", "name", "severity"),
    [
        ({"lead_time_mean": 181.0}, "absurd_lead_time", "held"),
        ({"lead_time_mean": -1.0}, "absurd_lead_time", "held"),
        ({"lead_time_mean": np.nan}, "missing_lead_time", "warning"),
        ({"lead_time_mean": 2.0, "lead_time_sd": 12.0}, "uncertain_lead_time", "warning"),
        ({"moq": 30.0, "order_multiple": 12.0}, "order_terms", "info"),
    ],
)
def test_terms_of_supply(terms, name, severity):
    found = only(check(sourcing=sourcing(**terms)), name)
    assert (found["severity"], found["sku"], found["location"]) == (severity, "007", "S01")


@pytest.mark.parametrize(
    "terms",
    [
        {"lead_time_mean": 180.0},
        {"lead_time_mean": 0.0},
        {"moq": 36.0, "order_multiple": 12.0},
        {"moq": 0.3, "order_multiple": 0.1},
        {"moq": 5.0, "order_multiple": 0.0},
        {"moq": 5.0, "order_multiple": np.nan},
    ],
)
def test_terms_of_supply_at_their_limits(terms):
    assert len(check(sourcing=sourcing(**terms))) == 0


@pytest.mark.parametrize(
    ("policy", "column"),
    [
        ({"target_kind": "fill", "service_target": 97.0}, "service_target"),
        ({"target_kind": "cycle", "service_target": 0.1}, "service_target"),
        ({"target_kind": "fill", "service_target": np.nan}, "service_target"),
        ({"holding_cost_rate": 25.0}, "holding_cost_rate"),
        ({"review_days": 365.0}, "review_days"),
        ({"min_cover_days": 9.0, "max_cover_days": 8.0}, "min_cover_days"),
    ],
)
def test_policies_out_of_range(policy, column):
    row = {"segment": "*", "sku": "", "location": "", "target_kind": "cost"}
    found = only(check(policies=pd.DataFrame([{**row, **policy}])), "policy_range")
    assert (found["column"], found["severity"]) == (column, "warning")
    assert pd.isna(found["sku"])


def test_feeds_that_stopped():
    overall = check(sales=sales([5] * 30, last=AS_OF - timedelta(days=9)))
    assert only(overall, "stale_feed")["value"] == "8 days missing"
    none(check(sales=sales([5] * 30, last=AS_OF - timedelta(days=3))), "stale_feed")

    late = pd.concat([sales([5] * 30), sales([5] * 30, location="S02", last=AS_OF - timedelta(days=6))])
    found = only(check(sales=late), "stale_feed")
    assert (found["location"], found["severity"], found["rows"]) == ("S02", "warning", 5)
    closed = pd.concat([sales([5] * 200), sales([5] * 30, location="S02", last=AS_OF - timedelta(days=150))])
    assert only(check(sales=closed), "stale_feed")["severity"] == "info"

    now_and_then = np.where(np.arange(120) % 9 == 0, 2.0, np.nan)
    rare = pd.concat(
        [sales([5] * 120), sales(now_and_then, location="S02", last=YESTERDAY - timedelta(days=3))]
    )
    none(check(sales=rare), "stale_feed")
    once = pd.concat([sales([5] * 120), sales([5, 5], location="S02", last=AS_OF - timedelta(days=50))])
    none(check(sales=once), "stale_feed")
    counts = pd.concat([stock(5, day=YESTERDAY - timedelta(days=7 * week + 4)) for week in range(6)])
    none(check(inventory_snapshot=counts), "stale_feed")
    gone = counts.assign(date=[day - timedelta(days=14) for day in counts["date"]])
    assert only(check(inventory_snapshot=gone), "stale_feed")["table"] == "inventory_snapshot"

    weekly = sales([5] * 30, days=pd.date_range(end="2026-11-09", periods=30, freq="W-MON"))
    none(check("W", sales=weekly), "stale_feed")
    older = weekly.assign(date=weekly["date"] - pd.Timedelta(weeks=2))
    assert only(check("W", sales=older), "stale_feed")["value"] == "2 weeks missing"


def test_dates_in_the_future():
    ahead = sales([1, 2, 3], last=AS_OF + timedelta(days=2))
    found = only(check(sales=ahead), "future_date")
    assert (found["rows"], found["value"]) == (2, "2026-11-24")
    orders = pd.DataFrame({"ordered_at": [date(2027, 1, 1)], "sku": ["007"], "to_location": ["S01"]})
    assert only(check(orders=orders), "future_date")["table"] == "orders"


def test_gaps_in_history():
    gap = np.full(120, 4.0)
    gap[::3] = 0
    gap[60:68] = np.nan
    other = sales(np.tile([0.0, 3.0], 60), sku="008")
    found = only(check(sales=pd.concat([sales(gap), other])), "history_gap")
    assert (found["sku"], found["rows"], found["date"]) == ("007", 8, pd.Timestamp("2026-09-23"))
    gap[60] = 4.0
    gap[67] = 4.0  # six days in a row at most
    none(check(sales=pd.concat([sales(gap), other])), "history_gap")

    closed = sales(np.where(np.arange(120) // 8 == 5, np.nan, 3))
    whole = only(check(sales=pd.concat([closed, sales([3.0] * 120, location="S02")])), "history_gap")
    assert pd.isna(whole["sku"])
    assert whole["location"] == "S01"
    assert whole["rows"] == 8


def test_a_location_that_sells_now_and_then_has_no_gaps():
    now_and_then = np.where(np.arange(200) % 20 == 0, 2.0, np.nan)
    none(check(sales=pd.concat([sales(now_and_then), sales([3.0] * 200, location="S02")])), "history_gap")


def test_a_feed_without_zeros_has_no_gaps_of_single_products():
    sparse = np.where(np.arange(200) % 40 == 0, 2.0, np.nan)
    none(check(sales=pd.concat([sales(sparse), sales([3.0] * 200, sku="008")])), "history_gap")


def test_lone_outliers_and_what_is_none():
    rng = np.random.default_rng(3)
    usual = rng.poisson(10, 200).astype(float)
    spike = usual.copy()
    spike[150] = 150
    found = only(check(sales=sales(spike)), "sales_outlier")
    assert (found["value"], found["sku"]) == ("150", "007")
    none(check(sales=sales(usual)), "sales_outlier")
    promo = np.arange(200) == 150
    none(check(sales=sales(spike, promo=promo)), "sales_outlier")
    again = spike.copy()
    again[[20, 60, 100]] = 140  # it happens every six weeks
    none(check(sales=sales(again)), "sales_outlier")
    lots = np.round(np.exp(rng.normal(2, 1.3, 200)))
    lots[150] = 600  # sales in lots of all sizes
    none(check(sales=sales(lots)), "sales_outlier")
    few = np.zeros(200)
    few[[20, 90, 150]] = [2, 2, 60]
    none(check(sales=sales(few)), "sales_outlier")
    old = usual.copy()
    old[20] = 150
    none(check(sales=sales(old)), "sales_outlier")


def test_negative_stock_of_the_latest_snapshot_only():
    now = pd.concat([stock(-5), stock(3, batch="b")])
    found = only(check(inventory_snapshot=now), "negative_stock")
    assert (found["severity"], found["value"], found["date"]) == ("held", "-5", pd.Timestamp(YESTERDAY))
    past = pd.concat([stock(-5, day=date(2026, 11, 1)), stock(5)])
    none(check(inventory_snapshot=past), "negative_stock")
    ahead = pd.concat([stock(5), stock(-5, day=date(2027, 1, 1))])
    faults = check(inventory_snapshot=ahead)
    none(faults, "negative_stock")
    assert only(faults, "future_date")["table"] == "inventory_snapshot"


def test_expired_batches_that_count_as_available():
    batches = [
        stock(4, batch="old", expiry="2026-11-21"),
        stock(4, batch="today", expiry="2026-11-22"),
        stock(4, batch="thrown", expiry="2026-11-01", status="blocked"),
        stock(0, batch="empty", expiry="2026-11-01"),
    ]
    found = only(check(inventory_snapshot=pd.concat(batches)), "expired_stock")
    assert (found["rows"], found["value"], found["severity"]) == (1, "2026-11-21", "warning")


def test_phantom_stock_needs_stock_a_fast_mover_and_a_long_silence():
    rng = np.random.default_rng(5)
    usual = rng.poisson(6, 120).astype(float)
    other = sales([4.0, 0.0] * 60, sku="008")

    def run(series, units=20.0, **tables):
        return check(sales=pd.concat([sales(series), other]), inventory_snapshot=stock(units), **tables)

    silent = usual.copy()
    silent[-10:] = 0
    found = only(run(silent), "phantom_stock")
    assert found["value"] == "20 on hand, no sale in 10 days"
    none(run(silent, units=0.0), "phantom_stock")
    none(run(usual), "phantom_stock")
    short = usual.copy()
    short[-3:] = 0
    none(run(short), "phantom_stock")
    slow = np.zeros(120)
    slow[::15] = 1
    none(run(slow), "phantom_stock")
    ended = pd.DataFrame(
        {"sku": ["007"], "discontinue_date": date(2026, 11, 10), "unit_cost": 1.0, "unit_price": 2.0}
    )
    none(run(silent, products=ended), "phantom_stock")
    dropped = pd.DataFrame({"sku": ["007"], "location": ["S01"], "to_date": [pd.Timestamp("2026-11-10")]})
    none(run(silent, assortment=dropped), "phantom_stock")


def test_phantom_stock_in_a_feed_without_zeros():
    gone = np.full(120, 5.0)
    gone[-12:] = np.nan
    other = sales([4.0] * 120, sku="008")
    found = only(check(sales=pd.concat([sales(gone), other]), inventory_snapshot=stock(9)), "phantom_stock")
    assert "no sale in 12 days" in found["value"]


def test_stock_that_never_sold():
    products = pd.DataFrame(
        {"sku": ["007", "008"], "unit_cost": 1.0, "unit_price": 2.0, "launch_date": [pd.NaT, pd.NaT]}
    )
    both = pd.concat([stock(5), stock(4, sku="008")])
    feed = sales([3.0] * 30)
    found = only(check(products=products, sales=feed, inventory_snapshot=both), "stock_without_sales")
    assert (found["sku"], found["severity"]) == ("008", "info")
    soon = products.assign(launch_date=[pd.NaT, pd.Timestamp("2026-12-01")])
    none(check(products=soon, sales=feed, inventory_snapshot=both), "stock_without_sales")
    elsewhere = stock(4, location="DC1")
    none(check(products=products, sales=feed, inventory_snapshot=elsewhere), "stock_without_sales")


def test_stock_that_nobody_replenishes():
    products = pd.DataFrame({"sku": ["007"], "unit_cost": [1.0], "unit_price": [2.0]})
    tables = {"products": products, "inventory_snapshot": stock(5)}
    none(check(**tables, sourcing=sourcing()), "missing_sourcing")
    over = only(check(**tables, sourcing=sourcing(valid_to=pd.Timestamp("2026-11-01"))), "missing_sourcing")
    assert (over["sku"], over["location"]) == ("007", "S01")
    later = check(**tables, sourcing=sourcing(valid_from=pd.Timestamp("2026-12-01")))
    assert only(later, "missing_sourcing")["severity"] == "warning"
    nobody = only(check(**tables), "missing_sourcing")
    assert pd.isna(nobody["sku"])


def test_lines_that_sell_but_have_no_stock_on_file():
    both = pd.concat([sales([3.0] * 30), sales([2.0] * 30, sku="008")])
    found = only(check(sales=both, inventory_snapshot=stock(5)), "missing_stock")
    assert (found["sku"], found["severity"]) == ("008", "warning")
    ended = pd.DataFrame({"sku": ["008"], "location": ["S01"], "to_date": [date(2026, 11, 1)]})
    none(check(sales=both, inventory_snapshot=stock(5), assortment=ended), "missing_stock")
    no_file = only(check(sales=both, sourcing=sourcing()), "missing_stock")
    assert no_file["rows"] == 2
    none(check(sales=both), "missing_stock")


def test_lines_left_out_of_the_latest_count():
    earlier = stock(7, sku="008", day=YESTERDAY - timedelta(days=5))
    found = only(check(inventory_snapshot=pd.concat([stock(5), earlier])), "old_stock")
    assert (found["sku"], found["value"]) == ("008", "2026-11-16")
    assert "still counts 7" in found["fix"]
    empty = earlier.assign(on_hand=0.0)
    none(check(inventory_snapshot=pd.concat([stock(5), empty])), "old_stock")
    elsewhere = earlier.assign(location="S02")
    none(check(inventory_snapshot=pd.concat([stock(5), elsewhere])), "old_stock")
    ended = pd.DataFrame({"sku": ["008"], "location": ["S01"], "to_date": [date(2026, 11, 1)]})
    none(check(inventory_snapshot=pd.concat([stock(5), earlier]), assortment=ended), "old_stock")


def test_defaults_that_a_plan_has_to_use_are_reported():
    found = only(check(sourcing=sourcing(lead_time_sd=np.nan)), "default_used")
    assert (found["column"], found["rows"], found["severity"]) == ("lead_time_sd", 1, "info")
    assert only(check(inventory_snapshot=stock(5)), "default_used")["table"] == "policies"
    policy = pd.DataFrame([{"segment": "*", "sku": "", "location": "", "target_kind": "cost"}])
    none(check(inventory_snapshot=stock(5), policies=policy), "default_used")
