"""Scaled time, changepoints and seasonal columns are those that the prophet library itself builds."""

import logging
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.forecast.prophet.changepoints import n_ramps, place_changepoints
from engine.forecast.prophet.design import day_numbers, design_columns, fourier_orders
from engine.forecast.prophet.holiday_columns import country_holidays
from engine.forecast.prophet.library import prophet_labels, prophet_model
from engine.forecast.prophet.parameters import ProphetParameters
from engine.forecast.prophet.regressors import standardise
from engine.forecast.prophet.spec import Holiday, ProphetSpec, Regressor, Seasonality

CHRISTMAS = Holiday("christmas", ("2022-12-25", "2023-12-25", "2024-12-25"), lower_window=-1, upper_window=2)
EASTER = Holiday("easter", ("2022-04-17", "2023-04-09", "2024-03-31"))
MONTHLY = Seasonality("monthly", 30.5, 5)


@pytest.fixture(autouse=True, scope="module")
def quiet():
    logging.getLogger("prophet").disabled = True
    yield
    logging.getLogger("prophet").disabled = False


def assert_same_design(dates: pd.DatetimeIndex, spec: ProphetSpec) -> None:
    history = pd.DataFrame({"ds": dates, "y": np.arange(len(dates)) % 7.0})
    model = prophet_model(spec)
    theirs = model.preprocess(history)
    days = day_numbers(dates)
    orders = fourier_orders(spec, days[-1] - days[0], np.diff(days).min())
    ours = design_columns(days, orders, spec)
    placed = ProphetParameters.empty(1, n_ramps(len(days), spec), 0, orders)
    place_changepoints(np.ones((1, len(days))), days, np.array([len(days)]), spec, placed)
    np.testing.assert_allclose((days - placed.start) / placed.t_scale, theirs.t, atol=1e-14)
    np.testing.assert_allclose(placed.changepoints[0], theirs.t_change, atol=1e-14)
    assert placed.n_changepoints[0] == theirs.S
    if ours.values.shape[1]:
        assert list(ours.labels) == prophet_labels(model)
        np.testing.assert_allclose(ours.values, theirs.X, atol=1e-9)
        np.testing.assert_allclose(ours.prior_scale, theirs.sigmas)
        np.testing.assert_array_equal(ours.is_multiplicative, theirs.s_m)
    else:
        assert not theirs.X.to_numpy().any()


@settings(deadline=None, max_examples=40)
@given(
    rows=st.integers(2, 900),
    step=st.sampled_from(["h", "6h", "D", "2D", "W-MON", "MS", "QS"]),
    n_changepoints=st.integers(0, 30),
    changepoint_range=st.floats(0, 1),
)
def test_design_is_prophets(rows, step, n_changepoints, changepoint_range):
    rows = min(rows, 120) if step == "QS" else rows
    dates = pd.date_range("2022-03-01", periods=rows, freq=step)
    spec = ProphetSpec(n_changepoints=n_changepoints, changepoint_range=changepoint_range)
    assert_same_design(dates, spec)


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        (730, "one day short of two years"),
        (731, "two years"),
        (14, "a day short of two weeks"),
        (15, "two weeks"),
    ],
)
def test_auto_seasonality_switches_on_the_same_day(days, reason):
    assert_same_design(pd.date_range("2023-01-01", periods=days), ProphetSpec())


@pytest.mark.parametrize(
    "spec",
    [
        ProphetSpec(yearly_seasonality=4, weekly_seasonality=False, seasonality_prior_scale=3.0),
        ProphetSpec(yearly_seasonality=True, daily_seasonality=2),
        ProphetSpec(holidays=(EASTER, CHRISTMAS), holidays_prior_scale=2.0),
        ProphetSpec(
            holidays=(replace(EASTER, prior_scale=0.5), CHRISTMAS), seasonality_mode="multiplicative"
        ),
        ProphetSpec(holidays=(CHRISTMAS, replace(CHRISTMAS, dates=("2023-08-01",), upper_window=4))),
        ProphetSpec(country_holidays="DE", holidays_mode="multiplicative"),
        ProphetSpec(country_holidays="US", holidays=(Holiday("Christmas Day", ("2022-12-20",), -1, 0),)),
        ProphetSpec(seasonalities=(MONTHLY, Seasonality("weekly", 7, 2, 1.0, "multiplicative"))),
        ProphetSpec(seasonalities=(Seasonality("weekly", 7, 2), MONTHLY), weekly_seasonality=True),
        ProphetSpec(changepoints=("2023-01-05", "2022-09-01T06:00")),
        ProphetSpec(changepoints=()),
    ],
)
def test_asked_seasonality_and_holidays_are_prophets(spec):
    assert_same_design(pd.date_range("2022-06-01", periods=500), spec)


def test_days_count_from_1970_with_fractions():
    assert day_numbers(["1970-01-02", "1970-01-02T12:00"]).tolist() == [1.0, 1.5]


