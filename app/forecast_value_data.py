"""What the Forecast & value page reads: earlier forecasts judged, models, totals, drivers, overrides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from app import cache, columns, data
from jobs.forecast_value import ForecastValue
from jobs.override_level import LevelForecast
from jobs.views import driver_effects, forecast_value, forecast_value_leaderboard
from jobs.views import forecast_totals as forecast_totals_view
from jobs.views.driver_effects import DriverView
from jobs.views.forecast_change import ForecastChange, change_to, groups_of
from jobs.views.forecast_totals import TotalsBy
from jobs.views.forecast_value import (
    STATE_LABELS,
    VALUE_BY,
    VERDICT_LABELS,
    ForecastWanted,
    ValueBy,
    days_in_words,
    harmful,
    value_by,
    weekly,
)
from jobs.views.forecast_value import Figure as ForecastFigure
from jobs.views.forecast_value_leaderboard import SEGMENTS, Segment, winners
from jobs.views.lines import records

__all__ = [
    "SEGMENTS",
    "STATE_LABELS",
    "VALUE_BY",
    "VERDICT_LABELS",
    "DriverView",
    "ForecastChange",
    "ForecastFigure",
    "ForecastValue",
    "ForecastWanted",
    "LevelForecast",
    "Segment",
    "TotalsBy",
    "ValueBy",
    "change_to",
    "days_in_words",
    "groups_of",
    "harmful",
    "value_by",
    "weekly",
    "winners",
]


def judged(wanted: ForecastWanted) -> ForecastValue:
    """Return earlier forecasts beside the demand that came, of what a planner narrowed the page to."""
    return forecast_value.narrow(cache.forecast_value(*data.key()), wanted)


def forecast_figures(value: ForecastValue) -> list[ForecastFigure]:
    """Return the cards of Forecast & value; of the backtest, if no earlier plan can be judged."""
    found = forecast_value.figures(value, columns.symbol(data.settings().currency))
    return found or forecast_value.backtest_figures(data.lake(), data.run(), data.lines())


def leaderboard(wanted: ForecastWanted, by: Segment) -> pd.DataFrame:
    """Return every model against seasonal naive, by segment."""
    scores = forecast_value.narrow_scores(cache.backtests(*data.key()), wanted)
    return forecast_value_leaderboard.leaderboard(scores, by)


def accuracy_by_horizon() -> pd.DataFrame:
    """Return how far ahead the forecast of the plan shown holds."""
    return cache.accuracy_by_horizon(*data.key())


def driver_view(wanted: ForecastWanted) -> DriverView | None:
    """Return what promotions, prices and events do; None: the plan is older than that."""
    effects = cache.driver_effects(*data.key())
    return None if effects is None else driver_effects.view(effects, wanted.categories, data.run().period)


def forecast_totals(level: TotalsBy) -> pd.DataFrame | None:
    """Return the forecasts of one level's totals, largest first; None: the plan is older than that."""
    totals = cache.forecast_totals(*data.key())
    return None if totals is None else forecast_totals_view.by_level(totals, level, data.choices().locations)


def days_planned() -> tuple[date, date]:
    """Return the first and the last day that the plan forecasts."""
    return cache.days_planned(*data.key())


def total_forecast(level: TotalsBy, code: str, days: Sequence[date]) -> LevelForecast:
    """Return the forecast of a total as it stands; JobError: it cannot be changed on these days."""
    if len(days) != 2:
        raise data.JobError("choose a first and a last day")
    return cache.total_forecast(*data.key(), level, code, days[0], days[1], data.ledger_state())


def override_list(value: ForecastValue) -> pd.DataFrame:
    """Return every override with its score, the dearest first."""
    offered, made = data.choices(), cache.every_override(*data.key(), data.ledger_state())
    return forecast_value.override_list(value, made, offered.products, offered.locations)


def retire_reasons(frame: pd.DataFrame, rows: Sequence[int], state: str) -> dict[str, str]:
    """Return the selected overrides in a state, each with the reason that its score gives."""
    chosen = records(frame.iloc[[row for row in rows if row < len(frame)]])
    return {row["override"]: forecast_value.retire_reason(row) for row in chosen if row["state"] == state}
