"""A small lake with a plan, every number known: what the pages are tested on."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_lake.lake import Lake
from data_lake.runs import Run, commit_run
from engine.contracts import EXPLAIN_TERMS, QUANTILES
from jobs.plan import plan

AS_OF = dt.date(2026, 11, 23)
HORIZON = 28
PRODUCTS = {
    "007": ("Yoghurt natural 500 g", "Dairy", 0.80, 1.29, 21.0),
    "101": ("Oat drink 1 l", "Drinks", 0.95, 1.79, None),
    "205": ("Pasta fusilli 500 g", "Dry food", 0.55, 0.99, None),
}
LOCATIONS = {"S01": ("Store Lyon Centre", "store"), "S02": ("Store Paris Nord", "store")}
SUPPLIERS = {"SUP1": ("Alpine Dairy", 400.0), "SUP2": ("Northern Foods", 100_000.0)}

Row = dict[str, Any]


def _master(lake: Lake) -> None:
    lake.replace(
        "products",
        pd.DataFrame(
            [
                {"sku": sku, "name": name, "category": category, "unit_cost": cost, "unit_price": price}
                | {"shelf_life_days": life, "case_pack": 12.0}
                for sku, (name, category, cost, price, life) in PRODUCTS.items()
            ]
        ),
    )
    lake.replace(
        "locations",
        pd.DataFrame([{"location": c, "name": n, "kind": k} for c, (n, k) in LOCATIONS.items()]),
    )
    lake.replace(
        "suppliers",
        pd.DataFrame(
            [
                {
                    "supplier": c,
                    "name": n,
                    "min_order_value": m,
                    "min_scope": "order",
                    "cut_off_time": "11:00",
                }
                for c, (n, m) in SUPPLIERS.items()
            ]
        ),
    )
    lake.replace("settings", pd.DataFrame([{"name": "currency", "value": "EUR"}]))


def _movements(lake: Lake, rng: np.random.Generator) -> None:
    days = pd.date_range(end=pd.Timestamp(AS_OF) - pd.Timedelta(days=1), periods=200, freq="D")
    sales, stock = [], []
    for sku in PRODUCTS:
        for location in LOCATIONS:
            quantity = rng.poisson(20 + 6 * np.sin(np.arange(len(days)) * 2 * np.pi / 7)).astype(float)
            in_stock = np.ones(len(days))
            in_stock[60:64], quantity[60:64] = 0.0, 0.0
            frame = pd.DataFrame({"date": days, "quantity": quantity, "in_stock": in_stock})
            sales.append(frame.assign(sku=sku, location=location))
            for number, left in enumerate((3, 12) if sku == "007" else (None,)):
                expiry = None if left is None else pd.Timestamp(AS_OF) + pd.Timedelta(days=left)
                batch = "" if left is None else f"B{number + 1}"
                row = {"date": days[-1], "sku": sku, "location": location, "batch": batch}
                stock.append(row | {"status": "available", "on_hand": 40.0, "expiry_date": expiry})
    lake.replace("sales", pd.concat(sales))
    lake.replace("inventory_snapshot", pd.DataFrame(stock))
    lake.replace(
        "orders",
        pd.DataFrame(
            [
                {"order_id": "PO-1", "line": "1", "kind": "purchase", "sku": "007", "from_source": "SUP1"}
                | {"to_location": "S01", "quantity": 24.0, "received": 0.0, "status": "sent"}
                | {"expected_date": pd.Timestamp(AS_OF) + pd.Timedelta(days=2)}
            ]
        ),
    )


def _line(sku: str, location: str, number: int) -> Row:
    source = "SUP1" if sku == "007" else "SUP2"
    kind, status, terms = [
        ("stockout", "proposed", (180.0, 40.0, -80.0, -24.0, 0.0, 0.0, 0.0, 4.0, 0.0)),
        ("overstock", "none", (60.0, 10.0, -240.0, 0.0, 170.0, 0.0, 0.0, 0.0, 0.0)),
        (None, "proposed", (120.0, 20.0, -80.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
        ("held", "held", (0.0,) * len(EXPLAIN_TERMS)),
        ("expiry", "proposed", (90.0, 0.0, -40.0, 0.0, 0.0, 0.0, 0.0, 10.0, 0.0)),
        ("late_supply", "proposed", (150.0, 30.0, -60.0, -60.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
    ][number]
    quantity, cost = float(sum(terms)), PRODUCTS[sku][2]
    stock = np.maximum(80.0 - 7.0 * np.arange(HORIZON), 0.0)
    day = pd.Timestamp(AS_OF)
    return {
        "run_id": "run-1",
        "line_id": f"{sku}|{location}|{source}",
        "sku": sku,
        "location": location,
        "source": source,
        "source_kind": "supplier",
        "status": status,
        "held_reason": "stock is negative" if status == "held" else None,
        "quantity": quantity,
        "unit_cost": cost,
        "value": quantity * cost,
        "order_by": day if source == "SUP1" else day + pd.Timedelta(days=2),
        "arrival_date": day + pd.Timedelta(days=3),
        "next_order_date": day + pd.Timedelta(days=7),
        "next_arrival_date": day + pd.Timedelta(days=10),
        "need_date": day + pd.Timedelta(days=4),
        **dict(zip(EXPLAIN_TERMS, terms, strict=True)),
        "on_hand": 80.0,
        "on_order": 24.0 if number == 0 else 0.0,
        "lead_time_mean": 3.0,
        "lead_time_sd": 1.0,
        "moq": 24.0,
        "order_multiple": 12.0 if number != 4 else 10.0,
        "target_kind": "fill",
        "service_target": 0.97,
        "stockout_cost": PRODUCTS[sku][3] - cost,
        "holding_cost": cost * 0.25 / 365,
        "reorder_point": 150.0,
        "order_up_to": 220.0,
        "expected_demand_daily": 18.0,
        "days_of_cover": 80.0 / 18.0,
        "fill_before": 0.81,
        "fill_after": 0.985,
        "lost_before": 30.0,
        "lost_after": 2.0,
        "waste_before": 12.0 if kind == "expiry" else 0.0,
        "waste_after": 0.0,
        "expected_profit": 42.0,
        "confidence": 0.9 - 0.1 * number,
        "excess_units": 170.0 if kind == "overstock" else 0.0,
        "money_at_risk": 1200.0 - 150.0 * number if kind else 0.0,
        "exception": kind,
        "cause": "Demand exceeds stock before the next arrival.",
        "recommendation": f"Order {quantity:,.0f} by Mon 23 Nov" if quantity else "Stop the next order",
        "projected_stock": stock,
        "projected_stock_with_order": stock + np.where(np.arange(HORIZON) >= 3, quantity, 0.0),
    }


def _forecasts(sku: str, location: str) -> pd.DataFrame:
    days = pd.date_range(AS_OF, periods=HORIZON, freq="D")
    mean = 18 + 4 * np.sin(np.arange(HORIZON) * 2 * np.pi / 7)
    columns = {f"q{round(p * 100):02d}": mean * (0.5 + p) for p in QUANTILES}
    frame = pd.DataFrame({"date": days, "mean": mean, **columns})
    return frame.assign(run_id="run-1", sku=sku, location=location, model="prophet", censoring_share=0.02)


def _model(sku: str, location: str) -> Row:
    return {
        "run_id": "run-1",
        "sku": sku,
        "location": location,
        "model": "prophet",
        "reason": "lowest backtest error",
        "pattern": "smooth",
        "adi": 1.0,
        "cv2": 0.1,
        "level_cv": 0.08,
        "dispersion": 1.4,
        "path_seed": "00000000000000ff",
        "wape": 0.24,
        "bias": 0.01,
        "wape_naive": 0.36,
        "censoring_share": 0.02,
        "override_factor": 1.0,
    }


def _backtests(sku: str, location: str) -> list[Row]:
    errors = {"prophet": 0.24, "pooled_seasonal_average": 0.26, "seasonal_naive": 0.36}
    key = {"run_id": "run-1", "sku": sku, "location": location, "origins": 6}
    return [
        {**key, "model": model, "wape": error, "bias": 0.01, "chosen": model == "prophet"}
        for model, error in errors.items()
    ]


def _faults() -> pd.DataFrame:
    common = {"run_id": "run-1", "sku": None, "location": None, "column": None, "value": None}
    return pd.DataFrame(
        [
            common
            | {"fault_id": "f1", "check": "negative stock", "severity": "held", "table": "inventory_snapshot"}
            | {"sku": "101", "location": "S02", "column": "on_hand", "value": "-12", "rows": 1}
            | {"rule": "stock must be 0 or more", "fix": "Count the shelf and send the stock again."},
            common
            | {"fault_id": "f2", "check": "default lead time", "severity": "info", "table": "sourcing"}
            | {"rule": "lead time is missing", "fix": "7 days were assumed; import sourcing.", "rows": 6},
        ]
    )


def build_lake(path: Path) -> Lake:
    """Write the small lake and its one run; pure: the same lake every time."""
    lake = Lake(path)
    _master(lake)
    _movements(lake, np.random.default_rng(5))
    pairs = [(sku, location) for sku in PRODUCTS for location in LOCATIONS]
    outputs = {
        "plan_lines": pd.DataFrame([_line(*pair, number) for number, pair in enumerate(pairs)]),
        "forecasts": pd.concat([_forecasts(*pair) for pair in pairs]),
        "series_models": pd.DataFrame([_model(*pair) for pair in pairs]),
        "backtests": pd.DataFrame([row for pair in pairs for row in _backtests(*pair)]),
        "data_faults": _faults(),
        "kpis": pd.DataFrame([{"run_id": "run-1", "name": "lines", "value": 6.0, "unit": "count"}]),
    }
    inputs = {
        table: lake.version(table).number
        for table in (
            "products",
            "locations",
            "suppliers",
            "settings",
            "sales",
            "inventory_snapshot",
            "orders",
        )
    }
    commit_run(
        lake,
        Run(
            run_id="run-1",
            as_of=AS_OF,
            created_at=dt.datetime(2026, 11, 23, 5, 30, tzinfo=dt.UTC),
            inputs=inputs,
            outputs={table: lake.replace(table, frame).number for table, frame in outputs.items()},
        ),
    )
    return lake


@pytest.fixture(scope="session")
def make_lake() -> Callable[[Path], Lake]:
    """Write the small lake elsewhere."""
    return build_lake


@pytest.fixture
def small_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """The small lake, and the dashboard pointed at it."""
    lake = build_lake(tmp_path / "lake")
    monkeypatch.setenv("SHELFCAST_LAKE", str(tmp_path / "lake"))
    return lake


def build_inputs(path: Path) -> Lake:
    """Write what a plan needs: history, short and surplus stock, one negative stock, terms of sourcing."""
    lake = Lake(path)
    _master(lake)
    _movements(lake, np.random.default_rng(5))
    pairs = [(sku, location) for sku in PRODUCTS for location in LOCATIONS]
    stock = lake.read("inventory_snapshot")
    level = {("101", "S02"): -12.0, ("205", "S02"): 4000.0}
    keys = zip(stock["sku"], stock["location"], strict=True)
    stock["on_hand"] = [level.get(key, 40.0) for key in keys]
    lake.replace("inventory_snapshot", stock)
    lake.replace(
        "sourcing",
        pd.DataFrame(
            [
                {"sku": sku, "location": location, "source": "SUP1" if sku == "007" else "SUP2"}
                | {"source_kind": "supplier", "lead_time_mean": 3.0, "lead_time_sd": 1.0}
                | {"moq": 24.0, "order_multiple": 12.0}
                for sku, location in pairs
            ]
        ),
    )
    return lake


@pytest.fixture(scope="session")
def unplanned_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with inputs, made once; tests take copies."""
    path = tmp_path_factory.mktemp("unplanned") / "lake"
    build_inputs(path)
    return path


@pytest.fixture(scope="session")
def planned_template(unplanned_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same lake, planned, made once; tests take copies."""
    path = tmp_path_factory.mktemp("planned") / "lake"
    shutil.copytree(unplanned_template, path)
    plan(Lake(path))
    return path


@pytest.fixture
def planned_lake(planned_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A planned lake of its own, and the dashboard pointed at it."""
    return _copy(planned_template, tmp_path / "planned", monkeypatch)


@pytest.fixture
def unplanned_lake(unplanned_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake with sales and no plan, and the dashboard pointed at it."""
    return _copy(unplanned_template, tmp_path / "unplanned", monkeypatch)


def _copy(template: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    shutil.copytree(template, path)
    monkeypatch.setenv("SHELFCAST_LAKE", str(path))
    return Lake(path)


@pytest.fixture
def empty_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake without anything, and the dashboard pointed at it."""
    monkeypatch.setenv("SHELFCAST_LAKE", str(tmp_path / "empty"))
    return Lake(tmp_path / "empty")
