"""Charts of the Network page: the map of places and flows, stock at both ends, buffers by place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import cos, radians, sqrt
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app import columns
from app.charts import figure
from app.theme import DARK, Palette

WIDEST, NARROWEST = 5.5, 1.0
"""Width of the arrow that moves most money, and of any [pixels]."""
STRONGEST, FAINTEST = 0.95, 0.3
"""Opacity of the same."""
BIGGEST, SMALLEST = 30.0, 9.0
"""Size of the place with most stock, and of any [pixels]."""
CURVE = 0.09
"""How far an arrow keeps to its side, as a share of its way: those of both directions stay apart."""


def network_map(places: pd.DataFrame, flows: pd.DataFrame, colors: Palette, currency: str) -> go.Figure:
    """Draw places where they lie and what should move between them: wider arrows, more money.

    Parameters
    ----------
    places : location, name, kind, longitude, latitude, stock_value, at_risk
    flows : origin, destination, their names, transfers, quantity, money
    """
    known = places.dropna(subset=["longitude", "latitude"])
    at = {row["location"]: (row["longitude"], row["latitude"]) for row in known.to_dict("records")}
    drawn = flows[flows["origin"].isin(at) & flows["destination"].isin(at)]
    most = float(drawn["money"].max()) if len(drawn) else 1.0
    arrows = [_arrow(row, at, most, colors) for row in drawn.sort_values("money").to_dict("records")]
    traces = [_flow_labels(drawn, at, colors, currency)]
    for kind, name, color, symbol in (
        ("dc", "Centre", colors.stock, "square"),
        ("store", "Store", colors.past, "circle"),
    ):
        traces.append(_nodes(known[known["kind"] == kind], known, name, color, symbol, colors, currency))
    middle = radians(float(known["latitude"].mean())) if len(known) else 0.0
    return figure(
        traces,
        colors,
        height=520,
        hovermode="closest",
        annotations=[*arrows, *_names(known, colors)],
        showlegend=True,
        xaxis={"showticklabels": False, "showgrid": False, "fixedrange": True, "constrain": "domain"},
        yaxis={
            "showticklabels": False,
            "showgrid": False,
            "fixedrange": True,
            "scaleanchor": "x",
            "scaleratio": 1 / max(cos(middle), 0.1),
        },
    )


def both_ends(stock: pd.DataFrame, colors: Palette, names: Mapping[str, str]) -> go.Figure:
    """Draw expected stock ahead at one end of a transfer, without it and with it [units].

    Parameters
    ----------
    stock : date, without, with
    names : legend of `without` and `with`
    """
    traces = [
        _line(names["without"], stock["date"], stock["without"], colors.stock, "dot"),
        _line(names["with"], stock["date"], stock["with"], colors.ordered, "solid"),
    ]
    return figure(traces, colors, height=220, yaxis={"title": "units", "rangemode": "tozero"})


def buffers(places: pd.DataFrame, colors: Palette) -> go.Figure:
    """Draw safety stock of each place, as it stands and as it should [units]."""
    ordered = places.iloc[::-1]
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "y": ordered["name"],
            "x": ordered[column],
            "marker": {"color": color},
            "hovertemplate": "%{x:,.0f} units<extra>%{y}</extra>",
        }
        for column, name, color in (("best", "Should stand", colors.ordered), ("now", "Stands", colors.past))
    ]
    return figure(
        traces,
        colors,
        height=max(220, 70 + 34 * len(places)),
        barmode="group",
        bargap=0.3,
        hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "reversed"},
        xaxis={"title": "safety stock, units", "rangemode": "tozero"},
    )


def _line(name: str, x: Any, y: Any, color: str, dash: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": y,
        "line": {"color": color, "width": 2.2, "dash": dash},
        "hovertemplate": "%{y:,.0f}",
    }


def _ends(row: Mapping[Any, Any], at: Mapping[str, tuple[float, float]]) -> tuple[float, float, float, float]:
    """Return where an arrow starts and ends, a little to the right of the straight way."""
    (x0, y0), (x1, y1) = at[row["origin"]], at[row["destination"]]
    side_x, side_y = (y1 - y0) * CURVE, -(x1 - x0) * CURVE
    return x0 + side_x * 0.6, y0 + side_y * 0.6, x1 + side_x * 0.6, y1 + side_y * 0.6


def _arrow(
    row: Mapping[Any, Any], at: Mapping[str, tuple[float, float]], most: float, colors: Palette
) -> dict[str, Any]:
    x0, y0, x1, y1 = _ends(row, at)
    share = max(row["money"], 0.0) / max(most, 1e-9)
    return {
        "x": x1,
        "y": y1,
        "ax": x0,
        "ay": y0,
        "xref": "x",
        "yref": "y",
        "axref": "x",
        "ayref": "y",
        "showarrow": True,
        "text": "",
        "arrowhead": 2,
        "arrowsize": 0.8,
        "arrowwidth": NARROWEST + (WIDEST - NARROWEST) * share,
        "arrowcolor": colors.ordered,
        "opacity": FAINTEST + (STRONGEST - FAINTEST) * sqrt(share),
        "standoff": 9,
        "startstandoff": 7,
    }


def _flow_labels(
    flows: pd.DataFrame, at: Mapping[str, tuple[float, float]], colors: Palette, currency: str
) -> dict[str, Any]:
    """Points in the middle of the arrows that say what moves."""
    rows = flows.to_dict("records")
    middles = [_ends(row, at) for row in rows]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "What should move",
        "x": [(x0 + x1) / 2 for x0, _, x1, _ in middles],
        "y": [(y0 + y1) / 2 for _, y0, _, y1 in middles],
        "marker": {"size": 11, "color": colors.ordered, "symbol": "arrow-right", "opacity": 0.01},
        "showlegend": False,
        "text": [
            f"<b>{row['origin_name']} → {row['destination_name']}</b><br>"
            f"{columns.money(row['money'], currency)} · {columns.count(row['transfers'], 'product')} · "
            f"{columns.units(row['quantity'])}"
            for row in rows
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _names(places: pd.DataFrame, colors: Palette) -> list[dict[str, Any]]:
    """Write the places' names above the arrows."""
    paper = "rgba(13, 20, 30, 0.72)" if colors == DARK else "rgba(255, 255, 255, 0.78)"
    short = short_names(places["name"].tolist())
    return [
        {
            "x": row["longitude"],
            "y": row["latitude"],
            "text": short[row["name"]],
            "showarrow": False,
            "yshift": -17,
            "font": {"size": 11, "color": colors.text},
            "bgcolor": paper,
            "borderpad": 1,
        }
        for row in places.to_dict("records")
    ]


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Return the first words of each name, as many as tell it from the others.

    Examples
    --------
    >>> short_names(["Dublin Rathmines", "Dublin Swords", "Cork Patrick Street"])
    {'Dublin Rathmines': 'Dublin Rathmines', 'Dublin Swords': 'Dublin Swords', 'Cork Patrick Street': 'Cork'}
    """
    short = {}
    for name in names:
        words = name.split(" ")
        starts = [" ".join(words[:count]) for count in range(1, len(words) + 1)]
        others = [other for other in names if other != name]
        unique = (
            start for start in starts if not any(f"{other} ".startswith(f"{start} ") for other in others)
        )
        short[name] = next(unique, name)
    return short


def _nodes(
    places: pd.DataFrame,
    everywhere: pd.DataFrame,
    name: str,
    color: str,
    symbol: str,
    colors: Palette,
    currency: str,
) -> dict[str, Any]:
    most = max(float(everywhere["stock_value"].max()), 1e-9) if len(everywhere) else 1.0
    sizes = [
        SMALLEST + (BIGGEST - SMALLEST) * sqrt(max(value, 0.0) / most) for value in places["stock_value"]
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": places["longitude"],
        "y": places["latitude"],
        "cliponaxis": False,
        "marker": {
            "size": sizes,
            "color": color,
            "symbol": symbol,
            "line": {"width": 1, "color": colors.grid},
        },
        "customdata": [
            f"<b>{row['name']} · {row['location']}</b><br>"
            f"stock {columns.money(row['stock_value'], currency)} · {columns.days(row['cover'])} of cover<br>"
            f"fill {columns.share(row['fill'])} · "
            f"{columns.money(row['at_risk'], currency)} of shortages ahead"
            for row in places.to_dict("records")
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
