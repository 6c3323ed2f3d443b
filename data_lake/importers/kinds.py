"""What can be imported: for each kind its table and the targets that a file's columns are mapped to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from engine.contracts import TABLES, Column

Reads = Literal["text", "number", "integer", "date", "flag", "numbers", "texts"]


@dataclass(frozen=True)
class Target:
    """What a column can be mapped to: a column of the table, or one that helps to fill it."""

    name: str
    reads: Reads
    doc: str
    required: bool = False
    default: str | None = None
    """Taken where the file says nothing."""
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()
    money: bool = False
    """An amount of money, converted to the lake's currency."""
    per_unit: Literal["times", "over", ""] = ""
    """How a unit factor (eaches per unit given) applies: quantities times, prices over."""


@dataclass(frozen=True)
class ImportKind:
    """One kind of file."""

    name: str
    table: str
    doc: str
    targets: tuple[Target, ...]
    key: tuple[str, ...]
    signature: tuple[str, ...]
    """Targets whose presence tells this kind from the others."""
    duplicates: Literal["sum", "refuse"] = "refuse"
    example: dict[str, str] = field(default_factory=dict)

    def target(self, name: str) -> Target:
        """Return one target; KeyError if the kind has none of this name."""
        for target in self.targets:
            if target.name == name:
                return target
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the targets."""
        return tuple(target.name for target in self.targets)

    @property
    def required(self) -> tuple[str, ...]:
        """Targets that a file or a constant must give."""
        return tuple(t.name for t in self.targets if t.required and t.default is None)


_HELPERS = (
    Target("currency", "text", "Currency of the row's money"),
    Target("unit_factor", "number", "Eaches in one unit of the row's quantity", minimum=1e-9),
)
_DEFAULTS = {
    ("inventory_snapshot", "batch"): "",
    ("inventory_snapshot", "status"): "available",
    ("orders", "kind"): "purchase",
    ("orders", "status"): "sent",
    ("sourcing", "source_kind"): "supplier",
    ("promotions", "location"): "*",
    ("policies", "segment"): "",
    ("policies", "sku"): "",
    ("policies", "location"): "",
    ("lanes", "lot"): "each",
}
_GENERATED = {("orders", "line")}
"""Keys that are numbered where a file has none."""


def _target(table: str, column: Column, key: tuple[str, ...]) -> Target:
    times = column.unit == "each" and table != "products"
    over = column.unit == "money/each" and table != "products"
    kind: Reads = "date" if column.kind == "instant" else column.kind  # the day is what plans need
    generated = (table, column.name) in _GENERATED
    return Target(
        column.name,
        kind,
        column.doc,
        required=(column.required or column.name in key) and not generated,
        default=_DEFAULTS.get((table, column.name)),
        minimum=column.minimum,
        maximum=column.maximum,
        allowed=column.allowed,
        money=column.unit.startswith("money"),
        per_unit="times" if times else "over" if over else "",
    )


def _of_table(table: str, *names: str) -> tuple[Target, ...]:
    contract = TABLES[table]
    columns = [column for column in contract.columns if not names or column.name in names]
    return tuple(_target(table, column, contract.key) for column in columns)


_NAME = Target("name", "text", "Product name; offered to products where they lack the sku")
_SALES = ("date", "sku", "location")

_KINDS = (
    ImportKind(
        "sales",
        "sales",
        "Units sold per day, week or month, product and location",
        (*_of_table("sales"), _NAME, *_HELPERS),
        _SALES,
        ("quantity", "revenue", "promo", "in_stock"),
        "sum",
        {"date": "2026-01-31", "sku": "007", "location": "Store 1", "quantity": "12", "price": "2.49"},
    ),
    ImportKind(
        "order_lines",
        "sales",
        "Order, invoice or receipt lines: summed to units per period, product and location, net of returns",
        (
            *_of_table("sales", "date", "sku", "location", "quantity", "revenue"),
            Target("price", "number", "Price of one unit", money=True, per_unit="over"),
            Target("order", "text", "Order, invoice or receipt number"),
            _NAME,
            *_HELPERS,
        ),
        _SALES,
        ("order", "price", "name"),
        "sum",
        {
            "order": "1001",
            "date": "2026-01-31",
            "sku": "007",
            "location": "Store 1",
            "quantity": "2",
            "price": "2.49",
        },
    ),
    ImportKind(
        "stock",
        "inventory_snapshot",
        "Stock on one day, by batch and status where these are tracked",
        (*_of_table("inventory_snapshot"), *_HELPERS),
        TABLES["inventory_snapshot"].key,
        ("on_hand", "batch", "expiry_date", "status"),
        example={
            "date": "2026-01-31",
            "sku": "007",
            "location": "Store 1",
            "batch": "L42",
            "status": "available",
            "on_hand": "36",
            "expiry_date": "2026-03-31",
        },
    ),
    ImportKind(
        "orders",
        "orders",
        "Purchase orders, open and received, a line each",
        (*_of_table("orders"), *_HELPERS),
        TABLES["orders"].key,
        ("order_id", "expected_date", "promised_date", "from_source", "received"),
        example={
            "order_id": "PO-1",
            "line": "1",
            "kind": "purchase",
            "sku": "007",
            "from_source": "Supplier 1",
            "to_location": "Store 1",
            "quantity": "48",
            "received": "0",
            "status": "sent",
            "ordered_at": "2026-01-28",
            "expected_date": "2026-02-04",
        },
    ),
    ImportKind(
        "products",
        "products",
        "Products",
        (*_of_table("products"), _HELPERS[0]),
        ("sku",),
        ("name", "category", "brand", "shelf_life_days", "case_pack", "unit_cost", "unit_price"),
        example={
            "sku": "007",
            "name": "Oat drink 1 l",
            "category": "Drinks",
            "unit_cost": "1.10",
            "unit_price": "2.49",
            "case_pack": "12",
            "shelf_life_days": "180",
        },
    ),
    ImportKind(
        "locations",
        "locations",
        "Stores and distribution centres",
        _of_table("locations"),
        ("location",),
        ("kind", "region", "time_zone", "latitude", "longitude", "storage_capacity"),
        example={"location": "Store 1", "name": "High Street", "kind": "store", "region": "DE-BY"},
    ),
    ImportKind(
        "suppliers",
        "suppliers",
        "Suppliers",
        (*_of_table("suppliers"), _HELPERS[0]),
        ("supplier",),
        ("email", "order_weekdays", "cut_off_time", "min_order_value", "min_order_units"),
        example={
            "supplier": "Supplier 1",
            "name": "Dairy Co",
            "email": "orders@example.org",
            "order_weekdays": "Mon Wed Fri",
            "min_order_value": "250",
        },
    ),
    ImportKind(
        "sourcing",
        "sourcing",
        "Who delivers what where, how fast and on which terms",
        (*_of_table("sourcing"), *_HELPERS),
        TABLES["sourcing"].key,
        ("lead_time_mean", "lead_time_sd", "moq", "order_multiple", "source"),
        example={
            "sku": "007",
            "location": "Store 1",
            "source": "Supplier 1",
            "source_kind": "supplier",
            "lead_time_mean": "5",
            "lead_time_sd": "1",
            "moq": "24",
            "order_multiple": "12",
        },
    ),
    ImportKind(
        "promotions",
        "promotions",
        "Promotions: product, location and period",
        _of_table("promotions"),
        TABLES["promotions"].key,
        ("from_date", "to_date", "depth", "mechanic"),
        example={
            "sku": "007",
            "location": "Store 1",
            "from_date": "2026-02-09",
            "to_date": "2026-02-15",
            "depth": "0.25",
            "mechanic": "price_cut",
        },
    ),
    ImportKind(
        "policies",
        "policies",
        "Service targets, holding cost, order rhythm: for all (*), a category, or a product and location",
        (*_of_table("policies"), _HELPERS[0]),
        TABLES["policies"].key,
        ("service_target", "target_kind", "stockout_cost", "holding_cost_rate", "review_days"),
        example={
            "segment": "Dairy",
            "target_kind": "fill",
            "service_target": "0.98",
            "holding_cost_rate": "0.25",
            "max_cover_days": "10",
        },
    ),
    ImportKind(
        "assortment",
        "assortment",
        "Which location sells which product from when to when, and how much its shelf shows and holds",
        (*_of_table("assortment"), _HELPERS[1]),
        TABLES["assortment"].key,
        ("presentation_stock", "shelf_maximum", "backorder_allowed", "perpetual_stock", "planner"),
        example={
            "sku": "007",
            "location": "Store 1",
            "from_date": "2026-01-01",
            "presentation_stock": "6",
            "shelf_maximum": "48",
            "planner": "Ann",
        },
    ),
    ImportKind(
        "lanes",
        "lanes",
        "Ways between locations over which stock can be moved, with what that costs",
        (*_of_table("lanes"), *_HELPERS),
        TABLES["lanes"].key,
        (
            "freight_per_litre",
            "freight_per_unit",
            "fixed_cost",
            "transit_days",
            "ship_weekdays",
            "destination",
        ),
        example={
            "origin": "Store 1",
            "destination": "Store 2",
            "freight_per_litre": "0.06",
            "handling": "0.05",
            "fixed_cost": "2.50",
            "least_quantity": "6",
            "lot": "each",
            "transit_days": "1",
            "ship_weekdays": "Mon Wed Fri",
        },
    ),
    ImportKind(
        "movements",
        "movements",
        "Stock movements: write-offs and counts (change of stock: 0 where the count agrees with the books)",
        (*_of_table("movements"), *_HELPERS),
        TABLES["movements"].key,
        ("movement", "at", "kind"),
        example={
            "movement": "M-1",
            "kind": "write_off",
            "sku": "007",
            "location": "Store 1",
            "quantity": "-3",
            "at": "2026-01-31",
        },
    ),
)

KINDS: dict[str, ImportKind] = {kind.name: kind for kind in _KINDS}


def write_template(kind: str) -> bytes:
    """Return a CSV template: a header and one example row (UTF-8 with BOM, so that Excel opens it as it is).

    Examples
    --------
    >>> print(write_template("locations").decode("utf-8-sig"))
    location,name,kind,region
    Store 1,High Street,store,DE-BY
    <BLANKLINE>
    """
    example = KINDS[kind].example
    lines = (",".join(example), ",".join(example.values()))
    return ("\n".join(lines) + "\n").encode("utf-8-sig")
