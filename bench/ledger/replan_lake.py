"""The lake of the re-plan bench: the demo company with more products, and room and vans to match."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from data_lake.demo import build
from data_lake.facts.messages import Record
from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from jobs.code_version import code_version
from jobs.plan import plan

FULL = {"skus": 2200, "stores": 12, "dcs": 2, "days": 120}
"""About 30,000 products and locations."""
SMALL = {"skus": 220, "stores": 12, "dcs": 2, "days": 120}
DEMO_SKUS = 150
MODEL = "Theta"
"""One model for every series: how demand is forecast does not matter to a re-plan."""


def planned_lake(sizes: dict[str, int], folder: Path) -> tuple[Lake, Run]:
    """Return a planned lake in `folder`, a copy of one that is built once for this code and size."""
    name = hashlib.sha256(json.dumps([sizes, code_version()]).encode()).hexdigest()[:12]
    kept = Path(tempfile.gettempdir()) / f"shelfcast-replan-{name}"
    if not (kept / "runs").exists():
        made = Path(tempfile.mkdtemp(dir=kept.parent))
        lake = Lake(str(made))
        build(lake, **sizes)  # type: ignore[arg-type]  # numbers of things, no progress
        _grow(lake, sizes["skus"] / DEMO_SKUS)
        plan(lake, model=MODEL)
        shutil.rmtree(kept, ignore_errors=True)
        made.rename(kept)
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    lake = Lake(str(folder))
    return lake, plan(lake, model=MODEL)


def _grow(lake: Lake, by: float) -> None:
    """Give a company of more products the rooms, vans and lorries that it would have."""
    places = lake.read("locations")
    lake.replace("locations", places.assign(storage_capacity=places["storage_capacity"] * by))
    lanes = lake.read("lanes")
    lake.replace("lanes", lanes.assign(truck_capacity=lanes["truck_capacity"] * by))
    suppliers = lake.read("suppliers")
    at_most = (suppliers["trucks_at_most"].astype("Float64") * by).round().astype("Int64")
    lake.replace("suppliers", suppliers.assign(trucks_at_most=at_most))


def events_of(lake: Lake, run: Run, n: int, seed: int) -> list[Record]:
    """Return messages of n changes of stock and orders at random products and locations."""
    drawn = random.Random(seed)
    lines = read_run_table(lake, run, "plan_lines", columns=["sku", "location", "source", "on_hand"])
    now = datetime.combine(run.as_of, datetime.min.time(), tzinfo=UTC) + timedelta(hours=6, seconds=seed)
    records = []
    for at, row in enumerate(drawn.sample(range(len(lines)), n)):
        sku, location, source, on_hand = lines.iloc[row]
        data: dict[str, object] = {"productId": sku, "location": location}
        kind = drawn.choices(("updated", "counted", "delta", "written_off", "order"), (4, 2, 2, 1, 1))[0]
        units = float(drawn.randint(0, max(int(on_hand * 1.5), 12)))
        if kind == "delta":
            event, data["delta"] = "inventory.updated", -float(drawn.randint(1, 6))
        elif kind == "written_off":
            event, data["quantity"], data["reason"] = "inventory.written_off", 2.0, "damaged"
        elif kind == "order":
            event = "order.placed"
            due = (run.as_of + timedelta(days=drawn.randint(1, 9))).isoformat()
            data |= {
                "orderId": f"PO-{seed}-{at}",
                "source": source,
                "quantity": units + 1.0,
                "expectedDate": due,
            }
        else:
            event, data["quantity"] = f"inventory.{kind}", units
        body = {"eventType": event, "timestamp": now.isoformat(), "data": data}
        records.append(Record(f"{seed}-{at}", json.dumps(body)))
    return records
