"""What the network does to a line: whose orders a centre is planned on, what a short centre gave a store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from engine.contracts import PERIOD_WORDS
from engine.replenishment.words import day, units
from jobs.views.lines import as_date, records

DIFFERENT = 0.05
"""Orders that differ by less from the sales behind them need no explanation."""


def network_sentences(
    lake: Lake, run: Run, line: Mapping[str, Any], forecast: pd.DataFrame
) -> tuple[str, ...]:
    """Say where a centre's demand comes from, and what a short centre gave of an order and why.

    Parameters
    ----------
    lake, run
        The run that planned the line.
    line : mapping
        One row of `jobs.views.lines.load`.
    forecast : DataFrame
        date, mean: the line's own forecast.

    Returns
    -------
    tuple of str
        Empty where the network does nothing to the line, and for runs made before it did.
    """
    if "allocations" not in run.outputs:
        return ()
    return (*_served(lake, run, line, forecast), *_shared(lake, run, line))


def _served(lake: Lake, run: Run, line: Mapping[str, Any], forecast: pd.DataFrame) -> list[str]:
    where = {"sku": [line["sku"]], "source": [line["location"]], "source_kind": ["location"]}
    places = read_run_table(lake, run, "plan_lines", where=where, columns=["location"])["location"].nunique()
    circular = read_run_table(
        lake, run, "data_faults", where={"sku": [line["sku"]], "check": ["circular_sourcing"]}
    )
    if not places or line["location"] in set(circular["location"]):
        return []
    planned_on = read_run_table(
        lake, run, "line_inputs", where={"line_id": [line["line_id"]]}, columns=["mean"]
    )
    until = as_date(line["next_arrival_date"])
    periods = int((forecast["date"] < pd.Timestamp(until)).sum()) if until else 0
    orders = np.asarray(planned_on["mean"].iloc[0], dtype=np.float64)[:periods]
    if not periods or not len(orders):
        return []
    ordered, sold = float(orders.sum()), float(forecast["mean"].iloc[:periods].sum())
    who = "the place" if places == 1 else f"the {places} places"
    now = "today" if run.period == "D" else f"this {PERIOD_WORDS[run.period]}"
    text = (
        f"Its demand is what {who} it supplies will order: {units(ordered)} until {day(until)}, "
        f"{units(float(orders[0]))} of them {now}."
    )
    if abs(ordered - sold) <= DIFFERENT * max(sold, 1.0):
        return [text]
    why = "they have stock to sell first" if ordered < sold else "they fill up to their targets"
    return [f"{text} Sales there are forecast at {units(sold)}: {why}."]


def _shared(lake: Lake, run: Run, line: Mapping[str, Any]) -> list[str]:
    found = read_run_table(lake, run, "allocations", where={"line_id": [line["line_id"]]})
    centre = line.get("source_name") or line["source"]
    return [
        f"{centre} has {units(share['available'])} for the {units(share['asked'])} that its stores ask for; "
        f"this one gets {units(share['granted'])} of {units(share['wanted'])}. {share['why']}"
        for share in records(found)
    ]
