"""The batched fit: both solvers agree, bytes do not depend on the batch, and no series breaks it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from engine.errors import EngineError
from engine.forecast.prophet.changepoints import place_changepoints
from engine.forecast.prophet.design import day_numbers, design_columns
from engine.forecast.prophet.fit import ProphetForecast, fit_predict
from engine.forecast.prophet.gram import prefix_sums
from engine.forecast.prophet.masked import fit_masked
from engine.forecast.prophet.objective import objective
from engine.forecast.prophet.parameters import ProphetParameters
from engine.forecast.prophet.regressors import standardise
from engine.forecast.prophet.spec import Holiday, ProphetSpec

DAYS = pd.date_range("2022-01-03", periods=900)
NEXT = pd.date_range(DAYS[-1] + pd.Timedelta(days=1), periods=28)


def demand(n: int, dates: pd.DatetimeIndex = DAYS, seed: int = 0) -> np.ndarray:
    """Seasonal, trending counts; every fifth series is intermittent."""
    rng = np.random.default_rng(seed)
    time = np.arange(len(dates)) / len(dates)
    level = np.exp(rng.normal(2, 1, n))[:, None] * (
        1 + rng.normal(0, 0.5, n)[:, None] * np.maximum(time - 0.4, 0)
    )
    year = 0.4 * np.sin(2 * np.pi * dates.day_of_year.to_numpy() / 365.25 + rng.uniform(0, 6, n)[:, None])
    week = rng.normal(0, 0.2, (n, 7))[:, dates.day_of_week.to_numpy()]
    counts = rng.poisson(np.maximum(level * (1 + year + week), 0.05)).astype(float)
    counts[4::5] *= rng.random((len(counts[4::5]), len(dates))) < 0.2
    return counts


def with_gaps(values: np.ndarray, seed: int = 1) -> np.ndarray:
    """Launch dates and out-of-stock runs; the first rows keep every date."""
    rng = np.random.default_rng(seed)
    values = values.copy()
    n_dates = values.shape[1]
    for row in values[len(values) // 3 :]:
        row[: rng.integers(0, n_dates // 2)] = np.nan
        for start in rng.integers(n_dates // 2, n_dates, rng.integers(0, 6)):
            row[start : start + rng.integers(1, 20)] = np.nan
    return values


def assert_identical(first: ProphetForecast, second: ProphetForecast, rows: np.ndarray | slice) -> None:
    for name in ("yhat", "lower", "upper", "sigma", "objective"):
        assert getattr(first, name)[rows].tobytes() == getattr(second, name).tobytes(), name
    assert first.parameters.k[rows].tobytes() == second.parameters.k.tobytes()


@pytest.mark.parametrize("spec", [ProphetSpec(), ProphetSpec(growth="flat"), ProphetSpec(n_changepoints=0)])
def test_both_solvers_agree_on_complete_series(spec):
    values = demand(40)
    shared = fit_predict(values, DAYS, NEXT, spec=spec)
    days = day_numbers(DAYS)
    orders = shared.parameters.orders
    found = ProphetParameters.empty(*shared.parameters.delta.shape, shared.parameters.beta.shape[1], orders)
    found.y_scale[:] = shared.parameters.y_scale
    columns = design_columns(days, orders, spec)
    none = standardise(np.empty((1, 900, 0)), values, spec)
    cuts = place_changepoints(values, days, np.full(40, 900), spec, found)
    masked = fit_masked(values, days, columns, none, cuts, spec, found, threads=1)
    np.testing.assert_allclose(masked, shared.objective, atol=1e-7)
    np.testing.assert_allclose(found.beta, shared.parameters.beta, atol=1e-8)
    np.testing.assert_allclose(found.delta, shared.parameters.delta, atol=1e-7)
    np.testing.assert_allclose(found.sigma, shared.parameters.sigma, rtol=1e-8)


@pytest.mark.parametrize(
    "spec",
    [
        ProphetSpec(),
        ProphetSpec(growth="flat"),
        ProphetSpec(holidays=(Holiday("new year", ("2023-01-01",), 0, 1),)),
    ],
)
def test_reported_objective_is_the_objective_at_the_parameters(spec):
    values = with_gaps(demand(30))
    values[0] = 3.0
    forecast = fit_predict(values, DAYS, NEXT, spec=spec)
    np.testing.assert_allclose(
        forecast.objective, objective(forecast.inputs, forecast.parameters, spec), rtol=1e-9, atol=1e-6
    )


def test_no_nearby_parameters_are_better():
    values = with_gaps(demand(12))
    spec = ProphetSpec()
    best = fit_predict(values, DAYS, NEXT)
    rng = np.random.default_rng(5)
    for _ in range(20):
        near = {
            name: getattr(best.parameters, name)
            * (1 + 1e-3 * rng.normal(size=getattr(best.parameters, name).shape))
            for name in ("k", "m", "delta", "beta", "sigma")
        }
        moved = ProphetParameters(**{**vars(best.parameters), **near})
        assert (objective(best.inputs, moved, spec) >= best.objective - 1e-7).all()


def test_bytes_do_not_depend_on_the_batch_the_order_or_the_threads():
    values = with_gaps(demand(300))
    whole = fit_predict(values, DAYS, NEXT)
    for alone in (0, 4, 99, 150, 299):
        assert_identical(whole, fit_predict(values[[alone]], DAYS, NEXT), slice(alone, alone + 1))
    assert_identical(whole, fit_predict(values[60:67], DAYS, NEXT), slice(60, 67))
    mixed = np.random.default_rng(0).permutation(300)
    assert_identical(whole, fit_predict(values[mixed], DAYS, NEXT, threads=2), mixed)
    with threadpool_limits(2):
        assert_identical(whole, fit_predict(values, DAYS, NEXT), slice(None))


def test_an_unobserved_value_is_ignored_whatever_it_is():
    values = demand(6)
    observed = np.ones_like(values, dtype=bool)
    observed[:, 100:130] = False
    rubbish = np.where(observed, values, 1e6)
    masked = fit_predict(rubbish, DAYS, NEXT, observed=observed)
    assert_identical(masked, fit_predict(np.where(observed, values, np.nan), DAYS, NEXT), slice(None))


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 1000),
    rows=st.integers(0, 200),
    step=st.sampled_from(["D", "W-MON", "MS", "h"]),
    horizon=st.integers(0, 12),
    kind=st.sampled_from(["poisson", "zeros", "constant", "one sale", "line", "huge", "mostly missing"]),
    growth=st.sampled_from(["linear", "flat"]),
)
def test_every_series_gets_a_finite_ordered_forecast(seed, rows, step, horizon, kind, growth):
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2015-01-05", periods=rows + horizon, freq=step)
    values = {
        "poisson": rng.poisson(3, (3, rows)).astype(float),
        "zeros": np.zeros((3, rows)),
        "constant": np.full((3, rows), 7.5),
        "one sale": (np.arange(rows) == rng.integers(0, rows + 1)).astype(float)[None].repeat(3, 0),
        "line": np.arange(3 * rows, dtype=float).reshape(3, rows),
        "huge": 1e12 * rng.lognormal(size=(3, rows)),
        "mostly missing": np.where(rng.random((3, rows)) < 0.03, 5.0 + rng.random((3, rows)), np.nan),
    }[kind]
    forecast = fit_predict(values, dates[:rows], dates[rows:], spec=ProphetSpec(growth=growth))
    assert forecast.yhat.shape == (3, horizon)
    for part in (forecast.yhat, forecast.lower, forecast.upper, forecast.sigma, forecast.objective):
        assert np.isfinite(part).all()
    assert (forecast.lower <= forecast.yhat).all()
    assert (forecast.yhat <= forecast.upper).all()


def test_series_without_change_continue_at_their_value():
    values = np.full((5, 60), np.nan)
    values[0] = 0.0
    values[1] = 4.0
    values[2, 10] = 6.0
    values[3, [10, 20]] = 2.0
    forecast = fit_predict(values, DAYS[:60], DAYS[60:70])
    np.testing.assert_allclose(forecast.yhat, np.repeat([[0.0], [4.0], [6.0], [2.0], [0.0]], 10, axis=1))
    assert (forecast.upper - forecast.lower < 1e-5).all()


def test_a_perfect_fit_is_found():
    week = np.array([5.0, 4.0, 4.0, 6.0, 9.0, 12.0, 10.0])
    rising = np.linspace(1, 9, 70)
    forecast = fit_predict([np.tile(week, 10), rising], DAYS[:70], DAYS[70:77])
    np.testing.assert_allclose(forecast.yhat[0], week, atol=0.01)
    np.testing.assert_allclose(forecast.yhat[1], 9 + (1 + np.arange(7)) * 8 / 69, rtol=0.01)


@settings(deadline=None, max_examples=10)
@given(scale=st.floats(1e-3, 1e6), seed=st.integers(0, 100))
def test_units_do_not_matter(scale, seed):
    values = with_gaps(demand(3, DAYS[:200], seed), seed)
    plain = fit_predict(values, DAYS[:200], DAYS[200:214])
    scaled = fit_predict(values * scale, DAYS[:200], DAYS[200:214])
    np.testing.assert_allclose(scaled.yhat, plain.yhat * scale, rtol=1e-5, atol=1e-6 * scale)
    np.testing.assert_allclose(scaled.objective, plain.objective, atol=1e-5)


def test_a_late_start_is_the_same_as_a_shorter_history():
    values = demand(8)
    late = values.copy()
    late[:, :500] = np.nan
    short = fit_predict(values[:, 500:], DAYS[500:], NEXT)
    np.testing.assert_allclose(fit_predict(late, DAYS, NEXT).yhat, short.yhat, rtol=1e-6, atol=1e-8)


def test_seasonality_is_decided_for_each_series():
    values = demand(2)
    values[1, :600] = np.nan  # 300 days: too short for a yearly cycle
    parameters = fit_predict(values, DAYS, NEXT).parameters
    assert parameters.orders == (10, 3, 0)
    assert parameters.beta[0, :20].all()
    assert not parameters.beta[1, :20].any()
    assert parameters.beta[1, 20:].all()


def test_prefix_sums_are_sums():
    days = day_numbers(DAYS[:50])
    columns = design_columns(days, (2, 1, 0), ProphetSpec())
    sums = prefix_sums(days, columns)
    z = np.column_stack([np.ones(50), columns.values])
    part = slice(13, 37)
    day = days[part] - days[0]
    lower = np.tril_indices(7)
    np.testing.assert_allclose(sums.z[37] - sums.z[13], z[part].sum(0), atol=1e-12)
    np.testing.assert_allclose(sums.day_z[37] - sums.day_z[13], day @ z[part], atol=1e-10)
    np.testing.assert_allclose(sums.day_2[37] - sums.day_2[13], day @ day)
    np.testing.assert_allclose(sums.z_z[37] - sums.z_z[13], (z[part].T @ z[part])[lower], atol=1e-12)


def test_no_series_give_no_forecasts():
    assert fit_predict(np.empty((0, 60)), DAYS[:60], DAYS[60:70]).yhat.shape == (0, 10)


def test_all_faults_are_named_at_once():
    values = np.ones((2, 30))
    values[1, 3] = np.inf
    with pytest.raises(EngineError) as raised:
        fit_predict(values, DAYS[:30][::-1], [DAYS[5], DAYS[4]], observed=np.ones((2, 29)))
    for fault in (
        "row 1 is infinite",
        "dates must",
        "future_dates must be strictly",
        "after the last",
        "observed has",
    ):
        assert fault in str(raised.value)
    with pytest.raises(EngineError, match=r"shape \(2, 30\), must be \(series, 40 dates\)"):
        fit_predict(values, DAYS[:40], NEXT)
