"""What every forecasting model offers, and how a field of them forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile
from engine.forecast.uniforms import series_seed
from engine.forecast.usual import Usual

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class Model(Protocol):
    """One forecasting method for a whole panel.

    A forecast depends on the panel alone: [n, horizon] units a period, never negative, never missing; 0 for a
    series without an observed period.
    """

    @property
    def name(self) -> str:
        """Name that planners see."""
        ...

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:
        """Forecast the next `horizon` periods; `profile` is the panel's seasonality."""
        ...


class Learnt(Protocol):
    """A fitted global model."""

    def predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:
        """Forecast the next `horizon` periods of the panel it learnt from, at that or a later cut-off."""
        ...


@runtime_checkable
class GlobalModel(Protocol):
    """A model that learns from all series together, and knows what to do with their drivers.

    It learns once for all cut-offs of a backtest, from what was known at the earliest, and again for the end.
    """

    @property
    def name(self) -> str:
        """Name that planners see."""
        ...

    def fit(self, panel: Panel, profile: Profile, horizon: int) -> Learnt:
        """Learn from everything that the panel knows."""
        ...

    def may_compete(self, panel: Panel) -> Mask:
        """Return the series that it may forecast, [n]."""
        ...

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:
        """Learn and forecast."""
        ...


class Field:
    """The models at work: each forecasts the series that it may, at one cut-off after the other.

    Parameters
    ----------
    models : the competitors
    eligible : [models, n]
    longest : periods ahead that will be asked for; global models learn that many
    """

    def __init__(self, models: Sequence[Model], eligible: Mask, longest: int) -> None:
        self.models = models
        self.eligible = eligible
        self.longest = longest
        self.learnt: dict[str, Learnt] = {}

    def forecast(self, usual: Usual, horizon: int, wanted: Mask | None = None) -> Floats:
        """Forecast with every model the series that it may forecast, [models, n, horizon]; 0 elsewhere.

        Global models learn at the first call: begin with the earliest cut-off.

        wanted : [models, n] those that are needed, so that no time is spent on others; None: all
        """
        n = usual.panel.n_series
        result = np.zeros((len(self.models), n, horizon))
        planned = usual.planned(horizon)
        needed = self.eligible if wanted is None else self.eligible & wanted
        for forecast, model, may, need in zip(result, self.models, self.eligible, needed, strict=True):
            rows = np.flatnonzero(need)
            if not len(rows):
                continue
            if isinstance(model, GlobalModel):
                # What it knows of the market comes from all its series.
                forecast[may] = self._global(model, usual, np.flatnonzero(may), horizon)
                if planned is not None:
                    # Closed: nothing is sold, whatever was learnt of other days.
                    forecast[may] *= planned[may] > 0
                continue
            every = len(rows) == n
            panel = usual.panel if every else usual.panel.rows(rows)
            profile = usual.profile if every else usual.profile.rows(rows)
            forecast[rows] = model.fit_predict(panel, profile, horizon)
            if planned is not None:
                forecast[rows] *= planned[rows]
        return result

    def _global(self, model: GlobalModel, usual: Usual, rows: npt.NDArray[np.intp], horizon: int) -> Floats:
        """Learn at the first cut-off, then forecast, in an order that is not the panel's."""
        keys = zip(usual.full.sku[rows], usual.full.location[rows], strict=True)
        seeds = np.array([series_seed(0, str(sku), str(location)) for sku, location in keys], dtype=np.uint64)
        ordered = rows[np.argsort(seeds, kind="stable")]
        panel, profile = usual.full.rows(ordered), usual.profile.rows(ordered)
        if model.name not in self.learnt:
            self.learnt[model.name] = model.fit(panel, profile, self.longest)
        result = np.empty((len(rows), horizon))
        result[np.argsort(seeds, kind="stable")] = self.learnt[model.name].predict(panel, profile, horizon)
        return result
