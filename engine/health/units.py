"""Unit mismatch: a stretch of sales counted in cases, or multiplied by the case once too often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.health.fault import Fault
from engine.health.inputs import Inputs, RecentSales
from engine.health.periods import longest_run, period_start

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MONEY_TOLERANCE = 0.2
PROVEN_BY = 3
"""Periods with sales in a row whose money is off by the pack."""
LEVEL_TOLERANCE = 2.0
ORDINARY_SHARE = 0.3
"""A line whose quantities are multiples of the pack more often than this sells by the pack."""
SURPRISE = 10.0
"""−log of the chance that quantities are multiples of the pack so many times in a row."""
FALL_TOLERANCE = 0.25
FALL_UNITS = 60.0


@dataclass(frozen=True)
class _Stretch:
    row: int
    first: int
    last: int
    factor: float
    periods: int
    multiplied: bool


def unit_mismatch(inputs: Inputs) -> Iterator[Fault]:
    """Stretches whose level is off by a pack size.

    Proved by money (revenue per unit is off by the same factor), or by pattern (every quantity in a row is
    a multiple of the pack, at a level to match). A fall to one pack-th is reported, but holds nothing: it
    can be real.
    """
    sales = inputs.sales
    if sales is None or not inputs.pack_sizes:
        return
    done: set[int] = set()
    sizes = [inputs.pack_sizes.get(str(sku), ()) for sku in sales.sku]
    for place in range(max(map(len, sizes))):
        factor = np.array([size[place] if place < len(size) else np.nan for size in sizes])
        for stretch in (*_by_money(inputs, sales, factor), *_by_pattern(inputs, sales, factor)):
            if stretch.row not in done:
                done.add(stretch.row)
                yield _fault(inputs, sales, stretch)
        for row in np.flatnonzero(_fell(inputs, sales, factor)).tolist():
            if row not in done:
                done.add(row)
                yield _possible(inputs, sales, row, float(factor[row]))


def _by_money(inputs: Inputs, sales: RecentSales, factor: Floats) -> Iterator[_Stretch]:
    positive = (sales.quantity > 0) & (sales.revenue > 0)
    enough = np.flatnonzero(positive.sum(axis=1) >= inputs.cadence.stretch)
    implied = np.full((len(enough), positive.shape[1]), np.nan)
    np.divide(sales.revenue[enough], sales.quantity[enough], out=implied, where=positive[enough])
    if not len(enough):
        return
    usual = np.nanmedian(implied, axis=1, keepdims=True)
    size = factor[enough, None]
    for multiplied, ratio in ((True, usual / implied), (False, implied / usual)):
        hits = np.abs(ratio / size - 1) < MONEY_TOLERANCE
        for place in np.flatnonzero(hits.sum(axis=1) >= PROVEN_BY):
            row = int(enough[place])
            sold = np.flatnonzero(positive[row])
            start, length = longest_run(hits[place, sold])
            if length >= PROVEN_BY:
                first, last = int(sold[start]), int(sold[start + length - 1])
                yield _Stretch(row, first, last, float(size[place, 0]), length, multiplied)


def _by_pattern(inputs: Inputs, sales: RecentSales, factor: Floats) -> Iterator[_Stretch]:
    quantity = np.nan_to_num(sales.quantity)
    positive = quantity > 0
    with np.errstate(invalid="ignore"):
        by_pack = positive & (np.mod(quantity, factor[:, None]) == 0)
    candidates = np.flatnonzero(by_pack.sum(axis=1) >= inputs.cadence.stretch)
    for row in candidates:
        sold = np.flatnonzero(positive[row])
        flags = by_pack[row, sold]
        start, length = longest_run(flags)
        inside = np.zeros(len(sold), dtype=bool)
        inside[start : start + length] = True
        outside = ~inside
        if length < inputs.cadence.stretch or outside.sum() < 2 * inputs.cadence.stretch:
            continue
        first, last = int(sold[inside][0]), int(sold[inside][-1])
        span = np.arange(quantity.shape[1])
        elsewhere = (span < first) | (span > last)
        level = quantity[row, first : last + 1].mean() / max(quantity[row, elsewhere].mean(), 1e-9)
        ordinary = np.median(quantity[row, sold[outside]])
        lot = np.median(quantity[row, sold[inside]]) / ordinary
        near = all(1 / LEVEL_TOLERANCE < ratio / factor[row] < LEVEL_TOLERANCE for ratio in (level, lot))
        promoted = sales.promo[row, sold[inside]].mean() > 0.5
        by_chance = (flags[outside].sum() + 0.5) / (outside.sum() + 1)
        sure = by_chance < ORDINARY_SHARE and -np.log(by_chance) * length > SURPRISE
        if near and sure and not promoted:
            yield _Stretch(int(row), first, last, float(factor[row]), length, True)


def _fell(inputs: Inputs, sales: RecentSales, factor: Floats) -> Flags:
    """Flag lines whose level fell to one pack-th of what it was, and stayed there until now."""
    late = 4 * inputs.cadence.stretch
    if sales.quantity.shape[1] < 5 * late:
        return np.zeros(len(sales.quantity), dtype=bool)
    now, before = sales.quantity[:, -late:], sales.quantity[:, -5 * late : -late]
    known, earlier = ~np.isnan(now), ~np.isnan(before)
    level = np.nan_to_num(now).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    usual = np.nan_to_num(before).sum(axis=1) / np.maximum(earlier.sum(axis=1), 1)
    complete = (known.mean(axis=1) > 0.9) & (earlier.mean(axis=1) > 0.9) & (usual * late >= FALL_UNITS)
    sold_daily = (np.nan_to_num(now) > 0).mean(axis=1) > 0.5
    with np.errstate(invalid="ignore", divide="ignore"):
        near = np.abs(level * factor / usual - 1) < FALL_TOLERANCE
    return np.asarray(complete & sold_daily & near)


def _fault(inputs: Inputs, sales: RecentSales, stretch: _Stretch) -> Fault:
    day = period_start(sales.first_number + stretch.first, inputs.period)
    until = period_start(sales.first_number + stretch.last, inputs.period)
    recent = stretch.last >= sales.quantity.shape[1] - inputs.cadence.recent
    sku, place = str(sales.sku[stretch.row]), str(sales.location[stretch.row])
    what, sign = ("divide", "×") if stretch.multiplied else ("multiply", "÷")
    return Fault(
        "unit_mismatch",
        "held" if recent and stretch.periods >= inputs.cadence.stretch else "warning",
        "sales",
        "sales are in eaches throughout",
        f"{what} the sales of {sku} at {place} from {day} to {until} by {stretch.factor:g}, "
        "and import them again",
        sku,
        place,
        day,
        "quantity",
        f"{sign} {stretch.factor:g}, {stretch.periods} {inputs.words}, {day} to {until}",
        stretch.periods,
    )


def _possible(inputs: Inputs, sales: RecentSales, row: int, factor: float) -> Fault:
    sku, place = str(sales.sku[row]), str(sales.location[row])
    late = 4 * inputs.cadence.stretch
    day = period_start(sales.first_number + sales.quantity.shape[1] - late, inputs.period)
    return Fault(
        "unit_mismatch",
        "warning",
        "sales",
        "sales are in eaches throughout",
        f"ask {place} whether it counts {sku} in packs of {factor:g} since {day}; else the fall is real",
        sku,
        place,
        day,
        "quantity",
        f"÷ {factor:g} for {late} {inputs.words}",
        late,
    )
