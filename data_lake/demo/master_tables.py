"""Products, units, assortment and policies, as the company would export them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from data_lake.demo.catalogue import CATEGORIES, Catalogue
from data_lake.demo.geography import Geography
from data_lake.demo.seasons import Seasons
from data_lake.demo.text import names

Floats = npt.NDArray[np.float64]

PLANNERS = ("aoife", "aoife", "aoife", "brian", "brian", "ciara", "ciara", "ciara")


def policies_table() -> pl.DataFrame:
    """Return the `policies` table: a default and one row a category that differs."""
    rows = [
        ("*", "fill", 0.97, 1.0, 2.0, 60.0),
        ("Dairy", "fill", 0.975, 1.0, 1.0, 12.0),
        ("Bakery", "fill", 0.94, 1.0, None, 4.0),
        ("Chilled & Deli", "fill", 0.95, 1.0, 1.0, 10.0),
        ("Snacks & Sweets", "fill", 0.96, 1.0, 2.0, 60.0),
        ("Household & Care", "cost", None, 1.0, 2.0, 90.0),
    ]
    return pl.DataFrame(
        [
            (segment, "", "", kind, target, None, 0.25, review, None, low, high)
            for segment, kind, target, review, low, high in rows
        ],
        schema={
            "segment": pl.String,
            "sku": pl.String,
            "location": pl.String,
            "target_kind": pl.String,
            "service_target": pl.Float64,
            "stockout_cost": pl.Float64,
            "holding_cost_rate": pl.Float64,
            "review_days": pl.Float64,
            "review_weekdays": pl.List(pl.Float64),
            "min_cover_days": pl.Float64,
            "max_cover_days": pl.Float64,
        },
        orient="row",
    )


def assortment_table(what: Catalogue, where: Geography, when: Seasons, base: Floats) -> pl.DataFrame:
    """Return the `assortment` table: every product at every location; shelves sized from mean demand."""
    stores, dcs, skus = len(where.store), len(where.dc), len(what)
    sku = np.tile(np.arange(skus), stores + dcs)
    location = np.repeat(np.arange(stores + dcs), skus)
    is_store = location < stores
    presentation = np.concatenate([np.clip(np.round(0.3 * base), 1, 12).ravel(), np.zeros(dcs * skus)])
    shelf = np.concatenate([np.ceil(6 * base + 2 * what.case_pack).ravel(), np.full(dcs * skus, np.nan)])
    return pl.DataFrame(
        {
            "sku": names(what.sku, sku),
            "location": names(where.location, location),
            "from_date": pl.Series(when.launch[sku]).cast(pl.Date),
            "to_date": pl.Series(when.discontinue[sku]).cast(pl.Date),
            "presentation_stock": presentation,
            "shelf_maximum": pl.Series(shelf, nan_to_null=True),
            "backorder_allowed": ~is_store,
            "perpetual_stock": is_store,
            "planner": names([PLANNERS[c] for c in range(len(CATEGORIES))], what.category[sku]),
        }
    )


def products_table(what: Catalogue, when: Seasons) -> pl.DataFrame:
    """Return the `products` table."""
    life = what.shelf_life
    substitute = {
        (int(c), int(p)): code for c, p, code in zip(what.category, what.position, what.sku, strict=True)
    }
    return pl.DataFrame(
        {
            "sku": what.sku,
            "name": what.name,
            "category": [CATEGORIES[c] for c in what.category],
            "brand": what.brand,
            "unit_cost": what.unit_cost,
            "unit_price": what.unit_price,
            "shelf_life_days": pl.Series(life, nan_to_null=True),
            "min_life_at_receipt_days": pl.Series(np.floor(life * 0.6), nan_to_null=True),
            "min_life_at_sale_days": pl.Series(
                np.where(life < 90, 1.0, np.where(np.isnan(life), np.nan, 14.0)), nan_to_null=True
            ),
            "case_pack": what.case_pack,
            "units_per_pallet": what.case_pack
            * np.clip(np.round(900 / (what.case_pack * what.volume)), 4, 200),
            "volume": what.volume,
            "weight": what.weight,
            "predecessor_sku": when.predecessor,
            "substitute_sku": [
                substitute.get((int(c), int(p) ^ 1)) if p < 4 else None
                for c, p in zip(what.category, what.position, strict=True)
            ],
            "launch_date": pl.Series(when.launch).cast(pl.Date),
            "discontinue_date": pl.Series(when.discontinue).cast(pl.Date),
        },
        schema_overrides={"predecessor_sku": pl.String, "substitute_sku": pl.String},
    )


def units_table(products: pl.DataFrame) -> pl.DataFrame:
    """Return the `units` table: each, case and pallet of every product, with GTINs that check."""
    frames = []
    for order, (unit, eaches) in enumerate(
        (("each", pl.lit(1.0)), ("case", pl.col("case_pack")), ("pallet", pl.col("units_per_pallet")))
    ):
        gtins = [_gtin13(539_1000_00000 + int(sku[1:]) * 10 + order) for sku in products["sku"]]
        frames.append(
            products.select(
                "sku", pl.lit(unit).alias("unit"), eaches.cast(pl.Float64).alias("eaches")
            ).with_columns(gtin=pl.Series(gtins, dtype=pl.String))
        )
    return pl.concat(frames).sort("sku", "unit")


def _gtin13(number: int) -> str:
    """Append the GS1 check digit to 12 digits."""
    digits = f"{number:012d}"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-weighted % 10)
