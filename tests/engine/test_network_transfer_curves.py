"""What a place gains and loses by a transfer: against plain Python, published newsvendor, and properties."""

from __future__ import annotations

from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.replenishment.line import Line
from engine.replenishment.lines import NEVER, LineInputs
from engine.replenishment.network.transfer_curves import Arrival, Place, _monotone
from engine.replenishment.simulate import LOST_BEFORE, LOST_WINDOW, simulate

PRICE, HOLD, COST = 3.0, 0.01, 2.0


def inputs(*, backorder: bool, life: float = float(NEVER)) -> LineInputs:
    one = {
        name: np.array([value])
        for name, value in {
            "level_cv": 0.0,
            "dispersion": 1.0,
            "lead_time_mean": 2.0,
            "lead_time_sd": 0.0,
            "moq": 0.0,
            "order_multiple": 1.0,
            "min_cover": 0.0,
            "max_cover": np.inf,
            "presentation_stock": 0.0,
            "shelf_maximum": np.inf,
            "unit_cost": COST,
            "unit_margin": PRICE,
            "service_target": 0.95,
            "stockout_cost": PRICE,
            "holding_cost": HOLD,
            "life_periods": life,
            "order_cost": 0.0,
        }.items()
    }
    nothing, whole = np.array([]), np.array([], dtype=np.int64)
    return LineInputs(
        mean=np.full((1, 8), 2.0),
        path_seed=np.array([1], dtype=np.uint64),
        batch_line=whole,
        batch_quantity=nothing,
        batch_last_period=whole,
        receipt_line=whole,
        receipt_period=whole,
        receipt_quantity=nothing,
        order_period=np.array([0]),
        next_order_period=np.array([4]),
        target_kind=np.array(["fill"]),
        backorder=np.array([backorder]),
        **one,  # type: ignore[arg-type]
    )


def place(
    paths: list[list[float]],
    stock: dict[int, float],
    *,
    own: tuple[int, float] = (2, 0.0),
    until: int = 6,
    receipts: dict[int, float] | None = None,
    backorder: bool = False,
    life: int = NEVER,
) -> Place:
    """A line of given demand: stock by last period, an own order, the period of the next one's arrival."""
    demand = np.array(paths, dtype=np.float64)
    bins, coming = np.zeros(demand.shape[1] + 1), np.zeros(demand.shape[1])
    for last, units in stock.items():
        bins[min(last, demand.shape[1])] += units
    for period, units in (receipts or {}).items():
        coming[period] += units
    n = len(demand)
    arrival, following = np.full(n, own[0], np.int64), np.full(n, until, np.int64)
    line = Line(inputs(backorder=backorder), 0, bins, coming, demand, arrival, following, life)
    return Place(line, own[1])


def short_units(place: Place, change: float, at: int, until: int) -> float:
    """The slow oracle: mean units short from today to the next order, with `change` units at a period."""
    line = place.line
    total = 0.0
    for path in line.paths:
        left, backlog = float(line.stock.sum()), 0.0
        for period in range(until):
            left += line.receipts[period] + (change if period == at else 0.0)
            left += place.order if period == line.arrival[0] else 0.0
            wanted = path[period] + backlog
            unmet = max(wanted - left, 0.0)
            left = max(left - wanted, 0.0)
            total += min(unmet, path[period]) if line.waits else unmet
            backlog = unmet if line.waits else 0.0
    return total / len(line.paths)


demands = st.lists(st.lists(st.integers(0, 6).map(float), min_size=8, max_size=8), min_size=1, max_size=5)


@settings(max_examples=60)
@given(demands, st.integers(0, 20), st.integers(0, 12), st.integers(0, 5), st.booleans(), st.integers(0, 8))
def test_gains_are_the_sales_saved_as_plain_python_plays_them(
    paths: list[list[float]], stock: int, order: int, arrival: int, waits: bool, receipt: int
) -> None:
    here = place(paths, {NEVER: stock}, own=(2, order), receipts={1: receipt}, backorder=waits)
    # the plan takes the stock that mean demand leaves usable: with stock that lasts, all of it
    base = short_units(here, 0.0, arrival, 6)
    for quantity in (1.0, 3.0, 7.0):
        saved = base - short_units(here, quantity, arrival, 6)
        earned = here.gain_of(quantity, arrival, (), NEVER)
        assert earned == pytest.approx(PRICE * saved, abs=HOLD * 6 * quantity + 1e-9)


@settings(max_examples=60)
@given(demands, st.integers(1, 20), st.integers(0, 12), st.booleans())
def test_losses_are_the_sales_lost_as_plain_python_plays_them(
    paths: list[list[float]], stock: int, order: int, waits: bool
) -> None:
    here = place(paths, {NEVER: stock}, own=(2, order), backorder=waits)
    curve = here.loss([(NEVER, stock)])
    lost = short_units(here, -float(stock), 0, 6) - short_units(here, 0.0, 0, 6)
    assert curve.money[-1] == pytest.approx(PRICE * lost, abs=HOLD * 6 * stock + 1e-9)
    assert (np.diff(curve.per_unit) >= -1e-9).all()


