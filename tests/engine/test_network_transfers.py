"""Transfers: every flow tried in small networks, expiry, limits, money that adds up."""

from __future__ import annotations

from dataclasses import replace
from itertools import product as every
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.replenishment.network import transfer_model
from engine.replenishment.network.curve import ValueCurve
from engine.replenishment.network.transfer_plan import plan_transfers
from engine.replenishment.network.transfer_words import describe_transfer, describe_unused
from engine.replenishment.network.transfers import (
    Batch,
    Lane,
    Need,
    Product,
    Supply,
    Truck,
    Unused,
    WhyNot,
)

falling = st.lists(st.integers(0, 9), min_size=1, max_size=4).map(lambda v: sorted(v, reverse=True))
rising = st.lists(st.integers(-4, 6), min_size=1, max_size=4).map(sorted)
any_order = st.lists(st.integers(-4, 9), max_size=4)
lanes = st.fixed_dictionaries(
    {
        "freight": st.sampled_from([0.0, 1.0, 2.5]),
        "handling": st.sampled_from([0.0, 0.5]),
        "fixed_cost": st.sampled_from([0.0, 0.0, 3.0]),
        "least_quantity": st.sampled_from([1, 1, 2, 3]),
        "lot": st.sampled_from([1, 1, 2]),
        "capacity": st.sampled_from([inf, inf, 2.0, 3.0]),
        "transit_days": st.integers(0, 3).map(float),
    }
)


@st.composite
def products(draw, name="p", places=("a", "b", "c"), most_ways=4):
    """One product whose ways can all be tried: few batches of few units, few lanes."""
    curves = (falling, rising) if draw(st.booleans()) else (any_order, any_order)
    supplies = []
    for place in draw(st.lists(st.sampled_from(places[:2]), min_size=1, max_size=2)):
        batches = draw(
            st.lists(
                st.tuples(st.integers(0, 3), st.sampled_from([1.0, 2.0, 4.0, inf])), min_size=1, max_size=2
            )
        )
        supplies.append(
            Supply(
                place,
                ValueCurve.of_units(draw(curves[1])),
                tuple(Batch(f"{len(supplies)}-{i}", units, days) for i, (units, days) in enumerate(batches)),
            )
        )
    needs = [
        Need(
            place,
            ValueCurve.of_units(draw(curves[0])),
            draw(st.sampled_from([0.0, 1.0, 2.0])),
            draw(st.sampled_from([inf, inf, 0.5, 1.0])),
        )
        for place in draw(st.lists(st.sampled_from(places), min_size=1, max_size=2, unique=True))
    ]
    pairs = [(a, b) for a in places[:2] for b in places if a != b]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=3, unique=True))
    ways, kept = 0, []
    for a, b in chosen:
        count = sum(len(supply.batches) for supply in supplies if supply.location == a)
        if ways + count <= most_ways:
            ways += count
            kept.append(Lane(a, b, **draw(lanes)))
    return Product(name, tuple(supplies), tuple(needs), tuple(kept), draw(st.sampled_from([1.0, 2.0])))


def allowed_outcomes(product):
    """(money, load by lane) of every flow that keeps to the rules, told from the rules alone."""
    needs = {need.location: need for need in product.needs}
    ways = [
        (s, supply, batch, lane, needs[lane.destination])
        for lane in product.lanes
        for s, supply in enumerate(product.supplies)
        for batch in supply.batches
        if supply.location == lane.origin and lane.destination in needs
    ]
    for units in every(*(range(way[2].units + 1) for way in ways)):
        flows = [(way, n) for way, n in zip(ways, units, strict=True) if n]
        if any(b.usable_days - lane.transit_days < need.least_days for (_, _, b, lane, need), _ in flows):
            continue
        money, fine, load = 0.0, True, {}
        for s, supply in enumerate(product.supplies):
            left = sum(n for way, n in flows if way[0] == s)
            fine = fine and left <= supply.loss.most
            fine = fine and all(
                sum(n for way, n in flows if way[0] == s and way[2] is batch) <= batch.units
                for batch in supply.batches
            )
            money -= float(supply.loss.at(left))
        for need in product.needs:
            came = [(way, n) for way, n in flows if way[4] is need]
            total = sum(n for _, n in came)
            fine = fine and total <= need.gain.most
            for (_, _, batch, lane, _), _ in came:
                days = batch.usable_days - lane.transit_days
                soon = sum(n for way, n in came if way[2].usable_days - way[3].transit_days <= days)
                fine = fine and (inf in (days, need.sells_per_day) or soon <= need.sells_per_day * days)
            money += float(need.gain.at(total))
        for lane in product.lanes:
            moved = sum(n for way, n in flows if way[3] is lane)
            if moved:
                fine = fine and lane.least_quantity <= moved <= lane.capacity and moved % lane.lot == 0
                money -= moved * (lane.freight + lane.handling) + lane.fixed_cost
                load[lane.origin, lane.destination] = moved * product.load_per_unit
        if fine:
            yield money, load


