"""Expiry: what will be thrown away, and what to do about it. Layout only."""

import streamlit as st

from app import data, expiry_data, expiry_page, shell, states, theme

states.require_run("Expiry")
shell.show_notice()
colors, currency = theme.palette(), data.settings().currency

with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    with st.container(gap=None):
        st.title("Expiry")
        shell.plan_line()
    export = st.container(width="content")
wanted = expiry_page.pick()
found = expiry_data.plan(wanted)

if found is None:
    states.nothing_here("This plan was made before write-offs were projected. Plan again to see them.")
elif found.lots.empty:
    states.nothing_here("Nothing is expected to be thrown away here.")
else:
    with export:
        expiry_page.downloads(found)
    expiry_page.cards(found, currency)
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.header("What will we throw away?", width="content")
        by = expiry_page.split_by(st.container(width=140))
    expiry_page.weeks(found, by, colors, currency)
    frame = expiry_data.table(found)
    rows = expiry_page.batches(found, frame, currency)
    expiry_page.actions(found, frame, rows, currency)
    expiry_page.compare(found, frame, rows, currency)
expiry_page.running()
