"""Batched Prophet against the prophet library: series per CPU-second; fit, forecast and intervals together.

Both sides get the same seeded, retail-like series and the same kind of model, and do the same work, set-up
included: fit, forecast and an 80 % interval, prophet with its default of 1,000 uncertainty samples. Only JIT
compilation is apart, as a figure of its own. Prophet is timed on a sample of the series; its optimum is
compared on a larger one, of series that did not fall back to a simpler model.
"""

from __future__ import annotations

import argparse
import logging
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bench.forecast.series import demand, launch_and_run_out, promotions_and_prices
from bench.report import Report, calibration_seconds, cpu_seconds, median_cpu
from engine.forecast.prophet.fit import ProphetForecast, fit_predict
from engine.forecast.prophet.intervals import quantile_table
from engine.forecast.prophet.library import history_frame, prophet_frame, prophet_model
from engine.forecast.prophet.spec import ProphetSpec, Regressor

TOLERANCE = 1e-3
"""Log posterior by which an optimum may be worse than Stan's before it counts as a violation."""

FIRST_FIT = """
import numpy, pandas, sys
from bench.report import cpu_seconds
from engine.forecast.prophet.fit import fit_predict
from engine.forecast.prophet.spec import ProphetSpec
dates = pandas.date_range("2024-01-01", periods=130)
values = numpy.random.default_rng(0).random((2, 100))
values[0, 5] = numpy.nan
before = cpu_seconds()
fit_predict(values, dates[:100], dates[100:], spec=ProphetSpec(seasonality_mode=sys.argv[1]))
print(cpu_seconds() - before)
"""


@dataclass(frozen=True)
class Case:
    """One kind of panel and model, and how many times prophet's speed is asked for."""

    name: str
    bar: float | None
    spec: ProphetSpec
    has_gaps: bool = False
    step: str = "D"
    rows: int = 1_096
    horizon: int = 90


DEFAULTS = ProphetSpec()
DRIVERS = ProphetSpec(country_holidays="US", extra_regressors=(Regressor("promotion"), Regressor("price")))
CASES = (
    Case("shared", 5_000, DEFAULTS),
    Case("gaps", 500, DEFAULTS, has_gaps=True),
    Case("drivers", 200, DRIVERS),
    Case("drivers_gaps", None, DRIVERS, has_gaps=True),
    Case("multiplicative", 300, ProphetSpec(seasonality_mode="multiplicative")),
    Case("logistic", None, ProphetSpec(growth="logistic")),
    Case("weekly", 2_000, DEFAULTS, step="W-MON", rows=156, horizon=13),
)


@dataclass(frozen=True)
class Sizes:
    """How many series are fitted, timed with prophet, and compared with Stan's optimum."""

    series: int
    sample: int
    compared: int
    repeats: int


FULL = Sizes(series=30_490, sample=40, compared=200, repeats=3)
QUICK = Sizes(series=4_000, sample=4, compared=4, repeats=1)


def run(report: Report, options: argparse.Namespace) -> None:
    """Run every kind of panel; see the module."""
    import cmdstanpy  # noqa: F401  sets its logger's level when first imported

    for name in ("cmdstanpy", "prophet"):
        logging.getLogger(name).disabled = True
    report.figure("speed.calibration", calibration_seconds(), "s")
    sizes = QUICK if options.quick else FULL
    for case in CASES:
        _compare(report, case, sizes)
    _set_up(report, is_quick=options.quick)


def _panel(case: Case, n: int) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex, np.ndarray, dict[str, Any]]:
    """Return dates, future dates, values and the other arguments of a fit."""
    dates = pd.date_range(end="2026-11-21", periods=case.rows, freq=case.step)
    future = pd.date_range(dates[-1], periods=case.horizon + 1, freq=case.step)[1:]
    values = demand(n, dates, seed=7)
    given: dict[str, Any] = {"spec": case.spec}
    if case.spec.extra_regressors:
        given["regressors"] = promotions_and_prices(n, case.rows + case.horizon, seed=9)
        values *= 1 + given["regressors"][:, : case.rows, 0]
    if case.spec.growth == "logistic":
        given["cap"] = 1.2 * values.max(axis=1) + 1
    if case.has_gaps:
        launch_and_run_out(values, seed=8)
    return dates, future, values, given


