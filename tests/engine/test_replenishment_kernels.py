"""The compiled kernels say what the same lines of Python say."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine.replenishment import lead_times, perishable, requirement, simulate

NEVER = 1 << 40
PATHS = np.array([[3.0, 0, 5, 2, 4, 1], [0.0, 2, 2, 9, 0, 3], [1.0, 1, 0, 0, 6, 2]])
STOCK = np.array([2.0, 0, 3, 0, 0, 1, 2])
RECEIPTS = np.array([0.0, 4, 0, 0, 1, 0])
ARRIVAL, FOLLOWING = np.array([1, 2, 2]), np.array([4, 4, 6])
KINDS = (requirement.FILL, requirement.CYCLE, requirement.COST)


@pytest.mark.parametrize(("life", "backorder"), list(itertools.product((1, 2, NEVER), (False, True))))
def test_simulation(life, backorder):
    kept, kept_slowly = np.empty(PATHS.shape), np.empty(PATHS.shape)
    case = (PATHS, STOCK, RECEIPTS, life, ARRIVAL, FOLLOWING, 4.0, backorder, 6)
    np.testing.assert_array_equal(
        simulate.simulate(*case, kept), simulate.simulate.py_func(*case, kept_slowly)
    )
    np.testing.assert_array_equal(kept, kept_slowly)
    assert simulate.usable_stock(STOCK, PATHS[0], 4) == simulate.usable_stock.py_func(STOCK, PATHS[0], 4)


def test_arrivals():
    with np.errstate(over="ignore"):  # the counter's arithmetic is modulo 2**64
        for mean, sd in ((2.3, 0.9), (3.0, 0.0), (0.0, 1.0)):
            case = (np.uint64(9), 20, 1, 4, mean, sd, 30)
            slow = lead_times.arrivals.py_func(*case)
            np.testing.assert_array_equal(lead_times.arrivals(*case), slow)
            fast, slow = np.empty(20, np.int64), np.empty(20, np.int64)
            draw = (np.uint64(9), 1, mean, sd, np.empty(20, np.int64))
            lead_times._lead_times(*draw, fast)
            lead_times._lead_times.py_func(*draw, slow)
            np.testing.assert_array_equal(fast, slow)


@pytest.mark.parametrize(("kind", "waits"), list(itertools.product(KINDS, (False, True))))
def test_requirement(kind, waits):
    needs, demand, peaks = requirement.window_needs(PATHS, 3.0, RECEIPTS, ARRIVAL, FOLLOWING, waits)
    slow = requirement.window_needs.py_func(PATHS, 3.0, RECEIPTS, ARRIVAL, FOLLOWING, waits)
    for fast_part, slow_part in zip((needs, demand, peaks), slow, strict=True):
        np.testing.assert_array_equal(fast_part, slow_part)
    case = (needs, demand, peaks, waits, kind, 1.0, 2.0, 0.1, -3.0)
    assert requirement.requirement(*case) == requirement.requirement.py_func(*case)
    for quantity in (-2.0, 0.0, 3.0, 11.0):
        reached = (quantity, needs, demand, peaks, waits, kind, 1.0, 2.0, 0.1)
        assert requirement._reached(*reached) == requirement._reached.py_func(*reached)
        short = (quantity, needs, demand, peaks, waits)
        assert requirement._short(*short) == requirement._short.py_func(*short)
    cheapest = (needs, demand, -3.0, 400.0, 2.0, 0.1)
    assert requirement._cheapest(*cheapest) == requirement._cheapest.py_func(*cheapest)


@pytest.mark.parametrize(("kind", "waits"), list(itertools.product(KINDS, (False, True))))
def test_perishable_requirement(kind, waits):
    line = (PATHS, STOCK, RECEIPTS, 2, ARRIVAL, FOLLOWING)
    case = (*line, waits, kind, 0.9, 30.0, 2.0, 0.1, 1.0, 40.0)
    assert perishable.perishable_requirement(*case) == perishable.perishable_requirement.py_func(*case)
    outcome = (3.0, *line, waits, 6, kind, 2.0, 0.1, 1.0)
    assert perishable._outcome(*outcome) == perishable._outcome.py_func(*outcome)
    cheapest = (*line, 6, 40.0, 2.0, 0.1, 1.0)
    slow = perishable._cheapest_perishable.py_func(*cheapest)
    assert perishable._cheapest_perishable(*cheapest) == slow
