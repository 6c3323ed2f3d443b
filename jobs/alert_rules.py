"""Thresholds of alerts by segment: what counts, and how a person changes it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from data_lake.events import make_event
from data_lake.lake import Lake
from data_lake.ledger import append_events
from engine.alerts.kinds import KINDS
from engine.alerts.limits import VALUES, defaults
from engine.contracts import ALERT_TYPES, TABLES
from jobs.errors import JobError

KEYS = TABLES["alert_rules"].key
_SHARES = ("release_share",)
_YES_NO = {"yes": True, "no": False}


def read_rules(lake: Lake) -> pd.DataFrame:
    """Return the rules that people set (contract `alert_rules`); empty: only the defaults count."""
    return lake.read("alert_rules")


def default_rules() -> pd.DataFrame:
    """Return what counts where no rule says otherwise: alert_type, label, limit_unit, and the values."""
    rows = [
        {"alert_type": name, "label": kind.label, "limit_unit": kind.limit_unit, "enabled": True}
        | defaults(name)
        for name, kind in KINDS.items()
    ]
    return pd.DataFrame(rows)


def change_rule(
    lake: Lake,
    *,
    alert_type: str = "",
    category: str = "",
    abc: str = "",
    location: str = "",
    values: Mapping[str, Any],
    author: str,
    reason: str = "",
    at: datetime,
) -> None:
    """Set thresholds of a segment; what is not named stays as it is. Recorded with author and reason.

    Parameters
    ----------
    lake
        Where the rules are.
    alert_type, category, abc, location
        The segment; '' for all. `limit` needs a type: it counts something else for each.
    values
        enabled (bool) and any of `engine.alerts.limits.VALUES`; None: as the less specific rule says.
    author, reason, at
        Who, why, when.

    Raises
    ------
    JobError
        The segment or a value breaks its rule: every fault is listed, nothing was changed.
    """
    key = {"alert_type": alert_type, "category": category, "abc": abc, "location": location}
    faults = [*_segment_faults(lake, key), *_value_faults(alert_type, values)]
    if faults:
        raise JobError("; ".join(faults))
    rules = read_rules(lake)
    same = rules[(rules[list(KEYS)] == pd.Series(key)).all(axis=1)] if len(rules) else rules
    old = same.iloc[0].to_dict() if len(same) else dict.fromkeys(("enabled", *VALUES))
    row = {name: values.get(name, old.get(name)) for name in ("enabled", *VALUES)}
    name = f"alert_rules {in_words(key)}"
    append_events(
        lake,
        [
            make_event(
                "parameter.changed",
                at=at,
                author=author,
                reason=reason,
                data={
                    "name": f"{name}: {column}",
                    "old_value": _text(old.get(column)),
                    "new_value": _text(value),
                    "alert_rule": key,
                },
            )
            for column, value in values.items()
        ],
    )
    lake.upsert("alert_rules", pd.DataFrame([key | row]), note=f"{author}: {name}")


def values_named(changes: Iterable[str]) -> dict[str, Any]:
    """Read thresholds as people type them.

    Raises
    ------
    JobError
        One is not of the form NAME=VALUE, or its value cannot be read.

    Examples
    --------
    >>> values_named(["limit=30", "enabled=no", "least_money="])
    {'limit': 30.0, 'enabled': False, 'least_money': None}
    """
    values: dict[str, Any] = {}
    for change in changes:
        name, equals, text = (part.strip() for part in change.partition("="))
        if not equals:
            raise JobError(f"{change!r} is not of the form NAME=VALUE")
        if not text:
            values[name] = None
        elif name == "enabled":
            if text not in _YES_NO:
                raise JobError(f"enabled is {text!r}; it must be yes or no")
            values[name] = _YES_NO[text]
        else:
            try:
                values[name] = float(text)
            except ValueError:
                raise JobError(f"{name} is {text!r}; it must be a number") from None
    return values


def in_words(key: Mapping[str, str]) -> str:
    """Name a segment.

    Examples
    --------
    >>> in_words({"alert_type": "expiry", "category": "Dairy", "abc": "", "location": "S01"})
    'expiry, category Dairy, location S01'
    """
    kind = key["alert_type"] or "all types"
    parts = [
        f"{label} {key[name]}"
        for name, label in (("category", "category"), ("abc", "class"), ("location", "location"))
        if key[name]
    ]
    return ", ".join([kind, *parts])


def _segment_faults(lake: Lake, key: Mapping[str, str]) -> list[str]:
    faults = []
    if key["alert_type"] not in ("", *ALERT_TYPES):
        faults.append(f"alert type {key['alert_type']!r} is not known; known are {', '.join(ALERT_TYPES)}")
    if key["abc"] not in ("", "A", "B", "C"):
        faults.append(f"class {key['abc']!r} must be A, B or C")
    for name, table, column in (("category", "products", "category"), ("location", "locations", "location")):
        if key[name]:
            known = set(lake.read(table, columns=[column])[column].dropna())
            if key[name] not in known:
                faults.append(f"{name} {key[name]!r} is not in the table {table}")
    return faults


def _value_faults(alert_type: str, values: Mapping[str, Any]) -> list[str]:
    faults = [] if values else ["no threshold is named; give one of enabled, " + ", ".join(VALUES)]
    for name, value in values.items():
        if name == "enabled":
            if value not in (True, False, None):
                faults.append(f"enabled is {value!r}; it must be yes or no")
        elif name not in VALUES:
            faults.append(f"{name!r} is no threshold; known are enabled, {', '.join(VALUES)}")
        elif value is None:
            continue
        elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            faults.append(f"{name} is {value!r}; it must be a number")
        elif value < 0 or (name in _SHARES and value > 1):
            faults.append(
                f"{name} is {value:g}; it must be {'from 0 to 1' if name in _SHARES else '0 or more'}"
            )
        elif name == "limit" and not alert_type:
            faults.append("limit needs a type of alert: what it counts differs by type")
    return faults


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value)
