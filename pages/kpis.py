"""Key figures: how well does it go, and how is that measured? Layout only."""

import streamlit as st

from app import kpi_data, kpi_page, shell, states

states.require_run("Key figures")
shell.show_notice()

left, right = st.columns(2, vertical_alignment="bottom")
with left.container(gap=None):
    st.title("Key figures")
    shell.plan_line()
with right:
    wanted = kpi_page.pick()

found = kpi_data.facts(wanted)
if found is None:
    states.nothing_here("This plan was made before key figures were kept. Plan again to see them.")
elif found.empty:
    states.nothing_here("Nothing was sold, stocked or counted here in the last twelve months.")
else:
    figures = kpi_data.overview(found)
    kpi_page.overview(figures)
    kpi_page.definitions(figures)
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.header("Where it goes well", width="content")
        by = kpi_page.by()
    kpi_page.split(kpi_data.split(found, by), by)
    kpi_page.download(found)
