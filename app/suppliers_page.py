"""The parts of the Suppliers page: cards, the ranking, and one supplier's lead times and late orders."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app import address, columns, data, exports, states, suppliers_charts, suppliers_data, tables
from app.charts import CONFIG
from app.theme import Palette

MOST_ROWS = 12
VERDICT_COLORS = {"Slower": "red", "As promised": "green", "Faster": "blue", "Too few": "gray"}

_COST = (
    "A year of holding the stock that is needed because its lead times vary, and the money at risk of lines "
    "that wait for its late orders"
)


def kind() -> str:
    """Let the planner choose what is listed; it is in the URL."""
    address.seed_one("sources", suppliers_data.KINDS, "suppliers")
    chosen: str = st.selectbox(
        "Listed",
        list(suppliers_data.KINDS),
        format_func=lambda code: suppliers_data.KINDS[code],
        key="sources",
        label_visibility="collapsed",
        width=240,
    )
    address.keep("sources", "" if chosen == "suppliers" else chosen)
    return chosen


def download(frame: pd.DataFrame) -> None:
    """Show the download of everything measured, by source and location."""
    exports.csv(
        "CSV",
        "supplier-performance",
        partial(suppliers_data.csv, frame),
        "suppliers_csv",
        tip="Every figure, by supplier and by supplier and location",
    )


def nothing_measured() -> None:
    """Say why there is nothing to show, and what to import."""
    st.info(
        "**No order history yet.** Suppliers are measured on orders that have arrived. Import received "
        "orders (kind *orders*) with the day of the order, the day promised, and the day of receipt "
        "(`received_at`). Until then the plan takes suppliers at their word.",
        icon=":material/local_shipping:",
    )
    st.page_link(states.IMPORT_PAGE, label="Import orders", icon=":material/upload:")


def cards(rows: pd.DataFrame, currency: str) -> None:
    """Show what unreliability costs, how many orders come in time, who is slow, and what is late now."""
    found = suppliers_data.figures(rows)
    with st.container(horizontal=True):
        st.metric(
            "Unreliability costs",
            columns.money(found.cost, currency),
            border=True,
            help=_COST,
            height="stretch",
        )
        st.metric(
            "Stock for varying lead times",
            columns.money(found.buffer_value, currency),
            border=True,
            height="stretch",
            help="Safety stock that would not be needed if every order took its mean lead time",
        )
        st.metric("Lines in time", columns.share(found.on_time, digits=0), border=True, height="stretch")
        st.metric(
            "Slower than promised",
            f"{found.slower} of {found.known}",
            border=True,
            height="stretch",
            help="Sources whose measured lead time is at least a day and a tenth above their promise",
        )
        st.metric(
            "Late now",
            columns.money(found.late_value, currency),
            delta=columns.count(found.late_lines, "order line"),
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
        )


def ranking(rows: pd.DataFrame, currency: str) -> str | None:
    """Show the sources, costliest first; return the one selected in the table."""
    event = st.dataframe(
        suppliers_data.ranking(rows),
        key=f"suppliers-{data.fingerprint(rows, 'source')}",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=tables.height(rows, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=[
            "source_name",
            "verdict",
            "cost",
            "promised_lead_time",
            "measured_lead_time",
            "lead_time_mean",
            "against_promise",
            "on_time_share",
            "lateness_mean",
            "fill_rate",
            "deliveries",
            "late_lines",
            "late_value",
        ],
        column_config={
            "source_name": columns.text("Supplier", width=168),
            "cost": columns.amount("Costs", currency, width=76, help=_COST),
            **_measured_columns(),
            "against_promise": st.column_config.LineChartColumn(
                "By month",
                width=100,
                y_min=0,
                y_max=2,
                help="Mean lead time of what arrived in each of the last twelve months, from none to twice "
                "the promise",
            ),
            "late_lines": columns.quantity("Late lines", width=78),
            "late_value": columns.amount("Late orders", currency, width=90),
        },
        alt="Suppliers by what their unreliability costs: lead time promised and measured, in time, filled",
    )
    chosen = event["selection"]["rows"]
    return str(rows["source"].iloc[chosen[0]]) if chosen else None


def _measured_columns() -> dict[str, Any]:
    days = st.column_config.NumberColumn
    return {
        "verdict": columns.tag("Lead time", VERDICT_COLORS, width=108),
        "promised_lead_time": days("Promised", format="%.1f d", width=78, help="By the terms of sourcing"),
        "measured_lead_time": days("Measured", format="%.1f d", width=80, help="Open orders counted"),
        "lead_time_mean": days("Planned", format="%.1f d", width=72, help="Measured, shrunk to the promise"),
        "on_time_share": columns.whole_per_cent("In time", width=66, help="Lines there on the day promised"),
        "lateness_mean": days("Late by", format="%.1f d", width=66, help="Mean over all lines, 0 in time"),
        "fill_rate": columns.whole_per_cent("Filled", width=60, help="Received over ordered"),
        "deliveries": columns.quantity("Deliveries", width=82, help="Orders to one location on one day"),
    }


def pick(rows: pd.DataFrame, selected: str | None) -> str:
    """Let the planner choose a supplier, by the table or by name; it is in the URL."""
    names = suppliers_data.names(rows)
    if selected is not None and st.session_state.get("supplier_selected") != selected:
        st.session_state["supplier"] = selected
    st.session_state["supplier_selected"] = selected
    address.seed_one("supplier", names, next(iter(names)))
    chosen: str = st.selectbox(
        "Supplier",
        list(names),
        format_func=lambda code: columns.named(names, code),
        key="supplier",
        label_visibility="collapsed",
        width=320,
    )
    address.keep("supplier", chosen)
    return chosen


def lead_times(row: dict[str, Any], colors: Palette) -> None:
    """Show a supplier's lead times against the promise, and what the plan makes of them."""
    st.markdown(suppliers_data.in_words(row))
    days = suppliers_data.histogram(row)
    if days.empty:
        return
    st.plotly_chart(
        suppliers_charts.lead_times(days, row, colors),
        key="lead_times",
        config=CONFIG,
        alt=f"Lead times of {row['source_name']}: promised {row['promised_lead_time']:.1f} days, measured "
        f"{row['measured_lead_time']:.1f} days, half within {row['lead_time_p50']:.0f}, nine in ten within "
        f"{row['lead_time_p90']:.0f}",
    )
    st.caption(_intervals(row))


