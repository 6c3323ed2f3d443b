"""What is fitted: Prophet's own parameter names and defaults for the additive model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.errors import EngineError

Seasonality = Literal["auto"] | bool | int


@dataclass(frozen=True)
class Holiday:
    """A holiday: its days (ISO dates) and how many days before and after share in it."""

    name: str
    dates: tuple[str, ...]
    lower_window: int = 0
    """Days before that count too, as a number <= 0."""
    upper_window: int = 0
    """Days after that count too, >= 0."""


@dataclass(frozen=True)
class ProphetSpec:
    """Options of the additive Prophet model; names, meanings and defaults are those of Prophet 1.5.

    Raises
    ------
    EngineError
        If a value breaks its rule; names every such value.

    Examples
    --------
    >>> ProphetSpec(weekly_seasonality=False).n_changepoints
    25
    """

    growth: Literal["linear", "flat"] = "linear"
    n_changepoints: int = 25
    changepoint_range: float = 0.8
    yearly_seasonality: Seasonality = "auto"
    weekly_seasonality: Seasonality = "auto"
    daily_seasonality: Seasonality = "auto"
    holidays: tuple[Holiday, ...] = ()
    seasonality_prior_scale: float = 10.0
    holidays_prior_scale: float = 10.0
    changepoint_prior_scale: float = 0.05
    interval_width: float = 0.8

    def __post_init__(self) -> None:
        rules = (
            ("growth", self.growth in ("linear", "flat"), "'linear' or 'flat'"),
            ("n_changepoints", self.n_changepoints >= 0, ">= 0"),
            ("changepoint_range", 0 <= self.changepoint_range <= 1, "within [0, 1]"),
            (
                "yearly_seasonality",
                _is_seasonality(self.yearly_seasonality),
                "'auto', a flag or an order >= 0",
            ),
            (
                "weekly_seasonality",
                _is_seasonality(self.weekly_seasonality),
                "'auto', a flag or an order >= 0",
            ),
            ("daily_seasonality", _is_seasonality(self.daily_seasonality), "'auto', a flag or an order >= 0"),
            (
                "holidays",
                all(h.lower_window <= 0 <= h.upper_window for h in self.holidays),
                "windows with lower_window <= 0 <= upper_window",
            ),
            ("seasonality_prior_scale", self.seasonality_prior_scale > 0, "> 0"),
            ("holidays_prior_scale", self.holidays_prior_scale > 0, "> 0"),
            ("changepoint_prior_scale", self.changepoint_prior_scale > 0, "> 0"),
            ("interval_width", 0 < self.interval_width < 1, "between 0 and 1, both excluded"),
        )
        faults = [f"{name} is {getattr(self, name)!r}, must be {rule}" for name, ok, rule in rules if not ok]
        if faults:
            raise EngineError("ProphetSpec: " + "; ".join(faults))


def _is_seasonality(value: Seasonality) -> bool:
    return value == "auto" or (not isinstance(value, str) and value >= 0)
