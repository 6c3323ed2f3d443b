"""Loss functions: against sums and quadrature, and what must hold of any distribution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from engine.errors import EngineError
from engine.replenishment.textbook import loss_continuous as continuous
from engine.replenishment.textbook import loss_discrete as discrete
from engine.replenishment.textbook import loss_given
from engine.replenishment.textbook.checks import POSITIVE, checked

LEVELS = np.array([-3.0, 0.0, 0.5, 4.0, 12.0, 31.0])
WHOLE = np.array([-3, 0, 1, 4, 12, 31])

CONTINUOUS = {
    "normal": (
        stats.norm(8, 3),
        lambda x: continuous.normal_loss(x, 8, 3),
        lambda x: continuous.normal_second_loss(x, 8, 3),
    ),
    "lognormal": (
        stats.lognorm(0.6, 0, np.exp(2.0)),
        lambda x: continuous.lognormal_loss(x, 2.0, 0.6),
        lambda x: continuous.lognormal_second_loss(x, 2.0, 0.6),
    ),
    "exponential": (
        stats.expon(scale=5.0),
        lambda x: continuous.exponential_loss(x, 0.2),
        lambda x: continuous.exponential_second_loss(x, 0.2),
    ),
    "gamma": (
        stats.gamma(2.5, scale=4.0),
        lambda x: continuous.gamma_loss(x, 2.5, 4.0),
        lambda x: continuous.gamma_second_loss(x, 2.5, 4.0),
    ),
    "uniform": (
        stats.uniform(2, 10),
        lambda x: continuous.uniform_loss(x, 2, 12),
        lambda x: continuous.uniform_second_loss(x, 2, 12),
    ),
}
DISCRETE = {
    "poisson": (
        stats.poisson(6.5),
        lambda x: discrete.poisson_loss(x, 6.5),
        lambda x: discrete.poisson_second_loss(x, 6.5),
    ),
    "negative binomial": (
        stats.nbinom(3, 0.25),
        lambda x: discrete.negative_binomial_loss(x, 9, 6),
        lambda x: discrete.negative_binomial_second_loss(x, 9, 6),
    ),
    "geometric": (
        stats.geom(0.2),
        lambda x: discrete.geometric_loss(x, 0.2),
        lambda x: discrete.geometric_second_loss(x, 0.2),
    ),
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_closed_forms_equal_quadrature(name):
    demand, first, second = CONTINUOUS[name]
    for closed, integrated in (
        (first(LEVELS), loss_given.continuous_loss(LEVELS, demand)),
        (second(LEVELS), loss_given.continuous_second_loss(LEVELS, demand)),
    ):
        np.testing.assert_allclose(closed.short, integrated.short, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(closed.over, integrated.over, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_quadrature_equals_a_fine_grid(name):
    demand, _, _ = CONTINUOUS[name]
    grid = demand.ppf((np.arange(400_000) + 0.5) / 400_000)
    loss = loss_given.continuous_loss(5.0, demand)
    assert loss.short == pytest.approx(np.maximum(grid - 5.0, 0).mean(), rel=1e-3)
    assert loss.over == pytest.approx(np.maximum(5.0 - grid, 0).mean(), rel=1e-3)


@pytest.mark.parametrize("name", DISCRETE)
def test_closed_forms_equal_sums(name):
    demand, first, second = DISCRETE[name]
    values = np.arange(600)
    chances = demand.pmf(values)
    for x, short, over, short2, over2 in zip(WHOLE, *first(WHOLE), *second(WHOLE), strict=True):
        above, below = np.maximum(values - x, 0), np.maximum(x - values, 0)
        assert short == pytest.approx(above @ chances, rel=1e-11, abs=1e-13)
        assert over == pytest.approx(below @ chances, rel=1e-11, abs=1e-13)
        assert short2 == pytest.approx(
            0.5 * (above * np.maximum(above - 1, 0)) @ chances, rel=1e-10, abs=1e-12
        )
        assert over2 == pytest.approx(0.5 * (below * (below + 1)) @ chances, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("name", DISCRETE)
def test_distribution_and_table_agree(name):
    demand, first, second = DISCRETE[name]
    values = np.arange(400)
    for closed, summed, tabled in (
        (first(WHOLE), loss_given.discrete_loss(WHOLE, demand), loss_given.table_loss),
        (second(WHOLE), loss_given.discrete_second_loss(WHOLE, demand), loss_given.table_second_loss),
    ):
        table = tabled(WHOLE, values[::-1], demand.pmf(values)[::-1])
        for side in (0, 1):
            np.testing.assert_allclose(summed[side], closed[side], rtol=1e-11, atol=1e-12)
            np.testing.assert_allclose(table[side], closed[side], rtol=1e-11, atol=1e-12)


def test_certain_demand():
    assert [side.tolist() for side in continuous.normal_loss([3, 9], 7, 0)] == [[4.0, 0.0], [0.0, 2.0]]
    assert [side.tolist() for side in continuous.normal_second_loss([3, 9], 7, 0)] == [[8.0, 0.0], [0.0, 2.0]]


def test_tails_stay_positive_and_fall():
    z = np.linspace(-40, 40, 400)
    for loss in (continuous.standard_normal_loss(z), continuous.standard_normal_second_loss(z)):
        assert np.all(loss.short >= 0)
        assert np.all(np.diff(loss.short) <= 1e-12)
        np.testing.assert_allclose(loss.over, loss.short[::-1], rtol=1e-6, atol=0)


@given(st.floats(0.05, 300), st.integers(-5, 400))
@settings(deadline=None, max_examples=60)
def test_a_level_and_the_mean_differ_by_what_is_over_and_short(mean, level):
    loss = discrete.poisson_loss(level, mean)
    assert loss.over - loss.short == pytest.approx(level - mean, rel=1e-9, abs=1e-9)
    assert loss.short >= discrete.poisson_loss(level + 1, mean).short
    second = discrete.poisson_second_loss(level, mean)
    distance = level - mean
    assert second.short + second.over == pytest.approx(0.5 * (distance**2 + distance + mean), rel=1e-8)
    # the second order adds up the first
    step = second.over - discrete.poisson_second_loss(level - 1, mean).over
    assert step == pytest.approx(loss.over, rel=1e-6, abs=1e-7)


def test_bad_arguments_are_all_named():
    with pytest.raises(
        EngineError, match=r"level must be finite; it is nan at 1; sd must be .* at least 0; it is -2"
    ):
        continuous.normal_loss([1, np.nan], 5, -2)
    with pytest.raises(EngineError, match=r"whole number; it is 1.5"):
        discrete.poisson_loss(1.5, 2)
    with pytest.raises(EngineError, match=r"square root of the mean"):
        discrete.negative_binomial_loss(1, 9, 3)
    with pytest.raises(EngineError, match=r"highest must be above lowest"):
        continuous.uniform_loss(1, 3, 3)
    with pytest.raises(EngineError, match=r"sum to 1; they sum to 0.9"):
        loss_given.table_loss(1, [1, 2], [0.5, 0.4])
    with pytest.raises(EngineError, match=r"one list each"):
        loss_given.table_loss(1, [[1, 2]], [[0.5, 0.5]])
    with pytest.raises(EngineError, match=r"one length or be single numbers: a .2,., b .3,."):
        checked(("a", [1, 2], POSITIVE), ("b", [1, 2, 3], POSITIVE))


def test_demand_without_a_mean_is_refused(monkeypatch):
    monkeypatch.setattr(loss_given, "_LONGEST_SUM", 1 << 12)
    with pytest.raises(EngineError, match=r"its tail does not end"):
        loss_given.discrete_loss(3, stats.zipf(1.5))
