"""Where buffers should stand: a centre and its stores, against the square-root law and what stands now."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from data_lake.lake import Lake
from data_lake.runs import Run, commit_run
from engine.contracts import TABLES
from jobs.errors import JobError
from jobs.safety_stock_placement import buffer_plan

DAY = date(2026, 11, 23)
_FILLERS = {"text": "x", "number": 0.0, "integer": 0, "date": pd.Timestamp(DAY), "flag": False}
STORES = tuple(f"S{number}" for number in range(1, 10))


def _row(table: str, **values: Any) -> dict[str, Any]:
    filled = {
        column.name: _FILLERS.get(column.kind) if column.required else None
        for column in TABLES[table].columns
    }
    return filled | values


def make_run(
    lake: Lake, *, centre_holding: float, store_holding: float, status: str = "none", lead: float = 16.0
) -> Run:
    """One product: a centre 16 days from its supplier, nine stores a day behind it."""
    lines, noise = [], []
    for place in ("DC", *STORES):
        centre = place == "DC"
        source = "Acme" if centre else "DC"
        key = {"run_id": "run-1", "line_id": f"tea|{place}|{source}", "sku": "tea", "location": place}
        key |= {"source": source, "source_kind": "supplier" if centre else "location"}
        lines.append(
            _row("plan_lines", **key, status=status, lead_time_mean=lead if centre else 1.0)
            | {
                "next_order_date": pd.Timestamp(DAY),
                "next_arrival_date": pd.Timestamp(DAY) + pd.Timedelta(days=2),
            }
            | {
                "expected_demand_daily": 90.0 if centre else 10.0,
                "service_target": 0.95,
                "target_kind": "fill",
            }
            | {"holding_cost": centre_holding if centre else store_holding, "bound": "none"}
            | {"projected_stock": [50.0] * 5, "projected_stock_with_order": [50.0, 40.0, 30.0, 20.0, 10.0]}
        )
        noise.append(
            _row(
                "line_inputs",
                **{k: v for k, v in key.items() if k != "source_kind"},
                dispersion=1.0,
                period_days=1.0,
            )
            | {"target_kind": "fill"}
        )
    frames = {"plan_lines": pd.DataFrame(lines), "line_inputs": pd.DataFrame(noise)}
    for name, frame in frames.items():
        for column in TABLES[name].columns:
            if column.kind == "numbers":
                frame[column.name] = [
                    value if isinstance(value, list) else [] for value in frame[column.name]
                ]
    outputs = {name: lake.replace(name, frame).number for name, frame in frames.items()}
    at = datetime(2026, 11, 23, 5, tzinfo=UTC)
    return commit_run(lake, Run("run-1", DAY, at, {}, outputs, seed=7, code_version="test"))


def test_at_equal_cost_stock_is_pooled_by_the_square_root_law(lake: Lake) -> None:
    """Eppen (1979): nine equal stores pool to a third of the stock. By hand: the better of two extremes."""
    plan = buffer_plan(lake, make_run(lake, centre_holding=0.01, store_holding=0.01), "tea")
    z, noise = float(norm.ppf(0.95)), np.sqrt(10.0)
    centre, stores = z * 3 * noise * np.sqrt(16), 9 * z * noise * np.sqrt(1)
    all_behind = 9 * z * noise * np.sqrt(17)
    assert centre + stores < all_behind
    places = plan.places.set_index("location")
    assert places.loc["DC", ["echelon", "promise"]].tolist() == ["centre", 0.0]
    assert places.loc["DC", "best"] == pytest.approx(centre)
    assert places.loc["S1", "best"] == pytest.approx(stores / 9)
    assert plan.cost_best == pytest.approx((centre + stores) * 0.01 * 365)
    # what stands: expected stock at the end of the day before the next order arrives
    assert set(places["now"]) == {40.0}
    assert plan.cost_now == pytest.approx(10 * 40 * 0.01 * 365)


def test_where_the_centre_is_dear_it_promises_late(lake: Lake) -> None:
    plan = buffer_plan(lake, make_run(lake, centre_holding=0.05, store_holding=0.01), "tea")
    places = plan.places.set_index("location")
    assert places.loc["DC", ["best", "promise"]].tolist() == [0.0, 16.0]
    assert places.loc["S1", "best"] == pytest.approx(norm.ppf(0.95) * np.sqrt(10.0 * 17))


def test_lines_without_data_are_left_out(lake: Lake) -> None:
    run = make_run(lake, centre_holding=0.01, store_holding=0.01, status="held")
    with pytest.raises(JobError, match="'tea' nowhere"):
        buffer_plan(lake, run, "tea")
    with pytest.raises(JobError, match="'milk' nowhere"):
        buffer_plan(lake, run, "milk")


def test_a_centre_that_is_never_supplied_does_not_stop_its_stores(lake: Lake) -> None:
    run = make_run(lake, centre_holding=0.01, store_holding=0.01, lead=900.0)
    places = buffer_plan(lake, run, "tea").places
    assert "DC" not in set(places["location"])
    assert set(places["echelon"]) == {"store"}
