"""Chart of Expiry: money by week."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app import columns
from app.charts import figure
from app.expiry_data import OTHER
from app.theme import LIGHT, Palette

LABELLED = 0.07
"""A part of a bar is labelled if it is at least this share of the highest one."""

HEADROOM = 1.16
"""Height of the chart over its highest range, so that the figure above that has room."""


def by_week(
    weeks: pd.DataFrame, totals: pd.DataFrame, colors: Palette, currency: str, *, height: int = 300
) -> go.Figure:
    """Draw the expected write-off of each week [money], stacked by group, with the 80 % range of its total.

    Parameters
    ----------
    weeks : DataFrame
        week, group, money; groups in the order of the stack.
    totals : DataFrame
        week, money, low, high.
    """
    highest = float(totals["money"].max())
    x = [columns.short_day(week) for week in totals["week"]]
    inside = "#FFFFFF" if colors is LIGHT else "#0A121C"
    palette = [*colors.colorway[:5], colors.good, colors.past]
    traces: list[dict[str, Any]] = []
    for place, (group, rows) in enumerate(weeks.groupby("group", sort=False)):
        by_week = dict(zip(rows["week"], rows["money"], strict=True))
        values = [float(by_week.get(week, 0.0)) for week in totals["week"]]
        color = colors.past if group == OTHER else palette[place % len(palette)]
        traces.append(
            {
                "type": "bar",
                "name": str(group),
                "x": x,
                "y": values,
                "marker": {"color": color},
                "text": [str(group) if value >= LABELLED * highest else "" for value in values],
                "textposition": "inside",
                "insidetextanchor": "middle",
                "textangle": 0,
                "insidetextfont": {"color": inside, "size": 12},
                "hovertemplate": "%{fullData.name}: %{y:,.0f}<extra></extra>",
            }
        )
    traces.append(
        {
            "type": "scatter",
            "mode": "text",
            "x": x,
            "y": totals["high"],
            "text": [f"<b>{columns.money(value, currency)}</b>" for value in totals["money"]],
            "textposition": "top center",
            "textfont": {"color": colors.text, "size": 13},
            "showlegend": False,
            "hoverinfo": "skip",
            "cliponaxis": False,
        }
    )
    traces.append(
        {
            "type": "scatter",
            "mode": "markers",
            "name": "80 % range",
            "x": x,
            "y": totals["money"],
            "marker": {"size": 0.1, "color": colors.text},
            "error_y": {
                "type": "data",
                "symmetric": False,
                "array": totals["high"] - totals["money"],
                "arrayminus": totals["money"] - totals["low"],
                "color": colors.text,
                "thickness": 1.4,
                "width": 6,
            },
            "hoverinfo": "skip",
            "showlegend": False,
        }
    )
    return figure(
        traces,
        colors,
        height=height,
        barmode="stack",
        bargap=0.25,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        showlegend=len(set(weeks["group"])) > 1,
        uniformtext={"minsize": 11, "mode": "hide"},
        xaxis={"type": "category", "title": "week from Monday", "tickangle": 0},
        yaxis={
            "title": "written off, at cost",
            "range": [0, HEADROOM * float(totals["high"].max())],
            "nticks": 5,
        },
    )
