"""Charts of Forecast & value."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from app.charts import figure
from app.theme import Palette

ROW = 38
"""Pixels of a bar and its name."""


def realised(weeks: pd.DataFrame, colors: Palette, *, height: int) -> go.Figure:
    """Draw the realised error [share of demand] of naive, statistical and final forecast by week.

    Parameters
    ----------
    weeks : DataFrame
        week, wape_naive, wape_statistical, wape_final.
    """
    names = {
        "wape_naive": ("Seasonal naive", colors.past, "dot"),
        "wape_statistical": ("Statistical", colors.forecast, "dash"),
        "wape_final": ("Final", colors.changed, "solid"),
    }
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": weeks["week"],
            "y": weeks[column],
            "line": {"color": color, "dash": dash, "width": 2.2},
            "marker": {"color": color, "size": 7},
            "hovertemplate": "%{y:.1%}",
        }
        for column, (name, color, dash) in names.items()
    ]
    return figure(
        traces,
        colors,
        height=height,
        yaxis={"tickformat": ".0%", "rangemode": "tozero"},
        xaxis={"tickvals": weeks["week"], "tickformat": "%-d %b", "hoverformat": "Week of %-d %b"},
    )


def value_added(scores: pd.DataFrame, colors: Palette) -> go.Figure:
    """Draw forecast value added of each group [units], with its 80 % range where one is known.

    Parameters
    ----------
    scores : DataFrame
        group, gain, low, high [each], best first.
    """
    rows = scores.iloc[::-1]
    trace = {
        "type": "bar",
        "orientation": "h",
        "y": rows["group"],
        "x": rows["gain"],
        "marker": {"color": [colors.good if gain >= 0 else colors.bad for gain in rows["gain"]]},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": (rows["high"] - rows["gain"]).clip(lower=0),
            "arrayminus": (rows["gain"] - rows["low"]).clip(lower=0),
            "color": colors.text,
            "thickness": 1.4,
            "width": 5,
        },
        "hovertemplate": "%{x:,.0f} units<extra></extra>",
    }
    return figure(
        [trace],
        colors,
        height=64 + ROW * len(rows),
        showlegend=False,
        hovermode="closest",
        xaxis={
            "title": "units of error saved",
            "showgrid": True,
            "zeroline": True,
            "zerolinecolor": colors.muted,
            "nticks": 5,
        },
        yaxis={"showgrid": False, "tickfont": {"color": colors.text, "size": 13}},
    )
