"""Forecast & value: was the forecast right, and who improved it — figures ready to show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from jobs.forecast_value import ForecastValue, scored_days
from jobs.forecast_value_scores import score_forecasts, score_overrides
from jobs.override_scope import Scope
from jobs.views.forecast_value_leaderboard import PATTERN_LABELS
from jobs.views.lines import tags

ValueBy = Literal["author", "category", "pattern", "level"]

VALUE_BY: dict[ValueBy, str] = {
    "author": "Planner",
    "category": "Category",
    "pattern": "Pattern",
    "level": "Level",
}
"""What forecast value added can be summed by, in planners' words."""

LEVEL_LABELS = {
    "item_location": "Item at a location",
    "item_region": "Item in a region",
    "item": "Item",
    "category_location": "Category at a location",
    "category_region": "Category in a region",
    "category": "Category",
    "location": "Location",
    "region": "Region",
    "all": "Everything",
}

VERDICT_LABELS = {
    "improved": "Improved it",
    "unclear": "Unclear",
    "worse": "Made it worse",
    "unscored": "Not yet scored",
}

STATE_LABELS = {"active": "Active", "ended": "Ended", "retired": "Retired"}


@dataclass(frozen=True)
class ForecastWanted:
    """What a planner narrowed the page to; empty means all."""

    categories: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """One card of the page."""

    name: str
    value: float
    unit: Literal["share", "points"]
    """points: a difference of shares."""
    note: str
    verdict: Literal["good", "bad", "neutral"] = "neutral"
    history: tuple[float, ...] = ()
    """The same figure week by week, oldest first."""
    help: str = ""


def narrow(value: ForecastValue, wanted: ForecastWanted) -> ForecastValue:
    """Return what was judged of some categories and locations."""
    return replace(value, cells=_of(value.cells, wanted), effects=_of(value.effects, wanted))


def narrow_scores(scores: pd.DataFrame, wanted: ForecastWanted) -> pd.DataFrame:
    """Return backtests of some categories and locations."""
    return _of(scores, wanted)


def _of(frame: pd.DataFrame, wanted: ForecastWanted) -> pd.DataFrame:
    for column, chosen in (("category", wanted.categories), ("location", wanted.locations)):
        if chosen:
            frame = frame[frame[column].isin(list(chosen))]
    return frame


def weekly(value: ForecastValue) -> pd.DataFrame:
    """Return realised accuracy by week from Monday: `week` and the columns of `score_forecasts`."""
    if value.cells.empty:
        return pd.DataFrame(columns=["week"])
    date = value.cells["date"]
    scores = score_forecasts(value.cells, date - pd.to_timedelta(date.dt.day_of_week, unit="D"))
    return scores.rename(columns={"group": "week"})


def figures(value: ForecastValue, money: str) -> list[Figure]:
    """Return the cards of what was judged; `money` is the currency's symbol.

    Empty without a judged day: `backtest_figures` then says what was promised.
    """
    if value.cells.empty:
        return []
    total, weeks = score_forecasts(value.cells).iloc[0], weekly(value)
    demand = float(total["demand"])
    gain, saved = float(value.effects["gain"].sum()), float(value.effects["money"].sum())
    changed = value.effects["override"].nunique()
    by_week = _gain_by_week(value, weeks)
    return [
        _error_figure(
            float(total["wape_final"]),
            float(total["wape_naive"]),
            tuple(weeks["wape_final"].dropna()),
            "Sum of |forecast − demand| over demand, of the final forecast, by line and period",
        ),
        _bias_figure(float(total["bias_final"]), tuple(weeks["bias_final"].dropna())),
        Figure(
            "80 % range held",
            float(total["coverage"]),
            "share",
            "of demand with stock; 80 % is right",
            "good" if 0.75 <= total["coverage"] <= 0.85 else "neutral",
            tuple(weeks["coverage"].dropna()),
            "Share of line-periods with stock whose sales lay between the forecast's 10 % and 90 % quantiles",
        ),
        Figure(
            "Planners' value added",
            gain / demand if demand > 0 and changed else float("nan"),
            "points",
            f"{money}{abs(saved):,.0f} of error {'added' if saved < 0 else 'saved'}, {changed} override"
            f"{'' if changed == 1 else 's'}"
            if changed
            else "no override has been scored",
            "neutral" if not changed or gain == 0 else "good" if gain > 0 else "bad",
            by_week if changed else (),
            "Error of the statistical forecast minus error of the final forecast, over all demand; money is "
            "error at unit cost",
        ),
    ]


def backtest_figures(lake: Lake, run: Run, lines: pd.DataFrame) -> list[Figure]:
    """Return the cards of a first run: what the backtest promises, weighted by demand."""
    models = read_run_table(
        lake, run, "series_models", columns=["sku", "location", "wape", "bias", "wape_naive"]
    )
    demand = lines.drop_duplicates(["sku", "location"])[["sku", "location", "expected_demand_daily"]]
    frame = models.merge(demand, on=["sku", "location"])
    weight = frame["expected_demand_daily"].clip(lower=0).fillna(0.0)
    unknown = float("nan")

    def mean(name: str) -> float:
        known = frame[name].notna() & (weight > 0)
        return (
            float(np.average(frame.loc[known, name], weights=weight[known])) if known.any() else float("nan")
        )

    return [
        _error_figure(mean("wape"), mean("wape_naive"), (), "Of the backtest: each line's chosen model"),
        _bias_figure(mean("bias"), ()),
        Figure("80 % range held", unknown, "share", "known once planned days have passed"),
        Figure("Planners' value added", unknown, "points", "known once overridden days have passed"),
    ]


