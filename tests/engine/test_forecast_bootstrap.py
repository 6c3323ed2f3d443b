"""The bootstrap draws what was: its mean, its blocks and its season."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.errors import EngineError
from engine.forecast.bootstrap import WINDOW, Bootstrap, bootstrap_paths, resampled
from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile, seasonal_profile

RNG = np.random.default_rng(47)
WEEK = np.array([0.1, 0.8, 0.9, 1.0, 1.4, 1.6, 1.2])


def panel_of(values, observed=None, period="D"):
    values = np.array(values, dtype=float)
    seen = np.ones(values.shape, dtype=bool) if observed is None else np.array(observed)
    names = np.array([f"s{i}" for i in range(len(values))])
    return Panel(names, names, np.datetime64("2023-01-02"), period, np.where(seen, values, 0.0), seen)


def weekly(panel):
    group = np.zeros(panel.n_series, dtype=np.int64)
    short = np.tile(WEEK, (panel.n_series, 1))
    return Profile(short, group, np.ones((1, 52)), panel.start, "D", panel.n_periods)


def test_what_is_resampled_against_a_loop():
    values, seen = RNG.poisson(6.0, (5, 150)).astype(float), RNG.random((5, 150)) < 0.7
    seen[3, :120] = False
    seen[4] = False
    panel = panel_of(values, seen)
    pool, count = resampled(panel, weekly(panel))
    for i in range(5):
        used = np.flatnonzero(seen[i])[-WINDOW["D"] :]
        assert count[i] == len(used)
        season = WEEK[used % 7]
        ratio = values[i, used] / np.maximum(season, 0.2)
        if len(used):
            ratio *= values[i, used].sum() / season.sum() * len(used) / ratio.sum()
        assert pool[i, : len(used)].tolist() == pytest.approx(ratio.tolist())
        assert (pool[i, len(used) :] == 0).all()


def test_paths_have_the_mean_that_the_model_forecasts():
    days = np.arange(200)
    panel = panel_of(RNG.poisson(4.0 * WEEK[days % 7], (3, 200)))
    profile = weekly(panel)
    mean = Bootstrap().fit_predict(panel, profile, 14)
    seeds = np.arange(3, dtype=np.uint64)
    paths = bootstrap_paths(panel, profile, 14, seeds=seeds, n_paths=20_000, block=7)
    assert paths.shape == (3, 20_000, 14)
    assert (paths == np.floor(paths)).all()
    error = paths.std(axis=1) / np.sqrt(20_000)
    assert (np.abs(paths.mean(axis=1) - mean) < 5.0 * error + 1e-9).all()


def test_a_block_is_a_stretch_of_the_past():
    values = np.arange(100.0) + 1.0
    panel = panel_of([values])
    flat = Profile(np.ones((1, 1)), np.zeros(1, dtype=np.int64), np.ones((1, 52)), panel.start, "D", 100)
    paths = bootstrap_paths(panel, flat, 12, seeds=np.array([5], dtype=np.uint64), n_paths=300, block=6)[0]
    steps = np.diff(paths, axis=1)
    inside = np.delete(steps, 5, axis=1)
    # From the last period a block goes on at the first of the window: a circle.
    assert set(inside.ravel()) == {1.0, 1.0 - WINDOW["D"]}
    assert len(set(steps[:, 5])) > 50
    assert set(paths.ravel()) == set(values[-WINDOW["D"] :])


def test_sums_keep_what_neighbouring_days_share():
    """Demand in runs: sums over a block vary as sums over the past do, not as independent days."""
    level = np.repeat(RNG.choice([1.0, 9.0], 20), 10)
    panel = panel_of([RNG.poisson(level)])
    flat = Profile(np.ones((1, 1)), np.zeros(1, dtype=np.int64), np.ones((1, 52)), panel.start, "D", 200)
    seeds = np.array([1], dtype=np.uint64)
    spread = [
        bootstrap_paths(panel, flat, 8, seeds=seeds, n_paths=4_000, block=block).sum(axis=2).std()
        for block in (8, 1)
    ]
    past = panel.values[0, -WINDOW["D"] :]
    sums = np.array([np.roll(past, -k)[:8].sum() for k in range(len(past))])
    assert spread[0] == pytest.approx(sums.std(), rel=0.05)
    assert spread[0] > 1.5 * spread[1]


def test_a_series_is_its_seed_alone():
    panel = panel_of(RNG.poisson(5.0, (4, 90)))
    profile, seeds = weekly(panel), np.array([7, 8, 9, 10], dtype=np.uint64)
    every = bootstrap_paths(panel, profile, 9, seeds=seeds, n_paths=50, block=3)
    rows = np.array([2])
    alone = bootstrap_paths(panel.rows(rows), profile.rows(rows), 9, seeds=seeds[rows], n_paths=50, block=3)
    assert alone.tobytes() == every[2:3].tobytes()
    assert not np.array_equal(every[0], every[1])


def test_no_paths_or_blocks_is_a_fault():
    panel = panel_of([[1, 2, 3]])
    for wrong in ({"n_paths": 0, "block": 1}, {"n_paths": 1, "block": 0}):
        with pytest.raises(EngineError, match="both must be at least 1"):
            bootstrap_paths(panel, weekly(panel), 2, seeds=np.zeros(1, dtype=np.uint64), **wrong)


@given(
    values=arrays(np.float64, (3, 40), elements=st.just(0.0) | st.floats(1e-3, 1e9)),
    seen=arrays(np.bool_, (3, 40)),
    period=st.sampled_from(["D", "W", "M"]),
    block=st.integers(1, 60),
)
@settings(deadline=None, max_examples=40)
def test_any_series_can_be_drawn(values, seen, period, block):
    panel = panel_of(values, seen, period)
    profile = seasonal_profile(panel)
    forecast = Bootstrap().fit_predict(panel, profile, 50)
    paths = bootstrap_paths(panel, profile, 50, seeds=np.arange(3, dtype=np.uint64), n_paths=5, block=block)
    for result in (forecast, paths):
        assert np.isfinite(result).all()
        assert (result >= 0).all()
    assert (paths[~seen.any(axis=1)] == 0).all()
