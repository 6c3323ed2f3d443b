"""What a rule finds: the rows that reach its thresholds, and those that an open alert still holds on to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.alerts.kinds import KINDS
from engine.alerts.limits import Limits
from engine.contracts import ALERT_LEVELS

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

COLUMNS = ("alert_type", "row", "severity", "size", "firm", "level", "worsen_share", "worsen_money")
"""row: place in the frame that the rule looked at; size: what its limit is compared with; firm: reaches its
thresholds (not firm: an alert that stands goes on, none opens)."""


def findings(
    kind: str, money: Floats, size: Floats, limits: Limits, also: Flags | None = None
) -> pd.DataFrame:
    """Return the rows whose size and money reach the thresholds of a kind, or their release.

    Parameters
    ----------
    kind : str
    money : [n]
        Money at risk.
    size : [n]
        What `limits.limit` is compared with; larger is worse.
    limits : Limits
    also : [n], optional
        What must hold besides.

    Returns
    -------
    DataFrame
        `COLUMNS`, one row a finding, in the order of the rows looked at.
    """
    need = np.ones(len(money), dtype=np.bool_) if also is None else also
    need = need & limits.enabled & (money > (-1.0 if KINDS[kind].whole else 0.0))
    firm = need & (size >= limits.limit) & (money >= limits.least_money)
    release = limits.release_share
    held = need & (size >= release * limits.limit) & (money >= release * limits.least_money)
    row = np.flatnonzero(firm | held)
    money, size = money[row], size[row]
    above = (money >= limits.warning_money[row]).astype(np.int64) + (money >= limits.critical_money[row])
    if KINDS[kind].whole:  # no money says how urgent it is: twice the limit is critical
        above = 1 + (size >= 2.0 * np.maximum(limits.limit[row], 1.0)).astype(np.int64)
    return pd.DataFrame(
        {
            "alert_type": pd.Series(kind, index=range(len(row)), dtype="str"),
            "row": row,
            "severity": money,
            "size": size,
            "firm": firm[row],
            "level": pd.Series(np.array(ALERT_LEVELS)[above], dtype="str"),
            "worsen_share": limits.worsen_share[row],
            "worsen_money": limits.worsen_money[row],
        }
    )
