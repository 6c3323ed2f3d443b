"""The prophet library as oracle: its optimiser never finds a better objective than the batched fit."""

import logging

import numpy as np
import pandas as pd
import pytest

from engine.forecast.prophet.fit import fit_predict
from engine.forecast.prophet.library import prophet_model
from engine.forecast.prophet.objective import objective
from engine.forecast.prophet.spec import Holiday, ProphetSpec
from engine.forecast.prophet.stan import fit_with_stan

TOLERANCE = 1e-3
"""In units of the log posterior; Stan itself stops at changes of 1e-8 relative."""


@pytest.fixture(autouse=True)
def quiet():
    import cmdstanpy  # noqa: F401 -- sets its logger's level when first imported

    loggers = [logging.getLogger(name) for name in ("cmdstanpy", "prophet")]
    for logger in loggers:
        logger.disabled = True
    yield
    for logger in loggers:
        logger.disabled = False


def demand(n: int, dates: pd.DatetimeIndex, seed: int) -> np.ndarray:
    """Retail-like counts: a third regular, a third noisy, a third intermittent."""
    rng = np.random.default_rng(seed)
    time = np.arange(len(dates)) / len(dates)
    turns = rng.uniform(0, 0.9, (n, 3))
    trend = 1 + (rng.normal(0, 0.6, (n, 3, 1)) * np.maximum(time - turns[:, :, None], 0)).sum(axis=1)
    year = 0.3 * np.sin(2 * np.pi * dates.day_of_year.to_numpy() / 365.25 + rng.uniform(0, 6, (n, 1)))
    week = rng.normal(0, 0.2, (n, 7))[:, dates.day_of_week.to_numpy()]
    mean = np.exp(rng.normal(2.5, 1, (n, 1))) * np.maximum(trend, 0.1) * np.maximum(1 + year + week, 0.05)
    spread = np.repeat([20.0, 1.0, 1.5], [n - 2 * (n // 3), n // 3, n // 3])[:, None]
    counts = rng.negative_binomial(spread, spread / (spread + mean)).astype(float)
    counts[-(n // 3) :] *= rng.random((n // 3, len(dates))) < rng.uniform(0.05, 0.4, (n // 3, 1))
    return counts


def with_gaps(values: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n_dates = values.shape[1]
    for row in values:
        row[: rng.integers(0, n_dates // 2)] = np.nan
        for start in rng.integers(n_dates // 2, n_dates - 5, rng.integers(0, 5)):
            row[start : start + rng.integers(1, 1 + n_dates // 40)] = np.nan
    return values


def assert_never_worse(
    values: np.ndarray, dates: pd.DatetimeIndex, spec: ProphetSpec, horizon: int = 4
) -> None:
    future = pd.date_range(dates[-1], periods=horizon + 1, freq=dates.freq)[1:]
    ours = fit_predict(values, dates, future, spec=spec)
    theirs = fit_with_stan(values, dates, future, spec)
    worse = ours.objective - theirs.objective
    assert (worse <= TOLERANCE).all(), f"series {np.argmax(worse)} is worse by {worse.max():.4f}"


@pytest.mark.parametrize(
    ("name", "start", "rows", "step", "n", "gaps"),
    [
        ("daily, three years", "2023-11-21", 1096, "D", 12, False),
        ("daily, fourteen months", "2025-09-15", 430, "D", 50, False),
        ("daily, launches and gaps", "2024-10-01", 780, "D", 50, True),
        ("weekly", "2023-11-20", 156, "W-MON", 50, False),
        ("weekly, launches and gaps", "2023-11-20", 156, "W-MON", 50, True),
        ("monthly", "2020-01-01", 80, "MS", 50, False),
    ],
)
def test_objective_is_never_worse_than_stans(name, start, rows, step, n, gaps):
    dates = pd.date_range(start, periods=rows, freq=step)
    values = demand(n, dates, seed=rows)
    assert_never_worse(with_gaps(values, rows) if gaps else values, dates, ProphetSpec())


@pytest.mark.parametrize(
    "spec",
    [
        ProphetSpec(growth="flat"),
        ProphetSpec(changepoint_prior_scale=0.5, n_changepoints=10, changepoint_range=0.95),
        ProphetSpec(yearly_seasonality=3, weekly_seasonality=2, seasonality_prior_scale=0.5),
        ProphetSpec(holidays=(Holiday("fair", ("2025-03-01", "2025-09-01", "2026-03-01"), -1, 2),)),
    ],
)
def test_options_are_never_worse_than_stans(spec):
    dates = pd.date_range("2025-01-06", periods=400, freq="D")
    assert_never_worse(demand(6, dates, seed=2), dates, spec)


def test_our_objective_is_stans_log_posterior_and_our_parameters_mean_prophets():
    dates = pd.date_range("2024-09-01", periods=800, freq="D")
    future = pd.date_range("2026-11-10", periods=30, freq="D")
    values = demand(3, dates, seed=9)
    values[1, 100:140] = np.nan
    for row in values:
        history = pd.DataFrame({"ds": dates, "y": row})
        model = prophet_model(ProphetSpec()).fit(history)
        ours = fit_with_stan(row[None], dates, future)
        log_posterior = model.stan_fit.optimized_params_dict["lp__"]
        assert ours.objective[0] == pytest.approx(-log_posterior, abs=1e-3)
        assert objective(ours.inputs, ours.parameters, ProphetSpec())[0] == ours.objective[0]
        batched = fit_predict(row[None], dates, future)
        found = batched.parameters
        model.params.update(k=found.k[None], m=found.m[None], delta=found.delta, beta=found.beta)
        predicted = model.predict(pd.DataFrame({"ds": future}))["yhat"]
        np.testing.assert_allclose(batched.yhat[0], predicted, rtol=1e-9)
        model.stan_backend.cleanup()


def test_series_without_change_or_history_agree_with_prophet():
    dates = pd.date_range("2026-01-01", periods=50, freq="D")
    future = pd.date_range("2026-02-20", periods=5, freq="D")
    values = np.full((4, 50), np.nan)
    values[0] = 0.0
    values[1] = 3.0
    values[2, 7] = 5.0
    ours, theirs = fit_predict(values, dates, future), fit_with_stan(values, dates, future)
    np.testing.assert_allclose(ours.yhat, theirs.yhat)
    np.testing.assert_allclose(ours.upper, theirs.upper, rtol=1e-9)
    np.testing.assert_allclose(ours.objective, theirs.objective, atol=1e-12)


def test_a_short_series_without_seasonality_agrees_with_stan():
    dates = pd.date_range("2026-01-01", periods=12, freq="D")
    future = pd.date_range("2026-01-13", periods=3, freq="D")
    values = np.array([[4.0, 5, 4, 6, 4, 5, 4, 5, 4, 6, 5, 4]])
    spec = ProphetSpec(n_changepoints=3)
    stan = fit_with_stan(values, dates, future, spec)
    assert stan.parameters.beta.shape == (1, 0)
    np.testing.assert_allclose(stan.yhat, fit_predict(values, dates, future, spec=spec).yhat, rtol=0.05)
