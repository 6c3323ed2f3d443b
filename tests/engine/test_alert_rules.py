"""The rules of alerts: published values, slow obvious judges, and properties."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson

from engine.alerts import (
    below_reorder_point,
    data_stale,
    dead_letters,
    excess,
    expiry,
    forecast_drift,
    late_order,
    short_order,
    stockout,
)
from engine.alerts.limits import Limits, limits_of
from engine.alerts.links import link
from engine.alerts.supply import with_approved
from engine.alerts.transfer_supply import with_proposed, with_transfers
from engine.contracts import ALERT_TYPES, TABLES
from engine.forecast.paths import sample_paths

TODAY = date(2026, 11, 22)
DAY = pd.Timestamp(TODAY)
NO_RULES = pd.DataFrame(columns=list(TABLES["alert_rules"].names))


def line(**changes: Any) -> dict[str, Any]:
    """A line that sells 5 a day at a margin of 3, and whose order of 48 is due today."""
    return {
        "line_id": "007|S1|Acme",
        "sku": "007",
        "location": "S1",
        "source": "Acme",
        "category": "Dairy",
        "abc": "A",
        "status": "proposed",
        "rejected": False,
        "quantity": 48.0,
        "order_by": DAY,
        "arrival_date": DAY + pd.Timedelta(days=4),
        "next_arrival_date": DAY + pd.Timedelta(days=11),
        "need_date": DAY + pd.Timedelta(days=6),
        "on_hand": 30.0,
        "on_order": 0.0,
        "term_demand": 55.0,
        "term_on_hand": -30.0,
        "term_on_order": 0.0,
        "term_cover": 0.0,
        "term_moq": 0.0,
        "term_joint": 0.0,
        "bound": "none",
        "moq": 0.0,
        "order_multiple": 6.0,
        "reorder_point": 75.0,
        "order_up_to": 78.0,
        "lost_before": 25.0,
        "lost_after": 0.0,
        "waste_before": 0.0,
        "waste_after": 0.0,
        "excess_units": 0.0,
        "excess_money": 0.0,
        "expected_profit": 70.0,
        "expected_demand_daily": 5.0,
        "demand_until": 55.0,
        "service_target": 0.97,
        "stockout_cost": 3.0,
        "holding_cost": 0.01,
        "unit_cost": 2.5,
        "money_at_risk": 75.0,
        "late_quantity": 0.0,
        "transfer_saves": 0.0,
        "transfer_by": pd.NaT,
        "by_transfer": False,
    } | changes


def lines(*changes: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame([line(**each) for each in changes])
    return frame.assign(transfer_by=pd.to_datetime(frame["transfer_by"]).astype("datetime64[us]"))


def limits(kind: str, frame: pd.DataFrame, **values: float) -> Limits:
    rule = {"alert_type": kind, "category": "", "abc": "", "location": ""} | values
    return limits_of(kind, pd.DataFrame([rule], columns=NO_RULES.columns), frame)


def found_in(found: pd.DataFrame, *, firm: bool = True) -> list[int]:
    return found.loc[found["firm"] == firm, "row"].tolist()


# Stockout


def test_a_shortage_counts_beyond_what_the_target_tolerates() -> None:
    frame = lines({}, {"lost_before": 1.6}, {"lost_before": 1.7}, {"lost_before": 0.4})
    # 3 % of 55 wanted: 1.65 units
    found = stockout.stockout(frame, limits("stockout", frame, least_money=1.0), TODAY)
    assert found_in(found) == [0, 2]
    assert found["severity"].tolist()[0] == 75.0
    assert found_in(found, firm=False) == [1]  # between release and limit: it would keep an alert open


def test_an_order_that_is_not_due_is_nobodys_matter_unless_it_comes_too_late() -> None:
    later = DAY + pd.Timedelta(days=2)
    frame = lines({"order_by": later}, {"order_by": later, "lost_after": 10.0})
    assert found_in(stockout.stockout(frame, limits("stockout", frame), TODAY)) == [1]
    assert found_in(stockout.stockout(frame, limits("stockout", frame, ahead_days=2.0), TODAY)) == [0, 1]


def test_the_proposal_covers_what_it_keeps_within_the_limits() -> None:
    gone = DAY - pd.Timedelta(days=1)
    frame = lines(
        {},
        {"lost_after": 10.0},  # it helps, but not enough
        {"order_by": gone},  # too late
        {"rejected": True},
        {"status": "none", "quantity": 0.0},
        {"lost_after": 10.0, "transfer_saves": 24.0, "transfer_by": DAY + pd.Timedelta(days=1)},
        {"lost_after": 10.0, "transfer_saves": 24.0, "transfer_by": gone},
    )
    found = stockout.stockout(frame, limits("stockout", frame), TODAY)
    assert found["covered_on"].tolist()[0] == DAY
    assert found["covered_on"].notna().tolist() == [True, False, False, False, False, True, False]
    assert found["by_transfer"].tolist() == [False, False, False, False, False, True, False]


def test_words_name_the_transfer_that_covers_and_no_day_that_has_passed() -> None:
    move = {
        "by_transfer": True,
        "transfer_quantity": 24.0,
        "transfer_from": "Shop 2",
        "transfer_by": DAY,
    }
    assert stockout.words(line(**move), "EUR", TODAY)[1] == (
        "Approve the transfer of 24 from Shop 2, leaving 22 Nov."
    )
    past = line(order_by=DAY - pd.Timedelta(days=1))
    assert stockout.words(past, "EUR", TODAY)[1].startswith("Plan again")
    assert "overdue" in stockout.words(line(late_quantity=12.0), "EUR", TODAY)[0]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(0, 500), min_size=1, max_size=8), st.floats(0.5, 0.999), st.floats(1, 3))
def test_a_greater_shortage_never_hides_an_alert(lost: list[float], target: float, factor: float) -> None:
    less = lines(*({"lost_before": units, "service_target": target} for units in lost))
    more = less.assign(lost_before=less["lost_before"] * factor)
    was = stockout.stockout(less, limits("stockout", less), TODAY)
    now = stockout.stockout(more, limits("stockout", more), TODAY)
    assert set(found_in(was)) <= set(found_in(now))
    wanted = [max(55.0, units) for units in lost]
    judged = [
        row
        for row, (units, want) in enumerate(zip(lost, wanted, strict=True))
        if units >= 0.5 and units / max((1 - target), 0.001) >= want and units * 3.0 >= 20.0
    ]
    assert found_in(was) == judged


# Below reorder point, excess, expiry


def test_below_the_reorder_point_and_due() -> None:
    frame = lines(
        {},  # 30 against 75
        {"term_on_hand": -75.0},  # at the point
        {"order_by": DAY + pd.Timedelta(days=1)},
        {"expected_profit": 5.0, "lost_before": 1.0},  # not worth telling
    )
    found = below_reorder_point.below_reorder_point(frame, limits("below_reorder_point", frame), TODAY)
    assert found_in(found) == [0]
    assert found.iloc[0][["severity", "size"]].tolist() == [75.0, 2.5]
    assert found["covered_on"].tolist() == [DAY]
    cause, act = below_reorder_point.words(line(), "EUR")
    assert cause.startswith("Stock and orders of 30 are below the reorder point of 75; the order is expected")
    assert act == "Order 48 by 22 Nov, arriving 26 Nov."


def test_excess_counts_days_of_sales_beyond_the_level() -> None:
    much = {"excess_units": 80.0, "order_up_to": 100.0, "excess_money": 30.0}
    frame = lines(
        much,  # 16 days
        much | {"expected_demand_daily": 0.0},
        much | {"excess_units": 60.0},  # 12 days: within the release of 14
        much | {"excess_units": 80.0, "order_up_to": 400.0},  # a fifth of the level
        much | {"status": "held"},
    )
    found = excess.excess(frame, limits("excess", frame))
    assert (found_in(found), found_in(found, firm=False)) == ([0, 1], [2])
    assert found["size"].tolist() == [16.0, excess.NOTHING_SELLS, 12.0]
    assert "80 more than needed" in excess.words(line(**much), "EUR")[0]


def test_expiry_counts_the_share_that_is_written_off_at_cost() -> None:
    frame = lines({"waste_before": 12.0}, {"waste_before": 12.0, "on_hand": 300.0}, {"waste_before": 0.9})
    found = expiry.expiry(frame, limits("expiry", frame, least_money=2.0))
    assert (found_in(found), found_in(found, firm=False)) == ([0], [1])
    assert found["severity"].tolist() == [30.0, 30.0]
    waste = line(waste_before=12.0)
    assert expiry.words(waste, "EUR")[1] == "Mark down or move 12 before they expire."
    assert expiry.words(waste | {"best_act": "Mark down 20 %."}, "EUR")[1] == "Mark down 20 %."


# Late and short orders


def orders(**columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame({"sku": "007", "location": "S1", "source": "Acme"} | columns)
    dates = [name for name in ("promised_date", "due", "closed_on") if name in frame]
    return frame.assign(**{name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in dates})


def test_late_is_what_was_promised_earlier() -> None:
    rows = orders(
        order_id=["PO-1", "PO-2", "PO-3", "PO-4", "PO-5"],
        open_quantity=[10.0, 20.0, 40.0, 80.0, 0.0],
        promised_date=["2026-11-20", "2026-11-21", "2026-11-22", None, "2026-11-01"],
        due=["2026-11-20", "2026-11-26", "2026-11-22", "2026-11-25", "2026-11-01"],
    )
    late = late_order.late_rows(rows, TODAY)
    assert late["order_id"].tolist() == ["PO-1", "PO-2"]
    (one,) = late_order.late_supply(late).to_dict("records")
    assert (one["units"], one["days_late"]) == (30.0, 5.0)
    assert (one["promised_date"], one["due"]) == (pd.Timestamp("2026-11-20"), pd.Timestamp("2026-11-26"))
    assert late_order.named_orders(late, pd.DataFrame([one])) == ["PO-1, PO-2"]


def test_a_late_order_costs_what_it_leaves_short() -> None:
    # 20 on order are overdue and counted as tomorrow's supply: without them 30 of 55 wanted are there
    waits = {"on_order": 20.0, "term_on_order": -20.0, "lost_before": 8.0}
    frame = lines(waits, waits | {"demand_until": 25.0, "lost_before": 0.0})
    late = pd.DataFrame({"units": [20.0, 20.0], "days_late": [3.0, 3.0]})
    found = late_order.late_order(late, frame, limits("late_order", frame))
    assert found["severity"].tolist() == [60.0]  # all 20 at 3; the second line has enough without them
    row = {"units": 20.0, "days_late": 3.0, "promised_date": DAY, "due": pd.NaT, "source_name": "Acme"}
    cause, act = late_order.words(row | {"severity": 60.0, "order_ids": "PO-1"}, "EUR")
    assert cause == (
        "20 from Acme were promised for 22 Nov: 3 days late (PO-1); 60.00 EUR of margin depend on them."
    )
    assert act == "Chase Acme for PO-1, or move stock from elsewhere."


def _short_by_days(stock: float, rate: float, days: int) -> float:
    """Sell whole days from a stock and count what is missing."""
    short = 0.0
    for _ in range(days):
        sold = min(stock, rate)
        stock, short = stock - sold, short + rate - sold
    return short


@settings(deadline=None, max_examples=100)
@given(st.floats(0, 50), st.floats(0, 50), st.floats(0, 10), st.integers(1, 20))
def test_what_late_units_leave_short_is_what_selling_by_the_day_says(
    stock: float, late: float, rate: float, days: int
) -> None:
    with_it = _short_by_days(stock + late, rate, days)
    without = _short_by_days(stock, rate, days)
    frame = lines(
        {
            "term_on_hand": -stock,
            "term_on_order": -late,
            "lost_before": with_it,
            "demand_until": rate * days,
        }
    )
    (units,) = late_order.missed(np.array([late]), frame)
    assert units == pytest.approx(min(without, late), abs=1e-6)
    assert units >= without - with_it - 1e-6


def test_a_short_delivery_costs_its_part_of_the_shortage() -> None:
    rows = orders(
        order_id=["PO-1", "PO-2", "PO-3"],
        quantity=[40.0, 60.0, 50.0],
        received=[40.0, 20.0, None],
        closed_on=["2026-11-20", "2026-11-20", "2026-10-01"],
    )
    short = short_order.short_rows(rows, TODAY)
    assert short["order_id"].tolist() == ["PO-2"]
    groups = short_order.short_supply(short)
    assert groups[["units", "ordered"]].to_numpy().tolist() == [[40.0, 60.0]]
    frame = lines({"lost_before": 15.0})
    found = short_order.short_order(groups, frame, limits("short_order", frame))
    assert found[["severity", "size"]].to_numpy().tolist() == [[45.0, pytest.approx(2 / 3)]]
    row = line() | groups.iloc[0].to_dict() | {"source_name": "Acme", "severity": 45.0, "order_ids": "PO-2"}
    cause, act = short_order.words(row, "EUR")
    assert "Acme delivered 20 of 60 ordered (PO-2, closed 20 Nov); the 40 missing cost 45.00 EUR" in cause
    assert act == "Order 48 by 22 Nov in their place."
    assert "Agree with Acme" in short_order.words(row | {"quantity": 0.0}, "EUR")[1]


# Forecast drift


def sums(**columns: Any) -> pd.DataFrame:
    base = {"sold": 130.0, "forecast": 100.0, "days": 20.0, "level_cv": 0.0, "dispersion": 1.0}
    return pd.DataFrame({name: np.atleast_1d(value) for name, value in (base | columns).items()})


def test_drift_of_a_poisson_count_is_its_distance_in_standard_deviations() -> None:
    frame = lines({})
    found = forecast_drift.forecast_drift(sums(), frame, limits("forecast_drift", frame, limit=2.9))
    assert found["size"].tolist() == [3.0]  # 30 over √100, as for any Poisson count
    assert poisson.sf(129, 100) == pytest.approx(0.0023, abs=2e-4)  # what three such deviations are worth
    # 6.5 a day sold, 5 forecast and 5 now: 1.5 × 11 days × 3
    assert found["severity"].tolist() == [pytest.approx(1.5 * 11 * 3)]


def test_drift_is_measured_by_the_spread_of_the_forecasts_own_paths() -> None:
    mean, level, dispersion = np.full(20, 5.0), 0.15, 2.0
    paths = sample_paths(mean, level, dispersion, 7, 20_000).sum(axis=1)
    frame = lines({})
    sold = float(paths.mean() + 3 * paths.std())
    found = forecast_drift.forecast_drift(
        sums(sold=sold, level_cv=level, dispersion=dispersion),
        frame,
        limits("forecast_drift", frame, limit=1),
    )
    assert found["size"].item() == pytest.approx(3.0, rel=0.04)


def test_a_forecast_that_has_followed_is_no_drift() -> None:
    frame = lines({"expected_demand_daily": 6.5}, {"expected_demand_daily": 9.0})
    both = pd.concat([sums(), sums()], ignore_index=True)
    assert forecast_drift.forecast_drift(both, frame, limits("forecast_drift", frame, limit=1)).empty
    low = lines({"expected_demand_daily": 5.0})
    found = forecast_drift.forecast_drift(
        sums(sold=20.0), low, limits("forecast_drift", low, limit=1, least_money=1)
    )
    assert found["severity"].tolist() == [pytest.approx(4.0 * 11 * 0.01 * 11)]  # too much is held, not lost


@given(st.floats(0, 100), st.floats(0.1, 100), st.floats(1, 30), st.floats(0, 10))
def test_the_gap_left_open_is_never_more_than_the_gap(
    sold: float, forecast: float, days: float, now: float
) -> None:
    gap = forecast_drift.unfollowed(*(np.array([each]) for each in (sold, forecast, days, now)))
    assert 0.0 <= gap.item() <= abs(sold - forecast) / days + 1e-9


def test_drift_in_words() -> None:
    row = sums().iloc[0].to_dict() | {"since": DAY, "size": 3.0, "expected_demand_daily": 5.0}
    cause, act = forecast_drift.words(row, "EUR")
    assert cause.startswith("130 sold since 22 Nov, 30% more than the 100 forecast: 3.0 standard deviations")
    assert act.startswith("Raise the forecast")
    assert forecast_drift.words(row | {"sold": 50.0}, "EUR")[1].startswith("Lower the forecast")


# Data and messages


def test_feeds_that_stopped_and_a_plan_that_is_old() -> None:
    faults = pd.DataFrame(
        {
            "check": ["stale_feed", "stale_feed", "old_stock"],
            "severity": ["warning", "info", "warning"],
            "table": ["sales", "sales", "inventory_snapshot"],
            "location": ["S1", "S2", "S1"],
            "rows": [4, 200, 9],
            "date": pd.to_datetime(["2026-11-17"] * 3),
        }
    )
    rows = data_stale.feeds(faults, date(2026, 11, 19), TODAY, 1.0, lines({}, {"location": "S2"}))
    assert rows[["location", "source", "missing", "money"]].to_numpy().tolist() == [
        ["S1", "sales", 4.0, 75.0],
        ["", "plan", 3.0, 150.0],
    ]
    rows = rows.assign(category="", abc="")
    found = data_stale.data_stale(rows, limits("data_stale", rows))
    assert found["level"].tolist() == ["critical", "warning"]
    texts = [
        data_stale.words(row | {"location_name": "Shop 1", "severity": 75.0}, "", "day")[0]
        for row in rows.to_dict("records")
    ]
    assert texts == [
        "Sales of Shop 1: nothing since 17 Nov, 4 days missing; 75.00 at risk are decided on old figures.",
        "The plan is for 19 Nov, 3 days ago; 75.00 at risk are decided on old figures.",
    ]
    assert data_stale.feeds(faults.iloc[:0], TODAY, TODAY, 1.0, lines({})).empty


def test_dead_letters_count() -> None:
    queues = pd.DataFrame({"source": ["a", "b"], "letters": [1, 2], "money": [0.0, 40.0]})
    queues = queues.assign(category="", abc="", location="")
    found = dead_letters.dead_letters(queues, limits("dead_letters", queues))
    assert found["level"].tolist() == ["warning", "critical"]
    row = {"source": "acts", "letters": 1, "reason": "quantity is missing"}
    assert dead_letters.words(row)[0] == "1 message of queue acts could not be read: quantity is missing."
    assert dead_letters.words(row | {"letters": 3, "reason": ""})[0].startswith("3 messages of queue acts")


# What people agreed counts as supply


def test_an_approved_order_gives_the_plans_figures_with_it() -> None:
    frame = lines({}, {}, {}, {})
    curve = (np.array([0.0, 24.0, 48.0]), np.array([30.0, 12.0, 0.0]), np.array([0.0, 0.0, 6.0]))
    approved = np.array([np.nan, 48.0, 24.0, 0.0])
    stands = with_approved(frame.assign(waste_after=6.0), approved, [curve, curve, curve])
    assert stands["lost_before"].tolist() == [25.0, 0.0, pytest.approx(25.0 * 12 / 30), 25.0]
    assert stands["waste_before"].tolist() == [0.0, 6.0, 0.0, 0.0]
    assert stands["on_order"].tolist() == [0.0, 48.0, 24.0, 0.0]
    assert stands["status"].tolist() == ["proposed", "none", "none", "none"]
    assert with_approved(frame, np.full(4, np.nan), []) is frame


def test_without_a_curve_a_part_of_the_order_saves_its_part() -> None:
    frame = lines({}, {"quantity": 0.0, "status": "none"})
    stands = with_approved(frame, np.array([12.0, 12.0]), [None, None])
    assert stands["lost_before"].tolist() == [pytest.approx(25.0 * 0.75), 25.0]
    curve = (np.array([0.0, 48.0]), np.array([25.0, 1.0]), np.array([0.0, 0.0]))
    assert with_approved(frame, np.array([np.nan, 12.0]), [curve])["lost_before"].tolist() == [25.0, 19.0]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(0, 60), min_size=3, max_size=3).map(lambda units: sorted(units, reverse=True)),
    st.floats(0, 96),
)
def test_more_approved_never_leaves_more_short(short: list[float], quantity: float) -> None:
    curve = (np.array([0.0, 24.0, 48.0]), np.array(short), np.zeros(3))
    few, more = (
        with_approved(lines({}), np.array([units]), [curve])["lost_before"].item()
        for units in (quantity, quantity + 6.0)
    )
    assert 0.0 <= more <= few + 1e-9
    assert few <= 25.0 + 1e-9


def test_an_approved_transfer_moves_the_shortage_and_the_excess() -> None:
    frame = lines({}, {"location": "S2", "excess_units": 40.0, "excess_money": 20.0, "waste_before": 10.0})
    move = {"to_row": 0, "from_row": 1, "quantity": 20.0, "gain": 30.0, "loss": -5.0}
    stands = with_transfers(frame, pd.DataFrame([move]))
    assert stands["lost_before"].tolist() == [15.0, 25.0]
    assert stands["waste_before"].tolist() == [0.0, 8.0]
    assert stands["on_order"].tolist() == [20.0, 0.0]
    assert stands["excess_money"].tolist() == [0.0, 10.0]
    costly = with_transfers(frame, pd.DataFrame([move | {"to_row": -1, "loss": 6.0}]))
    assert costly["lost_before"].tolist() == [25.0, 27.0]
    assert with_transfers(frame, pd.DataFrame(columns=["to_row"])) is frame


def test_a_proposed_transfer_is_told_of_and_is_no_supply() -> None:
    moves = pd.DataFrame(
        {
            "to_row": [0, 0, -1],
            "quantity": [20.0, 10.0, 5.0],
            "gain": [30.0, 15.0, 9.0],
            "ship_date": pd.to_datetime(["2026-11-24", "2026-11-23", "2026-11-22"]),
            "origin_name": ["Shop 2", "Shop 3", "Shop 4"],
        }
    )
    told = with_proposed(lines({}).drop(columns=["transfer_by", "transfer_saves"]), moves)
    assert told["lost_before"].tolist() == [25.0]
    assert told[["transfer_saves", "transfer_quantity", "transfer_from"]].to_numpy().tolist() == [
        [15.0, 30.0, "Shop 2, Shop 3"]
    ]
    assert told["transfer_by"].tolist() == [pd.Timestamp("2026-11-23")]


# Thresholds


def test_of_each_threshold_the_most_specific_rule_counts() -> None:
    rules = pd.DataFrame(
        [
            ("", "", "", "", True, 3.0, 50.0),  # a limit of all types counts for none
            ("", "Dairy", "", "", None, None, 60.0),
            ("", "", "A", "", None, None, 70.0),
            ("", "", "", "S1", None, None, 80.0),
            ("excess", "Dairy", "", "", None, 7.0, None),
            ("excess", "", "A", "S1", False, None, 90.0),
            ("expiry", "", "", "", None, 0.5, 1.0),
        ],
        columns=["alert_type", "category", "abc", "location", "enabled", "limit", "least_money"],
    )
    rows = lines({}, {"location": "S2"}, {"location": "S2", "abc": "C"}, {"category": "Tea", "abc": "C"})
    found = limits_of("excess", rules, rows)
    assert found.least_money.tolist() == [90.0, 70.0, 60.0, 80.0]
    assert found.limit.tolist() == [7.0, 7.0, 7.0, 14.0]
    assert found.enabled.tolist() == [False, True, True, True]
    assert found_in(excess.excess(rows.assign(excess_units=500.0, excess_money=95.0), found)) == [1, 2, 3]


@pytest.mark.parametrize("kind", ALERT_TYPES)
def test_every_kind_has_thresholds_and_a_page(kind: str) -> None:
    assert limits_of(kind, NO_RULES, lines({})).limit.item() > 0
    page = link(kind, "007", "S1", "Acme").partition("?")[0]
    assert page in ("item", "expiry", "suppliers", "data_health", "events")
