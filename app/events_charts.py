"""Charts of the Events page."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import plotly.graph_objects as go

from app.charts import figure
from app.theme import Palette

HOUR_MS = 3_600_000


def by_hour(counts: pd.DataFrame, limits: tuple[datetime, datetime], colors: Palette) -> go.Figure:
    """Draw how many events came each hour, by family.

    Parameters
    ----------
    counts : DataFrame
        hour [UTC], family, count.
    limits : (datetime, datetime)
        First and last instant shown.
    colors : Palette
    """
    by_family = {
        "Stock": colors.stock,
        "Sales": colors.forecast,
        "Orders": colors.ordered,
        "People": colors.changed,
    }
    traces = []
    for family, color in by_family.items():
        mine = counts[counts["family"] == family]
        if len(mine):
            traces.append(
                {
                    "type": "bar",
                    "name": family,
                    "x": mine["hour"],
                    "y": mine["count"],
                    "width": HOUR_MS,
                    "offset": 0,
                    "marker": {"color": color},
                    "hovertemplate": "%{y:,.0f}",
                }
            )
    return figure(
        traces,
        colors,
        height=220,
        barmode="stack",
        bargap=0.15,
        xaxis={"hoverformat": "%a %d %b %H:00 UTC", "range": limits},
        yaxis={"title": "events an hour", "rangemode": "tozero"},
    )
