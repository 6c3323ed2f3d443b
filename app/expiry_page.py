"""The parts of the Expiry page: filters, cards, weeks, batches, and the acts on what is selected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import (
    acts,
    address,
    columns,
    data,
    expiry_charts,
    expiry_data,
    exports,
    filters,
    shell,
    states,
    tables,
)
from app.charts import CONFIG
from app.expiry_data import ExpiryBy, ExpiryPlan, ExpiryWanted
from app.theme import Palette

MOST_ROWS = 9
NAMED = 8
"""Most lines that a dialog names."""
NETWORK_PAGE = "../pages/network.py"

Acts = Sequence[dict[str, Any]]


def pick() -> ExpiryWanted:
    """Show the filters and return what is chosen."""
    left, middle, right = st.columns([6, 6, 4])
    with left:
        places = filters.locations()
    with middle:
        categories = filters.categories()
    with right:
        address.seed_one("weeks", expiry_data.WEEKS_AHEAD, "all")
        weeks = st.selectbox(
            "Ahead",
            list(expiry_data.WEEKS_AHEAD),
            format_func=lambda code: expiry_data.WEEKS_AHEAD[code],
            key="weeks",
        )
        address.keep("weeks", "" if weeks == "all" else weeks)
    return ExpiryWanted(places, categories, weeks)


def cards(found: ExpiryPlan, currency: str) -> None:
    """Show what is expected, how sure that is, and what acts would bring."""
    total = expiry_data.summary(found)

    def money(value: float) -> str:
        return columns.money(value, currency)

    lines = columns.count(total.acts, "line")
    figures = [
        ("Expected write-off", money(total.money), f"80 % range {money(total.low)} to {money(total.high)}"),
        ("Expired already", money(total.expired), "still on the shelf or in the books"),
        ("In the next 7 days", money(total.in_seven_days), "last day of sale"),
        ("The best acts bring", money(total.saved), f"on {lines}"),
    ]
    for place, (label, value, note) in zip(st.columns(4), figures, strict=True):
        place.metric(label, value, delta=note, delta_color="off", delta_arrow="off", border=True)


def split_by(place: DeltaGenerator) -> ExpiryBy:
    """Show what the weeks are split by and return it."""
    address.seed_one("by", expiry_data.EXPIRY_BY, "category")
    chosen: ExpiryBy = place.selectbox(
        "Split by",
        list(expiry_data.EXPIRY_BY),
        format_func=lambda code: expiry_data.EXPIRY_BY[code],
        key="by",
        label_visibility="collapsed",
    )
    address.keep("by", "" if chosen == "category" else chosen)
    return chosen


def weeks(found: ExpiryPlan, by: ExpiryBy, colors: Palette, currency: str) -> None:
    """Show the money of each week."""
    totals = expiry_data.week_totals(found)
    st.plotly_chart(
        expiry_charts.by_week(expiry_data.weeks(found, by), totals, colors, currency),
        key="weeks_chart",
        config=CONFIG,
        alt="Expected write-off by week: "
        + ", ".join(
            f"week of {columns.short_day(week)} {columns.money(money, currency)}"
            for week, money in zip(totals["week"], totals["money"], strict=True)
        ),
    )


def batches(found: ExpiryPlan, frame: pd.DataFrame, currency: str) -> list[int]:
    """Show the lots, dearest first, and return the rows that are selected."""
    event = st.dataframe(
        frame,
        key=f"expiry-{data.fingerprint(frame)}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=tables.height(frame, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=[
            "product",
            "location_name",
            "source_label",
            "batch",
            "last_sale_date",
            "days_left",
            "units_with_order",
            "money",
            "act",
            "act_money",
            "confidence",
            *(["state"] if any(frame["state"]) else []),
        ],
        column_config={
            "product": columns.text("Product", width=204),
            "location_name": columns.text("Location", width=132),
            "source_label": columns.text("Where", width=100),
            "batch": columns.text("Batch or order", width=100),
            "last_sale_date": columns.date("Last sale", width=92),
            "days_left": st.column_config.NumberColumn(
                "Days", format="%d", width=52, help="Days of sale left"
            ),
            "units_with_order": st.column_config.NumberColumn(
                "Units", format="%,.1f", width=58, help="Expected to be written off, with the proposed order"
            ),
            "money": columns.amount("Money", currency, width=66),
            "act": columns.text("Best act on the line", width=190),
            "act_money": columns.amount("Brings", currency, width=66),
            "confidence": st.column_config.ProgressColumn(
                "Confidence",
                width=92,
                min_value=0,
                max_value=1,
                step=0.01,
                format="percent",
                help="Share of simulated futures in which the act beats doing nothing",
            ),
            "state": columns.text("State", width=100),
        },
        alt="Batches and orders that will be written off, dearest first, with the best act",
    )
    st.caption(
        f"{len(frame):,} of {len(found.lots):,} batches and orders, dearest first. Select rows to act on "
        "them; select one to compare every act."
    )
    return list(event.selection.rows)


def actions(found: ExpiryPlan, frame: pd.DataFrame, rows: Sequence[int], currency: str) -> None:
    """Show the acts that the selected rows allow."""
    chosen = expiry_data.choose(found, frame, rows)
    with st.container(horizontal=True, vertical_alignment="center"):
        _button("order", "Stop or cut orders", ":material/block:", chosen["order"], currency, _cut)
        _button("markdown", "Mark down", ":material/sell:", chosen["markdown"], currency, _mark_down)
        moves = chosen["transfer"]
        if st.button(
            f"Transfer {len(moves):,}" if moves else "Transfer",
            key="expiry_transfer",
            icon=":material/swap_horiz:",
            disabled=not moves,
            help=None if moves else "No selected line has a transfer that pays",
        ):
            st.switch_page(NETWORK_PAGE, query_params={"products": moves[0]["sku"]})


def _button(
    key: str, label: str, icon: str, chosen: Acts, currency: str, dialog: Callable[[Acts, str], None]
) -> None:
    if st.button(
        f"{label} ({len(chosen):,})" if chosen else label,
        key=f"expiry_{key}",
        icon=icon,
        disabled=not chosen,
        help=None if chosen else "No selected line offers this",
    ):
        dialog(chosen, currency)


def compare(found: ExpiryPlan, frame: pd.DataFrame, rows: Sequence[int], currency: str) -> None:
    """Show every act on the line of the one row that is selected."""
    if len(rows) != 1 or rows[0] >= len(frame):
        return
    line = frame.iloc[rows[0]]
    every = expiry_data.compared(found, line["line_id"])
    st.header(f"What could be done: {line['product']} · {line['location_name']}")
    if every.empty:
        states.nothing_here("Too little is expected to be written off here for acts to be compared.")
        return
    st.dataframe(
        every,
        key=f"acts-{line['line_id']}",
        hide_index=True,
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=["act_label", "money", "confidence", "write_off_after", "short_after", "words"],
        column_config={
            "act_label": columns.text("Act", width=130),
            "money": columns.amount("Brings", currency, width=90, digits=2),
            "confidence": st.column_config.ProgressColumn(
                "Confidence", width=110, min_value=0, max_value=1, step=0.01, format="percent"
            ),
            "write_off_after": columns.amount("Written off then", currency, width=120, digits=2),
            "short_after": st.column_config.NumberColumn("Units short then", format="%,.1f", width=120),
            "words": columns.text("In words", width=640),
        },
        alt="Every act on the line, the best first, in money against doing nothing",
    )


@st.dialog("Stop or cut orders", icon=":material/block:", width="medium")
def _cut(chosen: Acts, currency: str) -> None:
    """Ask for the reason and approve the lines with the lower quantity."""
    _say(chosen, currency)
    note = st.text_area("Reason for the audit log", key="expiry_cut_note", placeholder="Needed")
    if _confirmed("Approve the lower orders", "expiry_cut_confirm", note):
        lines = [{"line_id": act["line_id"], "quantity": float(act["quantity"])} for act in chosen]
        result = states.guarded(lambda: acts.approve(lines, note))
        if result is not None:
            shell.notify_approved(result)
            st.rerun()


@st.dialog("Mark down", icon=":material/sell:", width="medium")
def _mark_down(chosen: Acts, currency: str) -> None:
    """Ask for the reason and record the markdowns."""
    _say(chosen, currency)
    st.caption("The next plan expects the demand that the lower price brings. It can be ended at any time.")
    note = st.text_area("Reason for the audit log", key="expiry_markdown_note", placeholder="Needed")
    if _confirmed("Mark down", "expiry_markdown_confirm", note):
        lines = [
            {
                "line_id": act["line_id"],
                "depth": float(act["depth"]),
                "from_date": act["from_date"],
                "until": act["until"],
                "mechanic": act["mechanic"] if isinstance(act["mechanic"], str) else "",
            }
            for act in chosen
        ]
        if states.guarded(lambda: acts.mark_down(lines, note)) is not None:
            shell.notify(f"{columns.count(len(lines), 'line')} marked down; plan again to see the effect.")
            st.rerun()


def _confirmed(label: str, key: str, note: str) -> bool:
    """Show the button that does it; it asks for the reason if there is none."""
    clicked = st.button(label, key=key, type="primary")
    if clicked and not note.strip():
        st.error("Say why first: the reason goes into the audit log.", icon=":material/edit:")
    return clicked and bool(note.strip())


def _say(chosen: Acts, currency: str) -> None:
    brings, less = expiry_data.effect(chosen)
    verb, sum_ = "brings" if brings >= 0 else "costs", columns.money(abs(brings), currency, digits=2)
    st.markdown(
        f"**{columns.count(len(chosen), 'line')}**: {verb} **{sum_}** against doing nothing, "
        f"{columns.money(less, currency, digits=2)} less written off."
    )
    for act in chosen[:NAMED]:
        st.markdown(f"- **{act['product']}** · {act['location_name']}: {act['words']}")
    if len(chosen) > NAMED:
        st.caption(f"… and {columns.count(len(chosen) - NAMED, 'more line')}")


def running() -> None:
    """Show the markdowns that run, and let the planner end one."""
    made = expiry_data.running()
    if not made:
        return
    st.header("Markdowns that run")
    st.dataframe(
        expiry_data.running_rows(),
        key="markdowns",
        hide_index=True,
        row_height=tables.ROW_HEIGHT,
        column_config={
            "product": columns.text("Product", width=230),
            "location": columns.text("Location", width=160),
            "depth": columns.per_cent("Off", width=70),
            "from_date": columns.date("From", width=110),
            "to_date": columns.date("Last day", width=110),
            "author": columns.text("Decided by", width=110),
            "reason": columns.text("Reason", width=360),
        },
        alt="Markdowns that run: product, location, depth, days, who decided and why",
    )
    with st.popover("End a markdown", key="end_markdown", icon=":material/undo:"):
        place = st.selectbox(
            "Markdown",
            range(len(made)),
            format_func=lambda i: f"{made[i].sku} · {made[i].location} · {made[i].depth:.0%}",
            key="end_markdown_which",
        )
        reason = st.text_input("Reason", key="end_markdown_reason")
        if _confirmed("End it", "end_markdown_confirm", reason):
            ended = made[place or 0].markdown
            if states.guarded(lambda: acts.end_markdown(ended, reason)):
                shell.notify("The markdown ended; plan again to see the effect.")
                st.rerun()


def downloads(found: ExpiryPlan) -> None:
    """Offer every batch shown as a file."""
    with st.container(horizontal=True, width="content"):
        exports.formats("write-offs", partial(expiry_data.download, found), "expiry")
