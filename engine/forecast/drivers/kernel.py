"""The loops over periods: evidence about the coefficients, and the effect that they make.

Demand of a period has mean a·m·exp(xβ): m is the season, a the level of its block of periods, which is
profiled out, so that slow changes of level are no effect. Its variance is proportional to the mean to the
power 1.5, between Poisson and gamma (Tweedie; Jørgensen 1987, Exponential dispersion models, JRSS B 49,
127–162): slow movers and fast ones fit, and neither zeros nor peaks rule.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]

LEAST_LOG, MOST_LOG = -3.0, 3.5
"""No promotion or price moves demand by more than these logs."""


@njit(cache=True, nogil=True)
def log_effects(mechanic, depth, share, price, depths, dip_periods, coefficients, result):  # type: ignore[no-untyped-def]
    """Write xβ of every series and period into `result` [n, P]."""
    kinds = depths.shape[1]
    whole, flat = share.shape[0] == 0, price.shape[0] == 0
    for i in range(result.shape[0]):
        since = dip_periods
        for t in range(result.shape[1]):
            total = 0.0
            m = mechanic[i, t] - 1
            if m >= 0:
                since = 0
                part = 1.0 if whole else share[i, t]
                total = coefficients[i, m]
                if depth[i, t] > 0.0:
                    deep = min(max(depth[i, t], depths[0, m]), depths[2, m]) - depths[1, m]
                    total += coefficients[i, kinds + m] * deep
                total *= part
            elif since < dip_periods:
                total = coefficients[i, 2 * kinds] * (1.0 - since / dip_periods)
                since += 1
            if not flat:
                total += coefficients[i, 2 * kinds + 1] * price[i, t]
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
    kinds = depths.shape[1]
    seasons = short.shape[1]
    whole, flat = share.shape[0] == 0, price.shape[0] == 0
    # First column of a period (-1: none), its value, and that of the second column, `kinds` further.
    column = np.empty(periods, np.int64)
    first = np.empty(periods)
    second = np.empty(periods)
    root = np.empty(periods)
    pulls = np.zeros(width)
    for r in range(len(rows)):
        i = rows[r]
        season, year, around = short[i], yearly[group[i]], event[event_row[i]]
        beta = coefficients[r]
        since = dip_periods
        phase = -1
        for t in range(periods):
            phase = phase + 1 if phase + 1 < seasons else 0
            column[t] = -1
            total = 0.0
            m = mechanic[i, t] - 1
            if m >= 0:
                since = 0
                column[t] = m
                first[t] = 1.0 if whole else share[i, t]
                second[t] = 0.0
                if depth[i, t] > 0.0:
                    deep = min(max(depth[i, t], depths[0, m]), depths[2, m]) - depths[1, m]
                    second[t] = first[t] * deep
                total = beta[m] * first[t] + beta[kinds + m] * second[t]
            elif since < dip_periods:
                column[t] = 2 * kinds
                first[t] = 1.0 - since / dip_periods
                second[t] = 0.0
                since += 1
                total = beta[2 * kinds] * first[t]
            if not flat:
                total += beta[2 * kinds + 1] * price[i, t]
            if observed[i, t]:
                total = min(max(total, LEAST_LOG), MOST_LOG) + around[t]
                expected = season[phase] * year[t]
                # The root of the mean but for the level: weights and demand are needed over it.
                root[t] = np.sqrt(expected) if total == 0.0 else np.sqrt(expected * np.exp(total))
        end = periods
        while end > 0:
            begin = max(end - block, 0)
            above = 0.0
            below = 0.0
            seen = 0
            for t in range(begin, end):
                if observed[i, t]:
                    above += values[i, t] / root[t]
                    below += root[t]
                    seen += 1
            if above > 0.0 and seen > 1:
                level = above / below
                scale = np.sqrt(level)
                pulls[:] = 0.0
                squares = 0.0
                last = 2 * kinds + 1
                for t in range(begin, end):
                    if not observed[i, t]:
                        continue
                    weight = scale * root[t]
                    error = values[i, t] / (weight * weight) - 1.0
                    squares += weight * error * error
                    k = column[t]
                    moved = 0.0 if flat else price[i, t]
                    if k >= 0:
                        pull = weight * first[t]
                        pulls[k] += pull
                        score[r, k] += pull * error
                        information[r, k, k] += pull * first[t]
                        if second[t] != 0.0:
                            other = weight * second[t]
                            pulls[k + kinds] += other
                            score[r, k + kinds] += other * error
                            information[r, k, k + kinds] += other * first[t]
                            information[r, k + kinds, k + kinds] += other * second[t]
                            if moved != 0.0:
                                information[r, k + kinds, last] += other * moved
                        if moved != 0.0:
                            information[r, k, last] += pull * moved
                    if moved != 0.0:
                        pull = weight * moved
                        pulls[last] += pull
                        score[r, last] += pull * error
                        information[r, last, last] += pull * moved
                noise[r, 0] += squares
                noise[r, 1] += seen - 1
                for k in range(width):
                    if pulls[k] != 0.0:
                        for j in range(k, width):
                            information[r, k, j] -= pulls[k] * pulls[j] / (scale * below)
            end = begin
        for k in range(width):
            for j in range(k):
                information[r, k, j] = information[r, j, k]
