"""What a page shows when there is nothing to show: which step comes next, and where it is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from app import data

T = TypeVar("T")

TODAY_PAGE = "../pages/today.py"
ITEM_PAGE = "../pages/item.py"
ORDERS_PAGE = "../pages/orders.py"
HEALTH_PAGE = "../pages/data_health.py"
IMPORT_PAGE = "../pages/import_data.py"
"""Pages as `st.page_link` wants them: relative to the entry point."""


def require_run(title: str) -> None:
    """Stop the page with the next step unless a plan is there to show."""
    state = data.state()
    if state == "ready":
        return
    st.title(title)
    if state == "empty":
        st.info(
            f"**No data yet.** The lake “{data.lake_name()}” holds no sales. Import a file of sales and "
            "one of stock, or build the demo lake with the command `shelfcast demo`.",
            icon=":material/inventory_2:",
        )
        st.page_link(IMPORT_PAGE, label="Import data", icon=":material/upload:")
    else:
        st.info(
            "**No plan yet.** Sales are loaded. Plan with the button on the page *Import*, "
            "or with the command `shelfcast plan`.",
            icon=":material/event_available:",
        )
        st.page_link(IMPORT_PAGE, label="Plan now", icon=":material/play_arrow:")
    st.stop()


def guarded(act: Callable[[], T]) -> T | None:
    """Do an act; if it is refused, say why and what to change, and return None."""
    try:
        return act()
    except (data.JobError, data.LakeError) as refusal:
        st.error(f"**Not done.** {refusal}", icon=":material/error:")
        return None


def guarded_with_progress(act: Callable[[Callable[[str, float], None]], T]) -> T | None:
    """Do an act that takes long, with a bar that says where it is; `guarded` otherwise."""
    bar = st.progress(0.0, text="Starting …")

    def tell(text: str, share: float) -> None:
        bar.progress(share, text=text)

    done = guarded(lambda: act(tell))
    bar.empty()
    return done


def nothing_here(message: str) -> None:
    """Say that a list is empty, and that this is not a fault."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f":material/check_circle: {message}")
