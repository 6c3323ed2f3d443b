"""Demand behind stockouts, scored against demand that is known because it was hidden on purpose."""

import numpy as np
import pandas as pd
import pytest

from engine.forecast.censored.periods import demand_estimate
from engine.forecast.panel import make_panel

START = np.datetime64("2024-01-01")


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
