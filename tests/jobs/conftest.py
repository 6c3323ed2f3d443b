"""A small lake with a committed run, fabricated through the lake's own door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data_lake.lake import Lake
from data_lake.runs import Run, commit_run
from engine.contracts import TABLES

AS_OF = date(2026, 11, 22)
_FILLERS = {"text": "x", "number": 0.0, "integer": 0, "date": pd.Timestamp(AS_OF), "flag": False}


def _plan_line(sku: str, location: str, source: str, quantity: float, **changes: Any) -> dict[str, Any]:
    """One row of `plan_lines`: required columns filled, the rest null, then `changes`."""
    row: dict[str, Any] = {
        column.name: _FILLERS[column.kind] if column.required else None
        for column in TABLES["plan_lines"].columns
        if column.kind != "numbers"
    }
    return row | {
        "line_id": f"{sku}|{location}|{source}",
        "sku": sku,
        "location": location,
        "source": source,
        "source_kind": "supplier",
        "status": "proposed" if quantity else "none",
        "quantity": quantity,
        "unit_cost": 2.5,
        "value": quantity * 2.5,
        "order_by": pd.Timestamp(AS_OF),
        "arrival_date": pd.Timestamp("2026-11-26"),
        "next_order_date": pd.Timestamp("2026-11-29"),
        "next_arrival_date": pd.Timestamp("2026-12-03"),
        "moq": 12.0,
        "order_multiple": 6.0,
        "target_kind": "fill",
        **changes,
    }


LINES = (
    _plan_line("007", "S1", "Acme & Söhne", 24, money_at_risk=50.0),
    _plan_line("008", "S1", "Acme & Söhne", 12, money_at_risk=5.0),
    _plan_line("007", "S2", "Acme & Söhne", 18, order_by=pd.Timestamp("2026-11-24")),
    _plan_line("007", "S3", "DC1", 6, source_kind="location", moq=0.0),
    _plan_line("009", "S1", "Best", 12, status="held", held_reason="stock is 9 days old"),
    _plan_line("=1+1", "S1", "Best", 0),
)


@pytest.fixture
def plan_line() -> Callable[..., dict[str, Any]]:
    """Make one row of `plan_lines`."""
    return _plan_line


@pytest.fixture
def small_lake(tmp_path: Path) -> Lake:
    """Master data of a few products, suppliers and locations."""
    lake = Lake(tmp_path / "lake")
    names = ["Crème, 1 l", 'Tea "Earl"', "@sum"]
    products = {"sku": ["007", "008", "=1+1"], "name": names, "case_pack": [6, 12, None]}
    lake.replace("products", pd.DataFrame(products))
    lake.replace("suppliers", pd.DataFrame({"supplier": ["Acme & Söhne"], "name": ["Acme & Söhne GmbH"]}))
    lake.replace("locations", pd.DataFrame({"location": ["S1", "DC1"], "name": ["Shop 1", "Depot"]}))
    return lake


@pytest.fixture
def commit_plan(small_lake: Lake) -> Callable[..., Run]:
    """Commit a run with these plan lines."""
    lake = small_lake

    def commit(run_id: str, lines: tuple[dict[str, Any], ...] = LINES, as_of: date = AS_OF) -> Run:
        frame = pd.DataFrame([line | {"run_id": run_id} for line in lines])
        plan = lake.replace("plan_lines", frame)
        days = pd.date_range(as_of, periods=4)
        series = {"run_id": run_id, "sku": "007", "location": "S1", "model": "naive"}
        forecasts = lake.replace("forecasts", pd.DataFrame({"date": days, "mean": [1.0, 2, 3, 4], **series}))
        masters = ("products", "locations", "suppliers")
        inputs = {name: current.number for name in masters if (current := lake.current(name))}
        created = datetime(as_of.year, as_of.month, as_of.day, 5, tzinfo=UTC)
        outputs = {"plan_lines": plan.number, "forecasts": forecasts.number}
        return commit_run(lake, Run(run_id, as_of, created, inputs, outputs, seed=7, code_version="test"))

    return commit


@pytest.fixture
def small_run(commit_plan: Callable[..., Run]) -> Run:
    return commit_plan("run-1")
