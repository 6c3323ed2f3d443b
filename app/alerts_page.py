"""The parts of the Alerts page: filters, cards, the inbox, and the acts on what is selected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

import pandas as pd
import streamlit as st

from app import alerts_data, columns, data, exports, filters, shell, states, tables
from app.alerts_data import AlertFigures, AlertsWanted, Key

MOST_ROWS = 10
LEVEL_COLORS = {"Critical": "red", "Warning": "orange", "Info": "gray"}
TYPE_COLORS = {
    "Stockout": "red",
    "Below reorder point": "orange",
    "Excess cover": "blue",
    "Expiry risk": "violet",
    "Late order": "orange",
    "Short delivery": "orange",
    "Forecast drift": "green",
    "Data stale": "gray",
    "Dead letters": "gray",
}
PAGES = {
    "item": states.ITEM_PAGE,
    "expiry": "../pages/expiry.py",
    "suppliers": "../pages/suppliers.py",
    "data_health": states.HEALTH_PAGE,
    "events": "../pages/events.py",
}
"""Pages that a link of an alert may name."""

ALERTS_PAGE = "../pages/alerts.py"
_ROW = "alert_row"


def pick(frame: pd.DataFrame) -> AlertsWanted:
    """Show the filters and return what is chosen."""
    first, second, third, fourth, fifth = st.columns([5, 4, 5, 4, 4])
    with first:
        types = filters.many(
            "alert_types",
            "Type",
            alerts_data.counts(frame, "alert_type", alerts_data.TYPE_LABELS),
            everything="All types",
        )
    with second:
        levels = filters.many("levels", "Level", alerts_data.counts(frame, "level", alerts_data.LEVEL_LABELS))
    with third:
        states_ = filters.many(
            "states",
            "State",
            alerts_data.counts(frame, "state", alerts_data.STATE_LABELS),
            everything="Open and in progress",
        )
    with fourth:
        places = filters.locations()
    with fifth:
        categories = filters.categories()
    return AlertsWanted(types, levels, states_, places, categories)


def cards(found: AlertFigures, currency: str) -> None:
    """Show how many need somebody, what they put at risk, and what approvals would cover."""
    figures = [
        ("Need somebody", f"{found.alerts:,}", "open or in progress"),
        ("Money at risk", columns.money(found.money, currency), "if nothing is done"),
        ("Critical", f"{found.critical:,}", "of them"),
        (
            "Covered if approved",
            columns.money(found.covered_money, currency),
            f"by proposals for {columns.count(found.covered, 'alert')}",
        ),
        ("Snoozed", f"{found.snoozed:,}", "come back by themselves"),
    ]
    for place, (label, value, note) in zip(st.columns(5), figures, strict=True):
        place.metric(label, value, delta=note, delta_color="off", delta_arrow="off", border=True)


def today_link() -> None:
    """Link from Today to the alerts that need somebody; nothing where there are none."""
    number = alerts_data.waiting()
    if number:
        st.page_link(
            ALERTS_PAGE,
            label=columns.count(number, "alert"),
            icon=":material/notifications:",
            width="content",
        )


def look_now() -> None:
    """Offer to judge the plan now."""
    if st.button("Look now", key="alerts_look", icon=":material/refresh:"):
        made = states.guarded(alerts_data.look)
        if made is not None:
            words = columns.count(len(made), "change") if made else "Nothing changed"
            shell.notify(f"{words}.")
            st.rerun()


def inbox(frame: pd.DataFrame, matching: int, currency: str) -> list[int]:
    """Show the alerts and return the rows that are selected."""
    event = st.dataframe(
        data.with_buttons(frame),
        key=f"alerts-{data.fingerprint(frame, 'alert')}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=tables.height(frame, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=[
            "open",
            "level_label",
            "label",
            "product_name",
            "location_name",
            "severity",
            "cause",
            "act",
            "covered",
            "state_label",
            "first_seen",
        ],
        column_config={
            "open": st.column_config.ButtonColumn(
                "Show",
                width=52,
                type="tertiary",
                key="open_alert",
                on_click=_remember,
                args=(frame,),
                help="Show it where it can be seen and mended",
            ),
            "level_label": columns.tag("Level", LEVEL_COLORS, width=74),
            "label": columns.tag("Alert", TYPE_COLORS, width=112),
            "product_name": columns.text("Product", width=144),
            "location_name": columns.text("Location", width=104),
            "severity": columns.amount("At risk", currency, width=66),
            "cause": columns.text("Cause", width=226),
            "act": columns.text("What fixes it", width=184),
            "covered": columns.text(
                "Covered", width=86, help="A proposal of the plan covers it if approved in time"
            ),
            "state_label": columns.text("State", width=76),
            "first_seen": st.column_config.DatetimeColumn("Since", format="D MMM", width=58),
        },
        alt="Alerts, dearest first: level, type, product, place, money at risk, cause, what fixes it, state",
    )
    st.caption(
        f"{len(frame):,} of {matching:,} alerts, dearest first. Select rows to acknowledge, snooze or close "
        "them; select one to read it whole."
    )
    return list(event.selection.rows)


def _remember(frame: pd.DataFrame) -> None:
    """Note which alert was clicked; a callback itself cannot change the page."""
    row = st.session_state["open_alert"]["row"]
    st.session_state[_ROW] = frame.iloc[row]["link"]


def follow_click() -> None:
    """Go to the page of the alert whose button was clicked."""
    link = st.session_state.pop(_ROW, None)
    if link:
        page, query = alerts_data.address_of(link)
        st.switch_page(PAGES[page], query_params=query)


def whole(frame: pd.DataFrame, rows: Sequence[int], currency: str) -> None:
    """Show the one alert that is selected in full."""
    if len(rows) != 1 or rows[0] >= len(frame):
        return
    row = frame.iloc[rows[0]]
    with st.container(border=True):
        what = " · ".join(part for part in (row["product_name"], row["location_name"]) if part)
        st.markdown(f"**{what or row['source']}** · {columns.money(row['severity'], currency)} at risk")
        st.markdown(row["cause"])
        if row["act"]:
            st.markdown(f":material/build: {row['act']}")
        if row["covered_by"]:
            st.markdown(f":material/task_alt: {row['covered_by'].capitalize()}.")
        if isinstance(row["author"], str):
            until = row["snoozed_until"]
            day = f" until {columns.day(until)}" if pd.notna(until) else ""
            why = f": {row['reason']}" if row["reason"] else ""
            st.caption(f"{row['state_label']}{day} by {row['author']}{why}")


def actions(keys: Sequence[Key]) -> None:
    """Show the acts on what is selected."""
    number = f" ({len(keys):,})" if keys else ""
    tip = None if keys else "Select alerts that are not over"
    with st.container(horizontal=True):
        for key, label, icon, dialog in (
            ("ack", "Acknowledge", ":material/front_hand:", _acknowledge),
            ("snooze", "Snooze", ":material/snooze:", _snooze),
            ("close", "Close", ":material/close:", _close),
        ):
            if st.button(f"{label}{number}", key=f"alerts_{key}", icon=icon, disabled=not keys, help=tip):
                dialog(keys)


@st.dialog("Acknowledge alerts", icon=":material/front_hand:")
def _acknowledge(keys: Sequence[Key]) -> None:
    """Ask for a note and record that somebody works on them."""
    st.markdown(f"**{columns.count(len(keys), 'alert')}**: you work on it. Told again if it gets worse.")
    note = st.text_area("Note for the audit log", key="ack_note", placeholder="Optional")
    if st.button("Acknowledge", key="ack_confirm", type="primary"):
        _finish(partial(alerts_data.acknowledge_now, keys, note), "acknowledged")


@st.dialog("Snooze alerts", icon=":material/snooze:")
def _snooze(keys: Sequence[Key]) -> None:
    """Ask until when and hide them."""
    st.markdown(f"**{columns.count(len(keys), 'alert')}** out of the inbox.")
    kinds = {"day": "Until a day", "change": "Until it changes"}
    kind = st.segmented_control(
        "Until", list(kinds), format_func=lambda code: kinds[code], default="day", key="snooze_kind"
    )
    until = None
    if kind != "change":
        first = alerts_data.today() + timedelta(days=1)
        until = st.date_input("Back on", value=first, min_value=first, key="snooze_until")
    note = st.text_area("Note for the audit log", key="snooze_note", placeholder="Optional")
    if st.button("Snooze", key="snooze_confirm", type="primary"):
        _finish(partial(alerts_data.snooze_now, keys, until, note), "snoozed")


@st.dialog("Close alerts", icon=":material/close:")
def _close(keys: Sequence[Key]) -> None:
    """Ask for the reason and close them."""
    st.markdown(
        f"**{columns.count(len(keys), 'alert')}**: nothing needs doing. Told again only if it gets worse, or "
        "goes and comes back."
    )
    note = st.text_area("Reason for the audit log", key="close_note", placeholder="Needed")
    if st.button("Close", key="close_confirm", type="primary"):
        if note.strip():
            _finish(partial(alerts_data.close_now, keys, note), "closed")
        else:
            st.error("Say why first: the reason goes into the audit log.", icon=":material/edit:")


def _finish(act: Callable[[], int], done: str) -> None:
    number = states.guarded(act)
    if number is not None:
        shell.notify(f"{columns.count(number, 'alert')} {done}.")
        st.rerun()


def downloads(frame: pd.DataFrame) -> None:
    """Offer every alert that matches as a file."""
    with st.container(horizontal=True, width="content"):
        exports.formats("alerts", partial(alerts_data.download, frame), "alerts")
