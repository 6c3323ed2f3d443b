"""The same model fitted by the prophet library itself, one series at a time.

Used for `--model prophet-stan` and as the oracle of the batched solvers. CmdStan reports each fit through the
loggers "prophet" and "cmdstanpy"; callers who want silence set their levels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.forecast.prophet.design import Dates
from engine.forecast.prophet.estimate import estimate
from engine.forecast.prophet.fit import ProphetForecast
from engine.forecast.prophet.forecast import forecast
from engine.forecast.prophet.inputs import read_inputs
from engine.forecast.prophet.library import copy_parameters, history_frame, prophet_model
from engine.forecast.prophet.objective import objective
from engine.forecast.prophet.parameters import GROWTH
from engine.forecast.prophet.spec import ProphetSpec


def fit_with_stan(
    panel_values: ArrayLike,
    dates: Dates,
    future_dates: Dates,
    spec: ProphetSpec | None = None,
    *,
    observed: ArrayLike | None = None,
    regressors: ArrayLike | None = None,
    cap: ArrayLike | None = None,
    floor: ArrayLike | None = None,
    interval_width: float | None = None,
) -> ProphetForecast:
    """Fit each series with Stan through the prophet library and forecast it.

    Arguments, result and errors are those of `engine.forecast.prophet.fit.fit_predict`. `yhat` is what
    Prophet's `predict` gives; the interval is computed from Stan's parameters without drawing samples, so
    that it does not depend on a random state. Series that Prophet refuses (fewer than two observed rows) or
    does not fit (constants) continue at their value. About 0.2 s a daily series of three years.
    """
    spec = spec or ProphetSpec()
    inputs = read_inputs(
        panel_values, dates, future_dates, spec,
        observed=observed, regressors=regressors, cap=cap, floor=floor,
    )  # fmt: skip
    # Scales, changepoints and columns are ours; coefficients come from Stan.
    parameters, _, fallback = estimate(inputs, spec)
    changes = ~inputs.history.is_constant
    for i in np.flatnonzero(changes).tolist():
        model = prophet_model(spec).fit(history_frame(inputs, spec, i))
        copy_parameters(model, parameters, spec, i)
        model.stan_backend.cleanup()
    parameters.is_additive[changes] = False
    parameters.growth[changes] = GROWTH[spec.growth]
    fallback[changes] = ""
    return forecast(
        inputs,
        spec,
        parameters,
        objective(inputs, parameters, spec),
        fallback,
        interval_width=interval_width,
    )
