"""The section "Forecast by category, region, location" of Forecast & value."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import charts, columns, data, forecast_change, forecast_value_data, tables
from app.charts import figure
from app.theme import Palette
from jobs.views.forecast_totals import TOTALS_BY, TotalsBy, in_table

MOST_LINES = 5


def section(colors: Palette) -> None:
    """Show totals of the plan's forecast over time, and their sums."""
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.header("Forecast in total", width="content")
        with st.container(width=140):
            level: TotalsBy = st.selectbox(
                "Totals by",
                list(TOTALS_BY),
                format_func=lambda key: TOTALS_BY[key],
                key="totals_by",
                label_visibility="collapsed",
            )
    rows = forecast_value_data.forecast_totals(level)
    if rows is None:
        st.info("**Not known of this plan.** It was made by an earlier version: plan again to see it here.")
        return
    table, unit = in_table(rows), data.period_word()
    left, right = st.columns([7, 5], gap="large")
    with left:
        st.plotly_chart(
            _chart(rows, colors, unit),
            key="totals",
            config=charts.CONFIG,
            alt="Forecast in total: " + _words(table),
        )
    with right:
        st.dataframe(
            table.assign(share=100 * table["share"], range=100 * table["range"]),
            key="totals_table",
            hide_index=True,
            height=tables.height(table, 9),
            row_height=tables.ROW_HEIGHT,
            placeholder=columns.UNKNOWN,
            column_config={
                "group": columns.text(TOTALS_BY[level], width=116),
                "total": columns.quantity("Units", width=74),
                "share": columns.whole_per_cent("Share", width=58),
                "range": columns.whole_per_cent(
                    "80 % range ±", width=98, help=f"Of a single {unit}, share of its forecast"
                ),
            },
            alt="Forecast in total, in a table",
        )
    st.caption(_legend(rows, table, unit))
    forecast_change.form(level, rows)


def _legend(rows: pd.DataFrame, table: pd.DataFrame, unit: str) -> str:
    ahead = columns.count(rows["date"].nunique(), unit)
    drawn = f"The {MOST_LINES} largest of {len(table)} are drawn. " if len(table) > MOST_LINES else ""
    return (
        f"Sums of the next {ahead}, of items where they are sold, overrides included. {drawn}The shaded "
        f"range is that of {table['group'].iloc[0]} and holds 80 % of the {unit}s; it is measured "
        "on the errors of the totals themselves."
    )


def _chart(rows: pd.DataFrame, colors: Palette, unit: str) -> go.Figure:
    """Draw the largest groups over time; the range of the first is shaded."""
    groups = list(dict.fromkeys(rows["group"]))[:MOST_LINES]
    first = rows[rows["group"] == groups[0]] if groups else rows
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": first["date"],
            "y": first[bound],
            "line": {"width": 0},
            "fill": fill,
            "fillcolor": colors.band,
            "hoverinfo": "skip",
            "showlegend": False,
        }
        for bound, fill in (("q10", None), ("q90", "tonexty"))
    ]
    for place, group in enumerate(groups):
        one = rows[rows["group"] == group]
        color = colors.colorway[place % len(colors.colorway)]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": group,
                "x": one["date"],
                "y": one["mean"],
                "line": {"color": color, "width": 2.2},
                "hovertemplate": "%{y:,.0f}",
            }
        )
    return figure(
        traces,
        colors,
        height=300,
        yaxis={"title": f"units a {unit}", "rangemode": "tozero", "tickformat": ",.0f"},
        showlegend=len(groups) > 1,
    )


def _words(table: pd.DataFrame) -> str:
    return "; ".join(f"{row['group']} {row['total']:,.0f} units" for row in table.head(5).to_dict("records"))
