"""Lead times of sources as measured: mean and spread beyond what is promised, shrunk to the promise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.supply.credibility import PLACES, PROMISE, Shrunk, credibility_k, effective_number, shrink
from engine.supply.history import BoolArray, Deliveries, FloatArray, Level, OrderLines
from engine.supply.kaplan_meier import Durations, kaplan_meier

FENCE_DAYS = 14.0
"""A lead time further from its source's median than this and the promise is an error of recording."""

STEP_DAYS = 1.0
"""An order that is late and later than every other arrives tomorrow."""

SPREAD_DELIVERIES = 10.0
"""The promised standard deviation counts as this many deliveries."""

USUAL_VARIANCE = 0.1
"""Where nobody says: variance of a delivery per day of lead time (+ 1)."""


@dataclass(frozen=True)
class LeadTimes:
    """Lead times of one level, [g]; days beyond the promise unless said otherwise."""

    durations: Durations
    """As measured."""
    deliveries: FloatArray
    """Effective number behind the mean: orders that arrived, or are late."""
    promise: FloatArray
    """Mean promise of the lines [days]."""
    promise_sd: FloatArray
    excess: FloatArray
    """Planned with: ``promise + excess``."""
    variance: FloatArray
    """Planned with: ``promise_weight · promise_sd² + variance``."""
    mean_weight: FloatArray
    """What is left of the promise in the mean."""
    variance_weight: FloatArray
    """What is left of the promise in the variance."""


def lead_times(lines: OrderLines, orders: Deliveries, by: tuple[Level, ...]) -> tuple[LeadTimes, ...]:
    """Measure every level and shrink it to the one above.

    Orders that have not arrived count as at least as long as they have waited. Lead times further than
    `FENCE_DAYS` and the promise from the median of their source are brought to that bound.
    """
    seen = np.isfinite(lines.lead) | lines.waiting
    arrived = np.isfinite(lines.lead)
    excess = np.round(np.where(arrived, np.nan_to_num(lines.lead), lines.age) - lines.promise, 1)
    excess = _fenced(excess, arrived, seen, lines, orders, by[0])
    counts = arrived | (lines.waiting & (excess > 0))
    measured = [
        kaplan_meier(
            level.of_line[seen],
            excess[seen],
            orders.line_weight[seen],
            arrived[seen],
            level.size,
            step=STEP_DAYS,
        )
        for level in by
    ]
    share = np.bincount(orders.of_line, counts, orders.size) / orders.lines
    numbers = [effective_number(level.of_delivery, orders.recency * share, level.size) for level in by]
    came = np.bincount(orders.of_line, arrived, orders.size) / orders.lines
    known = [effective_number(level.of_delivery, orders.recency * came, level.size) for level in by]
    promise = [_mean(lines.promise, level, orders) for level in by]
    promise_sd = [np.sqrt(_mean(lines.promise_sd**2, level, orders)) for level in by]

    parents = [level.parent for level in by]
    scale = [np.sqrt(1.0 + days) for days in promise]
    k = []
    for i, level in enumerate(by):
        above = measured[i - 1].mean[level.parent] if i else np.zeros(level.size)
        k.append(
            credibility_k(
                np.nan_to_num(measured[i].mean) / scale[i],
                np.nan_to_num(above) / scale[i],
                numbers[i],
                np.nan_to_num(measured[i].variance) / scale[i] ** 2,
                level.source,
                n_sources=by[0].size,
                usual_variance=USUAL_VARIANCE,
                trust=PLACES if i else PROMISE,
            )[level.source]
        )
    means = shrink([m.mean for m in measured], numbers, parents, k)
    spreads = shrink(
        [m.variance for m in measured],
        known,
        parents,
        [np.full(level.size, SPREAD_DELIVERIES) for level in by],
    )
    return tuple(
        _of_level(durations, n, p, sd, mean, spread)
        for durations, n, p, sd, mean, spread in zip(
            measured, numbers, promise, promise_sd, means, spreads, strict=True
        )
    )


def _of_level(
    durations: Durations,
    n: FloatArray,
    promise: FloatArray,
    promise_sd: FloatArray,
    mean: Shrunk,
    spread: Shrunk,
) -> LeadTimes:
    return LeadTimes(
        durations=durations,
        deliveries=n,
        promise=promise,
        promise_sd=promise_sd,
        excess=mean.value,
        variance=spread.value,
        mean_weight=mean.promise_weight,
        variance_weight=spread.promise_weight,
    )


def _fenced(
    excess: FloatArray,
    arrived: BoolArray,
    seen: BoolArray,
    lines: OrderLines,
    orders: Deliveries,
    by: Level,
) -> FloatArray:
    median = kaplan_meier(
        by.of_line[seen], excess[seen], orders.line_weight[seen], arrived[seen], by.size, step=STEP_DAYS
    ).quantile(0.5)
    middle = np.nan_to_num(median)[by.of_line]
    reach = FENCE_DAYS + lines.promise
    return np.asarray(np.clip(excess, middle - reach, middle + reach))


def given_up(lines: OrderLines) -> BoolArray:
    """Return lines that wait so long that they will not come, [n]: past the day due by the fence."""
    return lines.waiting & (lines.age > lines.due + lines.promise + FENCE_DAYS)


def _mean(values: FloatArray, level: Level, orders: Deliveries) -> FloatArray:
    weight = orders.line_weight
    total = np.bincount(level.of_line, weight, level.size)
    summed = np.bincount(level.of_line, weight * values, level.size)
    return np.divide(summed, total, out=np.zeros(level.size), where=total > 0)
