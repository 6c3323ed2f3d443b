"""What is fitted: Prophet's own parameter names and defaults."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.errors import EngineError
from engine.forecast.prophet.terms import (
    MODES,
    Holiday,
    Mode,
    Regressor,
    Seasonality,
    holiday_faults,
    regressor_faults,
    seasonality_faults,
)

__all__ = ["Holiday", "Mode", "ProphetSpec", "Regressor", "Seasonality", "SeasonalityOption"]

SeasonalityOption = Literal["auto"] | bool | int


@dataclass(frozen=True)
class ProphetSpec:
    """Options of Prophet's model; names, meanings and defaults are those of Prophet 1.5.

    The last three fields are what Prophet's `add_seasonality`, `add_country_holidays` and `add_regressor`
    add.

    Raises
    ------
    EngineError
        If a value breaks its rule; names every such value.

    Examples
    --------
    >>> ProphetSpec(weekly_seasonality=False).n_changepoints
    25
    >>> spec = ProphetSpec(extra_regressors=(Regressor("price"),), seasonality_mode="multiplicative")
    >>> spec.mode_of("price")
    'multiplicative'
    """

    growth: Literal["linear", "flat", "logistic"] = "linear"
    changepoints: tuple[str, ...] | None = None
    """ISO dates of the potential changepoints; None places `n_changepoints` of them."""
    n_changepoints: int = 25
    changepoint_range: float = 0.8
    yearly_seasonality: SeasonalityOption = "auto"
    weekly_seasonality: SeasonalityOption = "auto"
    daily_seasonality: SeasonalityOption = "auto"
    holidays: tuple[Holiday, ...] = ()
    seasonality_mode: Mode = "additive"
    seasonality_prior_scale: float = 10.0
    holidays_prior_scale: float = 10.0
    changepoint_prior_scale: float = 0.05
    mcmc_samples: int = 0
    """Sampling the posterior is not done here: only 0 is accepted."""
    interval_width: float = 0.8
    uncertainty_samples: int = 1000
    """Intervals are computed without draws; 0 asks for none: `lower` and `upper` are then `yhat`."""
    scaling: Literal["absmax", "minmax"] = "absmax"
    holidays_mode: Mode | None = None
    """Default: `seasonality_mode`."""
    seasonalities: tuple[Seasonality, ...] = ()
    country_holidays: str | None = None
    """A country or market of the `holidays` library, such as 'DE' or 'UnitedStates'."""
    extra_regressors: tuple[Regressor, ...] = ()

    def __post_init__(self) -> None:
        an_order = "'auto', a flag or an order >= 0"
        rules = (
            ("growth", self.growth in ("linear", "flat", "logistic"), "'linear', 'flat' or 'logistic'"),
            ("changepoints", _are_dates(self.changepoints), "None or dates"),
            ("n_changepoints", self.n_changepoints >= 0, ">= 0"),
            ("changepoint_range", 0 <= self.changepoint_range <= 1, "within [0, 1]"),
            ("yearly_seasonality", _is_seasonality(self.yearly_seasonality), an_order),
            ("weekly_seasonality", _is_seasonality(self.weekly_seasonality), an_order),
            ("daily_seasonality", _is_seasonality(self.daily_seasonality), an_order),
            ("seasonality_mode", self.seasonality_mode in MODES, "'additive' or 'multiplicative'"),
            ("seasonality_prior_scale", self.seasonality_prior_scale > 0, "> 0"),
            ("holidays_prior_scale", self.holidays_prior_scale > 0, "> 0"),
            ("changepoint_prior_scale", self.changepoint_prior_scale > 0, "> 0"),
            ("mcmc_samples", self.mcmc_samples == 0, "0: sample the posterior with the prophet library"),
            ("interval_width", 0 < self.interval_width < 1, "between 0 and 1, both excluded"),
            ("uncertainty_samples", self.uncertainty_samples >= 0, ">= 0"),
            ("scaling", self.scaling in ("absmax", "minmax"), "'absmax' or 'minmax'"),
            ("holidays_mode", self.holidays_mode in (None, *MODES), "'additive' or 'multiplicative'"),
        )
        faults = [f"{name} is {getattr(self, name)!r}, must be {rule}" for name, ok, rule in rules if not ok]
        faults += holiday_faults(self.holidays, self.holidays_prior_scale)
        faults += seasonality_faults(self.seasonalities)
        faults += regressor_faults(self.extra_regressors)
        used = [
            *{holiday.name for holiday in self.holidays},
            *(added.name for added in self._added),
        ]
        faults += [f"the name {name!r} is used twice" for name, times in Counter(used).items() if times > 1]
        if faults:
            raise EngineError("ProphetSpec: " + "; ".join(faults))

    @property
    def _added(self) -> tuple[Seasonality | Regressor, ...]:
        return (*self.seasonalities, *self.extra_regressors)

    @property
    def has_multiplicative_terms(self) -> bool:
        """Whether any term multiplies the trend."""
        return "multiplicative" in (
            self.seasonality_mode,
            self.holidays_mode,
            *(added.mode for added in self._added),
        )

    def mode_of(self, component: str) -> Mode:
        """Return whether a component (a seasonality, 'holidays', a regressor) is added or multiplies."""
        if component == "holidays":
            return self.holidays_mode or self.seasonality_mode
        for added in self._added:
            if added.name == component:
                return added.mode or self.seasonality_mode
        return self.seasonality_mode


def _is_seasonality(value: SeasonalityOption) -> bool:
    return value == "auto" or (not isinstance(value, str) and value >= 0)


def _are_dates(dates: tuple[str, ...] | None) -> bool:
    try:
        return not np.isnat(np.array(dates or (), dtype="datetime64[us]")).any()
    except ValueError:
        return False
