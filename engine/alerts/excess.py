"""Excess cover: stock and open orders exceed the level by more than so many days of sales."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from engine.alerts.finding import findings
from engine.alerts.limits import Limits
from engine.replenishment.exception_words import cause_and_act

LEAST_SHARE = 0.25
"""Less than this share of the level is no excess, however slowly it sells."""

NOTHING_SELLS = 9999.0
"""Days of cover where nothing is expected to sell."""


def excess(lines: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Find lines with too much.

    Parameters
    ----------
    lines : DataFrame
        Columns of `plan_lines`, and excess_money [money]: what holding the excess is expected to cost.
    limits : Limits

    Returns
    -------
    DataFrame
        `engine.alerts.finding.COLUMNS`.

    Notes
    -----
    size = units beyond the level / mean daily demand [days]; money = `excess_money`, the plan's own cost of
    holding what exceeds the level. A proposal never adds to the excess: it is not counted.
    """
    beyond = lines["excess_units"].to_numpy(dtype=np.float64)
    rate = lines["expected_demand_daily"].to_numpy(dtype=np.float64)
    days = np.where(rate > 0.0, beyond / np.maximum(rate, 1e-9), NOTHING_SELLS)
    also = (lines["status"] != "held").to_numpy(dtype=np.bool_) & (beyond >= 1.0)
    also &= beyond >= LEAST_SHARE * lines["order_up_to"].to_numpy(dtype=np.float64)
    return findings("excess", lines["excess_money"].to_numpy(dtype=np.float64), days, limits, also)


def words(line: Mapping[str, Any], currency: str) -> tuple[str, str]:
    """Say how much is too much and where it can go."""
    return cause_and_act("overstock", line, currency)
