"""Forecast & value: was the forecast right, and who improved it? Layout only."""

import streamlit as st

from app import (
    data,
    driver_effects,
    forecast_totals,
    forecast_value_data,
    forecast_value_page,
    shell,
    states,
    theme,
)

states.require_run("Forecast & value")
shell.show_notice()
colors, currency = theme.palette(), data.settings().currency

left, right = st.columns([6, 6], vertical_alignment="bottom")
with left.container(gap=None):
    st.title("Forecast & value")
    shell.plan_line()
with right:
    wanted = forecast_value_page.pick()

value = forecast_value_data.judged(wanted)
overrides = forecast_value_data.override_list(value)
forecast_value_page.cards(forecast_value_data.forecast_figures(value))

was_right, who, models = st.columns(3, gap="medium")
with was_right:
    st.header("Was it right?")
    forecast_value_page.realised(value, colors)
with who:
    st.header("Who improved it?")
    forecast_value_page.planners(value, overrides, colors)
with models:
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.header("Which model wins?", width="content")
        by = forecast_value_page.segment(st.container(width=120))
    board = forecast_value_data.leaderboard(wanted, by)
    forecast_value_page.winners(board)
if not value.cells.empty:
    looked_at = forecast_value_data.days_in_words(value)
    st.caption(f"Looked back on: {looked_at}. Demand is estimated where stock was out.")

forecast_totals.section(colors)
driver_effects.section(wanted, colors)

st.header("Overrides")
forecast_value_page.overrides(overrides, currency)

left, right = st.columns([4, 8], gap="large")
with left:
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.header("Value added", width="content")
        added_by = forecast_value_page.value_segment(st.container(width=140))
    forecast_value_page.by_segment(value, added_by, colors)
with right:
    st.header("How far ahead it holds")
    forecast_value_page.by_horizon(forecast_value_data.accuracy_by_horizon())

st.header("All models")
forecast_value_page.board(board)
