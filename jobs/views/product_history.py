"""Sales of one product at all its places on one grid, and the demand behind them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run
from data_lake.series import SalesPanel
from engine.forecast.censored.periods import demand_estimate, in_stock_share
from engine.forecast.censored.posterior import interval
from engine.forecast.panel import make_panel
from jobs.demand_corrections import Correction, with_corrections

Floats = npt.NDArray[np.float64]

_STEPS = {"D": "D", "W": "7D", "M": "MS"}


@dataclass(frozen=True, eq=False)
class ProductHistory:
    """One product at p places over T periods.

    Attributes
    ----------
    places : [p] locations that sell it, sorted
    dates : [T] first day of each period
    sold : [p, T] units sold, 0 without a row
    in_stock : [p, T] share of the period with stock; 1 where not known
    demand, low, high : [p, T] what sold, or its estimate where stock was out, and its 80 % interval; a
        corrected period has its corrected demand
    """

    places: list[str]
    dates: pd.DatetimeIndex
    sold: Floats
    in_stock: Floats
    demand: Floats
    low: Floats
    high: Floats


def read_history(lake: Lake, run: Run, sku: str, made: list[Correction]) -> ProductHistory | None:
    """Read the sales that a run saw of a product and estimate the demand behind them; None without sales.

    All places are read together: they share the product's season, its fashions and promotions.
    """
    sales = lake.read(
        "sales",
        version=run.inputs.get("sales"),
        columns=["date", "location", "quantity", "in_stock"],
        where={"sku": [sku]},
        until=run.as_of - dt.timedelta(days=1),
    )
    if sales.empty:
        return None
    grid = pd.date_range(sales["date"].min(), sales["date"].max(), freq=_STEPS[run.period])
    wide = sales.pivot_table(
        index="location", columns="date", values=["quantity", "in_stock"], aggfunc="last"
    )
    quantity, in_stock = (
        (wide[[name]].droplevel(0, axis=1) if name in wide else pd.DataFrame(index=wide.index))
        .reindex(columns=grid)
        .to_numpy(dtype=np.float64)
        for name in ("quantity", "in_stock")
    )
    unknown = np.full(quantity.shape, np.nan)
    keys = pd.DataFrame({"sku": sku, "location": wide.index})
    start = np.datetime64(grid[0].date(), "D")
    raw = SalesPanel(keys, start, run.period, quantity, in_stock, unknown, unknown)  # type: ignore[arg-type]
    corrected = with_corrections(raw, made)
    panel = make_panel(keys, start, raw.period, corrected.quantity, corrected.in_stock)
    estimate = demand_estimate(panel)
    sold = panel.values if panel.sales is None else panel.sales
    low, high = interval(estimate, sold)
    as_sold = make_panel(keys, start, raw.period, quantity, in_stock)
    return ProductHistory(
        places=list(wide.index),
        dates=grid,
        sold=np.where(np.isnan(quantity), 0.0, quantity),
        in_stock=in_stock_share(as_sold),
        demand=estimate.mean,
        low=low,
        high=high,
    )
