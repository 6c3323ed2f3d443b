"""Checks of what orders share: loads of trucks and rooms, rebates, price breaks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from engine.health.fault import Fault
from engine.health.inputs import Inputs

_LOADS = {"litre": "volume", "kg": "weight", "pallet": "units_per_pallet"}


def missing_loads(inputs: Inputs) -> Iterator[Fault]:
    """Products without the figure that a supplier's trucks or a location's room adds up."""
    sku = inputs.text("products", "sku")
    known = {
        column: set(sku[inputs.number("products", column) > 0].tolist()) for column in set(_LOADS.values())
    }
    sourced = inputs.text("sourcing", "sku")
    source, place = inputs.text("sourcing", "source"), inputs.text("sourcing", "location")
    supplier, unit = inputs.text("suppliers", "supplier"), inputs.text("suppliers", "truck_unit")
    capacity = inputs.number("suppliers", "truck_capacity")
    for row in np.flatnonzero(capacity > 0):
        column = _LOADS.get(str(unit[row]))
        if column:
            yield from _missing(
                column, set(sourced[source == supplier[row]]) - known[column], str(supplier[row])
            )
    room = inputs.number("locations", "storage_capacity")
    location = inputs.text("locations", "location")
    for row in np.flatnonzero(room >= 0):
        yield from _missing(
            "volume", set(sourced[place == location[row]]) - known["volume"], None, str(location[row])
        )


def _missing(column: str, skus: set[Any], supplier: str | None, place: str | None = None) -> Iterator[Fault]:
    if not skus:
        return
    first = sorted(skus)[0]
    of = f"the trucks of {supplier}" if supplier else f"the room of {place}"
    yield Fault(
        "missing_load",
        "warning",
        "products",
        f"every product that {of} must hold has its {column.replace('_', ' ')}",
        f"enter it; until then such products are left out of {of}",
        location=place,
        column=column,
        value=f"{len(skus)} without, {first} first",
        rows=len(skus),
        detail=supplier or "",
    )


def steps_in_order(inputs: Inputs) -> Iterator[Fault]:
    """Rebates and price breaks whose steps cannot be used."""
    for table, keys, starts, values in (
        ("suppliers", ("supplier",), "rebate_values", "rebate_rates"),
        ("sourcing", ("sku", "location", "source"), "price_break_quantities", "price_break_costs"),
    ):
        frame = inputs.tables.get(table)
        if frame is None or starts not in frame or values not in frame:
            continue
        found = zip(frame[starts].tolist(), frame[values].tolist(), strict=True)
        for row, (start, value) in enumerate(found):
            steps, given = _numbers(start), _numbers(value)
            rises = all(before < after for before, after in pairwise(steps))
            if len(steps) == len(given) and rises and all(step >= 0 for step in [*steps, *given]):
                continue
            key = [str(frame[name].iloc[row]) for name in keys]
            yield Fault(
                "unusable_steps",
                "warning",
                table,
                f"{starts} rise and {values} are as many, none below 0",
                "correct them; until then they are left out",
                sku=key[0] if table == "sourcing" else None,
                location=key[1] if table == "sourcing" else None,
                column=starts,
                value=f"{steps} with {given}",
                detail=key[-1],
            )


def _numbers(cell: Any) -> list[float]:
    return [] if cell is None or isinstance(cell, float) else [float(value) for value in cell]
