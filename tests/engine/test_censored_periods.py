"""Demand behind stockouts, scored against demand that is known because it was hidden on purpose."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.forecast.censored import periods
from engine.forecast.censored.periods import demand_estimate, with_estimates
from engine.forecast.panel import make_panel
from engine.forecast.seasonality import seasonal_profile

START = np.datetime64("2024-01-01")


def panel_of(sales, in_stock, period="D"):
    keys = pd.DataFrame({"sku": [str(i // 2) for i in range(len(sales))], "location": "x"})
    return make_panel(keys, START, period, np.asarray(sales, float), np.asarray(in_stock, float))


def test_hidden_demand_is_estimated_much_better_than_by_sales():
    rng = np.random.default_rng(4)
    week = np.array([0.6, 0.7, 0.9, 1.0, 1.2, 1.6, 1.0])
    level = rng.gamma(3.0, 4.0, (40, 1))
    demand = rng.poisson(level * week[np.arange(364) % 7]).astype(float)
    empty = rng.random((40, 364)) < 0.08
    sales = np.where(empty, np.floor(0.3 * demand), demand)
    keys = pd.DataFrame({"sku": [str(i) for i in range(40)], "location": "x"})
    panel = make_panel(keys, START, "D", sales, np.where(empty, 0.3, 1.0))
    estimate = demand_estimate(panel).mean
    assert np.array_equal(estimate[panel.observed], demand[panel.observed])
    hidden = panel.censored
    assert (estimate[hidden] >= sales[hidden]).all()
    missed = np.abs(estimate - demand)[hidden].sum()
    assert missed < 0.5 * np.abs(sales - demand)[hidden].sum()
    assert estimate[hidden].sum() == pytest.approx(demand[hidden].sum(), rel=0.06)


def test_a_promotion_seen_elsewhere_is_part_of_what_was_missed():
    rng = np.random.default_rng(6)
    level = np.array([[20.0], *([[10.0]] * 10), [8.0]])
    uplift = np.ones(120)
    uplift[60:63] = 4.0
    demand = rng.poisson(level * uplift).astype(float)
    stock = np.ones((12, 120))
    stock[0, 60:63] = 0.0
    keys = pd.DataFrame({"sku": [*["a"] * 11, "b"], "location": [str(i) for i in range(12)]})
    estimate = demand_estimate(make_panel(keys, START, "D", demand * stock, stock)).mean
    assert estimate[0, 60:63].sum() == pytest.approx(3 * 80.0, rel=0.25)
    alone = demand_estimate(make_panel(keys[:1], START, "D", (demand * stock)[:1], stock[:1])).mean
    assert alone[0, 60:63].sum() == pytest.approx(3 * 20.0, rel=0.2)


def test_a_long_stockout_takes_the_level_of_the_whole_history():
    sales = np.concatenate([np.full(60, 4.0), np.zeros(90), np.full(10, 4.0)])[None]
    stock = np.where(sales > 0, 1.0, 0.0)
    panel = make_panel(pd.DataFrame({"sku": ["a"], "location": ["x"]}), START, "D", sales, stock)
    assert demand_estimate(panel).mean[0, 60:150] == pytest.approx(4.0)


def test_what_sold_in_little_time_counts_beside_the_expectation_of_the_rest():
    sales, stock = np.full((1, 40), 2.0), np.ones((1, 40))
    sales[0, 20], stock[0, 20] = 9.0, 0.2
    panel = make_panel(pd.DataFrame({"sku": ["a"], "location": ["x"]}), START, "D", sales, stock)
    assert demand_estimate(panel).mean[0, 20] == pytest.approx(9.0 + 0.8 * 2.0, rel=0.02)


def test_without_stockouts_demand_is_sales():
    sales = np.array([[1.0, 0.0, 3.0]])
    panel = make_panel(pd.DataFrame({"sku": ["a"], "location": ["x"]}), START, "D", sales)
    assert demand_estimate(panel).mean.tolist() == sales.tolist()


def test_a_series_always_out_of_stock_has_no_estimate_but_its_sales():
    panel = make_panel(
        pd.DataFrame({"sku": ["a"], "location": ["x"]}), START, "D", np.full((1, 20), 1.0), np.zeros((1, 20))
    )
    assert demand_estimate(panel).mean.tolist() == [[1.0] * 20]


def test_stockouts_that_fall_on_busy_days_are_not_taken_for_usual_ones():
    """A week's delivery is sold customer by customer until it is gone; the busiest days lose most."""
    rng = np.random.default_rng(8)
    n, days = 60, 420
    level = rng.gamma(4.0, 3.0, (n, 1))
    demand = rng.poisson(level * rng.gamma(4.0, 0.25, (n, days)))
    sales, share = demand.astype(float), np.ones((n, days))
    for i in range(n):
        stock = 0
        for t in range(days):
            stock = stock + int(6.5 * level[i, 0]) if t % 7 == 0 else stock
            if demand[i, t] >= stock:
                # The last unit goes with the stock-th of the day's customers, who come at random moments.
                share[i, t] = np.sort(rng.random(demand[i, t]))[stock - 1] if stock else 0.0
                sales[i, t] = stock
            stock -= int(sales[i, t])
    found = demand_estimate(panel_of(sales, share))
    for hidden in (share < 1, (share < 1) & (share > 0)):
        assert found.mean[hidden].sum() == pytest.approx(demand[hidden].sum(), rel=0.03)
    usual = np.where(share == 1, sales, 0).sum(axis=1, keepdims=True) / (share == 1).sum(
        axis=1, keepdims=True
    )
    taken = np.maximum(sales, usual)[share < 1].sum()
    assert taken < 0.9 * demand[share < 1].sum()
    far = np.abs(found.mean - demand)[share < 1] / found.sd[share < 1]
    assert 0.75 < (far < 1.2816).mean() < 0.9


