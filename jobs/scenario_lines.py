"""The lines of a scenario and its figures: every figure is a sum over the lines, so that it reconciles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.contracts import EXPLAIN_TERMS, ORDER_BOUNDS, TABLES
from engine.replenishment.lines import LineInputs, LinePlans
from jobs.scenario_base import ScenarioBase

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FigureOf:
    """How a figure of a scenario is written and read."""

    label: str
    unit: str
    """money, share or lines."""
    better: str
    """higher, lower or neither."""
    column: str
    """Column of `scenario_lines` that it sums."""
    means: str


FIGURES: dict[str, FigureOf] = {
    "order_value_due": FigureOf(
        "Orders due now", "money", "neither", "value_due", "orders of the day planned"
    ),
    "order_value": FigureOf("All orders proposed", "money", "neither", "value", "of every order day"),
    "stock_value": FigureOf(
        "Cash in stock", "money", "lower", "stock_value", "stock and order when the order arrives, at cost"
    ),
    "fill": FigureOf("Fill rate", "share", "higher", "fill", "weighted by demand until the next arrival"),
    "lost_money": FigureOf(
        "Lost sales", "money", "lower", "lost_money", "units short until the next arrival × cost of one short"
    ),
    "waste_money": FigureOf(
        "Write-off", "money", "lower", "waste_money", "units that expire in the horizon, at cost"
    ),
    "holding_money": FigureOf("Holding cost", "money", "lower", "holding_money", "until the next arrival"),
    "expected_cost": FigureOf(
        "Expected cost", "money", "lower", "", "lost sales + write-off + holding cost: the least of it wins"
    ),
    "expected_profit": FigureOf(
        "Profit of the orders", "money", "higher", "expected_profit", "against ordering nothing"
    ),
    "lines_changed": FigureOf("Lines changed", "lines", "neither", "", "with another quantity than the plan"),
}
"""Every figure of a scenario, in the order in which it is shown."""

_COSTS = ("lost_money", "waste_money", "holding_money")


def line_frame(
    base: ScenarioBase,
    inputs: LineInputs,
    offsets: Codes,
    plans: LinePlans | None,
    result: str,
) -> pd.DataFrame:
    """Return contract `scenario_lines`.

    Parameters
    ----------
    base : ScenarioBase
    inputs : LineInputs
        What the lines were planned on.
    offsets : int array (n, 2)
        Days from the day planned to each line's order day and to the next.
    plans : LinePlans or None
        None: the run's own plan.
    result : str
        Name of the result.
    """
    lines = base.lines
    played = _stored(lines) if plans is None else _planned(plans, base.held)
    before, after = played["projected_stock"], played["projected_stock_with_order"]
    arrival, following = arrival_periods(inputs)
    quantity = played["quantity"]
    value = quantity * inputs.unit_cost
    frame: dict[str, Any] = {
        "result": result,
        **{name: lines[name].to_numpy() for name in ("line_id", "sku", "location", "source")},
        "status": np.where(base.held, "held", np.where(quantity > 0, "proposed", "none")),
        "quantity": quantity,
        "base_quantity": lines["quantity"].to_numpy(dtype=np.float64),
        "unit_cost": inputs.unit_cost,
        "order_by": pd.to_datetime(np.datetime64(base.as_of, "D") + offsets[:, 0]).astype("datetime64[us]"),
        "value": value,
        "value_due": np.where(offsets[:, 0] == 0, value, 0.0),
        "stock_value": (stock_at(before, lines["on_hand"].to_numpy(), arrival) + quantity) * inputs.unit_cost,
        "demand": played["term_demand"],
        "fill": played["fill_after"],
        "lost": played["lost_after"],
        "lost_money": played["lost_after"] * inputs.stockout_cost,
        "waste": played["waste_after"],
        "waste_money": played["waste_after"] * inputs.unit_cost,
        "holding_money": _holding(after, following) * inputs.holding_cost,
        "expected_profit": played["expected_profit"],
        **{term: played[term] for term in EXPLAIN_TERMS},
        "bound": np.array(ORDER_BOUNDS)[played["bound"].astype(np.int64)],
    }
    return pd.DataFrame(frame)[list(TABLES["scenario_lines"].names)]


def figures_of(lines: pd.DataFrame) -> dict[str, float]:
    """Return the figures of `scenario_lines`, by name."""
    demand = lines["demand"].to_numpy()
    weight = demand / demand.sum() if demand.sum() > 0 else np.full(len(lines), 1 / max(len(lines), 1))
    sums = {name: float(lines[figure.column].sum()) for name, figure in FIGURES.items() if figure.column}
    sums |= {
        "fill": float((lines["fill"] * weight).sum()),
        "expected_cost": float(sum(sums[name] for name in _COSTS)),
        "lines_changed": float((lines["quantity"] != lines["base_quantity"]).sum()),
    }
    return {name: sums[name] for name in FIGURES}


def figure_frame(result: str, figures: Mapping[str, float], base: Mapping[str, float]) -> pd.DataFrame:
    """Return contract `scenario_figures`."""
    return pd.DataFrame(
        {
            "result": result,
            "name": list(figures),
            "value": list(figures.values()),
            "base": [base[name] for name in figures],
            "unit": [FIGURES[name].unit for name in figures],
        }
    )


def arrival_periods(inputs: LineInputs) -> tuple[Codes, Codes]:
    """Return the expected period of arrival of each line's order and of the next one, [n] each."""
    arrival = np.floor(inputs.order_period + inputs.lead_time_mean + 0.5)
    following = np.floor(inputs.next_order_period + inputs.lead_time_mean + 0.5)
    return arrival.astype(np.int64), np.maximum(following, arrival).astype(np.int64)


