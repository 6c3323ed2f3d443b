"""The parts of the Replay page: which replay, a new one, cards, both sides, over time, groups, lines."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import streamlit as st

from app import address, columns, replay_charts, replay_data, states, tables
from app.charts import CONFIG
from app.replay_data import Replay, ReplayBy
from app.theme import Palette

MOST_ROWS = 8
EVERY_SECONDS = 1.5
"""How often the page looks at a replay that is being played."""
SAMPLE = 300
"""Lines proposed for a first replay: minutes instead of a coffee."""
TARGETS = {"cost": "Least cost", "policy": "The lake's own targets"}


def pick(offered: dict[str, str]) -> str:
    """Show which replay is shown and return its id."""
    address.seed_one("replay", offered, next(iter(offered)))
    chosen: str = st.selectbox("Replay", list(offered), format_func=lambda code: offered[code], key="replay")
    address.keep("replay", chosen)
    return chosen


def progress() -> None:
    """Show the replay that is being played, or how the last one ended."""
    state = replay_data.running()
    if state is None:
        return
    if state.replay_id is not None:
        st.session_state["replay"] = state.replay_id
        replay_data.put_away()
        st.rerun()
    if state.refused is not None:
        st.error(f"**Not played.** {state.refused}", icon=":material/error:")
        st.button("Dismiss", key="replay_dismiss", on_click=replay_data.put_away)
        return
    _bar()


@st.fragment(run_every=EVERY_SECONDS)
def _bar() -> None:
    state = replay_data.running()
    if state is None or state.done:
        st.rerun()
    else:
        st.progress(min(state.share, 1.0), text=f"{state.text} … You may leave this page.")


def new(*, expanded: bool) -> None:
    """Show the form that plays another replay."""
    state, known = replay_data.running(), replay_data.span()
    if known is None or (state is not None and not state.done):
        return
    first, last = known
    with (
        st.expander("Play a replay", key="replay_new", expanded=expanded, icon=":material/replay:"),
        st.form("replay_form", border=False),
    ):
        start, end, against, target, lines = st.columns([4, 4, 5, 5, 3], vertical_alignment="bottom")
        a_year = max(last - dt.timedelta(days=364), first)
        since = start.date_input("From", a_year, min_value=first, max_value=last, key="replay_from")
        until = end.date_input("To", last, min_value=first, max_value=last, key="replay_to")
        other = against.selectbox(
            "Against",
            list(replay_data.THEIRS),
            format_func=lambda code: replay_data.THEIRS[code],
            key="replay_against",
            help="Minimum and maximum stock, tuned by ABC/XYZ class on the year before; or what was really "
            "ordered",
        )
        wanted = target.selectbox(
            "Shelfcast orders for", list(TARGETS), format_func=lambda code: TARGETS[code], key="replay_target"
        )
        sample = lines.number_input(
            "Lines",
            0,
            None,
            SAMPLE,
            step=100,
            key="replay_lines",
            help="A sample in which every ABC/XYZ class has its share; 0: all",
        )
        if st.form_submit_button("Play", key="replay_play", type="primary", icon=":material/play_arrow:"):
            replay_data.start(since, until, other, wanted, int(sample) or None)  # type: ignore[arg-type]
            st.rerun()
        st.caption(
            "A year of 300 lines takes two minutes or more; the command “shelfcast replay” does the same."
        )


def nothing_yet() -> None:
    """Say what a replay is where none was made."""
    st.info(
        "**No replay yet.** A replay plays your own past again, day by day, once with minimum and maximum "
        "stock (or with what was really ordered) and once with Shelfcast's orders, each knowing only what "
        "was known then, and compares what both would have cost.",
        icon=":material/replay:",
    )


def cards(found: Replay, currency: str) -> None:
    """Show what would have been saved and how sure that is."""
    shown = replay_data.figures(found)

    def money(value: float) -> str:
        return columns.money(value, currency)

    figures = [
        (
            "Shelfcast would have saved",
            money(shown.saved),
            f"90 % interval {money(shown.low)} to {money(shown.high)}",
        ),
        (
            "Of the cost",
            columns.share(shown.share, digits=0),
            f"{columns.share(shown.share_low, digits=0)} to {columns.share(shown.share_high, digits=0)}",
        ),
        ("Fill rate", columns.share(shown.fill_ours), f"instead of {columns.share(shown.fill_theirs)}"),
        ("Average stock", money(shown.stock_ours), f"instead of {money(shown.stock_theirs)}"),
        ("Written off", money(shown.waste_ours), f"instead of {money(shown.waste_theirs)}"),
    ]
    for place, (label, value, note) in zip(st.columns(5), figures, strict=True):
        place.metric(label, value, delta=note, delta_color="off", delta_arrow="off", border=True)


def sides(found: Replay, currency: str) -> None:
    """Show both sides by kind of money."""
    frame = replay_data.side_by_side(found)
    theirs = replay_data.THEIRS[found.total["against"]]
    st.dataframe(
        frame,
        key="replay_sides",
        hide_index=True,
        row_height=tables.ROW_HEIGHT,
        height=tables.height(frame),
        column_config={
            "what": columns.text(currency, width=150),
            "theirs": columns.amount(theirs, currency, width=104),
            "ours": columns.amount("Shelfcast", currency, width=90),
            "difference": _signed("Difference", width=90),
        },
        alt=f"What {theirs} and Shelfcast cost, by kind of money",
    )


def over_time(found: Replay, colors: Palette, currency: str) -> None:
    """Show what both cost since the first day."""
    weeks = replay_data.cumulative(found)
    theirs = replay_data.THEIRS[found.total["against"]]
    last = weeks.iloc[-1]
    st.plotly_chart(
        replay_charts.cumulative(weeks, theirs, colors, currency),
        key="replay_over_time",
        config=CONFIG,
        alt=f"Cost since the first day: {theirs} {columns.money(last['theirs'], currency)}, "
        f"Shelfcast {columns.money(last['ours'], currency)}",
    )


def about(found: Replay) -> None:
    """Say what was played and against what."""
    total = found.total
    lines = columns.count(total["lines"], "line")
    if total["lines"] < total["lines_of"]:
        lines = f"a sample of {total['lines']:,} of {total['lines_of']:,} lines, every class with its share"
    demand = (
        "the demo's true demand"
        if total["demand"] == "truth"
        else "what sold, and an estimate of what would have sold while stock was out"
    )
    assumed = (
        f" Opening stock of {columns.count(total['assumed_stock'], 'line')} is assumed."
        if total["assumed_stock"]
        else ""
    )
    st.caption(
        f"Played: {lines}, {demand}; the same demand and lead times for both, the first day's real stock and "
        f"open orders. Each knew only what was known on the day. {total['said']}.{assumed}"
    )


def split_by() -> ReplayBy:
    """Show what savings are split by and return it."""
    chosen: ReplayBy = st.selectbox(
        "Split by",
        list(replay_data.REPLAY_BY),
        format_func=lambda code: replay_data.REPLAY_BY[code],
        key="by",
        bind="query-params",
        label_visibility="collapsed",
        width=160,
    )
    return chosen


def split(found: Replay, by: ReplayBy, colors: Palette, currency: str) -> None:
    """Show savings by group, drawn and in figures."""
    frame = replay_data.split(found, by)
    left, right = st.columns([5, 7], gap="large")
    with left:
        st.plotly_chart(
            replay_charts.saved(frame, colors, currency),
            key="replay_split_chart",
            config=CONFIG,
            alt=f"Saved by {replay_data.REPLAY_BY[by].lower()}: "
            + ", ".join(
                f"{row['group']} {columns.money(row['saved'], currency)}"
                for row in frame.head(8).to_dict("records")
            ),
        )
    with right:
        st.dataframe(
            frame,
            key="replay_split",
            hide_index=True,
            row_height=tables.ROW_HEIGHT,
            height=tables.height(frame, 12),
            placeholder=columns.UNKNOWN,
            column_config={
                "group": columns.text(replay_data.REPLAY_BY[by], width=122),
                "lines": columns.quantity("Lines", width=56),
                "theirs": columns.amount(replay_data.THEIRS[found.total["against"]], currency, width=100),
                "ours": columns.amount("Shelfcast", currency, width=86),
                "saved": _signed("Saved", width=80),
                "share": columns.whole_per_cent("Of cost", width=64),
                "theirs_fill": _fill("Fill before"),
                "ours_fill": _fill("Fill after"),
            },
            alt=f"Cost and fill rate by {replay_data.REPLAY_BY[by].lower()}",
        )


def lines(found: Replay, *, lose: bool) -> None:
    """Show the lines that lose or win most; a selected one opens as an item."""
    frame = replay_data.lines_that(found, lose=lose)
    if frame.empty:
        states.nothing_here("No line would have cost more." if lose else "No line would have cost less.")
        return
    event = st.dataframe(
        frame,
        key=f"replay_{'lose' if lose else 'win'}-{found.replay_id}",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        row_height=tables.ROW_HEIGHT,
        height=tables.height(frame, MOST_ROWS),
        placeholder=columns.UNKNOWN,
        column_order=[
            "product",
            "location_name",
            "saved",
            "lost",
            "holding",
            "waste",
            "orders",
            "theirs_fill_rate",
            "ours_fill_rate",
        ],
        column_config={
            "product": columns.text("Product", width=150),
            "location_name": columns.text("Location", width=96),
            "saved": _signed("Saved", width=64),
            "lost": _signed("Lost", width=58, help="Margin lost: Shelfcast's less theirs"),
            "holding": _signed("Held", width=58, help="Stock held: Shelfcast's less theirs"),
            "waste": _signed("Waste", width=58, help="Written off: Shelfcast's less theirs"),
            "orders": _signed("Orders", width=60, help="Order lines: Shelfcast's less theirs"),
            "theirs_fill_rate": _fill("Fill before"),
            "ours_fill_rate": _fill("Fill after"),
        },
        alt="Lines that " + ("cost more under Shelfcast" if lose else "cost less under Shelfcast"),
    )
    _open(frame, event.selection.rows)


def _open(frame: pd.DataFrame, rows: list[int]) -> None:
    if rows and rows[0] < len(frame):
        row = frame.iloc[rows[0]]
        st.switch_page(states.ITEM_PAGE, query_params={"sku": row["sku"], "location": row["location"]})


def _signed(label: str, *, width: int, **more: Any) -> Any:
    """Configure a column of differences of money."""
    return st.column_config.NumberColumn(label, format="%+,.0f", width=width, **more)


def _fill(label: str) -> Any:
    return st.column_config.NumberColumn(label, format="%.1f %%", width=76)
