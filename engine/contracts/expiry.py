"""What a run expects to be thrown away, and what it suggests to do about it."""

from __future__ import annotations

from engine.contracts.columns import LOCATION, RUN, SKU, Table, date, integer, number, text

WRITE_OFF_SOURCES = ("stock", "on order", "order")
"""Where what is written off comes from: on hand, an open order, the order that the run proposes."""

EXPIRY_ACTS = ("nothing", "stop_order", "cut_order", "markdown", "transfer")
"""What can be done about stock that will be written off."""

_LINE = text("line_id", "Stable key: sku|location|source", required=True)

TABLES = (
    Table(
        "write_offs",
        "Expected write-off of every batch, open order and proposed order; the sum of a line is its waste.",
        ("run_id", "line_id", "lot"),
        (
            RUN,
            _LINE,
            integer("lot", "Number within the line", required=True, minimum=0),
            SKU,
            LOCATION,
            text("source", "stock, on order or order", required=True, allowed=WRITE_OFF_SOURCES),
            text("batch", "Batch of stock, or open order; '' for the proposed order", required=True),
            date("expiry_date", "Day on which it expires; of orders: with the least life at receipt"),
            date("last_sale_date", "Last day on which it has the least life left that a sale needs"),
            date("week", "Monday of the week in which it is written off; this week: expired already"),
            number("quantity", "Units in it", "each", required=True, minimum=0),
            number("units", "Expected write-off if nothing is ordered", "each", required=True, minimum=0),
            number(
                "units_with_order",
                "Expected write-off with the proposed order",
                "each",
                required=True,
                minimum=0,
            ),
            number("low", "10 % quantile of it", "each", required=True, minimum=0),
            number("high", "90 % quantile of it", "each", required=True, minimum=0),
            number("spread", "Its standard deviation", "each", required=True, minimum=0),
            number("unit_cost", "Cost", "money/each", required=True, minimum=0),
            number("money", "units_with_order × unit_cost", "money", required=True, minimum=0),
        ),
    ),
    Table(
        "expiry_acts",
        "What to do about a line at risk: every act in money against doing nothing, on the same paths.",
        ("run_id", "line_id", "act"),
        (
            RUN,
            _LINE,
            SKU,
            LOCATION,
            text("act", "What is done", required=True, allowed=EXPIRY_ACTS),
            integer("rank", "1: brings most; null: not offered"),
            number("money", "Expected money gained against doing nothing", "money"),
            number("over_next", "Of the best: its money less that of the next best", "money"),
            number("confidence", "Share of paths on which it beats doing nothing", "share"),
            number(
                "quantity",
                "Order that remains; units sold marked down; units moved",
                "each",
                minimum=0,
            ),
            number("depth", "Share off the price", "share"),
            text("mechanic", "Kind of promotion whose effect the markdown is taken to have"),
            date("from_date", "First day of the markdown"),
            date("until", "Last day of the markdown"),
            number("write_off_before", "Expected write-off if nothing is done", "money", minimum=0),
            number("write_off_after", "The same with the act", "money", minimum=0),
            number("short_before", "Expected units short until the next arrival", "each", minimum=0),
            number("short_after", "The same with the act", "each", minimum=0),
            text("words", "What is done and what it brings, or why it is not offered", required=True),
        ),
    ),
)
