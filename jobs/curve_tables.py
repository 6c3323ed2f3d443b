"""What every possible order of a line comes to, as a table of a run, and read back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from engine.replenishment.value_curves import LineCurves

LISTS = ("quantity", "short", "short_windows", "waste", "held", "money")
"""Columns of `line_curves` that hold one number a candidate order."""


def line_curves_table(run_id: str, lines: pd.DataFrame, curves: LineCurves) -> pd.DataFrame:
    """Lay out curves as the contract `line_curves` says; row i is line i.

    Parameters
    ----------
    run_id : str
    lines : sku, location and source of each line
    curves : LineCurves
    """
    candidates = (~np.isnan(curves.quantity)).sum(axis=1)
    ends = np.cumsum(candidates)[:-1]
    there = np.arange(curves.quantity.shape[1]) < candidates[:, None]
    return pd.DataFrame(
        {
            "run_id": run_id,
            "line_id": (lines["sku"] + "|" + lines["location"] + "|" + lines["source"]).to_numpy(),
            **{name: np.split(getattr(curves, name)[there], ends) for name in LISTS},
            "window_demand": curves.window_demand,
            "shortage_price": curves.shortage_price,
        }
    )


def line_curves_of(table: pd.DataFrame) -> LineCurves:
    """Return the curves of the rows of `line_curves`, in their order."""
    width = max((len(cell) for cell in table["quantity"]), default=1)
    figures = {name: np.full((len(table), width), np.nan) for name in LISTS}
    for name, values in figures.items():
        for row, cell in enumerate(table[name]):
            values[row, : len(cell)] = cell
    return LineCurves(
        **figures,
        window_demand=table["window_demand"].to_numpy(dtype=np.float64),
        shortage_price=table["shortage_price"].to_numpy(dtype=np.float64),
    )
