"""The parts of the Events page: cards, what came in, and one event."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from app import address, columns, data, events_charts, events_data, filters, states, tables
from app.charts import CONFIG
from app.events_data import EventsWanted
from app.theme import Palette

VIEWS = {"came": "Came in", "dead": "Dead letters", "quarantine": "Quarantine", "feeds": "Feeds"}
MOST_ROWS = 12

TYPE_COLORS = dict(
    zip(
        events_data.TYPE_LABELS.values(),
        (
            "blue",
            "blue",
            "violet",
            "blue",
            "red",
            "gray",
            "orange",
            "orange",
            "orange",
            "green",
            "red",
            "violet",
        ),
        strict=True,
    )
)


def nothing_yet() -> None:
    """Say how events come in."""
    st.info(
        "**Nothing has come in yet.** Systems tell of stock, sales and orders in messages: through SNS and "
        "SQS on AWS, or on this computer with `shelfcast events send`. What people decide here appears too.",
        icon=":material/sensors:",
    )


def span() -> str:
    """Let the planner choose how far to look back; it is in the URL."""
    address.seed_one("span", events_data.SPANS, "day")
    chosen: str = st.selectbox(
        "Looking back",
        list(events_data.SPANS),
        format_func=lambda code: events_data.SPANS[code],
        key="span",
        label_visibility="collapsed",
        width=180,
    )
    address.keep("span", "" if chosen == "day" else chosen)
    return chosen


def view(counts: dict[str, int]) -> str:
    """Let the planner choose what to see; it is in the URL."""
    address.seed_one("view", VIEWS, "came")
    chosen: str = st.radio(
        "View",
        list(VIEWS),
        format_func=lambda code: f"{VIEWS[code]} ({counts[code]:,})" if counts.get(code) else VIEWS[code],
        key="view",
        horizontal=True,
        label_visibility="collapsed",
    )
    address.keep("view", "" if chosen == "came" else chosen)
    return chosen


def cards(chosen: str, dead: int, clashes: int) -> None:
    """Show the rate, the newest event, what the plan does not know yet, and what could not be read."""
    found = events_data.figures(chosen)
    newest = ago(found.newest, events_data.now()) if found.newest else columns.UNKNOWN
    after = columns.UNKNOWN if found.after_plan is None else f"{found.after_plan:,}"
    shown = (
        (
            "Came in",
            f"{found.count:,}",
            rate(found.an_hour),
            "Facts of systems and acts of people",
        ),
        ("Newest", newest, "since it happened", "How long ago the newest event happened"),
        (
            "After the plan",
            after,
            "facts not in it",
            "Facts of the span that happened after the plan was made",
        ),
        (
            "Not readable",
            f"{dead:,}",
            "dead letters wait",
            "Messages that broke a rule; nothing of them counts",
        ),
        ("Claimed twice", f"{clashes:,}", "ids in quarantine", "Ids that came with two different contents"),
    )
    with st.container(horizontal=True):
        for name, value, note, tip in shown:
            st.metric(
                name,
                value,
                delta=note,
                delta_color="off",
                delta_arrow="off",
                border=True,
                help=tip,
                height="stretch",
            )


def rate(an_hour: float) -> str:
    """Write how many events came an hour."""
    return f"{an_hour:,.0f} an hour" if an_hour >= 10 else f"{an_hour:.1f} an hour"


def ago(instant: datetime, now: datetime) -> str:
    """Write how long ago an instant is."""
    seconds = (now - instant).total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:,.0f} {unit}"
    return "just now"


def came(chosen: str, colors: Palette) -> None:
    """Show what came in: by hour, then the newest, then one."""
    wanted = _wanted(chosen)
    if not events_data.kinds(chosen):
        days = events_data.listed().days
        last = f" The last day with facts is {days[-1]}." if days else ""
        states.nothing_here(f"Nothing came in the span chosen.{last}")
        return
    found = events_data.came(chosen, wanted)
    if found.frame.empty:
        states.nothing_here("No event of the span matches these filters.")
        return
    st.plotly_chart(
        events_charts.by_hour(events_data.by_hour(chosen, wanted), events_data.limits(chosen), colors),
        config=CONFIG,
        theme=None,
        key="by_hour",
        alt="Events that came each hour, by family",
    )
    if found.matching > len(found.frame):
        st.caption(f"The newest {len(found.frame):,} of {found.matching:,}. Filters find the rest.")
    else:
        st.caption(columns.count(found.matching, "event"))
    selected = _table(found.frame)
    event_id = selected or st.query_params.get("event", "")
    address.keep("event", event_id)
    if event_id:
        one(chosen, event_id)


def _wanted(chosen: str) -> EventsWanted:
    left, middle, right, last = st.columns([7, 7, 4, 4], vertical_alignment="bottom")
    with left:
        kinds = filters.many("kinds", "Type", events_data.kinds(chosen), everything="All types")
    with middle:
        places = filters.many(
            "locations", "Location", events_data.names()["locations"], everything="All locations"
        )
    sku = right.text_input("Product code", key="product", bind="query-params", placeholder="All products")
    order = last.text_input("Order", key="order", bind="query-params", placeholder="All orders")
    return EventsWanted(kinds, places, (sku or "").strip(), (order or "").strip())


def _table(frame: pd.DataFrame) -> str:
    """Show events; return the id of the one selected."""
    event = st.dataframe(
        frame,
        key=f"events-{data.fingerprint(frame, 'event_id')}",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=tables.height(frame, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        placeholder="",
        column_order=["at", "label", "product", "location_name", "quantity", "order_id", "about", "who"],
        column_config={
            "at": st.column_config.DatetimeColumn("Happened, UTC", format="ddd D MMM HH:mm:ss", width=150),
            "label": columns.tag("Type", TYPE_COLORS, width=130),
            "product": columns.text("Product", width=250),
            "location_name": columns.text("Location", width=180),
            "quantity": columns.quantity("Units", width=80),
            "order_id": columns.text("Order", width=110),
            "about": columns.text("Details", width=190),
            "who": columns.text("Who", width=70),
        },
        alt="The newest events: when, what, of which product and where",
    )
    rows = event["selection"]["rows"]
    return str(frame["event_id"].iloc[rows[0]]) if rows else ""


def one(chosen: str, event_id: str) -> None:
    """Show one event: what it says, and what it did to stock."""
    content = events_data.content(chosen, event_id)
    st.header("One event")
    if content is None:
        states.nothing_here(f"Event {event_id} is not of the span chosen: look further back.")
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**What it says**")
        st.json(content)
    with right:
        st.markdown("**What it did to stock**")
        _effects(chosen, event_id, "eventType" in content)


def _effects(chosen: str, event_id: str, is_act: bool) -> None:
    if is_act:
        st.caption("An act of a person moves no stock.")
        return
    found = events_data.effects(chosen, event_id)
    if not found:
        st.caption("It names no product: it moves no stock.")
    places = events_data.names()["locations"]
    for effect in found:
        before, after = columns.units(_number(effect.before)), columns.units(_number(effect.after))
        st.metric(
            columns.named(places, effect.location),
            after,
            delta=f"{before} before",
            delta_color="off",
            delta_arrow="off",
            border=True,
        )
        if effect.why:
            st.caption(f"Nothing moved: {effect.why}.")


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
