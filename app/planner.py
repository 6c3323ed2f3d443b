"""The button that plans, and its progress."""

from __future__ import annotations

import streamlit as st

from app import acts, shell, states


def plan_button(key: str, *, disabled: bool = False) -> None:
    """Show the button; on a click plan with progress, then show the pages of the new run."""
    if not st.button("Plan now", key=key, type="primary", icon=":material/play_arrow:", disabled=disabled):
        return
    bar = st.progress(0.0, text="Starting …")

    def tell(text: str, share: float) -> None:
        bar.progress(share, text=text)

    made = states.guarded(lambda: acts.plan(tell))
    bar.empty()
    if made is not None:
        shell.notify(f"The plan for {made.as_of:%d %b %Y} is ready.")
        st.switch_page(states.TODAY_PAGE)
