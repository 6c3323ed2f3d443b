"""Multiplicative terms: never worse than Stan, a slow oracle's minimum, the same bytes in any batch."""

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from engine.forecast.prophet.design import design_columns
from engine.forecast.prophet.fit import fit_predict
from engine.forecast.prophet.forecast import ProphetForecast
from engine.forecast.prophet.multiplicative import fit_multiplicative, is_degenerate
from engine.forecast.prophet.objective import objective
from engine.forecast.prophet.regressors import Regressors
from engine.forecast.prophet.spec import Holiday, ProphetSpec, Regressor
from engine.forecast.prophet.stan import fit_with_stan

DAYS = pd.date_range("2024-01-01", periods=530)
PAST, NEXT = DAYS[:500], DAYS[500:]
SPEC = ProphetSpec(seasonality_mode="multiplicative")
FAIR = Holiday("fair", ("2024-03-01", "2024-09-01", "2025-03-01"), -1, 2)
MIXED = ProphetSpec(
    seasonality_mode="multiplicative",
    holidays_mode="additive",
    holidays=(FAIR,),
    extra_regressors=(Regressor("promotion"), Regressor("price", mode="additive")),
)


@pytest.fixture(autouse=True, scope="module")
def quiet():
    import cmdstanpy  # noqa: F401 -- sets its logger's level when first imported

    loggers = [logging.getLogger(name) for name in ("cmdstanpy", "prophet")]
    for logger in loggers:
        logger.disabled = True
    yield
    for logger in loggers:
        logger.disabled = False


def demand(n: int, seed: int = 0, dates: pd.DatetimeIndex = PAST) -> np.ndarray:
    """Counts whose week and promotions scale with a turning trend; every third series is half zeros."""
    rng = np.random.default_rng(seed)
    time = np.arange(len(dates)) / len(dates)
    trend = 1 + rng.normal(0, 1, (n, 1)) * np.maximum(time - rng.uniform(0, 0.8, (n, 1)), 0)
    week = np.exp(rng.normal(0, 0.3, (n, 7)))[:, dates.day_of_week.to_numpy()]
    counts = rng.poisson(np.exp(rng.normal(3, 1, (n, 1))) * np.maximum(trend, 0.05) * week).astype(float)
    counts[2::3] *= rng.random(counts[2::3].shape) < 0.5
    return counts


