"""What a plan takes from the lake, what it assumes, and how days become periods."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_lake.lake import Lake
from jobs.demand import planning_panel
from jobs.errors import JobError
from jobs.inputs import load_inputs, next_period, periods_between
from jobs.line_inputs import (
    DemandModel,
    build_line_inputs,
    holding_cost_per_day,
    latest_stock,
    order_offsets,
    protection_periods,
)
from jobs.line_terms import UNASSIGNED, line_terms
from jobs.order_calendar import order_days
from jobs.plan_line_table import period_start

SUNDAY = dt.date(2026, 11, 22)


def sales(sku: str = "7", location: str = "S1", days: int = 28, quantity: float = 3.0) -> pd.DataFrame:
    dates = pd.date_range(end="2026-11-21", periods=days)
    return pd.DataFrame({"date": dates, "sku": sku, "location": location, "quantity": quantity})


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def test_an_empty_lake_says_what_to_import(lake: Lake) -> None:
    with pytest.raises(JobError, match="shelfcast import FILE --kind sales"):
        load_inputs(lake)


def test_sales_only_after_the_day_are_no_sales(lake: Lake) -> None:
    lake.replace("sales", sales())
    with pytest.raises(JobError, match="before 01 Jan 2020"):
        load_inputs(lake, as_of=dt.date(2020, 1, 1))


def test_the_day_planned_is_the_one_after_the_last_sale(lake: Lake) -> None:
    lake.replace("sales", sales())
    inputs = load_inputs(lake)
    assert inputs.as_of == SUNDAY
    assert inputs.periods_since_sales == 0
    assert load_inputs(lake, as_of=dt.date(2026, 11, 25)).periods_since_sales == 3


def test_a_plan_for_an_earlier_day_sees_nothing_later(lake: Lake) -> None:
    lake.replace("sales", sales())
    orders = pd.DataFrame(
        {
            "order_id": ["a", "b"],
            "line": "1",
            "kind": "purchase",
            "sku": "7",
            "from_source": "X",
            "to_location": "S1",
            "quantity": 5.0,
            "status": "sent",
            "ordered_at": pd.to_datetime(["2026-11-01", "2026-11-18"]),
        }
    )
    lake.replace("orders", orders)
    inputs = load_inputs(lake, as_of=dt.date(2026, 11, 10))
    assert inputs.sales.dates[-1] == np.datetime64("2026-11-09")
    assert list(inputs.tables["orders"]["order_id"]) == ["a"]


def test_equal_content_has_an_equal_digest_in_any_lake(tmp_path: Path) -> None:
    one, two = Lake(tmp_path / "one"), Lake(tmp_path / "two")
    for lake in (one, two):
        lake.replace("sales", sales())
    assert load_inputs(one).digest == load_inputs(two).digest
    two.upsert("sales", sales(quantity=4.0, days=1))
    assert load_inputs(one).digest != load_inputs(two).digest


@pytest.mark.parametrize(
    ("start", "period", "periods", "expected"),
    [
        ("2026-01-05", "D", 3, dt.date(2026, 1, 8)),
        ("2026-01-05", "W", 3, dt.date(2026, 1, 26)),
        ("2026-01-01", "M", 3, dt.date(2026, 4, 1)),
    ],
)
def test_next_period(start: str, period: str, periods: int, expected: dt.date, lake: Lake) -> None:
    freq = {"D": "D", "W": "W-MON", "M": "MS"}[period]
    dates = pd.date_range(start, periods=periods, freq=freq)
    lake.replace("settings", pd.DataFrame({"name": ["period"], "value": [period]}))
    lake.replace("sales", pd.DataFrame({"date": dates, "sku": "1", "location": "S", "quantity": 1.0}))
    inputs = load_inputs(lake)
    assert next_period(inputs.sales, period) == inputs.as_of == expected


@pytest.mark.parametrize(
    ("start", "end", "period", "expected"),
    [
        ("2026-01-10", "2026-01-24", "W", 2),
        ("2026-01-10", "2026-03-09", "M", 1),
        ("2026-01-10", "2026-01-01", "D", 0),
    ],
)
def test_periods_between(start: str, end: str, period: str, expected: int) -> None:
    assert periods_between(dt.date.fromisoformat(start), dt.date.fromisoformat(end), period) == expected


# terms of a line


def test_without_masters_every_assumption_is_named(lake: Lake) -> None:
    lake.replace("sales", sales())
    line = line_terms(load_inputs(lake)).iloc[0]
    assert (line["source"], line["source_kind"]) == (UNASSIGNED, "supplier")
    assert (line["lead_time_mean"], line["lead_time_sd"]) == (7.0, 1.0)
    assert (line["unit_cost"], line["order_multiple"], line["target_kind"]) == (1.0, 1.0, "fill")
    assert line["assumed"] == "no source: lead time from settings; no cost and no price: money is per unit"


def test_a_price_seen_in_sales_gives_the_cost(lake: Lake) -> None:
    lake.replace("sales", sales().assign(revenue=30.0))
    line = line_terms(load_inputs(lake)).iloc[0]
    assert line["unit_price"] == 10.0
    assert line["unit_cost"] == pytest.approx(7.0)
    assert line["stockout_cost"] == pytest.approx(3.0)


def test_stock_pays_for_its_capital_and_for_its_room(lake: Lake) -> None:
    lake.replace("sales", sales())
    lake.replace("products", pd.DataFrame({"sku": ["7"], "unit_cost": [2.0], "volume": [3.0]}))
    terms = line_terms(load_inputs(lake))
    without = holding_cost_per_day(terms)
    assert without == pytest.approx(2.0 * terms["holding_cost_rate"] / 365)
    room = pd.DataFrame({"location": terms["location"].unique(), "storage_cost": 0.73})
    lake.replace("locations", room)
    assert holding_cost_per_day(line_terms(load_inputs(lake))) == pytest.approx(without + 3.0 * 0.73 / 365)
    lake.replace("products", pd.DataFrame({"sku": ["7"], "unit_cost": [2.0]}))  # volume not known
    assert holding_cost_per_day(line_terms(load_inputs(lake))) == pytest.approx(without)


def test_the_preferred_valid_source_wins(lake: Lake) -> None:
    lake.replace("sales", sales())
    rows = [("late", 1, "2030-01-01"), ("second", 2, None), ("first", 1, None)]
    lake.replace(
        "sourcing",
        pd.DataFrame(
            {
                "sku": "7",
                "location": "S1",
                "source": [name for name, _, _ in rows],
                "source_kind": "supplier",
                "priority": [priority for _, priority, _ in rows],
                "valid_from": pd.to_datetime([since for _, _, since in rows]),
                "lead_time_mean": 2.0,
            }
        ),
    )
    lines = line_terms(load_inputs(lake))
    assert list(lines["source"]) == ["first"]
    assert lines["lead_time_sd"].iloc[0] == 0.0


def test_the_most_specific_policy_wins_column_by_column(lake: Lake) -> None:
    lake.replace("sales", pd.concat([sales("1"), sales("2"), sales("3")]))
    lake.replace("products", pd.DataFrame({"sku": ["1", "2"], "category": ["dairy", "dairy"]}))
    lake.replace(
        "policies",
        pd.DataFrame(
            {
                "segment": ["*", "dairy", ""],
                "sku": ["", "", "2"],
                "location": ["", "", "S1"],
                "target_kind": ["fill", "cycle", "cost"],
                "service_target": [0.90, 0.95, None],
                "review_days": [3.0, None, None],
                "review_weekdays": [None, None, [2.0]],
            }
        ),
    )
    lines = line_terms(load_inputs(lake)).set_index("sku")
    assert list(lines["target_kind"]) == ["cycle", "cost", "fill"]
    assert list(lines["service_target"]) == [0.95, 0.95, 0.90]
    assert list(lines["review_days"]) == [3.0, 3.0, 3.0]
    assert list(lines["order_weekdays"].loc["2"]) == [2.0]
    assert order_offsets(lines.loc[["1"]], SUNDAY).tolist() == [[0, 3]]


def test_what_left_the_assortment_is_not_planned(lake: Lake) -> None:
    lake.replace("sales", pd.concat([sales("1"), sales("2"), sales("3")]))
    ended = pd.to_datetime(["2026-11-01", None])
    lake.replace("products", pd.DataFrame({"sku": ["1", "2"], "discontinue_date": ended}))
    lake.replace("assortment", pd.DataFrame({"sku": ["2"], "location": ["S1"], "to_date": ended[:1]}))
    assert list(line_terms(load_inputs(lake))["sku"]) == ["3"]


def test_shelf_life_less_the_life_asked_for_at_sale(lake: Lake) -> None:
    lake.replace("sales", sales())
    lake.replace(
        "products", pd.DataFrame({"sku": ["7"], "shelf_life_days": [10.0], "min_life_at_sale_days": [2.0]})
    )
    assert line_terms(load_inputs(lake))["life_days"].iloc[0] == 8.0


# order calendar


def test_order_days_skip_closures() -> None:
    assert order_days(SUNDAY, [0.0], ["2026-11-23"], 7) == (8, 15)


def test_a_source_that_never_opens_is_open() -> None:
    closed = [(SUNDAY + dt.timedelta(days=day)).isoformat() for day in range(900)]
    assert order_days(SUNDAY, None, closed, 7)[0] == 0


@given(
    weekdays=st.lists(st.integers(0, 6), min_size=1),
    review=st.floats(0, 60),
    day=st.dates(max_value=dt.date(9000, 1, 1)),
)
def test_order_days_are_order_days(weekdays: list[int], review: float, day: dt.date) -> None:
    first, second = order_days(day, [float(w) for w in weekdays], None, review)
    assert 0 <= first <= 6
    assert first < second <= first + 7
    for offset in (first, second):
        assert (day + dt.timedelta(days=offset)).weekday() in weekdays


# days to periods


def lines_frame(**columns: object) -> pd.DataFrame:
    base: dict[str, object] = {
        "sku": ["a"],
        "location": ["S1"],
        "source": ["X"],
        "source_kind": ["supplier"],
        "lead_time_mean": 10.0,
        "lead_time_sd": 2.0,
        "moq": 0.0,
        "order_multiple": 6.0,
        "order_cost": 0.0,
        "unit_cost": 2.0,
        "unit_price": 3.0,
        "target_kind": "fill",
        "service_target": 0.95,
        "stockout_cost": 1.0,
        "holding_cost_rate": 0.365,
        "space_cost": 0.0,
        "review_days": 7.0,
        "order_weekdays": None,
        "closures": None,
        "min_cover_days": 0.0,
        "max_cover_days": np.inf,
        "presentation_stock": 0.0,
        "shelf_maximum": np.inf,
        "life_days": np.inf,
        "min_life_at_sale_days": 1.0,
        "backorder": False,
        "next_order_date": pd.NaT,
    }
    return pd.DataFrame({**base, **columns})


def demand(periods: int = 20) -> DemandModel:
    return DemandModel(np.ones((1, periods)), np.zeros(1), np.ones(1), np.ones(1, np.uint64))


def stock_rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "date": pd.to_datetime(["2026-11-14", "2026-11-21", "2026-11-21", "2026-11-21"]),
            "sku": "a",
            "location": "S1",
            "batch": ["old", "b1", "b2", "b3"],
            "status": ["available", "available", "available", "blocked"],
            "on_hand": [99.0, 5.0, 7.0, 50.0],
            "expiry_date": pd.to_datetime(["2026-11-20", "2026-11-27", None, None]),
        }
    )


def order_rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": ["purchase", "purchase", "purchase", "customer", "transfer"],
            "sku": "a",
            "to_location": "S1",
            "quantity": [10.0, 20.0, 30.0, 40.0, 50.0],
            "received": [4.0, None, None, None, None],
            "status": ["part_received", "sent", "received", "sent", "approved"],
            "expected_date": pd.to_datetime(["2026-11-25", None, None, "2026-11-25", None]),
            "promised_date": pd.to_datetime([None, "2026-11-10", None, None, None]),
        }
    )


def test_latest_available_stock_counts_with_its_last_day_of_sale() -> None:
    built = build_line_inputs(
        lines_frame(), demand(), latest_stock(stock_rows()), order_rows(), as_of=SUNDAY, period="D"
    )
    assert list(built.batch_quantity) == [5.0, 7.0]
    assert built.batch_last_period[0] == 4  # sold until the 26th: a day of life is asked for at sale
    assert built.batch_last_period[1] > 10_000


def test_open_orders_arrive_when_due_and_late_ones_tomorrow() -> None:
    built = build_line_inputs(
        lines_frame(), demand(), latest_stock(stock_rows()), order_rows(), as_of=SUNDAY, period="D"
    )
    assert list(zip(built.receipt_period, built.receipt_quantity, strict=True)) == [
        (3, 6.0),
        (1, 20.0),
        (1, 50.0),
    ]


def test_an_order_for_busy_days_is_planned_with_their_noise() -> None:
    usual = dataclasses.replace(demand(56), dispersion=np.array([1.5]))
    promoted = usual.mean.copy()
    promoted[:, :21] *= 3.0
    built = build_line_inputs(
        lines_frame(),
        dataclasses.replace(usual, mean=promoted),
        latest_stock(stock_rows()),
        order_rows(),
        as_of=SUNDAY,
        period="D",
    )
    assert built.dispersion == pytest.approx(2.5)


def test_weeks_and_months_scale_lead_time_and_holding() -> None:
    empty = latest_stock(stock_rows().iloc[:0])
    weekly = build_line_inputs(
        lines_frame(), demand(), empty, order_rows().iloc[:0], as_of=dt.date(2026, 11, 23), period="W"
    )
    assert weekly.lead_time_mean[0] == pytest.approx(10 / 7)
    assert weekly.holding_cost[0] == pytest.approx(2.0 * 0.365 / 365 * 7)
    assert (weekly.order_period[0], weekly.next_order_period[0]) == (0, 1)
    monthly = build_line_inputs(
        lines_frame(), demand(), empty, order_rows().iloc[:0], as_of=dt.date(2026, 12, 1), period="M"
    )
    assert monthly.period_days == pytest.approx(30.4375)
    assert monthly.next_order_period[0] == 1


def test_protection_lasts_until_the_next_order_arrives() -> None:
    lines = lines_frame(order_weekdays=[[1.0]])
    assert order_offsets(lines, SUNDAY).tolist() == [[2, 9]]
    assert protection_periods(lines, SUNDAY, "D").tolist() == [19]
    assert protection_periods(lines, SUNDAY, "W").tolist() == [3]


def test_what_is_approved_is_next_ordered_on_the_order_day_after() -> None:
    tuesdays = lines_frame(order_weekdays=[[1.0]], next_order_date=pd.Timestamp("2026-12-01"))
    assert order_offsets(tuesdays, SUNDAY).tolist() == [[9, 16]]
    any_day = lines_frame(review_days=3.0, next_order_date=pd.Timestamp("2026-11-25"))
    assert order_offsets(any_day, SUNDAY).tolist() == [[3, 6]]


def test_period_start_by_day_week_and_month() -> None:
    offset = np.array([0, 2, -1])
    for period, expected in {"D": "2026-12-03", "W": "2026-12-15", "M": "2027-02-01"}.items():
        dates = period_start(dt.date(2026, 12, 1), period, offset)
        assert str(dates[1]) == expected
        assert np.isnat(dates[2])


# demand of distribution centres, overrides


def test_a_centre_wants_what_its_stores_want_stockouts_included(lake: Lake) -> None:
    one, two = sales(location="S1", days=60), sales(location="S2", days=60)
    one["in_stock"] = 1.0
    one.loc[one.index[-5:], ["quantity", "in_stock"]] = 0.0
    lake.replace("sales", pd.concat([one, two]))
    pairs = [("S1", "DC", "location"), ("S2", "DC", "location"), ("DC", "ACME", "supplier")]
    lake.replace(
        "sourcing",
        pd.DataFrame(
            {
                "sku": "7",
                "location": [to for to, _, _ in pairs],
                "source": [source for _, source, _ in pairs],
                "source_kind": [kind for _, _, kind in pairs],
                "lead_time_mean": 2.0,
            }
        ),
    )
    inputs = load_inputs(lake)
    lines = line_terms(inputs)
    panel = planning_panel(inputs.sales, lines, inputs.tables["products"])
    centre = int(np.flatnonzero(lines["location"] == "DC")[0])
    assert panel.observed[centre].all()
    assert panel.values[centre, :50] == pytest.approx(6.0)
    assert panel.values[centre, -5:] == pytest.approx(6.0, rel=0.15)
