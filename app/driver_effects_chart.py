"""Dots with their ranges: what promotions, prices and events do."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts import figure
from app.theme import Palette

ROW = 30
"""Pixels of a dot and its name."""


def dots(effects: pd.DataFrame, colors: Palette) -> go.Figure:
    """Draw relative changes of demand, each with its 80 % range; one colour a group.

    Parameters
    ----------
    effects : DataFrame
        label, group, uplift, low, high [share]; in the order in which they are listed from the top.
    """
    labels = list(dict.fromkeys(effects["label"]))
    groups = list(dict.fromkeys(effects["group"]))
    traces = [
        _trace(group, effects[effects["group"] == group], color)
        for group, color in zip(groups, _colors(colors, len(groups)), strict=True)
    ]
    return figure(
        traces,
        colors,
        height=round(84 + ROW * len(labels) * (0.6 + 0.4 * len(groups))),
        showlegend=len(groups) > 1,
        hovermode="closest",
        scattermode="group",
        scattergap=0.4,
        xaxis={
            "title": "change of demand",
            "tickformat": ".0%",
            "showgrid": True,
            "zeroline": True,
            "zerolinecolor": colors.muted,
            "nticks": 5,
        },
        yaxis={
            "showgrid": False,
            "categoryorder": "array",
            "categoryarray": labels[::-1],
            "range": [-0.6, len(labels) - 0.4],
            "tickfont": {"color": colors.text, "size": 13},
        },
    )


def _colors(colors: Palette, count: int) -> list[str]:
    return [colors.colorway[place % len(colors.colorway)] for place in range(count)]


def _trace(group: str, rows: pd.DataFrame, color: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "orientation": "h",
        "mode": "markers",
        "name": group,
        "offsetgroup": group,
        "x": rows["uplift"],
        "y": rows["label"],
        "customdata": rows[["low", "high"]].to_numpy(),
        "marker": {"color": color, "size": 10},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": rows["high"] - rows["uplift"],
            "arrayminus": rows["uplift"] - rows["low"],
            "color": color,
            "thickness": 2.0,
            "width": 4,
        },
        "hovertemplate": f"{group}: %{{y}}<br>%{{x:+.0%}}, 80 % range %{{customdata[0]:+.0%}} … "
        "%{customdata[1]:+.0%}<extra></extra>",
    }
