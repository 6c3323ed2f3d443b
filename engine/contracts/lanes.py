"""Ways between places, and what a plan proposes to move over them."""

from __future__ import annotations

from engine.contracts.columns import RUN, SKU, Column, Table, date, number, numbers, text

LANE_LOTS = ("each", "case")
"""What a lane carries whole lots of: eaches, or the product's case pack."""

TRANSFER_REASONS = ("shortage", "expiry", "excess")
"""What a transfer earns most by: sales saved there, a write-off avoided here, stock held here for nothing."""

IDLE_REASONS = ("expires", "cost", "late", "limit", "elsewhere")
"""Why a lane from surplus to need carries nothing: see `engine.replenishment.network.transfers.WhyNot`."""

_ORIGIN = text("origin", "Location that gives", required=True)
_DESTINATION = text("destination", "Location that gets", required=True)
_TRANSFER = text("transfer_id", "Stable key: sku|origin|destination", required=True)

TABLES = (
    Table(
        "lanes",
        "Ways for stock between locations beside what their sources send; one row a direction.",
        ("origin", "destination"),
        (
            _ORIGIN,
            _DESTINATION,
            number("freight_per_litre", "Freight by volume; null: none", "money/litre", minimum=0),
            number("freight_per_unit", "Freight by unit, on top; null: none", "money/each", minimum=0),
            number("handling", "Picking, loading and putting away; null: none", "money/each", minimum=0),
            number(
                "fixed_cost",
                "Cost of moving a product at all: paperwork, a stop; null: none",
                "money",
                minimum=0,
            ),
            number("least_quantity", "Least of a product worth a move; null: none", "each", minimum=0),
            text("lot", "Whole lots only; null: eaches", allowed=LANE_LOTS),
            number("capacity", "Most of one product a day; null: no limit", "each", minimum=0),
            number("truck_capacity", "Room for all products together; null: no limit", "litre", minimum=0),
            number("transit_days", "Days from leaving to being for sale; null: 1", "days", minimum=0),
            numbers("ship_weekdays", "Days on which it leaves; null: all", "weekday 0–6"),
        ),
    ),
    Table(
        "transfers",
        "What a run proposes to move, most money first. A proposal is no supply; approved, it is an order.",
        ("run_id", "transfer_id"),
        (
            RUN,
            _TRANSFER,
            SKU,
            _ORIGIN,
            _DESTINATION,
            number("quantity", "What moves", "each", required=True, minimum=0),
            Column("batches", "texts", "Batches that move, oldest first: name=quantity"),
            date("ship_date", "Day it leaves", required=True),
            date("arrival_date", "Day it is for sale there", required=True),
            number("unit_cost", "Cost", "money/each", required=True, minimum=0),
            number("value", "quantity × unit_cost", "money", required=True),
            number("gain", "Expected money earned there", "money", required=True),
            number(
                "loss",
                "Expected money lost here; below 0: a write-off or holding is saved",
                "money",
                required=True,
            ),
            number("freight", "Freight", "money", required=True, minimum=0),
            number("handling", "Handling", "money", required=True, minimum=0),
            number("fixed_cost", "Fixed cost", "money", required=True, minimum=0),
            number("money", "gain − loss − freight − handling − fixed cost", "money", required=True),
            number("money_if_cancelled", "What the plan of moves loses without it", "money", required=True),
            number(
                "fewest_days_left",
                "Days of sale left on arrival of the batch that expires first; null: none",
                "days",
            ),
            text("reason", "What it earns most by", required=True, allowed=TRANSFER_REASONS),
            text("why", "Why, in words", required=True),
        ),
    ),
    Table(
        "transfers_idle",
        "Lanes from surplus to a shortage that stays, and why they carry nothing; a few a product.",
        ("run_id", "transfer_id"),
        (
            RUN,
            _TRANSFER,
            SKU,
            _ORIGIN,
            _DESTINATION,
            number("money_at_risk", "Expected money that the shortage there costs", "money", required=True),
            text("reason", "Why nothing moves", required=True, allowed=IDLE_REASONS),
            text("why", "The same in words", required=True),
        ),
    ),
    Table(
        "transfer_loads",
        "What transfers of each product, planned by itself, load on the trucks that products share.",
        ("run_id", "transfer_id"),
        (
            RUN,
            _TRANSFER,
            SKU,
            _ORIGIN,
            _DESTINATION,
            number("load", "Room that they take", "litre", required=True, minimum=0),
        ),
    ),
)
