"""Scenarios: which plan wins? Copy, change, compare, promote. Layout only."""

import streamlit as st

from app import data, scenarios_form, scenarios_page, shell, states, theme

states.require_run("Scenarios")
shell.show_notice()
colors, currency = theme.palette(), data.settings().currency

with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    with st.container(gap=None):
        st.title("Scenarios")
        shell.plan_line()
    export = st.container(width="content")

chosen = scenarios_page.pick()
results = scenarios_page.results_of(chosen)
with export:
    scenarios_page.download(results, chosen)
scenarios_page.side_by_side(chosen, results, colors, currency)
scenarios_form.form(currency)
scenarios_page.lines(chosen, results, currency)
scenarios_page.keep_or_act(chosen)
