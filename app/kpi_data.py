"""What the Key figures page reads."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import cache, data
from jobs.views import kpis
from jobs.views.kpis import KPI_BY, KpiBy, KpiWanted, split_columns

__all__ = ["KPI_BY", "KpiBy", "KpiWanted", "split_columns"]


@st.cache_resource(max_entries=8, ttl=cache.HOUR, show_spinner=False)
def _facts(address: str, run_id: str) -> pd.DataFrame | None:
    return kpis.load(cache.lake(address), cache.run(address, run_id))


def facts(wanted: KpiWanted) -> pd.DataFrame | None:
    """Return the facts of what is wanted; None: the plan is older than key figures."""
    known = _facts(data.uri(), data.run().run_id)
    return None if known is None else kpis.narrow(known, wanted)


def overview(found: pd.DataFrame) -> pd.DataFrame:
    """Return one row a key figure."""
    return kpis.overview(found)


def split(found: pd.DataFrame, by: KpiBy) -> pd.DataFrame:
    """Return the figures of each part."""
    return kpis.split(found, by, dict(data.choices().locations))