def _error_figure(wape: float, naive: float, history: tuple[float, ...], words: str) -> Figure:
    better = naive > wape
    note = f"seasonal naive {naive:.1%}" if naive == naive else "seasonal naive unknown"
    return Figure("Error (WAPE)", wape, "share", note, "good" if better else "bad", history, words)


def _bias_figure(bias: float, history: tuple[float, ...]) -> Figure:
    if bias != bias:
        return Figure("Bias", bias, "share", "unknown")
    direction = "too low" if bias < 0 else "too high"
    note = "nearly none" if abs(bias) < 0.02 else f"forecasts were {direction}"
    verdict: Literal["good", "bad", "neutral"] = "good" if abs(bias) < 0.05 else "bad"
    words = "Forecast minus demand, over demand: below 0 the forecasts were too low"
    return Figure("Bias", bias, "share", note, verdict, history, words)


def _gain_by_week(value: ForecastValue, weeks: pd.DataFrame) -> tuple[float, ...]:
    date = value.effects["date"]
    if date.empty:
        return ()
    gain = value.effects["gain"].groupby(date - pd.to_timedelta(date.dt.day_of_week, unit="D")).sum()
    share = gain.reindex(weeks["week"]).fillna(0.0).to_numpy() / weeks["demand"].to_numpy()
    return tuple(float(points) for points in share if np.isfinite(points))


def value_by(value: ForecastValue, by: ValueBy) -> pd.DataFrame:
    """Return forecast value added by planner or segment, largest first: `jobs.forecast_value_scores.SCORES`.

    The range is over overrides: how the same planner's next ones may do.
    """
    scores = score_overrides(value.effects, by, cluster="override")
    labels = {"pattern": PATTERN_LABELS, "level": LEVEL_LABELS}.get(by)
    return scores if labels is None else scores.assign(group=scores["group"].map(labels))


OVERRIDES = (
    "override",
    "verdict",
    "state",
    "verdict_label",
    "state_label",
    "what",
    "days_text",
    "change",
    "author",
    "reason",
    "gain",
    "low",
    "high",
    "range_text",
    "money",
    "points",
    "bias_before",
    "bias_after",
)


def override_list(
    value: ForecastValue,
    overrides: pd.DataFrame,
    products: Mapping[str, str],
    locations: Mapping[str, str],
) -> pd.DataFrame:
    """Return every override with its score, the one that cost most first, those not scored yet last.

    Parameters
    ----------
    value : what was judged
    overrides : `jobs.override_fold.all_overrides`
    products, locations : names by code
    """
    scores = score_overrides(value.effects, "override", cluster="date").rename(columns={"group": "override"})
    frame = overrides.merge(
        scores.drop(columns=["overrides", "days", "demand", "before", "after"]), on="override", how="left"
    )
    frame["verdict"] = frame["verdict"].fillna("unscored")
    frame = frame.assign(
        verdict_label=tags(frame["verdict"].map(VERDICT_LABELS)),
        state_label=tags(frame["state"].map(STATE_LABELS)),
        what=[_what(Scope.of(row), products, locations) for row in frame.to_dict("records")],
        days_text=[
            span(first, last) for first, last in zip(frame["from_date"], frame["to_date"], strict=True)
        ],
        change=frame["factor"] - 1,
        range_text=[_range(low, high) for low, high in zip(frame["low"], frame["high"], strict=True)],
    )
    return frame.sort_values(["gain", "created_at"], na_position="last", kind="stable", ignore_index=True)[
        list(OVERRIDES)
    ]


def harmful(overrides: pd.DataFrame) -> dict[str, str]:
    """Return the active overrides that made the forecast worse beyond doubt, each with its reason to retire.

    Parameters
    ----------
    overrides : `override_list`
    """
    bad = overrides[(overrides["verdict"] == "worse") & (overrides["state"] == "active")]
    return {row["override"]: retire_reason(row) for row in bad.to_dict("records")}


def retire_reason(row: Mapping[Any, Any]) -> str:
    """Say why an override is retired: its score, where it has one."""
    if row["verdict"] == "unscored":
        return "Retired before it was scored"
    low, high = row["low"], row["high"]
    spread = f" (80 % range {low:+,.0f} to {high:+,.0f})" if low == low else ""
    return f"Forecast value added so far {row['gain']:+,.0f} units{spread}"


def days_in_words(value: ForecastValue) -> str:
    """Say which days and how many earlier plans were looked back on."""
    days = scored_days(value)
    if days is None:
        return ""
    plans = value.cells["run"].nunique()
    lag = value.cells["lag_days"].median()
    return (
        f"{span(*map(pd.Timestamp, days))}, from {plans} earlier plan{'' if plans == 1 else 's'}; "
        f"forecast {lag:,.0f} days ahead (median)"
    )


def _what(scope: Scope, products: Mapping[str, str], locations: Mapping[str, str]) -> str:
    product = products.get(scope.sku, scope.sku) or scope.category or "All products"
    place = locations.get(scope.location, scope.location) or scope.region or "all locations"
    return f"{product} · {place}"


def _range(low: float, high: float) -> str:
    return f"{low:+,.0f} … {high:+,.0f}".replace("-", "−") if low == low else ""


def span(first: dt.date, last: dt.date) -> str:
    """Write the first and the last day of a season: 4 – 17 Dec."""
    if first == last:
        return f"{last.day} {last:%b}"
    start = (
        f"{first.day}" if (first.year, first.month) == (last.year, last.month) else f"{first.day} {first:%b}"
    )
    return f"{start} – {last.day} {last:%b}"
