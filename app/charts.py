"""Frames to Plotly figures. One helper sets the look; nothing here knows Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.theme import Palette

Figure = dict[str, Any]

CONFIG = {"displayModeBar": False, "scrollZoom": False, "responsive": True}
"""No tool bar: a chart is read, its data is in the tables beside it."""


def figure(traces: Sequence[dict[str, Any]], colors: Palette, *, height: int, **layout: Any) -> go.Figure:
    """Return a figure in our one look: colourway, quiet grid, legend above, no empty margins."""
    axis = {"gridcolor": colors.grid, "zeroline": False, "tickfont": {"color": colors.muted, "size": 12}}
    title = {"font": {"color": colors.muted, "size": 12}}
    x = {**axis, "showgrid": False, **layout.pop("xaxis", {})}
    y = {**axis, "separatethousands": True, **layout.pop("yaxis", {})}
    for each in (x, y):
        if "title" in each:
            each["title"] = {"text": each["title"], **title}
    base = {
        "template": "none",
        "colorway": colors.colorway,
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "font": {"color": colors.text, "size": 13},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "x unified",
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "traceorder": "normal",
            "font": {"color": colors.text},
        },
        "xaxis": {**x, "automargin": True},
        "yaxis": {**y, "automargin": True},
        **layout,
    }
    return go.Figure({"data": list(traces), "layout": base}, skip_invalid=True)


def timeline(
    history: pd.DataFrame,
    forecast: pd.DataFrame,
    projection: pd.DataFrame,
    colors: Palette,
    *,
    period: str,
    ordered: bool,
) -> go.Figure:
    """Draw sales, forecast with its 80 % band and projected stock on one axis [units].

    Parameters
    ----------
    history : DataFrame
        date, quantity [each/period], demand [each/period, null where nothing was lost].
    forecast : DataFrame
        date, mean, low, high [each/period].
    projection : DataFrame
        date, without_order, with_order [each].
    period : str
        Word for one period: "day", "week", "month".
    ordered : bool
        An order is proposed, so the two projections differ.
    """
    traces = [
        _line("Sold", history["date"], history["quantity"], colors.past, width=1.4),
        _line("High", forecast["date"], forecast["high"], colors.forecast, width=0, hidden=True),
        {
            **_line("80 % range", forecast["date"], forecast["low"], colors.forecast, width=0),
            "fill": "tonexty",
            "fillcolor": colors.band,
            "hoverinfo": "skip",
        },
        _line(f"Forecast a {period}", forecast["date"], forecast["mean"], colors.forecast, width=2.2),
        _line(
            "Stock without order", projection["date"], projection["without_order"], colors.stock, dash="dot"
        ),
    ]
    lost = history[history["demand"].notna()]
    if len(lost):
        marker = {"color": colors.bad, "size": 6, "symbol": "circle-open"}
        traces.insert(
            1,
            {
                **_line("Demand while out of stock", lost["date"], lost["demand"], colors.bad),
                "mode": "markers",
                "marker": marker,
            },
        )
    if ordered:
        traces.append(_line("Stock with order", projection["date"], projection["with_order"], colors.ordered))
    return figure(traces, colors, height=380, yaxis={"title": "units", "rangemode": "tozero"})


def waterfall(terms: pd.DataFrame, total: float, colors: Palette) -> go.Figure:
    """Draw the explain terms as steps that end at the order quantity [units]."""
    values = [*terms["value"], total]
    trace = {
        "type": "waterfall",
        "x": [*(label.replace(" ", "<br>", 1) for label in terms["label"]), "Order"],
        "y": values,
        "measure": ["relative"] * len(terms) + ["total"],
        "text": [*(f"{value:+,.0f}".replace("-", "−") for value in terms["value"]), f"{total:,.0f}"],
        "textposition": "outside",
        "cliponaxis": False,
        "increasing": {"marker": {"color": colors.forecast}},
        "decreasing": {"marker": {"color": colors.stock}},
        "totals": {"marker": {"color": colors.ordered}},
        "connector": {"line": {"color": colors.muted, "width": 1}},
        "hoverinfo": "x+text",
    }
    return figure(
        [trace],
        colors,
        height=320,
        showlegend=False,
        hovermode="closest",
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        xaxis={"tickangle": 0},
        yaxis={"title": "units"},
    )


def what_if(stock: pd.DataFrame, colors: Palette) -> go.Figure:
    """Draw expected stock as planned, and under the terms of a what-if with its 80 % range [units].

    Parameters
    ----------
    stock : DataFrame
        date, planned, changed, low, high [each].
    """
    traces = [
        _line("High", stock["date"], stock["high"], colors.changed, width=0, hidden=True),
        {
            **_line("80 % range", stock["date"], stock["low"], colors.changed, width=0),
            "fill": "tonexty",
            "fillcolor": colors.changed_band,
            "hoverinfo": "skip",
            "hovertemplate": None,
        },
        _line("As planned", stock["date"], stock["planned"], colors.ordered, dash="dot"),
        _line("What-if", stock["date"], stock["changed"], colors.changed, width=2.4),
    ]
    return figure(traces, colors, height=300, yaxis={"title": "stock, units", "rangemode": "tozero"})


def backtest(models: pd.DataFrame, colors: Palette) -> go.Figure:
    """Draw each model's backtest error [share of demand], the chosen one in colour."""
    ordered = models.iloc[::-1]
    trace = {
        "type": "bar",
        "orientation": "h",
        "y": ordered["model"],
        "x": ordered["wape"],
        "marker": {"color": [colors.forecast if chosen else colors.past for chosen in ordered["chosen"]]},
        "text": [f"{value:.0%}" for value in ordered["wape"]],
        "textposition": "outside",
        "cliponaxis": False,
        "hoverinfo": "y+text",
    }
    return figure(
        [trace],
        colors,
        height=90 + 30 * len(models),
        showlegend=False,
        hovermode="closest",
        xaxis={"title": "backtest error, share of demand", "tickformat": ".0%", "rangemode": "tozero"},
        margin={"l": 8, "r": 44, "t": 8, "b": 8},
    )


def _line(
    name: str,
    x: Any,
    y: Any,
    color: str,
    *,
    width: float = 2.0,
    dash: str = "solid",
    hidden: bool = False,
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": y,
        "line": {"color": color, "width": width, "dash": dash},
        "showlegend": not hidden,
        "hovertemplate": "%{y:,.0f}",
        **({"hoverinfo": "skip", "hovertemplate": None} if hidden else {}),
    }
