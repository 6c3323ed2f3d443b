"""Read a panel, and what decides how each of its series is modelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from engine.errors import EngineError
from engine.forecast.prophet.design import Dates, day_numbers


@dataclass(frozen=True)
class History:
    """Facts of n series, from their observed values."""

    count: NDArray[np.int64]
    """Observed rows."""
    span: NDArray[np.float64]
    """Days from the first to the last observed row."""
    least_step: NDArray[np.float64]
    """Fewest days between two observed rows; infinite where there are fewer than two."""
    first_value: NDArray[np.float64]
    y_scale: NDArray[np.float64]
    """Largest absolute value; 1 where all are 0."""
    is_constant: NDArray[np.bool_]
    """Fewer than two different values: nothing to fit."""


def describe(values: NDArray[np.float64], days: NDArray[np.float64]) -> History:
    """Return the facts of each series; `values` are NaN where not observed."""
    n = len(values)
    history = History(
        count=np.zeros(n, dtype=np.int64),
        span=np.zeros(n),
        least_step=np.zeros(n),
        first_value=np.zeros(n),
        y_scale=np.zeros(n),
        is_constant=np.zeros(n, dtype=np.bool_),
    )
    _fill(
        values,
        days,
        history.count,
        history.span,
        history.least_step,
        history.first_value,
        history.y_scale,
        history.is_constant,
    )
    return history


def read_panel(
    panel_values: ArrayLike, dates: Dates, future_dates: Dates, observed: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return values (NaN where not observed), days and future days; raise on any fault."""
    values = np.ascontiguousarray(panel_values, dtype=np.float64)
    days, future = day_numbers(dates), day_numbers(future_dates)
    faults = []
    if values.ndim != 2 or values.shape[1] != len(days):
        faults.append(f"panel_values has shape {values.shape}, must be (series, {len(days)} dates)")
    elif observed is not None:
        mask = np.asarray(observed, dtype=np.bool_)
        if mask.shape != values.shape:
            faults.append(f"observed has shape {mask.shape}, must be that of panel_values, {values.shape}")
        else:
            values = np.where(mask, values, np.nan)
    if np.isinf(values).any():
        row = int(np.argwhere(np.isinf(values))[0][0])
        faults.append(f"panel_values must be finite or NaN; row {row} is infinite")
    if not (np.diff(days) > 0).all():
        faults.append("dates must be strictly increasing")
    if not (np.diff(future) > 0).all():
        faults.append("future_dates must be strictly increasing")
    if len(days) and len(future) and future.min() <= days.max():
        faults.append("future_dates must all be after the last of dates")
    if faults:
        raise EngineError("; ".join(faults))
    return values, days, future


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(
    values: NDArray[np.float64],
    days: NDArray[np.float64],
    count: NDArray[np.int64],
    span: NDArray[np.float64],
    least_step: NDArray[np.float64],
    first_value: NDArray[np.float64],
    y_scale: NDArray[np.float64],
    is_constant: NDArray[np.bool_],
) -> None:
    """Fill in the facts of each row."""
    for i in range(values.shape[0]):
        first = -1
        last = -1
        largest = 0.0
        same = True
        step = np.inf
        for t in range(values.shape[1]):
            value = values[i, t]
            if np.isnan(value):
                continue
            if first < 0:
                first = t
            else:
                step = min(step, days[t] - days[last])
                same = same and value == values[i, first]
            last = t
            count[i] += 1
            largest = max(largest, abs(value))
        if first >= 0:
            span[i] = days[last] - days[first]
            first_value[i] = values[i, first]
        least_step[i] = step
        y_scale[i] = largest if largest > 0.0 else 1.0
        is_constant[i] = same
