"""Which lines a location supplies: what they sell is its demand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.int64]


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
    supplied = lines.assign(row=range(len(lines)))[lines["source_kind"].eq("location")]
    suppliers = lines[["sku", "location"]].assign(supplier_row=range(len(lines)))
    flows = supplied.merge(
        suppliers, left_on=["sku", "source"], right_on=["sku", "location"], suffixes=("", "_of_source")
    )
    return flows["supplier_row"].to_numpy(dtype=np.int64), flows["row"].to_numpy(dtype=np.int64)
