"""Where the safety stock of a product should stand: at its centres, or at the stores behind them.

Guaranteed service on the tree of a centre and the stores it supplies (`place_safety_stock`): a place that
promises late keeps little and lets those behind it keep more. Compared with where the plan's stock stands
now: what each place is expected to have left when its next order arrives.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from data_lake.runs import Run, read_run_table
from engine.replenishment.network.guaranteed_service import place_safety_stock
from engine.replenishment.network.service_tree import Link, Stage
from jobs.errors import JobError

if TYPE_CHECKING:
    from data_lake.lake import Lake

DAYS_A_YEAR = 365.0
LONGEST_DAYS = 200
"""A longer replenishment is a fault of the data; the place is left out."""
LEAST_TARGET, MOST_TARGET = 0.5, 0.9999


@dataclass(frozen=True)
class BufferPlan:
    """Safety stock of one product over its network.

    Parameters
    ----------
    places : one row a place: location, source, echelon ("centre" or "store"), now, best [each] of safety
        stock, promise [days] after which it serves those behind it, cost_now, cost_best [money/year]
    cost_now, cost_best : money a year of holding it
    """

    places: pd.DataFrame
    cost_now: float
    cost_best: float


_COLUMNS = [
    "location",
    "source",
    "source_kind",
    "expected_demand_daily",
    "service_target",
    "holding_cost",
    "lead_time_mean",
    "order_by",
    "next_order_date",
    "next_arrival_date",
    "projected_stock_with_order",
    "status",
]


def buffer_plan(lake: Lake, run: Run, sku: str) -> BufferPlan:
    """Return where the safety stock of a product stands in a run, and where it should.

    Raises
    ------
    JobError
        The run plans the product nowhere, or only on lines whose data are wrong.
    """
    lines = read_run_table(lake, run, "plan_lines", columns=_COLUMNS, where={"sku": [sku]})
    noise = read_run_table(
        lake,
        run,
        "line_inputs",
        columns=["location", "level_cv", "dispersion", "period_days"],
        where={"sku": [sku]},
    )
    lines = lines.merge(noise, on="location").drop_duplicates("location")
    lines = lines[lines["status"] != "held"]
    lines["days"] = np.ceil(
        lines["lead_time_mean"] + (lines["next_order_date"] - lines["order_by"]).dt.days.clip(lower=0)
    )
    lines = lines[lines["days"] <= LONGEST_DAYS].sort_values("location", ignore_index=True)
    if lines.empty:
        raise JobError(f"run {run.run_id} plans product {sku!r} nowhere with data to go by")
    inside = set(lines["location"])
    lines["centre"] = np.where(
        (lines["source_kind"] == "location") & lines["source"].isin(inside),
        lines["source"],
        lines["location"],
    )
    supplies = set(lines.loc[lines["centre"] != lines["location"], "centre"])
    lines["echelon"] = np.where(lines["location"].isin(supplies), "centre", "store")
    lines["now"] = [_left(row, run) for row in lines.to_dict("records")]
    stages = [_tree(tree) for _, tree in lines.groupby(_root(lines), sort=True)]
    places = lines.merge(pd.concat(stages), on="location")
    yearly = places["holding_cost"] * DAYS_A_YEAR
    places = places.assign(cost_now=places["now"] * yearly, cost_best=places["best"] * yearly)
    columns = ["location", "source", "echelon", "now", "best", "promise", "cost_now", "cost_best"]
    places = places[columns].sort_values(["echelon", "location"], ignore_index=True)
    return BufferPlan(places, float(places["cost_now"].sum()), float(places["cost_best"].sum()))


def _root(lines: pd.DataFrame) -> pd.Series:
    """Return the centre at the head of each place's tree."""
    above = dict(zip(lines["location"], lines["centre"], strict=True))
    roots = []
    for place in lines["location"]:
        seen = {place}
        while above[place] not in seen:
            place = above[place]
            seen.add(place)
        roots.append(place)
    return pd.Series(roots, index=lines.index)


def _left(row: Mapping[Hashable, Any], run: Run) -> float:
    """Return expected stock when the next order arrives [each]: what is there for the unexpected."""
    stock = np.asarray(row["projected_stock_with_order"], dtype=np.float64)
    days = (row["next_arrival_date"].date() - run.as_of).days
    period = int(days // row["period_days"]) - 1
    return float(max(stock[min(max(period, 0), len(stock) - 1)], 0.0)) if len(stock) else 0.0


def _tree(lines: pd.DataFrame) -> pd.DataFrame:
    """Return best safety stock and promise of each place of a centre and what it supplies."""
    rows = lines.to_dict("records")
    stages: Sequence[Stage] = [
        Stage(
            str(row["location"]),
            holding_cost=float(row["holding_cost"]),
            processing_time=ceil(row["days"]),
            demand_mean=0.0 if row["echelon"] == "centre" else float(row["expected_demand_daily"]),
            demand_sd=0.0 if row["echelon"] == "centre" else _daily_sd(row),
            level_sd=0.0
            if row["echelon"] == "centre"
            else float(row["level_cv"] * row["expected_demand_daily"]),
            service_factor=float(norm.ppf(min(max(row["service_target"], LEAST_TARGET), MOST_TARGET))),
        )
        for row in rows
    ]
    links = [
        Link(str(row["centre"]), str(row["location"])) for row in rows if row["centre"] != row["location"]
    ]
    plan = place_safety_stock(stages, links)
    return pd.DataFrame(
        {
            "location": [stage.name for stage in plan.stages],
            "best": [stage.safety_stock for stage in plan.stages],
            "promise": [float(stage.service_time) for stage in plan.stages],
        }
    )


def _daily_sd(row: Mapping[Hashable, Any]) -> float:
    """Standard deviation of a day's demand around its level [each]."""
    return float(np.sqrt(max(row["dispersion"], 1.0) * max(row["expected_demand_daily"], 0.0)))
