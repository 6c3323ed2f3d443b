"""Scenarios: plans under other terms, kept beside the run they start from."""

from __future__ import annotations

from engine.contracts.columns import LOCATION, RUN, SKU, SOURCE, Table, date, instant, number, text
from engine.contracts.vocabulary import LINE_STATUSES, ORDER_BOUNDS

_RESULT = text("result", "Hash of the run and the changes: what the figures depend on", required=True)

SCENARIO_STATES = ("kept", "promoted", "undone", "retired")

TABLES = (
    Table(
        "scenarios",
        "What-if plans that were kept (folded from the ledger).",
        ("scenario",),
        (
            text("scenario", "Hash of its content", required=True),
            text("name", "Name; may change", required=True),
            text("author", "Who made it", required=True),
            text("reason", "Why", required=True),
            instant("created_at", "When", required=True),
            RUN,
            text("changes", "Changed parameters, JSON", required=True),
            text("state", "What became of it", required=True, allowed=SCENARIO_STATES),
        ),
    ),
    Table(
        "scenario_lines",
        "The plan of one scenario: a row a line. The figures are sums of these columns.",
        ("result", "line_id"),
        (
            _RESULT,
            text("line_id", "Stable key: sku|location|source", required=True),
            SKU,
            LOCATION,
            SOURCE,
            text("status", "proposed, none or held", required=True, allowed=LINE_STATUSES),
            number("quantity", "Order", "each", required=True, minimum=0),
            number("base_quantity", "Order of the run", "each", required=True, minimum=0),
            number("unit_cost", "Cost", "money/each", required=True, minimum=0),
            date("order_by", "Order day", required=True),
            number("value", "quantity × unit_cost", "money", required=True, minimum=0),
            number("value_due", "The same where the order day is the day planned", "money", required=True),
            number("stock_value", "Stock and order when it arrives, at cost", "money", required=True),
            number("demand", "Expected demand until the next arrival", "each", required=True, minimum=0),
            number("fill", "Expected fill rate with the order", "share", required=True),
            number("lost", "Expected units short until the next arrival", "each", required=True),
            number("lost_money", "lost × stockout cost", "money", required=True),
            number("waste", "Expected units written off in the horizon", "each", required=True),
            number("waste_money", "waste × unit_cost", "money", required=True),
            number("holding_money", "Holding cost from today to the next arrival", "money", required=True),
            number("expected_profit", "Expected money of the order against none", "money", required=True),
            *(
                number(f"term_{name}", f"Explain term {name}", "each", required=True)
                for name in (
                    "demand",
                    "buffer",
                    "on_hand",
                    "on_order",
                    "excess",
                    "cover",
                    "moq",
                    "multiple",
                    "joint",
                )
            ),
            text("bound", "What kept the order from its target", required=True, allowed=ORDER_BOUNDS),
        ),
    ),
    Table(
        "scenario_figures",
        "Headline figures of one scenario; each is a sum over its lines, the fill rate one by demand.",
        ("result", "name"),
        (
            _RESULT,
            text("name", "Name", required=True),
            number("value", "Value", "", required=True),
            number("base", "The same figure of the run", "", required=True),
            text("unit", "money, share or lines", required=True),
        ),
    ),
)
