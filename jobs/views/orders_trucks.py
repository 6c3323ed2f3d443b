"""The trucks that an order fills, as it stands: proposed, edited or approved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

LOADS = {"litre": "volume", "kg": "weight", "pallet": "units_per_pallet"}
"""Product column that a truck's unit needs; "each" needs none."""


@dataclass(frozen=True)
class Truck:
    """Trucks of one order, or of one delivery location of it."""

    scope: str
    """"" for the whole order, else the location's name."""
    unit: str
    """each, litre, kg or pallet."""
    capacity: float
    """Of one truck [unit]."""
    load: float
    """What the order fills of them [unit]."""
    cost: float
    """Of one truck [money]; 0: nothing, or not known."""
    least_fill: float
    """Share of its capacity that the supplier asks for; 0: none."""
    left_out: int
    """Lines whose product lacks the figure."""

    @property
    def count(self) -> int:
        """Trucks needed."""
        return math.ceil(self.load / self.capacity - 1e-9)

    @property
    def fill(self) -> float:
        """How full they are on average [share]."""
        return self.load / (self.count * self.capacity) if self.count else 0.0

    @property
    def is_underfilled(self) -> bool:
        """Emptier than the supplier accepts."""
        return self.count > 0 and self.fill < self.least_fill - 1e-9


def trucks(group: pd.DataFrame, terms: Mapping[str, Any]) -> list[Truck]:
    """Return the trucks that an order needs; none where the supplier states no capacity.

    Parameters
    ----------
    group : DataFrame
        Lines of one order: location_name, order [each], and the figures of `LOADS`.
    terms : mapping
        The supplier's row: truck_capacity, truck_unit, truck_cost, truck_least_fill, min_scope.

    Examples
    --------
    >>> group = pd.DataFrame({"location_name": ["A", "A"], "order": [30.0, 60.0], "volume": [2.0, None]})
    >>> terms = {"truck_capacity": 50.0, "truck_unit": "litre", "truck_cost": 40.0, "truck_least_fill": None}
    >>> [(truck.count, truck.fill, truck.left_out) for truck in trucks(group, terms)]
    [(2, 0.6, 1)]
    """
    capacity, unit = _number(terms.get("truck_capacity")), terms.get("truck_unit")
    if not capacity > 0 or not isinstance(unit, str):
        return []
    parts = [("", group)]
    if terms.get("min_scope") == "location":
        parts = [(str(name), part) for name, part in group.groupby("location_name")]
    found = []
    for scope, part in parts:
        each = _load(part, unit)
        known = np.isfinite(each)
        ordered = part["order"].to_numpy(dtype=np.float64)
        found.append(
            Truck(
                scope,
                unit,
                capacity,
                float((ordered[known] * each[known]).sum()),
                _number(terms.get("truck_cost")),
                _number(terms.get("truck_least_fill")),
                int((~known & (ordered > 0)).sum()),
            )
        )
    return found


def _load(part: pd.DataFrame, unit: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return what one each of every line loads, NaN where it is not known."""
    if unit not in LOADS:
        return np.ones(len(part))
    figure = np.asarray(part[LOADS[unit]], dtype=np.float64)
    if unit != "pallet":
        return figure
    return np.asarray(np.divide(1.0, figure, out=np.full(len(part), np.nan), where=figure > 0))


def _number(value: Any) -> float:
    return 0.0 if value is None or pd.isna(value) else float(value)
