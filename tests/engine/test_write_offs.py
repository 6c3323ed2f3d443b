"""Write-offs lot by lot: a hand-computed shelf, a simulation that anyone can read, what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.replenishment.expiry import project_expiry
from engine.replenishment.line import draw
from engine.replenishment.lines import NEVER
from engine.replenishment.one_line import one_line
from engine.replenishment.plan import plan_lines
from engine.replenishment.shelf import expires_by, fill, take_first_expired
from engine.replenishment.simulate import WASTE, simulate
from engine.replenishment.write_offs import ON_ORDER, ORDER, STOCK, line_write_offs, lots_of, play_lots

H = 8
PATHS = 40
NO_STOCK_PATHS = np.empty((0, 0))


def slow_lots(demand, batches, receipts, life, arrival, order, backorder):
    """One path, lot by lot: lists of [last period, name, quantity], sold first expired first."""
    shelf = [[last, ("stock", i), amount] for i, (amount, last) in enumerate(batches)]
    written_off: dict[tuple, float] = {}
    backlog = 0.0
    for period, wanted_now in enumerate(demand):
        for i, (when, amount) in enumerate(receipts):
            if when == period:
                shelf.append([period + life - 1, ("on order", i), amount])
        if period == arrival:
            shelf.append([period + life - 1, ("order", period), order])
        shelf.sort(key=lambda lot: lot[0])  # stable: stock, then open orders, then the order
        wanted = wanted_now + backlog
        for lot in shelf:
            sold = min(lot[2], wanted)
            lot[2] -= sold
            wanted -= sold
        backlog = wanted if backorder else 0.0
        written_off |= {name: left for last, name, left in shelf if last == period and left > 0}
        shelf = [lot for lot in shelf if lot[0] > period and lot[2] > 0]
    return written_off


whole = st.integers(0, 9).map(float)
cases = st.fixed_dictionaries(
    {
        "paths": st.lists(st.lists(whole, min_size=H, max_size=H), min_size=1, max_size=4),
        "batches": st.lists(st.tuples(whole, st.sampled_from([-1, 0, 1, 2, 4, 7, 8, NEVER])), max_size=4),
        "receipts": st.lists(st.tuples(st.integers(0, H - 1), whole), max_size=3),
        "life": st.sampled_from([1, 2, 3, 5, 20, NEVER]),
        "arrival": st.integers(0, H),
        "order": st.integers(0, 25).map(float),
        "backorder": st.booleans(),
    }
)


def played(case, demand_factor=1.0, kernel=play_lots):
    """Units written off by path and lot of the case, and the lots."""
    line = one_line(
        [1.0] * H,
        batches=case["batches"],
        receipts=case["receipts"],
        life_periods=float(case["life"]),
        backorder=case["backorder"],
    )
    paths = np.array(case["paths"]) * demand_factor
    (drawn,) = draw(line, slice(0, 1), len(paths))
    lots = lots_of(line, 0)
    arrival = np.full(len(paths), case["arrival"])
    bucket = np.arange(H)
    wasted = kernel(
        paths, drawn.stock, drawn.receipts, drawn.life, arrival, case["order"], case["backorder"],
        lots.last, lots.quantity, bucket, H,
    )  # fmt: skip
    whole_waste = simulate(
        paths, drawn.stock, drawn.receipts, drawn.life, arrival, arrival, case["order"],
        case["backorder"], H, NO_STOCK_PATHS,
    )[:, WASTE]  # fmt: skip
    return wasted, lots, whole_waste


def test_a_shelf_worked_out_by_hand():
    # 6 good for today, 10 for three days; 4 a day. Today 4 of the 6 go and 2 are written off; then 4 + 4 of
    # the 10, and 2 are written off.
    case = {
        "paths": [[4.0] * H],
        "batches": [(6.0, 0), (10.0, 2)],
        "receipts": [],
        "life": 3,
        "arrival": H,
        "order": 0.0,
        "backorder": False,
    }
    wasted, lots, _ = played(case)
    assert lots.last.tolist() == [0, 2]
    assert wasted[0, :2].tolist() == [2.0, 2.0]
    # an order of 5 that comes with the tenth on the shelf and lives as long is what is written off of the two
    late = case | {"arrival": 0, "order": 5.0}
    assert played(late)[0][0].tolist()[:2] == [2.0, 2.0]
    assert played(late)[0][0, 2:].sum() == 5.0


@given(cases)
def test_lots_are_what_happens_lot_by_lot(case):
    wasted, lots, _ = played(case)
    good = [(amount, last) for amount, last in case["batches"] if last >= 0]
    position = [i for i, (_, last) in enumerate(case["batches"]) if last >= 0]
    for path, demand in enumerate(case["paths"]):
        expected = slow_lots(
            demand, good, case["receipts"], case["life"], case["arrival"], case["order"], case["backorder"]
        )
        for lot, (source, entry) in enumerate(zip(lots.source, lots.entry, strict=True)):
            name = ("stock", position.index(entry)) if source == STOCK else ("on order", entry)
            assert wasted[path, lot] == pytest.approx(expected.get(name, 0.0))
        order = sum(units for name, units in expected.items() if name[0] == "order")
        assert wasted[path, len(lots.last) :].sum() == pytest.approx(order)


@settings(max_examples=25)
@given(cases)
def test_the_kernel_does_what_its_python_says(case):
    np.testing.assert_array_equal(played(case)[0], played(case, kernel=play_lots.py_func)[0])


def test_a_shelf_in_plain_python():
    bins = np.empty(4)
    assert fill.py_func(bins, np.array([0.0, 3.0, 0.0, 5.0])) == 8.0
    assert take_first_expired.py_func(bins, 0, 4.0) == 3
    assert bins.tolist() == [0.0, 0.0, 0.0, 4.0]
    assert take_first_expired.py_func(bins, 3, 4.5) == 3  # rounding of fractional stock
    assert not expires_by.py_func(np.array([0.0, 0.0, 1.0]), 0, 1)
    assert expires_by.py_func(np.array([0.0, 1.0, 0.0]), 0, 1)


@given(cases)
def test_lots_sum_to_the_waste_of_the_projection_and_lose_no_more_than_they_hold(case):
    wasted, lots, whole_waste = played(case)
    np.testing.assert_allclose(wasted.sum(axis=1), whole_waste, atol=1e-9)
    assert (wasted >= 0).all()
    assert (wasted[:, : len(lots.last)] <= lots.quantity + 1e-9).all()
    assert (wasted[:, len(lots.last) :].sum(axis=1) <= case["order"] + 1e-9).all()


@given(cases, st.integers(1, 3))
def test_less_is_written_off_when_more_is_wanted(case, factor):
    assert (played(case, factor + 1.0)[0].sum(axis=1) <= played(case)[0].sum(axis=1) + 1e-9).all()


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 30).map(float), st.sampled_from([-2, 0, 3, 9, NEVER])), max_size=4),
    st.lists(st.tuples(st.integers(-1, 16), st.integers(1, 9).map(float)), max_size=2),
    st.sampled_from([2.0, 5.0, float(NEVER)]),
    st.integers(0, 3),
)
def test_the_rows_of_a_line_sum_to_its_waste_in_the_plan(batches, receipts, life, lead_time):
    line = one_line(
        [2.5] * 14,
        batches=batches,
        receipts=receipts,
        life_periods=life,
        lead_time_mean=lead_time,
        lead_time_sd=0.7,
        next_order_period=4,
        order_multiple=6.0,
        level_cv=0.3,
    )
    plan = plan_lines(line, n_paths=PATHS)
    found = project_expiry(
        line,
        plan.quantity,
        np.array([0]),
        np.arange(14) // 7,
        least_money=0.0,
        choice_of=lambda _: None,
        n_paths=PATHS,
    )
    rows = found.write_offs
    assert rows.units.sum() == pytest.approx(plan.waste_before[0])
    assert rows.units_with_order.sum() == pytest.approx(plan.waste_after[0])
    assert (rows.low <= rows.units_with_order + rows.spread * 2 + 1e-9).all()
    assert (rows.low <= rows.high).all()
    assert found.acts == {}


def test_expired_stock_is_written_off_now_and_an_order_by_its_week():
    line = one_line([1.0] * 14, batches=[(3.0, -1), (5.0, NEVER)], receipts=[(1, 40.0)], life_periods=10.0)
    (drawn,) = draw(line, slice(0, 1), PATHS)
    found = line_write_offs(drawn, 7, 30.0, np.arange(14) // 7)
    assert found.line.tolist() == [7] * len(found.line)
    expired = found.source.tolist().index(STOCK)
    assert (found.period[expired], found.units[expired], found.spread[expired]) == (-1, 3.0, 0.0)
    assert found.high[expired] == 3.0
    by_source = {source: found.period[found.source == source].tolist() for source in (ON_ORDER, ORDER)}
    assert by_source == {ON_ORDER: [10], ORDER: [13]}  # of the order: the end of its week
    order = found.source == ORDER
    assert found.units[order] == 0.0
    assert 0.0 < found.units_with_order[order] <= 30.0


def test_no_lines_have_no_write_offs():
    line = one_line([2.0] * 10, batches=[(20.0, 4)])
    none = project_expiry(
        line, np.zeros(1), np.array([], np.int64), np.zeros(10, np.int64), least_money=0.0, choice_of=len
    )
    assert none.write_offs.units.shape == (0,)
    assert none.acts == {}
