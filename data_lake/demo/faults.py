"""Faults planted in the demo lake, for data health to find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

Frames = dict[str, pl.DataFrame]

UNKNOWN_SKU = "99999"
DUPLICATE_SKU = "09901"


@dataclass(frozen=True)
class PlantedFault:
    """One planted fault: the check that must find it, and where."""

    check: str
    sku: str
    location: str
    """'' where the fault is of the product as a whole."""


PLANTED_FAULTS = (
    PlantedFault("negative_stock", "08001", "S02"),
    PlantedFault("missing_cost", "06001", ""),
    PlantedFault("phantom_stock", "04003", "S05"),
    PlantedFault("unit_mismatch", "05011", "S07"),
    PlantedFault("stale_feed", "", "S09"),
    PlantedFault("unknown_code", UNKNOWN_SKU, "S03"),
    PlantedFault("missing_sourcing", "06007", "S04"),
    PlantedFault("duplicate_product", DUPLICATE_SKU, ""),
    PlantedFault("expired_stock", "03005", "S06"),
    PlantedFault("absurd_lead_time", "07005", "DC1"),
    PlantedFault("sales_outlier", "04008", "S08"),
    PlantedFault("history_gap", "06005", "S10"),
    PlantedFault("order_terms", "05005", "DC2"),
)
"""The first two are in every demo lake, the others where the lake holds the product and the location."""

PHANTOM_DAYS = 25
MISMATCH_DAYS = 18
"""Length of the stretch of sales in cases × pack; it ends MISMATCH_END days before the last day."""
MISMATCH_END = 3
STALE_DAYS = 6
GAP_DAYS = 11
GAP_END = 20
OUTLIER_FACTOR = 15
OUTLIER_AGO = 9
NEGATIVE_STOCK = -12.0
ABSURD_LEAD_TIME = 400.0


def plant(frames: Frames, end: date) -> Frames:
    """Return the frames with the faults that fit into them."""
    frames = dict(frames)
    skus = set(frames["products"]["sku"])
    locations = set(frames["locations"]["location"])
    for fault in PLANTED_FAULTS:
        known = fault.sku in skus or fault.sku in ("", UNKNOWN_SKU, DUPLICATE_SKU)
        if known and (fault.location in locations or not fault.location):
            _PLANTERS[fault.check](frames, fault, end)
    return frames


def _here(fault: PlantedFault) -> pl.Expr:
    return (pl.col("sku") == fault.sku) & (pl.col("location") == fault.location)


def _since(end: date, days: int) -> pl.Expr:
    """Select the `days` last days up to `end`."""
    return pl.col("date").is_between(end - timedelta(days=days - 1), end)


def _set(frames: Frames, table: str, where: pl.Expr, **values: pl.Expr) -> None:
    changes = {name: pl.when(where).then(value).otherwise(pl.col(name)) for name, value in values.items()}
    frames[table] = frames[table].with_columns(**changes)


def _negative_stock(frames: Frames, fault: PlantedFault, end: date) -> None:
    last = _here(fault) & (pl.col("date") == end)
    stock = frames["inventory_snapshot"]
    row = (
        stock.filter(last)
        .head(1)
        .with_columns(
            on_hand=pl.lit(NEGATIVE_STOCK),
            batch=pl.lit(""),
            status=pl.lit("available"),
            expiry_date=pl.lit(None, pl.Date),
        )
    )
    frames["inventory_snapshot"] = pl.concat([stock.filter(~last), row])


def _missing_cost(frames: Frames, fault: PlantedFault, _end: date) -> None:
    for table in ("products", "inventory_snapshot", "orders"):
        _set(frames, table, pl.col("sku") == fault.sku, unit_cost=pl.lit(None, pl.Float64))


def _phantom_stock(frames: Frames, fault: PlantedFault, end: date) -> None:
    """Say the shelf was full while nothing was sold: the stock is not there."""
    silent = _here(fault) & _since(end, PHANTOM_DAYS)
    _set(frames, "sales", silent, quantity=pl.lit(0.0), revenue=pl.lit(0.0), in_stock=pl.lit(1.0))
    counted = _here(fault) & _since(end, PHANTOM_DAYS) & (pl.col("status") == "available")
    _set(frames, "inventory_snapshot", counted, on_hand=pl.lit(96.0))


def _unit_mismatch(frames: Frames, fault: PlantedFault, end: date) -> None:
    """Count eaches as cases and turn them into eaches once more; the money stays right."""
    pack = frames["products"].filter(pl.col("sku") == fault.sku)["case_pack"][0]
    wrong = _here(fault) & _since(end - timedelta(days=MISMATCH_END), MISMATCH_DAYS)
    _set(frames, "sales", wrong, quantity=pl.col("quantity") * pack)


def _stale_feed(frames: Frames, fault: PlantedFault, end: date) -> None:
    late = (pl.col("location") == fault.location) & _since(end, STALE_DAYS)
    for table in ("sales", "inventory_snapshot"):
        frames[table] = frames[table].filter(~late)


def _unknown_code(frames: Frames, fault: PlantedFault, end: date) -> None:
    sales = frames["sales"]
    template = sales.filter((pl.col("location") == fault.location) & _since(end, 30))
    model = template.filter(pl.col("sku") == template["sku"][0]).tail(5)
    frames["sales"] = pl.concat([sales, model.with_columns(sku=pl.lit(fault.sku))])


def _missing_sourcing(frames: Frames, fault: PlantedFault, _end: date) -> None:
    frames["sourcing"] = frames["sourcing"].filter(~_here(fault))


def _duplicate_product(frames: Frames, fault: PlantedFault, _end: date) -> None:
    products = frames["products"]
    twin = products.filter(pl.col("sku") == "06001")
    frames["products"] = pl.concat(
        [
            products,
            twin.with_columns(
                sku=pl.lit(fault.sku),
                name=pl.col("name").str.to_uppercase().str.replace(" ", "  "),
                unit_cost=0.6 * pl.col("unit_price"),
            ),
        ]
    )


def _expired_stock(frames: Frames, fault: PlantedFault, end: date) -> None:
    stock = frames["inventory_snapshot"]
    expired = end - timedelta(days=3)
    row = stock.filter(_here(fault) & (pl.col("date") == end)).head(1)
    row = row.with_columns(
        batch=pl.lit(expired.isoformat()),
        status=pl.lit("available"),
        on_hand=pl.lit(14.0),
        expiry_date=pl.lit(expired),
    )
    frames["inventory_snapshot"] = pl.concat([stock, row])


def _absurd_lead_time(frames: Frames, fault: PlantedFault, _end: date) -> None:
    _set(frames, "sourcing", _here(fault), lead_time_mean=pl.lit(ABSURD_LEAD_TIME))


def _sales_outlier(frames: Frames, fault: PlantedFault, end: date) -> None:
    day = _here(fault) & (pl.col("date") == end - timedelta(days=OUTLIER_AGO))
    typical = frames["sales"].filter(_here(fault) & _since(end, 120))["quantity"].mean()
    assert isinstance(typical, float)
    quantity = pl.lit(float(round(typical * OUTLIER_FACTOR)))
    _set(frames, "sales", day, quantity=quantity, revenue=(quantity * pl.col("price")).round(2))


def _history_gap(frames: Frames, fault: PlantedFault, end: date) -> None:
    missing = _here(fault) & _since(end - timedelta(days=GAP_END), GAP_DAYS)
    frames["sales"] = frames["sales"].filter(~missing)


def _order_terms(frames: Frames, fault: PlantedFault, _end: date) -> None:
    _set(frames, "sourcing", _here(fault), moq=pl.col("order_multiple") * 2.5)


_PLANTERS: dict[str, Callable[[Frames, PlantedFault, date], None]] = {
    "negative_stock": _negative_stock,
    "missing_cost": _missing_cost,
    "phantom_stock": _phantom_stock,
    "unit_mismatch": _unit_mismatch,
    "stale_feed": _stale_feed,
    "unknown_code": _unknown_code,
    "missing_sourcing": _missing_sourcing,
    "duplicate_product": _duplicate_product,
    "expired_stock": _expired_stock,
    "absurd_lead_time": _absurd_lead_time,
    "sales_outlier": _sales_outlier,
    "history_gap": _history_gap,
    "order_terms": _order_terms,
}
