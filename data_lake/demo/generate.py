"""Put the demo company together: every table, from one seed."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from data_lake.demo import master_tables, movements, records
from data_lake.demo import network as supply
from data_lake.demo.catalogue import catalogue
from data_lake.demo.demand import base_levels, draw_demand, mean_demand
from data_lake.demo.faults import plant
from data_lake.demo.geography import geography, locations_table
from data_lake.demo.lanes import lanes_table
from data_lake.demo.orders import orders_table
from data_lake.demo.seasons import seasons
from data_lake.demo.stock import play
from data_lake.lake import Lake
from data_lake.progress import Progress

END = date(2026, 11, 21)
_SHARE_GENERATED = 0.4

_PARTS = ("catalogue", "seasons", "levels", "demand", "stock", "snapshots", "orders", "movements")


def generate(
    *,
    seed: int = 7,
    skus: int = 150,
    stores: int = 12,
    dcs: int = 2,
    days: int = 1096,
    end: date = END,
    faults: bool = True,
) -> dict[str, pl.DataFrame]:
    """Return every input table of the demo lake, and `demand_truth`, as Polars frames.

    A pure function of its arguments: each part draws from its own stream, so a change to one part leaves
    the random numbers of the others alone.

    Parameters
    ----------
    seed
        Any whole number ≥ 0.
    skus, stores, dcs, days
        Size; each ≥ 1. `days` of sales up to and including `end`.
    end
        Last day of sales and stock; the lake is that of the next morning.
    faults
        Plant `PLANTED_FAULTS`.

    Raises
    ------
    ValueError
        If a size is below 1.
    """
    sizes = {"skus": skus, "stores": stores, "dcs": dcs, "days": days}
    wrong = [f"{name} = {value}" for name, value in sizes.items() if value < 1]
    if wrong:
        raise ValueError(f"the demo lake needs at least one of each; got {', '.join(wrong)}")
    stream = {part: np.random.default_rng([seed, number]) for number, part in enumerate(_PARTS)}

    what = catalogue(skus, stream["catalogue"])
    where = geography(stores, dcs)
    net = supply.network(what, where)
    when = seasons(what, where, end=end, length=days, rng=stream["seasons"])
    base = base_levels(what, where, stream["levels"])
    usual, mean = mean_demand(base, when)
    demand = draw_demand(mean, what, stream["demand"])
    played = play(demand, usual, what, where, when, net, stream["stock"])

    products = master_tables.products_table(what, when)
    frames = {
        "products": products,
        "units": master_tables.units_table(products),
        "locations": locations_table(where),
        "assortment": master_tables.assortment_table(what, where, when, base),
        "suppliers": supply.suppliers_table(net, end),
        "sourcing": supply.sourcing_table(what, where, when, net),
        "policies": master_tables.policies_table(),
        "lanes": lanes_table(where),
        "calendar": when.calendar,
        "promotions": when.promotions,
        "sales": records.sales_table(what, where, when, played),
        "inventory_snapshot": records.snapshot_table(what, where, when, played, stream["snapshots"]),
        "orders": orders_table(what, where, when, net, played, stream["orders"]),
        "movements": movements.movements_table(what, where, when, played, stream["movements"]),
        "settings": _settings(),
        "demand_truth": records.truth_table(what, where, when, demand),
    }
    return plant(frames, end) if faults else frames


def build(
    lake: Lake,
    *,
    seed: int = 7,
    skus: int = 150,
    stores: int = 12,
    dcs: int = 2,
    days: int = 1096,
    end: date = END,
    faults: bool = True,
    progress: Progress | None = None,
) -> None:
    """Write the demo company into `lake`, as of the morning after `end`.

    The same arguments write the same bytes; building twice writes nothing the second time.

    Examples
    --------
    >>> import tempfile
    >>> lake = Lake(tempfile.mkdtemp())
    >>> build(lake, skus=8, stores=2, days=30)
    >>> lake.read("settings", where={"name": ["company"]})["value"].item()
    'Emerald Fresh Markets'
    """
    report = progress or (lambda _what, _share: None)
    report("inventing a company and three years of its days", 0.0)
    frames = generate(seed=seed, skus=skus, stores=stores, dcs=dcs, days=days, end=end, faults=faults)
    total = sum(frame.height for frame in frames.values())
    written = 0
    for table, frame in frames.items():
        report(f"writing {table}", _SHARE_GENERATED + (1 - _SHARE_GENERATED) * written / total)
        lake.replace(table, frame, note="demo")
        written += frame.height
    report("demo lake written", 1.0)


def _settings() -> pl.DataFrame:
    settings = {"company": "Emerald Fresh Markets", "currency": "EUR", "period": "D", "country": "IE"}
    return pl.DataFrame({"name": list(settings), "value": list(settings.values())})
