"""Forecast value added: worked by hand, against a slow loop, and its properties."""

from __future__ import annotations

import random
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.forecast.value_added import LEAST_CLUSTERS, accuracy, bootstrap_interval, value_added

CELLS = 12
UNITS = arrays(np.float64, CELLS, elements=st.integers(0, 10**9).map(lambda thousandths: thousandths / 1e3))


def test_a_stairstep_worked_by_hand() -> None:
    """Demand 100, 80, 120; naive 90, 110, 70; statistical 100, 90, 95; planner 110, 85, 110."""
    demand = np.array([100.0, 80.0, 120.0])
    steps = {"naive": (90, 110, 70), "statistical": (100, 90, 95), "final": (110, 85, 110)}
    one = np.zeros(3, dtype=np.int64)
    wape = {
        name: float(accuracy(np.array(step, float), demand, one, 1).wape[0]) for name, step in steps.items()
    }
    assert wape == {
        "naive": pytest.approx((10 + 30 + 50) / 300),
        "statistical": pytest.approx((0 + 10 + 25) / 300),
        "final": pytest.approx((10 + 5 + 10) / 300),
    }
    gain = value_added(np.array(steps["statistical"], float), np.array(steps["final"], float), demand)
    assert gain.tolist() == [-10.0, 5.0, 15.0]
    assert gain.sum() / demand.sum() == pytest.approx(wape["statistical"] - wape["final"])


def test_groups_without_demand_have_no_share() -> None:
    found = accuracy(np.array([3.0, 5.0]), np.array([0.0, 4.0]), np.array([0, 2]), 3)
    assert found.absolute_error.tolist() == [3.0, 0.0, 1.0]
    assert isnan(found.wape[0])
    assert isnan(found.bias[1])
    assert (found.wape[2], found.bias[2]) == (0.25, 0.25)


@given(UNITS, UNITS, arrays(np.int64, CELLS, elements=st.integers(0, 3)))
def test_sums_are_those_of_a_loop(forecast, demand, group) -> None:
    found = accuracy(forecast, demand, group, 4)
    for g in range(4):
        error = over = total = 0.0
        for i in range(CELLS):
            if group[i] == g:
                error += abs(forecast[i] - demand[i])
                over += forecast[i] - demand[i]
                total += demand[i]
        assert found.absolute_error[g] == pytest.approx(error)
        assert found.wape[g] == pytest.approx(error / total if total > 0 else nan, nan_ok=True)
        assert found.bias[g] == pytest.approx(over / total if total > 0 else nan, nan_ok=True, abs=1e-6)


@given(UNITS, UNITS, st.floats(0, 100))
def test_a_factor_adds_at_most_what_it_moves_and_1_adds_nothing(statistical, demand, factor) -> None:
    assert (value_added(statistical, statistical * 1.0, demand) == 0).all()
    gain = value_added(statistical, statistical * factor, demand)
    assert (np.abs(gain) <= statistical * abs(factor - 1) * (1 + 1e-9) + 1e-6).all()


@given(UNITS, arrays(np.float64, (3, CELLS), elements=st.floats(0.1, 3)), UNITS)
def test_steps_add_up_to_the_whole_way(statistical, factors, demand) -> None:
    forecast, total = statistical, np.zeros(CELLS)
    for factor in factors:
        total += value_added(forecast, forecast * factor, demand)
        forecast = forecast * factor
    assert total == pytest.approx(value_added(statistical, forecast, demand), rel=1e-9, abs=1e-6)


def test_an_interval_is_that_of_a_slow_resampling() -> None:
    gain = np.array([4.0, -1.0, 7.0, 2.0, -3.0, 5.0])
    draw = random.Random(3)
    sums = sorted(sum(draw.choices(list(gain), k=len(gain))) for _ in range(20_000))
    low, high = bootstrap_interval(gain, seed=1, draws=20_000)
    assert low == pytest.approx(sums[2_000], abs=0.6)
    assert high == pytest.approx(sums[18_000], abs=0.6)
    assert bootstrap_interval(gain, seed=1) == bootstrap_interval(gain, seed=1)


@given(st.lists(st.floats(-1e6, 1e6), min_size=LEAST_CLUSTERS, max_size=20))
def test_an_interval_lies_between_the_worst_and_the_best_draw(gain) -> None:
    low, high = bootstrap_interval(np.array(gain), seed=1, draws=200)
    assert len(gain) * min(gain) - 1e-6 <= low <= high <= len(gain) * max(gain) + 1e-6


def test_too_few_acts_have_no_interval() -> None:
    assert all(isnan(bound) for bound in bootstrap_interval(np.array([1.0, 2.0]), seed=1))
