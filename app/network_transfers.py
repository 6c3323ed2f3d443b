"""The transfers of the Network page: ranked, approved, one in detail, and what was not worth moving."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app import (
    acts,
    charts,
    columns,
    data,
    exports,
    network_charts,
    network_data,
    shell,
    states,
    tables,
)
from app.theme import Palette

MOST_ROWS = 13
REASON_COLORS = {"Shortage": "red", "Expiry": "violet", "Excess": "blue"}
IDLE_COLORS = {
    "Would expire": "violet",
    "Costs more than it earns": "gray",
    "Comes too late": "orange",
    "Too little": "gray",
    "Used better elsewhere": "blue",
}


def transfers(moves: pd.DataFrame, currency: str) -> list[int]:
    """Show what should move, most money first; return the rows that are selected."""
    event = st.dataframe(
        moves.head(network_data.ROWS),
        key=f"transfers-{data.fingerprint(moves, 'transfer_id')}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=tables.height(moves, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=[
            "money",
            "label",
            "product",
            "origin_name",
            "destination_name",
            "quantity",
            "arrival_date",
            "state",
            "fewest_days_left",
        ],
        column_config={
            "money": columns.amount("Earns", currency, width=58, help="After freight, handling, fixed cost"),
            "label": columns.tag("For", REASON_COLORS, width=84),
            "product": columns.text("Product", width=164),
            "origin_name": columns.text("From", width=106),
            "destination_name": columns.text("To", width=106),
            "quantity": columns.quantity("Units", width=48),
            "arrival_date": columns.date("Arrives", width=92),
            "state": columns.text("State", width=66),
            "fewest_days_left": columns.quantity(
                "Days left", width=72, help="Of the batch that expires first"
            ),
        },
        alt="Transfers, most money first: money, reason, product, from, to, units, arrival, state, days left",
    )
    return list(event.selection.rows)


def act_bar(moves: pd.DataFrame, rows: list[int], currency: str) -> None:
    """Show the approval of what is selected, what can be withdrawn, and the downloads."""
    chosen = network_data.chosen(moves, rows)
    worth = columns.money(float(chosen["money"].sum()), currency)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            f"Approve {columns.count(len(chosen), 'transfer')} · {worth}"
            if len(chosen)
            else "Approve selected",
            key="approve_transfers",
            type="primary",
            icon=":material/task_alt:",
            disabled=chosen.empty,
            help=None if len(chosen) else "Select rows of the table first",
        ):
            _approve(chosen["transfer_id"].tolist(), worth, float(chosen["quantity"].sum()))
        exports.formats(
            "transfers",
            partial(network_data.export_proposals, moves),
            "transfers",
            tip="The transfers shown, with every part of their money",
        )
        _approved_orders()


@st.dialog("Approve transfers", icon=":material/task_alt:")
def _approve(transfer_ids: list[str], worth: str, units: float) -> None:
    st.markdown(
        f"**{columns.count(len(transfer_ids), 'transfer')}** of {columns.units(units)}, worth **{worth}**."
    )
    st.caption(
        "They become transfer orders: the next plan takes them off the stock that gives and expects them "
        "where they go."
    )
    note = st.text_area("Note for the audit log", key="transfer_note", placeholder="Optional")
    if st.button("Approve", key="transfer_confirm", type="primary", icon=":material/check:"):
        result = states.guarded(lambda: network_data.approve(transfer_ids, note))
        if result is None:
            return
        shell.notify_approved(result)
        st.rerun()


def _approved_orders() -> None:
    """Let the planner download or withdraw approved transfer orders."""
    order_ids = network_data.approved_order_ids()
    if not order_ids:
        return
    with st.popover(columns.count(len(order_ids), "approved order"), icon=":material/local_shipping:"):
        exports.formats(
            "transfer-orders", partial(acts.export, order_ids), "transfer_orders", label="All as {}"
        )
        order_id = st.selectbox("Order", order_ids, key="withdraw_transfer_order")
        reason = st.text_input("Reason", key="withdraw_transfer_reason")
        if st.button("Withdraw", key="withdraw_transfer", icon=":material/undo:"):
            result = states.guarded(lambda: network_data.withdraw(str(order_id), reason))
            if result is not None:
                shell.notify(f"{columns.count(len(result.rejected), 'transfer')} withdrawn.")
                st.rerun()


def detail(transfer: Mapping[str, Any], colors: Palette, currency: str) -> None:
    """Show why one transfer is worth it and what it does to the stock of both places."""
    st.header(f"{transfer['product']}: {transfer['origin_name']} → {transfer['destination_name']}")
    parts = [
        ("Earned there", transfer["gain"]),
        ("Lost here" if transfer["loss"] >= 0 else "Saved here", -transfer["loss"]),
        ("Freight", -transfer["freight"]),
        ("Handling", -transfer["handling"]),
        ("Fixed cost", -transfer["fixed_cost"]),
    ]
    sums = " · ".join(f"{name} {columns.money(value, currency, digits=2)}" for name, value in parts)
    st.markdown(f"{sums} = **{columns.money(transfer['money'], currency, digits=2)}**")
    st.caption(_journey(transfer))
    stock = states.guarded(lambda: network_data.projection(transfer))
    if stock is None:
        return
    left, right = st.columns(2, gap="medium")
    for place, end, name in (
        (left, "origin", transfer["origin_name"]),
        (right, "destination", transfer["destination_name"]),
    ):
        with place:
            frame = stock[["date", f"{end}_without", f"{end}_with"]].set_axis(
                ["date", "without", "with"], axis=1
            )
            with st.container(
                horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
            ):
                st.markdown(f"**{name}**")
                st.page_link(
                    states.ITEM_PAGE,
                    label="Item",
                    icon=":material/query_stats:",
                    query_params={"sku": transfer["sku"], "location": transfer[end]},
                )
            st.plotly_chart(
                network_charts.both_ends(
                    frame, colors, {"without": "Without transfer", "with": "With transfer"}
                ),
                key=f"both_ends_{end}",
                config=charts.CONFIG,
                alt=f"Expected stock at {name}: lowest {frame['without'].min():,.0f} units without the "
                f"transfer, {frame['with'].min():,.0f} with it",
            )


def _journey(transfer: Mapping[str, Any]) -> str:
    """Say what moves and when."""
    words = (
        f"{columns.units(transfer['quantity'])} leave on {columns.day(transfer['ship_date'])} and are for "
        f"sale on {columns.day(transfer['arrival_date'])}"
    )
    if transfer["fewest_days_left"] == transfer["fewest_days_left"]:
        words += f", with {transfer['fewest_days_left']:,.0f} days left at least"
    if transfer["batches_text"]:
        words += f". Batches: {transfer['batches_text']}"
    return f"{words}. Below, each place with its own order of this plan; later orders are not placed yet."


def idle(frame: pd.DataFrame, currency: str) -> None:
    """Show lanes to shortages that carry nothing, and why."""
    if frame.empty:
        return
    with st.expander(f"Why not more? {columns.count(len(frame), 'lane')} to places that stay short"):
        st.dataframe(
            frame,
            key="idle",
            hide_index=True,
            row_height=tables.ROW_HEIGHT,
            height=tables.height(frame, MOST_ROWS),
            column_order=["label", "product", "origin_name", "destination_name", "money_at_risk", "why"],
            column_config={
                "label": columns.tag("Reason", IDLE_COLORS, width=178),
                "product": columns.text("Product", width=220),
                "origin_name": columns.text("From", width=150),
                "destination_name": columns.text("To", width=150),
                "money_at_risk": columns.amount(
                    "At risk there", currency, width=96, help="Expected shortage until the next order arrives"
                ),
                "why": columns.text("Why", width=520),
            },
            alt="Lanes to places that stay short, and why they carry nothing",
        )
