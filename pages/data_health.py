"""Data health: can the plan's inputs be trusted, and what to repair. Layout only."""

import streamlit as st

from app import data, filters, health_page, shell, states

states.require_run("Data health")
shell.show_notice()

with st.container(gap=None):
    st.title("Data health")
    shell.plan_line()
health_page.summary(data.health_summary())

with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    st.header("What was found", width="content")
    with st.container(width=320):
        severities = filters.severities()
found = data.faults(severities)
if found.empty:
    states.nothing_here(
        "The checks found nothing to repair." if not severities else "Nothing of this severity."
    )
else:
    health_page.faults(found)
    health_page.download("Download all findings", found, "data-faults")

held = data.held_lines()
st.header("Lines held")
if held.empty:
    states.nothing_here("No line is held.")
else:
    health_page.held(held)
    health_page.download("Download held lines", held, "held-lines")

left, right = st.columns(2, gap="large")
with left:
    st.header("Tables")
    health_page.tables(data.table_freshness())
with right:
    st.header("Locations")
    health_page.locations(data.location_freshness())
