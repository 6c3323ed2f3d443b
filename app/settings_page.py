"""The parts of the Settings page: who is told, thresholds of alerts, plan settings, what was changed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from app import columns, data, settings_data, settings_forms, shell, states, tables
from app.settings_data import THRESHOLDS, Told

STATE_COLORS = {"Active": "green", "Failing": "red", "Paused": "gray"}
MOST_ROWS = 12


def failures(every: Sequence[Told]) -> None:
    """Say which subscriptions do not get through, and why."""
    for sentence in settings_data.failing(every):
        st.warning(sentence, icon=":material/mark_email_unread:")


def subscriptions(every: Sequence[Told], currency: str) -> Told | None:
    """Show who is told; return the subscription that is selected."""
    if not every:
        states.nothing_here("Nobody is told of alerts yet: they show on the page *Alerts* alone.")
        return None
    frame = settings_data.subscription_rows(every, currency)
    event = st.dataframe(
        frame,
        key=f"subscriptions-{data.fingerprint(frame, 'subscription')}",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=tables.height(frame, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=["recipient", "channel", "endpoint", "what", "when", "state", "waiting", "last_sent"],
        column_config={
            "recipient": columns.text("For", width=110),
            "channel": columns.text("How", width=76),
            "endpoint": columns.text("Where", width=172),
            "what": columns.text("What", width=240),
            "when": columns.text("When", width=286),
            "state": columns.tag("State", STATE_COLORS, width=84),
            "waiting": columns.quantity("Waiting", width=70),
            "last_sent": st.column_config.DatetimeColumn("Last sent", format="D MMM HH:mm", width=110),
        },
        alt="Subscriptions: for whom, how, where, what, when, and whether it arrives",
    )
    rows = event["selection"]["rows"]
    return every[rows[0]] if rows else None


def subscription_acts(chosen: Told | None, every: Sequence[Told]) -> None:
    """Show what can be done with subscriptions, and with the one that is selected."""
    tip = None if chosen else "Select a subscription"
    with st.container(horizontal=True):
        if st.button("Add", key="sub_add", type="primary", icon=":material/add:"):
            settings_forms.add_subscription()
        for key, label, icon, form in (
            ("sub_change", "Change", ":material/edit:", settings_forms.change_subscription),
            ("sub_remove", "Remove", ":material/delete:", settings_forms.remove_subscription),
        ):
            if st.button(label, key=key, icon=icon, disabled=chosen is None, help=tip) and chosen:
                form(chosen.subscription)
        if st.button("Send a trial", key="sub_trial", icon=":material/send:", disabled=not chosen, help=tip):
            _trial(chosen)
        if st.button(
            "Send what is due",
            key="sub_due",
            icon=":material/schedule_send:",
            disabled=not every,
            help="Digests whose time came, what waited for the end of quiet hours, what failed before",
        ):
            _due()


def _trial(chosen: Told | None) -> None:
    if chosen is None:
        return
    with st.spinner("Sending …"):
        sent = states.guarded(partial(settings_data.send_trial, chosen.subscription.subscription))
    if sent is not None:
        st.success(f"Sent to {sent.recipient} ({sent.hidden_endpoint}).", icon=":material/check_circle:")


def _due() -> None:
    with st.spinner("Sending …"):
        done = states.guarded(settings_data.send_due)
    if done is not None:
        failed = f", {done.failed} not delivered" if done.failed else ""
        shell.notify(f"{columns.count(done.sent, 'message')} sent, {done.waiting} waiting{failed}.")
        st.rerun()


def thresholds(frame: pd.DataFrame, currency: str) -> None:
    """Show when alerts fire, and change it."""
    st.dataframe(
        frame,
        key="thresholds",
        hide_index=True,
        height=tables.height(frame, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=[
            "label",
            "segment",
            "fires",
            "limit",
            "unit",
            *[name for name in THRESHOLDS if name != "limit"],
        ],
        column_config={
            "label": columns.text("Alert", width=130),
            "segment": columns.text("Where", width=104),
            "fires": columns.text("Fires", width=48),
            "limit": st.column_config.NumberColumn("Threshold", format="%g", width=78),
            "unit": columns.text("Counts", width=224),
            "least_money": columns.amount("Fires from", currency, width=76),
            "warning_money": columns.amount("Warning from", currency, width=94),
            "critical_money": columns.amount("Critical from", currency, width=88),
            "worsen_share": columns.per_cent("Worse by", width=70),
            "worsen_money": columns.amount("And at least", currency, width=84),
            "release_share": columns.per_cent("Ends below", width=82),
            "ahead_days": st.column_config.NumberColumn("Days ahead", format="%g", width=80),
        },
        alt="Thresholds of alerts by type and segment; a dash: as the less specific row says",
    )
    if st.button("Change thresholds", key="threshold_change", icon=":material/tune:"):
        settings_forms.change_threshold()


def values(frame: pd.DataFrame) -> None:
    """Show the settings of the lake, and change the one that is selected."""
    event = st.dataframe(
        frame,
        key="settings",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=tables.height(frame),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_order=["label", "value", "stated", "meaning"],
        column_config={
            "label": columns.text("Setting", width=210),
            "value": columns.text("Value", width=220),
            "stated": columns.text("From", width=90),
            "meaning": columns.text("Meaning", width=520),
        },
        alt="Settings of the lake: name, value, whether it was set, meaning",
    )
    rows = event["selection"]["rows"]
    pressed = st.button(
        "Change",
        key="setting_change",
        icon=":material/edit:",
        disabled=not rows,
        help=None if rows else "Select a setting",
    )
    if pressed and rows:
        settings_forms.change_value(settings_data.row(frame, rows[0]))


def audit(frame: pd.DataFrame) -> None:
    """Show who changed what, when and why."""
    if frame.empty:
        states.nothing_here("Nothing was changed yet.")
        return
    st.dataframe(
        frame,
        key="settings_audit",
        hide_index=True,
        height=tables.height(frame, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        column_config={
            "at": st.column_config.DatetimeColumn(
                "When (UTC)", format="D MMM YYYY HH:mm", width=140, timezone="UTC"
            ),
            "author": columns.text("Who", width=110),
            "what": columns.text("What", width=240),
            "change": columns.text("From → to", width=420),
            "reason": columns.text("Why", width=260),
        },
        alt="Changes of settings, thresholds and subscriptions, newest first",
    )
