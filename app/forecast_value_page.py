"""The parts of Forecast & value: filters, cards, charts, the leaderboard and the list of overrides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pandas as pd
import streamlit as st

from app import (
    acts,
    address,
    charts,
    columns,
    data,
    filters,
    forecast_value_charts,
    forecast_value_data,
    shell,
    states,
    tables,
)
from app.forecast_value_data import ForecastFigure, ForecastValue, ForecastWanted, Segment, ValueBy
from app.theme import Palette

MOST_ROWS = 12
VERDICT_COLORS = {"Improved it": "green", "Unclear": "gray", "Made it worse": "red", "Not yet scored": "blue"}
STATE_COLORS = {"Active": "orange", "Ended": "gray", "Retired": "violet"}
_DELTA_COLORS: dict[str, Any] = {"good": "green", "bad": "red", "neutral": "gray"}


def pick() -> ForecastWanted:
    """Show the filters and return what is chosen; it is in the URL."""
    left, right = st.columns(2)
    with left:
        categories = filters.categories(labelled=False)
    with right:
        locations = filters.locations(labelled=False)
    return ForecastWanted(categories, locations)


def cards(figures: list[ForecastFigure]) -> None:
    """Show one card a figure; the sparkline is week by week."""
    with_history = any(len(figure.history) > 1 for figure in figures)
    for place, figure in zip(st.columns(len(figures)), figures, strict=True):
        place.metric(
            figure.name,
            _written(figure),
            delta=figure.note,
            delta_color=_DELTA_COLORS[figure.verdict],
            delta_arrow="off",
            chart_data=list(figure.history) if len(figure.history) > 1 else None,
            chart_type="line",
            border=True,
            help=figure.help or None,
            height="stretch" if with_history else "content",
        )


def _written(figure: ForecastFigure) -> str:
    if figure.value != figure.value:
        return columns.UNKNOWN
    if figure.unit == "points":
        return columns.points(figure.value)
    sign = figure.name == "Bias"
    return columns.signed_share(figure.value) if sign else columns.share(figure.value)


def realised(value: ForecastValue, colors: Palette) -> None:
    """Show realised accuracy week by week, or why there is none."""
    if value.cells.empty:
        st.info(
            "**Nothing to look back on yet.** Forecasts are judged when planned days have passed and their "
            "sales are imported. Until then the cards show the backtest.",
            icon=":material/hourglass_empty:",
        )
        return
    weeks = forecast_value_data.weekly(value)
    last = weeks.iloc[-1]
    st.plotly_chart(
        forecast_value_charts.realised(weeks, colors, height=236),
        key="realised",
        config=charts.CONFIG,
        alt=f"Realised error by week; in the last week final forecast {last['wape_final']:.0%}, "
        f"statistical {last['wape_statistical']:.0%}, seasonal naive {last['wape_naive']:.0%} of demand",
    )


def planners(value: ForecastValue, overrides: pd.DataFrame, colors: Palette) -> None:
    """Show who improved the forecast, and retire with one click what made it worse."""
    if value.effects.empty:
        _no_override(value, overrides)
        return
    scores = forecast_value_data.value_by(value, "author")
    st.plotly_chart(
        forecast_value_charts.value_added(scores, colors),
        key="planners",
        config=charts.CONFIG,
        alt="Forecast value added by planner in units of error saved: " + _in_words(scores),
    )
    bad = forecast_value_data.harmful(overrides)
    if not bad:
        st.caption("No active override made the forecast worse beyond doubt.")
        return
    what = "the override" if len(bad) == 1 else f"the {len(bad)} overrides"
    if st.button(f"Retire {what} that made it worse", key="retire_harmful", icon=":material/delete_sweep:"):
        _retire(bad)


def _no_override(value: ForecastValue, overrides: pd.DataFrame) -> None:
    if overrides.empty:
        st.info(
            "**No override yet.** Change a forecast on the page *Item*, or that of a category, a region, a "
            "location or everything below; its value is scored here once its days have passed.",
            icon=":material/edit_note:",
        )
    elif value.cells.empty:
        st.info(
            "**Overrides are not scored yet:** none of their days has passed.", icon=":material/schedule:"
        )
    else:
        st.info("No override changed a forecast that is judged here.", icon=":material/schedule:")


def _retire(reasons: dict[str, str]) -> None:
    done = states.guarded(lambda: acts.retire_many(reasons))
    if done is not None:
        them = "it" if len(done) == 1 else "them"
        shell.notify(f"{columns.count(len(done), 'override')} retired. The next plan leaves {them} out.")
        st.rerun()


def winners(board: pd.DataFrame) -> None:
    """Show the best model of each segment in a narrow table."""
    best = forecast_value_data.winners(board)
    if best.empty:
        st.info("Too little history for a backtest of any line.", icon=":material/hourglass_empty:")
        return
    st.dataframe(
        data.in_per_cent(best),
        key="winners",
        hide_index=True,
        height=tables.height(best, 6),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=["segment", "model", "pinball_gain", "won"],
        column_config={
            "segment": columns.text("Segment", width=88),
            "model": columns.text("Best model", width=130),
            "pinball_gain": columns.whole_per_cent("Saves", width=58, help=_SAVES),
            "won": columns.whole_per_cent("Wins on", width=70, help=_WINS),
        },
        alt="Best model of each segment, what it saves of seasonal naive's loss, on how many lines it wins",
    )


_SAVES = "Share of seasonal naive's pinball loss over the protection period that the model saves"
_WINS = "Share of lines on which the model's pinball loss is below seasonal naive's"


def board(frame: pd.DataFrame) -> None:
    """Show every model in every segment."""
    known = frame["coverage"].notna().any()
    st.dataframe(
        data.in_per_cent(frame),
        key="board",
        hide_index=True,
        height=tables.height(frame, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=[
            "segment",
            "model",
            "pinball_gain",
            "won",
            "chosen",
            "wape_gain",
            "rmsse_gain",
            "bias",
            *(["coverage"] if known else []),
            "series",
        ],
        column_config={
            "segment": columns.text("Segment", width=88),
            "model": columns.text("Model", width=160),
            "pinball_gain": columns.whole_per_cent("Loss saved", width=86, help=_SAVES),
            "won": columns.whole_per_cent("Wins on", width=70, help=_WINS),
            "chosen": columns.whole_per_cent("Chosen", width=66, help="Share of lines that it forecasts"),
            "wape_gain": columns.whole_per_cent("WAPE saved", width=92, help="Of seasonal naive's WAPE"),
            "rmsse_gain": columns.whole_per_cent("RMSSE saved", width=98, help="Of seasonal naive's RMSSE"),
            "bias": columns.whole_per_cent("Bias", width=56, help="Forecast minus actual, over actual"),
            "coverage": columns.whole_per_cent("80 % range", width=80),
            "series": columns.quantity("Lines", width=58),
        },
        alt="Every model against seasonal naive in every segment: lines, wins, share of loss saved, bias",
    )
    st.caption(
        "In the backtest. Saved: share of seasonal naive's own error that the model saves; loss is pinball "
        "loss over the protection period. Wins on: share of lines with less loss than seasonal naive."
    )


def by_horizon(frame: pd.DataFrame) -> None:
    """Show the backtest of the forecast in use by pattern and periods ahead."""
    if frame.empty:
        states.nothing_here("No backtest of this plan tells how far ahead its forecast holds.")
        return
    unit = data.period_word()
    st.dataframe(
        data.in_per_cent(frame),
        key="by_horizon",
        hide_index=True,
        height=tables.height(frame, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_config={
            "pattern": columns.text("Pattern", width=92),
            "horizon": columns.text(f"{unit.capitalize()}s ahead", width=84),
            "wape": columns.whole_per_cent("WAPE", width=60, help=f"Of single {unit}s, units pooled"),
            "saved": columns.whole_per_cent("Saves", width=58, help=_SAVES),
            "bias": columns.whole_per_cent("Bias", width=54, help="Forecast minus actual, over actual"),
            "coverage": columns.whole_per_cent(
                "80 % range", width=86, help=f"Share of single {unit}s inside the 80 % range"
            ),
            "series": columns.quantity("Lines", width=66),
        },
        alt="Backtest error, loss saved and range held by pattern and periods ahead",
    )


def segment(place: Any) -> Segment:
    """Let the planner choose what the leaderboard is split by."""
    return cast("Segment", _choice(place, "segment", "Split models by", forecast_value_data.SEGMENTS))


def value_segment(place: Any) -> ValueBy:
    """Let the planner choose what value added is summed by."""
    return cast(
        "ValueBy",
        _choice(place, "value_by", "Sum overrides by", forecast_value_data.VALUE_BY, default="category"),
    )


def _choice(place: Any, key: str, label: str, options: Mapping[Any, str], default: str = "") -> str:
    address.seed_one(key, options, default or next(iter(options)))
    chosen: str = place.selectbox(
        label, list(options), format_func=options.get, key=key, label_visibility="collapsed"
    )
    address.keep(key, chosen)
    return chosen


def by_segment(value: ForecastValue, by: ValueBy, colors: Palette) -> None:
    """Show forecast value added by segment."""
    scores = forecast_value_data.value_by(value, by)
    if scores.empty:
        states.nothing_here("No override has been scored.")
        return
    st.plotly_chart(
        forecast_value_charts.value_added(scores, colors),
        key="by_segment",
        config=charts.CONFIG,
        alt=f"Forecast value added by {forecast_value_data.VALUE_BY[by].lower()}: " + _in_words(scores),
    )


def overrides(frame: pd.DataFrame, currency: str) -> None:
    """Show every override with its score; retire the selected ones, or make retired ones again."""
    if frame.empty:
        states.nothing_here("Nobody has changed a forecast yet.")
        return
    event = st.dataframe(
        data.in_per_cent(frame),
        key=f"overrides-{data.fingerprint(frame, 'override')}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=tables.height(frame, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=[
            "verdict_label",
            "state_label",
            "what",
            "days_text",
            "change",
            "author",
            "gain",
            "range_text",
            "money",
            "reason",
        ],
        column_config={
            "verdict_label": columns.tag("Verdict", VERDICT_COLORS, width=118),
            "state_label": columns.tag("State", STATE_COLORS, width=76),
            "what": columns.text("What", width=240),
            "days_text": columns.text("Days", width=100),
            "change": columns.whole_per_cent("Change", width=64),
            "author": columns.text("Planner", width=98),
            "gain": columns.quantity("Units saved", width=84, help="Forecast value added so far"),
            "range_text": columns.text("80 % range", width=112, help="Resampling its days"),
            "money": columns.amount("At cost", currency, width=70),
            "reason": columns.text("Reason", width=196),
        },
        alt="Overrides, the one that cost most first: verdict, state, what, days, change, value added",
    )
    rows = list(event.selection.rows)
    active = forecast_value_data.retire_reasons(frame, rows, "active")
    retired = forecast_value_data.retire_reasons(frame, rows, "retired")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            f"Retire {len(active)} selected",
            key="retire_selected",
            icon=":material/delete:",
            disabled=not active,
        ):
            _retire(active)
        if st.button(
            f"Make {len(retired)} again", key="remake_selected", icon=":material/undo:", disabled=not retired
        ):
            made = states.guarded(lambda: acts.remake(list(retired)))
            if made is not None:
                shell.notify(f"{columns.count(len(made), 'override')} made again. The next plan uses them.")
                st.rerun()
        st.caption("Select rows: an active override can be retired, a retired one made again.")


def _in_words(scores: pd.DataFrame) -> str:
    return "; ".join(
        f"{row['group']} {row['gain']:+,.0f} of {columns.count(row['overrides'], 'override')}"
        for row in scores.to_dict("records")
    )