def stock_at(stock: Floats, on_hand: Floats, arrival: Codes) -> Floats:
    """Return expected stock before the order arrives [each], [n]; today's where it arrives today.

    Parameters
    ----------
    stock : float array (n, h)
        Expected end stock of each period without the order.
    on_hand : float array (n,)
    arrival : int array (n,)
        Period of arrival.
    """
    before = np.clip(arrival - 1, 0, stock.shape[1] - 1)
    then: Floats = np.maximum(np.where(arrival > 0, stock[np.arange(len(stock)), before], on_hand), 0.0)
    return then


_PLAYED = ("quantity", *EXPLAIN_TERMS, "fill_after", "lost_after", "waste_after", "expected_profit")
_STOCK = ("projected_stock", "projected_stock_with_order")


def _stored(lines: pd.DataFrame) -> dict[str, Floats]:
    """What the run's own orders do, of `plan_lines`."""
    found = {name: lines[name].to_numpy(dtype=np.float64) for name in _PLAYED}
    found |= {name: np.vstack(lines[name].to_list()) for name in _STOCK}
    return found | {"bound": np.array([ORDER_BOUNDS.index(bound) for bound in lines["bound"]])}


def _planned(plans: LinePlans, held: npt.NDArray[np.bool_]) -> dict[str, Floats]:
    """What planned orders do; held lines order nothing, as in `jobs.plan_tables`."""
    found = {name: np.asarray(getattr(plans, name)) for name in (*_PLAYED, *_STOCK, "bound")}
    for name in ("quantity", "expected_profit", *EXPLAIN_TERMS):
        found[name] = np.where(held, 0.0, found[name])
    for name in ("fill", "lost", "waste"):
        found[f"{name}_after"] = np.where(held, getattr(plans, f"{name}_before"), found[f"{name}_after"])
    return found


def _holding(stock: Floats, until: Codes) -> Floats:
    """Expected stock summed over the periods before `until` [each·period], [n]."""
    within = np.arange(stock.shape[1]) < until[:, None]
    held: Floats = np.where(within, np.maximum(stock, 0.0), 0.0).sum(axis=1)
    return held
