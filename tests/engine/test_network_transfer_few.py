"""Looking at every combination finds what the programme finds, and breaks no rule."""

from __future__ import annotations

import numpy as np
import pytest

from engine.replenishment.network.curve import ValueCurve
from engine.replenishment.network.transfer_few import best_of_few
from engine.replenishment.network.transfer_model import Way, solve, usable_ways
from engine.replenishment.network.transfer_plan import NODE_LIMIT, plan_transfers
from engine.replenishment.network.transfers import Batch, Lane, Need, Product, Supply


def drawn_product(seed: int) -> Product:
    """Return a product of few ways: batches that expire, lots, minimums, fixed costs, curves of any shape."""
    random = np.random.default_rng(seed)

    def curve(most: int, low: float, high: float) -> ValueCurve:
        per_unit = np.round(random.uniform(low, high, most), 2)
        return ValueCurve.of_units(np.sort(per_unit)[::-1].tolist() if random.random() < 0.6 else per_unit)

    supplies = []
    for place in ("A", "B")[: random.integers(1, 3)]:
        lots = [int(units) for units in random.integers(1, 6, random.integers(1, 3))]
        days = [float("inf") if random.random() < 0.4 else float(random.integers(3, 9)) for _ in lots]
        batches = tuple(Batch(f"{place}{i}", n, d) for i, (n, d) in enumerate(zip(lots, days, strict=True)))
        supplies.append(Supply(place, curve(int(random.integers(1, sum(lots) + 1)), -1.0, 2.0), batches))
    needs = []
    for place in ("X", "Y")[: random.integers(1, 3)]:
        rate = float("inf") if random.random() < 0.5 else float(random.uniform(0.2, 2.0))
        needs.append(Need(place, curve(int(random.integers(1, 8)), 0.0, 6.0), 1.0, rate))
    lanes = [
        Lane(
            supply.location,
            need.location,
            freight=float(np.round(random.uniform(0.0, 1.0), 2)),
            fixed_cost=float(random.choice([0.0, 2.0])),
            least_quantity=int(random.choice([1, 1, 3])),
            lot=int(random.choice([1, 1, 2])),
            capacity=float(random.choice([4.0, np.inf])),
            transit_days=float(random.integers(1, 4)),
        )
        for supply in supplies
        for need in needs
        if random.random() < 0.8
    ]
    return Product("p", tuple(supplies), tuple(needs), tuple(lanes))


def money(ways: list[Way], units: tuple[int, ...]) -> float:
    """Return what these units earn; the rules are not looked at."""
    total = 0.0
    for lane in {way.lane for way in ways}:
        moved = sum(n for way, n in zip(ways, units, strict=True) if way.lane == lane)
        total -= moved * lane.unit_cost + lane.fixed_cost * (moved > 0)
    for supply in {way.supply for way in ways}:
        total -= float(
            supply.loss.at(sum(n for way, n in zip(ways, units, strict=True) if way.supply == supply))
        )
    for need in {way.need for way in ways}:
        total += float(need.gain.at(sum(n for way, n in zip(ways, units, strict=True) if way.need == need)))
    return total


@pytest.mark.parametrize("seed", range(60))
def test_it_earns_what_the_programme_earns(seed: int) -> None:
    ways = usable_ways(drawn_product(seed))
    few = best_of_few(ways) if ways else ()
    if few is None or not ways:
        return
    exact = solve(ways, (), NODE_LIMIT).units
    # costs are scaled so that the dearest unit is 1000; the programme is solved to a millionth of that
    assert money(ways, few) == pytest.approx(money(ways, exact), abs=0.01)
    for lane in {way.lane for way in ways}:
        moved = sum(n for way, n in zip(ways, few, strict=True) if way.lane == lane)
        assert moved == 0 or lane.least_quantity <= moved <= lane.capacity
        assert moved % lane.lot == 0
    for way, units in zip(ways, few, strict=True):
        assert 0 <= units <= way.batch.units


def test_most_of_the_drawn_products_are_looked_at() -> None:
    drawn = [usable_ways(drawn_product(seed)) for seed in range(60)]
    assert sum(bool(ways) and best_of_few(ways) is not None for ways in drawn) > 30


def test_parts_that_share_nothing_do_not_multiply() -> None:
    """Thirty products' worth of separate lanes have few combinations each, together far too many."""
    gain = ValueCurve((0, 9), (0.0, 27.0))
    nothing = ValueCurve((0, 9), (0.0, 0.0))
    n = 30
    product = Product(
        "p",
        tuple(Supply(f"s{i}", nothing, (Batch("b", 9),)) for i in range(n)),
        tuple(Need(f"n{i}", gain) for i in range(n)),
        tuple(Lane(f"s{i}", f"n{i}", freight=1.0) for i in range(n)),
    )
    assert best_of_few(usable_ways(product)) == (9,) * n
    assert [one.units for one in plan_transfers([product]).transfers] == [9] * n


def test_too_many_combinations_are_left_to_the_programme() -> None:
    gain = ValueCurve((0, 40), (0.0, 80.0))
    product = Product(
        "p",
        (Supply("s", ValueCurve((0, 120), (0.0, 0.0)), (Batch("b", 120),)),),
        tuple(Need(f"n{i}", gain) for i in range(3)),
        tuple(Lane("s", f"n{i}", freight=1.0) for i in range(3)),
    )
    assert best_of_few(usable_ways(product)) is None
    assert sum(one.units for one in plan_transfers([product]).transfers) == 120
