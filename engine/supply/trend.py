"""How lead times have moved: by month of arrival, and lately against before."""

from __future__ import annotations

import numpy as np

from engine.supply.history import BoolArray, Deliveries, FloatArray, IntArray, Level, OrderLines

SPAN_DAYS, SPANS = 30.0, 12
"""A month of the sparkline, and how many there are."""

LATELY_DAYS = 90.0
LEAST_DELIVERIES = 3.0
"""Fewer deliveries, lately or before, show no trend."""


def monthly(lines: OrderLines, orders: Deliveries, level: Level) -> FloatArray:
    """Return the mean lead time of what arrived in each 30-day span, oldest first, [g, 12]; NaN: nothing did.

    By day of arrival, not of order: what was ordered lately and is already there came fast.
    """
    ago, arrived = _arrived_ago(lines)
    span = SPANS - 1 - np.floor(ago / SPAN_DAYS)
    inside = arrived & (span >= 0)
    cell = level.of_line[inside] * SPANS + span[inside].astype(np.int64)
    return _means(cell, lines.lead[inside], (1 / orders.lines)[orders.of_line][inside], level.size * SPANS)[
        0
    ].reshape(level.size, SPANS)


def trend(lines: OrderLines, orders: Deliveries, level: Level) -> FloatArray:
    """Return the mean lead time of the last 90 days less that before, against the promise, [g] days."""
    ago, arrived = _arrived_ago(lines)
    weight = (1 / orders.lines)[orders.of_line]
    parts = []
    for chosen in (arrived & (ago <= LATELY_DAYS), arrived & (ago > LATELY_DAYS)):
        late = lines.lead[chosen] - lines.promise[chosen]
        mean, count = _means(level.of_line[chosen], late, weight[chosen], level.size)
        parts.append(np.where(count >= LEAST_DELIVERIES, mean, np.nan))
    return parts[0] - parts[1]


def _arrived_ago(lines: OrderLines) -> tuple[FloatArray, BoolArray]:
    arrived = np.isfinite(lines.lead)
    return np.where(arrived, lines.age - np.nan_to_num(lines.lead), np.inf), arrived


def _means(cell: IntArray, value: FloatArray, weight: FloatArray, n: int) -> tuple[FloatArray, FloatArray]:
    total: FloatArray = np.bincount(cell, weight, n).astype(np.float64)
    summed = np.bincount(cell, weight * value, n)
    return np.divide(summed, total, out=np.full(n, np.nan), where=total > 0), total
