"""A stand-in for a stock export: lets somebody try Shelfcast with sales alone."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from data_lake.lake import Lake
from engine.contracts import SETTING_DEFAULTS

RECENT_DAYS = 28
ESTIMATE_NOTE = "an estimate, not a count: mean daily sales of the last 28 days x days of cover"


def stock_estimate(lake: Lake, cover_days: float) -> pd.DataFrame:
    """Return a stock snapshot that would cover `cover_days` days of recent sales.

    Parameters
    ----------
    lake : Lake
        With sales.
    cover_days : float
        Days of mean sales on hand [days]; >= 0.

    Returns
    -------
    pd.DataFrame
        Columns of `inventory_snapshot`: a row for every sku and location ever sold, dated by the last day of
        the last period of sales. `on_hand` [each] is the mean daily sales of the last 28 days (of the last
        month in a monthly lake) x `cover_days`, rounded; 0 where nothing was sold in them. Write it with
        `ESTIMATE_NOTE` as the note of the version.

    Raises
    ------
    ValueError
        If `cover_days` is negative.
    """
    if not cover_days >= 0:
        raise ValueError(f"cover_days is {cover_days!r}; it must be 0 or more")
    sales = lake.read("sales", columns=["date", "sku", "location", "quantity"])
    settings = lake.read("settings", where={"name": ["period"]})
    period = settings["value"].iloc[0] if len(settings) else SETTING_DEFAULTS["period"]
    last = sales["date"].max()
    days = last.days_in_month if period == "M" and len(sales) else RECENT_DAYS
    end = last + timedelta(days={"D": 0, "W": 6, "M": days - 1}[period])
    recent = sales[sales["date"] > end - timedelta(days=days)]
    sold = recent.groupby(["sku", "location"], as_index=False)["quantity"].sum()
    stock = sales[["sku", "location"]].drop_duplicates().merge(sold, on=["sku", "location"], how="left")
    stock = stock.sort_values(["sku", "location"], ignore_index=True)
    stock["on_hand"] = (stock.pop("quantity").fillna(0.0).clip(lower=0.0) / days * cover_days).round()
    return stock.assign(date=end, batch="", status="available")
