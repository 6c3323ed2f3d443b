"""Alerts: what needs somebody, dearest first, with its state; and what is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import pandas as pd

from data_lake.lake import Lake
from engine.alerts.kinds import KINDS
from engine.alerts.money import money_at_risk
from engine.alerts.transitions import Key
from engine.contracts import ALERT_LEVELS, TABLES
from jobs.alert_table import awake, current
from jobs.sheets import Sheet, encode
from jobs.views.lines import tags

TYPE_LABELS = {name: kind.label for name, kind in KINDS.items()}
"""Types in planners' words, most urgent first."""

LEVEL_LABELS = {"critical": "Critical", "warning": "Warning", "info": "Info"}

STATE_LABELS = {
    "open": "Open",
    "in_progress": "In progress",
    "snoozed": "Snoozed",
    "closed": "Closed",
    "resolved": "Resolved",
}
NEEDS_SOMEBODY = ("open", "in_progress")
"""States of the inbox where none is chosen."""

HISTORY_DAYS = 30
"""What ended longer ago is not listed."""


@dataclass(frozen=True)
class AlertsWanted:
    """What a planner narrowed the inbox to; empty: all types, levels and places, and what needs somebody."""

    types: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """Something is filtered out."""
        return any((self.types, self.levels, self.states, self.locations, self.categories))


@dataclass(frozen=True)
class AlertFigures:
    """The cards of the page, over what needs somebody."""

    alerts: int
    money: float
    """At risk [money]; of several alerts on one shortage the dearest, and none of data or messages."""
    critical: int
    covered: int
    """Alerts that a proposal covers if it is approved in time."""
    covered_money: float
    snoozed: int


def load(lake: Lake, now: datetime) -> pd.DataFrame:
    """Return every alert as it stands, dearest first.

    Returns
    -------
    DataFrame
        Columns of contract `alerts`; label, level_label, state_label and covered in words; alert: its name.
    """
    frame = awake(current(lake), now)
    since = pd.Timestamp(now) - timedelta(days=HISTORY_DAYS)
    frame = frame[frame["state"].ne("resolved") | (frame["changed_at"] >= since)]
    frame = frame.assign(
        label=tags(frame["alert_type"].map(TYPE_LABELS)),
        level_label=tags(frame["level"].map(LEVEL_LABELS)),
        state_label=frame["state"].map(STATE_LABELS).astype("str"),
        alert=["|".join(key) for key in frame[list(Key._fields)].itertuples(index=False)],
        covered=frame["covered_by"].str.replace("covered if approved ", ""),
    )
    return frame.sort_values(["severity", "alert"], ascending=[False, True], ignore_index=True)


def narrow(frame: pd.DataFrame, wanted: AlertsWanted) -> pd.DataFrame:
    """Return the alerts that match the filters, dearest first; what ended: latest first."""
    keep = frame["state"].isin(wanted.states or NEEDS_SOMEBODY)
    for column, chosen in (
        ("alert_type", wanted.types),
        ("level", wanted.levels),
        ("location", wanted.locations),
        ("category", wanted.categories),
    ):
        if chosen:
            keep &= frame[column].isin(chosen)
    found = frame[keep]
    if set(wanted.states) == {"resolved"}:
        found = found.sort_values("changed_at", ascending=False, kind="stable")
    return found.reset_index(drop=True)


def figures(frame: pd.DataFrame) -> AlertFigures:
    """Return the cards over the alerts of `load`."""
    live = frame[frame["state"].isin(NEEDS_SOMEBODY)]
    covered = live[live["covered_by"] != ""]
    return AlertFigures(
        alerts=len(live),
        money=at_risk(live),
        critical=int((live["level"] == ALERT_LEVELS[-1]).sum()),
        covered=len(covered),
        covered_money=at_risk(covered),
        snoozed=int((frame["state"] == "snoozed").sum()),
    )


def at_risk(frame: pd.DataFrame) -> float:
    """Return the money at risk of alerts together; see `engine.alerts.money`."""
    return money_at_risk(
        zip(*(frame[name] for name in ("alert_type", "sku", "location", "severity")), strict=True)
    )


def counts(frame: pd.DataFrame, column: str, labels: dict[str, str]) -> dict[str, str]:
    """Return the labels of the values that occur, each with its number, in the order of the labels."""
    found = frame[column].value_counts()
    return {code: f"{label} ({found[code]:,})" for code, label in labels.items() if code in found}


def keys_of(frame: pd.DataFrame, rows: Sequence[int]) -> list[Key]:
    """Return the keys of selected rows that are not over."""
    chosen = frame.iloc[[row for row in rows if row < len(frame)]]
    chosen = chosen[chosen["state"] != "resolved"]
    return [Key(*(str(part) for part in row)) for row in chosen[list(Key._fields)].itertuples(index=False)]


_FILE = (
    "alert_type",
    "level",
    "state",
    "severity",
    "sku",
    "product_name",
    "category",
    "location",
    "location_name",
    "source",
    "cause",
    "act",
    "covered_by",
    "first_seen",
    "changed_at",
    "author",
    "reason",
)


def download(frame: pd.DataFrame, fmt: Literal["csv", "xlsx"], currency: str, now: datetime) -> bytes:
    """Return the alerts shown as a file."""
    contract = TABLES["alerts"]
    sheet = Sheet(
        title="Alerts",
        frame=frame[list(_FILE)],
        columns=tuple(contract.column(name) for name in _FILE),
        totals=("severity",),
        notes=(("currency", currency),),
        stamp=now,
    )
    return encode(sheet, fmt, bom=fmt == "csv")
