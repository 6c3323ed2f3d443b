"""Joint orders: CPU time and proven gap at 5,000 lines, and the gap beyond, over seeded supplier orders.

Newsvendor curves of 64 candidate orders a line, fifty lines a supplier, twenty locations, price breaks on
a fifth of the lines. Each case adds what suppliers, trucks, rooms and cash impose.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from scipy.stats import norm

from bench.report import Report, calibration_seconds, cpu_seconds
from engine.replenishment.joint.curves import Curves, curves_of
from engine.replenishment.joint.limits import Budget, Minimum, Storage
from engine.replenishment.joint.ranking import ranked_increments
from engine.replenishment.joint.solve import solve_joint
from engine.replenishment.joint.terms import Term
from engine.replenishment.joint.trucks import Trucks
from jobs.quiet import quiet

LINES_A_SUPPLIER = 50
LOCATIONS = 20
CANDIDATES = 64
MOST_SECONDS = 10.0
"""Bar of the CPU time of 5,000 lines."""
PROVEN = ("minimums", "trucks", "full_trucks", "cash_and_rooms")
"""Cases with a second bar: a gap of 0."""
COUPLED = "minimums_trucks_rooms_and_cash"
"""Its gap is told; nobody proves it."""


def run(report: Report, options: argparse.Namespace) -> None:
    """Run every case; see the module."""
    report.figure("joint.calibration", calibration_seconds(), "s")
    few, many = (1_000, 3_000) if options.quick else (5_000, 30_000)
    curves, volume = _curves(few)
    solve_joint(curves, _terms("trucks", curves, volume))  # compiles, which is paid once and not counted
    for case in (*PROVEN, COUPLED):
        terms = _terms(case, curves, volume)
        _solve(report, f"joint.{case}", curves, terms, MOST_SECONDS, 0.0 if case in PROVEN else None)
    before = cpu_seconds()
    ranked = ranked_increments(curves, 0.7 * float(curves.at(curves.own_best, curves.cash).sum()))
    report.figure(
        "joint.ranked_list.cpu", cpu_seconds() - before, "s", steps=len(ranked.line), cut=ranked.cut
    )
    curves, volume = _curves(many)
    for case in ("trucks", "cash_and_rooms"):
        _solve(report, f"joint.beyond.{case}", curves, _terms(case, curves, volume))


def _solve(
    report: Report,
    name: str,
    curves: Curves,
    terms: list[Term],
    most_seconds: float | None = None,
    most_gap: float | None = None,
) -> None:
    before, start = cpu_seconds(), time.perf_counter()
    with quiet():
        plan = solve_joint(curves, terms)
    seconds, wall = cpu_seconds() - before, time.perf_counter() - start
    facts: dict[str, Any] = {
        "lines": curves.size,
        "terms": len(terms),
        "wall": round(wall, 2),
        "money": plan.money,
    }
    report.figure(f"{name}.cpu", seconds, "s", bar=most_seconds, **facts)
    report.figure(f"{name}.gap", plan.gap / plan.money, "of money", bar=most_gap, lines=curves.size)
    broken = sum(bool(term.broken_by(total)) for term, total in zip(terms, plan.total, strict=True))
    report.figure(f"{name}.broken", broken, "terms", bar=0, terms=len(terms))


def _curves(n: int) -> tuple[Curves, np.ndarray]:
    """Expected money of 64 orders of n lines, and the volume of one each [litre]."""
    rng = np.random.default_rng(7)
    lot = rng.choice([1, 6, 12, 24], n).astype(float)
    cost = np.round(np.exp(rng.normal(1.2, 0.8, n)), 2)
    margin = cost * rng.uniform(0.15, 0.6, n)
    demand = np.exp(rng.normal(3, 1, n))
    sd = demand * rng.uniform(0.3, 1, n)
    on_hand = np.maximum(demand * rng.uniform(-0.2, 1.2, n), 0)
    step = lot * np.maximum(np.ceil(3 * demand / lot / (CANDIDATES - 1)), 1)
    quantity = np.arange(CANDIDATES) * step[:, None]

    def short(stock: np.ndarray) -> np.ndarray:
        z = (stock - demand[:, None]) / sd[:, None]
        return sd[:, None] * (norm.pdf(z) - z * norm.sf(z))

    stock = on_hand[:, None] + quantity
    left = stock - demand[:, None] + short(stock)
    money = margin[:, None] * (short(stock[:, :1]) - short(stock)) - 0.15 * cost[:, None] * (
        left - left[:, :1]
    )
    money -= (quantity > 0) * rng.uniform(0, 3, n)[:, None]
    starts = np.where(rng.random(n) < 0.2, quantity[:, 20], np.nan)[:, None]
    curves = curves_of(quantity, money, cost, break_quantity=starts, break_cost=0.97 * cost[:, None])
    return curves, np.round(rng.uniform(0.1, 8, n), 2)


def _terms(case: str, curves: Curves, volume: np.ndarray) -> list[Term]:
    rng = np.random.default_rng(5)
    n = curves.size
    paid = curves.at(curves.own_best, curves.cash)
    litres = volume * curves.at(curves.own_best, curves.quantity)
    supplier, location = rng.integers(0, n // LINES_A_SUPPLIER, n), rng.integers(0, LOCATIONS, n)
    terms: list[Term] = []
    for number in range(n // LINES_A_SUPPLIER):
        lines = np.flatnonzero(supplier == number)
        if "minimums" in case:
            terms.append(
                Minimum(f"S{number}", lines, float(np.round(paid[lines].sum() * rng.uniform(0.3, 1.3), -1)))
            )
        if "trucks" in case:
            fill = 0.9 if case == "full_trucks" else 0.0
            terms.append(Trucks(f"S{number}", lines, volume[lines], 2_000.0, least_fill=fill, cost=60.0))
    if "rooms" in case:
        for number in range(LOCATIONS):
            lines = np.flatnonzero(location == number)
            terms.append(Storage(f"L{number}", lines, volume[lines], 0.9 * float(litres[lines].sum())))
    if "cash" in case:
        terms.append(Budget("cash", np.arange(n), 0.7 * float(paid.sum())))
    return terms
