"""Short delivery: an order was closed with less than was ordered, and the missing units are needed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from engine.alerts.finding import findings
from engine.alerts.late_order import KEYS
from engine.alerts.limits import Limits
from engine.replenishment.words import day, money, units

RECENT_DAYS = 14
"""A delivery longer ago is answered by later orders."""


def short_rows(orders: pd.DataFrame, today: date) -> pd.DataFrame:
    """Return the order lines that were closed short of late.

    Parameters
    ----------
    orders : DataFrame
        Order lines that are closed short: order_id, sku, location, source, quantity, received [each],
        closed_on (day of the delivery).
    today : date

    Returns
    -------
    DataFrame
        These rows, and missing [each].
    """
    now = pd.Timestamp(today)
    missing = (orders["quantity"] - orders["received"].fillna(0.0)).clip(lower=0.0)
    recent = (orders["closed_on"] >= now - pd.Timedelta(days=RECENT_DAYS)) & (orders["closed_on"] <= now)
    return orders.assign(missing=missing)[recent & (missing > 0)]


def short_supply(short: pd.DataFrame) -> pd.DataFrame:
    """Return what did not come of each product, location and source.

    Parameters
    ----------
    short : DataFrame
        From `short_rows`.

    Returns
    -------
    DataFrame
        sku, location, source, units (missing) [each], ordered [each], closed_on (last).
    """
    return short.groupby(KEYS, as_index=False, sort=True).agg(
        units=("missing", "sum"), ordered=("quantity", "sum"), closed_on=("closed_on", "max")
    )


def short_order(short: pd.DataFrame, lines: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Find short deliveries that leave a line short.

    Parameters
    ----------
    short : DataFrame
        From `short_supply`.
    lines : DataFrame
        The plan's line of each row of `short`, in its order.
    limits : Limits

    Returns
    -------
    DataFrame
        `engine.alerts.finding.COLUMNS`.

    Notes
    -----
    size = missing / ordered; money = cost of a unit short × min(missing, units lost until the next possible
    receipt): the part of the expected shortage that the missing units would have prevented.
    """
    missing = short["units"].to_numpy(dtype=np.float64)
    share = missing / np.maximum(short["ordered"].to_numpy(dtype=np.float64), 1e-9)
    lost = np.minimum(missing, lines["lost_before"].to_numpy(dtype=np.float64))
    return findings("short_order", lost * lines["stockout_cost"].to_numpy(dtype=np.float64), share, limits)


def words(row: Mapping[str, Any], currency: str) -> tuple[str, str]:
    """Say what did not come, and what to do about it."""
    ordered, came = units(row["ordered"]), units(row["ordered"] - row["units"])
    cause = (
        f"{row['source_name']} delivered {came} of {ordered} ordered ({row['order_ids']}, closed "
        f"{day(row['closed_on'])}); the {units(row['units'])} missing cost "
        f"{money(row['severity'], currency)} of margin until the next receipt."
    )
    if float(row["quantity"]) > 0.0:
        return cause, f"Order {units(row['quantity'])} by {day(row['order_by'])} in their place."
    return cause, f"Agree with {row['source_name']} when the rest comes, or move stock from elsewhere."
