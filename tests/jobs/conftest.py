"""A small lake with a committed run, fabricated through the lake's own door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_lake.lake import Lake
from data_lake.runs import Run, commit_run
from engine.contracts import TABLES
from engine.replenishment.lines import LineInputs
from jobs.inputs import PlanInputs, load_inputs
from jobs.line_inputs import DemandModel, build_line_inputs, latest_stock
from jobs.line_terms import line_terms

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


@dataclass(frozen=True)
class SmallNetwork:
    """A lake of one product whose locations supply each other, and its lines with stated demand."""

    lake: Lake
    inputs: PlanInputs
    lines: pd.DataFrame
    line_inputs: LineInputs

    def row(self, location: str) -> int:
        """Return the line of a location."""
        return self.lines["location"].tolist().index(location)


@pytest.fixture
def network(tmp_path: Path) -> Callable[..., SmallNetwork]:
    """Make a network of `sources` by location: `demand` [each/day] sold there, `coming` (day, units)."""

    def build(
        sources: Mapping[str, str],
        demand: Mapping[str, float],
        stock: Mapping[str, float],
        *,
        coming: Mapping[str, tuple[int, float]] | None = None,
        noise: float = 1.3,
        settings: Mapping[str, str] | None = None,
        **terms: Mapping[str, Any],
    ) -> SmallNetwork:
        lake = Lake(tmp_path / f"network-{len(list(tmp_path.iterdir()))}")
        _write_network(lake, sources, demand, stock, coming or {}, terms)
        named = {"allocation_floor_share": "0"} | dict(settings or {})
        lake.replace("settings", pd.DataFrame({"name": list(named), "value": list(named.values())}))
        inputs = load_inputs(lake)
        lines = line_terms(inputs)
        mean = np.array([[_supplied(place, sources, demand)] * 56 for place in lines["location"]])
        seeds = np.arange(1, len(lines) + 1, dtype=np.uint64)
        model = DemandModel(mean, np.full(len(lines), 0.1), np.full(len(lines), noise), seeds)
        stocks = latest_stock(inputs.tables["inventory_snapshot"])
        built = build_line_inputs(
            lines, model, stocks, inputs.tables["orders"], as_of=inputs.as_of, period="D"
        )
        return SmallNetwork(lake, inputs, lines, built)

    return build


def _supplied(place: str, sources: Mapping[str, str], demand: Mapping[str, float]) -> float:
    """Demand of a location and of all below it; a circle is gone round once."""
    below, found = [place], {place}
    for location in below:
        for other, source in sources.items():
            if source == location and other not in found:
                found.add(other)
                below.append(other)
    return float(sum(demand.get(location, 0.0) for location in below))


def _write_network(
    lake: Lake,
    sources: Mapping[str, str],
    demand: Mapping[str, float],
    stock: Mapping[str, float],
    coming: Mapping[str, tuple[int, float]],
    terms: Mapping[str, Mapping[str, Any]],
) -> None:
    """Write sales, stock, sourcing, products and open orders; `terms` are columns of sourcing by location."""
    places, end = list(sources), pd.Timestamp(AS_OF) - pd.Timedelta(days=1)
    days = pd.date_range(end=end, periods=60)
    sold = [
        pd.DataFrame({"date": days, "sku": "007", "location": place, "quantity": units, "in_stock": 1.0})
        for place, units in demand.items()
    ]
    lake.replace("sales", pd.concat(sold, ignore_index=True))
    lake.replace(
        "inventory_snapshot",
        pd.DataFrame(
            {
                "date": end,
                "sku": "007",
                "location": places,
                "batch": "",
                "status": "available",
                "on_hand": [float(stock.get(place, 0.0)) for place in places],
            }
        ),
    )
    frame = pd.DataFrame({"sku": "007", "location": places, "source": [sources[place] for place in places]})
    frame["source_kind"] = ["location" if source in sources else "supplier" for source in frame["source"]]
    plain: dict[str, Any] = {"lead_time_mean": 1.0, "lead_time_sd": 0.0, "moq": 0.0, "order_multiple": 1.0}
    for column, default in plain.items():
        frame[column] = [terms.get(column, {}).get(place, default) for place in places]
    lake.replace("sourcing", frame)
    lake.replace("products", pd.DataFrame({"sku": ["007"], "unit_cost": [2.0], "unit_price": [5.0]}))
    lake.replace("locations", pd.DataFrame({"location": places, "name": places}))
    policies = {"target_kind": "fill", "service_target": 0.95, "review_days": 1.0}
    rows: dict[str, dict[str, Any]] = {"*": {"segment": "*", "sku": "", "location": "", **policies}}
    for column in ("stockout_cost", "review_weekdays"):
        for place, value in terms.get(column, {}).items():
            own = rows.setdefault(place, {"segment": "", "sku": "007", "location": place, **policies})
            own[column] = value
            own["target_kind"] = "cost" if column == "stockout_cost" else own["target_kind"]
    lake.replace("policies", pd.DataFrame(list(rows.values())))
    if coming:
        lake.replace(
            "orders",
            pd.DataFrame(
                {
                    "order_id": [f"order-{place}" for place in coming],
                    "line": "1",
                    "kind": "purchase",
                    "sku": "007",
                    "from_source": "X",
                    "to_location": list(coming),
                    "quantity": [units for _, units in coming.values()],
                    "status": "sent",
                    "ordered_at": pd.Timestamp(AS_OF) - pd.Timedelta(days=3),
                    "expected_date": [
                        pd.Timestamp(AS_OF) + pd.Timedelta(days=day) for day, _ in coming.values()
                    ],
                }
            ),
        )
