"""Stock and orders as facts left them, as a plan saw them; beside the tables that facts come on top of."""

from __future__ import annotations

from engine.contracts.columns import LOCATION, SKU, Table, date, number, text
from engine.contracts.facts import TABLES as FACTS

_ORDERS = next(table for table in FACTS if table.name == "orders")

TABLES = (
    Table(
        "stock_now",
        "Available stock of every product and location that facts moved since its snapshot.",
        ("sku", "location", "batch"),
        (
            SKU,
            LOCATION,
            text("batch", "Batch; '' where not tracked", required=True),
            number("on_hand", "Stock", "each", required=True),
            date("expiry_date", "Last day of life; null: does not expire"),
            number("unit_cost", "Cost, as the snapshot says", "money/each", minimum=0),
            date("counted_on", "Day of the snapshot that facts came on top of; null: none"),
            date("told_on", "Day of the last fact", required=True),
            date("fixed_on", "Day of the last fact that told the whole stock; null: none"),
        ),
    ),
    Table("orders_now", "Order lines that facts changed since their import.", _ORDERS.key, _ORDERS.columns),
)
