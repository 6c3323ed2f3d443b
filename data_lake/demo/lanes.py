"""Ways between the demo company's places beside its usual supply: vans between stores, and returns."""

from __future__ import annotations

import numpy as np
import polars as pl

from data_lake.demo.geography import Geography

ROAD_FACTOR = 1.3
"""Kilometres by road for one as the crow flies."""
EARTH_KM = 6371.0
LONGEST_KM = 180.0
"""Stores further apart do not exchange stock by van."""
VAN_BASE, VAN_PER_KM = 0.02, 0.0006
"""Freight by a courier's van [EUR/litre], and more of it a kilometre."""
VAN_LITRES = 600.0
CROSS_DOCK_FREIGHT = 0.055
"""Freight between two stores on the same centre, back with one lorry and out with the next [EUR/litre]."""
RETURN_FREIGHT = 0.015
"""Freight to the centre in an emptied lorry [EUR/litre]."""
HANDLING, RETURN_HANDLING = 0.03, 0.02
"""Picking and putting away [EUR/each]."""
SAME_DAY_KM = 70.0
"""A van to a store no further than this is there before the doors open; others drive overnight."""
VAN_COST, CROSS_DOCK_COST, RETURN_COST = 1.2, 0.8, 0.5
"""Paperwork and picking of a product at all [EUR]."""
SIX_DAYS = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]

_VAN = {
    "handling": HANDLING,
    "fixed_cost": VAN_COST,
    "least_quantity": 2.0,
    "lot": "each",
    "truck_capacity": VAN_LITRES,
    "ship_weekdays": None,
}
_CROSS_DOCK = {
    "freight_per_litre": CROSS_DOCK_FREIGHT,
    "handling": 2 * HANDLING,
    "fixed_cost": CROSS_DOCK_COST,
    "least_quantity": 2.0,
    "lot": "each",
    "truck_capacity": None,
    "transit_days": 2.0,
    "ship_weekdays": SIX_DAYS,
}
_RETURN = {
    "freight_per_litre": RETURN_FREIGHT,
    "handling": RETURN_HANDLING,
    "fixed_cost": RETURN_COST,
    "least_quantity": None,
    "lot": "case",
    "truck_capacity": None,
    "transit_days": 1.0,
    "ship_weekdays": SIX_DAYS,
}
_TEXTS = {"origin": pl.String, "destination": pl.String, "lot": pl.String}
_NO_LIMIT = {"freight_per_unit": None, "capacity": None}


def lanes_table(where: Geography) -> pl.DataFrame:
    """Return the `lanes` table.

    A van drives between two stores of a region within reach, every day. Stores on the same centre exchange
    through it in two days. Every store can send whole cases back to its centre.
    """
    rows = []
    for one, origin in enumerate(where.store):
        for other, destination in enumerate(where.store):
            pair = {"origin": origin, "destination": destination}
            km = road_km(where, one, other)
            if one == other:
                continue
            if where.region[one] == where.region[other] and km <= LONGEST_KM:
                way = {"transit_days": float(km > SAME_DAY_KM)}
                rows.append(pair | _VAN | way | {"freight_per_litre": round(VAN_BASE + VAN_PER_KM * km, 4)})
            elif where.dc_of_store[one] == where.dc_of_store[other]:
                rows.append(pair | _CROSS_DOCK)
        rows.append({"origin": origin, "destination": where.dc[where.dc_of_store[one]]} | _RETURN)
    numbers = ("least_quantity", "freight_per_unit", "capacity", "truck_capacity")
    kinds: dict[str, pl.DataType | type[pl.DataType]] = {
        **_TEXTS,
        **dict.fromkeys(numbers, pl.Float64),
        "ship_weekdays": pl.List(pl.Float64),
    }
    return pl.DataFrame([row | _NO_LIMIT for row in rows], schema_overrides=kinds)


def road_km(where: Geography, one: int, other: int) -> float:
    """Return kilometres by road between two locations: the great circle, and a detour."""
    latitude = np.radians([where.latitude[one], where.latitude[other]])
    longitude = np.radians([where.longitude[one], where.longitude[other]])
    half = np.sin(np.diff(latitude) / 2) ** 2
    half = half + np.cos(latitude[0]) * np.cos(latitude[1]) * np.sin(np.diff(longitude) / 2) ** 2
    return float(ROAD_FACTOR * 2 * EARTH_KM * np.arcsin(np.sqrt(half[0])))
