"""Order history as arrays: what was ordered when, from whom, for where, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

HALF_LIFE_DAYS = 120.0
"""An order this old counts half as much as one of today: a supplier that drifts is followed."""


@dataclass(frozen=True)
class OrderLines:
    """Order lines known on the morning planned for, [n] each; the order of rows has no meaning.

    Lines of one source, location and day of order are one delivery: they share a truck, so that together they
    count as one observation, however many there are.
    """

    source: IntArray
    """Code of the source, from 0."""
    location: IntArray
    """Code of the location that receives, from 0."""
    kind: IntArray
    """Code of the location's kind (store, centre), from 0."""
    age: FloatArray
    """Days since the order was placed."""
    promise: FloatArray
    """Lead time by the terms that are planned with [days]."""
    promise_sd: FloatArray
    """Its standard deviation [days]."""
    due: FloatArray
    """Days from the order to the day promised for this very order [days]."""
    lead: FloatArray
    """Days from the order to arrival; NaN: the day is not known, or nothing has arrived."""
    waiting: BoolArray
    """Something of the line is still to come."""
    closed: BoolArray
    """Nothing more will come, and what came is known."""
    quantity: FloatArray
    """Ordered [each]."""
    received: FloatArray
    """Received [each]."""
    n_sources: int
    n_locations: int
    n_kinds: int

    def __post_init__(self) -> None:
        """Check shapes and codes; EngineError names what is wrong."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)[:-3]}
        sizes = {name: array.shape for name, array in arrays.items()}
        if len(set(sizes.values())) > 1:
            raise EngineError(f"order lines must be arrays of one length: {sizes}")
        for name in ("source", "location", "kind"):
            count = getattr(self, f"n_{name}s")
            codes = arrays[name]
            if len(codes) and (codes.min() < 0 or codes.max() >= count):
                raise EngineError(f"{name} must be a code from 0 to {count - 1}")
        for name in ("age", "promise", "promise_sd", "due", "quantity", "received"):
            if not (np.isfinite(arrays[name]).all() and (arrays[name] >= 0).all()):
                raise EngineError(f"{name} must be finite and at least 0")

        if (self.lead > self.age).any():
            raise EngineError("lead must not be longer than age: nothing has arrived that is still to come")

    @property
    def size(self) -> int:
        """Number of order lines."""
        return len(self.source)


@dataclass(frozen=True)
class Deliveries:
    """Orders of one source to one location on one day, [m] each, and which lines belong to them, [n]."""

    of_line: IntArray
    """Delivery of each line."""
    lines: FloatArray
    """Lines of each delivery."""
    source: IntArray
    location: IntArray
    kind: IntArray
    recency: FloatArray
    """Weight by age: 1 today, a half after `HALF_LIFE_DAYS`."""

    @property
    def size(self) -> int:
        """Number of deliveries."""
        return len(self.lines)

    @property
    def line_weight(self) -> FloatArray:
        """Weight of each line, [n]: those of a delivery share its weight."""
        return (self.recency / self.lines)[self.of_line]


def deliveries(lines: OrderLines, half_life: float = HALF_LIFE_DAYS) -> Deliveries:
    """Group lines into deliveries."""
    ages, age = np.unique(lines.age, return_inverse=True)
    key = (lines.source * lines.n_locations + lines.location) * max(len(ages), 1) + age
    _, first, of_line, count = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    return Deliveries(
        of_line=of_line.astype(np.int64),
        lines=count.astype(np.float64),
        source=lines.source[first],
        location=lines.location[first],
        kind=lines.kind[first],
        recency=np.exp2(-lines.age[first] / half_life),
    )


@dataclass(frozen=True)
class Level:
    """How lines are grouped: by source, by source and kind of location, by source and location."""

    of_line: IntArray
    """Group of each line, [n]."""
    of_delivery: IntArray
    """Group of each delivery, [m]."""
    source: IntArray
    """Source of each group, [g]."""
    place: IntArray
    """Kind or location of each group, [g]; 0 for sources."""
    parent: IntArray
    """Group of the level above, [g]; 0 for sources: their parent is the promise."""

    @property
    def size(self) -> int:
        """Number of groups."""
        return len(self.source)


def levels(lines: OrderLines, orders: Deliveries) -> tuple[Level, Level, Level]:
    """Return source, source × kind of location, source × location, each with its parent."""
    zero = np.zeros(lines.n_sources, np.int64)
    top = Level(lines.source, orders.source, np.arange(lines.n_sources), zero, zero)
    kinds, kind_of = np.unique(orders.source * lines.n_kinds + orders.kind, return_inverse=True)
    middle = Level(
        kind_of[orders.of_line],
        kind_of,
        kinds // lines.n_kinds,
        kinds % lines.n_kinds,
        kinds // lines.n_kinds,
    )
    places, first, place_of = np.unique(
        orders.source * lines.n_locations + orders.location, return_index=True, return_inverse=True
    )
    bottom = Level(
        place_of[orders.of_line],
        place_of,
        places // lines.n_locations,
        places % lines.n_locations,
        kind_of[first],
    )
    return top, middle, bottom
