"""What to move between places: most expected money after freight, handling, expiry and minimum quantities.

A minimum-cost flow from surplus to need over the lanes of a network. What a place loses by giving and
gains by getting are curves of the total; a batch moves only over lanes on which it arrives usable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf, isfinite
from typing import Any

from engine.errors import EngineError
from engine.replenishment.network.curve import ValueCurve


@dataclass(frozen=True)
class Batch:
    """Units that expire together; usable_days counts from today, `inf` without expiry."""

    name: str
    units: int
    usable_days: float = inf


@dataclass(frozen=True)
class Supply:
    """What a place can give.

    Parameters
    ----------
    location : where it is
    loss : money lost at the place by giving 1, 2, … units of these batches; below 0 where they would be
        written off or cost more to keep than they earn
    batches : in which it lies; names are unique at the location

    A location may have several supplies, such as one per batch with a loss of its own.
    """

    location: str
    loss: ValueCurve
    batches: tuple[Batch, ...]


@dataclass(frozen=True)
class Need:
    """What a place can use.

    Parameters
    ----------
    location : where it is needed
    gain : money that 1, 2, … further units earn there, before freight and handling
    least_days : usable days that a batch must have left on arrival
    sells_per_day : units a day sold of what arrives; units that expire within n days of arrival may not
        exceed n times this
    """

    location: str
    gain: ValueCurve
    least_days: float = 1.0
    sells_per_day: float = inf


@dataclass(frozen=True)
class Lane:
    """A way from one place to another.

    Parameters
    ----------
    freight, handling : money a unit
    fixed_cost : money if anything moves, of this product
    least_quantity : units; the lane carries nothing or at least this much of a product
    lot : units; the lane carries whole lots of a product
    capacity : units of a product
    transit_days : days from leaving to being for sale
    """

    origin: str
    destination: str
    freight: float = 0.0
    handling: float = 0.0
    fixed_cost: float = 0.0
    least_quantity: int = 1
    lot: int = 1
    capacity: float = inf
    transit_days: float = 0.0

    @property
    def unit_cost(self) -> float:
        """Money a unit."""
        return self.freight + self.handling


@dataclass(frozen=True)
class Product:
    """One product's surplus, need and lanes; `load_per_unit` is the room of a unit on a shared truck."""

    name: str
    supplies: tuple[Supply, ...]
    needs: tuple[Need, ...]
    lanes: tuple[Lane, ...]
    load_per_unit: float = 1.0


@dataclass(frozen=True)
class Truck:
    """Room shared by all products from one place to another, in the unit of `load_per_unit`."""

    origin: str
    destination: str
    capacity: float


@dataclass(frozen=True)
class Transfer:
    """One product over one lane.

    batches : (name, units) each
    gain, loss, freight, handling, fixed_cost : money; gain and loss are shares of the places' curves, taken
        in the order of the best first
    money : gain − loss − freight − handling − fixed cost; adds up over transfers to the money of the plan
    money_if_cancelled : what the plan loses without this transfer, all others kept, ≥ 0
    fewest_days_left : usable days on arrival of the batch that expires first
    """

    product: str
    origin: str
    destination: str
    units: int
    batches: tuple[tuple[str, int], ...]
    gain: float
    loss: float
    freight: float
    handling: float
    fixed_cost: float
    money: float
    money_if_cancelled: float
    fewest_days_left: float
    transit_days: float


class WhyNot(StrEnum):
    """Why a lane between surplus and need carries nothing of a product."""

    EXPIRES = "expires"  # no batch is usable on arrival
    COST = "cost"  # even the best unit does not earn its freight, handling and loss
    LATE = "late"  # the shortage is over, or as good as over, when it arrives
    LIMIT = "limit"  # less than its minimum quantity or a lot can move, or the fixed cost is not earned
    ELSEWHERE = "elsewhere"  # the units or the room earn more over another lane, or batches sell too slowly


@dataclass(frozen=True)
class Unused:
    """A lane that carries nothing of a product, and why."""

    product: str
    origin: str
    destination: str
    why: WhyNot


@dataclass(frozen=True)
class TransferPlan:
    """Transfers ranked by money; `gap` is the money by which a better plan may exist, 0 if solved exactly."""

    transfers: tuple[Transfer, ...]
    unused: tuple[Unused, ...]
    money: float
    gap: float
    loads: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    """Load that each product, planned by itself, puts on each truck: by product, origin, destination. Where
    no truck is overloaded by their sum, every product's plan is its own."""


def check_products(products: Sequence[Product], trucks: Sequence[Truck]) -> None:
    """Check what is handed in.

    Raises
    ------
    EngineError : all faults at once.
    """
    faults = []
    names = [product.name for product in products]
    faults += [f"product {name} is given twice" for name in _repeated(names)]
    for product in products:
        faults += [f"product {product.name}: {fault}" for fault in _product_faults(product)]
    faults += [
        f"truck {a} → {b} is given twice" for a, b in _repeated([(t.origin, t.destination) for t in trucks])
    ]
    for truck in trucks:
        if not truck.capacity >= 0:
            faults.append(
                f"truck {truck.origin} → {truck.destination}: capacity is {truck.capacity}; "
                "it must be 0 or more"
            )
    if faults:
        raise EngineError("; ".join(faults))


def _product_faults(product: Product) -> list[str]:
    faults = []
    batches = [(s.location, batch.name) for s in product.supplies for batch in s.batches]
    faults += [f"batch {name} lies twice at {place}" for place, name in _repeated(batches)]
    faults += [f"{place} needs it twice" for place in _repeated([need.location for need in product.needs])]
    lanes = [(lane.origin, lane.destination) for lane in product.lanes]
    faults += [f"lane {a} → {b} is given twice" for a, b in _repeated(lanes)]
    faults += [f"lane {a} → {b} leads nowhere" for a, b in lanes if a == b]
    for supply in product.supplies:
        for batch in supply.batches:
            if batch.units < 0 or batch.units != int(batch.units):
                faults.append(
                    f"batch {batch.name} at {supply.location} has {batch.units} units; "
                    "they must be whole, 0 or more"
                )
    for need in product.needs:
        if not need.sells_per_day >= 0:
            faults.append(f"{need.location}: sells_per_day is {need.sells_per_day}; it must be 0 or more")
    for lane in product.lanes:
        way = f"lane {lane.origin} → {lane.destination}"
        for name in ("freight", "handling", "fixed_cost", "transit_days"):
            value = getattr(lane, name)
            if not (isfinite(value) and value >= 0):
                faults.append(f"{way}: {name} is {value}; it must be 0 or more")
        for name in ("least_quantity", "lot"):
            value = getattr(lane, name)
            if value < 1 or value != int(value):
                faults.append(f"{way}: {name} is {value}; it must be whole units, 1 or more")
        if not lane.capacity >= 0:
            faults.append(f"{way}: capacity is {lane.capacity}; it must be 0 or more")
    if not (isfinite(product.load_per_unit) and product.load_per_unit >= 0):
        faults.append(f"load_per_unit is {product.load_per_unit}; it must be 0 or more")
    return faults


def _repeated(items: Sequence[Any]) -> list[Any]:
    return [item for item, times in Counter(items).items() if times > 1]
