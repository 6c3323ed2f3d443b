"""What to move between places: the plan's surplus and needs, after their own orders, over the lake's lanes.

A proposal is no supply: it changes no order of the same run. Once approved it is an order like any other
(`jobs.transfer_approvals`), which the next plan counts at both ends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from engine.contracts import TABLES
from engine.replenishment.lines import LineInputs, LinePlans
from engine.replenishment.network.transfer_plan import plan_transfers
from engine.replenishment.network.transfer_words import describe_transfer, describe_unused
from engine.replenishment.network.transfers import Transfer, Unused, WhyNot
from jobs.inputs import PlanInputs
from jobs.quiet import quiet
from jobs.transfer_candidates import PlannedPlaces
from jobs.transfer_lanes import lane_terms, trucks_of
from jobs.transfer_problems import Problems

IDLE_A_PRODUCT = 3
"""Idle lanes of a product that are told of."""
_MONEY = ("gain", "loss", "freight", "handling", "fixed_cost", "money", "money_if_cancelled")


@dataclass(frozen=True)
class TransferTables:
    """Contracts `transfers` and `transfers_idle`, but for `run_id`."""

    transfers: pd.DataFrame
    idle: pd.DataFrame
    loads: pd.DataFrame
    """Contract `transfer_loads`, but for `run_id`."""


def plan_transfers_of(
    inputs: PlanInputs,
    lines: pd.DataFrame,
    line_inputs: LineInputs,
    plans: LinePlans,
    *,
    held: pd.DataFrame | None = None,
) -> TransferTables:
    """Return what to move, most money first, and why other lanes carry nothing.

    Parameters
    ----------
    inputs : PlanInputs
        Lanes, stock by batch, products, locations; setting `exception_least_money` is what a transfer must
        earn.
    lines, line_inputs, plans
        Every line with its settled order; row i is line i.
    held : DataFrame, optional
        sku, location of lines whose data are wrong: they neither give nor get.
    """
    lanes = lane_terms(inputs.tables["lanes"], inputs.tables["locations"], inputs.as_of)
    least = inputs.settings.number("exception_least_money")
    places = PlannedPlaces(inputs, lines, line_inputs.checked(), plans, lanes)
    pairs = places.pairs(held, least)
    problems = Problems(places, pairs[pairs["bound"] >= least], least)
    with quiet():
        solved = plan_transfers(problems.products, trucks_of(lanes))
    worth = [transfer for transfer in problems.priced(solved.transfers) if transfer.money >= least]
    worth.sort(key=lambda one: (-one.money, one.product, one.origin, one.destination))
    served = {(one.product, one.destination) for one in worth}
    hopeless = pairs[pairs["bound"] < least].to_dict("records")
    unused = [*solved.unused, *problems.given_up, *(_hopeless(row) for row in hopeless)]
    return TransferTables(
        _transfers(problems, worth), _idle(places, unused, served, least), _loads(solved.loads)
    )


def _loads(loads: Mapping[tuple[str, str, str], float]) -> pd.DataFrame:
    rows = [("|".join(key), *key, load) for key, load in sorted(loads.items())]
    columns = [name for name in TABLES["transfer_loads"].names if name != "run_id"]
    return pd.DataFrame(rows, columns=columns)


def _hopeless(pair: Mapping[Hashable, Any]) -> Unused:
    """Say why a lane was not even tried."""
    why = WhyNot.COST if pair["in_time"] else WhyNot.LATE
    return Unused(pair["sku"], pair["origin"], pair["destination"], why)


def _transfers(problems: Problems, transfers: Sequence[Transfer]) -> pd.DataFrame:
    planned = problems.planned
    names, currency = _names(planned.inputs), planned.inputs.settings["currency"]
    as_of = planned.inputs.as_of
    rows = []
    for one in transfers:
        problem = problems.by_sku[one.product]
        lane = problem.lanes[one.origin, one.destination]
        batches = problems.batches_of(one)
        left = batches[0].usable_days - lane.arrival_days
        unit_cost = float(planned.line_inputs.unit_cost[problem.givers[one.origin]])
        spoken = replace(
            one,
            origin=names.get(one.origin, one.origin),
            destination=names.get(one.destination, one.destination),
        )
        rows.append(
            {
                "transfer_id": "|".join((one.product, one.origin, one.destination)),
                "sku": one.product,
                "origin": one.origin,
                "destination": one.destination,
                "quantity": float(one.units),
                "batches": [f"{lot.name}={lot.units}" for lot in batches],
                "ship_date": pd.Timestamp(as_of + dt.timedelta(days=lane.ship_days)),
                "arrival_date": pd.Timestamp(as_of + dt.timedelta(days=lane.arrival_days)),
                "unit_cost": unit_cost,
                "value": one.units * unit_cost,
                **{name: getattr(one, name) for name in _MONEY},
                "fewest_days_left": left if isfinite(left) else np.nan,
                "reason": _reason(one, problems.write_off_saved(one)),
                "why": describe_transfer(spoken, currency),
            }
        )
    return pd.DataFrame(rows, columns=[name for name in TABLES["transfers"].names if name != "run_id"])


def _reason(transfer: Transfer, write_off_saved: float) -> str:
    if write_off_saved > max(transfer.gain, 0.0):
        return "expiry"
    return "shortage" if transfer.gain >= -transfer.loss else "excess"


def _idle(
    places: PlannedPlaces, unused: Sequence[Unused], served: Collection[tuple[str, str]], least: float
) -> pd.DataFrame:
    """Lay out why lanes to places that stay short carry nothing, the dearest shortages first."""
    risk_of = dict(zip(zip(places.lines["sku"], places.location, strict=True), places.risk, strict=True))
    names = _names(places.inputs)
    rows = []
    for one in unused:
        risk = float(risk_of[one.product, one.destination])
        if risk < least or (one.product, one.destination) in served:
            continue
        spoken = replace(
            one,
            origin=names.get(one.origin, one.origin),
            destination=names.get(one.destination, one.destination),
        )
        rows.append(
            {
                "transfer_id": "|".join((one.product, one.origin, one.destination)),
                "sku": one.product,
                "origin": one.origin,
                "destination": one.destination,
                "money_at_risk": risk,
                "reason": one.why.value,
                "why": describe_unused(spoken),
            }
        )
    columns = [name for name in TABLES["transfers_idle"].names if name != "run_id"]
    frame = pd.DataFrame(rows, columns=columns).drop_duplicates("transfer_id")
    frame = frame.sort_values(["money_at_risk", "transfer_id"], ascending=[False, True])
    return frame.groupby("sku", sort=False).head(IDLE_A_PRODUCT).reset_index(drop=True)


def _names(inputs: PlanInputs) -> dict[str, str]:
    """Return the name of each location that has one."""
    table = inputs.tables["locations"].dropna(subset=["name"])
    return dict(zip(table["location"], table["name"], strict=True))