def _intervals(row: dict[str, Any]) -> str:
    parts = [
        f"{label} {row[mean]:.1%} ({row[low]:.1%} to {row[high]:.1%})"
        for label, mean, low, high in (
            ("in time", "on_time_share", "on_time_low", "on_time_high"),
            ("filled", "fill_rate", "fill_low", "fill_high"),
            ("never delivered", "lost_share", "lost_low", "lost_high"),
        )
        if row[mean] == row[mean]
    ]
    said = ", ".join(parts)
    return f"{said[:1].upper()}{said[1:]}: mean and 80 % interval. Delivered short: {row['short_share']:.1%}."


def places(frame: pd.DataFrame) -> None:
    """Show a supplier by location."""
    st.dataframe(
        frame,
        key="supplier_places",
        hide_index=True,
        height=tables.height(frame, 8),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=[
            "location_name",
            "promised_lead_time",
            "measured_lead_time",
            "lead_time_mean",
            "on_time_share",
            "deliveries",
        ],
        column_config={"location_name": columns.text("Location", width=190), **_measured_columns()},
        alt="The supplier by location: promised, measured and planned lead time, in time",
    )


def late_orders(frame: pd.DataFrame, currency: str) -> None:
    """Show what is late now."""
    if frame.empty:
        states.nothing_here("No open order of this supplier is late.")
        return
    st.dataframe(
        frame,
        key="late_orders",
        hide_index=True,
        height=tables.height(frame, 8),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=[
            "order_id",
            "product",
            "location_name",
            "open_quantity",
            "value",
            "promised_date",
            "days_late",
            "expected_date",
        ],
        column_config={
            "order_id": columns.text("Order", width=190),
            "product": columns.text("Product", width=180),
            "location_name": columns.text("To", width=140),
            "open_quantity": columns.quantity("Still to come", width=100),
            "value": columns.amount("Worth", currency, width=80),
            "promised_date": columns.date("Promised", width=100),
            "days_late": st.column_config.NumberColumn("Late by", format="%d d", width=70),
            "expected_date": columns.date("Now expected", width=110),
        },
        alt="Open order lines whose promised day has passed, dearest first",
    )
