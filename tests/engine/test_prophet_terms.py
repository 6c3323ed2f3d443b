"""Regressors, added terms, modes and growth: never worse than Stan, and a prophet object agrees."""

import logging

import numpy as np
import pandas as pd
import pytest

from engine.errors import EngineError
from engine.forecast.prophet.estimate import MOSTLY_ZERO, NEVER_CHANGES
from engine.forecast.prophet.fit import fit_predict
from engine.forecast.prophet.library import prophet_frame, to_prophet
from engine.forecast.prophet.objective import objective
from engine.forecast.prophet.spec import Holiday, ProphetSpec, Regressor, Seasonality
from engine.forecast.prophet.stan import fit_with_stan

TOLERANCE = 1e-3
"""In units of the log posterior."""
ROWS, HORIZON, SERIES = 420, 30, 5
DATES = pd.date_range("2025-03-03", periods=ROWS + HORIZON)
DRIVERS = (Regressor("promotion"), Regressor("price", mode="additive", prior_scale=1.0))
FAIR = Holiday("fair", ("2025-09-10", "2026-03-10", "2026-05-10"), -1, 2, 3.0)


@pytest.fixture(autouse=True)
def quiet():
    import cmdstanpy  # noqa: F401 -- sets its logger's level when first imported

    loggers = [logging.getLogger(name) for name in ("cmdstanpy", "prophet")]
    for logger in loggers:
        logger.disabled = True
    yield
    for logger in loggers:
        logger.disabled = False


def drivers(n: int, seed: int = 0) -> np.ndarray:
    """A 0/1 promotion and a price near 10 that drifts, shape (n, periods, 2)."""
    rng = np.random.default_rng(seed)
    promotion = rng.random((n, ROWS + HORIZON)) < 0.1
    price = 10 + 0.1 * rng.normal(size=(n, ROWS + HORIZON)).cumsum(axis=1)
    return np.stack([promotion, price], axis=-1)


def demand(n: int, own: np.ndarray, seed: int = 1) -> np.ndarray:
    """Growing counts with a weekly pattern and promotions that double them, shape (n, ROWS)."""
    rng = np.random.default_rng(seed)
    week = 1 + 0.4 * np.sin(2 * np.pi * np.arange(ROWS) / 7 + rng.uniform(0, 6, (n, 1)))
    level = rng.uniform(5, 40, (n, 1)) * (1 + rng.uniform(-0.5, 1, (n, 1)) * np.arange(ROWS) / ROWS)
    return rng.poisson(level * week * (1 + own[:, :ROWS, 0])).astype(float)


OWN = drivers(SERIES)
VALUES = demand(SERIES, OWN)
GAPS = VALUES.copy()
GAPS[0, :90] = np.nan
GAPS[1, 200:230] = np.nan
GAPS[3, 400:] = np.nan
CAP = VALUES.max(axis=1) * 1.3
CASES = {
    "own regressors": (ProphetSpec(extra_regressors=DRIVERS, country_holidays="DE"), {"regressors": OWN}),
    "shared regressors": (ProphetSpec(extra_regressors=DRIVERS, holidays=(FAIR,)), {"regressors": OWN[0]}),
    "custom seasonality": (ProphetSpec(seasonalities=(Seasonality("month", 30.5, 3, 2.0),)), {}),
    "dated changepoints": (ProphetSpec(changepoints=("2025-08-01T12:00", "2026-01-15")), {}),
    "minmax": (ProphetSpec(scaling="minmax", growth="flat"), {}),
    "multiplicative": (
        ProphetSpec(seasonality_mode="multiplicative", extra_regressors=DRIVERS, holidays=(FAIR,),
                    holidays_mode="additive"),
        {"regressors": OWN},
    ),
    "multiplicative, shared calendar": (ProphetSpec(seasonality_mode="multiplicative"), {}),
    "logistic": (ProphetSpec(growth="logistic"), {"cap": CAP}),
    "logistic above a floor": (
        ProphetSpec(growth="logistic", scaling="minmax", seasonality_mode="multiplicative"),
        {"cap": np.repeat(CAP[:, None], ROWS + HORIZON, axis=1), "floor": np.full(SERIES, -2.0)},
    ),
}  # fmt: skip


@pytest.fixture(params=CASES, scope="module")
def case(request):
    return CASES[request.param]


@pytest.mark.parametrize("values", [VALUES + 3, GAPS], ids=["complete", "gaps"])
def test_objective_is_never_worse_than_stans_and_is_what_it_says(case, values):
    spec, given = case
    ours = fit_predict(values, DATES[:ROWS], DATES[ROWS:], spec=spec, **given)
    theirs = fit_with_stan(values, DATES[:ROWS], DATES[ROWS:], spec, **given)
    assert not ours.fallback.astype(bool).any()
    worse = ours.objective - theirs.objective
    assert (worse <= TOLERANCE).all(), f"series {np.argmax(worse)} is worse by {worse.max():.4f}"
    np.testing.assert_allclose(ours.objective, objective(ours.inputs, ours.parameters, spec), atol=1e-6)


