"""Everything that order history says of every source, and of every source at every location."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.supply.history import HALF_LIFE_DAYS, Deliveries, FloatArray, IntArray, Level, OrderLines
from engine.supply.history import deliveries as delivered_together
from engine.supply.history import levels as grouped
from engine.supply.lead_times import LeadTimes, lead_times
from engine.supply.shares import PROMISED, Shares, shares
from engine.supply.trend import monthly, trend


@dataclass(frozen=True)
class LevelMeasures:
    """What is known of the groups of one level, [g]."""

    level: Level
    deliveries: IntArray
    """Orders of which something arrived, whatever their age."""
    lines: IntArray
    """Order lines that arrived."""
    open_lines: IntArray
    lead: LeadTimes
    shares: Shares
    trend: FloatArray
    """Mean lead time of the last 90 days less that before [days]; NaN: too few deliveries."""
    monthly: FloatArray
    """Mean lead time of the last twelve 30-day spans, [g, 12]; NaN: nothing arrived."""


@dataclass(frozen=True)
class SupplyMeasures:
    """Measures of sources, of sources by kind of location, of sources by location."""

    by_source: LevelMeasures
    by_kind: LevelMeasures
    by_location: LevelMeasures


@dataclass(frozen=True)
class LineTerms:
    """What is planned with on each plan line, [n]."""

    lead_time_mean: FloatArray
    lead_time_sd: FloatArray
    deliveries: IntArray
    """Deliveries of the source behind it: to the location, or where there is none to its kind, or to all."""
    measured: FloatArray
    """Their mean lead time for this line [days]; NaN: none."""
    delivered_share: FloatArray
    """Share of an order expected to arrive."""
    loss_chance: FloatArray
    """Chance that an order line never arrives."""


def measure_supply(lines: OrderLines, *, half_life: float = HALF_LIFE_DAYS) -> SupplyMeasures:
    """Measure lead times, fill, lateness and loss, shrunk: location ← kind of location ← source ← promise.

    Parameters
    ----------
    lines : OrderLines
        What was known of orders on the morning planned for.
    half_life : float
        Age at which an order counts half [days].

    Notes
    -----
    Kaplan and Meier's estimate of each group (`kaplan_meier`), Bühlmann and Straub's credibility between them
    (`credibility`). Deliveries count, not lines.

    Examples
    --------
    Forty weekly orders of two lines that came after 16 days, though 12 are promised:

    >>> n = 80
    >>> age = np.repeat(np.arange(40) * 7.0 + 20, 2)
    >>> one = np.ones(n)
    >>> zero = np.zeros(n, dtype=np.int64)
    >>> lines = OrderLines(
    ...     source=zero, location=zero, kind=zero, age=age, promise=12 * one, promise_sd=2 * one,
    ...     due=12 * one, lead=16 * one, waiting=one < 0, closed=one > 0, quantity=10 * one,
    ...     received=10 * one, n_sources=1, n_locations=1, n_kinds=1,
    ... )
    >>> found = measure_supply(lines).by_source
    >>> int(found.deliveries[0]), float(found.lead.durations.mean[0])
    (40, 4.0)
    >>> float((found.lead.promise + found.lead.excess)[0].round(1))
    15.5
    """
    orders = delivered_together(lines, half_life)
    by = grouped(lines, orders)
    times, parts = lead_times(lines, orders, by), shares(lines, orders, by)
    found = [
        _level(lines, orders, level, lead, share) for level, lead, share in zip(by, times, parts, strict=True)
    ]
    return SupplyMeasures(*found)


def line_terms_of(
    measures: SupplyMeasures,
    source: IntArray,
    location: IntArray,
    kind: IntArray,
    promise: FloatArray,
    promise_sd: FloatArray,
) -> LineTerms:
    """Return what each plan line is planned with.

    Parameters
    ----------
    measures : SupplyMeasures
    source, location, kind : int array, [n]
        Codes as in the order lines; −1: not among them.
    promise, promise_sd : float array, [n]
        The line's own promise [days].
    """
    n = len(promise)
    excess, mean_weight, variance_weight = np.zeros(n), np.ones(n), np.ones(n)
    variance, count = np.zeros(n), np.zeros(n, np.int64)
    measured = np.full(n, np.nan)
    delivered, lost = np.full(n, PROMISED["fill"]), np.full(n, PROMISED["lost"])
    levels = (
        (measures.by_source, np.zeros(n, np.int64)),
        (measures.by_kind, kind),
        (measures.by_location, location),
    )
    for found, place in levels:
        row = _rows(found.level, source, place)
        at = row >= 0
        hit = row[at]
        lead = found.lead
        excess[at], variance[at] = lead.excess[hit], lead.variance[hit]
        mean_weight[at], variance_weight[at] = lead.mean_weight[hit], lead.variance_weight[hit]
        count[at] = found.deliveries[hit]
        measured[at] = promise[at] + lead.durations.mean[hit]
        delivered[at], lost[at] = found.shares.fill.mean[hit], found.shares.lost.mean[hit]
    return LineTerms(
        lead_time_mean=np.maximum(promise + excess, 0.0),
        lead_time_sd=np.sqrt(variance + variance_weight * promise_sd**2),
        deliveries=count,
        measured=np.where(count > 0, np.maximum(measured, 0.0), np.nan),
        delivered_share=delivered,
        loss_chance=lost,
    )


def _rows(level: Level, source: IntArray, place: IntArray) -> IntArray:
    """Return the group of each source and place, −1 where there is none."""
    if level.size == 0:
        return np.full(len(source), -1)
    span = max(int(level.place.max()), int(place.max(initial=0))) + 1
    keys = level.source * span + level.place
    wanted = np.where((source >= 0) & (place >= 0), source * span + place, -1)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where((keys[at] == wanted) & (wanted >= 0), at, -1)


def _level(
    lines: OrderLines, orders: Deliveries, level: Level, lead: LeadTimes, share: Shares
) -> LevelMeasures:
    arrived = np.isfinite(lines.lead)
    came = np.bincount(orders.of_line, arrived, orders.size) > 0
    return LevelMeasures(
        level=level,
        deliveries=np.bincount(level.of_delivery[came], minlength=level.size),
        lines=np.bincount(level.of_line[arrived], minlength=level.size),
        open_lines=np.bincount(level.of_line[lines.waiting], minlength=level.size),
        lead=lead,
        shares=share,
        trend=trend(lines, orders, level),
        monthly=monthly(lines, orders, level),
    )
