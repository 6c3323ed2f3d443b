"""Centres planned on their stores' orders against centres planned on their own forecast, played forward.

The demo lake is planned once; then six weeks of demand, drawn from its forecasts, are played day by day. Both
plans order every day with the same rule, the same forecasts and the same truth; what differs is the demand
that centres are planned on. A centre that is short ships each store the same share, in whole units, so that
rationing tells nothing apart; what it cannot ship the stores ask for again. Lasting products only: what
expires is another bench's matter. The first two weeks, in which the demo company's stock wears off, do not
count.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.report import Report
from data_lake.demo import build
from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from engine.forecast.paths import sample_paths_many
from engine.replenishment.lines import LineInputs, LinePlans
from engine.replenishment.plan import plan_lines
from jobs.echelons import plan_echelons
from jobs.inputs import PlanInputs, load_inputs
from jobs.line_inputs import DemandModel, build_line_inputs, latest_stock, order_periods
from jobs.line_terms import line_terms
from jobs.plan import plan
from jobs.supplier_performance import measured_supply
from jobs.supply_flows import supply_flows

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

DAYS, WARM_UP, N_PATHS = 42, 14, 200
LASTING_DAYS = 60
HORIZON = 42
"""Days that each plan looks ahead."""
SMALL: Any = {"skus": 30, "stores": 6, "dcs": 1, "days": 400}


@dataclass(frozen=True)
class World:
    """What both plans meet: lines, their forecasts, and what will be asked for."""

    inputs: PlanInputs
    lines: pd.DataFrame
    start: LineInputs
    """On the morning of the first day; its mean reaches HORIZON beyond the last."""
    demand: Floats
    """[n, DAYS] of customers."""
    lead: npt.NDArray[np.int64]
    """[n, DAYS] of orders placed on each day."""
    level_correlation: float


@dataclass(frozen=True)
class Outcome:
    """Of the centres: units asked for and shipped; of both: money in stock on average, fill of customers."""

    asked: float
    shipped: float
    centre_stock: float
    store_stock: float
    store_fill: float


def run(report: Report, options: argparse.Namespace) -> None:
    """Play both plans over the same draws of demand."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder)
        build(lake, **(SMALL if options.quick else {"skus": 75}))
        planned = plan(lake)
        worlds = [world_of(lake, planned, seed) for seed in ((1,) if options.quick else (1, 2, 3))]
    found = {
        name: [play(world, planner) for world in worlds]
        for name, planner in (("direct", _direct), ("pooled", _pooled))
    }
    sizes: dict[str, Any] = {"lines": len(worlds[0].lines), "draws": len(worlds), "days": DAYS - WARM_UP}
    for name, outcomes in found.items():
        bars = _bars(found["direct"]) if name == "pooled" else {}
        for figure, value, unit in _figures(outcomes):
            better: Literal["higher", "lower"] = "higher" if figure.endswith("fill") else "lower"
            report.figure(
                f"echelons.{name}.{figure}", value, unit, bar=bars.get(figure), better=better, **sizes
            )


def _figures(outcomes: list[Outcome]) -> list[tuple[str, float, str]]:
    asked, shipped = sum(one.asked for one in outcomes), sum(one.shipped for one in outcomes)
    return [
        ("centre_fill", shipped / asked, "share"),
        ("centre_stock", float(np.mean([one.centre_stock for one in outcomes])), "money"),
        ("store_stock", float(np.mean([one.store_stock for one in outcomes])), "money"),
        ("store_fill", float(np.mean([one.store_fill for one in outcomes])), "share"),
    ]


def _bars(direct: list[Outcome]) -> dict[str, float]:
    """Return what pooled plans must reach: the direct ones' fill less a tenth of a point, and their stock."""
    figures = {name: value for name, value, _ in _figures(direct)}
    return {"centre_fill": figures["centre_fill"] - 0.001, "centre_stock": figures["centre_stock"]}


