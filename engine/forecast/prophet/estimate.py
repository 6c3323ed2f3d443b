"""Group the series of a panel by the model that each can have, and hand each group to its solver."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.forecast.prophet.blocks import on_one_blas_thread
from engine.forecast.prophet.changepoints import n_ramps, place_changepoints
from engine.forecast.prophet.design import (
    TREND_PRIOR_SCALE,
    Orders,
    design_columns,
    fourier_orders,
)
from engine.forecast.prophet.history import History, describe
from engine.forecast.prophet.inputs import Inputs
from engine.forecast.prophet.logistic import fit_logistic
from engine.forecast.prophet.masked import fit_masked
from engine.forecast.prophet.multiplicative import fit_multiplicative, is_degenerate
from engine.forecast.prophet.parameters import GROWTH, GROWTH_NAMES, LINEAR, LOGISTIC, ProphetParameters
from engine.forecast.prophet.regressors import Regressors, standardise
from engine.forecast.prophet.shared import fit_shared, shared_calendar
from engine.forecast.prophet.spec import ProphetSpec

CONSTANT_SIGMA = 1e-9
"""Prophet's noise for a series that never changes, which it does not fit."""
MOST_ZEROS = 0.8
"""Share of zeros from which terms are added instead of multiplied: the optimum of the multiplicative model
then sends the trend to 0."""

NO_OBSERVATION = "0: nothing observed"
ONE_OBSERVATION = "its value: one observation"
NEVER_CHANGES = "its value: it never changes"
MOSTLY_ZERO = "additive: at least 80 % zeros"
TREND_COLLAPSED = "the factors of the trend changed its sign"
NOT_FINITE = "no finite fit"


NO_FIT = "its first value: no finite fit"


@dataclass(frozen=True)
class _Group:
    """Series with the same columns and the same kind of solver."""

    orders: Orders
    growth: int
    is_additive: bool
    is_complete: bool


def without_modes(spec: ProphetSpec) -> ProphetSpec:
    """Return `spec` with every term additive."""
    return replace(
        spec,
        seasonality_mode="additive",
        holidays_mode="additive",
        seasonalities=tuple(replace(added, mode="additive") for added in spec.seasonalities),
        extra_regressors=tuple(replace(added, mode="additive") for added in spec.extra_regressors),
    )


@on_one_blas_thread
def estimate(
    inputs: Inputs, spec: ProphetSpec, *, threads: int = 1
) -> tuple[ProphetParameters, NDArray[np.float64], NDArray[np.str_]]:
    """Return the parameters, the objective and the named fallback ('' for none) of each series."""
    values, days = _above_floor(inputs), inputs.days
    n, n_dates = values.shape
    history = inputs.history if inputs.floor is None else describe(values, days)
    # A series spans no more days, in no finer steps, than the calendar: these orders hold all of its own.
    calendar_step = float(np.diff(days).min()) if n_dates > 1 else np.inf
    orders = fourier_orders(spec, float(days[-1] - days[0]) if n_dates else 0.0, calendar_step)
    columns = design_columns(days, orders, spec)
    parameters = ProphetParameters.empty(
        n, n_ramps(n_dates, spec), len(columns.prior_scale), orders,
        n_regressors=len(spec.extra_regressors), calendar=days,
    )  # fmt: skip
    drivers = standardise(inputs.regressors, values, spec)
    parameters.regressor_mean[:] = drivers.mean
    parameters.regressor_scale[:] = drivers.scale
    _set_scales(parameters, history, inputs, spec)
    parameters.growth[:] = GROWTH[spec.growth]
    fallback = np.full(n, "", dtype="U48")
    objective = np.zeros(n)
    if spec.has_multiplicative_terms:
        mostly_zero = (history.zeros >= MOST_ZEROS * history.count) & ~history.is_constant
        parameters.is_additive[mostly_zero] = True
        fallback[mostly_zero] = MOSTLY_ZERO
    to_fit = np.flatnonzero(~history.is_constant)
    for _ in range(2):  # second, those whose own model has no finite fit
        for group, rows in _groups(to_fit, history, parameters, n_dates, spec):
            objective[rows] = _fit_group(
                group, rows, values, history.count[rows], inputs, drivers, spec, parameters, threads
            )
        to_fit = to_fit[~np.isfinite(objective[to_fit])]
        if not len(to_fit):
            break
        collapsed = np.isinf(objective[to_fit])
        is_logistic = parameters.growth[to_fit] == LOGISTIC
        parameters.growth[to_fit] = np.where(is_logistic, LINEAR, parameters.growth[to_fit])
        parameters.is_additive[to_fit] = True
        reason = np.where(collapsed, TREND_COLLAPSED, NOT_FINITE)
        fallback[to_fit] = np.char.add(np.where(is_logistic, "linear, additive: ", "additive: "), reason)
    _fit_constants(parameters, objective, fallback, history, to_fit)
    return parameters, objective, fallback


