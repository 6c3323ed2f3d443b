"""Service that the plan promises against service that customers get: `python -m bench.decisions service`.

Twenty years are played (`service_year`), each of another company of the demo's kind. The policy is the
plan's: its forecast made anew every four weeks (the tournament of all models) on the history and its own
sales so far, its orders on each line's own order days, random lead times, lost sales, true expiry, default
settings and the demo lake's fill targets (0.94 to 0.975). Household & Care, where costs decide and no service
is promised, is left out.

A line is *free* where nothing but its target decides what is ordered: no order was raised, cut or rounded
by more than one each (`term_cover`, `term_moq`, `term_multiple`, `term_joint`), no bound was named on more
than a twentieth of its plans, and the plans promise (`fill_after`) at most a point more than the target.
Where they promise more though nothing was moved, the least whole unit that reaches the target exceeds it
(a slow mover's last unit may be worth three points): *whole*. Other lines are *bound*: packs, minimums,
cover, shelves.

Bars, in points of fill rate: a class's free lines within ± 1 of their target; its whole and bound lines at
least target − 1, or the bound named on the line: where a class is short, the days for which the line's plan
(from its arrival to the next) named a bound are left out, and how many lines named what is said. Fill is by
units; targets are weighted by demand. The standard error is that of years, which are independent.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.decisions.service_year import Year, play_year
from bench.report import Report, cpu_seconds
from engine.replay.classes import CLASSES
from engine.replenishment.lines import BOUNDS

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

YEARS, LINES = 20, 80
SIZE: Any = {"skus": 150, "stores": 3, "dcs": 2}
"""Of each company; every class has its share in the sample of its lines."""
QUICK_YEARS, QUICK_LINES, QUICK_DAYS, QUICK_MODEL = 2, 24, 84, "Theta"
QUICK_SIZE: Any = {"skus": 24, "stores": 3, "dcs": 1}
FIRST_SEED = 1

KINDS = ("free", "whole", "bound")
BAR = 1.0
"""Points."""
LEAST_LINES, MOST_ERROR = 10, 0.5
"""A class of fewer lines, or whose figure is less sure (standard error, points), is shown without a bar."""
OFTEN = 0.05
"""Share of its plans from which a line is bound."""


@dataclass(frozen=True)
class Cells:
    """Days and lines of a class in one year."""

    year: Year
    chosen: Mask
    """[n, T]"""

    @property
    def lines(self) -> Mask:
        """Lines with any day in the class."""
        return np.asarray(self.chosen.any(axis=1), dtype=bool)

    def spare(self) -> Floats:
        """Return units that the target allows to be short, less those short, [n]."""
        allowed = (1.0 - self.year.target)[:, None] * self.year.demand - self.year.short
        result: Floats = np.where(self.chosen, allowed, 0.0).sum(axis=1)
        return result

    def demand(self) -> Floats:
        """Units wanted, [n]."""
        result: Floats = np.where(self.chosen, self.year.demand, 0.0).sum(axis=1)
        return result


def run(report: Report, options: Namespace) -> None:
    """Run the part."""
    before = cpu_seconds()
    if options.quick:
        years = [
            play_year(FIRST_SEED + number, QUICK_LINES, days=QUICK_DAYS, model=QUICK_MODEL, **QUICK_SIZE)
            for number in range(QUICK_YEARS)
        ]
    else:
        years = [play_year(FIRST_SEED + number, LINES, **SIZE) for number in range(YEARS)]
    show(report, years)
    report.figure("service.cpu", cpu_seconds() - before, "s CPU", years=len(years))


def show(report: Report, years: list[Year]) -> None:
    """Print a line a class and kind of line."""
    kinds = [kind_of(year) for year in years]
    for name, cells in classes(years):
        for number, kind in enumerate(KINDS):
            parts = [
                Cells(one.year, one.chosen & (of == number)[:, None])
                for one, of in zip(cells, kinds, strict=True)
            ]
            _figure(report, f"service.{kind}.{name}", parts, free=kind == "free")


def kind_of(year: Year) -> npt.NDArray[np.int64]:
    """Return what decides the orders of each line, an index into `KINDS`, [n]."""
    plans = year.plans
    more = plans.promised / np.maximum(plans.plans, 1.0) - year.target > BAR / 100.0
    moved = (plans.moved > 0) | _is_named(year)
    result: npt.NDArray[np.int64] = np.where(moved, 2, np.where(more, 1, 0))
    return result


def classes(years: list[Year]) -> Iterator[tuple[str, list[Cells]]]:
    """Yield the classes: all, ABC by XYZ, perishable, intermittent, promoted days."""

    def some(of: list[Mask]) -> list[Cells]:
        return [
            Cells(year, mask & (year.kind == "fill")[:, None]) for year, mask in zip(years, of, strict=True)
        ]

    every = [np.ones(year.demand.shape, dtype=bool) for year in years]
    yield "all", some(every)
    for number, name in enumerate(CLASSES):
        yield (
            name,
            some([mask & (year.code == number)[:, None] for year, mask in zip(years, every, strict=True)]),
        )
    for name in ("perishable", "intermittent"):
        of = [mask & getattr(year, name)[:, None] for year, mask in zip(years, every, strict=True)]
        yield name, some(of)
    yield "promoted", some([year.promoted for year in years])


def _figure(report: Report, name: str, parts: list[Cells], *, free: bool) -> None:
    lines = sum(int(one.lines.sum()) for one in parts)
    units = sum(float(one.demand().sum()) for one in parts)
    if not units:
        return
    points, error = gap(parts)
    sizes: dict[str, Any] = _sizes(parts) | {"error": round(error, 2), "lines": lines, "units": round(units)}
    sure = lines >= LEAST_LINES and error <= MOST_ERROR
    if free:
        bar = BAR if sure else None
        about = {"points": round(points, 2), **sizes}
        report.figure(f"{name}.off_target", round(abs(points), 2), "points", bar=bar, **about)
        return
    judged = points
    if points < -BAR:
        sizes["named"] = _named(parts)
        parts = [Cells(one.year, one.chosen & ~one.year.plans.bounded) for one in parts]
        judged, error = gap(parts)
        sizes["error_where_none_is_named"] = round(error, 2)
        sure = lines >= LEAST_LINES and error <= MOST_ERROR
    report.figure(
        f"{name}.above_target",
        round(judged, 2),
        "points",
        bar=-BAR if sure else None,
        better="higher",
        all=round(points, 2),
        **sizes,
    )


def gap(parts: list[Cells]) -> tuple[float, float]:
    """Return fill less target of the class over all years, and its standard error, points.

    The error is that of a ratio of sums over independent years (Cochran 1977, Sampling Techniques, 6.4).
    """
    spare = np.array([one.spare().sum() for one in parts])
    units = np.array([one.demand().sum() for one in parts])
    total = units.sum()
    if not total:
        return 0.0, 0.0
    ratio = float(spare.sum() / total)
    years = len(parts)
    if years < 2:
        return 100.0 * ratio, float("inf")
    rest = spare - ratio * units
    return 100.0 * ratio, float(100.0 * np.sqrt(years / (years - 1) * (rest**2).sum()) / total)


def _is_named(year: Year) -> Mask:
    """Lines on which a bound was named on more than a twentieth of the plans, [n]."""
    result: Mask = year.plans.named[:, 1:].sum(axis=1) > OFTEN * year.plans.plans
    return result


def _named(parts: list[Cells]) -> dict[str, int]:
    """Return on how many of the class's lines each bound was named, on over a twentieth of the plans."""
    counts = np.zeros(len(BOUNDS), dtype=np.int64)
    for one in parts:
        plans = one.year.plans
        counts += ((plans.named > OFTEN * plans.plans[:, None]) & one.lines[:, None]).sum(axis=0)
    return {name: int(count) for name, count in zip(BOUNDS[1:], counts[1:], strict=True) if count}


def _sizes(parts: list[Cells]) -> dict[str, float]:
    """Target, fill and what the plans promised on average, percent."""
    units = sum(float(one.demand().sum()) for one in parts)
    short = sum(float(np.where(one.chosen, one.year.short, 0.0).sum()) for one in parts)
    spare = sum(float(one.spare().sum()) for one in parts)
    fill = 1.0 - short / units
    promised = sum(float(one.year.plans.promised[one.lines].sum()) for one in parts)
    made = sum(float(one.year.plans.plans[one.lines].sum()) for one in parts)
    return {
        "target": round(100.0 * (fill - spare / units), 2),
        "fill": round(100.0 * fill, 2),
        "promised": round(100.0 * promised / max(made, 1.0), 2),
    }
