"""What the Alerts page reads, and the acts it does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Literal
from urllib.parse import parse_qsl

import pandas as pd
import streamlit as st

from app import cache, data
from app.acts import recorded, signed
from engine.alerts.change import AlertChange
from engine.alerts.transitions import Key
from jobs.alert_people import acknowledge, close, snooze
from jobs.views import alerts
from jobs.views.alerts import (
    LEVEL_LABELS,
    STATE_LABELS,
    TYPE_LABELS,
    AlertFigures,
    AlertsWanted,
    counts,
    keys_of,
    narrow,
)

__all__ = [
    "LEVEL_LABELS",
    "STATE_LABELS",
    "TYPE_LABELS",
    "AlertFigures",
    "AlertsWanted",
    "Key",
    "counts",
    "keys_of",
    "narrow",
]

ROWS = 200
"""Most rows of the table; the filters and the downloads have the rest."""


@st.cache_resource(max_entries=4, ttl=cache.RUN_SECONDS, show_spinner=False)
def _load(address: str, ledger: str) -> pd.DataFrame:
    del ledger  # a part of the key
    return alerts.load(cache.lake(address), datetime.now(UTC))


def load() -> pd.DataFrame:
    """Return every alert as it stands, dearest first; not older than a few seconds."""
    return _load(data.uri(), cache.ledger(data.uri()))


def figures(frame: pd.DataFrame) -> AlertFigures:
    """Return the cards."""
    return alerts.figures(frame)


def waiting() -> int:
    """Return how many alerts need somebody: what Today links to."""
    return alerts.figures(load()).alerts


def shown(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the table."""
    return frame.head(ROWS)


def today() -> date:
    """Return the day on which a snooze is chosen."""
    return datetime.now(UTC).date()


def address_of(link: str) -> tuple[str, dict[str, str]]:
    """Return the page and the query of a link."""
    page, _, query = link.partition("?")
    return page, dict(parse_qsl(query))


def download(frame: pd.DataFrame, fmt: Literal["csv", "xlsx"]) -> bytes:
    """Return the alerts that match as a file."""
    return alerts.download(frame, fmt, data.settings().currency, data.run().created_at)


@recorded
def look() -> list[AlertChange]:
    """Judge the current plan now, record what changed and tell subscribers."""
    from jobs.react import follow  # loads what plans again, which no page needs

    made = follow(data.lake(), (), at=datetime.now(UTC)).changes
    _load.clear()
    return list(made)


@recorded
def acknowledge_now(keys: Sequence[Key], reason: str) -> int:
    """Say that somebody works on alerts."""
    return _done(acknowledge(data.lake(), keys, **signed(reason)))


@recorded
def snooze_now(keys: Sequence[Key], until: date | None, reason: str) -> int:
    """Hide alerts until a day, or until their next change."""
    return _done(snooze(data.lake(), keys, until=until, **signed(reason)))


@recorded
def close_now(keys: Sequence[Key], reason: str) -> int:
    """Close alerts for a reason."""
    return _done(close(data.lake(), keys, **signed(reason)))


def _done(count: int) -> int:
    _load.clear()
    return count
