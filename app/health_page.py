"""The parts of the Data health page: freshness, faults, held lines."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from app import columns, data, exports

STATE_COLORS = {
    "fresh": "green",
    "loaded": "gray",
    "newer loaded": "blue",
    "late": "orange",
    "stale": "red",
    "missing": "gray",
}
SEVERITY_COLORS = {"Held": "red", "Warning": "orange", "Assumption": "blue"}
ROW_HEIGHT = 36
TALL_ROW_HEIGHT = 66
"""Pixels: above 64 a table wraps its text."""
MOST_ROWS = 12


def summary(health: data.HealthSummary) -> None:
    """Show in four figures whether the inputs can be trusted."""
    with st.container(horizontal=True):
        st.metric("Lines held", f"{health.held_lines:,}", border=True, help="Not planned until repaired")
        st.metric("Checks that hold lines", f"{health.held_faults:,}", border=True)
        st.metric("Warnings", f"{health.warnings:,}", border=True)
        st.metric("Assumptions used", f"{health.assumptions:,}", border=True)


def faults(frame: pd.DataFrame) -> None:
    """Show what the checks found, with the rule and the fix."""
    st.dataframe(
        frame,
        key="faults",
        hide_index=True,
        height=_height(frame, TALL_ROW_HEIGHT),
        row_height=TALL_ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=["label", "check", "where", "rule", "fix", "rows"],
        column_config={
            "label": columns.tag("Severity", SEVERITY_COLORS, width=104),
            "check": columns.text("Check", width=150),
            "where": columns.text("Where", width=270),
            "rule": columns.text("Rule broken", width=240),
            "fix": columns.text("What to do", width=374),
            "rows": columns.quantity("Rows", width=60),
        },
        alt="What data health found, most severe first, with the rule broken and what to do",
    )


def held(frame: pd.DataFrame) -> None:
    """Show the lines that wait for a repair."""
    st.dataframe(
        frame,
        key="held",
        hide_index=True,
        height=_height(frame, TALL_ROW_HEIGHT),
        row_height=TALL_ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=["product", "location_name", "source_name", "held_reason"],
        column_config={
            "product": columns.text("Product", width=240),
            "location_name": columns.text("Location", width=180),
            "source_name": columns.text("Source", width=180),
            "held_reason": columns.text("Held because", width=440),
        },
        alt="Lines held because of their data",
    )


def tables(frame: pd.DataFrame) -> None:
    """Show how old each input is."""
    st.dataframe(
        frame,
        key="tables",
        hide_index=True,
        height=_height(frame),
        row_height=ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_config={
            "table": columns.text("Table", width=120),
            "label": columns.tag("State", STATE_COLORS, width=120),
            "latest": columns.date("Last day", width=104),
            "days_behind": st.column_config.NumberColumn("Behind", format="%d d", width=70),
            "loaded_at": st.column_config.DatetimeColumn("Loaded, UTC", format="D MMM YYYY HH:mm", width=140),
        },
        column_order=["table", "label", "latest", "days_behind", "loaded_at"],
        alt="Freshness of each table",
    )


def locations(frame: pd.DataFrame) -> None:
    """Show how old each location's feeds are."""
    st.dataframe(
        frame,
        key="feeds",
        hide_index=True,
        height=_height(frame),
        row_height=ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_config={
            "name": columns.text("Location", width=170),
            "sales_label": columns.tag("Sales", STATE_COLORS, width=84),
            "sales": columns.date("Last sales", width=104),
            "stock_label": columns.tag("Stock", STATE_COLORS, width=84),
            "inventory_snapshot": columns.date("Last stock", width=104),
        },
        column_order=["name", "sales_label", "sales", "stock_label", "inventory_snapshot"],
        alt="Last day of sales and of stock of each location",
    )


def download(label: str, frame: pd.DataFrame, name: str) -> None:
    """Show the download of a table, built on the click."""
    exports.csv(label, name, partial(data.csv, frame), f"download_{name}")


def _height(frame: pd.DataFrame, row_height: int = ROW_HEIGHT) -> int:
    return ROW_HEIGHT + row_height * min(len(frame), MOST_ROWS * ROW_HEIGHT // row_height) + 2
