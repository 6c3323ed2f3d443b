"""Expiry risk: a share of stock and open orders will be written off before it sells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from engine.alerts.finding import findings
from engine.alerts.limits import Limits
from engine.replenishment.exception_words import cause_and_act

LEAST_UNITS = 1.0


def expiry(lines: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Find lines with stock that will be written off.

    Parameters
    ----------
    lines : DataFrame
        Columns of `plan_lines`, approved orders counted (`engine.alerts.supply`).
    limits : Limits

    Returns
    -------
    DataFrame
        `engine.alerts.finding.COLUMNS`.

    Notes
    -----
    size = expected write-off / (on hand + on order); money = expected write-off × unit cost, without the
    proposed order.
    """
    waste = lines["waste_before"].to_numpy(dtype=np.float64)
    supply = lines["on_hand"].to_numpy(dtype=np.float64) + lines["on_order"].to_numpy(dtype=np.float64)
    share = np.divide(waste, supply, out=np.zeros(len(waste)), where=supply > 0.0)
    also = (lines["status"] != "held").to_numpy(dtype=np.bool_) & (waste >= LEAST_UNITS)
    return findings("expiry", waste * lines["unit_cost"].to_numpy(dtype=np.float64), share, limits, also)


def words(line: Mapping[str, Any], currency: str) -> tuple[str, str]:
    """Say what expires, and the best act that the plan compared (best_act), else what helps in general."""
    cause, act = cause_and_act("expiry", line, currency)
    best = line.get("best_act")
    return cause, best if isinstance(best, str) and best else act
