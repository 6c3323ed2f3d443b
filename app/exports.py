"""Downloads of approved orders, built on the click."""

from __future__ import annotations

import streamlit as st

from app import acts, data


def buttons(source: str | None = None) -> None:
    """Show the downloads of what is approved, of one source or of all."""
    order_ids = data.approved_orders(source)
    with st.container(horizontal=True, width="content"):
        for fmt, label, mime in (
            ("csv", "CSV", "text/csv"),
            ("xlsx", "Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ):
            st.download_button(
                label,
                data=lambda fmt=fmt: acts.export(order_ids, fmt),
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