def adds_up(plan):
    for t in plan.transfers:
        assert t.units == sum(units for _, units in t.batches) > 0
        assert t.money == pytest.approx(t.gain - t.loss - t.freight - t.handling - t.fixed_cost)
        assert t.money_if_cancelled >= -1e-6
    assert plan.money == pytest.approx(sum(t.money for t in plan.transfers))
    assert [t.money for t in plan.transfers] == sorted((t.money for t in plan.transfers), reverse=True)
    assert plan.gap == 0


@settings(max_examples=400, deadline=None)
@given(products())
def test_equals_the_best_of_all_flows(product):
    plan = plan_transfers([product])
    assert plan.money == pytest.approx(max(money for money, _ in allowed_outcomes(product)), abs=1e-3)
    adds_up(plan)
    used = {(t.origin, t.destination) for t in plan.transfers}
    assert not used & {(lane.origin, lane.destination) for lane in plan.unused}


@settings(max_examples=60, deadline=None)
@given(products("p", ("a", "b"), 3), products("q", ("a", "b"), 3), st.sampled_from([0.0, 2.0, 3.0, 5.0, inf]))
def test_a_shared_truck_equals_the_best_of_all_flows(one, other, room):
    trucks = [Truck("a", "b", room)]
    plan = plan_transfers([one, other], trucks)
    best = max(
        money + more
        for money, load in allowed_outcomes(one)
        for more, load_more in allowed_outcomes(other)
        if load.get(("a", "b"), 0) + load_more.get(("a", "b"), 0) <= room
    )
    assert plan.money == pytest.approx(best, abs=1e-3)
    adds_up(plan)


@settings(max_examples=80, deadline=None)
@given(products())
def test_dearer_freight_never_earns_more_and_more_room_never_less(product):
    money = plan_transfers([product]).money
    dearer = tuple(Lane(**{**vars(lane), "freight": lane.freight + 1}) for lane in product.lanes)
    assert plan_transfers([Product(**{**vars(product), "lanes": dearer})]).money <= money + 1e-3
    roomy = tuple(Lane(**{**vars(lane), "capacity": inf, "least_quantity": 1}) for lane in product.lanes)
    assert plan_transfers([Product(**{**vars(product), "lanes": roomy})]).money >= money - 1e-3


def milk(**lane):
    south = Supply(
        "south", ValueCurve((0, 6, 10), (0.0, -3.0, 1.0)), (Batch("old", 6, 3), Batch("new", 6, 30))
    )
    return Product(
        "milk",
        (south,),
        (Need("north", ValueCurve((0, 4, 9), (0.0, 20.0, 30.0)), sells_per_day=2),),
        (Lane("south", "north", **({"freight": 1.0, "transit_days": 1} | lane)),),
    )


def test_old_batches_go_where_they_still_sell():
    (transfer,) = plan_transfers([milk(freight=0.5)]).transfers
    # Two days are left of the old batch, at two a day: four of it at most, and as many.
    assert dict(transfer.batches) == {"old": 4, "new": 5}
    assert (transfer.gain, transfer.loss, transfer.freight) == pytest.approx((30, 0, 4.5))
    assert transfer.money == pytest.approx(25.5)
    assert transfer.fewest_days_left == 2


@pytest.mark.parametrize(
    ("lane", "why"),
    [
        ({"transit_days": 40}, WhyNot.EXPIRES),
        ({"freight": 6.0}, WhyNot.COST),
        ({"least_quantity": 10}, WhyNot.LIMIT),
        ({"lot": 12}, WhyNot.LIMIT),
        ({"fixed_cost": 60.0}, WhyNot.LIMIT),
        ({"fixed_cost": 30.0}, WhyNot.ELSEWHERE),
    ],
)
def test_reasons_of_unused_lanes(lane, why):
    plan = plan_transfers([milk(**lane)])
    assert plan.transfers == ()
    assert [unused.why for unused in plan.unused] == [why]


