"""Settings: who is told of what, when alerts fire, and what plans start from. Layout only."""

import streamlit as st

from app import data, settings_data, settings_page, shell

shell.show_notice()
currency = data.settings().currency

with st.container(gap=None):
    st.title("Settings")
    st.caption(f"Every change is recorded with its author and its reason · you act as {data.author()}")

st.header("Who is told")
every = settings_data.told()
settings_page.failures(every)
chosen = settings_page.subscriptions(every, currency)
settings_page.subscription_acts(chosen, every)

st.header("When alerts fire")
settings_page.thresholds(settings_data.threshold_rows(), currency)

st.header("What plans start from")
settings_page.values(settings_data.setting_rows())

st.header("What was changed")
settings_page.audit(settings_data.audit())
