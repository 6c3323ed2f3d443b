"""The compiled descent does what its Python source says, run interpreted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from engine.forecast.prophet import (
    elimination,
    lasso,
    multiplicative_descent,
    multiplicative_fit,
    multiplicative_rows,
    multiplicative_system,
    variance,
)
from engine.forecast.prophet.fit import fit_predict
from engine.forecast.prophet.spec import ProphetSpec, Regressor

SPEC = ProphetSpec(seasonality_mode="multiplicative", n_changepoints=4)
MODULES = (
    *(elimination, lasso, variance),
    *(multiplicative_descent, multiplicative_fit, multiplicative_rows, multiplicative_system),
)
DAYS = pd.date_range("2026-01-05", periods=50)


@pytest.mark.parametrize(
    "spec",
    [
        SPEC,
        replace(SPEC, growth="flat"),
        replace(SPEC, growth="logistic"),
        replace(SPEC, extra_regressors=(Regressor("price", mode="additive"),)),
        replace(SPEC, growth="logistic", seasonality_mode="additive"),
    ],
    ids=["linear", "flat", "logistic", "own regressor", "logistic additive"],
)
def test_interpreted_descent_gives_the_same_forecast(spec, monkeypatch):
    rng = np.random.default_rng(4)
    values = rng.poisson(5, (4, 43)) + np.maximum(np.arange(43) - 20, 0) * 2.0
    values[1] = rng.permutation(np.arange(43) == 3) * 9.0 + (rng.random(43) < 0.4)
    values[2, :9] = np.nan
    values[3] = np.where(np.arange(43) > 25, values[3], 0.0)
    options = {"spec": spec}
    if spec.extra_regressors:
        options["regressors"] = rng.random((4, 50, 1))
    if spec.growth == "logistic":
        options["cap"] = np.full(4, 60.0)
    compiled = fit_predict(values, DAYS[:43], DAYS[43:], **options)
    for module in MODULES:
        for name, value in vars(module).copy().items():
            if hasattr(value, "py_func"):
                monkeypatch.setattr(module, name, value.py_func)
    with np.errstate(all="ignore"):
        plain = fit_predict(values, DAYS[:43], DAYS[43:], **options)
    np.testing.assert_allclose(plain.objective, compiled.objective, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(plain.yhat, compiled.yhat, rtol=1e-3, atol=1e-2)