def test_a_prophet_object_forecasts_the_same_by_component(case):
    spec, given = case
    ours = fit_predict(GAPS, DATES[:ROWS], DATES[ROWS:], spec=spec, **given)
    components = ours.components()
    for i in range(SERIES):
        model = to_prophet(ours, i)
        model.uncertainty_samples = 0
        theirs = model.predict(prophet_frame(ours, i))
        np.testing.assert_allclose(ours.yhat[i], theirs["yhat"], rtol=1e-9)
        shared = set(components) & set(theirs)
        assert {"trend", "weekly", "additive_terms", "multiplicative_terms"} <= shared
        for name in shared:
            np.testing.assert_allclose(components[name][i], theirs[name], rtol=1e-9, atol=1e-9, err_msg=name)


def test_components_add_up_to_the_forecast(case):
    spec, given = case
    ours = fit_predict(VALUES, DATES[:ROWS], DATES[ROWS:], spec=spec, **given)
    parts = ours.components(threads=2)
    whole = parts["trend"] * (1 + parts["multiplicative_terms"]) + parts["additive_terms"]
    np.testing.assert_allclose(whole, ours.yhat, rtol=1e-9)


def test_intervals_agree_with_prophets_simulation_for_every_growth_and_mode(case):
    spec, given = case
    ours = fit_predict(VALUES, DATES[:ROWS], DATES[ROWS:], spec=spec, **given)
    model = to_prophet(ours, 2)
    model.uncertainty_samples = 4000
    theirs = model.predict(prophet_frame(ours, 2))
    width = (theirs["yhat_upper"] - theirs["yhat_lower"]).to_numpy()
    assert np.mean((ours.upper - ours.lower)[2] / width) == pytest.approx(1, abs=0.03)


def test_a_prophet_object_can_be_plotted():
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    spec, given = CASES["multiplicative"]
    ours = fit_predict(GAPS, DATES[:ROWS], DATES[ROWS:], spec=spec, **given)
    model = to_prophet(ours, 1)
    shown = model.predict(prophet_frame(ours, 1))
    assert len(model.plot(shown).axes) == 1
    assert (
        len(model.plot_components(shown).axes) == 5
    )  # trend, holidays, weekly, one figure a mode of regressor
    pyplot.close("all")


def test_mostly_zero_series_fall_back_to_additive_terms_and_say_so():
    spec, given = CASES["multiplicative"]
    values = VALUES.copy()
    values[0] *= np.random.default_rng(0).random(ROWS) < 0.15
    values[2] = 4.0
    ours = fit_predict(values, DATES[:ROWS], DATES[ROWS:], spec=spec, **given)
    assert ours.fallback.tolist() == [MOSTLY_ZERO, "", NEVER_CHANGES, "", ""]
    assert ours.parameters.is_additive.tolist() == [True, False, False, False, False]
    model = to_prophet(ours, 0)
    model.uncertainty_samples = 0
    theirs = model.predict(prophet_frame(ours, 0))
    np.testing.assert_allclose(ours.yhat[0], theirs["yhat"], rtol=1e-9)
    components = ours.components()
    for name in set(components) & set(theirs):
        np.testing.assert_allclose(components[name][0], theirs[name], rtol=1e-9, atol=1e-9, err_msg=name)


def test_a_regressor_that_is_known_ahead_moves_the_forecast():
    spec = ProphetSpec(extra_regressors=(Regressor("promotion"),))
    promotion = OWN[:, :, :1].copy()
    promotion[:, ROWS:] = 0
    quiet_future = fit_predict(VALUES, DATES[:ROWS], DATES[ROWS:], spec=spec, regressors=promotion)
    promotion[:, ROWS + 3] = 1
    promoted = fit_predict(VALUES, DATES[:ROWS], DATES[ROWS:], spec=spec, regressors=promotion)
    lift = promoted.yhat - quiet_future.yhat
    assert (lift[:, 3] > 0.5 * VALUES.mean(axis=1)).all()
    np.testing.assert_allclose(np.delete(lift, 3, axis=1), 0)


