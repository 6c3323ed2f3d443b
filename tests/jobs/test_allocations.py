"""What a short centre gives to which store, on small real lakes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contracts import EXPLAIN_TERMS, ORDER_BOUNDS, TABLES
from engine.errors import EngineError
from engine.replenishment.network.need_curves import supply_needs
from engine.replenishment.one_line import one_line
from engine.replenishment.plan import plan_lines
from engine.replenishment.settle import settle
from engine.replenishment.value_curves import value_curves
from jobs.allocations import shared_out
from jobs.curve_tables import LISTS, line_curves_of, line_curves_table
from jobs.echelons import plan_echelons
from jobs.settings import setting_fault

STORES = {"DC": "X", "S1": "DC", "S2": "DC"}
PATHS = 200


def shared(network, held=()):
    """Return the plan before and after what the centre has was shared out, and the shares."""
    mask = np.isin(network.lines["location"], held)
    found = plan_echelons(network.inputs, network.lines, network.line_inputs, mask, None, n_paths=PATHS)
    price = value_curves(found.line_inputs, found.plans, n_paths=PATHS).shortage_price
    planned = (network.inputs, network.lines, found.line_inputs, found.plans)
    shares = shared_out(*planned, mask, price, found.own_demand, n_paths=PATHS)
    after = settle(found.line_inputs, found.plans, shares.quantity, shares.bound, n_paths=PATHS)
    return found.plans, after, shares.table.set_index("location")


def test_ample_stock_changes_nothing(network):
    small = network(STORES, {"S1": 6.0, "S2": 3.0}, {"DC": 500.0})
    before, after, shares = shared(small)
    assert (after.quantity == before.quantity).all()
    assert not after.bound.any()
    assert shares.empty
    assert set(shares.reset_index().columns) | {"run_id", "order_by"} >= set(TABLES["allocations"].names)


def test_a_shortage_is_cut_to_what_there_is_in_whole_lots(network):
    small = network(
        STORES, {"S1": 6.0, "S2": 6.0}, {"DC": 20.0}, order_multiple={"S1": 6.0, "S2": 6.0},
        settings={"allocation_floor_share": "0.5"},
    )  # fmt: skip
    before, after, shares = shared(small)
    stores = [small.row("S1"), small.row("S2")]
    assert before.quantity[stores].sum() > 20
    assert (after.quantity[stores] % 6 == 0).all()
    assert after.quantity[stores].sum() == 18
    assert (after.quantity[stores] > 0).all()  # both have their floor
    assert (shares["granted"] >= shares["fair"]).all()
    assert shares.loc["S1", ["available", "asked", "kept"]].tolist() == [
        20.0,
        before.quantity[stores].sum(),
        2.0,
    ]
    cut = after.quantity < before.quantity
    assert (after.bound[cut] == ORDER_BOUNDS.index("dc_shortage")).all()
    assert (after.term_joint == after.quantity - before.quantity).all()
    assert (sum(getattr(after, term) for term in EXPLAIN_TERMS) == after.quantity).all()
    # What the centre itself orders is its stores' orders, not what they got.
    assert after.quantity[small.row("DC")] == before.quantity[small.row("DC")]


def test_without_a_floor_money_decides_and_fairness_has_its_price(network):
    terms = {"stockout_cost": {"S1": 60.0, "S2": 3.0}}
    stock = {"DC": 9.0}
    _, free, alone = shared(network(STORES, {"S1": 6.0, "S2": 6.0}, stock, **terms))
    small = network(
        STORES, {"S1": 6.0, "S2": 6.0}, stock, settings={"allocation_floor_share": "0.9"}, **terms
    )
    _, fair, floored = shared(small)
    rich, poor = small.row("S1"), small.row("S2")
    assert (free.quantity[rich], free.quantity[poor]) == (9.0, 0.0)
    assert fair.quantity[poor] > 2
    assert alone.loc["S1", "fairness"] == 0.0
    assert floored.loc["S1", "fairness"] > 0.0
    assert "money alone would have given it less" in floored.loc["S2", "why"]
    assert alone.loc["S2", "why"] == "What is left makes up no lot."
    assert floored["money"].sum() < alone["money"].sum()


def test_what_earns_more_tomorrow_is_kept(network):
    """S2 orders tomorrow only, and a unit short costs it twenty times as much."""
    small = network(
        STORES,
        {"S1": 6.0, "S2": 6.0},
        {"DC": 8.0, "S1": 2.0},
        stockout_cost={"S1": 3.0, "S2": 60.0},
        review_weekdays={"S1": [6.0], "S2": [0.0]},
        lead_time_mean={"DC": 5.0},
    )
    assert small.inputs.as_of.weekday() == 6
    before, after, shares = shared(small)
    assert before.quantity[small.row("S1")] > 8
    assert after.quantity[small.row("S1")] == 0
    assert shares.loc["S1", "kept"] == 8
    assert shares.loc["S1", "why"] == "The rest earns more at other stores or in later orders."
    # Tomorrow's order is given what was kept.
    assert after.quantity[small.row("S2")] == 8


def test_supply_that_comes_in_time_counts(network):
    later = {"review_weekdays": {"S1": [1.0], "S2": [1.0]}, "order_multiple": {}}
    short = network(STORES, {"S1": 6.0, "S2": 3.0}, {"DC": 1.0}, **later)
    in_time = network(STORES, {"S1": 6.0, "S2": 3.0}, {"DC": 1.0}, coming={"DC": (2, 900.0)}, **later)
    too_late = network(STORES, {"S1": 6.0, "S2": 3.0}, {"DC": 1.0}, coming={"DC": (3, 900.0)}, **later)
    assert len(shared(short)[2]) == 2
    assert shared(in_time)[2].empty
    assert len(shared(too_late)[2]) == 2


def test_held_centres_are_taken_to_have_enough_and_held_stores_get_nothing(network):
    small = network(STORES, {"S1": 6.0, "S2": 6.0}, {"DC": 5.0})
    before, after, shares = shared(small, held=["DC"])
    assert shares.empty
    assert (after.quantity == before.quantity).all()
    _, after, shares = shared(small, held=["S2"])
    assert list(shares.index) == ["S1"]
    assert after.quantity[small.row("S1")] == 5


def test_less_than_a_minimum_order_goes_to_the_others(network):
    small = network(
        STORES, {"S1": 3.0, "S2": 3.0}, {"DC": 10.0}, moq={"S2": 10.0},
        settings={"allocation_floor_share": "0.5"},
    )  # fmt: skip
    before, after, shares = shared(small)
    stores = [small.row("S1"), small.row("S2")]
    assert (before.quantity[stores] > 0).all()
    assert after.quantity[stores].tolist() == [min(before.quantity[stores[0]], 10.0), 0.0]
    assert shares.loc["S2", "why"] == "What it would get is less than its minimum order."


def test_the_centres_own_customers_claim_too(network):
    stock, terms = {"DC": 12.0}, {"stockout_cost": {"DC": 90.0, "S1": 3.0, "S2": 3.0}}
    _, alone, _ = shared(network(STORES, {"S1": 6.0, "S2": 6.0}, stock, **terms))
    small = network(STORES, {"S1": 6.0, "S2": 6.0, "DC": 4.0}, stock, **terms)
    _, beside, shares = shared(small)
    stores = [small.row("S1"), small.row("S2")]
    assert alone.quantity[stores].sum() == 12
    assert beside.quantity[stores].sum() <= 8
    assert shares["kept"].iloc[0] >= 4


def test_what_is_promised_to_others_is_not_shared_out_again(network):
    small = network(STORES, {"S1": 6.0, "S2": 6.0}, {"DC": 40.0, "S1": 30.0}, coming={"S1": (2, 35.0)})
    orders = small.inputs.tables["orders"].assign(
        kind="transfer", from_source="DC", status="approved", ordered_at=np.datetime64(small.inputs.as_of)
    )
    inputs = replace(small.inputs, tables={**small.inputs.tables, "orders": orders})
    assert shared(small)[2].empty
    _, after, shares = shared(replace(small, inputs=inputs))
    assert shares["available"].tolist() == [5.0]
    assert after.quantity[small.row("S2")] == 5


def test_a_centre_that_has_nothing_gives_nothing(network):
    _, after, shares = shared(network(STORES, {"S1": 6.0, "S2": 6.0}, {}))
    assert after.quantity[1:].tolist() == [0.0, 0.0]
    assert shares["granted"].tolist() == [0.0, 0.0]
    assert shares["money"].tolist() == [0.0, 0.0]
    assert set(shares["why"]) == {"The centre has none."}


@pytest.mark.parametrize(("value", "fault"), [("0.5", False), ("0", False), ("1", False), ("1.2", True)])
def test_the_floor_is_a_share(value, fault):
    assert bool(setting_fault("allocation_floor_share", value)) is fault


# needs until the next supply, and curves as a table


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 30), st.integers(1, 20), st.integers(0, 5), st.floats(0.2, 6.0))
def test_needs_by_playing_each_path(stock, until, lead, mean):
    """The least order that leaves no unit short in the window, path by path."""
    line = one_line(
        [mean] * 30, batches=[(stock, 1 << 40)], next_order_period=until, lead_time_mean=lead, seed=3
    )
    needs = supply_needs(line, 20)[0]
    most = max(float(needs.max()), 0.0)
    assert _short(line, most) == 0
    assert most == 0 or _short(line, most - 1.0) > 0


def _short(line, quantity):
    """Units short in the window after an order, played by the rules of the plan."""
    plan = replace(plan_lines(line, n_paths=20), quantity=np.array([quantity]))
    curves = value_curves(line, plan, n_paths=20)
    return float(curves.short[0, (curves.quantity[0] == quantity).argmax()])


def test_an_order_beyond_the_horizon_needs_nothing():
    assert not len(supply_needs(one_line([1.0] * 5, lead_time_mean=9, next_order_period=2), 10)[0])
    with pytest.raises(EngineError, match="order_period"):
        supply_needs(one_line([1.0] * 5, order_period=3, next_order_period=1), 10)


def test_curves_come_back_from_their_table(network):
    small = network(STORES, {"S1": 6.0, "S2": 3.0}, {"DC": 50.0}, order_multiple={"S1": 6.0})
    found = plan_echelons(
        small.inputs, small.lines, small.line_inputs, np.zeros(3, dtype=bool), None, n_paths=PATHS
    )
    curves = value_curves(found.line_inputs, found.plans, n_paths=PATHS)
    table = line_curves_table("run", small.lines, curves)
    again = line_curves_of(
        small.lake.read("line_curves", version=small.lake.replace("line_curves", table).number)
    )
    for name in (*LISTS, "window_demand", "shortage_price"):
        np.testing.assert_array_equal(getattr(again, name), getattr(curves, name))
