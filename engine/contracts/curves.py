"""What each line would do and gain with every order it could place."""

from __future__ import annotations

from engine.contracts.columns import RUN, Table, number, numbers, text

TABLES = (
    Table(
        "line_curves",
        "Marginal-value curves of the plan's lines, before what they share; scenarios choose from them.",
        ("run_id", "line_id"),
        (
            RUN,
            text("line_id", "Line of `plan_lines`", required=True),
            numbers("quantity", "Orders compared, rising from 0", "each"),
            numbers("short", "Expected units short in the window of the order", "each"),
            numbers("short_windows", "Share of windows with a shortage", "share"),
            numbers("waste", "Expected units written off in the horizon", "each"),
            numbers("held", "Expected end stock summed over the window", "each·period"),
            numbers("money", "Expected money against ordering nothing, at the list price", "money"),
            number("window_demand", "Expected demand in the window", "each", required=True, minimum=0),
            number("shortage_price", "What a unit short costs", "money/each", required=True, minimum=0),
        ),
    ),
)
