"""The whole tournament: all competitors, three cut-offs, calibration, forecast, on up to 30,490 daily series.

Three years of days, with seasons, slow movers, launches and stockouts, drawn from a fixed seed. Each
size is a process of its own, so that its memory is its own. Bars: 30,490 series in 15 minutes of wall
time on 2 cores and 8 GB; 100,000 series cost at most 1.3 × what a straight line through the smaller
sizes says.
"""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import Namespace

import numpy as np
import pandas as pd

from bench.report import Report
from engine.forecast.panel import Panel, make_panel

SIZES = (1_000, 3_000, 10_000, 30_490, 100_000)
BARRED = 30_490
QUICK_SIZES = (100, 200, 400)
DAYS = 1096
BAR_MINUTES = 15.0
BAR_GB = 8.0
BAR_LINEAR = 1.3

RUN = """
import json, resource, sys, time
from bench.forecast.tournament import panel_of
from engine.forecast.portfolio import forecast_panel
panel = panel_of(int(sys.argv[1]))
before, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
forecast = forecast_panel(panel, 28, protection_periods=14, seed=7)
seconds, after = time.perf_counter() - before, resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
gb = after.ru_maxrss / 1024**2
print(json.dumps({"wall": seconds, "cpu": cpu, "gb": gb, "coverage": forecast.coverage}))
"""


def panel_of(n: int) -> Panel:
    """Draw a panel of n series × 1,096 days."""
    rng = np.random.default_rng(7)
    week = np.array([0.8, 0.8, 0.9, 1.0, 1.2, 1.4, 0.9])
    days = np.arange(DAYS)
    season = week[days % 7] * (1.0 + 0.25 * np.sin(2 * np.pi * days / 365.25))
    quantity = np.empty((n, DAYS))
    in_stock = np.ones((n, DAYS), dtype=np.float32)
    for first in range(0, n, 1000):
        rows = slice(first, min(first + 1000, n))
        count = rows.stop - first
        level = rng.lognormal(0.3, 1.4, (count, 1))
        noise = rng.gamma(4.0, 0.25, (count, DAYS))
        quantity[rows] = rng.poisson(level * season * noise)
        start = np.where(rng.random(count) < 0.2, rng.integers(0, DAYS - 10, count), 0)
        quantity[rows][days[None, :] < start[:, None]] = np.nan
        in_stock[rows][rng.random((count, DAYS)) < 0.01] = 0.0
    keys = pd.DataFrame(
        {"sku": [f"p{i // 10}" for i in range(n)], "location": [f"s{i % 10}" for i in range(n)]}
    )
    group = np.array([f"category {i // 10 % 12}" for i in range(n)], dtype=object)
    return make_panel(keys, np.datetime64("2023-11-20"), "D", quantity, in_stock, group=group)


def run(report: Report, options: Namespace) -> None:
    """Run the part."""
    sizes = QUICK_SIZES if options.quick else SIZES
    measured = []
    for n in (sizes[0], *sizes):  # the first run compiles
        output = subprocess.run(
            [sys.executable, "-c", RUN, str(n)], check=True, capture_output=True, text=True
        ).stdout
        measured.append(json.loads(output))
    measured = measured[1:]
    for n, figures in zip(sizes, measured, strict=True):
        minutes, gigabytes = (BAR_MINUTES, BAR_GB) if n == BARRED else (None, None)
        report.figure(
            f"tournament.wall_{n}", figures["wall"] / 60, "min", bar=minutes, series=n, days=DAYS,
            cpu_seconds=round(figures["cpu"], 1), coverage=round(figures["coverage"], 3),
        )  # fmt: skip
        report.figure(f"tournament.memory_{n}", figures["gb"], "GiB RSS", bar=gigabytes, series=n)
    cpu = np.array([figures["cpu"] for figures in measured])
    slope, start = np.polyfit(sizes[:-1], cpu[:-1], 1)
    due = float(start + slope * sizes[-1])
    report.figure(
        "tournament.cost_against_straight_line", float(cpu[-1] / due), "1 = linear",
        bar=None if options.quick else BAR_LINEAR,
        points=dict(zip(map(str, sizes), cpu.round(1), strict=True)),
        cpu_ms_a_series=round(1000 * float(slope), 2),
    )  # fmt: skip
