"""`shelfcast transfers` as a planner types it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import Result

from data_lake.lake import Lake
from data_lake.runs import commit_run, latest_run
from engine.contracts import TABLES
from jobs.transfer_approvals import approved_transfers

Shelfcast = Callable[..., Result]


@pytest.fixture
def moving(planned: str) -> Lake:
    """The planned demo with two proposals of a known size."""
    lake = Lake(planned)
    run = latest_run(lake)
    assert run is not None
    day = pd.Timestamp(run.as_of)
    rows = [
        {
            "run_id": "moves",
            "transfer_id": f"01001|S01|{to}",
            "sku": "01001",
            "origin": "S01",
            "destination": to,
        }
        | {"quantity": 12.0, "batches": ["L1=12"], "ship_date": day, "arrival_date": day, "unit_cost": 2.0}
        | {"value": 24.0, "gain": 30.0, "loss": 1.0, "freight": 2.0, "handling": 1.0, "fixed_cost": 1.0}
        | {"money": money, "money_if_cancelled": money, "reason": "shortage", "why": "because"}
        for to, money in (("S02", 25.0), ("DC1", 40.0))
    ]
    frame = pd.DataFrame(rows).reindex(columns=list(TABLES["transfers"].names))
    frame["fewest_days_left"] = frame["fewest_days_left"].astype("float64")
    outputs = {**run.outputs, "transfers": lake.replace("transfers", frame).number}
    commit_run(lake, replace(run, run_id="moves", outputs=outputs, created_at=datetime.now(UTC)))
    return lake


def test_transfers_are_listed_approved_exported_and_withdrawn(shelfcast: Shelfcast, moving: Lake) -> None:
    listed = shelfcast("transfers").output
    assert listed.index("01001|S01|DC1") < listed.index("01001|S01|S02")
    assert "40.00" in listed
    done = shelfcast("transfers", "--approve", "01001|S01|DC1", "--reason", "by phone")
    assert done.exit_code == 0, done.output
    assert "1 approved as TO-" in done.output
    again = shelfcast("transfers", "--approve", "01001|S01|DC1")
    assert again.exit_code == 1
    assert "already approved by ana" in again.output
    assert "01001|S01|DC1" not in shelfcast("transfers").output
    assert "1 approved" in shelfcast("transfers", "--approve-all").output
    assert "No transfer of run moves is open" in shelfcast("transfers", "--approve-all").output
    assert "nothing (more) to move" in shelfcast("transfers").output
    text = shelfcast("export", "--out", "-").output
    assert text.count(",transfer,S01,") == 2
    order = approved_transfers(moving)["order_id"].iloc[0]
    assert shelfcast("transfers", "--withdraw", order).exit_code == 1  # no reason
    assert "1 withdrawn" in shelfcast("transfers", "--withdraw", order, "--reason", "van").output


def test_what_cannot_be_is_said(shelfcast: Shelfcast, planned: str, tmp_path: Path) -> None:
    assert shelfcast("transfers", "--approve-all", "--withdraw", "x").exit_code == 2
    lake = Lake(planned)
    lake.replace("lanes", lake.read("lanes").iloc[:0])
    assert "No lanes: import" in shelfcast("transfers").output
    run = latest_run(lake)
    assert run is not None
    older = {name: number for name, number in run.outputs.items() if "transfer" not in name}
    commit_run(lake, replace(run, run_id="older", outputs=older, created_at=datetime.now(UTC)))
    assert "made before plans proposed transfers" in shelfcast("transfers").output
    assert "holds no plan yet" in shelfcast("transfers", "--lake", str(tmp_path / "none")).output
