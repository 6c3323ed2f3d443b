"""Our recursions against statsforecast's forecasts, recorded by scripts/golden_forecasts.py."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.forecast.intermittent import croston, tsb
from engine.forecast.naive import SeasonalNaive
from engine.forecast.panel import Panel
from engine.forecast.seasonality import seasonal_profile
from engine.forecast.smoothing_kernel import smooth
from engine.forecast.theta import DRIFT, line

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "statsforecast.json").read_text())
WEEK = 7


def cases(*methods):
    found = [case for case in GOLDEN["cases"] if case["method"] in methods]
    assert {case["method"] for case in found} == set(methods)
    return [pytest.param(case, id=f"{case['method']} {case.get('alpha', '')}".strip()) for case in found]


def smoothed(values, parameters, level, trend, season, additive):
    """Run the kernel without its guards; return level, trend and season after the last value."""
    t = len(values)
    state = np.array([[level]]), np.array([[trend]]), np.array(season, dtype=float)[None, :, None]
    one = np.ones((1, t), dtype=bool)
    row = np.array([parameters], dtype=float)
    group = np.zeros(1, dtype=np.int64)
    phase = np.arange(t) % len(season)
    smooth(
        np.array([values]), one, phase, np.ones((1, t)), group, row, additive, 0.0, *state, np.zeros((1, 1))
    )
    return state[0][0, 0], state[1][0, 0], state[2][0, :, 0]


@pytest.mark.parametrize("case", cases("Theta"))
def test_theta(case):
    values, alpha = np.array(case["values"]), case["alpha"]
    flat = np.ones((1, 1)), np.ones((1, len(values))), np.zeros(1, dtype=np.int64)
    a, b = np.zeros((2, 1))
    line(values[None], np.ones((1, len(values)), dtype=bool), *flat, a, b)
    # Fiorucci et al. (2016): l₀ = ℓ₀ + (1 − 1/θ)·A, drift (1 − 1/θ)·B
    level, drift = case["start"] + DRIFT * a[0], DRIFT * b[0]
    level, drift, _ = smoothed(values, (alpha, 0.0, 0.0, 1.0), level, drift, [1.0], False)
    ahead = level + drift * np.arange(1, len(case["forecast"]) + 1)
    assert ahead == pytest.approx(np.array(case["forecast"]), rel=1e-9)


@pytest.mark.parametrize("case", cases("Holt", "damped trend"))
def test_linear_and_damped_trend(case):
    phi = case["parameters"][3]
    level, trend, _ = smoothed(case["values"], case["parameters"], *case["start"], [1.0], False)
    assert (level, trend) == (pytest.approx(case["end"][0]), pytest.approx(case["end"][1]))
    steps = np.arange(1, len(case["forecast"]) + 1)
    # statsforecast 2.1.1 adds φ, φ, φ², … where Gardner and McKenzie (1985) add φ, φ², …
    damping = np.cumsum(phi ** np.maximum(steps - 1, 1))
    assert level + trend * damping == pytest.approx(np.array(case["forecast"]))


@pytest.mark.parametrize("case", cases("Holt-Winters additive", "Holt-Winters multiplicative"))
def test_holt_winters(case):
    values, row = case["values"], case["parameters"]
    additive = case["method"].endswith("additive")
    level, trend, season = smoothed(values, row, *case["start"], case["season"], additive)
    assert (level, trend) == (pytest.approx(case["end"][0]), pytest.approx(case["end"][1]))
    steps = np.arange(1, len(case["forecast"]) + 1)
    base, factor = level + trend * steps, season[(len(values) + steps - 1) % WEEK]
    assert (base + factor if additive else base * factor) == pytest.approx(np.array(case["forecast"]))


@pytest.mark.parametrize("case", cases("Croston", "SBA", "TSB"))
def test_intermittent_demand(case):
    values = np.array(case["values"])
    sold = np.flatnonzero(values)
    first_size, first_interval = values[sold[:1]], np.array([sold[0] + 1.0])
    rate, error = np.zeros((2, 1))
    series = values[None], np.ones((1, len(values)), dtype=bool)
    if case["method"] == "TSB":
        first_chance = np.array([float(values[0] > 0)])
        tsb(*series, *case["alpha"], first_size, first_chance, rate, error)
    else:
        factor = 0.95 if case["method"] == "SBA" else 1.0
        croston(*series, case["alpha"], case["alpha"], first_size, first_interval, factor, rate, error)
    assert np.full(len(case["forecast"]), rate[0]) == pytest.approx(np.array(case["forecast"]))


@pytest.mark.parametrize("case", cases("seasonal naive"))
def test_seasonal_naive(case):
    values = np.array([case["values"]])
    name = np.array(["a"])
    panel = Panel(name, name, np.datetime64("2024-01-01"), "D", values, np.ones_like(values, dtype=bool))
    ahead = SeasonalNaive().fit_predict(panel, seasonal_profile(panel), len(case["forecast"]))
    assert ahead[0].tolist() == case["forecast"]
