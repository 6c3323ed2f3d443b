"""The Events page's quieter parts: ids that came with two contents, and how fresh each place's feed is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import address, columns, events_data, health_page, states, tables
from app.events_data import Clash

MOST_ROWS = 14


def quarantine(clashes: Sequence[Clash]) -> None:
    """Show ids that came with different contents, each beside the other."""
    if not clashes:
        states.nothing_here("No event id came with two contents.")
        return
    st.caption(
        "An event id has one content for ever. Of several the earliest counts; the others change nothing. "
        "Ask the sender to give each event an id of its own, then send the other again."
    )
    names = {clash.event_id: clash for clash in clashes}
    address.seed_one("claimed", names, clashes[0].event_id)
    chosen: str = st.selectbox("Event id", list(names), key="claimed")
    address.keep("claimed", chosen)
    clash = names[chosen]
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Counts**")
        st.code(clash.applies, language=None)
    with right:
        st.markdown("**Refused**")
        for refused in clash.refused:
            st.code(refused, language=None)


def feeds(chosen: str) -> None:
    """Show how fresh each location's facts and the imported tables are."""
    left, right = st.columns([13, 11], gap="medium")
    with left:
        st.header("Facts by location")
        _feeds(events_data.feeds(chosen))
    with right:
        st.header("Imported tables")
        files = events_data.files()
        if files is None:
            states.nothing_here("Plan first: tables are compared with the day planned for.")
        else:
            health_page.tables(files)


def _feeds(frame: pd.DataFrame) -> None:
    st.dataframe(
        frame,
        key="feeds",
        hide_index=True,
        height=tables.height(frame, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        placeholder="none",
        column_order=["location_name", "age", "count", "stock", "sales", "orders"],
        column_config={
            "location_name": columns.text("Location", width=160),
            "age": st.column_config.NumberColumn("Silent for", format="%.1f h", width=90),
            "count": columns.quantity("Facts", width=80),
            "stock": _instant("Stock, UTC"),
            "sales": _instant("Sales, UTC"),
            "orders": _instant("Orders, UTC"),
        },
        alt="How long each location has been silent, and its newest facts of stock, sales and orders",
    )


def _instant(label: str) -> Any:
    return st.column_config.DatetimeColumn(label, format="D MMM HH:mm", width=100)
