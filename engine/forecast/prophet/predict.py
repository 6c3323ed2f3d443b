"""The terms of a forecast, computed for a block of series at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from engine.forecast.prophet.blocks import padded_product
from engine.forecast.prophet.design import Columns, design_columns
from engine.forecast.prophet.inputs import Inputs
from engine.forecast.prophet.intervals import EPSILON_SCALE, half_widths
from engine.forecast.prophet.parameters import FLAT, LOGISTIC, ProphetParameters
from engine.forecast.prophet.regressors import Regressors
from engine.forecast.prophet.spec import ProphetSpec

SUMS = (("", "_terms"), ("extra_regressors_", ""))
"""Before and after 'additive' or 'multiplicative' in Prophet's names of sums."""


@dataclass(frozen=True)
class FutureTerms:
    """What the future of n series is made of; methods take a slice of at most `blocks.BLOCK_ROWS` series."""

    parameters: ProphetParameters
    columns: Columns
    """Over the future days."""
    regressors: Regressors
    future: NDArray[np.float64]
    cap: NDArray[np.float64] | None
    """Capacity above the floor, shape (n, h) [units]."""
    floor: NDArray[np.float64] | None
    """The floor that the caller gave, shape (n, h) [units]."""
    components: dict[str, NDArray[np.bool_]]
    """The columns of beta of each component and of each sum of components."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all components, the trend apart."""
        return tuple(self.components)

    def exponent(self, part: slice) -> NDArray[np.float64]:
        """Return k t + m + ramps, or for logistic growth k (t - m) + ramps: after all changepoints a line."""
        p = self.parameters
        is_logistic = p.growth[part] == LOGISTIC
        slope = p.k[part] + p.delta[part].sum(axis=1)
        offset = np.where(is_logistic, -p.k[part] * p.m[part], p.m[part])
        intercept = offset - (p.delta[part] * p.changepoints[part]).sum(axis=1)
        is_flat = p.growth[part] == FLAT
        slope, intercept = np.where(is_flat, 0.0, slope), np.where(is_flat, p.m[part], intercept)
        time = (self.future - p.start[part, None]) / p.t_scale[part, None]
        line: NDArray[np.float64] = slope[:, None] * time + intercept[:, None]
        return line

    def from_exponent(self, exponent: NDArray[np.float64], part: slice) -> NDArray[np.float64]:
        """Return the trend [units] that belongs to an exponent."""
        p = self.parameters
        trend = exponent * p.y_scale[part, None]
        if self.cap is not None:
            logistic = (self.cap[part] - p.floor[part, None]) * expit(exponent)
            trend = np.where((p.growth[part] == LOGISTIC)[:, None], logistic, trend)
        trend += p.floor[part, None]
        if self.floor is not None:
            trend += self.floor[part]
        return trend

    def trend(self, part: slice) -> NDArray[np.float64]:
        """Return the trend, shape (series, h) [units]."""
        return self.from_exponent(self.exponent(part), part)

    def effect(self, columns: NDArray[np.bool_], part: slice) -> NDArray[np.float64]:
        """Return X beta over some columns, shape (series, h), in the scale of beta."""
        shared = self.columns.values.shape[1]
        beta = self.parameters.beta[part]
        chosen = np.flatnonzero(columns[:shared])
        total = np.zeros((len(beta), len(self.future)))
        if len(chosen):
            matrix = np.ascontiguousarray(self.columns.values[:, chosen].T)
            total += padded_product(beta[:, chosen], matrix)
        if columns[shared:].any():
            periods = slice(self.regressors.values.shape[1] - len(self.future), None)
            values = self.regressors.standardised(part, periods)
            for column in np.flatnonzero(columns[shared:]):
                total += values[:, :, column] * beta[:, shared + column, None]
        return total

    def factor(self, part: slice) -> NDArray[np.float64]:
        """Return what multiplies the trend, shape (series, h)."""
        factor = 1.0 + self.effect(self.columns.is_multiplicative, part)
        factor[self.parameters.is_additive[part]] = 1.0
        return factor

    def yhat(self, part: slice) -> NDArray[np.float64]:
        """Return the forecast, shape (series, h) [units]."""
        p = self.parameters
        multiplies = self.columns.is_multiplicative
        added = self.effect(~multiplies, part)
        trend = self.trend(part)
        if multiplies.any():
            multiplied = self.effect(multiplies, part)
            is_additive = p.is_additive[part, None]
            added += np.where(is_additive, multiplied, 0.0)
            trend *= np.where(is_additive, 1.0, 1.0 + multiplied)
        trend += added * p.y_scale[part, None]
        return trend

    def component(self, name: str, part: slice) -> NDArray[np.float64]:
        """Return one component: in units where it is added, a share of the trend where it multiplies."""
        p = self.parameters
        columns = self.components[name]
        multiplies = self.columns.is_multiplicative
        is_additive = p.is_additive[part, None]
        y_scale = p.y_scale[part, None]
        multiplied = self.effect(columns & multiplies, part)
        if name in (f"{group}multiplicative{end}" for group, end in SUMS):
            return np.where(is_additive, 0.0, multiplied)
        added = self.effect(columns & ~multiplies, part)
        if name in (f"{group}additive{end}" for group, end in SUMS):
            total: NDArray[np.float64] = (added + np.where(is_additive, multiplied, 0.0)) * y_scale
            return total
        effect: NDArray[np.float64] = added * y_scale + multiplied * np.where(is_additive, y_scale, 1.0)
        return effect


