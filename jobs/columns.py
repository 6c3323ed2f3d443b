"""Python values to a column of the kind that a contract states: folds of the ledger become frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd


def typed_column(values: Sequence[Any], kind: str) -> pd.Series[Any]:
    """Lay out values, None where missing, as the column kind `kind`; the type holds without a row too."""
    items = list(values)
    if kind == "date":
        return pd.to_datetime(pd.Series(items, dtype="str")).astype("datetime64[us]")
    if kind == "instant":
        return pd.to_datetime(pd.Series(items, dtype="object"), utc=True).astype("datetime64[us, UTC]")
    if kind == "number":
        return pd.Series([np.nan if item is None else item for item in items], dtype="float64")
    if kind == "flag":
        return pd.Series(items, dtype="bool")
    return pd.Series(items, dtype="str")
