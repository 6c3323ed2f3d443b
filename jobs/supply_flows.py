"""Which lines a location supplies, and what it sells itself beside."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.series import SalesPanel
from jobs.echelon_levels import echelon_levels

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

YEAR_PERIODS = {"D": 365, "W": 52, "M": 12}


def supply_flows(lines: pd.DataFrame) -> tuple[Codes, Codes]:
    """Return every flow between two lines: the rows of the suppliers, and the rows that they supply.

    Parameters
    ----------
    lines : columns sku, location, source, source_kind

    Examples
    --------
    >>> lines = pd.DataFrame(
    ...     {
    ...         "sku": ["007", "007"],
    ...         "location": ["DC", "S1"],
    ...         "source": ["Acme", "DC"],
    ...         "source_kind": ["supplier", "location"],
    ...     }
    ... )
    >>> supply_flows(lines)
    (array([0]), array([1]))
    """
    is_supplied = lines["source_kind"].eq("location").to_numpy(dtype=np.bool_)
    supplied = lines.loc[is_supplied, ["sku", "source"]].assign(row=np.flatnonzero(is_supplied))
    suppliers = lines[["sku", "location"]].assign(supplier_row=range(len(lines)))
    flows = supplied.merge(suppliers, left_on=["sku", "source"], right_on=["sku", "location"])
    return flows["supplier_row"].to_numpy(dtype=np.int64), flows["row"].to_numpy(dtype=np.int64)


def own_sales_share(sales: SalesPanel, lines: pd.DataFrame, flows: tuple[Codes, Codes]) -> Floats:
    """Return what part of each supplier's demand is sold at the supplier itself, [n]; 0: none.

    Parameters
    ----------
    sales : what was sold; its last year counts
    lines : columns sku, location
    flows : rows of the suppliers, and rows that they supply, as `supply_flows` returns them
    """
    into, out_of = flows
    recent = np.nansum(sales.quantity[:, -YEAR_PERIODS[sales.period] :], axis=1)
    keys = pd.MultiIndex.from_frame(sales.keys[["sku", "location"]])
    sold = pd.Series(recent, index=keys).reindex(pd.MultiIndex.from_frame(lines[["sku", "location"]]))
    own = np.maximum(sold.fillna(0.0).to_numpy(dtype=np.float64), 0.0)
    below = np.zeros(len(lines))
    level, _ = echelon_levels(flows, len(lines))
    for step in range(int(level.max(initial=0)) + 1):
        now = level[into] == step
        np.add.at(below, into[now], own[out_of[now]] + below[out_of[now]])
    supplied = own + below
    return np.where(np.bincount(into, minlength=len(lines)) > 0, own / np.maximum(supplied, 1e-12), 0.0)


def promised(orders: pd.DataFrame, lines: pd.DataFrame, as_of: dt.date) -> Floats:
    """Return what each line is to send to other locations and still has in stock, [n] each.

    Parameters
    ----------
    orders : contract `orders`; transfers approved on `as_of` or later cannot have left the stock, which was
        counted before; those of earlier days are taken to have left
    lines : columns sku, location
    as_of : day planned for
    """
    since = orders["ordered_at"] >= pd.Timestamp(as_of)
    leaving = orders[since & (orders["status"] == "approved") & (orders["kind"] == "transfer")]
    if leaving.empty:
        return np.zeros(len(lines))
    units = (leaving["quantity"] - leaving["received"].fillna(0.0)).clip(lower=0.0)
    owed = units.groupby([leaving["sku"], leaving["from_source"]]).sum()
    keys = pd.MultiIndex.from_frame(lines[["sku", "location"]])
    return owed.reindex(keys).fillna(0.0).to_numpy(dtype=np.float64)
