"""What a planner may add to Prophet's model: holidays, seasonalities of any period, regressors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["additive", "multiplicative"]
MODES = ("additive", "multiplicative")

TOTALS = (
    "additive_terms", "multiplicative_terms", "extra_regressors_additive", "extra_regressors_multiplicative",
)  # fmt: skip
"""Prophet's names of sums of components."""
BUILT_IN = ("yearly", "weekly", "daily")
_RESERVED = {
    *(f"{name}{end}" for name in ("trend", "holidays", "zeros", "yhat", *BUILT_IN, *TOTALS)
      for end in ("", "_lower", "_upper")),
    "ds", "y", "cap", "floor", "y_scaled", "cap_scaled",
}  # fmt: skip


@dataclass(frozen=True)
class Holiday:
    """A holiday: its days (ISO dates) and how many days before and after share in it."""

    name: str
    dates: tuple[str, ...]
    lower_window: int = 0
    """Days before that count too, as a number <= 0."""
    upper_window: int = 0
    """Days after that count too, >= 0."""
    prior_scale: float | None = None
    """Default: `holidays_prior_scale`."""


@dataclass(frozen=True)
class Seasonality:
    """A seasonality of any period, as Prophet's `add_seasonality`."""

    name: str
    period: float
    """Days."""
    fourier_order: int
    prior_scale: float | None = None
    """Default: `seasonality_prior_scale`."""
    mode: Mode | None = None
    """Default: `seasonality_mode`."""


@dataclass(frozen=True)
class Regressor:
    """A driver whose past and future values are known, as Prophet's `add_regressor`."""

    name: str
    prior_scale: float | None = None
    """Default: `holidays_prior_scale`."""
    standardize: Literal["auto"] | bool = "auto"
    """'auto': unless all values are 0 or 1. A constant is never standardised."""
    mode: Mode | None = None
    """Default: `seasonality_mode`."""


def holiday_faults(holidays: tuple[Holiday, ...], default_prior_scale: float) -> list[str]:
    """Return what is wrong with the holidays, one sentence each."""
    faults = []
    scales: dict[str, float] = {}
    for holiday in holidays:
        named = f"holiday {holiday.name!r}"
        scale = default_prior_scale if holiday.prior_scale is None else holiday.prior_scale
        faults += name_faults(holiday.name, named)
        if not holiday.lower_window <= 0 <= holiday.upper_window:
            faults.append(f"{named} must have lower_window <= 0 <= upper_window")
        if not scale > 0:
            faults.append(f"{named} has prior_scale {scale!r}, must be > 0")
        if scales.setdefault(holiday.name, scale) != scale:
            faults.append(f"{named} has two prior scales, {scales[holiday.name]!r} and {scale!r}")
    return faults


def seasonality_faults(seasonalities: tuple[Seasonality, ...]) -> list[str]:
    """Return what is wrong with added seasonalities, one sentence each."""
    faults = []
    for added in seasonalities:
        named = f"seasonality {added.name!r}"
        if added.name not in BUILT_IN:
            faults += name_faults(added.name, named)
        if not added.period > 0:
            faults.append(f"{named} has period {added.period!r}, must be > 0 days")
        if not added.fourier_order >= 1:
            faults.append(f"{named} has fourier_order {added.fourier_order!r}, must be >= 1")
        faults += _prior_and_mode_faults(added, named)
    return faults


def regressor_faults(regressors: tuple[Regressor, ...]) -> list[str]:
    """Return what is wrong with regressors, one sentence each."""
    faults = []
    for regressor in regressors:
        named = f"regressor {regressor.name!r}"
        faults += name_faults(regressor.name, named)
        if regressor.standardize not in ("auto", True, False):
            faults.append(f"{named} has standardize {regressor.standardize!r}, must be 'auto', True or False")
        faults += _prior_and_mode_faults(regressor, named)
    return faults


def _prior_and_mode_faults(term: Seasonality | Regressor, named: str) -> list[str]:
    faults = []
    if term.prior_scale is not None and not term.prior_scale > 0:
        faults.append(f"{named} has prior_scale {term.prior_scale!r}, must be > 0")
    if term.mode is not None and term.mode not in MODES:
        faults.append(f"{named} has mode {term.mode!r}, must be 'additive' or 'multiplicative'")
    return faults


def name_faults(name: str, named: str) -> list[str]:
    """Return what Prophet has against a name."""
    if "_delim_" in name:
        return [f"{named}: a name cannot contain '_delim_'"]
    return [f"{named}: the name is reserved"] if name in _RESERVED else []
