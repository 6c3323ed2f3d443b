"""What surrounds every page: the icon, the line that says which plan is shown, and the last resort."""

from __future__ import annotations

import logging

import streamlit as st

from app import columns, data

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="7" fill="#0B5A9D"/>'
    '<path d="M6 12h20M6 23h20" stroke="#fff" stroke-width="2.4" stroke-linecap="round"/>'
    '<path d="M9 12V7h5v5M17 12V9h5v3M8 23v-6h6v6M18 23v-4h5v4" fill="#9CCBF5"/></svg>'
)
"""Drawn here: a material icon or an emoji would be fetched from another host."""

_NOTICE = "notice"
_REFUSED = "refused_lines"


def plan_line() -> None:
    """Say which plan the page shows, so that nobody acts on yesterday's."""
    run = data.run()
    company = data.settings().company
    st.caption(
        f"{company + ' · ' if company else ''}Plan for {columns.day(run.as_of)} · "
        f"made {run.created_at:%d %b %Y %H:%M} UTC · you act as {data.author()}"
    )


def notify(message: str) -> None:
    """Show a message after the next rerun: an act changes the page that would have shown it."""
    st.session_state[_NOTICE] = message


def notify_approved(result: data.ApprovalResult) -> None:
    """Say after the next rerun what an approval did; refused lines are listed on the page."""
    orders, lines = columns.count(len(result.order_ids), "order"), columns.count(len(result.approved), "line")
    notify(f"{lines} approved in {orders}.")
    if result.refused:
        st.session_state[_REFUSED] = list(result.refused)


def show_notice() -> None:
    """Show what the last act did, once."""
    message = st.session_state.pop(_NOTICE, None)
    if message:
        st.toast(message, icon=":material/check_circle:", duration="long")
    show_refused()


def show_refused() -> None:
    """Show the lines that the last approval refused and why, until they are dismissed."""
    lines = st.session_state.get(_REFUSED)
    if not lines:
        return
    st.warning(f"**{len(lines):,} lines were not approved.**", icon=":material/block:")
    st.dataframe(
        lines,
        key="refused",
        hide_index=True,
        column_config={"line_id": columns.text("Line"), "why": columns.text("Why", width=700)},
        alt="Lines that were not approved and why",
    )
    if st.button("Dismiss", key="dismiss_refused"):
        del st.session_state[_REFUSED]
        st.rerun()


def lake_failed(error: Exception) -> None:
    """Say that storage failed and what to check; the log keeps the trace."""
    logging.getLogger("shelfcast").error("lake %s failed", data.uri(), exc_info=error)
    st.title("The lake cannot be read")
    st.error(str(error), icon=":material/cloud_off:")
    st.markdown(f"The dashboard reads `{data.uri()}`. `shelfcast doctor` checks it and says what to fix.")
    st.button("Try again", key="retry", icon=":material/refresh:")
