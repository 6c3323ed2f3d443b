"""A page's state in its URL, by code: `?sku=007` stays valid when the product is renamed.

Streamlit's own binding writes an option as it is labelled, so it serves only where labels are codes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import streamlit as st


def seed_one(key: str, options: Collection[str], default: str) -> None:
    """Before a select box: choose what the URL says, or keep what was chosen, or take the default."""
    chosen = st.session_state.get(key, st.query_params.get(key))
    st.session_state[key] = chosen if chosen in options else default


def seed_many(key: str, options: Collection[str]) -> None:
    """Before a multiselect: choose what the URL says; what is not offered (any more) is left out."""
    chosen: Sequence[Any] = st.session_state.get(key, st.query_params.get_all(key))
    st.session_state[key] = [value for value in chosen if value in options]


def keep(key: str, value: str | Sequence[str]) -> None:
    """After a widget: write its value to the URL; nothing chosen leaves nothing there."""
    if value:
        st.query_params[key] = value if isinstance(value, str) else list(value)
    elif key in st.query_params:
        del st.query_params[key]
