"""Forecasts, their intervals and their components from fitted parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.forecast.prophet.blocks import for_each_block, on_one_blas_thread
from engine.forecast.prophet.inputs import Inputs
from engine.forecast.prophet.parameters import ProphetParameters
from engine.forecast.prophet.predict import future_terms, interval_half_widths
from engine.forecast.prophet.spec import ProphetSpec


@dataclass(frozen=True)
class ProphetForecast:
    """Forecasts of n series over h future dates, and what was fitted.

    Nothing is clipped at 0: demand cannot be negative, a trend can; the caller decides.
    """

    yhat: NDArray[np.float64]
    """Shape (n, h) [units]."""
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    """Central interval of `interval_width`, as Prophet simulates it."""
    sigma: NDArray[np.float64]
    """Noise around the trend and seasonality, shape (n,) [units]."""
    objective: NDArray[np.float64]
    """Negative log posterior as Stan counts it, shape (n,)."""
    parameters: ProphetParameters
    fallback: NDArray[np.str_]
    """Of each series: what it was given instead of the model asked for, and why; '' where it has that."""
    inputs: Inputs
    spec: ProphetSpec

    @on_one_blas_thread
    def components(self, *, threads: int = 1) -> dict[str, NDArray[np.float64]]:
        """Return the forecast by component, in Prophet's names and units, each of shape (n, h).

        'trend', each seasonality, each holiday and their sum 'holidays', each regressor, and the sums
        'additive_terms', 'multiplicative_terms', 'extra_regressors_additive' and
        'extra_regressors_multiplicative'. Additive components are in units, multiplicative ones are shares of
        the trend: ``yhat = trend * (1 + multiplicative_terms) + additive_terms``. A multiplicative term of a
        series that fell back to additive is in the scale of y all the same, and in 'additive_terms'.

        Examples
        --------
        >>> import numpy as np, pandas as pd
        >>> from engine.forecast.prophet.fit import fit_predict
        >>> days = pd.date_range("2026-01-05", periods=63)
        >>> forecast = fit_predict([[5, 4, 4, 6, 9, 12, 10] * 8], days[:56], days[56:])
        >>> parts = forecast.components()
        >>> sorted(parts)
        ['additive_terms', 'multiplicative_terms', 'trend', 'weekly']
        >>> bool(np.allclose(parts["trend"] + parts["weekly"], forecast.yhat))
        True
        """
        terms = future_terms(self.parameters, self.inputs, self.spec)
        shape = self.yhat.shape
        found = {name: np.zeros(shape) for name in ("trend", *terms.names)}

        def fill(part: slice) -> None:
            found["trend"][part] = terms.trend(part)
            for name in terms.names:
                found[name][part] = terms.component(name, part)

        for_each_block(fill, shape[0], threads)
        return found


@on_one_blas_thread
def forecast(
    inputs: Inputs,
    spec: ProphetSpec,
    parameters: ProphetParameters,
    objective: NDArray[np.float64],
    fallback: NDArray[np.str_],
    *,
    interval_width: float | None = None,
    threads: int = 1,
) -> ProphetForecast:
    """Return the forecast of fitted series."""
    terms = future_terms(parameters, inputs, spec)
    n, horizon = len(parameters.k), len(inputs.future)
    yhat = np.empty((n, horizon))
    half_below, half_above = np.zeros((n, horizon)), np.zeros((n, horizon))
    wants_interval = spec.uncertainty_samples > 0
    width = interval_width or spec.interval_width
    count = inputs.history.count

    def fill(part: slice) -> None:
        yhat[part] = terms.yhat(part)
        if wants_interval:
            half_below[part], half_above[part] = interval_half_widths(terms, count[part], part, width)

    for_each_block(fill, n, threads)
    return ProphetForecast(
        yhat,
        yhat - half_below,
        yhat + half_above,
        parameters.sigma * parameters.y_scale,
        objective,
        parameters,
        fallback,
        inputs,
        spec,
    )
