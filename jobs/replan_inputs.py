"""What a re-plan reads beside the run: stock, orders and the masters that orders depend on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run
from data_lake.series import SalesPanel
from jobs.inputs import PlanInputs
from jobs.line_inputs import order_offsets
from jobs.run_state import RunState
from jobs.settings import settings
from jobs.supply_seen import SupplySeen

MASTERS = ("products", "locations", "suppliers", "lanes", "assortment")
"""Tables that orders depend on; what only forecasts read is left out."""


def orders_inputs(lake: Lake, base: Run, seen: SupplySeen, versions: Mapping[str, int]) -> PlanInputs:
    """Return what planning orders reads; sales and what only forecasts read are left out."""
    tables = {name: lake.read(name, version=versions[name]) for name in MASTERS}
    nothing = np.zeros((0, 0))
    no_sales = SalesPanel(
        pd.DataFrame({"sku": pd.Series(dtype="str"), "location": pd.Series(dtype="str")}),
        np.datetime64("NaT"),
        base.period,  # type: ignore[arg-type]  # one of PERIODS
        nothing,
        nothing,
        nothing,
        nothing,
    )
    return PlanInputs(
        tables=tables | {"inventory_snapshot": seen.stock, "orders": seen.orders},
        sales=no_sales,
        versions=versions,
        settings=settings(lake),
        overrides=pd.DataFrame(),
        ordered_until=seen.ordered_until,
        as_of=base.as_of,
        digest="",
    )


def without_new_lines(state: RunState, inputs: PlanInputs) -> tuple[PlanInputs, tuple[tuple[str, str], ...]]:
    """Leave out stock that no planned line stands for; return the inputs and (sku, location) of what is new.

    One unknown product must not keep the others from being planned again; the next full plan takes it in.
    """
    day = pd.Timestamp(inputs.as_of)
    products, assortment = inputs.tables["products"], inputs.tables["assortment"]
    gone = assortment[assortment["to_date"] < day]
    stock = inputs.tables["inventory_snapshot"]
    here = pd.MultiIndex.from_frame(stock[["sku", "location"]])
    new = ~(
        here.isin(pd.MultiIndex.from_frame(state.lines[["sku", "location"]]))
        | here.isin(pd.MultiIndex.from_frame(gone[["sku", "location"]]))
        | stock["sku"].isin(products.loc[products["discontinue_date"] < day, "sku"]).to_numpy()
    )
    if not new.any():
        return inputs, ()
    tables = {**inputs.tables, "inventory_snapshot": stock[~new]}
    return replace(inputs, tables=tables), tuple(sorted(set(here[new])))


def with_order_dates(lines: pd.DataFrame, ordered_until: pd.DataFrame) -> pd.DataFrame:
    """Return the lines with the order day after the one that is approved now."""
    keys = ["sku", "location", "source"]
    return lines.drop(columns="next_order_date").merge(ordered_until, on=keys, how="left")[
        list(lines.columns)
    ]


def order_days_now(state: RunState, lines: pd.DataFrame, as_of: dt.date) -> npt.NDArray[np.datetime64]:
    """Return the order day of each line: as it was, but for lines that were approved or withdrawn since."""
    days = state.figures["order_by"].to_numpy(dtype="datetime64[D]").copy()
    before, now = (frame["next_order_date"].to_numpy("datetime64[D]") for frame in (state.lines, lines))
    rows = np.flatnonzero((before != now) & ~(np.isnat(before) & np.isnat(now)))
    days[rows] = np.datetime64(as_of, "D") + order_offsets(lines.iloc[rows], as_of)[:, 0]
    return days