def future_terms(parameters: ProphetParameters, inputs: Inputs, spec: ProphetSpec) -> FutureTerms:
    """Return the terms of fitted series over the future days."""
    future = inputs.future
    columns = design_columns(future, parameters.orders, spec, history=parameters.calendar)
    ahead = slice(len(inputs.days), None)
    floor = None if inputs.floor is None else inputs.floor[:, ahead]
    cap = None if inputs.cap is None else inputs.cap[:, ahead]
    return FutureTerms(
        parameters,
        columns,
        Regressors(inputs.regressors, parameters.regressor_mean, parameters.regressor_scale),
        future,
        cap if cap is None or floor is None else cap - floor,
        floor,
        _components(columns, spec),
    )


def _components(columns: Columns, spec: ProphetSpec) -> dict[str, NDArray[np.bool_]]:
    """Return the columns of each component in Prophet's names; sums only where Prophet has them."""
    found = {name: columns.component == at for at, name in enumerate(columns.components)}
    if columns.is_holiday.any():
        found["holidays"] = columns.is_holiday
    names = [regressor.name for regressor in spec.extra_regressors]
    is_regressor = np.isin(columns.component, [columns.components.index(name) for name in names])
    # Sums hold the columns of both modes: a series that fell back to additive has them all in the first.
    everything = np.ones(len(is_regressor), dtype=np.bool_)
    for group, end in SUMS:
        columns_of = is_regressor if group else everything
        if columns_of.any() or not group:
            found[f"{group}additive{end}"] = columns_of
            if not group or (columns_of & columns.is_multiplicative).any():
                found[f"{group}multiplicative{end}"] = columns_of
    return found


def interval_half_widths(
    terms: FutureTerms, count: NDArray[np.int64], part: slice, width: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the interval's width below and above the forecast on each future day, each (series, h) [units].

    `count` is the number of observed rows of each of these series.
    """
    p, future = terms.parameters, terms.future
    if len(future) > 1:
        step = (future[-1] - future[0]) / (len(future) - 1) / p.t_scale[part]
    else:  # Prophet then takes the mean step of the history
        step = 1.0 / np.maximum(count - 1, 1)
    changepoints = p.n_changepoints[part]
    jump = (np.abs(p.delta[part]).sum(axis=1) / changepoints + EPSILON_SCALE) * step
    jump[p.growth[part] == FLAT] = 0.0
    sigma = p.sigma[part] * p.y_scale[part]
    chance = changepoints * step
    multiplies = terms.columns.is_multiplicative.any()
    factor = np.abs(terms.factor(part)) if multiplies else None
    is_logistic = p.growth[part] == LOGISTIC
    if not is_logistic.any():
        half = half_widths(jump * p.y_scale[part], chance, sigma, len(future), width, factor)
        return half, half
    # The exponent of a logistic trend moves as a linear trend does: carry its quantiles through the curve.
    exponent = terms.exponent(part)
    moved = half_widths(jump, chance, np.zeros_like(sigma), len(future), width)
    moved = np.maximum(moved, 1e-12)
    trend = terms.from_exponent(exponent, part)
    below = (trend - terms.from_exponent(exponent - moved, part)) / moved
    above = (terms.from_exponent(exponent + moved, part) - trend) / moved
    factor = np.ones_like(trend) if factor is None else factor
    return (
        half_widths(jump, chance, sigma, len(future), width, factor * below),
        half_widths(jump, chance, sigma, len(future), width, factor * above),
    )
