"""What data health says of stock that changed; of all else it says what the full plan found."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from engine.health.fault import Fault, faults_frame
from engine.health.inputs import Inputs
from engine.health.stock import expired_stock, negative_stock
from jobs.inputs import PlanInputs

CHECKS: dict[str, Callable[[Inputs], Iterator[Fault]]] = {
    "negative_stock": negative_stock,
    "expired_stock": expired_stock,
}
"""Checks that stock alone decides. Those that compare it with sales stay as the full plan found them."""


def faults_now(faults: pd.DataFrame, lines: pd.DataFrame, inputs: PlanInputs) -> pd.DataFrame:
    """Return the faults with those of the stock of some lines anew.

    Parameters
    ----------
    faults : contract `data_faults` of the earlier plan
    lines : sku, location of the lines that changed
    inputs : `inventory_snapshot` of the plan
    """
    stock = inputs.tables["inventory_snapshot"]
    keys = pd.MultiIndex.from_frame(lines[["sku", "location"]])
    own = stock[pd.MultiIndex.from_frame(stock[["sku", "location"]]).isin(keys)]
    seen = Inputs({"inventory_snapshot": own}, inputs.as_of, inputs.period)
    # where only the first of many are listed, the rest is counted in one row, which cannot be told apart
    counted = set(faults.loc[faults["sku"].isna() & faults["value"].str.contains(" more like "), "check"])
    again = [name for name in CHECKS if name not in counted]
    about = pd.MultiIndex.from_frame(faults[["sku", "location"]]).isin(keys)
    kept = faults[~(faults["check"].isin(again) & about)]
    found = faults_frame(fault for name in again for fault in CHECKS[name](seen))
    return pd.concat([kept, found.reindex(columns=list(faults.columns))], ignore_index=True)
