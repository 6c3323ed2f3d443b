"""The expansion of one series from its rows: any growth, own dates, own columns."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.forecast.prophet.parameters import LOGISTIC


@njit(cache=True, nogil=True, error_model="numpy")
def residuals(
    y: NDArray[np.float64],
    time: NDArray[np.float64],
    cap: NDArray[np.float64],
    by_column: NDArray[np.float64],
    multiplicative: NDArray[np.bool_],
    edges: NDArray[np.int64],
    base: NDArray[np.float64],
    rate: NDArray[np.float64],
    beta: NDArray[np.float64],
    growth: int,
    state: NDArray[np.float64],
) -> float:
    """Fill `state` (g, dg/du, 1 + x'beta_m and y - yhat of each row); return the residual sum of squares.

    Segment s has rows edges[s] to edges[s + 1]; `by_column` has shape (columns, rows).
    """
    trend, slope, factor, residual = state[0], state[1], state[2], state[3]
    rows = y.shape[0]
    for s in range(base.shape[0]):
        for t in range(edges[s], edges[s + 1]):
            trend[t] = base[s] + rate[s] * time[t]
    for t in range(rows):
        slope[t] = 1.0
        factor[t] = 1.0
        residual[t] = y[t]
    if growth == LOGISTIC:
        for t in range(rows):
            share = 1.0 / (1.0 + np.exp(-trend[t]))
            trend[t] = cap[t] * share
            slope[t] = trend[t] * (1.0 - share)
    for c in range(beta.shape[0]):
        by = beta[c]
        if by == 0.0:
            continue
        if multiplicative[c]:
            for t in range(rows):
                factor[t] += by * by_column[c, t]
        else:
            for t in range(rows):
                residual[t] -= by * by_column[c, t]
    total = 0.0
    for t in range(rows):
        residual[t] -= trend[t] * factor[t]
        total += residual[t] * residual[t]
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def moments_of_rows(
    time: NDArray[np.float64],
    cap: NDArray[np.float64],
    by_row: NDArray[np.float64],
    multiplicative: NDArray[np.bool_],
    edges: NDArray[np.int64],
    growth: int,
    second_order: float,
    columns_change: bool,
    state: NDArray[np.float64],
    trend_trend: NDArray[np.float64],
    trend_column: NDArray[np.float64],
    trend_residual: NDArray[np.float64],
    column_column: NDArray[np.float64],
    column_residual: NDArray[np.float64],
) -> None:
    """Fill the moments of `multiplicative_system.assemble`; `by_row` has shape (rows, columns).

    `column_column` is left as it is unless `columns_change`: additive columns never do.
    """
    trend, slope, factor, residual = state[0], state[1], state[2], state[3]
    n_columns = by_row.shape[1]
    share = np.empty(n_columns)
    scaled = np.zeros((4, n_columns))
    for c in range(n_columns):
        share[c] = 1.0 if multiplicative[c] else 0.0
        column_residual[c] = 0.0
        if columns_change:
            for other in range(n_columns):
                column_column[c, other] = 0.0
    for s in range(edges.shape[0] - 1):
        for d in range(3):
            trend_trend[s, d] = 0.0
        for d in range(2):
            trend_residual[s, d] = 0.0
            for c in range(n_columns):
                trend_column[s, d, c] = 0.0
    held = 0
    for s in range(edges.shape[0] - 1):
        for t in range(edges[s], edges[s + 1]):
            r = residual[t]
            by_u = slope[t] * factor[t]
            weight = by_u * by_u
            if growth == LOGISTIC:
                bend = slope[t] * (1.0 - 2.0 * trend[t] / cap[t])
                weight -= second_order * r * bend * factor[t]
            trend_trend[s, 0] += weight
            trend_trend[s, 1] += weight * time[t]
            trend_trend[s, 2] += weight * time[t] * time[t]
            trend_residual[s, 0] += r * by_u
            trend_residual[s, 1] += r * by_u * time[t]
            extra = by_u * trend[t] - second_order * r * slope[t] - by_u
            extra_column = trend[t] - 1.0
            for c in range(n_columns):
                x = by_row[t, c]
                both = x * (by_u + share[c] * extra)
                trend_column[s, 0, c] += both
                trend_column[s, 1, c] += both * time[t]
                by_beta = x * (1.0 + share[c] * extra_column)
                column_residual[c] += r * by_beta
                scaled[held, c] = by_beta
            held += 1
            if held == 4:
                held = 0
                if columns_change:
                    add_products(scaled, column_column)
    if columns_change:
        for h in range(held, 4):
            for c in range(n_columns):
                scaled[h, c] = 0.0
        add_products(scaled, column_column)


@njit(cache=True, nogil=True, error_model="numpy")
def add_products(scaled: NDArray[np.float64], gram: NDArray[np.float64]) -> None:
    """Add the lower triangle of ``scaled' scaled`` of four rows (four at once: fewer passes over gram)."""
    for c in range(gram.shape[0]):
        a, b, d, e = scaled[0, c], scaled[1, c], scaled[2, c], scaled[3, c]
        if a == 0.0 and b == 0.0 and d == 0.0 and e == 0.0:
            continue  # holidays are nearly always 0
        for other in range(c + 1):
            gram[c, other] += (
                a * scaled[0, other] + b * scaled[1, other] + d * scaled[2, other] + e * scaled[3, other]
            )
