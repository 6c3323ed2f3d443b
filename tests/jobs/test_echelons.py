"""Stores and centres planned in one run, on small real lakes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_lake.runs import read_run_table
from engine.contracts import EXPLAIN_TERMS
from engine.forecast.hierarchy import HeldOut
from engine.replenishment.plan import plan_lines
from jobs.demand import planning_panel
from jobs.echelon_levels import echelon_levels
from jobs.echelons import UNMEASURED_CORRELATION, measured_correlation, plan_echelons
from jobs.item_state import load_item_state
from jobs.line_inputs import order_offsets, order_periods
from jobs.order_calendar import order_days, order_days_until
from jobs.plan import plan
from jobs.supply_flows import own_sales_share, promised, supply_flows

TWO_STORES = {"DC": "X", "S1": "DC", "S2": "DC"}
SELLING = {"S1": 6.0, "S2": 3.0}


def planned(network, held=(), held_out=None):
    mask = np.isin(network.lines["location"], held)
    return plan_echelons(network.inputs, network.lines, network.line_inputs, mask, held_out, n_paths=200)


def test_todays_orders_of_the_stores_are_the_centres_demand_of_today(network):
    small = network(TWO_STORES, SELLING, {"DC": 100.0, "S1": 4.0, "S2": 5.0}, order_multiple={"S1": 6.0})
    found = planned(small)
    centre, stores = small.row("DC"), [small.row("S1"), small.row("S2")]
    assert found.level.tolist() == [1, 0, 0]
    today = found.plans.quantity[stores].sum()
    assert today > 0
    assert found.line_inputs.mean[centre, 0] == pytest.approx(today)
    # In the long run the centre passes on what is sold.
    assert found.line_inputs.mean[centre, 14:].mean() == pytest.approx(9.0, rel=0.01)
    assert found.line_inputs.level_cv[centre] < 0.1
    # The stores' own plans and every other input are as they were.
    alone = plan_lines(small.line_inputs, n_paths=200)
    assert (found.plans.quantity[stores] == alone.quantity[stores]).all()
    assert (found.line_inputs.mean[stores] == small.line_inputs.mean[stores]).all()


def test_full_stores_order_nothing_until_they_have_sold_it(network):
    small = network(TWO_STORES, SELLING, {"S1": 60.0, "S2": 30.0})
    found = planned(small)
    coming = found.line_inputs.mean[small.row("DC")]
    assert coming[:4].sum() < 0.5
    assert coming.sum() < 56 * 9.0 - 40
    assert found.plans.quantity[small.row("DC")] < plan_lines(small.line_inputs).quantity[small.row("DC")]


def test_a_store_that_orders_on_mondays_asks_on_mondays(network):
    small = network(TWO_STORES, SELLING, {}, review_weekdays={"S1": [0.0], "S2": [0.0]})
    coming = planned(small).line_inputs.mean[small.row("DC")]
    days = np.array([np.datetime64(small.inputs.as_of) + day for day in range(56)])
    mondays = (days.astype("datetime64[D]").astype(int) + 3) % 7 == 0
    assert (coming[mondays] > 0).all()
    assert not coming[~mondays].any()


def test_centres_of_centres_follow_level_by_level(network):
    small = network(
        {"PORT": "X", "DC": "PORT", "S1": "DC", "S2": "DC"},
        SELLING,
        {"PORT": 300.0, "DC": 30.0},
        order_multiple={"DC": 24.0},
        moq={"DC": 48.0},
    )
    found = planned(small)
    port, centre = small.row("PORT"), small.row("DC")
    assert (found.level[port], found.level[centre]) == (2, 1)
    assert found.plans.quantity[centre] % 24 == 0
    assert found.line_inputs.mean[port, 0] == pytest.approx(found.plans.quantity[centre])
    assert found.line_inputs.mean[port, 20:].mean() == pytest.approx(9.0, rel=0.02)
    # The direct forecast of the port sees what is sold two levels below.
    panel = planning_panel(small.inputs.sales, small.lines, small.inputs.tables["products"])
    assert panel.values[port].sum() == pytest.approx(panel.values[centre].sum()) == pytest.approx(60 * 9.0)


def test_places_that_supply_each_other_are_named_and_planned_on_direct_demand(network):
    small = network({"A": "B", "B": "A", "S1": "A", "SELF": "SELF"}, {"S1": 6.0, "SELF": 2.0}, {})
    found = planned(small)
    named = found.faults.set_index("location")
    assert set(named.index) == {"A", "B", "SELF"}
    assert set(named["check"]) == {"circular_sourcing"}
    assert named.loc["A", "value"] == "B"
    assert "planned on its own sales and those of what it supplies" in named.loc["SELF", "fix"]
    assert (found.line_inputs.mean == small.line_inputs.mean).all()
    assert not found.level.any()


def test_what_supplies_a_circle_is_still_planned_on_its_orders(network):
    small = network({"X1": "X", "A": "B", "B": "A", "C": "X1", "S1": "C"}, {"S1": 6.0, "A": 1.0}, {})
    found = planned(small)
    assert found.level[[small.row(place) for place in ("X1", "C", "S1", "A", "B")]].tolist() == [
        2,
        1,
        0,
        0,
        0,
    ]


def test_a_held_store_counts_with_its_forecast_demand(network):
    small = network(TWO_STORES, SELLING, {"S1": 5000.0, "S2": 0.0})
    centre = small.row("DC")
    trusted, held = planned(small), planned(small, held=["S1"])
    assert trusted.line_inputs.mean[centre, 14:].mean() == pytest.approx(3.0, rel=0.02)
    assert held.line_inputs.mean[centre, 14:].mean() == pytest.approx(9.0, rel=0.02)
    assert held.line_inputs.mean[centre, 1] == pytest.approx(9.0, rel=0.05)


def test_customers_of_the_centre_count_beside_its_stores(network):
    small = network(TWO_STORES, SELLING | {"DC": 1.0}, {"S1": 500.0, "S2": 500.0})
    found = planned(small)
    centre = small.row("DC")
    share = own_sales_share(small.inputs.sales, small.lines, supply_flows(small.lines))
    assert share.tolist() == pytest.approx([0.1, 0.0, 0.0])
    assert found.line_inputs.mean[centre, :20] == pytest.approx(1.0)
    assert found.own_demand[centre] == pytest.approx(1.0)
    assert not found.own_demand[small.row("S1")].any()


def test_approved_transfers_that_have_not_left_are_demand_of_today(network):
    small = network(
        TWO_STORES, SELLING, {"S1": 500.0, "S2": 500.0}, coming={"S1": (2, 30.0), "S2": (1, 20.0)}
    )
    sent = small.inputs.tables["orders"].assign(kind="transfer", from_source="DC")
    today, yesterday = (np.datetime64(small.inputs.as_of - dt.timedelta(days=day)) for day in (0, 1))
    approved = sent.assign(status=["approved", "sent"], ordered_at=today)
    inputs = replace(small.inputs, tables={**small.inputs.tables, "orders": approved})
    assert promised(approved, small.lines, small.inputs.as_of).tolist() == [30.0, 0.0, 0.0]
    gone = approved.assign(ordered_at=yesterday)
    assert not promised(gone, small.lines, small.inputs.as_of).any()
    found = planned(replace(small, inputs=inputs))
    centre = small.row("DC")
    before = planned(small).line_inputs.mean[centre]
    assert (found.line_inputs.mean[centre] - before).tolist() == [30.0] + [0.0] * 55


def test_a_single_echelon_is_planned_as_before(network):
    small = network({"S1": "X", "S2": "X"}, SELLING, {"S1": 3.0})
    found = planned(small)
    assert found.line_inputs is small.line_inputs
    alone = plan_lines(small.line_inputs, n_paths=200)
    assert (found.plans.quantity == alone.quantity).all()
    assert found.faults.empty
    assert not found.level.any()


def test_levels_that_were_wrong_together_in_the_past_widen_the_centres_demand(network):
    small = network(TWO_STORES, SELLING, {})
    forecast = np.full((3, 3, 28), 5.0)
    level = np.array([1.3, 0.7, 1.2])[:, None, None]
    together = HeldOut(forecast, forecast * level, np.ones(forecast.shape, dtype=bool))
    apart = HeldOut(
        forecast, forecast * np.array([[1, 1.3, 0.7]] * 3)[:, :, None], np.ones(forecast.shape, dtype=bool)
    )
    unseen = HeldOut(forecast, forecast, np.zeros(forecast.shape, dtype=bool))
    flows = supply_flows(small.lines)
    cv = small.line_inputs.level_cv
    assert measured_correlation(cv, flows, together) == 1.0
    assert measured_correlation(cv, flows, apart) == 0.0
    assert measured_correlation(cv, flows, unseen) == UNMEASURED_CORRELATION
    assert measured_correlation(cv, flows, None) == UNMEASURED_CORRELATION
    centre = small.row("DC")
    widths = [planned(small, held_out=past).line_inputs.level_cv[centre] for past in (apart, None, together)]
    assert widths == sorted(widths)
    assert widths[0] < widths[2]


def test_the_whole_plan_keeps_its_promises(network):
    small = network(TWO_STORES, SELLING, {"DC": 12.0, "S1": 2.0}, order_multiple={"S1": 6.0, "S2": 6.0})
    run = plan(small.lake)
    lines = read_run_table(small.lake, run, "plan_lines").set_index("location")
    assert (lines[list(EXPLAIN_TERMS)].sum(axis=1) == lines["quantity"]).all()
    shares = read_run_table(small.lake, run, "allocations").set_index("location")
    assert (shares["granted"] == lines.loc[shares.index, "quantity"]).all()
    assert (lines.loc[shares.index[shares["granted"] < shares["wanted"]], "bound"] == "dc_shortage").all()
    curves = read_run_table(small.lake, run, "line_curves")
    assert set(curves["line_id"]) == set(lines["line_id"])
    # A what-if of the centre starts from its stores' orders and gives the plan's own order back.
    state = load_item_state(small.lake, run, "007", "DC")
    assert state.inputs.mean[0, 0] == pytest.approx(shares["wanted"].sum())
    assert state.plan.quantity[0] == lines.loc["DC", "quantity"] - lines.loc["DC", "term_joint"]
    # The direct forecast stays the forecast of the centre.
    direct = read_run_table(small.lake, run, "forecasts", where={"location": ["DC"]})
    assert direct["mean"].iloc[0] == pytest.approx(9.0, rel=0.1)
    assert plan(small.lake, force=True).outputs == run.outputs


@given(
    st.lists(st.integers(0, 6), max_size=7),
    st.floats(1, 30),
    st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)),
)
def test_order_days_ahead_begin_with_the_next_two(weekdays, review, day):
    closed = [(day + dt.timedelta(days=3)).isoformat()]
    ahead = order_days_until(day, weekdays, closed, review, 70)
    assert ahead[:2] == order_days(day, weekdays, closed, review)
    assert all(b > a for a, b in pairwise(ahead))
    assert 3 not in ahead


def test_an_approved_line_is_ordered_again_on_its_next_order_day(network):
    small = network(TWO_STORES, SELLING, {})
    lines = small.lines.assign(next_order_date=np.datetime64(small.inputs.as_of) + np.timedelta64(4, "D"))
    ahead = order_periods(lines, small.inputs.as_of, "D", 10)
    assert ahead.argmax(axis=1).tolist() == order_offsets(lines, small.inputs.as_of)[:, 0].tolist() == [4] * 3
    weeks = order_periods(lines, small.inputs.as_of, "W", 3)
    assert weeks.all()


@given(st.integers(1, 7).flatmap(lambda n: st.tuples(
    st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=12)
)))  # fmt: skip
def test_levels_by_walking_every_path(case):
    n, pairs = case
    flows = (np.array([a for a, _ in pairs], dtype=np.int64), np.array([b for _, b in pairs], dtype=np.int64))
    level, circular = echelon_levels(flows, n)
    below = {row: {b for a, b in pairs if a == row} for row in range(n)}

    def reached(row):
        seen, open_rows = set(), list(below[row])
        while open_rows:
            other = open_rows.pop()
            if other not in seen:
                seen.add(other)
                open_rows += below[other]
        return seen

    circles = {row for row in range(n) if row in reached(row)}
    assert set(circular.tolist()) == circles

    def longest(row):
        if row in circles or not below[row]:
            return 0
        return 1 + max(longest(other) for other in below[row])

    assert level.tolist() == [longest(row) for row in range(n)]
