"""Compiled kernels do what their Python source says, run interpreted, where an index out of range raises."""

import numpy as np
import pandas as pd
import pytest

from engine.forecast.prophet import (
    changepoints,
    elimination,
    fit,
    gram,
    history,
    intervals,
    lasso,
    masked,
    regressors,
    shared,
    variance,
)
from engine.forecast.prophet.spec import ProphetSpec, Regressor


@pytest.fixture
def interpreted(monkeypatch):
    modules = (
        changepoints, elimination, gram, history, intervals, lasso, masked, regressors, shared, variance,
    )  # fmt: skip
    for module in modules:
        for name, value in vars(module).copy().items():
            if hasattr(value, "py_func"):
                monkeypatch.setattr(module, name, value.py_func)


def panel(rows: int, kind: str) -> np.ndarray:
    rng = np.random.default_rng(4)
    values = rng.poisson(5, (3, rows)) + np.maximum(np.arange(rows) - rows // 2, 0) * 2.0
    if kind == "gaps":
        values[0, : rows // 4] = np.nan
        values[1, [3, 4, rows // 2, rows - 1]] = np.nan
        values[2, ::3] = np.nan
    if kind == "degenerate":
        values[0] = 2.0
        values[1, 1:] = np.nan
        values[2] = np.arange(rows)
    return values


CASES = [
    (60, "complete", ProphetSpec()),
    (60, "gaps", ProphetSpec()),
    (60, "degenerate", ProphetSpec()),
    (60, "gaps", ProphetSpec(growth="flat")),
    (10, "gaps", ProphetSpec(n_changepoints=0)),
    (20, "complete", ProphetSpec(yearly_seasonality=10)),  # more columns than rows: least eigenvalue 0
    (60, "gaps", ProphetSpec(changepoints=("2026-01-05", "2026-01-20T12:00", "2026-02-01", "2027-01-01"))),
    (60, "complete", ProphetSpec(extra_regressors=(Regressor("promotion"), Regressor("price")))),
]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]} {case[1]} {case[2].growth}")
def case(request):
    rows, kind, spec = request.param
    dates = pd.date_range("2026-01-05", periods=rows + 5)
    arguments = (panel(rows, kind), dates[:rows], dates[rows:])
    drivers = np.random.default_rng(9).random((3, rows + 5, len(spec.extra_regressors))).round(1)
    options = {"spec": spec, "regressors": drivers}
    return arguments, options, fit.fit_predict(*arguments, **options)  # before `interpreted` patches


def test_interpreted_kernels_give_the_same_forecast(case, interpreted):
    arguments, options, compiled = case
    plain = fit.fit_predict(*arguments, **options)
    np.testing.assert_allclose(plain.yhat, compiled.yhat, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(plain.objective, compiled.objective, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(plain.upper, compiled.upper, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("start", [[0.0, 0.0, 0.0], [2.0, 1.0, 1.0], [-1.0, 3.0, 0.0]])
def test_interpreted_lasso_solves_for_dependent_columns(start, interpreted):
    x = np.array(start)
    lasso.minimise(np.ones((3, 3)), np.ones(3), 0.25, x)
    assert x.sum() == pytest.approx(0.75)


def test_nothing_uncertain_has_no_width(interpreted):
    assert not intervals.half_widths(np.zeros(1), np.full(1, 0.1), np.zeros(1), 3, 0.8).any()


def test_interpreted_lasso_leaves_a_wrong_start(interpreted):
    rng = np.random.default_rng(7)
    columns = rng.normal(size=(30, 10))
    gram, linear = columns.T @ columns, columns.T @ rng.normal(size=30)
    cold, warm = np.zeros(10), rng.normal(size=10)
    lasso.minimise(gram, linear, 2.0, cold)
    lasso.minimise(gram, linear, 2.0, warm)
    np.testing.assert_allclose(warm, cold, atol=1e-10)


def test_the_profiled_variance_is_the_best_one():
    best = variance.best_variance(3.0, 50.0)
    costs = [variance.noise_objective(3.0, 50.0, best * factor) for factor in (0.99, 1.0, 1.01)]
    assert min(costs) == costs[1]


def test_a_secant_step_lands_on_the_fixed_point_of_a_line(interpreted):
    def image(v: float) -> float:
        return 0.3 * v + 0.7

    assert variance.next_variance(1.5, image(1.5), 2.0, image(2.0)) == pytest.approx(1.0)
    assert variance.next_variance(1.5, 1.2, 0.0, 0.0) == 1.2  # no earlier step
    assert variance.next_variance(1.5, 1.2, 1.4, 1.0) == 1.2  # too steep to trust
    assert variance.next_variance(1.0, 0.1, 1.1, 0.1 + 0.09) == 0.1  # would leave the neighbourhood
