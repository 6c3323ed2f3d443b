"""Thresholds of every line for one kind of alert: of each value the most specific rule that has it counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.alerts import kinds
from engine.alerts.kinds import KINDS

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

VALUES = (
    "limit",
    "least_money",
    "warning_money",
    "critical_money",
    "worsen_share",
    "worsen_money",
    "release_share",
    "ahead_days",
)
"""Columns of `alert_rules` that hold numbers."""

_WEIGHTS = {"alert_type": 8, "location": 4, "abc": 2, "category": 1}
"""How specific a rule is: one of a type before one of all types; then location, class, category."""


@dataclass(frozen=True)
class Limits:
    """Thresholds row by row, [n]."""

    enabled: Flags
    limit: Floats
    least_money: Floats
    warning_money: Floats
    critical_money: Floats
    worsen_share: Floats
    worsen_money: Floats
    release_share: Floats
    ahead_days: Floats


def defaults(kind: str) -> dict[str, float]:
    """Return what counts for a kind where no rule states it.

    Examples
    --------
    >>> defaults("excess")["limit"]
    14.0
    """
    known = KINDS[kind]
    return {
        "limit": known.limit,
        "least_money": known.least_money,
        "warning_money": kinds.WARNING_MONEY,
        "critical_money": kinds.CRITICAL_MONEY,
        "worsen_share": kinds.WORSEN_SHARE,
        "worsen_money": kinds.WORSEN_MONEY,
        "release_share": kinds.RELEASE_SHARE,
        "ahead_days": kinds.AHEAD_DAYS,
    }


def limits_of(kind: str, rules: pd.DataFrame, segments: pd.DataFrame) -> Limits:
    """Return the thresholds of rows.

    Parameters
    ----------
    kind : str
        Kind of alert.
    rules : DataFrame
        Contract `alert_rules`; nulls: as the less specific rule says.
    segments : DataFrame
        category, abc, location of each row.

    Returns
    -------
    Limits
        [n], in the order of `segments`.

    Examples
    --------
    >>> rules = pd.DataFrame({"alert_type": ["", "excess"], "category": ["", "Dairy"], "abc": ["", ""],
    ...     "location": ["", ""], "enabled": [None, None], "limit": [None, 7.0], "least_money": [50.0, None]})
    >>> rows = pd.DataFrame({"category": ["Dairy", "Tea"], "abc": ["A", "C"], "location": ["S1", "S1"]})
    >>> found = limits_of("excess", rules, rows)
    >>> found.limit.tolist(), found.least_money.tolist()
    ([7.0, 14.0], [50.0, 50.0])
    """
    n = len(segments)
    values = {name: np.full(n, value) for name, value in defaults(kind).items()}
    enabled = np.ones(n, dtype=np.bool_)
    mine = rules[rules["alert_type"].isin(["", kind])]
    weight = sum(mine[column].ne("").astype(int) * weight for column, weight in _WEIGHTS.items())
    for rule in mine.iloc[np.argsort(np.asarray(weight), kind="stable")].to_dict("records"):
        hit = np.ones(n, dtype=np.bool_)
        for column in ("category", "abc", "location"):
            if rule[column]:
                hit &= (segments[column] == rule[column]).to_numpy(dtype=np.bool_)
        for name in VALUES:
            # what a limit counts differs by kind, so a rule of all kinds states none
            if pd.notna(rule.get(name)) and not (name == "limit" and not rule["alert_type"]):
                values[name][hit] = float(rule[name])
        if pd.notna(rule.get("enabled")):
            enabled[hit] = bool(rule["enabled"])
    return Limits(enabled=enabled, **values)
