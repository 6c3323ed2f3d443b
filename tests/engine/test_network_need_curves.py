"""Money curves of a place: the newsvendor, path by path, and the chain from paths to transfers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.replenishment.network.allocation import Claim, allocate
from engine.replenishment.network.need_curves import gain_curve, loss_curve

paths = st.lists(st.integers(-30, 30).map(float), min_size=1, max_size=30)
costs = st.sampled_from([0.0, 1.0, 2.5, 9.0])


def cost(needs, change, stockout_cost, leftover_cost):
    """Each path by itself."""
    return np.mean([stockout_cost * max(n - change, 0) + leftover_cost * max(change - n, 0) for n in needs])


@settings(max_examples=150, deadline=None)
@given(paths, costs, costs, st.integers(0, 40), st.sampled_from([1, 7, 64]))
def test_equals_the_cost_path_by_path(needs, stockout_cost, leftover_cost, most, points):
    gain = gain_curve(needs, stockout_cost, leftover_cost, most, points=points)
    loss = loss_curve(needs, stockout_cost, leftover_cost, most, points=points)
    now = cost(needs, 0, stockout_cost, leftover_cost)
    assert gain.most == loss.most == most
    assert len(gain.widths) <= points
    for q, earned in zip(gain.quantities, gain.money, strict=True):
        assert earned == pytest.approx(now - cost(needs, q, stockout_cost, leftover_cost), abs=1e-9)
    for q, lost in zip(loss.quantities, loss.money, strict=True):
        assert lost == pytest.approx(cost(needs, -q, stockout_cost, leftover_cost) - now, abs=1e-9)
    assert (np.diff(gain.per_unit) <= 1e-9).all()
    assert (np.diff(loss.per_unit) >= -1e-9).all()


def test_the_best_quantity_is_the_newsvendors():
    # Snyder & Shen, Problem 4.1: h 43, p 79, demand normal (900, 60): 922.7 units.
    rng = np.random.default_rng(1)
    curve = gain_curve(rng.normal(900, 60, 200_000), 79, 43, 1200, points=1200)
    assert curve.quantities[int(np.argmax(curve.money))] == pytest.approx(922.7, abs=1)


def test_a_short_centre_serves_like_stores_alike():
    needs = np.random.default_rng(2).poisson(12, 2000)
    claims = [Claim(str(i), gain_curve(needs, 5, 1, 30), need=12) for i in range(4)]
    assert [share.units for share in allocate(claims, 40).shares] == [10, 10, 10, 10]


def test_faults():
    with pytest.raises(EngineError, match="one number a path"):
        gain_curve([], 1, 1, 3)
    with pytest.raises(EngineError, match="leftover_cost -1"):
        loss_curve([1.0], 1, -1, 3)
    with pytest.raises(EngineError, match="most is -1"):
        gain_curve([1.0], 1, 1, -1)
