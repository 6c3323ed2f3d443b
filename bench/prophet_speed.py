"""Batched Prophet against the prophet library: series per CPU-second, fit, forecast and intervals together.

Both sides get the same seeded, retail-like series and do the same work: fit, forecast (90 days, 13 weeks)
and an 80 % interval, prophet with its default of 1,000 uncertainty samples. Everything counts but JIT
compilation, which has its own figure. Prophet is timed on a sample of the series and its optimum compared.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.report import Report, arguments, calibration_seconds, cpu_seconds, median_cpu
from engine.forecast.prophet.fit import ProphetForecast, fit_predict
from engine.forecast.prophet.intervals import quantile_table
from engine.forecast.prophet.spec import ProphetSpec
from engine.forecast.prophet.stan import prophet_model

SERIES = 10_000
DEFAULT_UNCERTAINTY_SAMPLES = 1_000

FIRST_FIT = """
import numpy, pandas
from bench.report import cpu_seconds
from engine.forecast.prophet.fit import fit_predict
dates = pandas.date_range("2024-01-01", periods=130)
values = numpy.random.default_rng(0).random((2, 100))
values[0, 5] = numpy.nan
before = cpu_seconds()
fit_predict(values, dates[:100], dates[100:])
print(cpu_seconds() - before)
"""


@dataclass(frozen=True)
class Case:
    """One kind of panel, and how many times prophet's speed is asked for."""

    name: str
    step: str
    rows: int
    horizon: int
    has_gaps: bool
    bar: float


CASES = (
    Case("daily", "D", 1_096, 90, False, 2_000),
    Case("daily_gaps", "D", 1_096, 90, True, 1_000),
    Case("weekly", "W-MON", 156, 13, False, 2_000),
)


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


def prophet_alone(
    values: np.ndarray, dates: pd.DatetimeIndex, future: pd.DatetimeIndex
) -> tuple[float, np.ndarray, np.ndarray]:
    """Fit and forecast series one after another; return (CPU seconds a series, objectives, forecasts)."""
    objectives = np.empty(len(values))
    yhat = np.empty((len(values), len(future)))
    before = cpu_seconds()
    for i, row in enumerate(values):
        model = prophet_model(ProphetSpec(), uncertainty_samples=DEFAULT_UNCERTAINTY_SAMPLES)
        model.fit(pd.DataFrame({"ds": dates, "y": row}))
        yhat[i] = model.predict(pd.DataFrame({"ds": future}))["yhat"]
        objectives[i] = -model.stan_fit.optimized_params_dict["lp__"]
        model.stan_backend.cleanup()
    return (cpu_seconds() - before) / len(values), objectives, yhat


def compare(report: Report, case: Case, sample: int) -> None:
    """Report one case: both speeds, their ratio, and how the optima compare on the sample."""
    dates = pd.date_range(end="2026-11-21", periods=case.rows, freq=case.step)
    future = pd.date_range(dates[-1], periods=case.horizon + 1, freq=case.step)[1:]
    both = demand(SERIES, dates.append(future), seed=7)
    values, sold = np.ascontiguousarray(both[:, : case.rows]), both[:, case.rows :]
    if case.has_gaps:
        launch_and_run_out(values, seed=8)
    fit_predict(values[:2], dates, future)  # compiles
    forecasts: list[ProphetForecast] = []

    def batched() -> None:
        quantile_table.cache_clear()
        forecasts[:] = [fit_predict(values, dates, future)]

    ours = median_cpu(batched, repeats=3) / SERIES
    chosen = np.random.default_rng(11).choice(SERIES, sample, replace=False)
    theirs, optimum, their_yhat = prophet_alone(values[chosen], dates, future)
    excess = forecasts[0].objective[chosen] - optimum
    sizes = {"series": SERIES, "rows": case.rows, "horizon": case.horizon, "sample": sample}
    report.figure(f"{case.name}.series_per_cpu_second", 1 / ours, "1/s", **sizes)
    report.figure(f"peer.prophet.{case.name}.series_per_cpu_second", 1 / theirs, "1/s", **sizes)
    report.figure(f"{case.name}.times_prophet", theirs / ours, "×", bar=case.bar, better="higher", **sizes)
    report.figure(f"{case.name}.objective_worst_excess", excess.max(), "log posterior", bar=1e-3, **sizes)
    errors = [np.abs(yhat - sold[chosen]).sum() for yhat in (forecasts[0].yhat[chosen], their_yhat)]
    report.figure(f"{case.name}.holdout_error_against_prophet", errors[0] / errors[1], "ratio", **sizes)
    report.figure(f"{case.name}.objective_median_gain", -np.median(excess), "log posterior", **sizes)


def first_fit_seconds() -> tuple[float, float]:
    """CPU seconds of the first fit of a process: with nothing compiled, and with compiled kernels cached."""
    with tempfile.TemporaryDirectory() as cache:
        cold, warm = (
            float(
                subprocess.run(
                    [sys.executable, "-c", FIRST_FIT],
                    env={**os.environ, "NUMBA_CACHE_DIR": cache},
                    capture_output=True,
                    check=True,
                    text=True,
                ).stdout
            )
            for _ in range(2)
        )
    return cold, warm


def main() -> None:
    """Run the bench."""
    asked = arguments(__doc__, tuple(case.name for case in CASES))
    import cmdstanpy  # noqa: F401  sets its logger's level when first imported

    for name in ("cmdstanpy", "prophet"):
        logging.getLogger(name).disabled = True
    report = Report("prophet_speed")
    report.figure("calibration", calibration_seconds(), "s")
    for case in CASES:
        if asked.part in (None, case.name):
            compare(report, case, sample=20 if asked.quick else 60)

    def table() -> None:
        quantile_table.cache_clear()
        quantile_table(0.8)

    report.figure("interval_table_cpu", median_cpu(table), "s", bar=0.5)
    cold, warm = first_fit_seconds()
    report.figure("first_fit_compiling_cpu", cold, "s", bar=10)
    report.figure("first_fit_cached_cpu", warm, "s")
    report.close()


if __name__ == "__main__":
    main()
