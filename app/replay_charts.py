"""Charts of the Replay page."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from app import columns
from app.charts import figure
from app.theme import Palette

ROW = 34
"""Pixels of a bar and its name."""


def cumulative(weeks: pd.DataFrame, theirs: str, colors: Palette, currency: str) -> go.Figure:
    """Draw what both policies cost since the first day [money].

    Parameters
    ----------
    weeks : date, theirs, ours
    theirs : what the other policy is called
    """
    symbol = columns.symbol(currency)
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": weeks["date"],
            "y": weeks[column],
            "line": {"color": color, "width": 2.4, "dash": dash},
            "hovertemplate": f"{symbol}%{{y:,.0f}}",
        }
        for column, name, color, dash in (
            ("theirs", theirs, colors.past, "dot"),
            ("ours", "Shelfcast", colors.forecast, "solid"),
        )
    ]
    return figure(
        traces,
        colors,
        height=300,
        yaxis={"title": f"cost since the first day, {currency}", "rangemode": "tozero", "tickformat": ",.0f"},
        xaxis={"hoverformat": "Until %-d %b %Y"},
    )


def saved(groups: pd.DataFrame, colors: Palette, currency: str) -> go.Figure:
    """Draw what each group would have saved [money], most first; red where it would have cost more."""
    rows = groups.iloc[::-1]
    symbol = columns.symbol(currency)
    trace = {
        "type": "bar",
        "orientation": "h",
        "y": rows["group"],
        "x": rows["saved"],
        "marker": {"color": [colors.good if money >= 0 else colors.bad for money in rows["saved"]]},
        "hovertemplate": f"{symbol}%{{x:,.0f}}<extra></extra>",
    }
    return figure(
        [trace],
        colors,
        height=64 + ROW * len(rows),
        showlegend=False,
        hovermode="closest",
        xaxis={
            "title": f"saved, {currency}",
            "showgrid": True,
            "zeroline": True,
            "zerolinecolor": colors.muted,
            "nticks": 6,
            "tickformat": ",.0f",
        },
        yaxis={"showgrid": False, "tickfont": {"color": colors.text, "size": 13}},
    )
