"""Charts of the Suppliers page."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts import figure
from app.theme import Palette


def lead_times(days: pd.DataFrame, row: dict[str, Any], colors: Palette) -> go.Figure:
    """Draw measured lead times as bars, what is planned with as a line, and the promise.

    Parameters
    ----------
    days : DataFrame
        day, measured [share], planned [chance].
    row : mapping
        promised_lead_time [days].
    """
    promise = float(row["promised_lead_time"])
    traces = [
        {
            "type": "bar",
            "name": "Order lines",
            "x": days["day"],
            "y": days["measured"],
            "marker": {"color": colors.past, "opacity": 0.75},
            "hovertemplate": "%{y:.0%}",
        },
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": "Planned with",
            "x": days["day"],
            "y": days["planned"],
            "line": {"color": colors.forecast, "width": 2.2},
            "marker": {"color": colors.forecast, "size": 5},
            "hovertemplate": "%{y:.0%}",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "name": "Promised",
            "x": [promise, promise],
            "y": [0.0, float(days[["measured", "planned"]].max().max())],
            "line": {"color": colors.bad, "width": 2, "dash": "dash"},
            "hoverinfo": "skip",
        },
    ]
    return figure(
        traces,
        colors,
        height=300,
        bargap=0.15,
        xaxis={"title": "days from order to arrival", "hoverformat": ".0f", "tickformat": "d", "nticks": 14},
        yaxis={"tickformat": ".0%", "rangemode": "tozero"},
    )
