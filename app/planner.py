"""The button that plans, and its progress."""

from __future__ import annotations

import streamlit as st

from app import acts, shell, states


def plan_button(key: str, *, disabled: bool = False) -> None:
    """Show the button; on a click plan with progress, then show the pages of the new run."""
    if not st.button("Plan now", key=key, type="primary", icon=":material/play_arrow:", disabled=disabled):
        return
    made = states.guarded_with_progress(acts.plan)
    if made is not None:
        shell.notify(f"The plan for {made.as_of:%d %b %Y} is ready.")
        st.switch_page(states.TODAY_PAGE)
