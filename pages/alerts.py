"""Alerts: what needs somebody, why, and the one act that fixes it. Layout only."""

import streamlit as st

from app import alerts_data, alerts_page, data, shell, states

states.require_run("Alerts")
alerts_page.follow_click()
shell.show_notice()
currency = data.settings().currency

with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    with st.container(gap=None):
        st.title("Alerts")
        shell.plan_line()
    export = st.container(horizontal=True, width="content")

every = alerts_data.load()
with export:
    alerts_page.look_now()

if every.empty:
    states.nothing_here("No alert. *Look now* judges the plan as it stands, approved orders counted.")
    st.stop()

alerts_page.cards(alerts_data.figures(every), currency)
wanted = alerts_page.pick(every)
matching = alerts_data.narrow(every, wanted)
with export:
    alerts_page.downloads(matching)
if matching.empty:
    states.nothing_here("No alert matches these filters." if wanted.active else "Nothing needs you.")
    st.stop()

frame = alerts_data.shown(matching)
rows = alerts_page.inbox(frame, len(matching), currency)
alerts_page.actions(alerts_data.keys_of(frame, rows))
alerts_page.whole(frame, rows, currency)
