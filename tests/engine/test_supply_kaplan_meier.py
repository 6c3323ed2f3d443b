"""Kaplan and Meier's estimate: published values, redistribution to the right in plain Python, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.supply.kaplan_meier import kaplan_meier

ENDED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
LOST = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def test_remission_under_6mp_as_published():
    """Freireich et al. (1963), as in Cox & Oakes (1984), table 1.1 and section 4.2."""
    value = np.array(ENDED + LOST, dtype=float)
    ended = np.arange(len(value)) < len(ENDED)
    found = kaplan_meier(np.zeros(len(value), np.int64), value, np.ones(len(value)), ended, 1)
    survival = dict(zip(found.value[0], 1 - np.cumsum(found.mass[0]), strict=True))
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    assert {t: round(float(survival[t]), 3) for t in published} == published
    assert found.quantile(0.5)[0] == 23


def redistributed(value, weight, ended, least, step):
    """Efron (1967): from the left, each lost observation hands its mass to those that last longer."""
    rows = sorted(zip(value, ~np.asarray(ended), weight, strict=True))
    mass, done, tail = [w for _, _, w in rows], [], 0.0
    for i, (at, lost, _) in enumerate(rows):
        if not lost:
            done.append((at, mass[i]))
            continue
        later = range(i + 1, len(rows))
        total = sum(mass[j] for j in later)
        if total == 0:
            tail += mass[i]
            continue
        for j in later:
            mass[j] += mass[i] * mass[j] / total
    if tail:
        done.append((max(rows[-1][0] + step, least), tail))
    whole = sum(m for _, m in done)
    mean = sum(v * m for v, m in done) / whole
    return mean, sum(m * (v - mean) ** 2 for v, m in done) / whole


OBSERVATIONS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(-5, 12), st.sampled_from([0.25, 0.5, 1.0]), st.booleans()),
    min_size=1,
    max_size=14,
)


def estimate(rows):
    group, value, weight, ended = (np.array(column) for column in zip(*rows, strict=True))
    return kaplan_meier(group.astype(np.int64), value.astype(float), weight, ended.astype(bool), 3)


@given(OBSERVATIONS)
@settings(deadline=None, max_examples=80)
def test_it_is_redistribution_to_the_right(rows):
    found = estimate(rows)
    for group in range(3):
        own = [row[1:] for row in rows if row[0] == group]
        if not own:
            assert np.isnan(found.mean[group])
            assert found.mass[group].sum() == 0
            continue
        mean, variance = redistributed(*zip(*own, strict=True), 0.0, 1.0)
        assert found.mass[group].sum() == pytest.approx(1)
        assert found.mean[group] == pytest.approx(mean, abs=1e-9)
        assert found.variance[group] == pytest.approx(variance, abs=1e-8)


@given(OBSERVATIONS, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_the_order_of_rows_does_not_matter(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    np.testing.assert_allclose(estimate(rows).mean, estimate(shuffled).mean, atol=1e-9)


@given(OBSERVATIONS, st.data(), st.integers(1, 9), st.booleans())
@settings(deadline=None, max_examples=80)
def test_later_or_not_yet_never_lowers_the_mean(rows, data, days, still_open):
    which = data.draw(st.integers(0, len(rows) - 1))
    group, value, weight, ended = rows[which]
    changed = list(rows)
    changed[which] = (group, value + days, weight, ended and not still_open)
    assert estimate(changed).mean[group] >= estimate(rows).mean[group] - 1e-9


def test_no_observation_at_all():
    none = np.zeros(0)
    found = kaplan_meier(none.astype(np.int64), none, none, none > 0, 2)
    assert np.isnan(found.mean).all()
    assert np.isnan(found.quantile(0.9)).all()