@settings(max_examples=40)
@given(demands, st.integers(0, 15), st.integers(0, 4))
def test_units_earn_less_and_less_and_later_ones_never_more(
    paths: list[list[float]], stock: int, arrival: int
) -> None:
    here = place(paths, {NEVER: stock})
    soon, late = (here.gain(when, 12, NEVER) for when in (arrival, arrival + 1))
    assert (np.diff(soon.per_unit) <= 1e-9).all()
    assert soon.money[0] == 0.0
    # of 12 units that never sell, a period more on the shelf costs exactly this much: rounding needs room
    assert all(a >= b - HOLD * 12 - 1e-9 for a, b in zip(soon.money, late.money, strict=True))
    useful = here.useful(arrival)
    more = here.gain_of(useful + 5, arrival, (), NEVER)
    assert here.gain_of(useful, arrival, (), NEVER) >= more - 1e-9


def test_the_best_quantity_is_the_newsvendors() -> None:
    """The published critical ratio (Arrow, Harris & Marschak 1951): least stock with F ≥ p/(p + h).

    One day of demand 0 … 99, each as likely; a margin of 3 and a left-over cost of 1 make it 74, or 75, which
    earns the same.
    """
    here = place([[float(demand)] + [0.0] * 7 for demand in range(100)], {}, until=1)
    object.__setattr__(here.line.inputs, "holding_cost", np.array([1.0]))
    money = [here.gain_of(float(q), 0, (), NEVER) for q in range(100)]
    assert int(np.argmax(money)) in (74, 75)
    assert here.useful(0) == 99


def test_what_comes_earlier_leaves_less_to_earn() -> None:
    here = place([[2.0] * 8], {})
    alone = here.gain_of(6.0, 3, (), NEVER)
    after = here.gain_of(6.0, 3, (Arrival(0, 6.0),), NEVER)
    with_all = here.gain_of(6.0, 3, (Arrival(0, 100.0),), NEVER)
    assert alone == pytest.approx(6 * PRICE, rel=0.02)
    assert alone >= after > with_all
    assert with_all < 0  # it is held for nothing


def test_stock_that_expires_is_a_loss_below_zero() -> None:
    """20 units of which 2 a day sell until they expire after day 2: 14 would be written off."""
    here = place([[2.0] * 8], {2: 20.0})
    curve = here.loss([(2, 20)])
    assert curve.at(12) == pytest.approx(-12 * COST, abs=12 * HOLD * 6)
    assert curve.money[-1] > -14 * COST  # the last six would have been sold
    assert here.write_off_saved([(2, 14)]) == pytest.approx(14 * COST)
    assert here.write_off_saved([(2, 20)]) == pytest.approx(14 * COST)
    assert place([[2.0] * 8], {NEVER: 20.0}).write_off_saved([(NEVER, 9)]) == 0.0


def test_units_that_expire_here_as_well_earn_nothing() -> None:
    here = place([[2.0] * 8], {5: 12.0})
    lasting, old = here.gain(0, 12, NEVER), here.gain(0, 12, 2)
    assert old.money[-1] < lasting.money[-1] - 5 * COST


def test_the_window_ends_with_the_play_of_the_plan() -> None:
    """With stock that lasts, the change in lost sales is that of the plan's own simulation."""
    rng = np.random.default_rng(3)
    here = place(rng.poisson(2.0, (50, 8)).tolist(), {NEVER: 4.0}, own=(3, 5.0), until=6)
    line, lost = here.line, []
    for extra in (0.0, 4.0):
        receipts = line.receipts.copy()
        receipts[1] += extra
        played = simulate(
            line.paths, line.stock, receipts, NEVER, line.arrival, line.next_arrival, 5.0, False, 8,
            np.empty((0, 0)),
        )  # fmt: skip
        lost.append(played[:, [LOST_BEFORE, LOST_WINDOW]].sum(axis=1).mean())
    assert here.gain_of(4.0, 1, (), NEVER) == pytest.approx(PRICE * (lost[0] - lost[1]), abs=4 * 6 * HOLD)


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 4)), min_size=1, max_size=8), st.booleans())
def test_pooling_keeps_the_sum_and_the_order(pieces: list[tuple[int, int]], rising: bool) -> None:
    values, weights = (np.array(column, dtype=np.float64) for column in zip(*pieces, strict=True))
    fitted = _monotone(values, weights, rising=rising)
    assert (fitted * weights).sum() == pytest.approx((values * weights).sum())
    steps = np.diff(fitted)
    assert ((steps if rising else -steps) >= -1e-9).all()
    if ((np.diff(values) if rising else -np.diff(values)) >= 0).all():
        assert fitted == pytest.approx(values)


def test_useful_is_whole() -> None:
    here = place([[1.5] * 8], {})
    assert here.useful(0) == ceil(1.5 * 6)
    assert place([[0.0] * 8], {NEVER: 5.0}).useful(0) == 0
