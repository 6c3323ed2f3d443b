"""VN2: 599 weekly store-products, twelve historical windows of eight weeks, played with the one public call.

Rules: order r (1 … 6) is placed at the start of week r, knows sales up to week r − 1 and arrives at the start
of week r + 2. What is demanded beyond stock is lost. A week costs 0.2 a unit left over and 1.0 a unit missed;
weeks 3 to 8 count, and only cells in stock, for the others' demand is not known. A window starts with the
organisers' three weeks of forecast as stock and pipeline. All settings are the call's defaults.

Peers: the organisers' cover rule, three weeks' cover, and the winner's rule (projected stock and a buffer).
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.forecast.vn2_history import QUICK_WINDOWS, WINDOWS, load, organisers
from bench.report import Report, cpu_seconds
from engine.replenishment.decide import DemandHistory, LeadTimes, Stock, Terms, decide_orders

Floats = npt.NDArray[np.float64]

HOLDING, SHORTAGE, LEAD, ROUNDS, WEEKS = 0.2, 1.0, 2, 6, 8
BAR, GOAL = 4_550.0, 4_460.0
SEED = 7


@dataclass(frozen=True)
class View:
    """What a planner sees at an order: history so far, stock, what arrives this week and the next."""

    sales: pd.DataFrame
    in_stock: pd.DataFrame
    department: pd.Series
    on_hand: Floats
    due: Floats


Policy = Callable[[View], Floats]


def whole(quantity: Floats) -> Floats:
    """Return orders in whole units, none negative."""
    return np.round(np.nan_to_num(np.clip(quantity, 0, None)))


def shelfcast(view: View) -> Floats:
    """Ask the one public call, default settings."""
    orders = decide_orders(
        DemandHistory(
            series=[f"{store}/{product}" for store, product in view.sales.index],
            period="W",
            quantity=view.sales.to_numpy(float),
            in_stock=view.in_stock.to_numpy(float),
            start=np.datetime64(view.sales.columns[0], "D"),
            group=view.department.tolist(),
        ),
        Stock(on_hand=view.on_hand, due=view.due),
        Terms(LeadTimes.fixed(LEAD), holding=HOLDING, shortage=SHORTAGE),
        seed=SEED,
    )
    return orders.quantity.astype(float)


def cover(weeks: int) -> Policy:
    """Raise the position to this many weeks of the organisers' forecast."""

    def policy(view: View) -> Floats:
        wanted = organisers(view.sales, view.in_stock, weeks).sum(axis=1)
        return whole(wanted - view.on_hand - view.due.sum(axis=1))

    return policy


def projected_buffer(phi: float, z: float = 0.9674215661) -> Policy:
    """Play the organisers' forecast forward; order the third week and a buffer of z·φ·√forecast."""

    def policy(view: View) -> Floats:
        forecast = organisers(view.sales, view.in_stock, 3)
        left = np.maximum(view.on_hand + view.due[:, 0] - forecast[:, 0], 0) + view.due[:, 1]
        left = np.maximum(left - forecast[:, 1], 0)
        return whole(forecast[:, 2] + z * phi * np.sqrt(forecast[:, 2]) - left)

    return policy


def play(
    policy: Policy, known: int, sales: pd.DataFrame, in_stock: pd.DataFrame, department: pd.Series
) -> float:
    """Cost of the window that starts with `known` weeks of history."""
    opening = whole(organisers(sales.iloc[:, :known], in_stock.iloc[:, :known], 3))
    on_hand, due = opening[:, 0], opening[:, 1:]
    total = 0.0
    for week in range(1, WEEKS + 1):
        seen = known + week - 1
        order = np.zeros(len(sales))
        if week <= ROUNDS:
            order = policy(
                View(sales.iloc[:, :seen], in_stock.iloc[:, :seen], department, on_hand.copy(), due.copy())
            )
            if (order < 0).any() or (order != np.round(order)).any():
                raise ValueError("an order is not a whole number of units")
        demand = sales.iloc[:, seen].to_numpy(float)
        start = on_hand + due[:, 0]
        on_hand = np.maximum(start - demand, 0)
        if week > LEAD:
            cost = HOLDING * on_hand + SHORTAGE * np.maximum(demand - start, 0)
            total += float(cost[in_stock.iloc[:, seen].to_numpy()].sum())
        due = np.stack([due[:, 1], order], axis=1)
    return total


def run(report: Report, options: Namespace) -> None:
    """Run the part."""
    data = load(options.data)
    windows = QUICK_WINDOWS if options.quick else WINDOWS
    peers = {
        "organisers_4_weeks_cover": cover(4),
        "3_weeks_cover": cover(3),
        "projected_buffer_phi_0.1": projected_buffer(0.1),
        "projected_buffer_phi_0.3": projected_buffer(0.3),
    }
    sizes = {"series": len(data[0]), "windows": len(windows)}
    least = np.inf
    for name, policy in peers.items():
        cost = float(np.mean([play(policy, known, *data) for known in windows]))
        least = min(least, cost)
        report.figure(f"peer.vn2.mean_cost.{name}", cost, "cost a window", **sizes)
    before = cpu_seconds()
    costs = [play(shelfcast, known, *data) for known in windows]
    sizes["cpu_seconds"] = round(cpu_seconds() - before, 1)
    # two windows are not the twelve of the bar: the quick run only asks for less than every peer
    report.figure(
        "vn2.mean_cost",
        float(np.mean(costs)),
        "cost a window",
        bar=least if options.quick else BAR,
        goal=GOAL,
        by_window=[round(cost, 1) for cost in costs],
        **sizes,
    )