def test_observed_periods_in_part_without_stock_take_their_estimate_and_censored_ones_stay_unobserved():
    sales = np.full((2, 60), 6.0)
    share = np.ones_like(sales)
    sales[0, 30], share[0, 30] = 4.0, 0.6
    sales[0, 31], share[0, 31] = 1.0, 0.2
    panel = panel_of(sales, share)
    ready = with_estimates(panel, demand_estimate(panel))
    assert ready.values[0, 30] == pytest.approx(4.0 + 0.4 * 6.0, rel=0.05)
    assert not ready.observed[0, 31]
    assert ready.values[0, 31] == 0.0
    assert ready.values[1].tolist() == [6.0] * 60
    without = make_panel(pd.DataFrame({"sku": ["a"], "location": ["x"]}), START, "D", np.ones((1, 3)))
    assert with_estimates(without, demand_estimate(without)) is without


@pytest.mark.parametrize(("period", "length"), [("W", 120), ("M", 40)])
def test_weeks_and_months_are_estimated_too(period, length):
    rng = np.random.default_rng(5)
    demand = rng.poisson(40.0, (8, length)).astype(float)
    share = np.where(rng.random(demand.shape) < 0.1, rng.integers(0, 7, demand.shape) / 7, 1.0)
    found = demand_estimate(panel_of(np.floor(demand * share), share, period))
    hidden = share < 1
    assert found.mean[hidden].sum() == pytest.approx(demand[hidden].sum(), rel=0.05)
    assert (found.sd[hidden & (share == 0)] > found.sd[hidden & (share > 0.5)].mean()).all()


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_panel_has_finite_demand_of_at_least_its_sales(data):
    shape = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 40)))
    number = st.one_of(st.sampled_from([np.nan, -2.0, 0.0, 1e9]), st.floats(0, 60, allow_subnormal=False))
    sales = data.draw(hnp.arrays(float, shape, elements=number))
    share = data.draw(hnp.arrays(float, shape, elements=st.sampled_from([np.nan, 0.0, 0.3, 0.7, 1.0])))
    panel = panel_of(sales, share, data.draw(st.sampled_from(["D", "W", "M"])))
    found = demand_estimate(panel)
    assert np.isfinite(found.mean).all()
    assert np.isfinite(found.sd).all()
    assert (found.mean >= panel.sales * (1 - 1e-9)).all()
    throughout = panel.observed & ~(share < 1)
    assert np.array_equal(found.mean[throughout], panel.sales[throughout])
    assert not found.sd[throughout].any()


def test_blocks_of_products_give_the_demand_of_each_alone(monkeypatch):
    rng = np.random.default_rng(3)
    sales = rng.poisson(6.0, (8, 90)).astype(float)
    share = np.where(rng.random(sales.shape) < 0.1, 0.25, 1.0)
    share[6:] = 1.0
    panel = panel_of(sales, share)
    monkeypatch.setattr(periods, "BLOCK_SERIES", 3)
    blocks = periods._blocks(periods.codes(panel.sku), (share < 1).any(axis=1))
    assert [block.tolist() for block in blocks] == [[0, 1, 2, 3], [4, 5]]
    found, profile = demand_estimate(panel), seasonal_profile(panel)
    for block in blocks:
        alone = demand_estimate(panel.rows(block), profile.rows(block))
        assert np.array_equal(found.mean[block], alone.mean)
        assert np.array_equal(found.sd[block], alone.sd)
    assert np.array_equal(found.mean[6:], sales[6:])
