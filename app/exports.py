"""Downloads, built on the click; each file is named after what it is and of which plan."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import streamlit as st

from app import acts, data

SentOn = Literal["csv", "xlsx"]
_FORMATS: dict[SentOn, tuple[str, str]] = {
    "csv": ("CSV", "text/csv"),
    "xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
"""Label and media type of each format that a planner sends on."""


def buttons(source: str | None = None) -> None:
    """Show the downloads of what is approved, of one source or of all."""
    order_ids = data.approved_orders(source)
    with st.container(horizontal=True, width="content"):
        formats(
            "approved-orders",
            partial(acts.export, order_ids),
            "export",
            disabled=not order_ids,
            tip="Approved lines, exactly as approved"
            if order_ids
            else "Approve lines first: only what is approved is exported",
        )


def formats(
    name: str,
    build: Callable[[SentOn], bytes],
    key: str,
    *,
    label: str = "{}",
    tip: str | None = None,
    disabled: bool = False,
) -> None:
    """Show a download in each format; `label` says where the format's name stands."""
    for fmt, (format_name, mime) in _FORMATS.items():
        st.download_button(
            label.format(format_name),
            data=partial(build, fmt),
            file_name=data.file_name(name, fmt),
            mime=mime,
            key=f"{key}_{fmt}",
            icon=":material/download:",
            on_click="ignore",
            disabled=disabled,
            help=tip,
        )


def csv(label: str, name: str, build: Callable[[], bytes], key: str, *, tip: str | None = None) -> None:
    """Show the download of one CSV."""
    st.download_button(
        label,
        data=build,
        file_name=data.file_name(name, "csv"),
        mime="text/csv",
        key=key,
        icon=":material/download:",
        on_click="ignore",
        help=tip,
    )