def _above_floor(inputs: Inputs) -> NDArray[np.float64]:
    if inputs.floor is None:
        return inputs.values
    return inputs.values - inputs.floor[:, : len(inputs.days)]


def _set_scales(parameters: ProphetParameters, history: History, inputs: Inputs, spec: ProphetSpec) -> None:
    """Set y_scale and floor as Prophet's `initialize_scales`."""
    if spec.scaling == "absmax":
        scale = np.maximum(np.abs(history.least), np.abs(history.greatest))
    elif inputs.floor is None or inputs.cap is None:
        parameters.floor[:] = history.least
        scale = history.greatest - history.least
    else:  # the caller's floor is subtracted already
        seen = ~np.isnan(inputs.values)
        past = slice(0, len(inputs.days))
        highest = np.where(seen, inputs.cap[:, past], -np.inf).max(axis=1, initial=-np.inf)
        lowest = np.where(seen, inputs.floor[:, past], np.inf).min(axis=1, initial=np.inf)
        scale = np.where(history.count > 0, highest - lowest, 0.0)
    parameters.y_scale[:] = np.where(scale > 0, scale, 1.0)


def _scaled_cap(
    cap: NDArray[np.float64], inputs: Inputs, parameters: ProphetParameters, at: slice | NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return past capacities of some series above the floor, in the scale of the model."""
    past = slice(0, len(inputs.days))
    cap = cap[at, past]
    if inputs.floor is not None:
        cap = cap - inputs.floor[at, past]
    scaled: NDArray[np.float64] = (cap - parameters.floor[:, None]) / parameters.y_scale[:, None]
    return scaled


def _groups(
    to_fit: NDArray[np.int64],
    history: History,
    parameters: ProphetParameters,
    n_dates: int,
    spec: ProphetSpec,
) -> list[tuple[_Group, NDArray[np.int64]]]:
    """Return the groups of series to fit, in a fixed order, with the rows of each."""
    span, step = history.span[to_fit], history.least_step[to_fit]
    # Series with the same answers to Prophet's questions about their history have the same orders.
    answers = np.stack([span >= 730, span >= 14, span >= 2, step < 7, step < 1,
                        history.count[to_fit] == n_dates,
                        parameters.is_additive[to_fit] | (not spec.has_multiplicative_terms)])  # fmt: skip
    code = parameters.growth[to_fit] + 3 * (2 ** np.arange(len(answers)) @ answers)
    _, first, which = np.unique(code, return_index=True, return_inverse=True)
    groups = [
        _Group(
            fourier_orders(spec, span[at], step[at]),
            int(parameters.growth[to_fit[at]]),
            bool(answers[-1, at]),
            bool(answers[-2, at]),
        )
        for at in first
    ]
    first_of = {group: at for at, group in reversed(list(enumerate(groups)))}
    number = np.array([first_of[group] for group in groups], dtype=np.int64)[which]
    return [(group, to_fit[number == at]) for group, at in first_of.items()]


def _fit_group(
    group: _Group,
    rows: NDArray[np.int64],
    values: NDArray[np.float64],
    counts: NDArray[np.int64],
    inputs: Inputs,
    drivers: Regressors,
    spec: ProphetSpec,
    whole: ProphetParameters,
    threads: int,
) -> NDArray[np.float64]:
    """Fit the series `rows` into `whole`; return their objective."""
    days = inputs.days
    own_spec = replace(without_modes(spec) if group.is_additive else spec, growth=GROWTH_NAMES[group.growth])
    at: slice | NDArray[np.int64] = slice(None) if len(rows) == len(values) else rows
    chosen = values[at]
    drivers = drivers.rows(at)
    # Complete series standardise shared regressors alike: theirs are columns like any other.
    is_shared = group.is_complete and inputs.shares_regressors
    shared = drivers.standardised(slice(0, 1), slice(0, len(days)))[0] if is_shared else None
    columns = design_columns(days, group.orders, own_spec, regressors=shared)
    if is_shared:
        drivers = Regressors(drivers.values[..., :0], drivers.mean[:, :0], drivers.scale[:, :0])
    beta = np.zeros((len(rows), len(columns.prior_scale)))
    part = replace(whole.rows(at), beta=beta, orders=group.orders)
    cuts = place_changepoints(chosen, days, counts, own_spec, part)
    if group.growth == LOGISTIC or not group.is_additive:
        scaled = part.scaled(chosen, slice(None))
        if group.growth == LOGISTIC and inputs.cap is not None:
            cap = _scaled_cap(inputs.cap, inputs, part, at)
            found = fit_logistic(scaled, days, columns, drivers, cap, own_spec, part, threads=threads)
        else:
            found = fit_multiplicative(scaled, days, columns, drivers, own_spec, part, threads=threads)
        if columns.is_multiplicative.any():
            found[is_degenerate(scaled, columns, drivers, part, threads=threads)] = np.inf
    elif group.is_complete and not columns.n_own:
        count = part.n_changepoints[0]
        calendar = shared_calendar(days, columns, part.changepoints[0, :count], own_spec)
        found = fit_shared(chosen, calendar, own_spec, part, threads=threads)
    else:
        found = fit_masked(chosen, days, columns, drivers, cuts, own_spec, part, threads=threads)
    used = design_columns(days, whole.orders, spec).used(group.orders, spec)
    for name in ("k", "m", "delta", "sigma", "changepoints", "n_changepoints", "start", "t_scale"):
        getattr(whole, name)[at] = getattr(part, name)
    whole.beta[np.ix_(rows, used)] = part.beta
    return found


def _fit_constants(
    parameters: ProphetParameters,
    objective: NDArray[np.float64],
    fallback: NDArray[np.str_],
    history: History,
    without_fit: NDArray[np.int64],
) -> None:
    """Continue rows that never change at their value, as Prophet does, and rows without history at 0."""
    rows = history.is_constant
    rows[without_fit] = True
    level = ((history.first_value - parameters.floor) / parameters.y_scale)[rows]
    parameters.m[rows] = level
    parameters.sigma[rows] = CONSTANT_SIGMA
    parameters.t_scale[rows] = np.where(history.span > 0, history.span, 1.0)[rows]
    is_logistic = rows & (parameters.growth == LOGISTIC)
    parameters.growth[is_logistic] = LINEAR
    objective[rows] = history.count[rows] * np.log(CONSTANT_SIGMA) + level**2 / (2 * TREND_PRIOR_SCALE**2)
    parameters.k[rows] = 0.0
    parameters.delta[rows] = 0.0
    parameters.beta[rows] = 0.0
    names = np.select(
        [history.count == 0, history.count == 1, history.is_constant],
        [NO_OBSERVATION, ONE_OBSERVATION, NEVER_CHANGES],
        NO_FIT,
    )
    fallback[rows] = names[rows]
