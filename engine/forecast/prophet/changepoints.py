"""Where trends may turn, and the scaled time of each series (Prophet's `set_changepoints`)."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.forecast.prophet.parameters import ProphetParameters
from engine.forecast.prophet.spec import ProphetSpec


def changepoint_rows(rows: int, spec: ProphetSpec) -> NDArray[np.int64]:
    """Return the history rows that are potential changepoints, evenly over the first `changepoint_range`.

    Fewer than asked where history is short; empty where there is no room for one.

    Examples
    --------
    >>> changepoint_rows(10, ProphetSpec(n_changepoints=3))
    array([2, 5, 7])
    """
    eligible = int(np.floor(rows * spec.changepoint_range))
    count = min(spec.n_changepoints, eligible - 1)
    if count <= 0:
        return np.empty(0, dtype=np.int64)
    return np.linspace(0, eligible - 1, count + 1).round().astype(np.int64)[1:]


def n_ramps(rows: int, spec: ProphetSpec) -> int:
    """Return the columns that the rate changes of series of at most `rows` rows need."""
    if spec.changepoints is not None:
        return max(len(spec.changepoints), 1)
    return max(len(changepoint_rows(rows, spec)), 1)


def place_changepoints(
    values: NDArray[np.float64],
    days: NDArray[np.float64],
    counts: NDArray[np.int64],
    spec: ProphetSpec,
    out: ProphetParameters,
) -> NDArray[np.int64]:
    """Fill start, t_scale, changepoints and n_changepoints of series with `counts` >= 2 observed rows.

    Changepoints that `spec` dates outside a series' own history are left out of that series (Prophet,
    which sees one series at a time, refuses them).

    Returns
    -------
    ndarray of int, shape (n, 1 + s)
        Calendar rows at which the series' ramps begin: its first observed row, then the first observed row
        not before each changepoint.
    """
    cuts = np.zeros((len(values), 1 + out.delta.shape[1]), dtype=np.int64)
    if spec.changepoints is not None:
        dates = np.array(spec.changepoints, dtype="datetime64[us]").astype(np.int64) / 86_400e6
        _place_dated(values, days, np.sort(dates), out.start, out.t_scale, out.changepoints,
                     out.n_changepoints, cuts)  # fmt: skip
        return cuts
    history_rows = np.zeros(out.delta.shape, dtype=np.int64)  # a dummy at the first row where there are none
    for count in np.unique(counts):
        chosen = changepoint_rows(int(count), spec)
        history_rows[counts == count, : len(chosen)] = chosen
        out.n_changepoints[counts == count] = max(len(chosen), 1)
    _place_rows(
        values, days, history_rows, out.start, out.t_scale, out.changepoints, out.n_changepoints, cuts
    )
    return cuts


@njit(cache=True, nogil=True, error_model="numpy")
def _place_rows(
    values: NDArray[np.float64],
    days: NDArray[np.float64],
    history_rows: NDArray[np.int64],
    start: NDArray[np.float64],
    t_scale: NDArray[np.float64],
    changepoints: NDArray[np.float64],
    n_changepoints: NDArray[np.int64],
    cuts: NDArray[np.int64],
) -> None:
    """Place changepoints on numbered observed rows."""
    n, n_dates = values.shape
    seen = np.empty(n_dates, np.int64)
    for i in range(n):
        count = 0
        for t in range(n_dates):
            if not np.isnan(values[i, t]):
                seen[count] = t
                count += 1
        start[i] = days[seen[0]]
        t_scale[i] = days[seen[count - 1]] - start[i]
        cuts[i, 0] = seen[0]
        for q in range(n_changepoints[i]):
            row = seen[history_rows[i, q]]
            cuts[i, q + 1] = row
            changepoints[i, q] = (days[row] - start[i]) / t_scale[i]


@njit(cache=True, nogil=True, error_model="numpy")
def _place_dated(
    values: NDArray[np.float64],
    days: NDArray[np.float64],
    dates: NDArray[np.float64],
    start: NDArray[np.float64],
    t_scale: NDArray[np.float64],
    changepoints: NDArray[np.float64],
    n_changepoints: NDArray[np.int64],
    cuts: NDArray[np.int64],
) -> None:
    """Place changepoints on dates within each series' history."""
    n, n_dates = values.shape
    for i in range(n):
        first = 0
        while np.isnan(values[i, first]):
            first += 1
        last = n_dates - 1
        while np.isnan(values[i, last]):
            last -= 1
        start[i] = days[first]
        t_scale[i] = days[last] - start[i]
        cuts[i, :] = first
        used = 0
        row = first
        for q in range(dates.shape[0]):
            if dates[q] < days[first] or dates[q] > days[last]:
                continue
            while days[row] < dates[q] or np.isnan(values[i, row]):
                row += 1
            used += 1
            cuts[i, used] = row
            changepoints[i, used - 1] = (dates[q] - start[i]) / t_scale[i]
        n_changepoints[i] = max(used, 1)
