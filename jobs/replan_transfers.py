"""Transfers of products whose lines changed; others keep theirs unless a shared truck is, or was, full."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from engine.replenishment.lines import LineInputs, LinePlans
from engine.replenishment.plan_rows import take_plans
from jobs.inputs import PlanInputs
from jobs.transfer_lanes import lane_terms, trucks_of
from jobs.transfers import TransferTables, plan_transfers_of

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TransfersAgain:
    """Tables of transfers, of some products or of all."""

    tables: TransferTables
    skus: Collection[str] | None
    """Products that they are of; None: all."""


def transfers_again(
    lake: Lake,
    run: Run,
    inputs: PlanInputs,
    lines: pd.DataFrame,
    line_inputs: LineInputs,
    plans: LinePlans,
    held: pd.DataFrame,
    changed: Mask,
) -> TransfersAgain:
    """Plan the transfers of products with changed lines; of all where a truck binds, or did.

    Parameters
    ----------
    lake, run : the run that is planned again
    inputs, lines, line_inputs, plans, held : as for `jobs.transfers.plan_transfers_of`, all lines
    changed : [n]
    """
    skus = set(lines.loc[changed, "sku"])
    rows = np.flatnonzero(lines["sku"].isin(skus))
    stock = inputs.tables["inventory_snapshot"]
    own = replace(inputs, tables={**inputs.tables, "inventory_snapshot": stock[stock["sku"].isin(skus)]})
    part = lines.iloc[rows].reset_index(drop=True)
    tables = plan_transfers_of(own, part, line_inputs.take(rows), take_plans(plans, rows), held=held)
    if _is_tight(lake, run, inputs, tables.loads, skus):
        return TransfersAgain(plan_transfers_of(inputs, lines, line_inputs, plans, held=held), None)
    return TransfersAgain(tables, skus)


def _is_tight(lake: Lake, run: Run, inputs: PlanInputs, loads: pd.DataFrame, skus: Collection[str]) -> bool:
    """Return whether a truck is, or was, too small for the transfers that each product alone would have."""
    lanes = lane_terms(inputs.tables["lanes"], inputs.tables["locations"], inputs.as_of)
    room = {(truck.origin, truck.destination): truck.capacity for truck in trucks_of(lanes)}
    if not room:
        return False
    before = read_run_table(lake, run, "transfer_loads")
    now = pd.concat([before[~before["sku"].isin(skus)], loads])
    for table in (before, now):
        used = table.groupby(["origin", "destination"], as_index=False)["load"].sum()
        lanes_used = zip(used["origin"], used["destination"], used["load"], strict=True)
        if any(load > room[origin, destination] for origin, destination, load in lanes_used):
            return True
    return False
