"""Stock of both places of a transfer, ahead, without it and with it: by the plan's own paths and rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data_lake.runs import Run, read_run_table
from engine.replenishment.line import draw
from engine.replenishment.lines import FloatArray, LineInputs
from jobs.item_state import load_item_state

if TYPE_CHECKING:
    from data_lake.lake import Lake


SHOWN = {"D": 15, "W": 6, "M": 4}
"""Periods shown: until the orders after this plan's would change the picture."""


def transfer_projection(lake: Lake, run: Run, transfer: Mapping[str, Any]) -> pd.DataFrame:
    """Return expected end stock of each period at both ends, each with its own order.

    Parameters
    ----------
    lake, run
        Where it was proposed.
    transfer : a row of `transfers`

    Returns
    -------
    DataFrame
        date, origin_without, origin_with, destination_without, destination_with [each]; the first weeks.

    Raises
    ------
    JobError
        The run does not plan the product at one of the two places.
    """
    sku = str(transfer["sku"])
    given = load_item_state(lake, run, sku, str(transfer["origin"]))
    taken = load_item_state(lake, run, sku, str(transfer["destination"]))
    orders = read_run_table(lake, run, "plan_lines", columns=["line_id", "quantity"], where={"sku": [sku]})
    quantity = dict(zip(orders["line_id"], orders["quantity"], strict=True))
    units, length = float(transfer["quantity"]), given.inputs.period_days
    arrival_days = (pd.Timestamp(transfer["arrival_date"]).date() - run.as_of).days
    days_left = transfer["fewest_days_left"]
    oldest = 0 if pd.isna(days_left) else int((days_left + arrival_days - 1) // length)
    less = _without(given.inputs, units, oldest)
    more = _with_receipt(taken.inputs, units, int(arrival_days // length))
    ends = ((given, given.inputs), (given, less), (taken, taken.inputs), (taken, more))
    origin, origin_with, destination, destination_with = (
        _stock(inputs, quantity[state.line_id], state.n_paths) for state, inputs in ends
    )
    frame = pd.DataFrame(
        {
            "date": _days(run, given.inputs.horizon),
            "origin_without": origin,
            "origin_with": origin_with,
            "destination_without": destination,
            "destination_with": destination_with,
        }
    )
    return frame.head(max(SHOWN[run.period], int(arrival_days // length) + SHOWN[run.period] // 2))


def _stock(inputs: LineInputs, order: float, n_paths: int) -> FloatArray:
    (line,) = draw(inputs.checked(), slice(0, 1), n_paths)
    stock = np.empty(line.paths.shape)
    line.play(order, stock)
    return np.asarray(stock.mean(axis=0), dtype=np.float64)


def _without(inputs: LineInputs, units: float, oldest: int) -> LineInputs:
    """Take units out of stock, the oldest batches that could travel first."""
    left = inputs.batch_quantity.astype(np.float64).copy()
    by_age = np.argsort(inputs.batch_last_period, kind="stable")
    for batch in (*by_age[inputs.batch_last_period[by_age] >= oldest], *by_age):
        taken = min(max(left[batch], 0.0), units)
        left[batch] -= taken
        units -= taken
    return replace(inputs, batch_quantity=left)


def _with_receipt(inputs: LineInputs, units: float, period: int) -> LineInputs:
    return replace(
        inputs,
        receipt_line=np.append(inputs.receipt_line, 0),
        receipt_period=np.append(inputs.receipt_period, period),
        receipt_quantity=np.append(inputs.receipt_quantity, units),
    )


def _days(run: Run, horizon: int) -> list[dt.date]:
    frequency = {"D": "D", "W": "7D", "M": "MS"}[run.period]
    return [day.date() for day in pd.date_range(run.as_of, periods=horizon, freq=frequency)]
