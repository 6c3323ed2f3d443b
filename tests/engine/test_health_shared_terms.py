"""Data health names what trucks, rooms, rebates and price breaks cannot be planned with."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from engine import health


def _faults(**tables: list[dict[str, Any]]) -> pd.DataFrame:
    frames = {name: pd.DataFrame(rows) for name, rows in tables.items()}
    found = health.check(frames, as_of=date(2026, 11, 22), period="D")
    return found[found["check"].isin(["missing_load", "unusable_steps"])].reset_index(drop=True)


def _source(sku: str, **columns: Any) -> dict[str, Any]:
    row = {"sku": sku, "location": "S1", "source": "Acme", "source_kind": "supplier"}
    return {**row, "lead_time_mean": 5.0, "lead_time_sd": 1.0, **columns}


def test_products_without_a_load_are_counted_once_a_supplier_and_room() -> None:
    found = _faults(
        products=[{"sku": "1", "volume": 2.0, "weight": None}, {"sku": "2", "volume": 0.0, "weight": 1.0}],
        sourcing=[_source("1"), _source("2")],
        suppliers=[{"supplier": "Acme", "truck_capacity": 900.0, "truck_unit": "kg"}],
        locations=[{"location": "S1", "storage_capacity": 500.0}],
    )
    assert found[["column", "value"]].to_numpy().tolist() == [
        ["volume", "1 without, 2 first"],
        ["weight", "1 without, 1 first"],
    ]
    assert found["fix"].tolist() == [
        "enter it; until then such products are left out of the room of S1",
        "enter it; until then such products are left out of the trucks of Acme",
    ]


def test_trucks_that_count_eaches_and_places_without_a_limit_need_no_loads() -> None:
    found = _faults(
        products=[{"sku": "1", "volume": None}],
        sourcing=[_source("1")],
        suppliers=[{"supplier": "Acme", "truck_capacity": 900.0, "truck_unit": "each"}],
        locations=[{"location": "S1", "storage_capacity": None}],
    )
    assert found.empty


def test_steps_that_do_not_rise_are_named() -> None:
    found = _faults(
        sourcing=[
            _source("1", price_break_quantities=[24.0, 12.0], price_break_costs=[2.0, 1.9]),
            _source("2", price_break_quantities=[12.0, 24.0], price_break_costs=[2.0, 1.9]),
        ],
        suppliers=[
            {"supplier": "Acme", "rebate_values": [100.0], "rebate_rates": None},
            {"supplier": "Best", "rebate_values": None, "rebate_rates": None},
        ],
    )
    assert found.fillna("")[["table", "sku", "column", "value"]].to_numpy().tolist() == [
        ["sourcing", "1", "price_break_quantities", "[24.0, 12.0] with [2.0, 1.9]"],
        ["suppliers", "", "rebate_values", "[100.0] with []"],
    ]
