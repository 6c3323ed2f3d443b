"""Chart of Orders: what each amount of cash brings."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from app import columns
from app.charts import figure
from app.theme import Palette


def money_of_cash(
    points: pd.DataFrame, spent: float, kept: float, colors: Palette, currency: str, *, height: int = 250
) -> go.Figure:
    """Draw expected money over cash, best use first; the part that a budget buys is filled.

    Parameters
    ----------
    points : DataFrame
        cash, money: cumulative, from 0 [money].
    spent, kept : float
        Where the budget cuts the list [money].
    """
    bought = points[points["cash"] <= spent * (1 + 1e-9)]
    x, y = [*bought["cash"], spent], [*bought["money"], kept]
    sign = columns.symbol(currency)
    hover = f"{sign}%{{x:,.0f}} of cash: {sign}%{{y:,.0f}} expected<extra></extra>"
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "All that is proposed",
            "x": points["cash"],
            "y": points["money"],
            "line": {"color": colors.muted, "width": 1.6, "dash": "dot"},
            "hovertemplate": hover,
        },
        {
            "type": "scatter",
            "mode": "lines",
            "name": "Within the budget",
            "x": x,
            "y": y,
            "line": {"color": colors.ordered, "width": 2.6},
            "fill": "tozeroy",
            "fillcolor": colors.band,
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "name": "Cut line",
            "x": [spent],
            "y": [kept],
            "marker": {"color": colors.changed, "size": 11},
            "hovertemplate": hover,
        },
    ]
    cut = {"type": "line", "x0": spent, "x1": spent, "yref": "paper", "y0": 0, "y1": 1}
    return figure(
        traces,
        colors,
        height=height,
        hovermode="closest",
        shapes=[{**cut, "line": {"color": colors.changed, "width": 1.4, "dash": "dash"}}],
        xaxis={"title": f"cash ({currency})", "rangemode": "tozero", "separatethousands": True},
        yaxis={"title": f"expected money ({currency})", "rangemode": "tozero"},
    )
