"""Logistic growth: never worse than Stan, both signs of its rate, curves that are known."""

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.forecast.prophet.fit import fit_predict
from engine.forecast.prophet.logistic_start import LEAST_RATE, opposite_rate, through_the_ends
from engine.forecast.prophet.objective import objective
from engine.forecast.prophet.spec import ProphetSpec
from engine.forecast.prophet.stan import fit_with_stan

DAYS = pd.date_range("2024-01-01", periods=430)
PAST, NEXT = DAYS[:400], DAYS[400:]
SPEC = ProphetSpec(growth="logistic")


@pytest.fixture(autouse=True, scope="module")
def quiet():
    import cmdstanpy  # noqa: F401 -- sets its logger's level when first imported

    loggers = [logging.getLogger(name) for name in ("cmdstanpy", "prophet")]
    for logger in loggers:
        logger.disabled = True
    yield
    for logger in loggers:
        logger.disabled = False


def saturating(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Counts that grow, decline or stay below a capacity, with a week; and the capacities."""
    rng = np.random.default_rng(seed)
    time = np.arange(len(PAST)) / len(PAST)
    rate, middle = rng.normal(0, 6, (n, 1)), rng.uniform(-0.2, 1.2, (n, 1))
    level = np.exp(rng.normal(3.5, 1, (n, 1)))
    week = np.exp(rng.normal(0, 0.15, (n, 7)))[:, PAST.day_of_week.to_numpy()]
    counts = rng.poisson(level * week / (1 + np.exp(-rate * (time - middle)))).astype(float)
    return counts, 1.1 * counts.max(axis=1) + 1


def with_gaps(values: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(1)
    values = values.copy()
    for row in values[1:]:
        row[: rng.integers(0, 150)] = np.nan
        start = rng.integers(200, 380)
        row[start : start + 20] = np.nan
    return values


@pytest.mark.parametrize(
    ("spec", "floor"),
    [
        (SPEC, None),
        (replace(SPEC, seasonality_mode="multiplicative"), None),
        (replace(SPEC, scaling="minmax", n_changepoints=10), -2.0),
        (replace(SPEC, changepoint_prior_scale=0.5), 0.5),
    ],
    ids=["additive", "multiplicative", "minmax with a floor", "floor above some demand"],
)
def test_objective_is_never_worse_than_stans(spec, floor):
    values, cap = saturating(8, seed=4)
    values = with_gaps(values)
    options = {"spec": spec, "cap": cap, "floor": None if floor is None else np.full(8, floor)}
    ours = fit_predict(values, PAST, NEXT, **options)
    theirs = fit_with_stan(values, PAST, NEXT, **options)
    assert not ours.fallback.astype(bool).any()
    assert (ours.objective <= theirs.objective + 1e-3).all()
    np.testing.assert_allclose(objective(ours.inputs, ours.parameters, spec), ours.objective, atol=1e-6)


def test_start_is_prophets():
    from prophet import Prophet

    rng = np.random.default_rng(3)
    for _ in range(20):
        y, cap = rng.uniform(-0.2, 1.2, 30), rng.uniform(0.5, 1.5, 30)
        y[-1] = y[0] if rng.random() < 0.3 else y[-1]
        frame = {"ds": PAST[:30], "y_scaled": y, "cap_scaled": cap, "t": np.linspace(0, 1, 30)}
        theirs = Prophet.logistic_growth_init(pd.DataFrame(frame))
        k, c = through_the_ends(y, cap)
        assert (k, -c / k) == pytest.approx(theirs)


@pytest.mark.parametrize(("k", "c", "other"), [(3.0, -4.0, -2.0), (-0.5, 9.0, 3.0), (1.0, 0.0, -LEAST_RATE)])
def test_the_other_start_has_the_other_sign_and_the_least_prior(k, c, other):
    assert opposite_rate(k, c) == other


@pytest.mark.parametrize("rate", [8.0, -8.0])
def test_a_known_curve_is_found(rate):
    time = np.arange(len(DAYS)) / (len(PAST) - 1)
    truth = 100 / (1 + np.exp(-rate * (time - 0.6)))
    noisy = truth[:400] + np.random.default_rng(0).normal(0, 1, 400)
    forecast = fit_predict(noisy[None], PAST, NEXT, spec=SPEC, cap=[100.0])
    found = forecast.parameters
    assert found.k[0] + found.delta[0].sum() == pytest.approx(rate, rel=0.15)
    np.testing.assert_allclose(forecast.yhat[0], truth[400:], atol=1.5)


def test_what_is_left_below_the_capacity_is_fitted_as_well():
    # cap - y is the same model with k and c of the other sign, if both are scaled by the capacity.
    values, _ = saturating(9, seed=2)
    cap = values.max()
    values[:, 0], values[:, 1] = 0.0, cap
    spec = replace(SPEC, weekly_seasonality=False)
    used = fit_predict(values, PAST, NEXT, spec=spec, cap=np.full(9, cap))
    left = fit_predict(cap - values, PAST, NEXT, spec=spec, cap=np.full(9, cap))
    np.testing.assert_allclose(left.objective, used.objective, atol=1e-5)
    np.testing.assert_allclose(left.yhat, cap - used.yhat, rtol=1e-3, atol=1e-3 * cap)


def test_a_capacity_that_grows_lifts_the_forecast():
    values, cap = saturating(3, seed=5)
    rising = cap[:, None] * np.linspace(1, 3, len(DAYS))
    options = {"spec": SPEC, "cap": rising}
    forecast = fit_predict(values, PAST, NEXT, **options)
    assert (objective(forecast.inputs, forecast.parameters, SPEC) <= forecast.objective + 1e-6).all()
    frozen = np.where(np.arange(len(DAYS)) < 400, rising, rising[:, 399:400])
    lower = fit_predict(values, PAST, NEXT, spec=SPEC, cap=frozen)
    assert forecast.objective.tobytes() == lower.objective.tobytes()
    assert (forecast.yhat[:, -1] > lower.yhat[:, -1]).all()


def test_no_nearby_parameters_are_better():
    values, cap = saturating(9, seed=8)
    best = fit_predict(with_gaps(values), PAST, NEXT, spec=SPEC, cap=cap)
    rng = np.random.default_rng(5)
    for _ in range(20):
        near = {
            name: getattr(best.parameters, name)
            * (1 + 1e-3 * rng.normal(size=getattr(best.parameters, name).shape))
            for name in ("k", "m", "delta", "beta", "sigma")
        }
        moved = replace(best.parameters, **near)
        assert (objective(best.inputs, moved, SPEC) >= best.objective - 1e-6).all()


def test_bytes_do_not_depend_on_the_batch_the_order_or_the_threads():
    values, cap = saturating(260)
    values = with_gaps(values)
    whole = fit_predict(values, PAST, NEXT, spec=SPEC, cap=cap)
    mixed = np.random.default_rng(0).permutation(260)
    again = fit_predict(values[mixed], PAST, NEXT, spec=SPEC, cap=cap[mixed], threads=2)
    alone = fit_predict(values[[7]], PAST, NEXT, spec=SPEC, cap=cap[[7]])
    for name in ("yhat", "lower", "upper", "sigma", "objective"):
        assert getattr(whole, name)[mixed].tobytes() == getattr(again, name).tobytes(), name
        assert getattr(whole, name)[7].tobytes() == getattr(alone, name)[0].tobytes(), name


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 1000),
    rows=st.integers(2, 120),
    kind=st.sampled_from(["poisson", "one sale", "line", "above the cap", "negative", "mostly missing"]),
    mode=st.sampled_from(["additive", "multiplicative"]),
)
def test_every_series_gets_a_finite_forecast(seed, rows, kind, mode):
    rng = np.random.default_rng(seed)
    values = {
        "poisson": rng.poisson(3, (3, rows)).astype(float),
        "one sale": (np.arange(rows) == rng.integers(0, rows)).astype(float)[None].repeat(3, 0),
        "line": np.arange(3.0 * rows).reshape(3, rows),
        "above the cap": 1e9 * rng.lognormal(size=(3, rows)),
        "negative": rng.normal(size=(3, rows)),
        "mostly missing": np.where(rng.random((3, rows)) < 0.1, 5 + rng.random((3, rows)), np.nan),
    }[kind]
    dates = pd.date_range("2024-01-01", periods=rows + 5)
    spec = replace(SPEC, seasonality_mode=mode)
    forecast = fit_predict(values, dates[:rows], dates[rows:], spec=spec, cap=np.full(3, 4.0))
    for part in (forecast.yhat, forecast.lower, forecast.upper, forecast.sigma, forecast.objective):
        assert np.isfinite(part).all()
