"""The demand panel of a plan: one series a line; a supplier location's demand is that of what it supplies."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.series import SalesPanel
from engine.forecast.censored.periods import demand_estimate, in_stock_share, with_estimates
from engine.forecast.censored.posterior import DemandEstimate
from engine.forecast.panel import Panel, make_panel
from jobs.echelon_levels import echelon_levels
from jobs.supply_flows import supply_flows

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LineDemand:
    """What the lines sold and what was wanted, row i line i; arrays [n, T]."""

    panel: Panel
    """What is forecast from: a supplier location's demand is that of what it supplies."""
    sells: npt.NDArray[np.bool_]
    """[n] lines with sales of their own."""
    on_sale: npt.NDArray[np.bool_]
    """Periods in which a line was for sale, in stock or not."""
    in_stock: Floats
    """Share of these periods with stock; 1 where unknown."""
    quantity: Floats
    """Units sold."""
    wanted: Floats
    """Units wanted: sales, or their estimate behind stockouts."""
    price: Floats
    """Money an each; NaN where unknown."""


def planning_panel(sales: SalesPanel, lines: pd.DataFrame, products: pd.DataFrame) -> Panel:
    """Return the panel of `line_demand`."""
    return line_demand(sales, lines, products).panel


def line_demand(sales: SalesPanel, lines: pd.DataFrame, products: pd.DataFrame) -> LineDemand:
    """Return the demand of every line; row i is line i.

    Parameters
    ----------
    sales : what was sold, on the lake's period grid
    lines : columns sku, location, source, source_kind (`jobs.line_terms.line_terms`)
    products : table products; launch dates and categories

    Notes
    -----
    A distribution centre sells nothing itself: its demand is the sum of the reconstructed demand (stockouts
    estimated) of the lines that it supplies, plus what it sold itself.
    """
    rows = _rows_of(lines, sales.keys)
    quantity = _take(sales.quantity, rows)
    about = lines[["sku"]].merge(products, on="sku", how="left")
    panel = make_panel(
        lines[["sku", "location"]],
        sales.start,
        sales.period,
        quantity,
        _take(sales.in_stock, rows),
        launch=about["launch_date"].to_numpy(dtype="datetime64[D]"),
        group=about["category"].fillna("").to_numpy(dtype=object),
    )
    estimate = demand_estimate(panel)
    censored = np.zeros_like(panel.observed) if panel.censored is None else panel.censored
    on_sale = panel.observed | censored
    return LineDemand(
        panel=_with_supplied_demand(with_estimates(panel, estimate), lines, estimate),
        sells=rows >= 0,
        on_sale=on_sale,
        in_stock=np.where(on_sale, in_stock_share(panel), 0.0),
        quantity=np.where(on_sale, np.maximum(np.nan_to_num(quantity), 0.0), 0.0),
        wanted=np.where(on_sale, estimate.mean, 0.0),
        price=_take(sales.price, rows),
    )


def _rows_of(lines: pd.DataFrame, keys: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the row of each line in `keys`, -1 where it never sold."""
    wanted = pd.MultiIndex.from_frame(lines[["sku", "location"]])
    return pd.MultiIndex.from_frame(keys[["sku", "location"]]).get_indexer(wanted).astype(np.int64)


def _take(matrix: Floats, rows: npt.NDArray[np.int64]) -> Floats:
    taken = matrix[rows] if len(matrix) else np.empty((len(rows), matrix.shape[1]))
    taken[rows < 0] = np.nan
    return taken


def _with_supplied_demand(panel: Panel, lines: pd.DataFrame, estimate: DemandEstimate) -> Panel:
    into, out_of = supply_flows(lines)
    if not len(into):
        return panel
    seen = panel.observed.copy() if panel.censored is None else panel.observed | panel.censored
    values, observed, total = panel.values.copy(), panel.observed.copy(), estimate.mean.copy()
    level, _ = echelon_levels((into, out_of), len(lines))
    for step in range(int(level.max()) + 1):  # what supplies centres comes after them
        now = level[into] == step
        supplier, supplied = into[now], out_of[now]
        passed_on = total[supplied]
        np.add.at(values, supplier, passed_on)
        np.add.at(total, supplier, passed_on)
        np.logical_or.at(observed, supplier, seen[supplied])
        np.logical_or.at(seen, supplier, seen[supplied])
    values[~observed] = 0.0
    return dataclasses.replace(panel, values=values, observed=observed)
