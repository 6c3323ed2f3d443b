"""A stand-in for a stock export: lets somebody try Shelfcast with sales alone."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from data_lake.lake import Lake

MEAN_DAYS = 28
ESTIMATE_NOTE = (
    "an estimate, not a count: mean daily sales of the last 28 days times the days of cover asked for"
)


def stock_estimate(lake: Lake, cover_days: float) -> pd.DataFrame:
    """Return a stock snapshot that would cover `cover_days` days of recent sales.

    Parameters
    ----------
    lake : Lake
        With sales.
    cover_days : float
        Days of mean sales on hand [days]; ≥ 0.

    Returns
    -------
    pd.DataFrame
        Columns of `inventory_snapshot`, a row for every sku and location ever sold, dated by the last day of
        sales. `on_hand` [each] is the mean daily sales of the last 28 days of the lake × `cover_days`,
        rounded; a sku not sold in these days has 0. Write it with `ESTIMATE_NOTE` as the version's note.

    Raises
    ------
    ValueError
        If `cover_days` is negative.
    """
    if not cover_days >= 0:
        raise ValueError(f"cover_days is {cover_days!r}; it must be 0 or more")
    sales = lake.read("sales", columns=["date", "sku", "location", "quantity"])
    items = sales[["sku", "location"]].drop_duplicates()
    last = sales["date"].max()
    recent = sales[sales["date"] > last - timedelta(days=MEAN_DAYS)]
    sold = recent.groupby(["sku", "location"], as_index=False)["quantity"].sum()
    stock = items.merge(sold, on=["sku", "location"], how="left").sort_values(
        ["sku", "location"], ignore_index=True
    )
    stock["on_hand"] = (stock.pop("quantity").fillna(0.0).clip(lower=0.0) / MEAN_DAYS * cover_days).round()
    return stock.assign(date=last, batch="", status="available")
