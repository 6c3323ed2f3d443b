"""Shares of what was ordered: on time, filled, short, never delivered; each a beta posterior a group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from engine.supply.credibility import PLACES, PROMISE, credibility_k, effective_number, shrink
from engine.supply.history import BoolArray, Deliveries, FloatArray, Level, OrderLines
from engine.supply.lead_times import given_up

PROMISED = {"on_time": 0.95, "fill": 0.99, "short": 0.02, "lost": 0.005}
"""What a source is taken to promise before it has delivered: nearly all, nearly always in time."""

INTERVAL = 0.8
"""Probability of the intervals."""

JEFFREYS = 0.5
"""Added to both counts of an interval: none of few is not never (Brown, Cai & DasGupta 2001)."""


@dataclass(frozen=True)
class Share:
    """One share of every group of a level, [g]: posterior mean, and its 80 % interval."""

    mean: FloatArray
    low: FloatArray
    high: FloatArray
    promise_weight: FloatArray


@dataclass(frozen=True)
class Shares:
    """The shares of one level."""

    on_time: Share
    """Lines that arrive by the day promised for the order."""
    fill: Share
    """Received over ordered [each/each]."""
    short: Share
    """Lines delivered short or not at all."""
    lost: Share
    """Lines never delivered."""
    lateness: FloatArray
    """Mean days after the day promised, 0 where in time; lines not yet due left out; NaN: none known."""


def shares(lines: OrderLines, orders: Deliveries, by: tuple[Level, ...]) -> tuple[Shares, ...]:
    """Measure the shares of every level and shrink them to the level above."""
    arrived = np.isfinite(lines.lead)
    overdue = lines.waiting & (lines.age > lines.due)
    late_days = np.maximum(np.where(arrived, np.nan_to_num(lines.lead), lines.age) - lines.due, 0.0)
    timed = arrived | overdue
    gone = given_up(lines)
    ended = (lines.closed | gone) & (lines.quantity > 0)
    none = ended & (lines.received <= 0)
    filled = np.where(ended, np.minimum(lines.received, lines.quantity), 0.0)
    parts = {
        "on_time": _by_order(arrived & (late_days <= 0), timed, orders),
        "fill": _ratio(filled, np.where(ended, lines.quantity, 0.0), orders),
        "short": _by_order(ended & (lines.received < lines.quantity), ended, orders),
        "lost": _by_order(none, ended, orders),
    }
    found = {name: _shrunk(share, known, name, orders, by) for name, (share, known) in parts.items()}
    lateness, known = _by_order(np.where(timed, late_days, 0.0), timed, orders)
    return tuple(
        Shares(
            on_time=found["on_time"][i],
            fill=found["fill"][i],
            short=found["short"][i],
            lost=found["lost"][i],
            lateness=_group_mean(lateness, orders.recency * known, level),
        )
        for i, level in enumerate(by)
    )


def _by_order(
    part: FloatArray | BoolArray, whole: BoolArray, orders: Deliveries
) -> tuple[FloatArray, BoolArray]:
    return _ratio(np.asarray(part, dtype=np.float64), whole.astype(np.float64), orders)


def _ratio(part: FloatArray, whole: FloatArray, orders: Deliveries) -> tuple[FloatArray, BoolArray]:
    """Return Σ part ÷ Σ whole of each delivery, [m], and where there is any."""
    above = np.bincount(orders.of_line, part, orders.size)
    below = np.bincount(orders.of_line, whole, orders.size)
    return np.divide(above, below, out=np.zeros(orders.size), where=below > 0), below > 0


def _shrunk(
    share: FloatArray, known: BoolArray, name: str, orders: Deliveries, by: tuple[Level, ...]
) -> tuple[Share, ...]:
    promised = PROMISED[name]
    weight = orders.recency * known
    numbers = [effective_number(level.of_delivery, weight, level.size) for level in by]
    means = [_group_mean(share, weight, level) for level in by]
    squares = [_group_mean(share**2, weight, level) for level in by]
    usual = promised * (1 - promised)
    k = []
    for i, level in enumerate(by):
        above = means[i - 1][level.parent] if i else np.full(level.size, promised)
        spread = np.maximum(np.nan_to_num(squares[i] - means[i] ** 2), 0.0)
        k.append(
            credibility_k(
                np.nan_to_num(means[i]),
                np.nan_to_num(above),
                numbers[i],
                spread,
                level.source,
                n_sources=by[0].size,
                usual_variance=usual,
                trust=PLACES if i else PROMISE,
            )[level.source]
        )
    rows = shrink(means, numbers, [level.parent for level in by], k)
    done = []
    for n, row in zip(numbers, rows, strict=True):
        mean = np.clip(row.value + row.promise_weight * promised, 0.0, 1.0)
        a, b = mean * (n + row.k) + JEFFREYS, (1 - mean) * (n + row.k) + JEFFREYS
        low, high = (betaincinv(a, b, p) for p in ((1 - INTERVAL) / 2, (1 + INTERVAL) / 2))
        done.append(
            Share(mean, np.minimum(low, mean), np.maximum(high, mean), promise_weight=row.promise_weight)
        )
    return tuple(done)


def _group_mean(values: FloatArray, weight: FloatArray, level: Level) -> FloatArray:
    total = np.bincount(level.of_delivery, weight, level.size)
    summed = np.bincount(level.of_delivery, weight * values, level.size)
    mean: FloatArray = np.divide(summed, total, out=np.full(level.size, np.nan), where=total > 0)
    return mean