def test_lots_with_losses_that_fall():
    """HiGHS 1.12 with presolve finds nothing here."""
    product = Product(
        "p",
        (Supply("a", ValueCurve.of_units([7, 6, 0, 0]), (Batch("x", 2, 1.0),)),),
        (Need("b", ValueCurve.of_units([8, 7, 0])),),
        (Lane("a", "b", handling=0.5, lot=2),),
    )
    assert plan_transfers([product]).money == pytest.approx(1)


def test_nothing_moves_for_nothing():
    product = Product(
        "p",
        (Supply("a", ValueCurve((0, 5), (0.0, 5.0)), (Batch("x", 5),)),),
        (Need("b", ValueCurve((0, 5), (0.0, 10.0))),),
        (Lane("a", "b", freight=1.0),),
    )
    assert plan_transfers([product]).transfers == ()


def test_a_search_cut_short_tells_its_gap(monkeypatch):
    rng = np.random.default_rng(2)
    places = [f"s{i}" for i in range(5)]
    supplies = tuple(
        Supply(p, ValueCurve.of_units(np.sort(rng.uniform(0, 4, 20)).tolist()), (Batch(p, 20),))
        for p in places
    )
    needs = tuple(
        Need(f"n{i}", ValueCurve.of_units(np.sort(rng.uniform(0, 12, 25))[::-1].tolist())) for i in range(5)
    )
    ways = tuple(
        Lane(s, n.location, rng.uniform(0, 5), fixed_cost=rng.uniform(30, 40), least_quantity=9)
        for s in places
        for n in needs
    )
    product = Product("p", supplies, needs, ways)
    full = plan_transfers([product])
    assert full.gap == 0
    for node_limit in (0, 1):
        cut = plan_transfers([product], node_limit=node_limit)
        assert cut.money <= full.money + 1e-6
        assert full.money <= cut.money + cut.gap + 1e-6
    assert plan_transfers([product], node_limit=0).gap > 0
    monkeypatch.setattr(transfer_model, "EXACT_COLUMNS", 0)
    monkeypatch.setattr(transfer_model, "LARGE_GAP", 0.5)
    near = plan_transfers([product])
    assert 0 < near.gap <= 0.5 * full.money
    assert near.money <= full.money + 1e-6 <= near.money + near.gap + 2e-6


def test_faults_are_told_together():
    curve = ValueCurve.of_units([1])
    product = Product(
        "p",
        (Supply("a", curve, (Batch("x", -1), Batch("x", 1))),),
        (Need("b", curve, sells_per_day=-1), Need("b", curve)),
        (Lane("a", "a", freight=-1, lot=0, capacity=-1), Lane("a", "a")),
        load_per_unit=-1,
    )
    with pytest.raises(EngineError) as error:
        plan_transfers([product, product], [Truck("a", "b", -1), Truck("a", "b", 1)])
    for part in (
        "product p is given twice", "batch x lies twice at a", "b needs it twice", "leads nowhere",
        "lane a → a is given twice", "has -1 units", "sells_per_day is -1", "freight is -1", "lot is 0",
        "lane a → a: capacity is -1", "load_per_unit is -1", "truck a → b is given twice",
        "truck a → b: capacity is -1",
    ):  # fmt: skip
        assert part in str(error.value)


def test_words():
    (transfer,) = plan_transfers([milk(freight=0.5)]).transfers
    assert describe_transfer(transfer) == (
        "Move 9 from south to north: earns 30.00 there, gives up 0.00 here, costs 4.50 to move; "
        "25.50 in all. Arrives after 1 day with 2 days left at least."
    )
    lasting = replace(transfer, loss=-2.0, transit_days=0.0, fewest_days_left=inf)
    assert "saves 2.00 here" in describe_transfer(lasting)
    assert describe_transfer(lasting).endswith("Arrives today.")
    for why in WhyNot:
        assert describe_unused(Unused("p", "a", "b", why)).startswith("Nothing from a to b: ")
