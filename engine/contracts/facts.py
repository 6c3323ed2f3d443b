"""What happened: sales, stock, movements, orders."""

from __future__ import annotations

from engine.contracts.columns import LOCATION, SKU, Table, date, flag, instant, number, text
from engine.contracts.vocabulary import ORDER_STATUSES, STOCK_STATUSES

TABLES = (
    Table(
        "sales",
        "Units sold. A week or month is dated by its first day; the lake's period is in `settings`.",
        ("date", "sku", "location"),
        (
            date("date", "Day, Monday of the week, or first of the month", required=True),
            SKU,
            LOCATION,
            number("quantity", "Units sold, net of returns", "each", required=True),
            number("revenue", "Money taken", "money"),
            number("price", "Selling price", "money/each", minimum=0),
            flag("promo", "On promotion"),
            number(
                "in_stock",
                "Share of the period with stock on the shelf; null: unknown, taken as 1",
                "share",
                minimum=0,
                maximum=1,
            ),
            flag("lost_sales", "Known to have lost sales"),
        ),
        partition="month",
    ),
    Table(
        "inventory_snapshot",
        "Stock as counted or exported. The latest date of a sku and location is its stock.",
        ("date", "sku", "location", "batch", "status"),
        (
            date("date", "Day of the snapshot (stock at its end)", required=True),
            SKU,
            LOCATION,
            text("batch", "Batch; '' where not tracked", required=True),
            text("status", "Status", required=True, allowed=STOCK_STATUSES),
            number("on_hand", "Stock", "each", required=True),
            date("expiry_date", "Last day of life; null: does not expire"),
            number("unit_cost", "Cost", "money/each", minimum=0),
        ),
        partition="month",
    ),
    Table(
        "movements",
        "What changed stock.",
        ("movement",),
        (
            text("movement", "Identifier", required=True),
            text(
                "kind",
                "What happened",
                required=True,
                allowed=("receipt", "issue", "transfer", "count", "write_off", "markdown"),
            ),
            SKU,
            LOCATION,
            text("batch", "Batch; '' where not tracked"),
            number("quantity", "Change of stock", "each", required=True),
            instant("at", "When", required=True),
        ),
    ),
    Table(
        "orders",
        "Purchase, transfer and customer orders, one row a line.",
        ("order_id", "line"),
        (
            text("order_id", "Order", required=True),
            text("line", "Line of the order", required=True),
            text("kind", "Kind of order", required=True, allowed=("purchase", "transfer", "customer")),
            SKU,
            text("from_source", "Supplier or location that delivers"),
            text("to_location", "Location that receives", required=True),
            number("quantity", "Ordered", "each", required=True, minimum=0),
            number("received", "Received so far", "each", minimum=0),
            text("status", "Status", required=True, allowed=ORDER_STATUSES),
            date("ordered_at", "Day of the order"),
            date("promised_date", "Day promised by the source"),
            date("expected_date", "Day now expected"),
            date("received_at", "Day on which the last of it arrived"),
            number("unit_cost", "Cost", "money/each", minimum=0),
        ),
    ),
    Table(
        "demand_truth",
        "Planted demand of the demo lake, kept aside to score reconstruction; planning never reads it.",
        ("date", "sku", "location"),
        (
            date("date", "Day", required=True),
            SKU,
            LOCATION,
            number("demand", "Units wanted", "each", required=True, minimum=0),
        ),
        partition="month",
    ),
)
