"""Holt–Winters against its equations, series by series."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.forecast import holt_winters
from engine.forecast.holt_winters import HoltWinters
from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile, seasonal_profile

RNG = np.random.default_rng(43)
WEEK = np.array([0.5, 0.8, 0.9, 1.0, 1.2, 1.6, 1.0])


def panel_of(values, observed=None, period="D", start="2023-01-02"):
    values = np.array(values, dtype=float)
    seen = np.ones(values.shape, dtype=bool) if observed is None else np.array(observed)
    names = np.array([f"s{i}" for i in range(len(values))])
    return Panel(names, names, np.datetime64(start), period, np.where(seen, values, 0.0), seen)


def by_loop(values, seen, season, row, additive, horizon):
    """Hyndman et al. (2008), table 2.2, with the guards that the kernel names; daily, no year."""
    alpha, beta, gamma, phi = row
    first = np.flatnonzero(seen)[:10]
    level = start = values[first].sum() / season[first % 7].sum()
    trend = 0.0
    season = level * (season - 1.0) if additive else season.copy()
    for t in np.flatnonzero(seen):
        level, trend, s = level + phi * trend, phi * trend, season[t % 7]
        if additive:
            error = step = values[t] - (level + s)
            season[t % 7] += gamma * step
        else:
            error = values[t] - level * s
            step = error * s / max(s * s, 1.0)
            season[t % 7] = max(s + gamma * error * level / max(level**2, start**2), 0.0)
        level, trend = level + alpha * step, trend + beta * step
    ahead = []
    for h in range(1, horizon + 1):
        base = level + trend * sum(phi**j for j in range(1, h + 1))
        s = season[(len(values) + h - 1) % 7]
        ahead.append(max(base + s if additive else base * s, 0.0))
    return ahead


@pytest.mark.parametrize("additive", [False, True])
def test_against_its_equations(monkeypatch, additive):
    row = (0.2, 0.02, 0.15, 0.9)
    monkeypatch.setattr(holt_winters, "GRID", np.array([row]))
    days = np.arange(120)
    values = RNG.poisson((6.0 + 0.1 * days) * WEEK[days % 7], (4, 120)).astype(float)
    seen = RNG.random((4, 120)) < 0.8
    panel = panel_of(values, seen)
    group = np.zeros(4, dtype=np.int64)
    profile = Profile(np.tile(WEEK, (4, 1)), group, np.ones((1, 52)), panel.start, "D", 120)
    got = HoltWinters(additive=additive).fit_predict(panel, profile, 16)
    for i in range(4):
        expected = by_loop(panel.values[i], seen[i], WEEK, row, additive, 16)
        assert got[i].tolist() == pytest.approx(expected)


@pytest.mark.parametrize("additive", [False, True])
def test_a_week_that_changes_is_followed(additive):
    turned = WEEK[::-1]
    days = np.arange(500)
    level = 100.0
    values = level * np.where(days < 250, WEEK[days % 7], turned[days % 7])
    panel = panel_of([values])
    profile = Profile(WEEK[None], np.zeros(1, dtype=np.int64), np.ones((1, 52)), panel.start, "D", 500)
    ahead = HoltWinters(additive=additive).fit_predict(panel, profile, 7)[0]
    assert ahead == pytest.approx(level * turned[np.arange(500, 507) % 7], rel=0.1)


def test_a_53rd_week_shifts_no_season():
    """2020 has 53 ISO weeks: a peak in week 10 of the year is forecast for week 10 of the next ones."""
    weeks = np.datetime64("2017-01-02") + 7 * np.arange(313)
    of_year = (weeks - weeks.astype("datetime64[Y]").astype("datetime64[D]")).astype(int) // 7
    values = np.where(of_year == 10, 60.0, 10.0)
    cut = 209  # January 2021
    panel = panel_of(np.tile(values[:cut], (40, 1)), period="W", start="2017-01-02")
    ahead = HoltWinters().fit_predict(panel, seasonal_profile(panel), 104)[0]
    assert set(np.flatnonzero(ahead > 25.0)) == set(np.flatnonzero(of_year[cut:] == 10))


@pytest.mark.parametrize("additive", [False, True])
@given(
    values=arrays(np.float64, (3, 40), elements=st.just(0.0) | st.floats(1e-3, 1e9)),
    seen=arrays(np.bool_, (3, 40)),
    period=st.sampled_from(["D", "W", "M"]),
)
@settings(deadline=None, max_examples=40)
def test_any_series_has_a_forecast_of_its_own(additive, values, seen, period):
    panel = panel_of(values, seen, period)
    profile = seasonal_profile(panel)
    model = HoltWinters(additive=additive)
    forecast = model.fit_predict(panel, profile, 60)
    assert np.isfinite(forecast).all()
    assert (forecast >= 0).all()
    assert (forecast <= 100.0 * values.max()).all()
    one = np.array([2])
    assert model.fit_predict(panel.rows(one), profile.rows(one), 60).tobytes() == forecast[2:].tobytes()
