"""Who competes for which series, and what a planner asked for by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError
from engine.forecast.bootstrap import Bootstrap
from engine.forecast.global_model.boosting import GlobalBoosting
from engine.forecast.holt_winters import HoltWinters
from engine.forecast.intermittent import Croston, TeunterSyntetosBabai
from engine.forecast.model import GlobalModel, Model
from engine.forecast.moving_average import SeasonalMovingAverage
from engine.forecast.naive import SeasonalNaive
from engine.forecast.panel import Panel
from engine.forecast.pattern import Patterns
from engine.forecast.prophet_model import LEAST_OBSERVED, Prophet, ProphetStan
from engine.forecast.smoothing import DampedTrend, Holt, SimpleSmoothing
from engine.forecast.theta import Theta

Mask = npt.NDArray[np.bool_]

NAIVE = SeasonalNaive()
FOR_ALL: tuple[Model, ...] = (
    NAIVE,
    SeasonalMovingAverage(),
    SimpleSmoothing(),
    Theta(),
    HoltWinters(),
    Bootstrap(),
    GlobalBoosting(),
)
FOR_REGULAR: tuple[Model, ...] = (Holt(), DampedTrend(), Prophet())
"""Compete for smooth and erratic demand only."""
FOR_SLOW: tuple[Model, ...] = (Croston(), Croston("SBA", unbiased=True), TeunterSyntetosBabai())
"""Compete for intermittent and lumpy demand only: slow movers never go to Prophet."""
ON_REQUEST: tuple[Model, ...] = (ProphetStan(),)
"""Like `FOR_REGULAR`, but only if asked for by name."""
BACKTEST_BY: dict[str, Model] = {"prophet-stan": Prophet("prophet-stan")}
"""Stan minimises the objective that the batched solver minimises: its backtest need not take hours."""


@dataclass(frozen=True)
class Competitors:
    """The models that compete.

    Attributes
    ----------
    models : seasonal naive first: the baseline of every series
    eligible : [models, n] whether the model may forecast the series
    asked : [n] series whose models a person named; naive is then their baseline and no choice
    """

    models: tuple[Model, ...]
    eligible: Mask
    asked: Mask

    @property
    def in_backtests(self) -> tuple[Model, ...]:
        """What stands for each model in backtests."""
        return tuple(BACKTEST_BY.get(model.name, model) for model in self.models)


def competitors_for(panel: Panel, patterns: Patterns, names: Sequence[str] | None = None) -> Competitors:
    """Return who competes for each series.

    names : models that a person asks for; where they may compete only they do, beside the baseline; other
        series compete as usual. None: all compete but those `ON_REQUEST`.

    Raises
    ------
    EngineError : an unknown name; lists those that are known.
    """
    known = {_plain(model.name): model for model in (*FOR_ALL, *FOR_REGULAR, *FOR_SLOW, *ON_REQUEST)}
    unknown = [name for name in names or () if _plain(name) not in known]
    if unknown:
        offered = sorted(model.name for model in known.values())
        raise EngineError(f"models {unknown} are not known; choose from {offered}")
    named = {known[_plain(name)] for name in names or ()}
    may = _may_compete(panel, patterns)
    asked = np.zeros(panel.n_series, dtype=bool)
    for model in named:
        asked |= may[model]
    for model in may:
        if model not in named:
            may[model] = may[model] & ~asked & (model not in ON_REQUEST)
    may[NAIVE] = np.ones(panel.n_series, dtype=bool)
    competing = [model for model, rows in may.items() if model is NAIVE or rows.any()]
    eligible = np.stack([may[model] for model in competing])
    return Competitors(tuple(competing), eligible, asked & (NAIVE not in named))


def _may_compete(panel: Panel, patterns: Patterns) -> dict[Model, Mask]:
    pattern = patterns.pattern.astype(str)
    settled = np.isin(pattern, ("none", "new"))
    slow = np.isin(pattern, ("intermittent", "lumpy"))
    may: dict[Model, Mask] = dict.fromkeys(FOR_ALL, ~settled)
    may |= dict.fromkeys((*FOR_REGULAR, *ON_REQUEST), ~settled & ~slow)
    may |= dict.fromkeys(FOR_SLOW, slow)
    for model in may:
        if isinstance(model, Prophet | ProphetStan):
            may[model] = may[model] & (panel.observations >= LEAST_OBSERVED[panel.period])
        elif isinstance(model, GlobalModel):
            may[model] = may[model] & model.may_compete(panel)
    return may


def _plain(name: str) -> str:
    return name.lower().replace("-", " ")
