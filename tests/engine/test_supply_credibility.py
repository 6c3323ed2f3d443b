"""Credibility: a published portfolio, a slow oracle, what shrinking may and may not do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.supply.credibility import (
    LEAST_K,
    PLACES,
    PRIOR_DELIVERIES,
    PRIOR_GROUPS,
    PROMISE,
    credibility_k,
    effective_number,
    shrink,
)


def test_hachemeisters_premiums():
    """Hachemeister (1975) by Bühlmann and Straub's model, as printed by the R package actuar (vignette)."""
    mean = np.array([2060.921, 1511.224, 1805.843, 1352.976, 1599.829])
    weight = np.array([100155.0, 19895, 13735, 4152, 36110])
    collective, within, between = 1683.713, 139120026.0, 89638.73
    row = shrink([mean], [weight], [np.zeros(5, np.int64)], [np.full(5, within / between)])[0]
    premium = row.value + row.promise_weight * collective
    np.testing.assert_allclose(1 - row.promise_weight, [0.9847, 0.9276, 0.8985, 0.7279, 0.9588], atol=5e-5)
    np.testing.assert_allclose(premium, [2055, 1524, 1793, 1443, 1603], atol=0.5)


def slow_k(measured, parent, n, variance, source, n_sources, usual):
    found = []
    for s in range(n_sources):
        other = [g for g in range(len(measured)) if source[g] != s and n[g] > 0]
        within = (sum(n[g] * variance[g] for g in other) + PRIOR_DELIVERIES * usual) / (
            sum(n[g] for g in other) + PRIOR_DELIVERIES
        )
        trust = {g: n[g] / (n[g] + LEAST_K) for g in other}
        excess = sum(trust[g] * ((measured[g] - parent[g]) ** 2 - within / n[g]) for g in other)
        between = (excess + PRIOR_GROUPS * within / PLACES.usual) / (sum(trust.values()) + PRIOR_GROUPS)
        found.append(PLACES.most if between * PLACES.most <= within else max(within / between, LEAST_K))
    return found


GROUPS = st.lists(
    st.tuples(
        st.floats(-5, 5), st.floats(-1, 1), st.floats(0, 40).map(lambda n: round(n, 1)), st.floats(0, 9)
    ),
    min_size=1,
    max_size=9,
)


@given(GROUPS)
@settings(deadline=None, max_examples=60)
def test_k_is_that_of_a_plain_loop_over_the_other_sources(rows):
    measured, parent, n, variance = (np.array(column) for column in zip(*rows, strict=True))
    source = np.arange(len(rows)) % 3
    found = credibility_k(
        measured, parent, n, variance, source, n_sources=3, usual_variance=0.1, trust=PLACES
    )
    np.testing.assert_allclose(found, slow_k(measured, parent, n, variance, source, 3, 0.1), rtol=1e-6)


def test_alone_a_source_is_believed_as_usual():
    one = np.ones(1)
    found = credibility_k(
        4 * one, 0 * one, 30 * one, one, np.array([0]), n_sources=1, usual_variance=0.1, trust=PROMISE
    )
    assert found == pytest.approx(PROMISE.usual)


@given(st.floats(-9, 9), st.floats(0, 500), st.floats(0, 500), st.floats(1, 50))
@settings(deadline=None)
def test_between_the_promise_and_what_was_measured(measured, few, more, k):
    few, more = sorted([few, more])
    values = [
        shrink([np.array([measured])], [np.array([n])], [np.array([0])], [np.array([k])])[0]
        for n in (0.0, few, more, 1e9)
    ]
    size = [abs(float(row.value[0])) for row in values]
    assert size == sorted(size)
    assert values[0].value[0] == 0
    assert values[0].promise_weight[0] == 1
    assert values[-1].value[0] == pytest.approx(measured, abs=1e-6)


def test_a_place_without_deliveries_is_its_source():
    rows = shrink(
        [np.array([4.0]), np.array([6.0, np.nan])],
        [np.array([20.0]), np.array([20.0, 0.0])],
        [np.array([0]), np.array([0, 0])],
        [np.array([5.0]), np.array([5.0, 5.0])],
    )
    assert rows[0].value[0] == pytest.approx(3.2)
    assert rows[1].value[1] == pytest.approx(3.2)
    assert rows[1].value[0] == pytest.approx(0.8 * 6 + 0.2 * 3.2)
    assert rows[1].promise_weight[0] == pytest.approx(0.04)


def test_equal_weights_count_each():
    found = effective_number(np.array([0, 0, 1]), np.array([0.3, 0.3, 0.7]), 3)
    np.testing.assert_allclose(found, [2, 1, 0])
