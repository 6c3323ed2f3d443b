"""Seeded, retail-like series for benches of speed: demand, launches and stockouts, promotions, prices."""

from __future__ import annotations

import numpy as np
import pandas as pd


def demand(n: int, dates: pd.DatetimeIndex, seed: int) -> np.ndarray:
    """Counts with turning trends, yearly and weekly seasonality; two in ten series intermittent."""
    rng = np.random.default_rng(seed)
    time = np.arange(len(dates)) / len(dates)
    trend = np.ones((n, len(dates)))
    for _ in range(3):
        trend += rng.normal(0, 0.5, (n, 1)) * np.maximum(time - rng.uniform(0, 0.95, (n, 1)), 0)
    angle = 2 * np.pi * dates.day_of_year.to_numpy() / 365.25 + rng.uniform(0, 2 * np.pi, (n, 1))
    year = rng.uniform(0.05, 0.5, (n, 1)) * (np.sin(angle) + 0.4 * np.sin(2 * angle))
    week = rng.normal(0, 0.2, (n, 7))[:, dates.day_of_week.to_numpy()]
    mean = np.exp(rng.normal(2.5, 1.3, (n, 1))) * np.maximum(trend, 0.1) * np.maximum(1 + year + week, 0.05)
    spread = rng.uniform(1, 30, (n, 1))
    counts = rng.negative_binomial(spread, spread / (spread + mean)).astype(float)
    counts[::5] *= rng.random((len(counts[::5]), len(dates))) < rng.uniform(0.05, 0.4, (len(counts[::5]), 1))
    return counts


def launch_and_run_out(values: np.ndarray, seed: int) -> None:
    """Blank a launch period in two series of five, and out-of-stock runs in four of five."""
    rng = np.random.default_rng(seed)
    rows = values.shape[1]
    for row in values:
        if rng.random() < 0.4:
            row[: rng.integers(1, rows // 2)] = np.nan
        if rng.random() < 0.8:
            for start in rng.integers(rows // 2, rows, rng.poisson(3)):
                row[start : start + rng.integers(1, 15)] = np.nan


def promotions_and_prices(n: int, periods: int, seed: int) -> np.ndarray:
    """Each series' own promotion flag (one day in ten) and drifting price, shape (n, periods, 2)."""
    rng = np.random.default_rng(seed)
    drivers = np.empty((n, periods, 2))
    drivers[..., 0] = rng.random((n, periods)) < 0.1
    drivers[..., 1] = rng.uniform(1, 20, (n, 1)) * np.exp(0.01 * rng.normal(size=(n, periods)).cumsum(axis=1))
    return drivers
