"""Shortage allocation: brute force over all lots, the floor, what must hold."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.replenishment.network import allocation
from engine.replenishment.network.allocation import Claim, Why, allocate
from engine.replenishment.network.curve import ValueCurve, concave_envelope

worth = st.lists(st.integers(-3, 9).map(float), max_size=7)
concave = worth.map(lambda values: sorted(values, reverse=True))


some_lots = st.integers(1, 3)


def claims_of(curves, lots=some_lots):
    claim = st.tuples(curves.map(ValueCurve.of_units), st.integers(0, 8).map(float), lots)
    return st.lists(claim, min_size=1, max_size=3).map(
        lambda parts: [Claim(str(i), value, need, lot) for i, (value, need, lot) in enumerate(parts)]
    )


def outcomes(claims, available, floors, value_kept):
    """Money of every way to give whole lots above the floors."""
    ranges = [range(claim.value.most // claim.lot + 1) for claim in claims]
    for lots in product(*ranges):
        units = [k * claim.lot for k, claim in zip(lots, claims, strict=True)]
        if sum(units) <= available and all(u >= floor for u, floor in zip(units, floors, strict=True)):
            earned = sum(float(claim.value.at(u)) for claim, u in zip(claims, units, strict=True))
            yield earned + value_kept * (available - sum(units))


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(claims_of(worth), claims_of(concave, st.just(2))),
    st.integers(0, 16),
    st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    st.sampled_from([0.0, 1.5]),
)
def test_equals_the_best_of_all_allocations(claims, available, floor_share, value_kept):
    result = allocate(claims, available, floor_share=floor_share, value_kept=value_kept)
    floors = [share.floor_units for share in result.shares]
    assert result.gap == 0
    assert result.money == pytest.approx(max(outcomes(claims, available, floors, value_kept)))
    assert result.money_without_floor == pytest.approx(
        max(outcomes(claims, available, [0] * len(claims), value_kept))
    )
    assert result.left == available - sum(share.units for share in result.shares) >= 0
    total = sum(share.money for share in result.shares) + value_kept * result.left
    assert result.money == pytest.approx(total)
    for claim, share in zip(claims, result.shares, strict=True):
        assert share.units % claim.lot == 0
        assert share.units >= share.floor_units
        granted = min(claim.need * result.floor_share, claim.value.most)
        assert share.floor_units > granted - claim.lot - 1e-6
        assert share.floor_units <= granted + 1e-6


@settings(max_examples=100, deadline=None)
@given(claims_of(worth), st.integers(0, 16), st.sampled_from([0.3, 0.5, 1.0]))
def test_the_floor_is_lowered_only_as_far_as_the_stock_demands(claims, available, floor_share):
    result = allocate(claims, available, floor_share=floor_share)
    assert result.floor_share <= floor_share
    if result.floor_share < floor_share:
        # The next share at which any store's floor grows by a lot cannot be covered.
        grown = [
            (share.floor_units + claim.lot) / claim.need
            for claim, share in zip(claims, result.shares, strict=True)
            if claim.need and share.floor_units + claim.lot <= claim.value.most
        ]
        following = min(grown) + 1e-9
        wanted = [
            min(int(following * claim.need / claim.lot + 1e-9), claim.value.most // claim.lot) * claim.lot
            for claim in claims
        ]
        assert sum(wanted) > available


@settings(max_examples=100, deadline=None)
@given(claims_of(worth), st.integers(0, 16))
def test_more_stock_never_earns_less_and_fairness_never_more(claims, available):
    money = allocate(claims, available).money
    assert allocate(claims, available + 1).money >= money - 1e-9
    assert allocate(claims, available, floor_share=0.5).money <= money + 1e-9


def test_reasons():
    claims = [
        Claim("keen", ValueCurve.of_units([9, 9, 9, 9]), 4),
        Claim("served", ValueCurve.of_units([10, -1]), 1),
        Claim("slow", ValueCurve.of_units([1, 1, 1, 1]), 4),
    ]
    result = allocate(claims, 5, floor_share=0.5)
    assert [(share.units, share.why) for share in result.shares] == [
        (2, Why.SHORT),
        (1, Why.FULL),
        (2, Why.FLOOR),
    ]
    assert result.money_without_floor - result.money == pytest.approx(16)


def test_equal_fill():
    """With a floor of 1 the stock is shared in proportion to need, to the lot."""
    flat = ValueCurve((0, 100), (0.0, 100.0))
    result = allocate([Claim("a", flat, 60), Claim("b", flat, 30), Claim("c", flat, 10)], 50, floor_share=1)
    assert [share.units for share in result.shares] == [30, 15, 5]
    assert result.floor_share == pytest.approx(0.5)


def test_beyond_the_exact_search_the_gap_is_told(monkeypatch):
    rng = np.random.default_rng(5)
    claims = [
        Claim(str(i), ValueCurve.of_units(np.sort(rng.uniform(0, 9, 40))[::-1].tolist()), 40, lot)
        for i, lot in enumerate([3, 4, 7, 5, 6])
    ]
    gaps = []
    for available in range(40, 100):
        exact = allocate(claims, available)
        with monkeypatch.context() as patch:
            patch.setattr(allocation, "EXACT_WORK", 0)
            quick = allocate(claims, available)
        assert exact.gap == 0
        assert quick.money <= exact.money + 1e-9 <= quick.money + quick.gap + 2e-9
        gaps.append(quick.gap)
    assert max(gaps) > 0


def test_filling_up_takes_steps_over_worthless_lots(monkeypatch):
    claims = [Claim("a", ValueCurve.of_units([1, 1, 1]), 3), Claim("b", ValueCurve.of_units([0, 5, 0, 9]), 4)]
    monkeypatch.setattr(allocation, "EXACT_WORK", 0)
    assert [share.units for share in allocate(claims, 3).shares] == [1, 2]


@given(st.lists(st.integers(-5, 9).map(float), min_size=1, max_size=9))
def test_envelope_is_the_least_concave_function_above(values):
    curve = np.array(values)
    envelope = concave_envelope(curve)
    assert (envelope >= curve - 1e-9).all()
    assert (np.diff(envelope, 2) <= 1e-9).all()
    for k in range(len(curve)):
        chords = [
            curve[i] + (curve[j] - curve[i]) * (k - i) / (j - i)
            for i in range(k + 1)
            for j in range(k, len(curve))
            if i < j
        ]
        assert envelope[k] == pytest.approx(max([curve[k], *chords]))


def test_faults_are_told_together():
    curve = ValueCurve.of_units([1])
    with pytest.raises(EngineError) as error:
        allocate([Claim("a", curve, -1), Claim("a", curve, 1, 0)], -1, floor_share=2, value_kept=np.inf)
    for part in ("a claims twice", "need is -1", "lot is 0", "available is -1", "floor_share is 2", "inf"):
        assert part in str(error.value)
    with pytest.raises(EngineError, match="no claims"):
        allocate([], 1)


@pytest.mark.parametrize(
    ("quantities", "money", "fault"),
    [
        ((0, 1), (0.0,), "must pair"),
        ((1, 2), (0.0, 1.0), "start with 0"),
        ((0, 2, 2), (0.0, 1.0, 1.0), "whole and rise"),
        ((0, 2), (0.0, np.nan), "finite"),
    ],
)
def test_faulty_curves(quantities, money, fault):
    with pytest.raises(EngineError, match=fault):
        ValueCurve(quantities, money)
