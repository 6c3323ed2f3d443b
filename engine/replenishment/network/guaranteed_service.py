"""Where to keep safety stock in a tree of stages that promise each other service times.

Graves & Willems, "Optimizing Strategic Safety Stock Placement in Supply Chains", Manufacturing & Service
Operations Management 2(1), 2000; erratum 5(2), 2003. Every stage promises its customers a service time S
and waits SI for the slowest of its suppliers; its stock must cover the net replenishment time SI + T − S.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError
from engine.replenishment.network.service_tree import Link, Node, Stage, build_tree

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Placement:
    """What one stage promises and keeps.

    inbound_time, service_time, net_time : periods (SI, S, SI + T − S)
    base_stock, safety_stock : units; base stock covers demand of the net replenishment time
    cost : money a period of holding the safety stock
    """

    name: str
    inbound_time: int
    service_time: int
    net_time: int
    base_stock: float
    safety_stock: float
    cost: float


@dataclass(frozen=True)
class SafetyStockPlan:
    """`stages` as they were given; `cost` money a period over all."""

    stages: tuple[Placement, ...]
    cost: float


def place_safety_stock(stages: Sequence[Stage], links: Sequence[Link]) -> SafetyStockPlan:
    """Return service times and safety stocks of least holding cost, exactly.

    Dynamic programme over the tree. Pruned to leaves, a stage k keeps the least cost of the branch
    behind it as a function of what its one remaining neighbour sees: S if that is a customer, SI if it is
    a supplier. O(stages × longest time²).

    Parameters
    ----------
    stages, links : see `Stage` and `Link`; the links form a tree (serial, assembly and distribution
        networks are special cases)

    Raises
    ------
    EngineError : the network is not a tree, or a value is out of range.

    Examples
    --------
    Snyder & Shen, Fundamentals of Supply Chain Theory (2nd ed.), Example 6.3: all stock at the last stage.

    >>> plan = place_safety_stock(
    ...     [
    ...         Stage("raw", holding_cost=2, processing_time=1, supply_time=1),
    ...         Stage("made", holding_cost=4, processing_time=0),
    ...         Stage("sold", holding_cost=7, processing_time=1, demand_sd=1, promise=1),
    ...     ],
    ...     [Link("raw", "made"), Link("made", "sold")],
    ... )
    >>> [stage.service_time for stage in plan.stages], round(plan.cost, 4)
    ([0, 0, 1], 2.8284)
    """
    nodes = build_tree(stages, links)
    order, parents = _leaves_first(nodes)
    tables: list[Floats] = [np.empty((0, 0))] * len(nodes)
    # Least cost of the branch behind k: by S where the parent is a customer, by SI where it is a supplier.
    branch: list[Floats] = [np.empty(0)] * len(nodes)
    for k in order:
        node, parent = nodes[k], parents[k]
        table = _stage_costs(node)
        for i in node.suppliers:
            if i != parent:
                table = table + _no_later(branch[i], table.shape[1])[None, :]
        for j in node.customers:
            if j != parent:
                table = table + _no_sooner(branch[j], table.shape[0])[:, None]
        tables[k] = table
        branch[k] = table.min(axis=1 if parent in node.customers else 0)
    service = [0] * len(nodes)
    inbound = [0] * len(nodes)
    for k in reversed(order):
        table, parent = tables[k].copy(), parents[k]
        if parent in nodes[k].customers:
            table[inbound[parent] + 1 :, :] = np.inf
        elif parent >= 0:
            table[:, : service[parent]] = np.inf
        service[k], inbound[k] = (int(i) for i in np.unravel_index(np.argmin(table), table.shape))
    return _plan(nodes, service)


def safety_stock_of(
    stages: Sequence[Stage], links: Sequence[Link], service_times: Mapping[str, int]
) -> SafetyStockPlan:
    """Return stocks and cost of given service times, one per stage.

    Raises
    ------
    EngineError : a stage without service time, or one longer than its replenishment or its promise.
    """
    nodes = build_tree(stages, links)
    missing = [node.stage.name for node in nodes if node.stage.name not in service_times]
    if missing:
        raise EngineError(f"service_times lacks {', '.join(missing)}; every stage needs one")
    return _plan(nodes, [service_times[node.stage.name] for node in nodes])


def _plan(nodes: list[Node], service: list[int]) -> SafetyStockPlan:
    placements, faults = [], []
    for k, node in enumerate(nodes):
        waits = max([node.stage.supply_time] + [service[i] for i in node.suppliers])
        net = waits + node.stage.processing_time - service[k]
        if service[k] < 0 or net < 0 or service[k] > node.promise:
            faults.append(
                f"stage {node.stage.name}: service time {service[k]} must be 0 or more, at most its "
                f"replenishment of {waits + node.stage.processing_time} and its promise of {node.promise}"
            )
            continue
        stock = node.safety_stock(net)
        placements.append(
            Placement(
                node.stage.name, waits, service[k], net, node.mean * net + stock, stock,
                node.stage.holding_cost * stock,
            )
        )  # fmt: skip
    if faults:
        raise EngineError("; ".join(faults))
    return SafetyStockPlan(tuple(placements), sum(placement.cost for placement in placements))


def _leaves_first(nodes: list[Node]) -> tuple[list[int], list[int]]:
    """Return the stages, each before its parent, and the parents (−1 at the root)."""
    parents = [-1] * len(nodes)
    order = [0]
    for k in order:
        for neighbour in (*nodes[k].suppliers, *nodes[k].customers):
            if neighbour != parents[k]:
                parents[neighbour] = k
                order.append(neighbour)
    return order[::-1], parents


def _stage_costs(node: Node) -> Floats:
    """Return [S, SI] money a period of this stage alone, ∞ where the times are not allowed."""
    time = node.stage.processing_time
    waits = np.arange(node.longest - time + 1)
    promises = np.arange(int(min(node.longest, node.promise)) + 1)
    net = waits[None, :] + time - promises[:, None]
    covered = np.maximum(net, 0).astype(np.float64)
    cost = node.stage.holding_cost * np.sqrt(node.noise * covered + node.level * covered**2)
    allowed = (net >= 0) & (waits >= node.stage.supply_time)[None, :]
    return np.where(allowed, cost, np.inf)


def _no_later(by_service: Floats, size: int) -> Floats:
    """Return, for each SI, the least cost of a supplier that promises SI or sooner."""
    best = np.minimum.accumulate(by_service)
    return best[np.minimum(np.arange(size), len(best) - 1)]


def _no_sooner(by_inbound: Floats, size: int) -> Floats:
    """Return, for each S, the least cost of a customer that waits S or longer."""
    best = np.full(size, np.inf)
    least = np.minimum.accumulate(by_inbound[::-1])[::-1]
    best[: len(least)] = least[:size]
    return best
