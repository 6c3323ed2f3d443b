"""A lake with one fault of each kind planted, planned for real: each is told once, and nothing else is."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_lake.lake import Lake
from data_lake.runs import latest_run, read_run_table
from jobs.alert import alert
from jobs.approve import approve_lines
from jobs.dlq import keep_poison
from jobs.plan import plan

DAYS = pd.date_range("2026-07-20", "2026-11-21")
AS_OF = dt.date(2026, 11, 22)
AT = dt.datetime(2026, 11, 22, 7, tzinfo=dt.UTC)
RATE = 20.0
PRODUCTS = ("short", "much", "fresh", "drift", "late", "part", "fine")
"""Named by what is wrong with it at S1; at S2 all of them are fine."""
PLENTY = 300.0


def _sales() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = []
    for sku in PRODUCTS:
        for place in ("S1", "S2", "S3"):
            sold = rng.poisson(RATE, len(DAYS)).astype(float)
            if (sku, place) == ("drift", "S1"):
                sold[-14:] = rng.poisson(3 * RATE, 14)
            frame = pd.DataFrame({"date": DAYS, "quantity": sold, "in_stock": 1.0})
            # S3 has sent nothing for six days
            rows.append(frame[: -6 if place == "S3" else None].assign(sku=sku, location=place))
    return pd.concat(rows)


def _stock() -> pd.DataFrame:
    level = {("short", "S1"): 5 * RATE, ("much", "S1"): 6000.0, ("late", "S1"): 30.0, ("part", "S1"): 20.0}
    rows = []
    for sku in PRODUCTS:
        for place in ("S1", "S2", "S3"):
            spoils = (sku, place) == ("fresh", "S1")
            rows.append(
                {
                    "date": DAYS[-1],
                    "sku": sku,
                    "location": place,
                    "batch": "B1" if sku == "fresh" else "",
                    "status": "available",
                    "on_hand": level.get((sku, place), PLENTY),
                    "expiry_date": DAYS[-1] + pd.Timedelta(days=5 if spoils else 40)
                    if sku == "fresh"
                    else pd.NaT,
                }
            )
    return pd.DataFrame(rows)


def _order(order_id: str, sku: str, quantity: float, promised: str, **more: Any) -> dict[str, Any]:
    row = {"order_id": order_id, "line": "1", "kind": "purchase", "sku": sku, "from_source": "Acme"}
    row |= {"to_location": "S1", "quantity": quantity, "received": 0.0, "status": "sent"}
    dates = {"ordered_at": pd.Timestamp("2026-11-10"), "promised_date": pd.Timestamp(promised)}
    return row | dates | {"expected_date": pd.Timestamp(promised)} | more


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Write the lake and plan it, two weeks ago and today."""
    lake = Lake(Path(tmp_path_factory.mktemp("planted")) / "lake")
    life = [10.0 if sku == "fresh" else None for sku in PRODUCTS]
    names = [f"Product {sku}" for sku in PRODUCTS]
    products = {"sku": PRODUCTS, "name": names, "category": "Food", "unit_cost": 2.0, "unit_price": 5.0}
    lake.replace("products", pd.DataFrame(products | {"shelf_life_days": life}))
    places = {"location": ["S1", "S2", "S3"], "name": ["Shop 1", "Shop 2", "Shop 3"], "kind": "store"}
    lake.replace("locations", pd.DataFrame(places))
    lake.replace("suppliers", pd.DataFrame({"supplier": ["Acme"], "name": ["Acme Foods"]}))
    terms = {"source": "Acme", "source_kind": "supplier", "lead_time_mean": 3.0, "lead_time_sd": 0.5}
    pairs = [(sku, place) for sku in PRODUCTS for place in ("S1", "S2", "S3")]
    lake.replace("sourcing", pd.DataFrame([{"sku": s, "location": p} | terms for s, p in pairs]))
    lake.replace("sales", _sales())
    lake.replace("inventory_snapshot", _stock())
    part = {"received": 40.0, "status": "closed_short", "received_at": pd.Timestamp("2026-11-20")}
    orders = [
        _order("PO-1", "late", 250.0, "2026-11-17"),
        _order("PO-2", "part", 250.0, "2026-11-20", **part),
    ]
    lake.replace("orders", pd.DataFrame(orders))
    poison = SimpleNamespace(reason="quantity is missing", faults=("data.quantity is missing",))
    body = '{"eventType": "inventory.updated", "data": {"productId": "short", "location": "S1"}}'
    keep_poison(lake, "inventory", SimpleNamespace(message_id="m-1", body=body), poison, at=AT)
    plan(lake, as_of=AS_OF - dt.timedelta(days=14))
    plan(lake)
    return lake


EXPECTED = {
    ("stockout", "short", "S1", "Acme"),
    ("stockout", "drift", "S1", "Acme"),  # it sells three times as much: its stock does not last either
    ("stockout", "part", "S1", "Acme"),  # what did not come is missing
    ("stockout", "fresh", "S1", "Acme"),  # what expires does not sell
    ("excess", "much", "S1", "Acme"),
    ("expiry", "fresh", "S1", "Acme"),
    ("late_order", "late", "S1", "Acme"),
    ("short_order", "part", "S1", "Acme"),
    ("forecast_drift", "drift", "S1", ""),
    ("data_stale", "", "S3", "sales"),
    ("dead_letters", "", "", "inventory"),
}


def test_planted_faults_are_told_once_and_approvals_end_them(planted: Lake) -> None:
    made = alert(planted, at=AT)
    found = {(each.alert_type, each.sku, each.location, each.source): each for each in made}
    assert set(found) == EXPECTED
    assert all(each.severity > 0 and each.cause.endswith(".") and each.act for each in made)
    late, drift = found["late_order", "late", "S1", "Acme"], found["forecast_drift", "drift", "S1", ""]
    assert "250 from Acme Foods were promised for 17 Nov: 5 days late (PO-1)" in late.cause
    assert "more than the" in drift.cause
    letters, shortage = found["dead_letters", "", "", "inventory"], found["stockout", "short", "S1", "Acme"]
    assert letters.severity == shortage.severity  # the message is about that line
    covered = {each.sku for each in made if each.covered_by}
    assert covered == {"drift"}
    assert found["stockout", "drift", "S1", "Acme"].covered_by == "covered if approved by 22 Nov 2026"
    assert alert(planted, at=AT) == []

    run = latest_run(planted)
    assert run is not None
    line = read_run_table(planted, run, "plan_lines", where={"line_id": ["drift|S1|Acme"]}).iloc[0]
    chosen = [{"line_id": line["line_id"], "quantity": float(line["quantity"])}]
    approve_lines(planted, run_id=run.run_id, lines=chosen, author="ana", at=AT)
    changes = [(each.change, each.alert_type, each.sku) for each in alert(planted, at=AT)]
    assert changes == [("resolved", "stockout", "drift")]
    plan(planted)
    again = alert(planted, at=AT)
    assert not [each for each in again if each.alert_type == "stockout" and each.sku == "drift"]
    assert alert(planted, at=AT) == []
