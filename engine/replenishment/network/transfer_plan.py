"""From solved flows to ranked transfers whose money adds up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from engine.replenishment.network.transfer_few import best_of_few
from engine.replenishment.network.transfer_model import Way, solve, usable_ways
from engine.replenishment.network.transfers import (
    Lane,
    Need,
    Product,
    Supply,
    Transfer,
    TransferPlan,
    Truck,
    Unused,
    WhyNot,
    check_products,
)

NODE_LIMIT = 2_000
"""Branches that HiGHS may open; beyond, the best plan found is returned with its gap."""
ROUNDING = 1e-6
"""Load by which rounding may exceed a truck."""


def plan_transfers(
    products: Sequence[Product], trucks: Sequence[Truck] = (), *, node_limit: int = NODE_LIMIT
) -> TransferPlan:
    """Return the transfers of most expected money, ranked.

    Each product is solved by itself, exactly; those that may travel on a truck that would be overloaded are
    solved together, within 1 % of the money, told as `gap`, where they are many
    (`transfer_model.EXACT_COLUMNS`). Of plans that earn the same, to a millionth of the dearest unit's money
    for each unit moved, the one is taken that moves least and old batches first: nothing moves for nothing.

    Parameters
    ----------
    products : surplus, need and lanes of each
    trucks : room shared by all products on a lane; a lane without truck has no shared limit
    node_limit : branches searched at most for each programme; a fixed number, so that results repeat

    Raises
    ------
    EngineError : values out of range; all faults at once.

    Examples
    --------
    Ten units lie in the south with nine days of life, where they earn nothing; the north sells eight at 3
    each. The lane costs 1 a unit and carries six or more.

    >>> from engine.replenishment.network.curve import ValueCurve
    >>> from engine.replenishment.network.transfers import Batch
    >>> product = Product(
    ...     "milk",
    ...     (Supply("south", ValueCurve((0, 10), (0.0, 0.0)), (Batch("b1", 10, usable_days=9),)),),
    ...     (Need("north", ValueCurve((0, 8), (0.0, 24.0))),),
    ...     (Lane("south", "north", freight=1.0, least_quantity=6, transit_days=2),),
    ... )
    >>> plan = plan_transfers([product])
    >>> [(t.units, t.money, t.fewest_days_left) for t in plan.transfers]
    [(8, 16.0, 7)]
    """
    check_products(products, trucks)
    ways = {product.name: usable_ways(product) for product in products}
    alone = {name: _solved(mine, (), node_limit) for name, mine in ways.items()}
    loads = {
        (name, truck.origin, truck.destination): load
        for name, (flows, _) in alone.items()
        for truck in trucks
        if (load := _used(flows, truck)) > 0
    }
    # A truck is a limit only once it is overloaded: a plan that breaks no limit left out is the best of all.
    tight: set[Truck] = set()
    while True:
        bound = [
            name for name, mine in ways.items() if any(_rides(way, truck) for way in mine for truck in tight)
        ]
        together = [way for name in bound for way in ways[name]]
        parts = [alone[name] for name in ways if name not in bound]
        parts.append(_solved(together, [truck for truck in trucks if truck in tight], node_limit))
        solved = [flow for part, _ in parts for flow in part]
        overloaded = {truck for truck in trucks if _load(solved, truck) > truck.capacity} - tight
        if not overloaded:
            break
        tight |= overloaded
    gap = sum(part_gap for _, part_gap in parts)
    unused: list[Unused] = []
    by_product: dict[str, list[tuple[Way, int]]] = defaultdict(list)
    for way, units in solved:
        by_product[way.product.name].append((way, units))
    transfers: list[Transfer] = []
    for product in products:
        flows = by_product[product.name]
        transfers += _priced(product, [(way, units) for way, units in flows if units])
        unused += _unused(product, flows)
    transfers.sort(key=lambda t: (-t.money, t.product, t.origin, t.destination))
    return TransferPlan(tuple(transfers), tuple(unused), sum(t.money for t in transfers), gap, loads)


def _solved(
    ways: Sequence[Way], trucks: Sequence[Truck], node_limit: int
) -> tuple[list[tuple[Way, int]], float]:
    """Return the units of each way, and the gap."""
    if not ways:
        return [], 0.0
    few = None if trucks else best_of_few(ways)
    if few is not None:
        return list(zip(ways, few, strict=True)), 0.0
    result = solve(ways, trucks, node_limit)
    return list(zip(ways, result.units, strict=True)), result.gap


def _rides(way: Way, truck: Truck) -> bool:
    return way.lane.origin == truck.origin and way.lane.destination == truck.destination


def _load(flows: Sequence[tuple[Way, int]], truck: Truck) -> float:
    return _used(flows, truck) - ROUNDING


def _used(flows: Sequence[tuple[Way, int]], truck: Truck) -> float:
    return sum(units * way.product.load_per_unit for way, units in flows if _rides(way, truck))


def _priced(product: Product, flows: list[tuple[Way, int]]) -> list[Transfer]:
    """Share the curves among the lanes, the lane of most money a unit first."""
    by_lane: dict[Lane, list[tuple[Way, int]]] = defaultdict(list)
    got: dict[Need, int] = defaultdict(int)
    given: dict[Supply, int] = defaultdict(int)
    for way, units in flows:
        by_lane[way.lane].append((way, units))
        got[way.need] += units
        given[way.supply] += units

    def average(lane: Lane) -> float:
        need = by_lane[lane][0][0].need
        moved = sum(units for _, units in by_lane[lane])
        lost = sum(
            float(way.supply.loss.at(given[way.supply])) / given[way.supply] * units
            for way, units in by_lane[lane]
        )
        return float(need.gain.at(got[need])) / got[need] - lost / moved - lane.unit_cost

    transfers = []
    got_before: dict[Need, int] = defaultdict(int)
    given_before: dict[Supply, int] = defaultdict(int)
    for lane in sorted(by_lane, key=lambda lane: (-average(lane), lane.origin, lane.destination)):
        parts = by_lane[lane]
        need = parts[0][0].need
        moved = sum(units for _, units in parts)
        from_supply: dict[Supply, int] = defaultdict(int)
        for way, units in parts:
            from_supply[way.supply] += units
        gain = _between(need, got_before[need], moved)
        loss = sum(_between(supply, given_before[supply], units) for supply, units in from_supply.items())
        costs = moved * lane.unit_cost + lane.fixed_cost
        last_gain = _between(need, got[need] - moved, moved)
        last_loss = sum(_between(supply, given[supply] - u, u) for supply, u in from_supply.items())
        got_before[need] += moved
        for supply, units in from_supply.items():
            given_before[supply] += units
        transfers.append(
            Transfer(
                product=product.name,
                origin=lane.origin,
                destination=lane.destination,
                units=moved,
                batches=tuple((way.batch.name, units) for way, units in parts),
                gain=gain,
                loss=loss,
                freight=moved * lane.freight,
                handling=moved * lane.handling,
                fixed_cost=lane.fixed_cost,
                money=gain - loss - costs,
                money_if_cancelled=last_gain - last_loss - costs,
                fewest_days_left=min(way.days_left for way, _ in parts),
                transit_days=lane.transit_days,
            )
        )
    return transfers


def _between(place: Need | Supply, start: int, units: int) -> float:
    curve = place.gain if isinstance(place, Need) else place.loss
    return float(curve.at(start + units) - curve.at(start))


def _unused(product: Product, flows: list[tuple[Way, int]]) -> list[Unused]:
    used = {way.lane for way, units in flows if units}
    usable: dict[Lane, list[Way]] = defaultdict(list)
    for way, _ in flows:
        usable[way.lane].append(way)
    giving = {
        supply.location
        for supply in product.supplies
        if supply.loss.most and any(batch.units for batch in supply.batches)
    }
    getting = {need.location for need in product.needs if need.gain.most}
    return [
        Unused(product.name, lane.origin, lane.destination, _why_not(lane, usable[lane]))
        for lane in product.lanes
        if lane not in used and lane.origin in giving and lane.destination in getting
    ]


def _why_not(lane: Lane, ways: list[Way]) -> WhyNot:
    if not ways:
        return WhyNot.EXPIRES
    best = max(float(way.need.gain.per_unit.max() - way.supply.loss.per_unit.min()) for way in ways)
    if best <= lane.unit_cost:
        return WhyNot.COST
    most = min(sum(way.batch.units for way in ways), ways[0].need.gain.most, lane.capacity)
    lots = most // lane.lot * lane.lot
    if lots < lane.least_quantity or lots * (best - lane.unit_cost) <= lane.fixed_cost:
        return WhyNot.LIMIT
    return WhyNot.ELSEWHERE
