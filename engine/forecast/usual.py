"""What models are given: demand as it would have been without promotions, price changes and events."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.forecast.drivers.effects import DriverEffects, adjust, estimate_effects
from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile, seasonal_profile

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Usual:
    """A panel at one cut-off, freed of its drivers.

    Attributes
    ----------
    panel : usual demand, without `drivers`
    profile : its seasonality
    effects : what was taken out; None: nothing is known to have moved demand
    full : the panel as it was, with drivers, for models that know what to do with them
    """

    panel: Panel
    profile: Profile
    effects: DriverEffects | None
    full: Panel

    @classmethod
    def of(cls, panel: Panel) -> Usual:
        """Estimate the effects of the panel's drivers and take them out."""
        effects = estimate_effects(panel)
        usual = replace(adjust(panel, effects), drivers=None)
        return cls(usual, seasonal_profile(usual), effects, panel)

    def planned(self, horizon: int) -> Floats | None:
        """Return the factors [n, horizon] of what is planned; None: nothing is."""
        return None if self.effects is None else self.effects.future(horizon)
