"""The plan of every line: how much to order, why, and what it does."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import numpy as np

from engine.replenishment.constraints import Limits, Ordered, constrain, on_grid
from engine.replenishment.limits import limits_of
from engine.replenishment.line import Line, draw, expired_stock
from engine.replenishment.lines import (
    BOUNDS,
    NEVER,
    TARGET_KINDS,
    FloatArray,
    IntArray,
    LineInputs,
    LinePlans,
)
from engine.replenishment.outcome import gains, mean_of, money_at_risk, service, target_used
from engine.replenishment.perishable import perishable_requirement
from engine.replenishment.requirement import COST, FILL, requirement, window_needs
from engine.replenishment.simulate import LOST_BEFORE, need_period, usable_stock

_INTEGER_FIELDS = ("need_period", "arrival_period", "next_arrival_period", "bound")
_NONE = np.empty((0, 1))


def plan_lines(
    inputs: LineInputs,
    *,
    n_paths: int = 300,
    stock_quantiles: tuple[float, ...] = (),
    block: int = 64,
    workers: int = 2,
) -> LinePlans:
    """Plan every line over its demand paths.

    Parameters
    ----------
    inputs : LineInputs
        n lines over h periods. h must reach past the arrival of the next order, and past the shelf life
        of what arrives for write-offs to be seen.
    n_paths : int
        Demand and lead-time paths a line.
    stock_quantiles : tuple of float
        Probabilities in [0, 1] of the quantiles of projected stock that are wanted too.
    block : int
        Lines whose paths are in memory at once; no result depends on it.
    workers : int
        Threads over the blocks; no result depends on it.

    Returns
    -------
    LinePlans

    Raises
    ------
    EngineError
        An input breaks its range; all faults are listed.
    """
    lines = inputs.checked()
    n, horizon = lines.size, lines.horizon
    results = _empty(n, horizon, len(stock_quantiles))

    def run(rows: slice) -> None:
        for row, line in enumerate(draw(lines, rows, n_paths), rows.start):
            for name, value in _plan(line, stock_quantiles).items():
                results[name][row] = value

    blocks = [slice(start, min(start + block, n)) for start in range(0, n, block)]
    if workers > 1 and len(blocks) > 1:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, blocks))
    else:
        for rows in blocks:
            run(rows)
    expired = expired_stock(lines)
    results["waste_before"] += expired
    results["waste_after"] += expired
    results["money_at_risk"] += expired * lines.unit_cost
    results["on_hand"][:] = np.bincount(lines.batch_line, weights=lines.batch_quantity, minlength=n)
    results["on_order"][:] = np.bincount(lines.receipt_line, weights=lines.receipt_quantity, minlength=n)
    results["stockout_cost"][:] = lines.stockout_cost
    return LinePlans(**results)  # type: ignore[arg-type]


def order_of(line: Line, limits: Limits) -> float:
    """Order that `plan_lines` proposes for one line whose limits are known [each].

    Parameters
    ----------
    line : Line
        Drawn up to the expected next arrival at least, and over the periods that matter.
    limits : Limits
        Of the line, for its kind of target.
    """
    kind = TARGET_KINDS.index(str(line.inputs.target_kind[line.row]))
    window_demand = line.window_demand()
    free, _ = _free_requirement(line, kind, window_demand, *_supply(line, _expected_arrivals(line)[1]))
    before = line.play(0.0) if kind == COST else np.empty((0, 0))

    def gain(quantity: float) -> float:
        return mean_of(gains(line, before, line.play(quantity), quantity, window_demand))

    found = constrain(max(free, 0.0), limits, gain if kind == COST else None, out_of_reach="none")
    return found.quantity


def _empty(n: int, horizon: int, n_quantiles: int) -> dict[str, FloatArray | IntArray]:
    results: dict[str, FloatArray | IntArray] = {}
    for field in fields(LinePlans):
        if field.name in _INTEGER_FIELDS:
            results[field.name] = np.zeros(n, np.int64)
        else:
            shape = (n, horizon) if field.name.startswith("projected") else (n,)
            results[field.name] = np.zeros(shape)
    results["stock_quantiles"] = np.zeros((n, n_quantiles, horizon))
    return results


def _plan(line: Line, stock_quantiles: tuple[float, ...]) -> dict[str, float | FloatArray]:
    horizon = line.paths.shape[1]
    mean = line.inputs.mean[line.row]
    kind = TARGET_KINDS.index(str(line.inputs.target_kind[line.row]))
    arrival, following = _expected_arrivals(line)
    protected = min(following, horizon)

    stock_before, stock_after = np.empty(line.paths.shape), np.empty(line.paths.shape)
    before = line.play(0.0, stock_before)
    window_demand = line.window_demand()
    unavoidable = mean_of(before[:, LOST_BEFORE])
    served = service("before", before, window_demand)

    rate = float(mean[:protected].mean()) if protected else float(mean.mean())
    lost_early = 0.0 if line.waits else unavoidable
    demand = on_grid(max(float(mean[:protected].sum()) - lost_early, 0.0))
    usable, coming = _supply(line, protected)
    free, out_of_reach = _free_requirement(line, kind, window_demand, usable, coming)
    if following > horizon:
        out_of_reach = "horizon"

    limits = limits_of(line, arrival, rate, stock_before, kind)
    needed = max(free, 0.0)

    def gain(quantity: float) -> float:
        return mean_of(gains(line, before, line.play(quantity), quantity, window_demand))

    order = constrain(needed, limits, gain if kind == COST else None, out_of_reach=out_of_reach)
    if order.quantity > 0.0:
        after = line.play(order.quantity, stock_after)
        gained = gains(line, before, after, order.quantity, window_demand)
    else:
        after, stock_after, gained = before, stock_before, np.zeros(len(line.paths))
    terms = {
        "term_demand": demand,
        "term_buffer": free - demand + usable + coming,
        "term_on_hand": -usable,
        "term_on_order": -coming,
        "term_excess": needed - free,
        "term_cover": order.cover,
        "term_moq": order.moq,
        "term_multiple": order.multiple,
        "term_joint": 0.0,
    }
    if sum(terms.values()) != order.quantity:
        raise AssertionError("unreachable: the terms do not sum to the order", terms, order.quantity)
    levels = _levels(line, terms, order, limits)
    return {
        "quantity": order.quantity,
        **terms,
        **levels,
        **served,
        **service("after", after, window_demand),
        "least_order": min(limits.least, limits.most),
        "most_order": min(limits.most, float(NEVER)),
        "need_period": need_period(stock_before) if mean.any() else -1,
        "arrival_period": arrival,
        "next_arrival_period": following,
        "demand_rate": rate,
        "cover": max(float(line.stock.sum()), 0.0) / rate if rate > 0.0 else math.nan,
        "lost_unavoidable": unavoidable,
        "expected_profit": mean_of(gained),
        "confidence": float((gained > 0.0).mean()),
        "money_at_risk": money_at_risk(
            line, served["lost_before"], served["waste_before"], levels["excess_units"], rate
        ),
        "service_target": target_used(line, kind),
        "bound": BOUNDS.index(order.bound),
        "projected_stock": stock_before.mean(axis=0),
        "projected_stock_with_order": stock_after.mean(axis=0),
        "stock_quantiles": np.quantile(stock_after, stock_quantiles, axis=0) if stock_quantiles else _NONE,
    }


def _expected_arrivals(line: Line) -> tuple[int, int]:
    """Expected periods of arrival of this order and of the next one."""
    lead = line.value("lead_time_mean")
    arrival = math.floor(line.value("order_period") + lead + 0.5)
    return arrival, max(math.floor(line.value("next_order_period") + lead + 0.5), arrival)


def _supply(line: Line, protected: int) -> tuple[float, float]:
    """Stock that is of use until period `protected`, and what arrives until then [each]."""
    mean = line.inputs.mean[line.row]
    usable = on_grid(usable_stock(line.stock, mean, min(protected, len(mean))))
    return usable, on_grid(float(line.receipts[:protected].sum()))


def _free_requirement(
    line: Line, kind: int, window_demand: float, usable: float, coming: float
) -> tuple[float, str]:
    """Order that reaches the target before any limit; negative: stock to spare. And what is out of reach."""
    n_paths = len(line.paths)
    needs, demand, peaks = window_needs(
        line.paths, usable, line.receipts, line.arrival, line.next_arrival, line.waits
    )
    target = line.value("service_target") if kind != COST else 0.0
    whole = window_demand * n_paths if kind == FILL else float(len(peaks))
    free = requirement(
        needs,
        demand,
        peaks,
        line.waits,
        kind,
        (1.0 - target) * whole + 1e-9 * whole,
        line.value("stockout_cost"),
        line.value("holding_cost"),
        -(usable + coming),
    )
    if not line.perishable or not len(peaks):
        return free, "none"
    sold, out_of_reach = perishable_requirement(
        line.paths,
        line.stock,
        line.receipts,
        line.life,
        line.arrival,
        line.next_arrival,
        line.waits,
        kind,
        target,
        window_demand * n_paths,
        line.value("stockout_cost"),
        line.value("holding_cost"),
        line.value("unit_cost"),
        float(math.ceil(max(free, 0.0))),
    )
    return (sold if sold > 0.0 else min(free, 0.0)), "shelf_life" if out_of_reach else "none"


def _levels(
    line: Line,
    terms: dict[str, float],
    order: Ordered,
    limits: Limits,
) -> dict[str, float]:
    """Reorder point, level and stock beyond it [each]."""
    reorder_point = terms["term_demand"] + terms["term_buffer"]
    position = -terms["term_on_hand"] - terms["term_on_order"]
    lot = max(limits.moq, limits.multiple, limits.lot, order.quantity)
    # cover and presentation stock lift the level as far as they exceed what is there at arrival
    lifted = max(reorder_point, position + limits.least if limits.least > 0.0 else 0.0)
    supply = -terms["term_on_hand"] + float(line.receipts.sum())
    return {
        "reorder_point": reorder_point,
        "order_up_to": position + order.quantity if order.quantity > 0.0 else reorder_point,
        "excess_units": max(supply - lifted - lot, 0.0),
    }
