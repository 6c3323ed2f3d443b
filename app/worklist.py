"""The worklist's table: its columns, and the dialog that approves what is selected."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import acts, columns, data, shell, states

ROW_HEIGHT = 38
HEADER_HEIGHT = 38
MOST_ROWS = 10
"""Rows in sight: the table scrolls inside the page, so that the buttons below it stay near."""


def show(frame: pd.DataFrame, currency: str, *, with_approved: bool) -> list[int]:
    """Show the worklist and return the rows that are selected."""
    event = st.dataframe(
        data.with_buttons(frame),
        key=f"worklist-{data.fingerprint(frame)}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=HEADER_HEIGHT + ROW_HEIGHT * min(len(frame), MOST_ROWS),
        row_height=ROW_HEIGHT,
        column_order=[
            "open",
            "label",
            "product",
            "location_name",
            "money_at_risk",
            "days_of_cover",
            "projected_stock",
            "act",
            "confidence",
            *(["state"] if with_approved else []),
        ],
        column_config=_config(frame, currency),
        placeholder=columns.UNKNOWN,
        alt="Exceptions, dearest first: type, product, location, money at risk, cover, recommendation",
    )
    return list(event.selection.rows)


def _config(frame: pd.DataFrame, currency: str) -> dict[str, Any]:
    return {
        "open": st.column_config.ButtonColumn(
            "Item",
            width=52,
            type="tertiary",
            key="open_item",
            on_click=_remember_item,
            args=(frame,),
            help="Open the item: why this is recommended, and what-if",
        ),
        "label": columns.tag("Exception", columns.EXCEPTION_COLORS, width=118),
        "product": columns.text("Product", width=240),
        "location_name": columns.text("Location", width=166),
        "money_at_risk": columns.amount("At risk", currency, width=76),
        "days_of_cover": st.column_config.NumberColumn("Cover", format="%,.1f d", width=68),
        "projected_stock": st.column_config.AreaChartColumn(
            "Stock ahead",
            width=86,
            y_min=0,
            help="Expected stock at the end of each period, if nothing is done",
        ),
        "act": columns.text("Recommendation", width=258, help="The item says what it brings"),
        "confidence": st.column_config.ProgressColumn(
            "Confidence",
            width=98,
            min_value=0,
            max_value=1,
            step=0.01,
            format="percent",
            help="Share of simulated futures in which the order beats not ordering",
        ),
        "state": columns.text("State", width=80),
    }


def _remember_item(frame: pd.DataFrame) -> None:
    """Note which item was clicked; a callback itself cannot change the page."""
    st.session_state["open_row"] = data.address_of(frame, st.session_state["open_item"]["row"])


def follow_click() -> None:
    """Go to the item whose button was clicked."""
    address = st.session_state.pop("open_row", None)
    if address:
        st.switch_page(states.ITEM_PAGE, query_params=address)


@st.dialog("Approve orders", icon=":material/task_alt:")
def approve(selection: data.Selection, currency: str) -> None:
    """Ask for a note and approve the selected lines as proposed."""
    lines, value = columns.count(selection.count, "order line"), columns.money(selection.value, currency)
    st.markdown(
        f"**{lines}** worth **{value}**, protecting {columns.money(selection.at_risk, currency)} at risk."
    )
    if selection.without_order:
        st.caption(
            f"{columns.count(selection.without_order, 'selected row')} without an open order: left as it is."
        )
    note = st.text_area("Note for the audit log", key="approve_note", placeholder="Optional")
    if st.button("Approve", key="approve_confirm", type="primary", icon=":material/check:"):
        result = states.guarded(lambda: acts.approve(selection.lines, note))
        if result is None:
            return
        shell.notify_approved(result)
        st.rerun()
