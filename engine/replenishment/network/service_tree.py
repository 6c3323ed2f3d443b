"""A supply network that is a tree: stages, links, and the demand that each stage sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt

from engine.errors import EngineError


@dataclass(frozen=True)
class Stage:
    """A place that processes one product and may keep safety stock of it.

    Parameters
    ----------
    name : unique
    holding_cost : money per unit and period, of stock kept after this stage, ≥ 0
    processing_time : whole periods from having all inputs to having the product, ≥ 0
    demand_mean, demand_sd : units a period of customers served from here; noise independent between
        periods, so that its variance over τ periods is demand_sd²·τ
    level_sd : units a period by which the demand level may be wrong in all periods at once; its variance
        over τ periods is level_sd²·τ²
    service_factor : standard deviations of demand that safety stock must cover (the demand bound
        constant z), ≥ 0
    supply_time : periods after which the supplier outside the network delivers, ≥ 0
    promise : longest service time, in periods, that customers outside the network accept. None: 0 at a
        stage without customers in the network, no limit elsewhere.
    """

    name: str
    holding_cost: float
    processing_time: int
    demand_mean: float = 0.0
    demand_sd: float = 0.0
    level_sd: float = 0.0
    service_factor: float = 1.0
    supply_time: int = 0
    promise: int | None = None


@dataclass(frozen=True)
class Link:
    """`units` of the supplier's product go into each unit of the customer's."""

    supplier: str
    customer: str
    units: float = 1.0


@dataclass(frozen=True)
class Node:
    """A stage with its neighbours as indices and the bound on the demand it sees.

    Demand of τ periods stays below mean·τ + √(noise·τ + level·τ²); noise and level are variances
    times the service factor squared.
    """

    stage: Stage
    suppliers: tuple[int, ...]
    customers: tuple[int, ...]
    mean: float
    noise: float
    level: float
    longest: int
    promise: float

    def safety_stock(self, periods: int) -> float:
        """Return the units by which demand of so many periods may exceed its mean."""
        return sqrt(self.noise * periods + self.level * periods * periods)


def build_tree(stages: Sequence[Stage], links: Sequence[Link]) -> list[Node]:
    """Check the network and pass demand upstream.

    A stage sees its own customers' demand and `units` times that of each stage it supplies. Deviations of
    independent demands add as squares (Graves & Willems 2000).

    Raises
    ------
    EngineError : all faults at once; not a tree, unknown or repeated names, values out of range.
    """
    faults = [fault for stage in stages for fault in _stage_faults(stage)]
    index = {stage.name: i for i, stage in enumerate(stages)}
    if len(index) < len(stages):
        faults.append("two stages have the same name; names must be unique")
    for link in links:
        unknown = [name for name in (link.supplier, link.customer) if name not in index]
        faults += [f"link {link.supplier} → {link.customer}: there is no stage {name}" for name in unknown]
        if not (isfinite(link.units) and link.units > 0):
            faults.append(f"link {link.supplier} → {link.customer}: units is {link.units}; it must exceed 0")
    if faults:
        raise EngineError("; ".join(faults))
    if not stages:
        raise EngineError("there are no stages; a network needs one at least")
    if len(links) != len(stages) - 1 or not _connected(len(stages), links, index):
        raise EngineError(
            f"{len(stages)} stages and {len(links)} links are not a tree; every stage must hang together "
            "with every other by exactly one way: plan the parts apart, or merge parallel ways"
        )
    suppliers: list[list[int]] = [[] for _ in stages]
    customers: list[list[int]] = [[] for _ in stages]
    units: dict[tuple[int, int], float] = {}
    for link in links:
        supplier, customer = index[link.supplier], index[link.customer]
        suppliers[customer].append(supplier)
        customers[supplier].append(customer)
        units[supplier, customer] = link.units
    down = _downstream_order(suppliers, customers)
    longest = [0] * len(stages)
    for k in down:
        earlier = [stages[k].supply_time] + [longest[i] for i in suppliers[k]]
        longest[k] = stages[k].processing_time + max(earlier)
    nodes: dict[int, Node] = {}
    for k in reversed(down):
        stage = stages[k]
        mean, noise, level = stage.demand_mean, stage.demand_sd**2, stage.level_sd**2
        noise *= stage.service_factor**2
        level *= stage.service_factor**2
        for j in customers[k]:
            ratio = units[k, j]
            mean += ratio * nodes[j].mean
            noise += ratio**2 * nodes[j].noise
            level += ratio**2 * nodes[j].level
        promise = (inf if customers[k] else 0.0) if stage.promise is None else float(stage.promise)
        nodes[k] = Node(
            stage, tuple(suppliers[k]), tuple(customers[k]), mean, noise, level, longest[k], promise
        )
    return [nodes[k] for k in range(len(stages))]


def _stage_faults(stage: Stage) -> list[str]:
    faults = []
    for name in ("holding_cost", "demand_mean", "demand_sd", "level_sd", "service_factor"):
        value = getattr(stage, name)
        if not (isfinite(value) and value >= 0):
            faults.append(f"stage {stage.name}: {name} is {value}; it must be 0 or more")
    for name in ("processing_time", "supply_time", "promise"):
        value = getattr(stage, name)
        if value is not None and (value < 0 or value != int(value)):
            faults.append(f"stage {stage.name}: {name} is {value}; it must be whole periods, 0 or more")
    return faults


def _connected(size: int, links: Sequence[Link], index: dict[str, int]) -> bool:
    part = list(range(size))
    for link in links:
        one, other = part[index[link.supplier]], part[index[link.customer]]
        part = [one if p == other else p for p in part]
    return len(set(part)) == 1


def _downstream_order(suppliers: list[list[int]], customers: list[list[int]]) -> list[int]:
    """Return the stages, each after all its suppliers."""
    waiting = [len(s) for s in suppliers]
    order = [k for k, count in enumerate(waiting) if count == 0]
    for k in order:
        for j in customers[k]:
            waiting[j] -= 1
            if waiting[j] == 0:
                order.append(j)
    return order
