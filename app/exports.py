"""Downloads of approved orders, built on the click."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import acts, data
from app.acts import Format

_FORMATS: dict[Format, tuple[str, str]] = {
    "csv": ("CSV", "text/csv"),
    "xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
"""Label and media type of each format that a planner sends on."""


def buttons(source: str | None = None) -> None:
    """Show the downloads of what is approved, of one source or of all."""
    order_ids = data.approved_orders(source)
    with st.container(horizontal=True, width="content"):
        for fmt, (label, mime) in _FORMATS.items():
            st.download_button(
                label,
                data=partial(acts.export, order_ids, fmt),
                file_name=data.file_name("approved-orders", fmt),
                mime=mime,
                key=f"export_{fmt}",
                icon=":material/download:",
                on_click="ignore",
                disabled=not order_ids,
                help="Approved lines, exactly as approved"
                if order_ids
                else "Approve lines first: only what is approved is exported",
            )
