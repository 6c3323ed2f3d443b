"""Normal equations of a series with gaps, from sums over the calendar.

Their entries are sums over observed rows of products of calendar columns: a run of observed rows
contributes the difference of two prefix sums, so a series costs in proportion to its number of runs, not
rows times columns squared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.forecast.prophet.design import Columns


@dataclass(frozen=True)
class PrefixSums:
    """Sums over the calendar rows before each row of products of columns z = (1, X)."""

    day: NDArray[np.float64]
    """Days since the first calendar day, shape (T,)."""
    columns: NDArray[np.float64]
    """z, shape (T, 1 + columns)."""
    z: NDArray[np.float64]
    """Sums of z, shape (T + 1, 1 + columns)."""
    day_z: NDArray[np.float64]
    """Sums of day * z."""
    day_2: NDArray[np.float64]
    """Sums of day², shape (T + 1,)."""
    z_z: NDArray[np.float64]
    """Sums of the lower triangle of z z', row by row."""


def prefix_sums(days: NDArray[np.float64], shared: Columns) -> PrefixSums:
    """Return the prefix sums of one calendar and the columns that its series share."""
    day = days - days[0]
    z = np.column_stack([np.ones_like(day), shared.values])
    row, column = np.tril_indices(z.shape[1])
    return PrefixSums(
        day,
        np.ascontiguousarray(z),
        _before(z),
        _before(day[:, None] * z),
        _before(day[:, None] ** 2)[:, 0].copy(),
        _before(z[:, row] * z[:, column]),
    )


def _before(terms: NDArray[np.float64]) -> NDArray[np.float64]:
    sums = np.zeros((len(terms) + 1, terms.shape[1]))
    np.cumsum(terms, axis=0, out=sums[1:])
    return sums


@njit(cache=True, nogil=True, error_model="numpy")
def normal_equations(
    y: NDArray[np.float64],
    own: NDArray[np.float64],
    cuts: NDArray[np.int64],
    cut_day: NDArray[np.float64],
    last: int,
    t_scale: float,
    day: NDArray[np.float64],
    columns: NDArray[np.float64],
    z: NDArray[np.float64],
    day_z: NDArray[np.float64],
    day_2: NDArray[np.float64],
    z_z: NDArray[np.float64],
    is_linear: bool,
    gram: NDArray[np.float64],
    right: NDArray[np.float64],
) -> float:
    """Fill gram and right (zeros before) for (k, m, beta | delta); return the sum of squares of y.

    `y` is scaled and NaN where not observed; `own`, shape (T, r), are the last columns of beta, of this
    series only. `cuts` are calendar rows and `cut_day` the days at which ramps start: the first observed row,
    for k, then the changepoints. Rows are walked backwards; at each cut the sums from there to the end are
    what its ramp needs.
    """
    width = columns.shape[1]
    n_own = own.shape[1]
    n_z = width + n_own
    n_cuts = cuts.shape[0]
    sum_own = np.zeros(n_own)
    sum_day_own = np.zeros(n_own)
    sum_z = np.zeros(width)
    sum_day_z = np.zeros(width)
    sum_zy = np.zeros(width)
    tail_count = np.zeros(n_cuts)
    tail_day = np.zeros(n_cuts)
    tail_day_2 = np.zeros(n_cuts)
    sum_day_2 = 0.0
    sum_y = 0.0
    sum_day_y = 0.0
    squares = 0.0
    cut = n_cuts - 1
    piece_end = last + 1
    run_end = last + 1
    for t in range(last, cuts[0] - 1, -1):
        if np.isnan(y[t]):
            continue
        if t == last or np.isnan(y[t + 1]):
            piece_end = t + 1
            run_end = t + 1
        scaled = y[t]
        sum_y += scaled
        sum_day_y += day[t] * scaled
        squares += scaled * scaled
        for c in range(width):
            sum_zy[c] += scaled * columns[t, c]
        for a in range(n_own):
            x = own[t, a]
            row = width + 1 + a
            sum_own[a] += x
            sum_day_own[a] += day[t] * x
            right[row] += scaled * x
            for c in range(width):
                gram[row, c + 1] += x * columns[t, c]
            for b in range(a + 1):
                gram[row, width + 1 + b] += x * own[t, b]
        run_begins = t == cuts[0] or np.isnan(y[t - 1])
        if run_begins or t == cuts[cut]:
            for c in range(width):
                sum_z[c] += z[piece_end, c] - z[t, c]
                sum_day_z[c] += day_z[piece_end, c] - day_z[t, c]
            sum_day_2 += day_2[piece_end] - day_2[t]
            piece_end = t
        if run_begins:
            at = 0
            for a in range(1, width + 1):
                for b in range(1, a + 1):
                    gram[a, b] += z_z[run_end, at] - z_z[t, at]
                    at += 1
        while cut >= 0 and t == cuts[cut]:
            tail_count[cut] = sum_z[0]
            tail_day[cut] = sum_day_z[0]
            tail_day_2[cut] = sum_day_2
            if is_linear:
                ramp = 0 if cut == 0 else n_z + cut
                begin = cut_day[cut]
                for c in range(width):
                    gram[ramp, c + 1] = (sum_day_z[c] - begin * sum_z[c]) / t_scale
                for a in range(n_own):
                    gram[ramp, width + 1 + a] = (sum_day_own[a] - begin * sum_own[a]) / t_scale
                right[ramp] = (sum_day_y - begin * sum_y) / t_scale
            cut -= 1
    for c in range(width):
        right[c + 1] = sum_zy[c]
    if is_linear:
        for b in range(n_cuts):
            for a in range(b + 1):
                first, second = cut_day[a], cut_day[b]
                product = tail_day_2[b] - (first + second) * tail_day[b] + first * second * tail_count[b]
                gram[n_z + b if b else 0, n_z + a if a else 0] = product / (t_scale * t_scale)
    # k's ramp is row and column 0: copy the parts written below and left of the diagonal across it.
    for c in range(1, n_z + 1):
        gram[c, 0] = gram[0, c]
    for a in range(gram.shape[0]):
        for b in range(a):
            gram[b, a] = gram[a, b]
    return squares