def test_shared_regressors_are_the_same_given_once_or_for_each_series():
    spec = ProphetSpec(extra_regressors=DRIVERS)
    once = fit_predict(GAPS, DATES[:ROWS], DATES[ROWS:], spec=spec, regressors=OWN[0])
    repeated = np.repeat(OWN[:1], SERIES, axis=0)
    each = fit_predict(GAPS, DATES[:ROWS], DATES[ROWS:], spec=spec, regressors=repeated)
    np.testing.assert_allclose(once.yhat, each.yhat, rtol=1e-6)
    np.testing.assert_allclose(once.objective, each.objective, atol=1e-6)


def test_bytes_do_not_depend_on_the_batch(case):
    spec, given = case
    whole = fit_predict(GAPS, DATES[:ROWS], DATES[ROWS:], spec=spec, **given)
    for i in (0, 2):
        own = {name: x[[i]] if len(x) == SERIES else x for name, x in given.items()}
        alone = fit_predict(GAPS[[i]], DATES[:ROWS], DATES[ROWS:], spec=spec, **own)
        for name in ("yhat", "lower", "upper", "objective"):
            assert getattr(whole, name)[[i]].tobytes() == getattr(alone, name).tobytes(), name


def test_changepoints_before_a_series_began_are_left_out():
    spec = ProphetSpec(changepoints=("2025-04-01", "2025-12-01"))
    ours = fit_predict(GAPS, DATES[:ROWS], DATES[ROWS:], spec=spec)
    assert ours.parameters.n_changepoints.tolist() == [1, 2, 2, 2, 2]


def test_prophet_cannot_hold_every_series():
    values = VALUES.copy()
    values[0, 1:] = np.nan
    values[1] = 3.0
    spec = ProphetSpec(growth="logistic")
    ours = fit_predict(values, DATES[:ROWS], DATES[ROWS:], spec=spec, cap=CAP, floor=np.full(SERIES, -1.0))
    with pytest.raises(EngineError, match="series 0 has 1 observed rows; Prophet needs two"):
        to_prophet(ours, 0)
    with pytest.raises(EngineError, match="series 1 fell back to linear growth above a floor"):
        to_prophet(ours, 1)
    np.testing.assert_allclose(ours.yhat[1], 3.0)


def test_no_interval_is_computed_where_none_is_asked_for():
    ours = fit_predict(VALUES, DATES[:ROWS], DATES[ROWS:], spec=ProphetSpec(uncertainty_samples=0))
    assert (ours.lower == ours.yhat).all()
    assert (ours.upper == ours.yhat).all()


def test_faults_of_drivers_and_capacities_are_named_at_once():
    spec = ProphetSpec(extra_regressors=DRIVERS, growth="logistic")
    missing = OWN.copy()
    missing[1, ROWS + 4, 0] = np.nan
    missing[3, 7, 1] = np.inf
    with pytest.raises(EngineError) as raised:
        fit_predict(VALUES, DATES[:ROWS], DATES[ROWS:], spec=spec, regressors=missing)
    for fault in (
        "regressor 'promotion' must be finite; row 1, period 424 is not",
        "regressor 'price' must be finite; row 3, period 7 is not",
        "growth is 'logistic': cap must be given",
    ):
        assert fault in str(raised.value)
    with pytest.raises(EngineError) as raised:
        fit_predict(VALUES, DATES[:ROWS], DATES[ROWS:], spec=spec, regressors=OWN[:2], cap=np.ones((2, 3)))
    assert "must be (450, 2) or (5, 450, 2): past and future rows of promotion, price" in str(raised.value)
    assert "cap has shape (2, 3), must be (5,) or (5, 450)" in str(raised.value)
    with pytest.raises(EngineError, match=r"cap must be greater than floor .* row 0 is not"):
        fit_predict(VALUES, DATES[:ROWS], DATES[ROWS:], spec=spec, regressors=OWN, cap=np.zeros(SERIES))
    cap = np.where(np.arange(SERIES) == 2, np.nan, CAP)
    with pytest.raises(EngineError, match="cap must be finite; row 2 is not"):
        fit_predict(VALUES, DATES[:ROWS], DATES[ROWS:], spec=spec, regressors=OWN, cap=cap)
    linear = ProphetSpec(extra_regressors=DRIVERS)
    with pytest.raises(EngineError, match="regressors must be given: promotion, price; floor needs growth"):
        fit_predict(VALUES, DATES[:ROWS], DATES[ROWS:], spec=linear, floor=np.zeros(SERIES))


def test_regressors_may_be_missing_where_nothing_was_observed():
    blank = OWN.copy()
    blank[0, :90] = np.nan
    spec = ProphetSpec(extra_regressors=DRIVERS)
    ours = fit_predict(GAPS, DATES[:ROWS], DATES[ROWS:], spec=spec, regressors=blank)
    known = fit_predict(GAPS, DATES[:ROWS], DATES[ROWS:], spec=spec, regressors=OWN)
    assert ours.yhat.tobytes() == known.yhat.tobytes()
