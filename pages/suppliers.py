"""Suppliers: who keeps their promises, and what does it cost when they do not? Layout only."""

import streamlit as st

from app import data, shell, states, suppliers_data, suppliers_page, theme

states.require_run("Suppliers")
shell.show_notice()
colors, currency = theme.palette(), data.settings().currency

with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    with st.container(gap=None, width="content"):
        st.title("Suppliers")
        shell.plan_line()
    tools = st.container(horizontal=True, width="content")

frame = suppliers_data.performance()
if frame is None:
    states.nothing_here("This plan was made before suppliers were measured. Plan again to see them.")
    st.stop()
if not frame["deliveries"].any():
    suppliers_page.nothing_measured()
    st.stop()
with tools:
    kind = suppliers_page.kind()
    suppliers_page.download(frame)

rows = suppliers_data.listed(frame, kind)
suppliers_page.cards(rows, currency)
st.header("Whose promises cost most")
selected = suppliers_page.ranking(rows, currency)

with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    st.header("One supplier", width="content")
    source = suppliers_page.pick(rows, selected)
left, right = st.columns([6, 7], gap="large")
with left:
    suppliers_page.lead_times(suppliers_data.one(frame, source), colors)
with right:
    suppliers_page.places(suppliers_data.places(frame, source))
st.header("Late now")
suppliers_page.late_orders(suppliers_data.late_orders(source), currency)