def world_of(lake: Lake, run: Run, seed: int) -> World:
    """Read the run's forecasts and draw what will be asked for."""
    inputs = load_inputs(lake)
    lines = line_terms(inputs, measured_supply(inputs.tables, inputs.as_of))
    lines = lines.assign(next_order_date=pd.Series(pd.NaT, index=lines.index))
    lasting = (lines["life_days"] >= LASTING_DAYS).to_numpy()
    forecasts = read_run_table(lake, run, "forecasts").sort_values(["sku", "location", "date"])
    mean = forecasts["mean"].to_numpy().reshape(len(lines), -1)
    models = read_run_table(lake, run, "series_models").sort_values(["sku", "location"])
    lines, mean, models = lines[lasting].reset_index(drop=True), mean[lasting], models[lasting]
    while mean.shape[1] < DAYS + HORIZON:  # whole weeks are repeated
        mean = np.concatenate([mean, mean[:, 14 : 14 + (mean.shape[1] - 14) // 7 * 7]], axis=1)
    model = DemandModel(
        mean[:, : DAYS + HORIZON],
        models["level_cv"].to_numpy(),
        models["dispersion"].to_numpy(),
        np.array([int(text, 16) for text in models["path_seed"]], dtype=np.uint64),
    )
    stock = latest_stock(inputs.tables["inventory_snapshot"])
    start = build_line_inputs(lines, model, stock, inputs.tables["orders"], as_of=inputs.as_of, period="D")
    start = replace(start.checked(), batch_last_period=np.full_like(start.batch_last_period, 1 << 40))
    rng = np.random.default_rng(seed)
    sold = ~np.isin(np.arange(len(lines)), supply_flows(lines)[0])
    seeds = rng.integers(0, 1 << 63, len(lines)).astype(np.uint64)
    paths = sample_paths_many(model.mean[:, :DAYS], model.level_cv, model.dispersion, seeds, 8)
    lead = rng.normal(start.lead_time_mean[:, None], start.lead_time_sd[:, None], (len(lines), DAYS))
    return World(
        inputs,
        lines,
        start,
        np.where(sold[:, None], paths[:, 0], 0.0),
        np.maximum(np.rint(lead), 0).astype(np.int64),
        run.summary["level_correlation"],
    )


Planner = Callable[[World, PlanInputs, LineInputs], LinePlans]


def _direct(_world: World, _inputs: PlanInputs, today: LineInputs) -> LinePlans:
    return plan_lines(today, n_paths=N_PATHS)


def _pooled(world: World, inputs: PlanInputs, today: LineInputs) -> LinePlans:
    none_held = np.zeros(today.size, dtype=np.bool_)
    return plan_echelons(
        inputs,
        world.lines,
        today,
        none_held,
        None,
        n_paths=N_PATHS,
        level_correlation=world.level_correlation,
    ).plans


def play(world: World, planner: Planner) -> Outcome:
    """Order, ship, receive and sell day by day; return what came of it after the warm-up."""
    start, n = world.start, world.start.size
    into, out_of = supply_flows(world.lines)
    centre_of = np.full(n, -1, dtype=np.int64)
    centre_of[out_of] = into
    is_centre, cost = np.isin(np.arange(n), into), start.unit_cost
    ordering = order_periods(world.lines, world.inputs.as_of, "D", DAYS + HORIZON)
    on_hand = np.maximum(start.batch_quantity, 0.0)
    stock: Floats = np.bincount(start.batch_line, weights=on_hand, minlength=n).astype(np.float64)
    coming = np.zeros((n, DAYS + HORIZON + 400))
    np.add.at(coming, (start.receipt_line, np.maximum(start.receipt_period, 0)), start.receipt_quantity)
    asked = shipped = served = wanted = 0.0
    held = np.zeros(2)
    for day in range(DAYS):
        stock += coming[:, day]
        coming[:, day] = 0.0
        inputs = replace(world.inputs, as_of=world.inputs.as_of + dt.timedelta(days=day))
        order = _orders(planner(world, inputs, _today(start, day, stock, coming, ordering)), ordering[:, day])
        ship = _shipped(order, stock, centre_of)
        leaving = np.bincount(centre_of[centre_of >= 0], weights=ship[centre_of >= 0], minlength=n)
        stock = stock - leaving
        rows = np.flatnonzero(ship)
        arrival = day + world.lead[rows, day]
        at_once = arrival == day
        stock[rows[at_once]] += ship[rows[at_once]]
        np.add.at(coming, (rows[~at_once], arrival[~at_once]), ship[rows[~at_once]])
        sold = np.minimum(world.demand[:, day], stock)
        stock = stock - sold
        if day >= WARM_UP:
            asked += float(order[centre_of >= 0].sum())
            shipped += float(leaving.sum())
            served, wanted = served + float(sold.sum()), wanted + float(world.demand[:, day].sum())
            held += [(stock * cost)[is_centre].sum(), (stock * cost)[~is_centre].sum()]
    days = DAYS - WARM_UP
    return Outcome(asked, shipped, held[0] / days, held[1] / days, served / wanted)


def _orders(plans: LinePlans, may_order: Mask) -> Floats:
    return np.where(may_order, plans.quantity, 0.0)


def _shipped(order: Floats, stock: Floats, centre_of: npt.NDArray[np.int64]) -> Floats:
    """Return what leaves: suppliers have everything, centres ship each store the same share of its order."""
    own = centre_of >= 0
    total = np.bincount(centre_of[own], weights=order[own], minlength=len(order))
    share = np.minimum(np.where(total > 0, stock / np.maximum(total, 1e-9), 1.0), 1.0)
    return np.where(own, np.floor(order * share[centre_of] + 1e-9), order)


def _today(start: LineInputs, day: int, stock: Floats, coming: Floats, ordering: Mask) -> LineInputs:
    """Return the inputs of a plan made on the morning of `day`."""
    ahead = ordering[:, day:]
    first = ahead.argmax(axis=1)
    later = ahead & (np.arange(ahead.shape[1]) > first[:, None])
    line, period = np.nonzero(coming[:, day : day + HORIZON])
    return replace(
        start,
        mean=start.mean[:, day : day + HORIZON],
        batch_line=np.arange(len(stock)),
        batch_quantity=stock,
        batch_last_period=np.full(len(stock), 1 << 40),
        receipt_line=line,
        receipt_period=period,
        receipt_quantity=coming[line, day + period],
        order_period=first,
        next_order_period=np.maximum(later.argmax(axis=1), first + 1),
    )
