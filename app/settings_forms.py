"""The dialogs of the Settings page; each ends in one recorded act with its reason."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from app import columns, settings_data, shell, states
from app.settings_data import EVERYTHING, THRESHOLDS, Filter, Schedule, Subscription

_DIGESTS = {"immediately": "Immediately", "hourly": "Every hour", "daily": "Once a day"}
_LEVELS = {"info": "All levels", "warning": "Warning and critical", "critical": "Critical only"}


@st.dialog("Add a subscription", icon=":material/add:", width="large")
def add_subscription() -> None:
    """Ask who is to be told of what, how and when, and add it."""
    left, right = st.columns(2)
    channel = left.selectbox(
        "How",
        settings_data.CHANNELS,
        format_func=lambda one: settings_data.CHANNEL_LABELS[one],
        key="sub_channel",
    )
    recipient = right.text_input("For whom", key="sub_recipient", placeholder="Ana, or the name of a system")
    endpoint = left.text_input("Where", key="sub_endpoint", placeholder=settings_data.ENDPOINT_HELP[channel])
    secret = _secret(right, channel, "")
    chosen = _filter(EVERYTHING) | _schedule(settings_data.schedule_here())
    reason = _reason()
    if st.button("Add", key="sub_add_confirm", type="primary"):
        _finish(
            partial(settings_data.add, channel, endpoint, recipient, secret, chosen, reason),
            f"{recipient} is told from now on.",
        )


@st.dialog("Change a subscription", icon=":material/edit:", width="large")
def change_subscription(old: Subscription) -> None:
    """Ask what is to be different, and change it."""
    left, right = st.columns(2)
    recipient = left.text_input("For whom", value=old.recipient, key="sub_recipient")
    active = right.toggle("Active", value=old.active, key="sub_active", help="Off: nothing goes out")
    endpoint = left.text_input(
        f"Where ({settings_data.CHANNEL_LABELS[old.channel]})",
        key="sub_endpoint",
        placeholder=f"{old.hidden_endpoint} – leave empty to keep it",
    )
    secret = _secret(right, old.channel, old.hidden_secret)
    changes = {"recipient": recipient, "active": active} | _filter(old.wanted) | _schedule(old.schedule)
    changes |= {name: value for name, value in (("endpoint", endpoint), ("secret", secret)) if value}
    reason = _reason()
    if st.button("Change", key="sub_change_confirm", type="primary"):
        _finish(partial(settings_data.change, old.subscription, changes, reason), f"{recipient}: changed.")


@st.dialog("Remove a subscription", icon=":material/delete:")
def remove_subscription(old: Subscription) -> None:
    """Ask why and take it off."""
    st.markdown(f"**{old.recipient}** ({old.hidden_endpoint}) is not told any more; what waits is forgotten.")
    reason = _reason()
    if st.button("Remove", key="sub_remove_confirm", type="primary"):
        _finish(partial(settings_data.remove, old.subscription, reason), f"{old.recipient}: removed.")


def _secret(place: Any, channel: str, hidden: str) -> str:
    if channel != "webhook":
        return ""
    entered: str = place.text_input(
        "Secret that signs what is sent",
        key="sub_secret",
        type="password",
        placeholder=f"{hidden} – leave empty to keep it" if hidden else "16 characters or more",
        help="Both sides know it. `env:NAME`: the variable NAME holds it, and the lake never does.",
    )
    return entered


def _filter(old: Filter) -> dict[str, Any]:
    known = settings_data.choices()
    left, right = st.columns(2)
    types = left.multiselect(
        "Of what",
        [*settings_data.ALERT_TYPES, *settings_data.CONFIRMATIONS],
        default=list(old.types),
        format_func=settings_data.label,
        placeholder="All alerts",
        key="sub_types",
    )
    level = right.selectbox(
        "Least level",
        list(_LEVELS),
        index=list(_LEVELS).index(old.least_level),
        format_func=lambda one: _LEVELS[one],
        key="sub_level",
    )
    locations = left.multiselect(
        "Locations",
        sorted({*known.locations, *old.locations}),
        default=list(old.locations),
        format_func=lambda code: columns.named(known.locations, code),
        placeholder="All locations",
        key="sub_locations",
    )
    categories = right.multiselect(
        "Categories",
        sorted({*known.categories, *old.categories}),
        default=list(old.categories),
        placeholder="All categories",
        key="sub_categories",
    )
    money = left.number_input(
        "Least money at risk",
        min_value=0.0,
        value=float(old.least_money),
        step=50.0,
        format="%g",
        key="sub_money",
    )
    authors = right.text_input(
        "Confirmations of whom",
        value=", ".join(old.authors),
        placeholder="Everybody",
        help="Names as they are in the events, with commas between",
        key="sub_authors",
    )
    return {
        "types": tuple(types),
        "least_level": level,
        "locations": tuple(locations),
        "categories": tuple(categories),
        "least_money": money,
        "authors": tuple(name.strip() for name in authors.split(",") if name.strip()),
    }


def _schedule(old: Schedule) -> dict[str, Any]:
    left, middle, right = st.columns(3)
    digest = left.selectbox(
        "How often",
        list(_DIGESTS),
        index=list(_DIGESTS).index(old.digest),
        format_func=lambda one: _DIGESTS[one],
        key="sub_digest",
    )
    at = middle.text_input("Daily at", value=old.digest_at, key="sub_at", disabled=digest != "daily")
    zones = settings_data.time_zones()
    zone = right.selectbox(
        "Time zone",
        zones,
        index=zones.index(old.time_zone) if old.time_zone in zones else zones.index("UTC"),
        key="sub_zone",
    )
    start = left.text_input("Quiet from", value=old.quiet_from, placeholder="22:00", key="sub_quiet_from")
    end = middle.text_input("Quiet until", value=old.quiet_to, placeholder="07:00", key="sub_quiet_to")
    return {
        "digest": digest,
        "digest_at": at.strip(),
        "time_zone": zone,
        "quiet_from": start.strip(),
        "quiet_to": end.strip(),
    }


@st.dialog("Change thresholds", icon=":material/tune:", width="large")
def change_threshold() -> None:
    """Ask for a segment and what counts there, and change it; what is left empty stays."""
    known = settings_data.choices()
    left, right = st.columns(2)
    kind = left.selectbox(
        "Alert",
        ["", *settings_data.ALERT_TYPES],
        format_func=lambda one: settings_data.label(one) if one else "All types",
        key="threshold_type",
    )
    location = right.selectbox(
        "Location",
        ["", *known.locations],
        format_func=lambda code: columns.named(known.locations, code) if code else "All locations",
        key="threshold_location",
    )
    category = left.selectbox(
        "Category",
        ["", *known.categories],
        format_func=lambda one: one or "All categories",
        key="threshold_category",
    )
    abc = right.selectbox(
        "Class by turnover",
        ["", "A", "B", "C"],
        format_func=lambda one: one or "All classes",
        key="threshold_abc",
    )
    fires = st.selectbox(
        "Fires", ["", "yes", "no"], format_func=lambda one: one or "As it is", key="threshold_fires"
    )
    places = st.columns(4)
    numbers = {
        name: places[number % 4].number_input(
            label,
            min_value=0.0,
            value=None,
            format="%g",
            placeholder="As it is",
            key=f"threshold_{name}",
            help=_help(name, kind),
        )
        for number, (name, label) in enumerate(THRESHOLDS.items())
    }
    values: dict[str, Any] = {name: value for name, value in numbers.items() if value is not None}
    values |= {"enabled": fires == "yes"} if fires else {}
    reason = _reason()
    segment = {"alert_type": kind, "category": category, "abc": abc, "location": location}
    if st.button("Change", key="threshold_confirm", type="primary"):
        _finish(
            partial(settings_data.set_threshold, segment, values, reason),
            "Thresholds changed; the next look counts by them.",
        )


def _help(name: str, kind: str) -> str | None:
    if name == "limit":
        return settings_data.threshold_unit(kind)
    return "Share from 0 to 1" if name.endswith("_share") else None


@st.dialog("Change a setting", icon=":material/edit:")
def change_value(row: dict[str, str]) -> None:
    """Ask for the new value and why, and change it."""
    value = st.text_input(row["label"], value=row["value"], key=f"setting_{row['name']}", help=row["meaning"])
    st.caption(row["meaning"])
    reason = _reason()
    if st.button("Change", key="setting_confirm", type="primary"):
        _finish(
            partial(settings_data.set_value, row["name"], value.strip(), reason),
            f"{row['label']} changed; the next plan uses it.",
        )


def _reason() -> str:
    return str(st.text_input("Reason for the audit log", key="settings_reason", placeholder="Optional") or "")


def _finish(act: Callable[[], object], done: str) -> None:
    if states.guarded(act) is not None:
        shell.notify(done)
        st.rerun()
