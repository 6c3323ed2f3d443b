"""The stock that may be given, batch by batch: how much, and how long it can still be sold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, isfinite

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.replenishment.lines import NEVER
from jobs.inputs import PlanInputs
from jobs.line_inputs import PERIOD_DAYS, latest_stock

EXPIRY_DAYS = 28
"""Stock that expires later than this is not moved to save it, and all of it is one to a transfer."""


@dataclass(frozen=True)
class Lot:
    """A batch that may be given: units, last period and days (the last day included) of sale."""

    name: str
    units: int
    last_period: int
    usable_days: float

    @property
    def lasts(self) -> bool:
        """It expires too late to matter."""
        return self.usable_days > EXPIRY_DAYS


def lots_of_lines(
    inputs: PlanInputs, lines: pd.DataFrame, givers: npt.NDArray[np.int64]
) -> dict[int, list[Lot]]:
    """Return the batches that lie at these lines, oldest first."""
    wanted = lines.iloc[givers][["sku", "location", "min_life_at_sale_days"]].assign(row=givers)
    stock = inputs.tables["inventory_snapshot"]
    stock = latest_stock(stock[stock["sku"].isin(set(wanted["sku"]))]).merge(wanted, on=["sku", "location"])
    last_sale = stock["expiry_date"] - pd.to_timedelta(stock["min_life_at_sale_days"], unit="D")
    days = (last_sale - pd.Timestamp(inputs.as_of)).dt.days.astype("float64").fillna(np.inf)
    stock = stock.assign(days=days)[(days >= 0) & (stock["on_hand"] >= 1)]
    lots: dict[int, list[Lot]] = defaultdict(list)
    for row in stock.sort_values(["row", "days", "batch"]).to_dict("records"):
        last = int(row["days"] // PERIOD_DAYS[inputs.period]) if isfinite(row["days"]) else NEVER
        lots[row["row"]].append(Lot(str(row["batch"]), int(row["on_hand"]), last, row["days"] + 1.0))
    return lots


def at_most(lots: Sequence[Lot], wanted: float, shown: float) -> list[Lot]:
    """Return the oldest of the batches up to what is wanted, what the shelf must show left out."""
    left = min(wanted, sum(lot.units for lot in lots) - ceil(shown))
    given = []
    for lot in lots:
        units = int(min(lot.units, left))
        if units > 0:
            given.append(replace(lot, units=units))
            left -= units
    return given


def merged(lots: Sequence[Lot]) -> list[tuple[str, int, float]]:
    """Return name, units and usable days of the batches, those that last put together under the first."""
    short = [(lot.name, lot.units, lot.usable_days) for lot in lots if not lot.lasts]
    lasting = [lot for lot in lots if lot.lasts]
    if lasting:
        short.append((lasting[0].name, sum(lot.units for lot in lasting), lasting[0].usable_days))
    return short