def test_a_bad_spec_names_every_fault():
    with pytest.raises(EngineError) as raised:
        ProphetSpec(changepoint_range=1.5, interval_width=1.0, weekly_seasonality="yes")  # type: ignore[arg-type]
    for name in ("changepoint_range is 1.5", "interval_width is 1.0", "weekly_seasonality is 'yes'"):
        assert name in str(raised.value)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (
            {"mcmc_samples": 300},
            "mcmc_samples is 300, must be 0: sample the posterior with the prophet library",
        ),
        ({"growth": "cubic"}, "growth is 'cubic'"),
        ({"changepoints": ("soon",)}, r"changepoints is \('soon',\), must be None or dates"),
        ({"scaling": "max"}, "scaling is 'max'"),
        ({"seasonality_mode": "mixed"}, "seasonality_mode is 'mixed'"),
        ({"holidays": (Holiday("trend", ()),)}, "holiday 'trend': the name is reserved"),
        ({"holidays": (Holiday("a_delim_b", ()),)}, "cannot contain '_delim_'"),
        ({"holidays": (Holiday("fair", (), 1, 0),)}, "lower_window <= 0 <= upper_window"),
        ({"holidays": (Holiday("fair", (), prior_scale=0.0),)}, "prior_scale 0.0, must be > 0"),
        ({"holidays": (Holiday("fair", ()), Holiday("fair", (), prior_scale=2.0))}, "two prior scales"),
        ({"seasonalities": (Seasonality("month", 0, 0),)}, "period 0.*fourier_order 0"),
        ({"seasonalities": (Seasonality("yhat", 30, 1, -1.0),)}, "reserved.*prior_scale -1.0"),
        (
            {"extra_regressors": (Regressor("price", standardize="no", mode="log"),)},
            "standardize 'no'.*mode 'log'",
        ),
        ({"extra_regressors": (Regressor("a"), Regressor("a"))}, "the name 'a' is used twice"),
    ],
)
def test_a_spec_that_prophet_would_refuse_is_refused(given, fault):
    with pytest.raises(EngineError, match=fault):
        ProphetSpec(**given)


def test_every_option_of_prophet_has_its_name_and_default():
    import inspect

    from prophet import Prophet

    theirs = {name: option.default for name, option in inspect.signature(Prophet).parameters.items()}
    del theirs["stan_backend"]
    ours = {field.name: field.default for field in fields(ProphetSpec)}
    assert {name: ours[name] for name in theirs} == {**theirs, "holidays": ()}


def test_holidays_of_a_country_are_prophets():
    from prophet.make_holidays import make_holidays_df

    for country in ("DE", "US", "UnitedKingdom", "TU", "BR"):
        theirs = make_holidays_df([2025, 2026], country)
        ours = country_holidays(country, (2026, 2025))
        pairs = sorted((day, holiday.name) for holiday in ours for day in holiday.dates)
        assert pairs == sorted(zip(theirs.ds.dt.strftime("%Y-%m-%d"), theirs.holiday, strict=True))
    with pytest.raises(EngineError, match="country_holidays is 'Atlantis'"):
        country_holidays("Atlantis", (2026,))


def test_a_countrys_holidays_can_be_given_windows():
    holidays = country_holidays("DE", (2022, 2023), lower_window=-1, upper_window=1, prior_scale=3.0)
    assert_same_design(pd.date_range("2022-06-01", periods=500), ProphetSpec(holidays=holidays))


def test_a_holiday_given_twice_has_one_prior_scale():
    spec = ProphetSpec(country_holidays="US", holidays=(Holiday("Christmas Day", (), prior_scale=2.0),))
    with pytest.raises(EngineError, match=r"'Christmas Day' has two prior scales, 2.0 and 10.0"):
        design_columns(day_numbers(pd.date_range("2026-01-01", periods=9)), (0, 0, 0), spec)


@pytest.mark.parametrize("standardize", ["auto", True, False])
def test_regressors_are_standardised_as_prophet_does(standardize):
    rng = np.random.default_rng(0)
    dates = pd.date_range("2026-01-01", periods=60)
    raw = np.column_stack([rng.random(60) < 0.3, 1000 + rng.random(60), np.full(60, 7.0), np.arange(60) % 3])
    demand = rng.poisson(5.0, 60).astype(float)
    demand[7:20] = np.nan
    names = ("promotion", "price", "constant", "depth")
    spec = ProphetSpec(extra_regressors=tuple(Regressor(name, standardize=standardize) for name in names))
    model = prophet_model(spec)
    model.preprocess(pd.DataFrame({"ds": dates, "y": demand, **dict(zip(names, raw.T, strict=True))}))
    ours = standardise(raw[None], demand[None], spec)
    theirs = [(added["mu"], added["std"]) for added in model.extra_regressors.values()]
    np.testing.assert_allclose(np.c_[ours.mean[0], ours.scale[0]], theirs, rtol=1e-12)
