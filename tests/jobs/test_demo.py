"""The demo lake: built once, found again, finished after a kill, and never mixed into other data."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from data_lake.lake import Lake
from jobs.demo import MARKER, build_demo
from jobs.errors import JobError

SMALL = {"skus": 8, "stores": 2, "dcs": 1, "days": 60}


def content(lake: Lake) -> dict[str, list[str]]:
    tables = ("products", "sales", "inventory_snapshot", "orders", "settings", "demand_truth")
    return {name: [file.sha256 for file in lake.version(name).files] for name in tables}


def test_it_is_built_once_and_found_again(tmp_path: Path) -> None:
    said: list[tuple[str, float]] = []
    first = build_demo(str(tmp_path / "demo"), **SMALL, plan=False, progress=lambda *step: said.append(step))
    assert (first.state, first.run) == ("built", None)
    assert list(dict.fromkeys(what for what, _ in said)) == ["Inventing a company", "Writing its tables"]
    assert [share for _, share in said] == sorted(share for _, share in said)
    before = first.lake.objects.list("")
    assert build_demo(str(tmp_path / "demo"), **SMALL, plan=False).state == "reused"
    assert first.lake.objects.list("") == before


def test_a_build_that_was_killed_is_finished(tmp_path: Path) -> None:
    killed = f"""
import os
import data_lake.lake
from jobs.demo import build_demo
replace = data_lake.lake.Lake.replace
def dying(lake, table, *rest, **others):
    if table == "inventory_snapshot":
        os._exit(9)
    return replace(lake, table, *rest, **others)
data_lake.lake.Lake.replace = dying
build_demo({str(tmp_path / "killed")!r}, **{SMALL}, plan=False)
"""
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == 9
    lake = Lake(tmp_path / "killed")
    assert lake.current("sales") is not None
    assert lake.current("orders") is None
    assert lake.objects.list(MARKER) == []
    finished = build_demo(str(tmp_path / "killed"), **SMALL, plan=False)
    assert finished.state == "completed"
    assert len(lake.versions("sales")) == 1  # what was there is not written again
    whole = build_demo(str(tmp_path / "whole"), **SMALL, plan=False)
    assert content(finished.lake) == content(whole.lake)


def test_a_lake_with_other_data_is_never_touched(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "own")
    lake.replace("products", pd.DataFrame({"sku": ["007"], "name": ["Tea"]}))
    before = lake.objects.list("")
    with pytest.raises(JobError, match=r"data that are not the demo's \(products\); choose another --lake"):
        build_demo(lake.uri, **SMALL, plan=False)
    assert lake.objects.list("") == before


def test_another_demo_is_not_mixed_in(tmp_path: Path) -> None:
    build_demo(str(tmp_path), **SMALL, plan=False)
    with pytest.raises(JobError, match="a demo with seed 7 instead of 8, skus 8 instead of 9; delete it"):
        build_demo(str(tmp_path), **SMALL | {"skus": 9, "seed": 8}, plan=False)
