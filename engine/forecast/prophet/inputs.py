"""Read a panel and what it is modelled with; name all faults at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import EngineError
from engine.forecast.prophet.design import Dates, day_numbers
from engine.forecast.prophet.history import History, describe
from engine.forecast.prophet.spec import ProphetSpec


@dataclass(frozen=True)
class Inputs:
    """n series over T history days and h future days, checked."""

    values: NDArray[np.float64]
    """Shape (n, T) [units]; NaN where not observed."""
    days: NDArray[np.float64]
    """Days since 1970-01-01, shape (T,)."""
    future: NDArray[np.float64]
    """Shape (h,)."""
    history: History
    """Facts of `values`."""
    regressors: NDArray[np.float64]
    """Raw values, shape (n, T + h, k), or (1, T + h, k) where all series share them."""
    shares_regressors: bool
    """Whether they were given once for all series: one series may be given its own, too."""
    cap: NDArray[np.float64] | None = None
    """Capacity of logistic growth, shape (n, T + h) [units]; None otherwise."""
    floor: NDArray[np.float64] | None = None
    """Floor of logistic growth that the caller gave, shape (n, T + h) [units]."""


def read_inputs(
    panel_values: ArrayLike,
    dates: Dates,
    future_dates: Dates,
    spec: ProphetSpec,
    *,
    observed: ArrayLike | None = None,
    regressors: ArrayLike | None = None,
    cap: ArrayLike | None = None,
    floor: ArrayLike | None = None,
) -> Inputs:
    """Return the inputs of a fit; raise `EngineError` on any fault, naming all."""
    values = np.ascontiguousarray(panel_values, dtype=np.float64)
    days, future = day_numbers(dates), day_numbers(future_dates)
    faults = []
    if values.ndim != 2 or values.shape[1] != len(days):
        faults.append(f"panel_values has shape {values.shape}, must be (series, {len(days)} dates)")
        raise EngineError("; ".join(faults + _date_faults(days, future)))
    if observed is not None:
        mask = np.asarray(observed, dtype=np.bool_)
        if mask.shape != values.shape:
            faults.append(f"observed has shape {mask.shape}, must be that of panel_values, {values.shape}")
        else:
            values = np.where(mask, values, np.nan)
    history = describe(values, days)
    infinite = np.isinf(history.least) | np.isinf(history.greatest)
    if infinite.any():
        faults.append(f"panel_values must be finite or NaN; row {int(np.argmax(infinite))} is infinite")
    faults += _date_faults(days, future)
    if faults:
        raise EngineError("; ".join(faults))
    needed = np.ones((len(values), len(days) + len(future)), dtype=np.bool_)
    if spec.extra_regressors or cap is not None:
        needed[:, : len(days)] = ~np.isnan(values)
    drivers = _regressors(regressors, needed, spec, faults)
    capacity = _level("cap", cap, needed, faults)
    bottom = _level("floor", floor, needed, faults)
    if spec.growth == "logistic":
        if cap is None:
            faults.append("growth is 'logistic': cap must be given")
        elif capacity is not None:
            lowest = np.where(spec.scaling == "minmax", history.least, 0.0)[:, None]
            below = np.argwhere(needed & (capacity <= (lowest if bottom is None else bottom)))
            if len(below):
                rule = "greater than floor (by default 0, with minmax scaling the least value)"
                faults.append(f"cap must be {rule}; row {below[0][0]} is not")
    else:
        given = {"cap": cap, "floor": floor}
        faults += [f"{name} needs growth 'logistic'" for name, level in given.items() if level is not None]
    if faults:
        raise EngineError("; ".join(faults))
    shares_regressors = regressors is None or not spec.extra_regressors or np.ndim(regressors) == 2
    return Inputs(values, days, future, history, drivers, shares_regressors, capacity, bottom)


def _date_faults(days: NDArray[np.float64], future: NDArray[np.float64]) -> list[str]:
    faults = []
    if not (np.diff(days) > 0).all():
        faults.append("dates must be strictly increasing")
    if not (np.diff(future) > 0).all():
        faults.append("future_dates must be strictly increasing")
    if len(days) and len(future) and future.min() <= days.max():
        faults.append("future_dates must all be after the last of dates")
    return faults


def _regressors(
    given: ArrayLike | None, needed: NDArray[np.bool_], spec: ProphetSpec, faults: list[str]
) -> NDArray[np.float64]:
    names = [regressor.name for regressor in spec.extra_regressors]
    none = np.zeros((1, needed.shape[1], len(names)))
    if given is None:
        if names:
            faults.append(f"regressors must be given: {', '.join(names)}")
        return none
    raw = np.asarray(given, dtype=np.float64)
    if raw.ndim == 2:
        raw = raw[None]
    n, periods = needed.shape
    if raw.shape not in ((1, periods, len(names)), (n, periods, len(names))):
        faults.append(
            f"regressors has shape {np.shape(given)}, must be ({periods}, {len(names)}) or "
            f"({n}, {periods}, {len(names)}): past and future rows of {', '.join(names) or 'no regressor'}"
        )
        return none
    missing = ~np.isfinite(raw)
    if not missing.any():
        return np.ascontiguousarray(raw)
    used = np.logical_or.reduce(needed, axis=0, keepdims=True) if len(raw) == 1 else needed
    at_fault = np.argwhere(missing & used[:, :, None])
    for column in np.unique(at_fault[:, 2]):
        row, period, _ = at_fault[at_fault[:, 2] == column][0]
        faults.append(f"regressor {names[column]!r} must be finite; row {row}, period {period} is not")
    return np.where(missing, 0.0, raw)


def _level(
    name: str, given: ArrayLike | None, needed: NDArray[np.bool_], faults: list[str]
) -> NDArray[np.float64] | None:
    """Return a capacity or floor for each series and period."""
    if given is None:
        return None
    level = np.asarray(given, dtype=np.float64)
    if level.ndim == 1 and len(level) == len(needed):
        level = level[:, None]
    if level.ndim > 0 and level.shape not in (needed.shape, (len(needed), 1)):
        n, periods = needed.shape
        faults.append(f"{name} has shape {level.shape}, must be ({n},) or ({n}, {periods})")
        return None
    whole = np.broadcast_to(level, needed.shape)
    if not np.isfinite(whole[needed]).all():
        row = int(np.argwhere(needed & ~np.isfinite(whole))[0][0])
        faults.append(f"{name} must be finite; row {row} is not")
        return None
    return np.where(np.isfinite(whole), whole, 1.0)
