"""The button that plans, and its progress."""

from __future__ import annotations

import streamlit as st

from app import acts, shell, states


def plan_button(key: str, *, label: str = "Plan now") -> None:
    """Show the button; on a click plan with progress, then show the pages of the new run."""
    if not st.button(label, key=key, type="primary", icon=":material/play_arrow:"):
        return
    bar = st.progress(0.0, text="Starting …")
    made = states.guarded(lambda: acts.plan(lambda text, share: bar.progress(min(share, 1.0), text=text)))
    bar.empty()
    if made is not None:
        shell.notify(f"The plan for {made.as_of:%d %b %Y} is ready.")
        st.switch_page(states.TODAY_PAGE)
