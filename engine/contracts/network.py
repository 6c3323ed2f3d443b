"""What a network shares: the stock of a centre that is short, among the stores that ask for it."""

from __future__ import annotations

from engine.contracts.columns import LOCATION, RUN, SKU, Table, date, number, text

TABLES = (
    Table(
        "allocations",
        "Orders of stores for which a centre has not enough: who gets what, why, and the money of it.",
        ("run_id", "line_id"),
        (
            RUN,
            text("line_id", "Line of `plan_lines` that asks", required=True),
            SKU,
            text("dc", "Centre that is short", required=True),
            LOCATION,
            date("order_by", "Order day", required=True),
            number("wanted", "Order that the line's plan asks for", "each", required=True, minimum=0),
            number("granted", "What it gets of it, in whole lots", "each", required=True, minimum=0),
            number("fair", "What it gets at least: its floor", "each", required=True, minimum=0),
            number("available", "What the centre has for that day", "each", required=True, minimum=0),
            number("asked", "What all its stores ask for that day", "each", required=True, minimum=0),
            number("kept", "What the centre keeps for later orders", "each", required=True, minimum=0),
            text("why", "What decided, in words", required=True),
            number("money", "Expected money of what is granted, until the centre is supplied again", "money"),
            number("fairness", "Expected money that the floor costs all stores of the centre", "money"),
        ),
    ),
)
