"""What the Suppliers page reads."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import cache, data
from jobs.views import suppliers
from jobs.views.suppliers import SupplierFigures

__all__ = ["SupplierFigures"]

KINDS = {"suppliers": "Suppliers", "all": "Suppliers and own centres"}
"""What can be listed."""


@st.cache_resource(max_entries=4, ttl=cache.HOUR, show_spinner="Reading supplier performance …")
def _performance(address: str, run_id: str) -> pd.DataFrame | None:
    return suppliers.load(cache.lake(address), cache.run(address, run_id))


@st.cache_resource(max_entries=32, ttl=cache.HOUR, show_spinner=False)
def _late_orders(address: str, run_id: str, source: str) -> pd.DataFrame:
    return suppliers.late_orders(cache.lake(address), cache.run(address, run_id), source)


def performance() -> pd.DataFrame | None:
    """Return every source and location, costliest first; None: the plan is older than that."""
    return _performance(data.uri(), data.run().run_id)


def listed(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return a row a source of the kind."""
    return suppliers.sources(frame, internal=kind == "all")


def figures(listed_rows: pd.DataFrame) -> SupplierFigures:
    """Return the cards."""
    return suppliers.figures(listed_rows)


def ranking(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the sources as the table shows them: shares in per cent, verdicts as tags."""
    return suppliers.as_shown(rows)


def names(rows: pd.DataFrame) -> dict[str, str]:
    """Return source → name, costliest first."""
    return dict(zip(rows["source"], rows["source_name"], strict=True))


def one(frame: pd.DataFrame, source: str) -> dict[str, Any]:
    """Return the row of a source."""
    return suppliers.one(frame, source)


def in_words(row: dict[str, Any]) -> str:
    """Say what a source promises, does, and what the plan makes of it."""
    return suppliers.in_words(row)


def histogram(row: dict[str, Any]) -> pd.DataFrame:
    """Return the lead times of a source by day."""
    return suppliers.histogram(row)


def places(frame: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the locations that a source serves, as the table shows them."""
    return ranking(suppliers.places(frame, source))


def late_orders(source: str) -> pd.DataFrame:
    """Return the late open order lines of a source."""
    return _late_orders(data.uri(), data.run().run_id, source)


def csv(frame: pd.DataFrame) -> bytes:
    """Return everything that was measured as CSV."""
    return data.csv(frame[list(suppliers.DOWNLOAD)])
