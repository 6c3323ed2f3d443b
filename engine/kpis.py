"""Key figures of inventory planning: what each means, how it is computed and where the definition is from.

Every figure is a ratio of sums, so that the figure of a whole is that of its parts weighted by what they
weigh, whatever is selected, and reconciles with the facts (contract `kpi_facts`) line by line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
DAYS_A_YEAR = 365.0


@dataclass(frozen=True)
class Kpi:
    """A key figure: `offset + scale × Σ top / Σ bottom`."""

    name: str
    label: str
    unit: Literal["share", "days", "ratio"]
    better: Literal["higher", "lower", "neither"]
    top: str
    """Column of `kpi_facts` that is summed above."""
    bottom: str
    """Column that is summed below; the figure is not known where it adds up to nothing."""
    definition: str
    source: str
    needs: str
    """What to import where it is not known."""
    scale: float = 1.0
    offset: float = 0.0
    asks: str = ""
    """Column that must add up to something too: turns are those of what sells."""


_SPT = "Silver, Pyke & Thomas (2017), Inventory and Production Management in Supply Chains, 4th ed."
_SALES_STOCK = "sales with `in_stock`"

KPIS = (
    Kpi(
        "fill_rate",
        "Fill rate",
        "share",
        "higher",
        "sold_units",
        "demand_units",
        "Units sold from stock over units wanted; what stockouts hid is estimated.",
        f"{_SPT}, §6.4 (P2)",
        _SALES_STOCK,
    ),
    Kpi(
        "cycle_service",
        "Cycle service",
        "share",
        "higher",
        "full_cycles",
        "cycles",
        "Weeks of a line without a stockout over its weeks on sale (periods, where they are longer).",
        f"{_SPT}, §6.4 (P1), with a week for a replenishment cycle",
        _SALES_STOCK,
    ),
    Kpi(
        "on_shelf_availability",
        "On-shelf availability",
        "share",
        "higher",
        "in_stock_days",
        "open_days",
        "Time with stock on the shelf over time on sale.",
        "ECR Europe (2003), Optimal Shelf Availability",
        _SALES_STOCK,
    ),
    Kpi(
        "days_of_cover",
        "Days of cover",
        "days",
        "neither",
        "stock_value",
        "demand_cost_daily",
        "Stock on hand, centres' too, over customers' expected demand a day, both at cost, today.",
        "APICS Dictionary, 16th ed. (2019): days of supply",
        "stock",
        asks="open_days",
    ),
    Kpi(
        "turns",
        "Stock turns a year",
        "ratio",
        "higher",
        "cost_of_sales",
        "stock_value_days",
        "Cost of sales over average stock at cost, for a year.",
        "APICS Dictionary, 16th ed. (2019): inventory turnover",
        "stock snapshots of several days",
        scale=DAYS_A_YEAR,
        asks="open_days",
    ),
    Kpi(
        "gmroi",
        "GMROI",
        "ratio",
        "higher",
        "margin",
        "stock_value_days",
        "Gross margin earned in a year for each unit of money in stock.",
        "Levy, Weitz & Grewal (2019), Retailing Management, 10th ed., ch. 6",
        "stock snapshots of several days",
        scale=DAYS_A_YEAR,
        asks="open_days",
    ),
    Kpi(
        "excess_share",
        "Excess stock",
        "share",
        "lower",
        "excess_value",
        "stock_value",
        "Stock on hand beyond the level that the plan wants, over stock on hand, both at cost.",
        "APICS Dictionary, 16th ed. (2019): excess inventory",
        "stock",
    ),
    Kpi(
        "obsolete_share",
        "Obsolete stock",
        "share",
        "lower",
        "obsolete_value",
        "stock_value",
        "Stock of what sold nothing for 180 days or is discontinued, over stock on hand, both at cost.",
        "APICS Dictionary, 16th ed. (2019): obsolete inventory",
        "stock",
    ),
    Kpi(
        "waste_share",
        "Waste",
        "share",
        "lower",
        "waste_value",
        "revenue",
        "Stock written off, at cost, over revenue.",
        "ECR Retail Loss (2020), Total Retail Loss 2.0: waste as a share of sales",
        "movements of kind write_off",
    ),
    Kpi(
        "forecast_accuracy",
        "Forecast accuracy",
        "share",
        "higher",
        "forecast_error_units",
        "forecast_units",
        "1 − the sum of absolute errors of the backtest over the demand it was held against (1 − WAPE).",
        "Hyndman & Athanasopoulos (2021), Forecasting: Principles and Practice, 3rd ed., §5.8; "
        "Kolassa & Schütz (2007), Foresight 6",
        "sales long enough for a backtest",
        scale=-1.0,
        offset=1.0,
    ),
    Kpi(
        "inventory_record_accuracy",
        "Inventory record accuracy",
        "share",
        "higher",
        "exact_counts",
        "counts",
        "Stock counts that found what the books said, over counts.",
        "DeHoratius & Raman (2008), Management Science 54(4) 627–641",
        "movements of kind count",
    ),
)
"""The key figures, in the order in which they are shown."""


def kpi(name: str) -> Kpi:
    """Return one key figure; KeyError if there is none of this name."""
    for known in KPIS:
        if known.name == name:
            return known
    raise KeyError(name)


def kpi_values(sums: Mapping[str, npt.ArrayLike]) -> dict[str, Floats]:
    """Return every key figure of one or many groups.

    Parameters
    ----------
    sums : mapping of column of `kpi_facts` to float64 [g]
        Each column added up over what is looked at.

    Returns
    -------
    dict of float64 [g] by name; NaN where a figure is not known.

    Examples
    --------
    >>> sums = {column: [0.0] for known in KPIS for column in (known.top, known.bottom, known.asks)}
    >>> sums |= {"sold_units": [96.0], "demand_units": [100.0]}
    >>> values = kpi_values(sums)
    >>> float(values["fill_rate"][0]), float(values["turns"][0])
    (0.96, nan)
    """
    values = {}
    for known in KPIS:
        top = np.asarray(sums[known.top], dtype=np.float64)
        bottom = np.asarray(sums[known.bottom], dtype=np.float64)
        some = bottom > 0.0
        if known.asks:
            some = some & (np.asarray(sums[known.asks], dtype=np.float64) > 0.0)
        values[known.name] = np.where(
            some, known.offset + known.scale * top / np.where(some, bottom, 1.0), np.nan
        )
    return values
