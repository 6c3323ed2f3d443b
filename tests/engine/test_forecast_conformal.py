"""Coverage of counts: published definition, scipy as oracle, right distributions covered as they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from engine.forecast.conformal import covered, dispersion_factor, step


@settings(deadline=None, max_examples=80)
@given(st.floats(0.01, 80), st.integers(0, 200), st.floats(0, 1.0), st.floats(1.01, 9))
def test_steps_are_scipys(mean, actual, level_cv, dispersion):
    wide = dispersion + level_cv**2 * mean
    model = stats.nbinom(mean / (wide - 1), 1 / wide)
    below, up_to = step(*(np.array([float(v)]) for v in (mean, actual, level_cv, dispersion)))
    assert below[0] == pytest.approx(model.cdf(actual - 1), abs=1e-9)
    assert up_to[0] == pytest.approx(model.cdf(actual), abs=1e-9)


def test_published_definition():
    """Czado, Gneiting & Held 2009, eq. 2: the share of u in [F(y−1), F(y)] that lies in [.1, .9]."""
    for y, low, high in ((0, 0.0, 0.8187), (1, 0.8187, 0.9825), (2, 0.9825, 0.9989)):
        due = max(min(high, 0.9) - max(low, 0.1), 0) / (high - low)
        got = covered(np.array([0.2]), np.array([float(y)]), np.zeros(1), np.ones(1))
        assert got[0] == pytest.approx(due, abs=2e-3)


@pytest.mark.parametrize(("mean", "dispersion"), [(0.1, 1.0), (0.8, 1.6), (5.0, 3.0), (300.0, 2.0)])
def test_right_distributions_are_covered_as_they_say(mean, dispersion):
    """Expected over the distribution itself: exactly 80 %, however coarse its steps."""
    y = np.arange(0.0, 2000.0)
    model = stats.nbinom(mean / (dispersion - 1), 1 / dispersion) if dispersion > 1 else stats.poisson(mean)
    inside = covered(np.full(2000, mean), y, np.zeros(2000), np.full(2000, dispersion))
    assert (model.pmf(y) * inside).sum() == pytest.approx(0.8, abs=1e-4)


def test_the_factor_finds_the_right_dispersion():
    rng = np.random.default_rng(1)
    sold = rng.negative_binomial(6.0 / 2.0, 1 / 3.0, 8000).astype(float)
    wide = dispersion_factor(np.full(8000, 6.0), sold, np.zeros(8000), np.full(8000, 2.0))
    assert 2.0 * wide == pytest.approx(3.0, rel=0.1)
    assert dispersion_factor(np.full(10, 6.0), sold[:10], np.zeros(10), np.full(10, 2.0)) == 1.0
    assert dispersion_factor(np.zeros(100), sold[:100], np.zeros(100), np.full(100, 2.0)) == 1.0
