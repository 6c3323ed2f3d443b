"""The loops over periods: evidence about the coefficients, and the effect that they make.

Demand of a period has mean a·m·exp(xβ): m is the season, a the level of its block of periods, which is
profiled out, so that slow changes of level are no effect. Its variance is proportional to the mean to the power
1.5, between Poisson and gamma (Tweedie; Jørgensen 1987, Exponential dispersion models, JRSS B 49, 127–162): slow
movers and fast ones fit, and neither zeros nor peaks rule.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]

LEAST_LOG, MOST_LOG = -3.0, 3.5
"""No promotion or price moves demand by more than these logs."""


@njit(cache=True, nogil=True)
def _cell(mechanic, depth, share, price, depths, i, t, since, dip_periods, at, value):  # type: ignore[no-untyped-def]
    """Fill column numbers and values of one cell; return how many, and periods since the last promotion."""
    n_mechanics = depths.shape[1]
    count = 0
    m = mechanic[i, t] - 1
    if m >= 0:
        part = share[i, t] if share.shape[0] else 1.0
        at[0], value[0] = m, part
        count = 1
        if depth[i, t] > 0.0 and depths[1, m] > 0.0:
            deep = min(max(depth[i, t], depths[0, m]), depths[2, m]) - depths[1, m]
            at[1], value[1] = n_mechanics + m, part * deep
            count = 2
        since = 0
    else:
        since += 1
        if since <= dip_periods:
            at[0], value[0] = 2 * n_mechanics, 1.0 - (since - 1) / dip_periods
            count = 1
    if price.shape[0] and price[i, t] != 0.0:
        at[count], value[count] = 2 * n_mechanics + 1, price[i, t]
        count += 1
    return count, since


@njit(cache=True, nogil=True)
def log_effects(mechanic, depth, share, price, depths, dip_periods, coefficients, result):  # type: ignore[no-untyped-def]
    """Write xβ of every series and period into `result` [n, P]."""
    at = np.zeros(4, np.int64)
    value = np.zeros(4)
    for i in range(result.shape[0]):
        since = dip_periods
        for t in range(result.shape[1]):
            count, since = _cell(mechanic, depth, share, price, depths, i, t, since, dip_periods, at, value)
            total = 0.0
            for c in range(count):
                total += coefficients[i, at[c]] * value[c]
            result[i, t] = min(max(total, LEAST_LOG), MOST_LOG)


@njit(cache=True, nogil=True)
def gather(  # type: ignore[no-untyped-def]
    rows, values, observed, short, yearly, group, event, event_row,
    mechanic, depth, share, price, depths, dip_periods, coefficients, block,
    information, score, noise,
):  # fmt: skip
    """Write each row's information [K, K], score [K] and noise (sum of squares, degrees of freedom).

    Row r of the results is series rows[r]; `coefficients` are those of row r. `event` [cells, T] holds log
    effects of events. Blocks are counted back from the last period.
    """
    periods = values.shape[1]
    width = coefficients.shape[1]
    seasons = short.shape[1]
    at = np.zeros((periods, 4), np.int64)
    value = np.zeros((periods, 4))
    counts = np.zeros(periods, np.int64)
    expected = np.zeros(periods)
    mean = np.zeros(width)
    for r in range(len(rows)):
        i = rows[r]
        since = dip_periods
        for t in range(periods):
            counts[t], since = _cell(
                mechanic, depth, share, price, depths, i, t, since, dip_periods, at[t], value[t]
            )
            if not observed[i, t]:
                continue
            total = 0.0
            for c in range(counts[t]):
                total += coefficients[r, at[t, c]] * value[t, c]
            expected[t] = short[i, t % seasons] * yearly[group[i], t]
            total = min(max(total, LEAST_LOG), MOST_LOG) + event[event_row[i], t]
            if total != 0.0:
                expected[t] *= np.exp(total)
        end = periods
        while end > 0:
            begin = max(end - block, 0)
            above = 0.0
            below = 0.0
            seen = 0
            for t in range(begin, end):
                if observed[i, t]:
                    root = np.sqrt(expected[t])
                    above += values[i, t] / root
                    below += root
                    seen += 1
            if above > 0.0 and seen > 1:
                level = above / below
                weights = 0.0
                mean[:] = 0.0
                for t in range(begin, end):
                    if not observed[i, t]:
                        continue
                    due = level * expected[t]
                    weight = np.sqrt(due)
                    error = values[i, t] / due - 1.0
                    weights += weight
                    noise[r, 0] += weight * error * error
                    for c in range(counts[t]):
                        k = at[t, c]
                        pull = weight * value[t, c]
                        mean[k] += pull
                        score[r, k] += pull * error
                        for d in range(counts[t]):
                            information[r, k, at[t, d]] += pull * value[t, d]
                noise[r, 1] += seen - 1
                for k in range(width):
                    if mean[k] != 0.0:
                        for j in range(width):
                            information[r, k, j] -= mean[k] * mean[j] / weights
            end = begin
