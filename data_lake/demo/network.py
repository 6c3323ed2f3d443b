"""Who supplies whom, on which terms: suppliers and sourcing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from data_lake.demo.catalogue import Catalogue
from data_lake.demo.geography import Geography
from data_lake.demo.seasons import Seasons
from data_lake.demo.text import names

Floats = npt.NDArray[np.float64]

# name, order weekdays (0 = Monday), stated lead time, its sd [days], minimum value EUR, truck pallets
_SUPPLIERS = (
    (("Glenmara Dairies", (0, 1, 2, 3, 4, 5), 1, 0.2, 60), ("Ardmore Creameries", (0, 2, 4), 2, 0.4, 80)),
    (
        ("Hearth & Oat Bakers", (0, 1, 2, 3, 4, 5), 1, 0.1, 50),
        ("Millrace Bakery", (0, 1, 2, 3, 4, 5), 1, 0.2, 40),
    ),
    (("Farmleigh Foods", (0, 2, 4), 2, 0.4, 100), ("Larder Lane Kitchens", (0, 1, 3, 4), 2, 0.5, 100)),
    (("Fizzwick Beverages", (0, 3), 5, 1.0, 1500), ("Orchard & Barrow", (1,), 9, 1.5, 1200)),
    (("Ballyknock Snacks", (0, 3), 4, 0.8, 900), ("Rosscara Confectionery", (2,), 10, 2.0, 1000)),
    (("Molino Verde Import", (1,), 14, 3.0, 2000), ("Harvest Dock", (0, 3), 6, 1.0, 800)),
    (("Arctic Bay Frozen", (1, 4), 6, 1.2, 1200), ("Napoli Forno", (2,), 12, 2.5, 1500)),
    (("Brightwell & Sudsbury", (0, 3), 5, 1.0, 1500), ("Calla Care", (2,), 8, 1.5, 700)),
)
_TRUCKS = {
    "SUP07": (4.0, 30.0, None),
    "SUP08": (6.0, 60.0, None),
    "SUP11": (4.0, 55.0, None),
    "SUP14": (4.0, 50.0, None),
    "SUP16": (5.0, 40.0, 0.9),
}
"""Pallets, EUR and least fill of the trucks of suppliers that charge for them; others send groupage."""
_REBATES = {"SUP08": ([7_500.0, 10_000.0], [0.01, 0.015])}
"""Order values [EUR] from which a share is paid back, and the shares."""
INCREMENTAL_BREAKS = "SUP12"
"""Harvest Dock: its price breaks apply to the units beyond them only."""
LATE_SUPPLIER = "SUP14"
"""Napoli Forno: needs LATE_DAYS more than it states, in every order."""
LATE_DAYS = 4
SHOCK_CHANCE, SHOCK_DAYS = 0.05, (3, 7)
"""Any supplier's truck to a DC is late by 3–6 days once in twenty."""
SHORT_CHANCE, SHORT_SHARE = 0.02, 0.75
"""A supplier order line is delivered short, to three quarters, once in fifty."""
FRESH_DC_LIFE, STORE_LIFE_DIRECT, STORE_LIFE_DC = 0.9, 0.85, 0.7
"""Share of the shelf life left on arrival at a DC, at a store from the supplier, at a store from a DC."""
SLOW_DC_STORES = ("Letterkenny Main Street", "Tralee Mall", "Sligo Wine Street")
MOQ_CASES = np.array([1, 1, 1, 6, 5, 8, 6, 5])


@dataclass(frozen=True)
class Network:
    """Supply terms as arrays; locations are stores first, DCs after them."""

    supplier: list[str]
    supplier_of: npt.NDArray[np.int64]
    """Supplier index of each product."""
    order_days: npt.NDArray[np.bool_]
    """shape (suppliers, 7)"""
    lead_mean: Floats
    """Stated, shape (suppliers,) [days]."""
    lead_sd: Floats
    late: Floats
    """Days that a supplier really needs on top of what it states."""
    from_dc: npt.NDArray[np.bool_]
    """Products that a store gets from its DC, shape (stores, skus)."""
    store_lead: npt.NDArray[np.int64]
    """DC to store, shape (stores,) [days]."""


def network(what: Catalogue, where: Geography) -> Network:
    """Return who supplies what: two suppliers a category, DCs for most lines of the stores."""
    flat = [terms for pair in _SUPPLIERS for terms in pair]
    order_days = np.array([[day in terms[1] for day in range(7)] for terms in flat])
    codes = [f"SUP{index + 1:02d}" for index in range(len(flat))]
    late = np.array([LATE_DAYS if code == LATE_SUPPLIER else 0 for code in codes], dtype=float)
    towns = where.name[: len(where.store)]
    return Network(
        supplier=codes,
        supplier_of=2 * what.category + what.position % 2,
        order_days=order_days,
        lead_mean=np.array([terms[2] for terms in flat], dtype=float),
        lead_sd=np.array([terms[3] for terms in flat]),
        late=late,
        from_dc=~(where.direct[:, None] & what.fresh),
        store_lead=np.array([3 if town in SLOW_DC_STORES else 1 + i % 2 for i, town in enumerate(towns)]),
    )


