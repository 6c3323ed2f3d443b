"""Service against cash, from the value curves of a run: what one more point of service costs here.

No line is planned again: each already has, for every order it could place, the units short and the cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.runs import read_run_table
from engine.replenishment.value_curves import LineCurves
from jobs.curve_tables import line_curves_of
from jobs.errors import JobError
from jobs.scenario_base import ScenarioBase
from jobs.scenario_lines import arrival_periods, stock_at

Floats = npt.NDArray[np.float64]

TARGETS = (0.80, 0.84, 0.88, 0.90, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.999)
"""Fill targets that the frontier is drawn through [share]."""

MIX_POINTS = 40


@dataclass(frozen=True)
class Frontier:
    """Cash in stock and expected fill rate, as the figures of a scenario, each line on its own.

    What lines share (shortages at centres, minimums, budget) is not in the curves: a plan lies below them by
    what that costs.
    """

    uniform: pd.DataFrame
    """target [share], cash [money], fill [share]: every line with this fill target."""
    mix: pd.DataFrame
    """cash, fill: each unit of cash where it serves most, the targets differing by line."""
    cash: float
    """Of the run's plan."""
    fill: float
    """Of the run's plan."""
    cash_per_point: float
    """Cash that one more point of fill costs with this much cash, all targets alike; NaN: beyond the ends."""
    mix_saving: float
    """Cash that the cheapest mix of targets needs less for what this much cash serves with one target."""


def frontier(base: ScenarioBase) -> Frontier:
    """Work out the frontier of a run.

    Raises
    ------
    JobError
        The run keeps no value curves: it was made by an earlier version.
    """
    curves = read_curves(base)
    weight = base.lines["term_demand"].to_numpy(dtype=np.float64)
    weight = weight / weight.sum() if weight.sum() > 0 else np.full(len(weight), 1 / max(len(weight), 1))
    fixed, own_fill = _as_planned(base)
    cost = base.inputs.unit_cost
    served = _fill(curves)
    free = ~base.held
    uniform = []
    for target in TARGETS:
        column = _least(curves, target)
        rows = np.arange(len(column))
        quantity = np.where(free, curves.quantity[rows, column], 0.0)
        fill = np.where(free, served[rows, column], own_fill)
        uniform.append((target, fixed + float((quantity * cost).sum()), float((fill * weight).sum())))
    frame = pd.DataFrame(uniform, columns=["target", "cash", "fill"])
    least = float((np.where(free, served[:, 0], own_fill) * weight).sum())
    mix = _mix(curves, served, weight, cost, free, fixed, least)
    quantity = base.lines["quantity"].to_numpy(dtype=np.float64)
    now, reached = fixed + float((quantity * cost).sum()), float((own_fill * weight).sum())
    return Frontier(frame, mix, now, reached, _per_point(frame, now), _saving(frame, mix, now))


def read_curves(base: ScenarioBase) -> LineCurves:
    """Read the value curves of a run's lines; JobError if the run keeps none."""
    if "line_curves" not in base.run.outputs:
        raise JobError(f"run {base.run.run_id} keeps no value curves: plan again to see service against cash")
    stored = read_run_table(base.lake, base.run, "line_curves").set_index("line_id")
    return line_curves_of(stored.loc[base.lines["line_id"]])


def _as_planned(base: ScenarioBase) -> tuple[float, Floats]:
    """Cash in the stock that orders meet when they arrive [money], and the fill rate of every line."""
    arrival, _ = arrival_periods(base.inputs)
    stock = np.vstack(base.lines["projected_stock"].to_list())
    met = stock_at(stock, base.lines["on_hand"].to_numpy(dtype=np.float64), arrival)
    return float((met * base.inputs.unit_cost).sum()), base.lines["fill_after"].to_numpy(dtype=np.float64)


def _fill(curves: LineCurves) -> Floats:
    """Expected fill rate of every candidate order, NaN behind the last."""
    demand = curves.window_demand[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        served: Floats = np.where(demand > 0.0, 1.0 - curves.short / demand, 1.0)
    return np.where(np.isnan(curves.quantity), np.nan, served)


def _least(curves: LineCurves, target: float) -> npt.NDArray[np.int64]:
    """Return the least candidate of each line that reaches a fill target; the best one where none does."""
    allowed = (1.0 - target) * curves.window_demand[:, None] * (1.0 + 1e-9)
    reached = curves.short <= allowed
    best = np.where(np.isnan(curves.short), np.inf, curves.short).argmin(axis=1)
    chosen: npt.NDArray[np.int64] = np.where(reached.any(axis=1), reached.argmax(axis=1), best)
    return chosen


def _mix(
    curves: LineCurves,
    served: Floats,
    weight: Floats,
    cost: Floats,
    free: npt.NDArray[np.bool_],
    fixed: float,
    least: float,
) -> pd.DataFrame:
    """Greedy over steps in the order of service gained per money: exact on the concave hull of each line."""
    steps = [
        _hull(curves.quantity[row] * cost[row], served[row] * weight[row]) for row in np.flatnonzero(free)
    ]
    money = np.concatenate([step[0] for step in steps]) if steps else np.empty(0)
    gained = np.concatenate([step[1] for step in steps]) if steps else np.empty(0)
    order = np.argsort(-gained / np.maximum(money, 1e-12), kind="stable")
    cash = fixed + np.concatenate([[0.0], np.cumsum(money[order])])
    fill = least + np.concatenate([[0.0], np.cumsum(gained[order])])
    shown = np.unique(
        np.searchsorted(fill, np.linspace(fill[0], fill[-1], MIX_POINTS)).clip(0, len(fill) - 1)
    )
    return pd.DataFrame({"cash": cash[shown], "fill": fill[shown]})


def _hull(cash: Floats, fill: Floats) -> tuple[Floats, Floats]:
    """Steps of money and of service along the upper concave hull of one line's candidates."""
    known = ~np.isnan(cash)
    cash, fill = cash[known], fill[known]
    kept = [0]
    for place in range(1, len(cash)):
        if fill[place] <= fill[kept[-1]]:
            continue
        while len(kept) > 1 and (fill[place] - fill[kept[-1]]) * (cash[kept[-1]] - cash[kept[-2]]) >= (
            fill[kept[-1]] - fill[kept[-2]]
        ) * (cash[place] - cash[kept[-1]]):
            kept.pop()
        kept.append(place)
    return np.diff(cash[kept]), np.diff(fill[kept])


def _per_point(points: pd.DataFrame, cash: float) -> float:
    """Cash of one more point of fill where a frontier costs `cash`; NaN beyond its ends."""
    ordered = points.drop_duplicates("fill").sort_values("cash")
    place = int(np.searchsorted(ordered["cash"], cash))
    if not 0 < place < len(ordered):
        return float("nan")
    step = ordered.iloc[place] - ordered.iloc[place - 1]
    return 0.01 * float(step["cash"]) / float(step["fill"]) if step["fill"] > 0 else float("nan")


def _saving(uniform: pd.DataFrame, mix: pd.DataFrame, cash: float) -> float:
    if not float(uniform["cash"].iloc[0]) <= cash <= float(uniform["cash"].iloc[-1]):
        return float("nan")
    served = float(np.interp(cash, uniform["cash"], uniform["fill"]))
    return cash - float(np.interp(served, mix["fill"], mix["cash"]))
