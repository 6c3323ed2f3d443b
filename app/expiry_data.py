"""What the Expiry page reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd
import streamlit as st

from app import cache, data
from jobs.markdowns import Markdown, markdowns
from jobs.views import expiry
from jobs.views.expiry import (
    EXPIRY_BY,
    OTHER,
    WEEKS_AHEAD,
    ExpiryBy,
    ExpiryPlan,
    ExpirySummary,
    ExpiryWanted,
    compared,
    effect,
)

__all__ = [
    "EXPIRY_BY",
    "OTHER",
    "WEEKS_AHEAD",
    "ExpiryBy",
    "ExpiryPlan",
    "ExpirySummary",
    "ExpiryWanted",
    "Markdown",
    "compared",
    "effect",
]

ROWS = 200
"""Most rows of the table; the filters and the downloads have the rest."""


@st.cache_resource(max_entries=4, ttl=cache.HOUR, show_spinner="Reading what expires …")
def _plan(address: str, run_id: str) -> ExpiryPlan | None:
    return expiry.load(cache.lake(address), cache.run(address, run_id), cache.lines(address, run_id))


@st.cache_resource(max_entries=16, ttl=cache.HOUR, show_spinner=False)
def _running(address: str, run_id: str, ledger: str) -> list[Markdown]:
    del ledger  # a part of the key
    today = cache.run(address, run_id).as_of
    return [each for each in markdowns(cache.lake(address)) if each.to_date >= today]


def plan(wanted: ExpiryWanted) -> ExpiryPlan | None:
    """Return what expires, of what a planner asked for; None: the plan is older than that."""
    known = _plan(data.uri(), data.run().run_id)
    return None if known is None else expiry.narrow(known, wanted)


def running() -> list[Markdown]:
    """Return the markdowns that run on the day planned or later."""
    return _running(data.uri(), data.run().run_id, cache.ledger(data.uri()))


def summary(found: ExpiryPlan) -> ExpirySummary:
    """Return the figures of the cards."""
    return expiry.summarise(found)


def weeks(found: ExpiryPlan, by: ExpiryBy) -> pd.DataFrame:
    """Return money by week and group."""
    return expiry.by_week(found, by)


def week_totals(found: ExpiryPlan) -> pd.DataFrame:
    """Return money by week with its 80 % range."""
    return expiry.week_totals(found)


def table(found: ExpiryPlan) -> pd.DataFrame:
    """Return the dearest lots with the best act of their line."""
    return expiry.table(found, data.approved(), running()).head(ROWS)


def choose(found: ExpiryPlan, shown: pd.DataFrame, rows: Sequence[int]) -> dict[str, list[dict[str, Any]]]:
    """Return what can be done about the rows that are selected."""
    return expiry.choose(found, shown, rows, data.approved(), running())


def running_rows() -> list[dict[str, Any]]:
    """Return the running markdowns as rows of a table."""
    names, places = data.choices().products, data.choices().locations
    return [
        {
            "product": names.get(each.sku, each.sku),
            "location": places.get(each.location, each.location),
            "depth": each.depth,
            "from_date": each.from_date,
            "to_date": each.to_date,
            "author": each.author,
            "reason": each.reason,
        }
        for each in running()
    ]


def download(found: ExpiryPlan, fmt: Literal["csv", "xlsx"]) -> bytes:
    """Return every lot shown as a file."""
    return expiry.download(found, data.run(), fmt, data.settings().currency)