def suppliers_table(net: Network, end: date) -> pl.DataFrame:
    """Return the `suppliers` table, of the suppliers in use."""
    flat = [terms for pair in _SUPPLIERS for terms in pair]
    used = [int(index) for index in np.unique(net.supplier_of)]
    closures = [f"{year}-12-{day}" for year in (end.year, end.year + 1) for day in (25, 26)]
    return pl.DataFrame(
        {
            "supplier": [net.supplier[index] for index in used],
            "name": [flat[index][0] for index in used],
            "email": [
                "orders@" + "".join(c for c in flat[index][0].lower() if c.isalpha()) + ".example"
                for index in used
            ],
            "order_weekdays": [[float(day) for day in flat[index][1]] for index in used],
            "cut_off_time": ["10:00" if net.lead_mean[index] <= 2 else "14:00" for index in used],
            "closures": [closures for _ in used],
            "min_order_value": [float(flat[index][4]) for index in used],
            "min_order_units": [None] * len(used),
            "min_scope": ["location" if net.lead_mean[index] <= 2 else "order" for index in used],
            **_trucks(net, used),
            "trucks_at_most": [2 if net.supplier[index] in _TRUCKS else None for index in used],
            "rebate_values": [_REBATES.get(net.supplier[index], (None, None))[0] for index in used],
            "rebate_rates": [_REBATES.get(net.supplier[index], (None, None))[1] for index in used],
        },
        schema_overrides={
            "min_order_units": pl.Float64,
            "truck_capacity": pl.Float64,
            "truck_unit": pl.String,
            "truck_cost": pl.Float64,
            "truck_least_fill": pl.Float64,
            "trucks_at_most": pl.Int64,
            "rebate_values": pl.List(pl.Float64),
            "rebate_rates": pl.List(pl.Float64),
        },
    )


def _trucks(net: Network, used: list[int]) -> dict[str, list[float | str | None]]:
    """Return the truck columns of the suppliers in use."""
    terms = [_TRUCKS.get(net.supplier[index], (None, None, None)) for index in used]
    return {
        "truck_capacity": [pallets for pallets, _, _ in terms],
        "truck_unit": [None if pallets is None else "pallet" for pallets, _, _ in terms],
        "truck_cost": [cost for _, cost, _ in terms],
        "truck_least_fill": [fill for _, _, fill in terms],
    }


def sourcing_table(what: Catalogue, where: Geography, when: Seasons, net: Network) -> pl.DataFrame:
    """Return the `sourcing` table: one source for every product at every location.

    A product that is being delisted can be ordered until its last day.
    """
    stores, dcs, skus = len(where.store), len(where.dc), len(what)
    sku = np.tile(np.arange(skus), stores + dcs)
    location = np.repeat(np.arange(stores + dcs), skus)
    is_store = location < stores
    from_dc = np.concatenate([net.from_dc.ravel(), np.zeros(dcs * skus, dtype=bool)])
    supplier = net.supplier_of[sku]
    dc_of = np.concatenate([where.dc_of_store, np.zeros(dcs, dtype=np.int64)])[location]
    store_lead = np.concatenate([net.store_lead, np.zeros(dcs, dtype=np.int64)])[location]
    moq = np.where(
        from_dc, np.nan, what.case_pack[sku] * np.where(is_store, 1, MOQ_CASES[what.category[sku]])
    )
    breaks = [
        [20 * pack, 60 * pack] if store == 0 and life_ok else None
        for store, life_ok, pack in zip(
            is_store, ~what.fresh[sku] & (sku % 5 == 0), what.case_pack[sku], strict=True
        )
    ]
    costs = [
        None if quantities is None else [round(0.97 * cost, 4), round(0.94 * cost, 4)]
        for quantities, cost in zip(breaks, what.unit_cost[sku], strict=True)
    ]
    codes = np.array(net.supplier + where.dc, dtype=object)
    return pl.DataFrame(
        {
            "sku": names(what.sku, sku),
            "location": names(where.location, location),
            "source": codes[np.where(from_dc, len(net.supplier) + dc_of, supplier)].tolist(),
            "source_kind": np.where(from_dc, "location", "supplier").tolist(),
            "valid_from": [None] * len(sku),
            "valid_to": pl.Series(when.discontinue[sku]).cast(pl.Date),
            "lead_time_mean": np.where(from_dc, store_lead, net.lead_mean[supplier]),
            "lead_time_sd": np.where(from_dc, 0.3, net.lead_sd[supplier]),
            "moq": pl.Series(moq, nan_to_null=True),
            "order_multiple": what.case_pack[sku],
            "price_break_quantities": breaks,
            "price_break_costs": costs,
            "price_break_kind": [
                None if quantities is None else "incremental" if code == INCREMENTAL_BREAKS else "all_units"
                for quantities, code in zip(breaks, codes[supplier].tolist(), strict=True)
            ],
            "order_cost": np.where(from_dc, 0.35, np.where(is_store, 1.5, 6.0)),
            "freight": np.round(what.volume[sku] * np.where(is_store, 0.02, 0.012), 4),
            "handling": np.where(is_store, 0.03, 0.015),
            "priority": np.ones(len(sku), dtype=np.int64),
        },
        schema_overrides={
            "valid_from": pl.Date,
            "price_break_quantities": pl.List(pl.Float64),
            "price_break_costs": pl.List(pl.Float64),
            "price_break_kind": pl.String,
        },
    )
