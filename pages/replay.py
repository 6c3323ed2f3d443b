"""Replay: what would last year have cost? Layout only."""

import streamlit as st

from app import columns, data, replay_data, replay_page, shell, states, theme

states.require_run("Replay")
shell.show_notice()
colors, currency = theme.palette(), data.settings().currency

offered = replay_data.listed()
left, right = st.columns([5, 7], vertical_alignment="bottom")
with left.container(gap=None):
    st.title("Replay")
    st.caption("What would last year have cost?")
replay_page.progress()
if not offered:
    replay_page.nothing_yet()
    replay_page.new(expanded=True)
    st.stop()
with right:
    chosen = replay_page.pick(offered)

found = replay_data.load(chosen)
if found is None:
    states.nothing_here("This replay is no longer in the lake.")
    st.stop()
replay_page.cards(found, currency)
replay_page.new(expanded=False)

left, right = st.columns([5, 7], gap="large")
with left:
    st.header("Side by side")
    replay_page.sides(found, currency)
with right:
    st.header("Over the year")
    replay_page.over_time(found, colors, currency)
replay_page.about(found)

with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    st.header("Where it saves", width="content")
    by = replay_page.split_by()
replay_page.split(found, by, colors, currency)

saves, loses = replay_data.balance(found)
left, right = st.columns(2, gap="large")
with left:
    st.header(f"Where Shelfcast loses: {columns.count(loses, 'line')}")
    replay_page.lines(found, lose=True)
with right:
    st.header(f"Where it wins: {columns.count(saves, 'line')}")
    replay_page.lines(found, lose=False)
st.caption(f"In {currency}, dearest first, at most 50 of each. Select a line to open its item.")
