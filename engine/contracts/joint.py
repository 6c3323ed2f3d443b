"""What the lines of a plan share, and what their cash buys."""

from __future__ import annotations

from engine.contracts.columns import LOCATION, RUN, SKU, SOURCE, Table, date, flag, integer, number, text

TERM_KINDS = ("supplier_minimum", "truck", "storage", "budget", "rebate", "price_break")
"""What orders share; each also names the bound of the lines that it moves."""

TERM_STATES = ("free", "binds", "waits")
"""Moves no line; moves lines; keeps an order from being placed at all."""

TABLES = (
    Table(
        "order_terms",
        "What the orders of a day share: one row a minimum, truck, room, budget, rebate or price breaks.",
        ("run_id", "term_id"),
        (
            RUN,
            text("term_id", "Stable key: kind|supplier|location|day|unit", required=True),
            text(
                "kind", "What is shared; also the bound of the lines moved", required=True, allowed=TERM_KINDS
            ),
            text("supplier", "Supplier; null: of a location or of all"),
            text("location", "Location it is for; null: the whole order"),
            date("day", "Order day; of a room, the day of arrival", required=True),
            text("unit", "Unit of limit and used: money, each, litre, kg, pallet", required=True),
            number("limit", "Least (minimum), most (room, budget, trucks); null: none", "unit"),
            number("used", "What the orders use of it", "unit", required=True),
            integer("trucks", "Trucks, where it counts them"),
            number("fill", "How full they are on average", "share"),
            number(
                "money", "Money that it brings (rebate, price breaks) or costs (trucks: below 0)", "money"
            ),
            number("price", "Expected money of one unit more of the limit", "money/unit"),
            number("cost", "Expected money that the orders would bring more without it", "money"),
            text("state", "free, binds or waits", required=True, allowed=TERM_STATES),
            integer("lines", "Lines in it", required=True),
            integer("moved", "Lines that it moved", required=True),
            integer("left_out", "Lines left out because a figure of the product is missing", required=True),
            text("words", "The row in a sentence", required=True),
        ),
    ),
    Table(
        "order_increments",
        "What is bought from suppliers, step by step, the most expected money per unit of cash first.",
        ("run_id", "day", "rank"),
        (
            RUN,
            date("day", "Order day", required=True),
            integer("rank", "1 is the best use of cash", required=True),
            text("line_id", "Stable key: sku|location|source", required=True),
            SKU,
            LOCATION,
            SOURCE,
            number("from_quantity", "Order before the step", "each", required=True),
            number("to_quantity", "Order after the step", "each", required=True),
            number("cash", "What the step costs", "money", required=True),
            number("money", "Expected money that it brings", "money", required=True),
            number("money_per_cash", "money over cash; null: it costs nothing", "", required=False),
            number("cumulative_cash", "Cash of this step and all before it", "money", required=True),
            flag("is_above", "Above the cut line of the setting order_budget", required=True),
        ),
    ),
)
