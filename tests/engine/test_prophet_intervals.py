"""Interval half-widths against the normal limit, our own simulation, and the prophet library's."""

import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

from engine.forecast.prophet.fit import fit_predict
from engine.forecast.prophet.intervals import half_widths, quantile_table
from engine.forecast.prophet.library import prophet_model
from engine.forecast.prophet.spec import ProphetSpec


def half_width(probability: float, noise: float, horizon: int, width: float, jump: float = 1.0) -> float:
    return half_widths(np.array([jump]), np.array([probability]), np.array([noise]), horizon, width)[0, -1]


def test_without_rate_changes_it_is_the_normal_quantile():
    # Φ⁻¹(0.9) = 1.281552, Φ⁻¹(0.975) = 1.959964
    assert half_width(0.02, 2.0, 30, 0.8, jump=0.0) == pytest.approx(2 * 1.281552, rel=1e-5)
    assert half_width(0.02, 2.0, 30, 0.95, jump=0.0) == pytest.approx(2 * 1.959964, rel=1e-5)


def test_many_rate_changes_are_normal():
    table = quantile_table(0.9)
    np.testing.assert_allclose(table[-1], norm.ppf(0.95), rtol=5e-3)


def exact_half_width(probability: float, noise: float, horizon: int, width: float) -> float:
    """Invert the exact characteristic function of the definition, jump by jump."""
    weights = np.arange(horizon) + 0.5
    total = np.sqrt(2 * probability * (weights**2).sum() + noise**2)
    frequency = np.arange(1, int(6 * total / noise / (2 * np.pi / 60)) + 1) * (2 * np.pi / 60)
    decay = np.exp(-0.5 * (noise / total * frequency) ** 2)
    for weight in weights:
        decay *= 1 - probability + probability / (1 + (frequency * weight / total) ** 2)
    amplitude = decay / frequency * (2 / 60)
    target = (1 + width) / 2
    return total * brentq(lambda x: 0.5 + x / 60 + (np.sin(x * frequency) * amplitude).sum() - target, 0, 25)


@pytest.mark.parametrize("probability", [0.023, 0.035, 0.07, 0.16, 0.25, 0.7, 1.0])
@pytest.mark.parametrize("horizon", [2, 5, 13, 28, 90])
def test_agrees_with_inverting_the_definition(probability, horizon):
    trend_sd = np.sqrt(2 * probability * ((np.arange(horizon) + 0.5) ** 2).sum())
    for noise_share in (0.5, 1.0, 2.0, 5.0):
        for width, tolerance in ((0.5, 0.02), (0.8, 0.02), (0.95, 0.025)):
            exact = exact_half_width(probability, noise_share * trend_sd, horizon, width)
            found = half_width(probability, noise_share * trend_sd, horizon, width)
            assert found == pytest.approx(exact, rel=tolerance)


def test_one_step_agrees_where_noise_is_not_tiny():
    for probability in (0.023, 0.16, 0.7):
        noise = 2 * np.sqrt(probability / 2)
        exact = exact_half_width(probability, noise, 1, 0.8)
        assert half_width(probability, noise, 1, 0.8) == pytest.approx(exact, rel=0.02)


def test_the_definition_is_what_prophet_simulates():
    rng = np.random.default_rng(0)
    changes = (rng.random((200_000, 13)) < 0.16) * rng.laplace(size=(200_000, 13))
    slope_change = (np.hstack([np.zeros((200_000, 1)), changes[:, :-1]]) + changes) / 2
    moved = slope_change.cumsum(axis=1).cumsum(axis=1)[:, -1] + 8 * rng.normal(size=200_000)
    assert np.quantile(np.abs(moved), 0.8) == pytest.approx(exact_half_width(0.16, 8.0, 13, 0.8), rel=0.01)


@settings(deadline=None, max_examples=60)
@given(
    probability=st.floats(1e-4, 1.0),
    noise=st.floats(0.0, 50.0),
    horizon=st.integers(1, 60),
)
def test_wider_for_more_noise_and_for_a_higher_probability(probability, noise, horizon):
    eighty = half_width(probability, noise, horizon, 0.8)
    assert half_width(probability, noise * 1.5 + 0.1, horizon, 0.8) >= eighty
    assert half_width(probability, noise, horizon, 0.95) >= eighty >= 0
    assert eighty >= 0.999 * norm.ppf(0.9) * noise


@pytest.mark.parametrize(
    ("dates", "horizon", "sharp_turns"),
    [
        (pd.date_range("2023-01-02", periods=400), 60, False),
        (pd.date_range("2023-01-02", periods=400), 60, True),
        (pd.date_range("2022-01-03", periods=110, freq="W-MON"), 13, True),
    ],
)
def test_agrees_with_prophets_simulation(dates, horizon, sharp_turns):
    logging.getLogger("cmdstanpy").disabled = True
    rng = np.random.default_rng(3)
    time = np.arange(len(dates))
    turns = 20 * np.abs((time % 120) - 60) if sharp_turns else 0.05 * time
    values = 500 + turns + rng.normal(0, 30, len(dates))
    future = pd.date_range(dates[-1], periods=horizon + 1, freq=dates.freq)[1:]
    ours = fit_predict(values[None], dates, future)

    history = pd.DataFrame({"ds": dates, "y": values})
    model = prophet_model(ProphetSpec(uncertainty_samples=20_000)).fit(history)
    found = ours.parameters  # the same parameters on both sides: only the intervals are compared
    model.params.update(k=found.k[None], m=found.m[None], delta=found.delta, sigma_obs=found.sigma[None])
    if found.beta.shape[1]:
        model.params["beta"] = found.beta
    simulated = model.predict(pd.DataFrame({"ds": future}))
    width = (simulated["yhat_upper"] - simulated["yhat_lower"]).to_numpy()
    np.testing.assert_allclose(ours.yhat[0], simulated["yhat"], rtol=1e-6)
    np.testing.assert_allclose((ours.upper - ours.lower)[0], width, rtol=0.05)
    assert np.mean((ours.upper - ours.lower)[0] / width) == pytest.approx(1, abs=0.015)
