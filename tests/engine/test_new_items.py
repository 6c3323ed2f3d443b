"""New items: level from products like them and predecessors, launch profile, own demand, ends."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import gamma, poisson

from engine.errors import EngineError
from engine.forecast.lifecycle import (
    LifecycleFacts,
    lifecycle_factors,
    on_sale,
    period_index,
    run_down,
    unknown_lifecycle,
)
from engine.forecast.lifecycle_bins import bin_sums, pooled_bins
from engine.forecast.new_items import credible, forecast_new_items, is_new
from engine.forecast.new_items_experience import learn
from engine.forecast.new_items_similar import PARENT_PRODUCTS, SAME_BRAND, Market
from engine.forecast.panel import Panel, period_dates
from engine.forecast.portfolio import forecast_panel
from engine.forecast.seasonality import seasonal_profile

START = np.datetime64("2024-01-01")
NEVER = np.datetime64("NaT", "D")
RAMP = np.minimum(0.3 + np.arange(13) / 12, 1.0)


def launches(seed=1, products=30, places=4, weeks=120, period="W", ramp=RAMP):
    """Products at several places: a third sold throughout, the others launched at some time."""
    rng = np.random.default_rng(seed)
    n = products * places
    product, place = np.repeat(np.arange(products), places), np.tile(np.arange(places), products)
    level = rng.gamma(4, 10, products)[product] * rng.gamma(20, 1 / 20, n) * (1 + place)
    start = np.where(np.arange(products) < products // 3, -200, rng.integers(20, weeks, products))[product]
    age = np.arange(weeks)[None, :] - start[:, None]
    shape = np.where(age >= 13, 1.0, ramp[np.clip(age, 0, 12)])
    values = np.where(age >= 0, rng.poisson(level[:, None] * shape), 0).astype(float)
    panel = Panel(
        np.array([f"p{i:02d}" for i in product], dtype=object),
        np.array([f"s{i}" for i in place], dtype=object),
        START, period, values, age >= 0,
    )  # fmt: skip
    day = START + 7 * start
    about = replace(unknown_lifecycle(n), launch=np.where(start >= 0, day, NEVER).astype("datetime64[D]"))
    return panel, about, level, start


def forecast_new(panel, about, new, horizon=8):
    n = panel.n_series
    noise = {"dispersion": np.ones(n), "level_cv": np.full(n, 0.05)}
    return forecast_new_items(panel, seasonal_profile(panel), new, about, horizon, **noise)


@pytest.mark.parametrize(("expected", "cv2", "sold", "exposed"), [(2.0, 0.5, 30, 10.0), (8.0, 0.2, 3, 1.5)])
def test_credibility_is_the_posterior_of_a_gamma_prior(expected, cv2, sold, exposed):
    prior = gamma(1 / cv2, scale=expected * cv2)

    def moment(power):
        return quad(lambda x: x**power * prior.pdf(x) * poisson.pmf(sold, x * exposed), 0, 60)[0]

    total, first, second = moment(0), moment(1), moment(2)
    level, _, left = credible(*(np.array([v]) for v in (expected, cv2, float(sold), exposed, 1.0)))
    assert level[0] == pytest.approx(first / total, rel=1e-6)
    assert left[0] == pytest.approx(second * total / first**2 - 1, rel=1e-5)


@given(st.floats(0.01, 1e6), st.floats(0.02, 2), st.floats(0, 1e6), st.floats(0.1, 100), st.floats(1, 20))
@settings(deadline=None, max_examples=80)
def test_own_demand_pulls_the_level_between_the_two(expected, cv2, own, exposed, dispersion):
    arguments = (np.array([v]) for v in (expected, cv2, own * exposed, exposed, dispersion))
    level, weight, left = (part[0] for part in credible(*arguments))
    assert min(own, expected) * (1 - 1e-9) <= level <= max(own, expected) * (1 + 1e-9)
    assert 0 <= weight <= 1
    assert 0 < left <= cv2 * (1 + 1e-9)


def test_similar_products_are_weighed_as_a_loop_would():
    panel, about, _, start = launches(seed=3)
    rng = np.random.default_rng(0)
    n = panel.n_series
    brand = rng.choice(["", "a", "b"], n).astype(object)
    price = rng.uniform(1, 5, n)
    price[::7] = np.nan
    market = Market.of(panel, seasonal_profile(panel), replace(about, brand=brand, price=price), 110)
    rows = np.flatnonzero(start > 100)
    found = market.similar(rows, market.level)
    known = np.isfinite(market.level)
    for row, value in zip(rows, found, strict=True):
        others = known & (panel.sku != panel.sku[row])
        total, weights = PARENT_PRODUCTS * market.level[others].mean(), PARENT_PRODUCTS
        for j in np.flatnonzero(others & (panel.location == panel.location[row])):
            weight = SAME_BRAND if brand[j] == brand[row] != "" else 1.0
            if price[j] > 0 and price[row] > 0:
                weight *= np.exp(-0.5 * ((np.log(price[j]) - np.log(price[row])) / 0.5) ** 2)
            total, weights = total + weight * market.level[j], weights + weight
        assert value == pytest.approx(total / weights)


def test_the_launch_profile_is_found_and_used():
    panel, about, _, start = launches()
    experience = learn(
        panel, seasonal_profile(panel), about, (np.ones(panel.n_series), np.full(panel.n_series, 0.05))
    )
    assert experience.profile[0] == pytest.approx(RAMP, abs=0.1)
    assert experience.coverage == pytest.approx(0.8, abs=0.08)
    new = is_new(panel, about)
    assert (new == (start > 112)).all()
    fresh = forecast_new(panel, about, new)
    rising = fresh.mean[:, -1] / fresh.mean[:, 0]
    assert (rising > 1.2).all()
    assert set(fresh.model) == {"launch profile"}
    assert all(reason.startswith("only ") for reason in fresh.reason)


def test_first_weeks_of_launches_lie_in_their_intervals():
    held = []
    for seed in range(12):
        panel, about, _, start = launches(seed=seed, weeks=128)
        past = panel.head(100)
        coming = np.flatnonzero((start >= 100) & (start < 104))
        if not len(coming):
            continue
        new = is_new(past, about)
        fresh = forecast_new(past, about, new, 12)
        at = np.flatnonzero(np.isin(np.flatnonzero(new), coming))
        first = start[np.flatnonzero(new)[at]] - 100
        for k, begin in zip(at, first, strict=True):
            row = np.flatnonzero(new)[k]
            actual = panel.values[row, 100 + begin : 112].sum()
            mean = fresh.mean[k, begin:].sum()
            deviation = np.sqrt(fresh.dispersion[k] * mean + (fresh.level_cv[k] * mean) ** 2)
            law = gamma(mean**2 / deviation**2, scale=deviation**2 / mean)
            held.append(0.1 < law.cdf(actual) < 0.9)
    assert len(held) >= 20
    assert np.mean(held) == pytest.approx(0.8, abs=0.17)


def test_a_successor_takes_its_predecessors_level_then_its_own():
    panel, about, level, start = launches(places=2)
    row = int(np.flatnonzero(start < 0)[0])
    ancestors = panel.rows(np.array([row]))
    values, observed = panel.values.copy(), panel.observed.copy()
    other = int(np.flatnonzero((start < 0) & (panel.sku != panel.sku[row]))[0])
    for seen in (0, 6):
        values[other] = 0.0
        observed[other] = False
        observed[other, 120 - seen :] = True
        values[other, 120 - seen :] = 5.0 * level[row] * RAMP[:seen]
        launch = about.launch.copy()
        launch[other] = START + 7 * (120 - seen)
        predecessor = np.full(panel.n_series, -1)
        predecessor[other] = 0
        facts = replace(about, launch=launch, predecessor=predecessor, ancestors=ancestors)
        new = is_new(replace(panel, values=values, observed=observed), facts)
        fresh = forecast_new(replace(panel, values=values, observed=observed), facts, new, 30)
        k = np.flatnonzero(new).tolist().index(other)
        assert fresh.model[k] == "predecessor"
        assert f"replaces {panel.sku[row]}" in fresh.reason[k]
        settled = fresh.mean[k, -1]
        if seen:
            assert settled == pytest.approx(5 * level[row], rel=0.25)
        else:
            assert settled == pytest.approx(level[row], rel=0.6)
            unsold = fresh.level_cv[k]
    assert fresh.level_cv[k] < unsold


def test_before_the_launch_and_after_the_end_nothing_is_sold():
    panel, about, _, _ = launches()
    launch, end = about.launch.copy(), about.end.copy()
    values, observed = panel.values.copy(), panel.observed.copy()
    values[0], observed[0] = 0.0, False
    after = panel.future_dates(20)
    launch[0], end[1], end[2] = after[4], after[6] + np.timedelta64(6, "D"), START + 700
    facts = replace(about, launch=launch, end=end)
    forecast = forecast_panel(
        replace(panel, values=values, observed=observed),
        20,
        protection_periods=4,
        seed=1,
        models=("seasonal-moving-average",),
        lifecycle=facts,
    )
    assert (forecast.mean[0, :4] == 0).all()
    assert (forecast.mean[0, 4:] > 0).all()
    assert "not sold yet" in forecast.reason[0]
    assert f"on sale from {after[4]}" in forecast.reason[0]
    assert (forecast.mean[1, :7] > 0).all()
    assert (forecast.mean[1:3, 7:] == 0).all()
    assert (forecast.mean[2] == 0).all()
    assert list(forecast.model[1:3]) == ["ending", "ending"]
    assert "sold until" in forecast.reason[1]
    assert "ended on" in forecast.reason[2]


@given(
    st.sampled_from(["D", "W", "M"]),
    st.integers(-40, 400),
    st.integers(-40, 400),
    st.integers(0, 20),
    st.integers(1, 12),
)
@settings(deadline=None, max_examples=80)
def test_the_share_on_sale_counts_days(period, first_day, last_day, first, count):
    launch, end = np.array([START + first_day]), np.array([START + last_day])
    share = on_sale(launch, end, START, period, first, count)[0]
    edges = period_dates(START, period, first, count + 1)
    for k in range(count):
        days = np.arange(edges[k], edges[k + 1])
        assert share[k] == pytest.approx(((days >= launch[0]) & (days <= end[0])).mean())
    assert (on_sale(np.array([NEVER]), np.array([NEVER]), START, period, first, count) == 1).all()


def test_demand_runs_down_before_an_end_as_it_did_before():
    rng = np.random.default_rng(2)
    m, weeks = 12, 60
    last = rng.integers(30, 58, m)
    left = last[:, None] - np.arange(weeks)
    shape = np.where(left < 4, 0.4, 1.0) * (left >= 0)
    old = Panel(
        np.array([f"o{i}" for i in range(m)]), np.array(["s"] * m), START, "W",
        rng.poisson(200 * shape).astype(float), np.ones((m, weeks), dtype=bool),
    )  # fmt: skip
    panel = replace(old, sku=np.array([f"n{i}" for i in range(m)]), values=np.full((m, weeks), 100.0))
    none = np.full(m, NEVER)
    end = none.copy()
    end[0] = START + 7 * (weeks + 10) + 6
    facts = LifecycleFacts(none, end, np.full(m, -1), old, START + 7 * last + 6)
    assert run_down(panel, facts) == pytest.approx([0.4] * 4 + [1.0] * 4, abs=0.08)
    factors = lifecycle_factors(panel, facts, 14)
    assert factors[0] == pytest.approx([1.0] * 7 + [0.4] * 4 + [0.0] * 3, abs=0.08)
    assert (factors[1:] == 1).all()
    assert run_down(panel, replace(facts, ancestor_end=none)) is None


def test_one_product_makes_no_profile_and_size_does_not_matter():
    values = np.array([[1.0, 5.0, 9.0, 10.0], [100.0, 500.0, 900.0, 1000.0], [10.0, 50.0, 90.0, 100.0]])
    sums = bin_sums(values, np.ones_like(values), 3, 1)
    names, group = np.array(["a", "b", "c"]), np.zeros(3, dtype=np.int64)
    assert pooled_bins(*sums, names, group)[0] == pytest.approx([0.1, 0.5, 0.9])
    assert pooled_bins(*sums, np.array(["a"] * 3), group)[0] == pytest.approx([1.0] * 3)
    nothing = bin_sums(np.zeros((2, 4)), np.ones((2, 4)), 3, 1)
    assert (pooled_bins(*nothing, names[:2], group[:2]) == 1).all()


@given(st.integers(0, 10**6), st.sampled_from(["D", "W", "M"]), st.integers(1, 8), st.integers(1, 90))
@settings(deadline=None, max_examples=40)
def test_any_market_gives_a_sound_forecast_in_any_order(seed, period, n, t):
    rng = np.random.default_rng(seed)
    observed = rng.random((n, t)) < rng.choice([0.0, 0.1, 1.0], (n, 1))
    values = np.where(observed, rng.poisson(rng.choice([0.0, 0.3, 1e6], (n, 1)), (n, t)), 0).astype(float)
    sku = rng.choice(["a", "b", "c"], n).astype(object)
    panel = Panel(sku, np.array([f"s{i}" for i in range(n)], dtype=object), START, period, values, observed)
    dates = START + rng.integers(-500, 500, n)
    about = replace(unknown_lifecycle(n), launch=np.where(rng.random(n) < 0.5, dates, NEVER))
    new = is_new(panel, about)
    fresh = forecast_new(panel, about, new, 5)
    assert fresh.mean.shape == (new.sum(), 5)
    for part in (fresh.mean, fresh.level_cv, fresh.dispersion):
        assert np.isfinite(part).all()
        assert (part >= 0).all()
    order = rng.permutation(n)
    again = forecast_new(panel.rows(order), replace(about, launch=about.launch[order]), new[order], 5)
    back = np.argsort(order[new[order]])
    assert again.mean[back] == pytest.approx(fresh.mean, rel=1e-6, abs=1e-9)


def test_facts_that_do_not_fit_are_refused():
    none = np.full(2, NEVER)
    with pytest.raises(EngineError, match="end has 1 rows for 2 series; predecessor names row 3 of 0"):
        LifecycleFacts(none, none[:1], np.array([3, -1]))
    with pytest.raises(EngineError, match="ancestor_end has 2 rows for 0"):
        LifecycleFacts(none, none, np.array([-1, -1]), ancestor_end=none)
    assert period_index(launches()[0], np.array([NEVER]))[0] > 10**8
