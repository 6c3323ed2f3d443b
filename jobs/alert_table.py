"""The table `alerts`: what stands, for pages and other tools. A copy of the record; every call mends it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from data_lake.lake import Lake
from data_lake.ledger import read_events
from engine.alerts.transitions import Book, Finding, Handled, Key, Standing
from engine.contracts import TABLES
from jobs.alert_book import read_book
from jobs.alert_people import fold_handled
from jobs.columns import typed_column

COLUMNS = TABLES["alerts"].columns
_FRESH = (
    "severity",
    "level",
    "cause",
    "act",
    "covered_by",
    "link",
    "category",
    "product_name",
    "location_name",
)
"""What the latest run says anew of an alert that stands."""


def materialise(
    lake: Lake,
    book: Book,
    handled: Mapping[Key, Handled],
    findings: Iterable[Finding],
    *,
    seen: datetime,
) -> None:
    """Write the table anew.

    Parameters
    ----------
    lake
        Where it is.
    book, handled
        What stands, and what people did with it.
    findings, seen
        What the rules find now, and the instant of the run that they judged.
    """
    fresh = {
        finding.key: {name: getattr(finding, name) for name in _FRESH} | {"last_seen": seen}
        for finding in findings
    }
    lake.replace("alerts", _frame(book, handled, fresh))


def renew(lake: Lake) -> None:
    """Write the table anew after people did something: severity and cause stay as they are."""
    lake.replace("alerts", current(lake))


def current(lake: Lake) -> pd.DataFrame:
    """Return what stands now: the record and people's acts, with the table's latest severity and cause."""
    book = read_book(lake).book
    return _frame(book, fold_handled(read_events(lake), book), _of_table(lake, book))


def _frame(
    book: Book, handled: Mapping[Key, Handled], fresh: Mapping[Key, Mapping[str, Any]]
) -> pd.DataFrame:
    rows = [_row(key, book[key], handled.get(key), fresh.get(key, {})) for key in sorted(book)]
    return pd.DataFrame(
        {column.name: _column([row[column.name] for row in rows], column.kind) for column in COLUMNS}
    )


def _row(key: Key, standing: Standing, handled: Handled | None, fresh: Mapping[str, Any]) -> dict[str, Any]:
    last = standing.last.change
    row: dict[str, Any] = {**key._asdict(), **{name: getattr(last, name) for name in _FRESH}}
    row |= {
        "severity": standing.told_severity,
        "first_seen": standing.opened_at,
        "last_seen": last.at,
        "told_severity": standing.told_severity,
        "episode": standing.episode,
        "step": standing.last.step,
        "change_id": last.change_id,
        "changed_at": last.at,
        "run_id": last.run_id,
        "snoozed_until": None,
        "author": None,
        "reason": None,
        "state": "open" if standing.is_open else "resolved",
    }
    if standing.is_open:
        row |= fresh
    if handled is not None:
        row |= {
            "state": handled.state,
            "author": handled.author,
            "reason": handled.reason,
            "snoozed_until": None if handled.until is None else handled.until.isoformat(),
        }
    return row


def _of_table(lake: Lake, book: Book) -> dict[Key, dict[str, Any]]:
    """Return what the table says of alerts that did not change since it was written."""
    rows = lake.read("alerts").to_dict("records")
    keyed = [(Key(*(str(row[name]) for name in Key._fields)), row) for row in rows]
    return {
        key: {name: row[name] for name in (*_FRESH, "last_seen")}
        for key, row in keyed
        if key in book and book[key].last.change.change_id == row["change_id"]
    }


def awake(frame: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """Return the table as it stands today: a snooze whose day has come is over."""
    over = (frame["state"] == "snoozed") & (frame["snoozed_until"] <= pd.Timestamp(now.date()))
    return frame.assign(state=frame["state"].mask(over, "open"))


def _column(values: list[Any], kind: str) -> pd.Series[Any]:
    if kind == "integer":
        return pd.Series(values, dtype="int64")
    return typed_column(values, kind)
