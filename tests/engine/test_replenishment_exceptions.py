"""Which lines need a person, and the words that say so."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from engine.contracts import ORDER_BOUNDS
from engine.replenishment.exceptions import describe
from engine.replenishment.words import explain_in_words, units

AS_OF = dt.date(2026, 11, 22)
CALM = {
    "line_id": "A|S1|V",
    "source": "V",
    "status": "none",
    "held_reason": None,
    "quantity": 0.0,
    "unit_cost": 2.0,
    "order_by": pd.Timestamp(AS_OF),
    "arrival_date": pd.Timestamp("2026-11-25"),
    "next_arrival_date": pd.Timestamp("2026-12-02"),
    "need_date": pd.NaT,
    "term_demand": 100.0,
    "term_buffer": 20.0,
    "term_on_hand": -90.0,
    "term_on_order": -40.0,
    "term_excess": 10.0,
    "term_cover": 0.0,
    "term_moq": 0.0,
    "term_multiple": 0.0,
    "term_joint": 0.0,
    "on_hand": 90.0,
    "on_order": 40.0,
    "moq": 0.0,
    "order_multiple": 1.0,
    "service_target": 0.95,
    "stockout_cost": 1.5,
    "order_up_to": 120.0,
    "expected_demand_daily": 10.0,
    "days_of_cover": 9.0,
    "lost_before": 0.0,
    "lost_after": 0.0,
    "waste_before": 0.0,
    "excess_units": 0.0,
    "money_at_risk": 0.0,
    "projected_stock": [1.0],
    "late_quantity": 0.0,
}
SHORT = {
    "status": "proposed",
    "quantity": 80.0,
    "lost_before": 60.0,
    "lost_after": 1.0,
    "need_date": pd.Timestamp("2026-11-27"),
    "money_at_risk": 90.0,
}


def said(**changes):
    return describe(pd.DataFrame([{**CALM, **changes}]), as_of=AS_OF, currency="EUR").iloc[0]


def test_a_calm_line_is_no_exception():
    assert pd.isna(said()["exception"])
    assert pd.isna(said()["cause"])


def test_a_due_order_that_prevents_a_shortage():
    row = said(**SHORT)
    assert row["exception"] == "stockout"
    assert row["cause"] == (
        "Stock runs out on 27 Nov: shortage of 60 until 2 Dec (90.00 EUR); 90 on hand, 40 on order."
    )
    assert row["recommendation"] == "Order 80 by 22 Nov: it saves 59, arriving 25 Nov."


def test_an_order_that_is_due_later_and_comes_in_time_is_no_exception_yet():
    later = pd.Timestamp("2026-11-24")
    assert pd.isna(said(**SHORT, order_by=later)["exception"])
    assert said(**{**SHORT, "lost_after": 40.0}, order_by=later)["exception"] == "stockout"


def test_the_earliest_order_day_is_taken_for_today():
    frame = pd.DataFrame([{**CALM, **SHORT}, {**CALM, **SHORT, "order_by": pd.Timestamp("2026-11-24")}])
    kinds = describe(frame)["exception"]
    assert kinds[0] == "stockout"
    assert pd.isna(kinds[1])


def test_a_shortage_within_the_target_is_no_exception():
    assert pd.isna(said(**{**SHORT, "lost_before": 4.0})["exception"])


def test_a_shortage_that_the_order_cannot_prevent_asks_to_expedite():
    row = said(**{**SHORT, "lost_after": 40.0})
    assert row["recommendation"].startswith("Order 80 by 22 Nov: it saves 20, but 40 stay short")
    assert "expedite" in row["recommendation"]


def test_a_limit_that_keeps_the_order_small_is_named():
    row = said(**{**SHORT, "lost_after": 40.0, "term_cover": -35.0})
    assert "keeps the order 35 below the need" in row["recommendation"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Bring forward the 40 on order, or move stock from elsewhere: a new order would arrive too "
             "late, on 25 Nov."),
        ({"term_moq": -30.0, "moq": 12.0, "on_order": 0.0},
         "Move stock from elsewhere: a new order would arrive too late, on 25 Nov."),
        ({"on_order": 0.0}, "Move stock from elsewhere: a new order would arrive too late, on 25 Nov."),
        ({"term_moq": -3.0, "moq": 12.0, "order_multiple": 6.0},
         "No order: the least lot of 12 for the 3 needed is more than is allowed or pays. Agree smaller "
         "lots, raise the limit, or move stock from elsewhere."),
        ({"term_cover": -30.0}, "No order: the shelf or the most cover leaves no room for the 30 needed. "
                                "Deliver more often, or raise the limit."),
    ],
)  # fmt: skip
def test_a_shortage_without_an_order_says_what_helps(changes, words):
    row = said(**{**SHORT, "quantity": 0.0, "lost_after": 60.0, "need_date": pd.NaT, **changes})
    assert row["cause"].startswith("Stock runs low: shortage of 60")
    assert row["recommendation"] == words


def test_overdue_supply_is_chased():
    row = said(**SHORT, late_quantity=40.0)
    assert row["exception"] == "late_supply"
    assert row["cause"].startswith("40 are overdue on open orders; stock runs out")
    assert row["recommendation"].startswith("Chase the 40 overdue from V. Order 80")
    bare = said(**{**SHORT, "quantity": 0.0, "lost_after": 60.0}, late_quantity=40.0)
    assert bare["recommendation"] == "Chase the 40 overdue from V; 60 depend on it."


def test_expiry_names_units_and_money():
    row = said(waste_before=30.0, money_at_risk=60.0)
    assert row["exception"] == "expiry"
    assert row["cause"].startswith("30 of the 130 on hand and on order expire before they sell, at 10 a day")
    assert "(60.00 EUR)" in row["cause"]
    assert row["recommendation"] == "Mark down or move 30 before they expire."
    assert pd.isna(said(waste_before=5.0, money_at_risk=10.0)["exception"])  # below 5 % of stock


def test_one_each_expires_as_one():
    row = said(waste_before=1.0, on_hand=5.0, on_order=0.0)
    assert row["cause"].startswith("1 of the 5 on hand and on order expires before it sells, at 10 a day")
    assert row["recommendation"] == "Mark down or move 1 before it expires."


def test_overstock_cancels_what_is_on_order_first():
    assert pd.isna(said(excess_units=100.0, money_at_risk=12.0)["exception"])  # sells in ten days
    slow = {"excess_units": 100.0, "money_at_risk": 12.0, "expected_demand_daily": 2.0}
    row = said(**slow)
    assert row["exception"] == "overstock"
    assert "100 more than needed" in row["cause"]
    assert "200.00 EUR tied up" in row["cause"]
    assert row["recommendation"] == "Cancel or postpone 40 of the open orders."
    idle = said(**{**slow, "expected_demand_daily": 0.0}, on_order=0.0)
    assert "nothing is selling" in idle["cause"]
    assert idle["recommendation"].startswith("Move 100")


def test_overstock_counts_open_orders_in_its_cover():
    row = said(excess_units=100.0, money_at_risk=12.0, expected_demand_daily=2.0)
    assert "90 on hand and 40 on order, enough for 65 days" in row["cause"]


def test_stock_that_lasts_until_the_next_arrival_on_most_paths_runs_low():
    row = said(**{**SHORT, "need_date": CALM["next_arrival_date"]})
    assert row["cause"].startswith("Stock runs low: shortage of 60 until 2 Dec")


def test_a_risk_below_the_least_money_is_no_exception():
    frame = pd.DataFrame([{**CALM, **SHORT}, {**CALM, "status": "held", "held_reason": "stock is -12"}])
    assert describe(frame, as_of=AS_OF, least_money=90.0)["exception"].tolist() == ["stockout", "held"]
    kinds = describe(frame, as_of=AS_OF, least_money=90.01)["exception"]
    assert pd.isna(kinds[0])
    assert kinds[1] == "held"


def test_the_greatest_risk_in_money_names_the_exception():
    row = said(**{**SHORT, "waste_before": 100.0, "money_at_risk": 290.0})
    assert row["exception"] == "expiry"


def test_a_held_line_says_why():
    row = said(**SHORT | {"status": "held", "held_reason": "Stock is negative."})
    assert row["exception"] == "held"
    assert row["cause"] == "Stock is negative."
    assert "Repair" in row["recommendation"]


def test_an_empty_plan_has_no_exceptions_and_the_index_is_kept():
    assert describe(pd.DataFrame([CALM]).iloc[:0]).empty
    frame = pd.DataFrame([CALM, {**CALM, **SHORT}], index=[7, 3])
    assert list(describe(frame).index) == [7, 3]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Nothing to order: 100 are expected to sell until 2 Dec and 20 more are a buffer against "
             "uncertainty; 90 on hand and 40 on order cover that with 10 to spare."),
        ({"term_on_hand": 0.0, "term_on_order": 0.0, "quantity": 120.0, "term_excess": 0.0},
         "Order 120 because 100 are expected to sell until 2 Dec and 20 more are a buffer against "
         "uncertainty, with nothing on hand or on order."),
        ({"term_excess": 0.0, "term_buffer": -20.0, "term_on_order": 0.0, "term_moq": 14.0, "quantity": 4.0,
          "moq": 9.0, "term_cover": -5.0, "term_multiple": -5.0, "order_multiple": 2.0},
         "Order 4 because 100 are expected to sell until 2 Dec, of which 20 need no stock (the target or "
         "the shelf life leaves them out), less 90 on hand; 5 fewer keep within the most cover or the shelf; "
         "14 more reach the minimum order of 9; 5 fewer round it down to whole multiples of 2."),
        ({"quantity": 24.0, "term_cover": 20.0, "term_multiple": 4.0, "order_multiple": 12.0},
         "Order 24 because 100 are expected to sell until 2 Dec and 20 more are a buffer against "
         "uncertainty, less 90 on hand and 40 on order, which is 10 more than that; 20 more keep the least "
         "cover or fill the shelf; 4 more round it up to whole multiples of 12."),
        ({"term_excess": 0.0, "term_moq": -3.0, "term_on_order": -27.0},
         "Nothing to order: 100 are expected to sell until 2 Dec and 20 more are a buffer against "
         "uncertainty, against 90 on hand and 27 on order; no order that is allowed and pays serves "
         "the 3 needed."),
        ({"status": "held", "held_reason": "stock is negative"},
         "Held: stock is negative. Nothing is ordered until the data is repaired."),
    ],
)  # fmt: skip
def test_the_order_in_words(changes, words):
    assert explain_in_words({**CALM, **changes}) == words


def test_an_economic_lot_and_whole_units_are_called_so():
    text = explain_in_words({**CALM, "quantity": 10.0, "term_moq": 9.6, "term_multiple": 0.4})
    assert "9.6 more reach the economic lot; 0.4 more round it up to whole units" in text


def test_an_order_beyond_the_minimum_is_the_economic_lot():
    text = explain_in_words({**CALM, "quantity": 72.0, "term_moq": 12.0, "moq": 60.0})
    assert "12 more reach the economic lot" in text


def test_one_is_spoken_of_as_one():
    text = explain_in_words(
        {**CALM, "quantity": 6.0, "term_demand": 1.0, "term_buffer": 1.0, "term_cover": -1.0}
    )
    assert "1 is expected to sell until 2 Dec and 1 more is a buffer" in text
    assert "1 fewer keeps within" in text


def test_units_read_well():
    assert [units(v) for v in (0.0, -0.04, 0.04, 9.96, 12.4, 1234567.0)] == [
        "0", "0", "0", "10", "12", "1,234,567",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"quantity": 44.0, "term_joint": -36.0, "bound": "budget", "lost_after": 30.0},
            "Order 44 by 22 Nov: it saves 30, but 30 stay short "
            "(36 fewer: the cash budget ends before them). "
            "Raise the budget.",
        ),
        (
            {"quantity": 0.0, "term_joint": -80.0, "bound": "supplier_minimum", "lost_after": 60.0},
            "No order, 80 fewer: the order is below the supplier's minimum and waits, as raising it would "
            "cost more. Agree a lower minimum, or buy it elsewhere.",
        ),
        (
            {"quantity": 40.0, "term_joint": -40.0, "bound": "dc_shortage", "lost_after": 30.0},
            "Order 40 by 22 Nov: it saves 30, but 30 stay short (40 fewer: V has too little for all that it "
            "supplies). Expedite what the centre has on order, or move stock from elsewhere.",
        ),
        (
            {"quantity": 92.0, "term_joint": 12.0, "bound": "truck", "lost_after": 1.0},
            "Order 92 by 22 Nov: it saves 59, arriving 25 Nov.",
        ),
    ],
)
def test_what_lines_share_is_named_where_it_causes_a_shortage(
    changes: dict[str, float | str], words: str
) -> None:
    said = describe(pd.DataFrame([{**CALM, **SHORT, **changes}]), as_of=AS_OF)["recommendation"].item()
    assert said == words


def test_every_bound_that_moves_lines_has_its_words() -> None:
    line = {**CALM, "next_arrival_date": dt.date(2026, 12, 2)}
    for bound in ORDER_BOUNDS[7:]:
        for moved in (-12.0, 12.0):
            said = explain_in_words({**line, "quantity": 12.0, "term_joint": moved, "bound": bound})
            assert f"12 {'more' if moved > 0 else 'fewer'}" in said
            assert "lines share supply" not in said
