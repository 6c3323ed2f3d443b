"""Today: what needs a planner now, worth how much. Layout only."""

import streamlit as st

from app import alerts_page, cards, data, exports, filters, shell, states, worklist

states.require_run("Today")
worklist.follow_click()
shell.show_notice()

currency = data.settings().currency
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    with st.container(gap=None):
        st.title("Today")
        shell.plan_line()
    export = st.container(horizontal=True, vertical_alignment="center", width="content")

cards.headlines(data.headlines(), currency)
wanted = filters.worklist_filters()
frame, matching = data.worklist(wanted)

with export:
    alerts_page.today_link()
    exports.csv("Export worklist", "worklist", lambda: data.worklist_csv(wanted), "export_worklist")

if frame.empty:
    states.nothing_here(
        "No exception matches these filters." if wanted.active else "Nothing needs you: no open exception."
    )
    st.stop()

rows = worklist.show(frame, currency, with_approved=wanted.with_approved)
selection = data.select(frame, rows)

with st.container(horizontal=True, vertical_alignment="center"):
    if st.button(
        f"Approve {selection.count:,} selected",
        key="approve_selected",
        type="primary",
        icon=":material/task_alt:",
        disabled=not selection.count,
    ):
        worklist.approve(selection, currency)
    st.caption(
        f"{len(frame):,} of {matching:,} exceptions, dearest first. Select rows to approve their orders "
        "as proposed; open an item to see why, try a what-if or change the forecast."
    )
