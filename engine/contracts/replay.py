"""What a replay of the past found: its totals, its lines, its weeks."""

from __future__ import annotations

from engine.contracts.columns import LOCATION, SKU, Column, Table, date, integer, number, text

REPLAY_SIDES = ("ours", "theirs")
"""Shelfcast's policy, and what it is compared with."""

REPLAY_AGAINST = ("min_max", "orders")

REPLAY_MONEY = ("lost", "holding", "waste", "orders")
"""What a policy costs: margin of units short, stock held, goods written off, orders placed."""

_REPLAY = text("replay_id", "Replay, named by what went into it", required=True)


def _side(side: str, whose: str) -> tuple[Column, ...]:
    return (
        number(f"{side}_fill_rate", f"Share of demand served, {whose}; null: no demand", "share"),
        number(f"{side}_short", f"Units short, {whose}", "each", required=True),
        number(f"{side}_stock", f"Average stock at the end of a period, {whose}", "each", required=True),
        number(f"{side}_stock_value", f"The same at cost, {whose}", "money", required=True),
        number(f"{side}_waste", f"Units written off, {whose}", "each", required=True),
        number(f"{side}_ordered", f"Units ordered, {whose}", "each", required=True),
        integer(f"{side}_orders", f"Order lines placed, {whose}", required=True),
        *(
            number(f"{side}_{name}_cost", f"Cost: {name}, {whose}", "money", required=True)
            for name in REPLAY_MONEY
        ),
        number(f"{side}_cost", f"All of these costs, {whose}", "money", required=True),
    )


_SIDES = (*_side("ours", "Shelfcast's policy"), *_side("theirs", "what it is compared with"))

TABLES = (
    Table(
        "replays",
        "What the past would have cost under Shelfcast's policy and another, in total.",
        ("replay_id",),
        (
            _REPLAY,
            date("from_date", "First day played", required=True),
            date("to_date", "Last day played", required=True),
            text("against", "What it is compared with", required=True, allowed=REPLAY_AGAINST),
            text("target", "cost: least money; policy: the lake's own targets", required=True),
            text("demand", "reconstructed from sales, or the truth of a demo lake", required=True),
            integer("seed", "Of lead times, sample and interval", required=True),
            integer("lines", "Lines played", required=True),
            integer("lines_of", "Lines that could have been played", required=True),
            integer("assumed_stock", "Lines whose opening stock is not known", required=True),
            text("code_version", "Code that played", required=True),
            text("said", "What the other policy is, in words", required=True),
            number("demand_units", "Units wanted", "each", required=True),
            *_SIDES,
            number("saved", "Cost of theirs less that of ours", "money", required=True),
            number("saved_low", "Lower end of its 90 % interval", "money", required=True),
            number("saved_high", "Upper end of its 90 % interval", "money", required=True),
            number("ratio", "Cost of ours over that of theirs", "", required=True),
            number("ratio_low", "Lower end of its 90 % interval", "", required=True),
            number("ratio_high", "Upper end of its 90 % interval", "", required=True),
        ),
    ),
    Table(
        "replay_lines",
        "The same for every line.",
        ("replay_id", "sku", "location"),
        (
            _REPLAY,
            SKU,
            LOCATION,
            text("category", "Category, or ''", required=True),
            text("class", "ABC by turnover, XYZ by variation of weekly demand", required=True),
            number("demand_units", "Units wanted", "each", required=True),
            *_SIDES,
        ),
    ),
    Table(
        "replay_weeks",
        "The same by week.",
        ("replay_id", "date"),
        (
            _REPLAY,
            date("date", "First day of the seven", required=True),
            *(
                number(f"{side}_{name}_cost", f"Cost: {name}, {side}", "money", required=True)
                for side in REPLAY_SIDES
                for name in REPLAY_MONEY
            ),
            *(
                number(f"{side}_stock_value", f"Average stock at cost, {side}", "money", required=True)
                for side in REPLAY_SIDES
            ),
        ),
    ),
)
