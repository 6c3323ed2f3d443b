"""Speed of planning: 30,490 SKU-locations over 500 paths of 60 days, and what-ifs read off curves.

The lines are drawn, with a seed, after what shops have: sales rates as of the M5 stores (median below one
a day), weekly seasons, open orders, lead times that vary, case packs, minimums, shelf maximums, a quarter
that expires. The what-ifs are asked of 10,000 lines, half of them with the sales rates of the demo lake
(median six a day), and compared with planning every line again; the few lines that a curve leaves open
are played within the time of the what-if.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from bench.report import Report, calibration_seconds, cpu_seconds, median_cpu
from engine.replenishment.curve_what_if import what_if
from engine.replenishment.lines import NEVER, TARGET_KINDS, LineInputs
from engine.replenishment.plan import plan_lines
from engine.replenishment.value_curves import value_curves
from engine.replenishment.what_if_curves import WhatIfCurves, what_if_curves

LINES, PATHS, DAYS, WORKERS = 30_490, 500, 60, 2
WHAT_IF_LINES, WHAT_IF_PATHS = 10_000, 300
M5_RATE, DEMO_RATE = 0.45, 6.0
"""Median sales [each/day]."""


def run(report: Report, options: argparse.Namespace) -> None:
    """Plan, then ask; see the module."""
    lines = LINES // 10 if options.quick else LINES
    report.figure("speed.calibration", calibration_seconds(), "s")
    plan_lines(_lines(200, M5_RATE, seed=1), n_paths=PATHS, workers=1)  # compiles or loads the kernels
    portfolio = _lines(lines, M5_RATE, seed=2)
    start, before = time.perf_counter(), cpu_seconds()
    plan_lines(portfolio, n_paths=PATHS, workers=WORKERS)
    wall, cpu = time.perf_counter() - start, cpu_seconds() - before
    sizes: dict[str, Any] = {"lines": lines, "paths": PATHS, "days": DAYS, "workers": WORKERS}
    load = round(os.getloadavg()[0], 1)
    report.figure("speed.plan", wall, "s", bar=60.0 * lines / LINES, cpu=round(cpu, 2), load=load, **sizes)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    report.figure("speed.plan.peak_memory", peak, "GiB", bar=4.0, **sizes)
    _what_ifs(report, WHAT_IF_LINES // 5 if options.quick else WHAT_IF_LINES)


def _what_ifs(report: Report, n: int) -> None:
    lines = _joined(_lines(n // 2, M5_RATE, seed=3), _lines(n - n // 2, DEMO_RATE, seed=4))
    plan = plan_lines(lines, n_paths=WHAT_IF_PATHS)
    before = cpu_seconds()
    value_curves(lines, plan, n_paths=WHAT_IF_PATHS)
    report.figure("speed.value_curves.cpu", cpu_seconds() - before, "s", lines=n, paths=WHAT_IF_PATHS)
    before = cpu_seconds()
    curves = what_if_curves(lines, plan, n_paths=WHAT_IF_PATHS)
    report.figure(
        "speed.what_if_curves.cpu",
        cpu_seconds() - before,
        "s",
        lines=n,
        paths=WHAT_IF_PATHS,
        quantities=int(np.isfinite(curves.quantity).sum(axis=1).max()),
    )
    asked = {name: _asked(report, curves, name, changed) for name, changed in _changes(lines)}
    slowest, equal, worst = zip(*asked.values(), strict=True)
    report.figure("speed.what_if.cpu", max(slowest), "ms", bar=150.0, lines=n)
    report.figure("speed.what_if.equal", min(equal), "of lines", bar=0.99, better="higher", lines=n)
    # another kind of target for every line is asked of curves that were made for the one it has
    others = [_asked(report, curves, name, changed) for name, changed in _other_kinds(lines)]
    furthest = max(*worst, *(other[2] for other in others))
    report.figure("speed.what_if.worst", furthest, "order multiples", bar=1.0, lines=n)


def _asked(report: Report, curves: WhatIfCurves, name: str, lines: LineInputs) -> tuple[float, float, float]:
    """CPU time [ms], share of lines equal to planning again, and the most off [order multiples]."""
    milliseconds = 1e3 * median_cpu(lambda: what_if(curves, lines))
    read = what_if(curves, lines)
    off = np.abs(read.quantity - plan_lines(lines, n_paths=WHAT_IF_PATHS).quantity)
    off /= np.maximum(lines.order_multiple, 1.0)
    equal, worst = float((off == 0).mean()), float(off.max())
    sizes: dict[str, Any] = {"lines": lines.size, "equal": equal, "worst": worst}
    report.figure(f"speed.what_if.{name}.cpu", milliseconds, "ms", played=int(read.played.sum()), **sizes)
    return milliseconds, equal, worst


def _changes(lines: LineInputs) -> Iterator[tuple[str, LineInputs]]:
    n = lines.size
    # answers that the curves know, and some that they do not
    for target in (0.90, 0.95, 0.98, 0.99, 0.55, 0.7, 0.937, 0.963, 0.9935):
        yield f"target_{target}", replace(lines, service_target=np.full(n, target))
    yield "shortage_cost_up_a_quarter", replace(lines, stockout_cost=1.25 * lines.stockout_cost)
    yield "shortage_cost_by_1.37", replace(lines, stockout_cost=1.37 * lines.stockout_cost)
    yield "shortage_cost_by_0.66", replace(lines, stockout_cost=0.66 * lines.stockout_cost)
    yield "holding_cost_doubled", replace(lines, holding_cost=2.0 * lines.holding_cost)
    for multiple in (1.0, 12.0):
        yield f"order_multiple_{multiple:.0f}", replace(lines, order_multiple=np.full(n, multiple))
    yield "minimum_30", replace(lines, moq=np.full(n, 30.0))


def _other_kinds(lines: LineInputs) -> Iterator[tuple[str, LineInputs]]:
    for kind in TARGET_KINDS:
        yield f"all_by_{kind}", replace(lines, target_kind=np.full(lines.size, kind))
    by_cost = replace(lines, target_kind=np.full(lines.size, "cost"))
    yield "all_by_cost_at_multiple_1", replace(by_cost, order_multiple=np.ones(lines.size))


def _lines(n: int, rate: float, seed: int) -> LineInputs:
    r = np.random.default_rng(seed)
    level = rate * np.exp(r.normal(0.0, 1.2, n))
    week = np.exp(r.normal(0.0, 0.25, (n, 7)))
    mean = level[:, None] * (week / week.mean(axis=1, keepdims=True))[:, np.arange(DAYS) % 7]
    life = np.where(r.random(n) < 0.25, r.integers(3, 31, n), NEVER).astype(float)
    first = r.integers(0, 3, n)
    pack = np.where(level < 0.3, r.choice([1.0, 4.0, 6.0], n), r.choice([1.0, 6.0, 8.0, 12.0, 24.0], n))
    cost = np.round(np.exp(r.normal(1.2, 0.8, n)), 2).astype(np.float64)
    return LineInputs(
        mean=mean,
        level_cv=r.uniform(0.05, 0.5, n),
        dispersion=1.0 + r.gamma(1.0, 0.6, n),
        path_seed=r.integers(0, 2**63, n).astype(np.uint64),
        batch_line=np.arange(n),
        batch_quantity=np.round(level * r.uniform(0.0, 12.0, n)),
        batch_last_period=np.where(life < NEVER, r.integers(0, 30, n), NEVER),
        receipt_line=np.arange(n),
        receipt_period=r.integers(0, 10, n),
        receipt_quantity=np.where(r.random(n) < 0.4, pack * np.ceil(3.0 * level / pack), 0.0),
        order_period=first,
        next_order_period=first + r.choice([1, 2, 3, 7], n),
        lead_time_mean=r.choice([1.0, 2.0, 3.5, 7.0, 14.0], n),
        lead_time_sd=r.choice([0.0, 0.5, 1.5], n),
        moq=np.where(r.random(n) < 0.3, pack * r.integers(1, 4, n), 0.0),
        order_multiple=pack,
        min_cover=np.zeros(n),
        max_cover=np.where(r.random(n) < 0.3, 30.0, np.nan),
        presentation_stock=np.where(r.random(n) < 0.3, 3.0, 0.0),
        shelf_maximum=np.where(r.random(n) < 0.2, np.maximum(40.0, 30.0 * level), np.nan),
        unit_cost=cost,
        unit_margin=np.round(cost * r.uniform(0.2, 0.7, n), 2),
        target_kind=r.choice(["fill", "fill", "fill", "cycle", "cost"], n),
        service_target=r.choice([0.93, 0.95, 0.97, 0.985], n),
        stockout_cost=np.full(n, np.nan),
        holding_cost=cost * 0.25 / 365.0,
        life_periods=life,
        backorder=r.random(n) < 0.05,
        order_cost=np.where(r.random(n) < 0.2, 1.0, 0.0),
    ).checked()


def _joined(first: LineInputs, second: LineInputs) -> LineInputs:
    joined: dict[str, Any] = {}
    for name, values in vars(first).items():
        other = vars(second)[name]
        if name.endswith("_line"):
            other = other + first.size
        joined[name] = values if name == "period_days" else np.concatenate([values, other])
    return LineInputs(**joined)
