"""What is known at a cut-off of each period ahead: its season, its calendar, the same period before."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.forecast.drivers.drivers import Drivers
from engine.forecast.global_model.history import Block, Counts, rate, ratio
from engine.forecast.global_model.settings import Settings
from engine.forecast.panel import Period, period_dates

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]

COMMON_FROM = 0.1
"""An event in this share of the periods or more is part of everyday life."""
MOST_COMMON = 5


def lagged_features(
    block: Block, level: Floats, cutoffs: Whole, due: Whole, settings: Settings
) -> dict[str, Floats]:
    """Return rates of comparable earlier periods, in levels, [b, K, m].

    level : [b, K]
    due : [b, K, m] the period that is forecast, at or after its cut-off
    """
    demand, exposure = block.demand_sums, block.exposure_sums
    known = cutoffs[None, :, None]
    scale = level[:, :, None]
    # The latest same time of an earlier year that was wholly past at the cut-off.
    years = (due + settings.around - known) // settings.year + 1
    middle = due - years * settings.year
    first, last = middle - settings.around, middle + settings.around + 1
    sold, exposed = between(demand, first, last), between(exposure, first, last)
    # … over the rate of the weeks before the cut-off, as far back: how that season compared with them.
    then = known - years * settings.year
    before = then - settings.windows[2] * 2
    base = ratio(between(demand, before, then), between(exposure, before, then))
    features = {
        "rate a year ago": rate(sold, exposed, scale),
        "rate a year ago over its weeks before": rate(sold, exposed, base),
    }
    if settings.week:
        same_demand, same_exposure = (
            _every(matrix, settings.week) for matrix in (block.demand, block.exposure)
        )
        last = due - (due - known) // settings.week * settings.week
        for weeks in (4, 12):
            first = last - weeks * settings.week
            sold, exposed = between(same_demand, first, last), between(same_exposure, first, last)
            features[f"rate of {weeks} same weekdays"] = rate(sold, exposed, scale)
    return features


def calendar_features(start: np.datetime64, period: Period, due: Whole) -> dict[str, Floats]:
    """Return where in the week, month and year the period is, [b, K, m]."""
    first = int(due.min(initial=0))
    dates = period_dates(start, period, first, int(due.max(initial=0)) - first + 1)
    month = dates.astype("datetime64[M]")
    table = {}
    if period != "M":
        table["day of month"] = (dates - month.astype("datetime64[D]")).astype(np.int64)
    if period == "D":
        table["weekday"] = (dates.astype(np.int64) + 3) % 7
    return {name: column.astype(np.float64)[due - first] for name, column in table.items()}


def event_features(drivers: Drivers, due: Whole, reach: int) -> dict[str, Floats]:
    """Return the events on and around each period ahead, [b, K, m].

    The nearest rare event (0: none within `reach`) and how many periods after it; the most common events,
    such as the days on which a benefit is paid, have a column each instead: they would always be nearest.

    drivers : of the block's series
    """
    common = common_events(drivers.events)
    which, after = nearest_events(np.delete(drivers.events, common, axis=2), reach)
    rows = np.broadcast_to(drivers.region[:, None, None], due.shape)
    inside = np.minimum(due, drivers.n_periods - 1)
    planned = due < drivers.n_periods
    features = {
        "nearest event": np.where(planned, which[rows, inside], 0.0),
        "periods after the nearest event": np.where(planned, after[rows, inside], np.nan),
    }
    for event in common:
        today = drivers.events[:, :, event][rows, inside]
        features[f"event {drivers.event_names[event]}"] = np.where(planned, today, 0.0)
    return features


def common_events(events: Mask) -> list[int]:
    """Return the events that take place in `COMMON_FROM` of the periods or more, at most `MOST_COMMON`."""
    share = events.mean(axis=(0, 1)) if events.size else np.zeros(0)
    order = np.argsort(-share, kind="stable")[:MOST_COMMON]
    return sorted(int(event) for event in order if share[event] >= COMMON_FROM)


def nearest_events(events: Mask, reach: int) -> tuple[Floats, Floats]:
    """Return the nearest event (1 …; 0: none) and the periods since it (negative: until it), [regions, P].

    Of two as near, the one to come; of two on one day, the first named.
    """
    regions, periods, names = events.shape
    which = np.zeros((regions, periods))
    after = np.full((regions, periods), np.nan)
    if not names:
        return which, after
    today = np.where(events.any(axis=2), events.argmax(axis=2) + 1.0, 0.0)
    for distance in (0, *(sign * d for d in range(1, reach + 1) for sign in (-1, 1))):
        there = np.arange(periods) - distance
        inside = (there >= 0) & (there < periods)
        code = np.where(inside, today[:, np.clip(there, 0, periods - 1)], 0.0)
        new = (which == 0) & (code > 0)
        which[new], after[new] = code[new], distance
    return which, after


def at(sums: Floats | Counts, index: Whole) -> Floats:
    """Return sums[i, index[i, k, m]]; the start of the history for an index before it."""
    b = len(sums)
    clipped = np.clip(index, 0, sums.shape[1] - 1).reshape(b, -1)
    found = np.take_along_axis(sums, clipped, axis=1).reshape(index.shape)
    return found.astype(np.float64, copy=False)


def between(sums: Floats | Counts, first: Whole, last: Whole) -> Floats:
    """Return sums over [first, last) of each series, [b, K, m]."""
    return at(sums, last) - at(sums, first)


def _every(matrix: Floats, step: int) -> Floats:
    """Return at index t the sum over t − step, t − 2·step, …, [b, T + step or more]."""
    b, periods = matrix.shape
    weeks = -(-periods // step)
    padded = np.zeros((b, (weeks + 1) * step))
    padded[:, step : step + periods] = matrix
    folded: Floats = np.cumsum(padded.reshape(b, weeks + 1, step), axis=1).reshape(b, -1)
    return folded
