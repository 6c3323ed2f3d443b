"""Service against cash: the chart of the Scenarios page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from app.charts import figure
from app.scenarios_data import Frontier
from app.theme import Palette

Point = tuple[str, float, float]
"""Name, cash in stock [money], fill rate [share]."""

_SHOWN_TARGETS = (0.9, 0.95, 0.98, 0.99)


def frontier_chart(
    found: Frontier | None, points: Sequence[Point], colors: Palette, symbol: str
) -> go.Figure:
    """Draw expected fill over cash in stock: two frontiers, the plan and the scenarios as points."""
    traces: list[dict[str, Any]] = []
    if found is not None:
        uniform = found.uniform
        labels = [f"{target:.0%}" if target in _SHOWN_TARGETS else "" for target in uniform["target"]]
        hover = [f"fill target {target:.1%}" for target in uniform["target"]]
        traces += [
            {
                "type": "scatter",
                "mode": "lines",
                "name": "Cheapest mix of targets",
                "x": found.mix["cash"],
                "y": found.mix["fill"],
                "line": {"color": colors.ordered, "width": 2, "dash": "dot"},
                "hovertemplate": "%{y:.1%} for " + symbol + "%{x:,.0f}<extra>cheapest mix</extra>",
            },
            {
                "type": "scatter",
                "mode": "lines+markers+text",
                "name": "Same target everywhere",
                "x": uniform["cash"],
                "y": uniform["fill"],
                "text": labels,
                "textposition": "bottom right",
                "textfont": {"color": colors.muted, "size": 11},
                "customdata": hover,
                "line": {"color": colors.forecast, "width": 2},
                "marker": {"size": 5},
                "hovertemplate": "%{customdata}: %{y:.1%} for " + symbol + "%{x:,.0f}<extra></extra>",
            },
        ]
    marks = [colors.text, colors.changed, colors.stock, colors.bad, colors.good]
    for number, (name, cash, fill) in enumerate(points):
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": [cash],
                "y": [fill],
                "marker": {
                    "size": 13 if number else 14,
                    "symbol": "diamond" if number else "star",
                    "color": marks[number % len(marks)],
                },
                "hovertemplate": f"{name}: " + "%{y:.2%} for " + symbol + "%{x:,.0f}<extra></extra>",
            }
        )
    return figure(
        traces,
        colors,
        height=390,
        hovermode="closest",
        xaxis={"title": "cash in stock when orders arrive", "tickprefix": symbol, "tickformat": "~s"},
        yaxis={"title": "expected fill rate", "tickformat": ".0%"},
    )
