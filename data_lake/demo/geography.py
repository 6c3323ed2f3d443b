"""Where the demo company sells: Irish towns with stores, and the distribution centres that serve them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

# town, region, latitude, longitude, size (1 = average store)
_STORES = (
    ("Dublin Rathmines", "East", 53.3216, -6.2660, 1.70),
    ("Cork Patrick Street", "South", 51.8985, -8.4707, 1.45),
    ("Galway Salthill", "West", 53.2610, -9.0760, 1.20),
    ("Dublin Swords", "East", 53.4597, -6.2181, 1.50),
    ("Limerick Castletroy", "South", 52.6680, -8.5540, 1.15),
    ("Waterford Quay", "South", 52.2620, -7.1110, 0.95),
    ("Drogheda West Street", "East", 53.7150, -6.3520, 1.00),
    ("Kilkenny High Street", "South", 52.6520, -7.2520, 0.85),
    ("Athlone Monksland", "West", 53.4120, -7.9860, 0.80),
    ("Tralee Mall", "South", 52.2690, -9.7040, 0.70),
    ("Sligo Wine Street", "West", 54.2710, -8.4760, 0.65),
    ("Letterkenny Main Street", "West", 54.9500, -7.7340, 0.60),
)
_DCS = (
    ("Naas Distribution Centre", "East", 53.2200, -6.6590),
    ("Mallow Distribution Centre", "South", 52.1390, -8.6410),
)


@dataclass(frozen=True)
class Geography:
    """Stores first, distribution centres after them."""

    store: list[str]
    dc: list[str]
    name: list[str]
    region: list[str]
    latitude: list[float]
    longitude: list[float]
    size: npt.NDArray[np.float64]
    """Size of each store; 1 is an average store."""
    dc_of_store: npt.NDArray[np.int64]
    direct: npt.NDArray[np.bool_]
    """Stores that get fresh categories straight from the supplier: two of every three."""

    @property
    def location(self) -> list[str]:
        """Location codes, stores first."""
        return self.store + self.dc


def geography(stores: int, dcs: int) -> Geography:
    """Return `stores` stores, each served by one of `dcs` distribution centres in turn.

    Beyond the 12 stores and 2 centres written here, towns repeat with a number.
    """
    rows = []
    for index in range(stores):
        repeat, place = divmod(index, len(_STORES))
        town, region, latitude, longitude, size = _STORES[place]
        rows.append((town + (f" {repeat + 1}" if repeat else ""), region, latitude, longitude, size))
    for index in range(dcs):
        repeat, place = divmod(index, len(_DCS))
        town, region, latitude, longitude = _DCS[place]
        rows.append((town + (f" {repeat + 1}" if repeat else ""), region, latitude, longitude, 0.0))
    return Geography(
        store=[f"S{index + 1:02d}" for index in range(stores)],
        dc=[f"DC{index + 1}" for index in range(dcs)],
        name=[row[0] for row in rows],
        region=[row[1] for row in rows],
        latitude=[row[2] for row in rows],
        longitude=[row[3] for row in rows],
        size=np.array([row[4] for row in rows[:stores]]),
        dc_of_store=np.arange(stores) % dcs,
        direct=np.arange(stores) % 3 != 0,
    )


def locations_table(where: Geography) -> pl.DataFrame:
    """Return the `locations` table. Centres receive Monday to Saturday, stores every day."""
    stores, dcs = len(where.store), len(where.dc)
    return pl.DataFrame(
        {
            "location": where.location,
            "name": where.name,
            "kind": ["store"] * stores + ["dc"] * dcs,
            "region": where.region,
            "time_zone": ["Europe/Dublin"] * (stores + dcs),
            "receiving_weekdays": [None] * stores + [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]] * dcs,
            "latitude": where.latitude,
            "longitude": where.longitude,
            "storage_capacity": [round(11_500 * size, 0) for size in where.size] + [400_000.0] * dcs,
            "storage_cost": [None] * (stores + dcs),
        },
        schema_overrides={"receiving_weekdays": pl.List(pl.Float64), "storage_cost": pl.Float64},
    )
