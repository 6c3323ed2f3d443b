"""Import: bring a file in, see what it is taken for, load it, plan. Layout only."""

import streamlit as st

from app import data, import_page, planner, shell

shell.show_notice()
with st.container(gap=None):
    st.title("Import")
    st.caption(f"Into the lake “{data.lake_name()}”. A file is loaded whole or not at all.")

import_page.take_file()
if not import_page.result():
    seen = import_page.look()
    if seen is not None:
        import_page.edit_mapping(seen)
        import_page.show_rows(seen)
        import_page.confirm(seen)

left, right = st.columns([8, 4], gap="large")
with left:
    st.header("What the lake holds")
    import_page.contents(data.contents())
with right:
    st.header("Plan")
    st.markdown(data.plan_advice())
    planner.plan_button("plan_import", disabled=data.state() == "empty")
    st.header("Templates")
    import_page.templates()
