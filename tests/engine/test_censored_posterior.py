"""The gamma–Poisson posterior of demand: against a published value, simulation, and its own laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from engine.forecast.censored.posterior import DemandEstimate, demand_posterior, interval


@pytest.mark.parametrize(("sold", "exposure", "published"), [(3.0, 2.0, 6 / 7), (30.0, 20.0, 33 / 25)])
def test_the_rate_is_that_of_a_published_example(sold: float, exposure: float, published: float) -> None:
    """Gelman et al., Bayesian Data Analysis, 3rd ed., §2.6, asthma mortality.

    Prior gamma(3, 5), so mean 0.6 and squared coefficient of variation 1/3; 3 deaths in an exposure of 2 give
    gamma(6, 7) with mean 0.86, 30 in an exposure of 20 gamma(33, 25) with mean 1.32.
    """
    whole = 2 * exposure
    found = demand_posterior(sold, 0.6 * whole, 0.5, 1 / 3, 1.0)
    assert (found.mean - sold) / (whole - exposure) == pytest.approx(published)
    # What is to come is negative binomial: mean m, variance m + m² ÷ shape.
    rest, shape = exposure * published, 3 + sold
    assert found.sd == pytest.approx(np.sqrt(rest + rest**2 / shape))


def test_simulated_days_that_sold_as_much_had_this_demand() -> None:
    rng = np.random.default_rng(1)
    expected, share, variation = 6.0, 0.4, 0.5
    rate = expected * rng.gamma(1 / variation, variation, 400_000)
    sold, rest = rng.poisson(rate * share), rng.poisson(rate * (1 - share))
    for units in (0, 2, 5):
        found = demand_posterior(float(units), expected, share, variation, 1.0)
        demand = (sold + rest)[sold == units]
        assert found.mean == pytest.approx(demand.mean(), rel=0.02)
        assert found.sd == pytest.approx(demand.std(), rel=0.02)
        for least in (2, 6):
            cut = demand_posterior(float(units), expected, share, variation, 1.0, np.array(float(least)))
            more = (sold + rest)[(sold == units) & (rest >= least)]
            assert cut.mean == pytest.approx(more.mean(), rel=0.02)
            assert cut.sd == pytest.approx(more.std(), rel=0.05)


def test_a_count_that_the_stockout_ended_needs_no_other_formula() -> None:
    """Customers come one by one until the stock of 5 is gone: demand given the hour at which it went."""
    rng = np.random.default_rng(2)
    expected, variation, stock = 8.0, 0.25, 5
    days = 300_000
    rate = expected * rng.gamma(1 / variation, variation, days)
    gone = rng.gamma(stock, 1.0, days) / rate  # when the fifth customer comes, as a share of the day
    demand = stock + rng.poisson(rate * np.maximum(1 - gone, 0))
    for moment in (0.3, 0.6, 0.9):
        near = np.abs(gone - moment) < 0.02
        found = demand_posterior(float(stock), expected, moment, variation, 1.0)
        assert found.mean == pytest.approx(demand[near].mean(), rel=0.02)


def test_a_dispersion_scales_counts() -> None:
    plain = demand_posterior(4.0, 6.0, 0.5, 0.3, 1.0)
    cases = demand_posterior(48.0, 72.0, 0.5, 0.3, 12.0)
    assert cases.mean == pytest.approx(12 * plain.mean)
    assert cases.sd == pytest.approx(12 * plain.sd)


def test_without_variation_the_rest_is_poisson_given_at_least_what_sold() -> None:
    found = demand_posterior(0.0, 10.0, 0.0, 0.0, 1.0, np.array(12.0))
    units = np.arange(12, 80)
    chance = stats.poisson.pmf(units, 10.0)
    assert found.mean == pytest.approx((units * chance).sum() / chance.sum(), rel=1e-4)


def test_a_bound_far_beyond_belief_is_the_answer_itself() -> None:
    found = demand_posterior(0.0, 1.0, 0.0, 0.0, 1.0, np.array(500.0))
    assert (float(found.mean), float(found.sd)) == (500.0, 0.0)


units = st.one_of(st.just(0.0), st.floats(1e-3, 1e6))
shares = st.floats(0, 1)


@settings(deadline=None, max_examples=300)
@given(units, units, shares, shares, st.floats(0, 4), st.floats(1e-3, 1e3), units)
def test_demand_is_finite_never_below_sales_and_falls_with_the_time_in_stock(
    sold: float,
    expected: float,
    one: float,
    other: float,
    variation: float,
    dispersion: float,
    outside: float,
) -> None:
    in_stock = np.array([min(one, other), max(one, other), 1.0])
    found = demand_posterior(sold, expected, in_stock, variation, dispersion)
    assert np.isfinite(found.mean).all()
    assert np.isfinite(found.sd).all()
    assert (found.mean >= sold).all()
    assert found.mean[0] >= found.mean[1] * (1 - 1e-9)
    assert (found.mean[2], found.sd[2]) == (sold, 0.0)
    cut = demand_posterior(sold, expected, in_stock, variation, dispersion, np.full(3, outside))
    assert np.isfinite(cut.mean).all()
    assert np.isfinite(cut.sd).all()
    assert (cut.mean >= (sold + outside) * (1 - 1e-9)).all()
    assert (cut.mean >= found.mean * (1 - 1e-6)).all()


def test_the_range_is_never_below_what_sold() -> None:
    estimate = DemandEstimate(np.array([5.0, 10.0]), np.array([4.0, 1.0]))
    low, high = interval(estimate, np.array([4.0, 2.0]))
    assert low == pytest.approx([4.0, 10.0 - 1.2816], abs=1e-3)
    assert high == pytest.approx([5.0 + 4 * 1.2816, 11.2816], abs=1e-3)
