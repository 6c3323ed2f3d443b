"""The parts of the Item page: choosing an item, its facts, stock, models and the override form."""

from __future__ import annotations

import datetime as dt
from typing import Any

import streamlit as st

from app import acts, address, charts, columns, data, planner, shell, states
from app.data import Item
from app.theme import Palette

TABLE_ROWS = 6
"""Rows in sight of the small tables."""


def pick() -> tuple[dict[str, Any], str]:
    """Let the planner choose an item and how much history is drawn; return the plan line and the span."""
    offered = data.choices()
    product, place, source, history = st.columns([9, 8, 6, 5], vertical_alignment="bottom")
    address.seed_one("sku", offered.products, data.dearest_sku())
    sku: str = product.selectbox(
        "Product",
        list(offered.products),
        format_func=lambda code: columns.named(offered.products, code),
        key="sku",
    )
    address.keep("sku", sku)
    locations = data.item_locations(sku)
    address.seed_one("location", locations, data.dearest_location(sku))
    location: str = place.selectbox(
        "Location",
        locations,
        format_func=lambda code: columns.named(offered.locations, code),
        key="location",
    )
    address.keep("location", location)
    found = data.item_lines(sku, location)
    names = {line["line_id"]: line["source_name"] for line in found}
    line_id = next(iter(names))
    if len(names) > 1:
        line_id = source.selectbox(
            "Source", list(names), format_func=lambda code: names[code], key="source_line"
        )
    spans = list(data.HISTORY_SPANS)
    span = history.selectbox("History", spans, key="history", bind="query-params")
    return next(line for line in found if line["line_id"] == line_id), str(span)


def facts(view: Item, currency: str) -> None:
    """Show the state of the line in five figures."""
    line = view.line
    with st.container(horizontal=True):
        st.metric("Order now", columns.units(line["quantity"]), border=True)
        st.metric("Order value", columns.money(line["value"], currency), border=True)
        st.metric("On hand + on order", f"{line['on_hand']:,.0f} + {line['on_order']:,.0f}", border=True)
        st.metric("Cover", columns.days(line["days_of_cover"]), border=True)
        st.metric("Money at risk", columns.money(line["money_at_risk"], currency), border=True)


def planned(view: Item) -> None:
    """Say which promotions and events the forecast holds."""
    if view.planned:
        with st.container(gap=None):
            for sentence in view.planned:
                st.markdown(f":material/campaign: {sentence}")


def stock_tables(view: Item) -> None:
    """Show batches by expiry and what is on the way."""
    if view.batches.empty:
        st.caption("No stock on hand.")
    else:
        st.dataframe(
            view.batches,
            key="batches",
            placeholder=columns.UNKNOWN,
            hide_index=True,
            column_config={
                "batch": columns.text("Batch"),
                "status": columns.text("Status"),
                "on_hand": columns.quantity("On hand"),
                "expiry_date": columns.date("Expires"),
                "days_left": st.column_config.NumberColumn("Days left", format="%d d"),
            },
            alt="Batches on hand, first to expire first",
        )
    if view.open_orders.empty:
        st.caption("Nothing is on the way.")
    else:
        st.dataframe(
            view.open_orders,
            key="open_orders",
            placeholder=columns.UNKNOWN,
            hide_index=True,
            column_config={
                "order_id": columns.text("Order"),
                "from_source": columns.text("From"),
                "open_quantity": columns.quantity("Still to come"),
                "expected_date": columns.date("Expected"),
                "status": columns.text("Status"),
            },
            alt="Open orders, first to arrive first",
        )


def models(view: Item, colors: Palette) -> None:
    """Show how the models did in the backtest."""
    if view.models.empty:
        st.caption("Too little history for a backtest.")
        return
    st.plotly_chart(
        charts.backtest(view.models, colors),
        key="backtest",
        config=charts.CONFIG,
        alt=f"Backtest error of {len(view.models)} models; {view.model_sentence}",
    )


def override(view: Item) -> None:
    """Let the planner move the forecast of some days, with a reason; list what is moved already."""
    line = view.line
    first = data.run().as_of
    with st.form("override", border=True):
        change, days, reason, act = st.columns([3, 4, 8, 3], vertical_alignment="bottom")
        per_cent = change.number_input(
            "Demand ± %", min_value=-100, max_value=400, value=10, step=5, key="override_per_cent"
        )
        chosen = days.date_input(
            "From – to",
            (first, first + dt.timedelta(days=13)),
            min_value=first,
            format="YYYY-MM-DD",
            key="override_days",
        )
        why = reason.text_input(
            "Reason", key="override_reason", placeholder="Promotion at the main competitor ends …"
        )
        clicked = act.form_submit_button("Change forecast", key="override_submit", width="stretch")
    if clicked:
        made = states.guarded(lambda: acts.override(line["sku"], line["location"], per_cent, chosen, why))
        if made:
            shell.notify("Recorded. The next plan uses it.")
            st.rerun()
    _overrides(line)


def _overrides(line: Any) -> None:
    found = data.overrides(line["sku"], line["location"])
    for change in found:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{change.per_cent:+.0f} %** {columns.short_day(change.from_date)} – "
                f"{columns.short_day(change.to_date)} · {change.reason} · {change.author}"
            )
            with st.popover("Retire", key=f"retire-{change.override}"):
                _retire(change.override)
    if data.plan_is_behind():
        st.info("Changes were made after this plan.", icon=":material/update:")
        planner.plan_button("plan_item")


def _retire(override_id: str) -> None:
    why = st.text_input("Reason", key=f"retire_reason-{override_id}")
    if st.button("Retire it", key=f"retire_confirm-{override_id}"):
        done = states.guarded(lambda: acts.retire(override_id, why))
        if done is not None:
            st.rerun()