def _first(given: dict[str, Any], rows: int) -> dict[str, Any]:
    return {name: value if name == "spec" else value[:rows] for name, value in given.items()}


def _compare(report: Report, case: Case, sizes: Sizes) -> None:
    """Report one case: both speeds, their ratio, and how the optima compare."""
    n = sizes.series
    dates, future, values, given = _panel(case, n)
    fit_predict(values[:2], dates, future, **_first(given, 2))  # compiles
    fit_predict(values[:1], dates, future, **_first(given, 1))
    forecasts: list[ProphetForecast] = []

    def batched() -> None:
        quantile_table.cache_clear()
        forecasts[:] = [fit_predict(values, dates, future, **given)]

    ours = median_cpu(batched, repeats=sizes.repeats) / n
    forecast = forecasts[0]
    has_model = np.flatnonzero(forecast.fallback == "")
    chosen = np.random.default_rng(11).choice(has_model, sizes.compared, replace=False)
    theirs, optimum = _prophet_alone(forecast, chosen, sizes.sample)
    excess = forecast.objective[chosen] - optimum
    facts = {"series": n, "rows": case.rows, "horizon": case.horizon, "sample": sizes.sample}
    name = f"speed.{case.name}"
    report.figure(f"{name}.series_per_cpu_second", 1 / ours, "1/s", **facts)
    report.figure(f"peer.prophet.{name}.series_per_cpu_second", 1 / theirs, "1/s", **facts)
    report.figure(f"{name}.times_prophet", theirs / ours, "×", bar=case.bar, better="higher", **facts)
    compared = {"series": n, "compared": len(chosen)}
    worse = int((excess > TOLERANCE).sum())
    report.figure(f"{name}.objective_worse_than_stan", worse, "series", bar=0, **compared)
    report.figure(f"{name}.objective_worst_excess", excess.max(), "log posterior", **compared)
    report.figure(f"{name}.objective_median_gain", -np.median(excess), "log posterior", **compared)
    report.figure(f"{name}.fallback_share", 1 - len(has_model) / n, "of series", series=n)


def _prophet_alone(forecast: ProphetForecast, chosen: np.ndarray, timed: int) -> tuple[float, np.ndarray]:
    """Fit series one after another, forecast the first `timed`; return (CPU seconds a series, objectives)."""
    objectives = np.empty(len(chosen))
    seconds = 0.0
    for at, row in enumerate(chosen.tolist()):
        history = history_frame(forecast.inputs, forecast.spec, row)
        ahead = prophet_frame(forecast, row)
        before = cpu_seconds()
        model = prophet_model(forecast.spec).fit(history)
        if at < timed:
            model.predict(ahead)
            seconds += cpu_seconds() - before
        objectives[at] = -model.stan_fit.optimized_params_dict["lp__"]
        model.stan_backend.cleanup()
    return seconds / timed, objectives


def _set_up(report: Report, *, is_quick: bool) -> None:
    """Report what is paid once: the table of quantiles, compilation (not if quick), and memory."""

    def table() -> None:
        quantile_table.cache_clear()
        quantile_table(0.8)

    report.figure("speed.interval_table_cpu", median_cpu(table), "s", bar=0.5)
    for mode, bar in () if is_quick else (("additive", 15), ("multiplicative", None)):
        cold, warm = _first_fit_seconds(mode)
        report.figure(f"speed.first_{mode}_fit_compiling_cpu", cold, "s", bar=bar)
        report.figure(f"speed.first_{mode}_fit_cached_cpu", warm, "s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    report.figure("speed.peak_memory", peak, "GiB", bar=8)


def _first_fit_seconds(mode: str) -> tuple[float, float]:
    """CPU seconds of the first fit of a process: with nothing compiled, and with compiled kernels cached."""
    with tempfile.TemporaryDirectory() as cache:
        cold, warm = (
            float(
                subprocess.run(
                    [sys.executable, "-c", FIRST_FIT, mode],
                    env={**os.environ, "NUMBA_CACHE_DIR": cache},
                    capture_output=True,
                    check=True,
                    text=True,
                ).stdout
            )
            for _ in range(2)
        )
    return cold, warm
