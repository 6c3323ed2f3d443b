"""What sold and what would have, as a figure."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from app import charts
from app.theme import Palette


def behind_stockouts(periods: pd.DataFrame, colors: Palette) -> go.Figure:
    """Draw what sold as bars, the demand estimated behind it with its 80 % range, and corrections.

    Parameters
    ----------
    periods : DataFrame
        date, sold, estimate, low, high, corrected [each/period]; corrected is null where it is not.
    """
    # One after the other: stockouts come in runs, which a calendar axis would squeeze into lines.
    periods = periods.sort_values("date").assign(date=lambda rows: rows["date"].dt.strftime("%d %b %Y"))
    short = periods[periods["in_stock"] < 1.0]
    known = periods[periods["corrected"].notna()]
    traces = [
        {
            "type": "bar",
            "name": "Sold",
            "x": periods["date"],
            "y": periods["sold"],
            "marker": {"color": colors.past},
            "hovertemplate": "%{y:,.0f}",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "name": "Demand, 80 % range",
            "x": short["date"],
            "y": short["estimate"],
            "error_y": {
                "type": "data",
                "symmetric": False,
                "array": short["high"] - short["estimate"],
                "arrayminus": short["estimate"] - short["low"],
                "color": colors.bad,
                "thickness": 1.2,
                "width": 2,
            },
            "marker": {"color": colors.bad, "size": 7, "symbol": "circle-open"},
            "hovertemplate": "%{y:,.0f}",
        },
    ]
    if len(known):
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "Corrected",
                "x": known["date"],
                "y": known["corrected"],
                "marker": {"color": colors.changed, "size": 9, "symbol": "diamond"},
                "hovertemplate": "%{y:,.0f}",
            }
        )
    return charts.figure(
        traces,
        colors,
        height=260,
        xaxis={"type": "category", "categoryorder": "array", "categoryarray": periods["date"], "nticks": 6},
        yaxis={"title": "units", "rangemode": "tozero"},
    )