def with_gaps(values: np.ndarray, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = values.copy()
    for row in values[1:]:
        row[: rng.integers(0, values.shape[1] // 2)] = np.nan
        start = rng.integers(values.shape[1] // 2, values.shape[1])
        row[start : start + 20] = np.nan
    return values


def drivers(n: int, seed: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    promotion = (rng.random((n, len(DAYS))) < 0.1).astype(float)
    return np.stack([promotion, 5 + 0.1 * rng.normal(size=promotion.shape).cumsum(axis=1)], axis=-1)


def assert_identical(first: ProphetForecast, second: ProphetForecast, rows: np.ndarray | slice) -> None:
    for name in ("yhat", "lower", "upper", "sigma", "objective"):
        assert getattr(first, name)[rows].tobytes() == getattr(second, name).tobytes(), name


@pytest.mark.parametrize(
    ("spec", "gaps"),
    [
        (SPEC, False),
        (SPEC, True),
        (replace(SPEC, growth="flat"), True),
        (replace(SPEC, scaling="minmax", changepoint_prior_scale=0.5, n_changepoints=8), False),
        (MIXED, True),
    ],
    ids=["complete", "gaps", "flat", "minmax", "mixed with holidays and regressors"],
)
def test_objective_is_never_worse_than_stans(spec, gaps):
    values = demand(6, seed=7)
    values = with_gaps(values) if gaps else values
    own = drivers(6) if spec.extra_regressors else None
    ours = fit_predict(values, PAST, NEXT, spec=spec, regressors=own)
    theirs = fit_with_stan(values, PAST, NEXT, spec, regressors=own)
    assert not ours.fallback.astype(bool).any()
    assert (ours.objective <= theirs.objective + 1e-3).all()
    np.testing.assert_allclose(objective(ours.inputs, ours.parameters, spec), ours.objective, atol=1e-6)


def split_objective(
    parameters: np.ndarray, y: np.ndarray, time: np.ndarray, turns: np.ndarray, x: np.ndarray
) -> tuple[float, np.ndarray]:
    """The objective with delta = up - down, both >= 0, and log sigma, which makes it smooth; its gradient."""
    s, c = len(turns), x.shape[1]
    k, m, log_sigma = parameters[:3]
    beta, up, down = np.split(parameters[3:], [c, c + s])
    ramps = np.maximum(time[:, None] - turns, 0)
    trend, factor = k * time + m + ramps @ (up - down), 1 + x @ beta
    error, variance = y - trend * factor, np.exp(2 * log_sigma)
    total = len(y) * log_sigma + error @ error / (2 * variance) + (k * k + m * m) / 50 + beta @ beta / 200
    total += (up + down).sum() / 0.05 + 2 * variance
    by_yhat = -error / variance
    by_turn = ramps.T @ (by_yhat * factor)
    gradient = np.concatenate(
        [
            [time @ (by_yhat * factor) + k / 25, (by_yhat * factor).sum() + m / 25],
            [len(y) - error @ error / variance + 4 * variance],
            x.T @ (by_yhat * trend) + beta / 100,
            by_turn + 1 / 0.05,
            -by_turn + 1 / 0.05,
        ]
    )
    return total, gradient


def test_a_slow_oracle_finds_no_better_minimum():
    values = demand(6, seed=3)[:, :200]
    ours = fit_predict(values, PAST[:200], PAST[200:210], spec=SPEC)
    p = ours.parameters
    x = design_columns(ours.inputs.days, p.orders, SPEC).values
    for i, row in enumerate(values):
        y, turns = row / p.y_scale[i], p.changepoints[i]
        time = (ours.inputs.days - p.start[i]) / p.t_scale[i]
        start = np.concatenate([[0, y.mean(), np.log(y.std())], np.zeros(x.shape[1] + 2 * len(turns))])
        bounds = [(None, None)] * (3 + x.shape[1]) + [(0, None)] * (2 * len(turns))
        slow = minimize(
            split_objective,
            start,
            args=(y, time, turns, x),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-14, "gtol": 1e-7},
        )
        assert ours.objective[i] == pytest.approx(slow.fun, abs=2e-4)


def test_no_nearby_parameters_are_better():
    values = with_gaps(demand(9))
    own = drivers(9)
    best = fit_predict(values, PAST, NEXT, spec=MIXED, regressors=own)
    rng = np.random.default_rng(5)
    for _ in range(20):
        near = {
            name: getattr(best.parameters, name)
            * (1 + 1e-3 * rng.normal(size=getattr(best.parameters, name).shape))
            for name in ("k", "m", "delta", "beta", "sigma")
        }
        moved = replace(best.parameters, **near)
        assert (objective(best.inputs, moved, MIXED) >= best.objective - 1e-6).all()


def test_without_multiplicative_columns_it_is_the_exact_additive_solver():
    values = with_gaps(demand(12))
    exact = fit_predict(values, PAST, NEXT)
    p = exact.parameters
    columns = design_columns(exact.inputs.days, p.orders, ProphetSpec())
    found = replace(
        p, **{name: np.zeros_like(getattr(p, name)) for name in ("k", "m", "delta", "beta", "sigma")}
    )
    nothing = Regressors(np.empty((1, len(DAYS), 0)), np.empty((12, 0)), np.empty((12, 0)))
    scaled = values / p.y_scale[:, None]
    ours = fit_multiplicative(scaled, exact.inputs.days, columns, nothing, ProphetSpec(), found, threads=1)
    np.testing.assert_allclose(ours, exact.objective, atol=1e-6)
    np.testing.assert_allclose(found.beta, p.beta, atol=1e-6)
    np.testing.assert_allclose(found.sigma, p.sigma, rtol=1e-6)


def test_bytes_do_not_depend_on_the_batch_the_order_or_the_threads():
    values, own = with_gaps(demand(270)), drivers(270)
    whole = fit_predict(values, PAST, NEXT, spec=MIXED, regressors=own)
    for alone in (0, 5, 150, 269):
        part = fit_predict(values[[alone]], PAST, NEXT, spec=MIXED, regressors=own[[alone]])
        assert_identical(whole, part, slice(alone, alone + 1))
    mixed = np.random.default_rng(0).permutation(270)
    again = fit_predict(values[mixed], PAST, NEXT, spec=MIXED, regressors=own[mixed], threads=2)
    assert_identical(whole, again, mixed)


def test_a_season_that_scales_with_the_trend_is_found():
    time = np.arange(len(DAYS)) / 500
    week = np.array([0.8, 0.8, 0.9, 1.0, 1.1, 1.3, 1.1])[DAYS.day_of_week]
    truth = (20 + 80 * time) * week
    forecast = fit_predict(truth[None, :500], PAST, NEXT, spec=SPEC)
    np.testing.assert_allclose(forecast.yhat[0], truth[500:], rtol=0.01)
    additive = fit_predict(truth[None, :500], PAST, NEXT)
    assert np.abs(additive.yhat[0] - truth[500:]).max() > 0.05 * truth.max()


def test_a_collapsed_trend_is_told_from_a_season_without_demand():
    dates = pd.date_range("2022-01-01", periods=1096)
    day = dates.day_of_year.to_numpy()
    rng = np.random.default_rng(1)
    level = rng.uniform(5, 40, (8, 1))
    december = rng.poisson(level * (0.2 + 20 * np.exp(-(((day - 350) / 8) ** 2))))
    summer = rng.poisson(level * (np.abs(day - 200) < 60))
    promoted = rng.poisson(level * np.where(rng.random(1096) < 0.1, 8.0, 1.0))
    values = np.concatenate([december, summer, promoted]).astype(float)
    forecast = fit_predict(values, dates, dates[-1] + pd.to_timedelta(range(1, 29), "D"), spec=SPEC)
    assert forecast.fallback[:8].astype(bool).all()
    assert not forecast.fallback[8:].astype(bool).any()
    assert (forecast.yhat < 3 * values.max(axis=1, keepdims=True)).all()


def test_own_columns_count_in_what_is_degenerate():
    values = demand(4)
    forecast = fit_predict(values, PAST, NEXT, spec=MIXED, regressors=drivers(4))
    p = forecast.parameters
    columns = design_columns(forecast.inputs.days, p.orders, MIXED)
    own = Regressors(forecast.inputs.regressors, p.regressor_mean, p.regressor_scale)
    assert not is_degenerate(values, columns, own, p, threads=1).any()
    p.beta[1, columns.component == columns.components.index("promotion")] = -30.0
    assert is_degenerate(values, columns, own, p, threads=1).tolist() == [False, True, False, False]


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 1000),
    rows=st.integers(2, 120),
    kind=st.sampled_from(["poisson", "one sale", "line", "huge", "negative", "mostly missing", "sums to 0"]),
    growth=st.sampled_from(["linear", "flat"]),
    scale=st.sampled_from([1e-6, 1.0, 3.0, 1e9]),
)
def test_every_series_gets_a_finite_fit_no_worse_than_its_level(seed, rows, kind, growth, scale):
    rng = np.random.default_rng(seed)
    values = {
        "poisson": rng.poisson(3, (3, rows)).astype(float),
        "one sale": (np.arange(rows) == rng.integers(0, rows)).astype(float)[None].repeat(3, 0),
        "line": np.arange(3.0 * rows).reshape(3, rows),
        "huge": 1e12 * rng.lognormal(size=(3, rows)),
        "negative": rng.normal(size=(3, rows)),
        "mostly missing": np.where(rng.random((3, rows)) < 0.1, 5 + rng.random((3, rows)), np.nan),
        "sums to 0": np.tile([[1.0, -1.0]], (3, rows))[:, :rows],
    }[kind]
    spec = replace(SPEC, growth=growth)
    dates = pd.date_range("2024-01-01", periods=rows + 5)
    plain = fit_predict(values, dates[:rows], dates[rows:], spec=spec)
    for part in (plain.yhat, plain.lower, plain.upper, plain.sigma, plain.objective):
        assert np.isfinite(part).all()
    fitted = plain.parameters.sigma > 1e-8
    for i in np.flatnonzero(fitted & (plain.fallback == "")):
        y = values[i, ~np.isnan(values[i])] / plain.parameters.y_scale[i]
        level = len(y) * np.log(max(y.std(), 1e-5)) + len(y) / 2 + y.mean() ** 2 / 50 + 2 * y.var()
        assert plain.objective[i] <= level + 1e-6
    rescaled = fit_predict(values[::-1] * scale, dates[:rows], dates[rows:], spec=spec)
    np.testing.assert_allclose(rescaled.objective[::-1], plain.objective, rtol=1e-4, atol=1e-3)
