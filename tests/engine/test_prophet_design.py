"""Scaled time, changepoints and seasonal columns are those that the prophet library itself builds."""

import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.forecast.prophet.design import changepoint_times, day_numbers, fourier_orders, seasonal_columns
from engine.forecast.prophet.spec import Holiday, ProphetSpec
from engine.forecast.prophet.stan import prophet_model

CHRISTMAS = Holiday("christmas", ("2022-12-25", "2023-12-25", "2024-12-25"), lower_window=-1, upper_window=2)
EASTER = Holiday("easter", ("2022-04-17", "2023-04-09", "2024-03-31"))


@pytest.fixture(autouse=True, scope="module")
def quiet():
    logging.getLogger("prophet").disabled = True
    yield
    logging.getLogger("prophet").disabled = False


def assert_same_design(dates: pd.DatetimeIndex, spec: ProphetSpec) -> None:
    history = pd.DataFrame({"ds": dates, "y": np.arange(len(dates)) % 7.0})
    theirs = prophet_model(spec).preprocess(history)
    days = day_numbers(dates)
    time = (days - days[0]) / (days[-1] - days[0])
    orders = fourier_orders(spec, days[-1] - days[0], np.diff(days).min())
    ours = seasonal_columns(days, orders, spec)
    np.testing.assert_allclose(time, theirs.t, atol=1e-14)
    np.testing.assert_allclose(changepoint_times(time, spec), theirs.t_change, atol=1e-14)
    if ours.columns.shape[1]:
        np.testing.assert_allclose(ours.columns, theirs.X, atol=1e-9)
        np.testing.assert_allclose(ours.prior_scale, theirs.sigmas)
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
