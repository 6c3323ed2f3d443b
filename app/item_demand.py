"""The section "Demand behind stockouts" of Item: what sold, what would have, and what the planner knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from app import acts, charts, columns, demand_chart, shell, states
from app.data import ItemDemand
from app.theme import Palette

TABLE_HEIGHT = 260
"""As the chart beside it [px]; longer lists scroll."""


def section(line: Mapping[str, Any], view: ItemDemand, colors: Palette) -> None:
    """Show the periods whose demand stock cut short, and let the planner say what it was."""
    last_day = view.last_day
    if last_day is None:
        st.caption("Nothing is sold here: demand is that of the places supplied; correct it there.")
        return
    st.markdown(view.summary)
    chosen = None
    if len(view.periods):
        left, right = st.columns([5, 6], gap="large")
        with left:
            st.plotly_chart(
                demand_chart.behind_stockouts(view.periods, colors),
                key="behind_stockouts",
                config=charts.CONFIG,
                alt=f"Sold and estimated demand of {columns.count(len(view.periods), view.period_word)}; "
                f"{view.summary}",
            )
        with right:
            chosen = _table(view)
    _form(line, view, chosen, last_day)
    _corrections(view)


def _table(view: ItemDemand) -> pd.Series[Any] | None:
    """List the periods; return the one that is selected."""
    event = st.dataframe(
        view.periods.drop(columns=["note"] if not view.periods["note"].any() else []),
        key="demand_periods",
        height=TABLE_HEIGHT,
        hide_index=True,
        placeholder=columns.UNKNOWN,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "date": columns.date(view.period_word.capitalize()),
            "sold": columns.quantity("Sold"),
            "in_stock": columns.per_cent("In stock"),
            "estimate": columns.quantity("Demand"),
            "low": columns.quantity("Low"),
            "high": columns.quantity("High"),
            "corrected": columns.quantity("Corrected"),
            "note": columns.text("Why"),
        },
        alt=f"Each {view.period_word} out of stock: sold, estimated demand with its 80 % range",
    )
    rows = event.selection.rows
    # The rows shown may have changed since one was chosen.
    return view.periods.iloc[rows[0]] if rows and rows[0] < len(view.periods) else None


def _form(
    line: Mapping[str, Any], view: ItemDemand, chosen: pd.Series[Any] | None, last_day: pd.Timestamp
) -> None:
    """Offer to correct the selected period, else the latest one that is listed, else the last of all."""
    if chosen is None and len(view.periods):
        chosen = view.periods.iloc[0]
    first = last_day if chosen is None else chosen["date"]
    demand = 0.0 if chosen is None else float(round(chosen["estimate"]))
    name = f"{line['line_id']}-{first:%Y%m%d}"
    with st.form("correct_demand", border=True):
        when, amount, reason, act = st.columns([4, 3, 8, 3], vertical_alignment="bottom")
        days = when.date_input(
            "From – to",
            (first.date(), first.date()),
            min_value=view.first_day,
            max_value=view.last_day,
            format="YYYY-MM-DD",
            key=f"correct_days-{name}",
        )
        units = amount.number_input(
            f"Demand a {view.period_word}",
            min_value=0.0,
            value=demand,
            step=1.0,
            format="%.6g",
            key=f"correct_units-{name}",
        )
        why = reason.text_input(
            "Reason",
            key=f"correct_reason-{name}",
            placeholder="Known from the customers; or a bulk sale that will not come again …",
        )
        clicked = act.form_submit_button("Correct demand", key="correct_submit", width="stretch")
    if clicked:
        done = states.guarded(lambda: acts.correct(line["sku"], line["location"], days, units, why))
        if done:
            shell.notify("Recorded. The next plan uses it.")
            st.rerun()


def _corrections(view: ItemDemand) -> None:
    for made in view.corrections:
        days = columns.short_day(made.from_date)
        if made.to_date != made.from_date:
            days += f" – {columns.short_day(made.to_date)}"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{made.demand:,.0f}** a {view.period_word} · {days} {made.to_date.year} · "
                f"{made.reason} · {made.author}"
            )
            with st.popover("Retire", key=f"retire_correction-{made.correction}"):
                _retire(made.correction)


def _retire(correction: str) -> None:
    why = st.text_input("Reason", key=f"retire_correction_reason-{correction}")
    if st.button("Retire it", key=f"retire_correction_confirm-{correction}"):
        done = states.guarded(lambda: acts.retire_corrected(correction, why))
        if done is not None:
            st.rerun()
