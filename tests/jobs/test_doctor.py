"""The doctor says what is wrong and what to do, on lakes broken one way each."""

from __future__ import annotations

import json
import platform
from collections import namedtuple
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest

from data_lake.events import make_event
from data_lake.facts.compact import compact
from data_lake.facts.messages import Record
from data_lake.lake import Lake
from data_lake.ledger import append_events
from data_lake.runs import Run, commit_run
from engine.forecast.global_model.library import available
from jobs.doctor import (
    GIGABYTE,
    diagnose,
    disk_check,
    storage_checks,
    worst,
)
from jobs.ingest import ingest
from jobs.installation import Check, boosting_check, environment_checks, kernel_cache_check, packages_check

TODAY = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


def found(lake: Lake, *, today: date = TODAY) -> dict[str, Check]:
    return {check.name: check for check in storage_checks(lake.uri, today=today)}


def _stock(lake: Lake, day: str) -> None:
    rows = {"date": [pd.Timestamp(day)], "sku": "007", "location": "S1", "batch": "", "status": "available"}
    lake.replace("inventory_snapshot", pd.DataFrame({**rows, "on_hand": 4.0}))


@pytest.fixture
def whole(tmp_path: Path) -> Lake:
    """Every table that a plan needs, and a plan made from them."""
    lake = Lake(tmp_path / "lake")
    days = pd.date_range("2026-09-29", "2026-11-21")
    lake.replace("sales", pd.DataFrame({"date": days, "sku": "007", "location": "S1", "quantity": 3.0}))
    _stock(lake, "2026-11-21")
    lake.replace("products", pd.DataFrame({"sku": ["007"], "name": ["Tea"]}))
    terms = {"sku": ["007"], "location": "S1", "source": "Acme", "source_kind": "supplier"}
    lake.replace("sourcing", pd.DataFrame({**terms, "lead_time_mean": 3.0}))
    inputs = dict.fromkeys(("sales", "inventory_snapshot", "products", "sourcing"), 1)
    commit_run(lake, Run("run-1", TODAY, AT, inputs, {}))
    return lake


def test_a_whole_lake_is_well(whole: Lake) -> None:
    checks = found(whole)
    assert {check.state for check in checks.values()} == {"ok"}, checks
    assert "sales 54" in checks["Tables"].seen
    assert "sales until 2026-11-21, stock until 2026-11-21: 1 days ago" in checks["Freshness"].seen
    assert "currency='EUR'" in checks["Settings"].seen
    assert "run run-1 for 2026-11-22" in checks["Plan"].seen
    assert whole.objects.list("doctor/") == []


def test_an_empty_lake_says_what_to_import(tmp_path: Path) -> None:
    checks = found(Lake(tmp_path / "nothing" / "yet"))
    assert checks["Tables"].state == "fail"
    assert "no sales: there is nothing to forecast" in checks["Tables"].seen
    assert "shelfcast import" in checks["Tables"].fix
    assert (checks["Freshness"].state, checks["Plan"].state) == ("warn", "warn")
    assert checks["Plan"].fix == "shelfcast plan"


def test_a_damaged_file_is_named(whole: Lake, tmp_path: Path) -> None:
    (file,) = whole.current("products").files
    path = tmp_path / "lake" / file.key
    path.write_bytes(path.read_bytes()[:-9])
    check = found(whole)["Tables"]
    assert check.state == "fail"
    assert file.key in check.seen


def test_a_feed_that_lags_is_named(whole: Lake) -> None:
    _stock(whole, "2026-11-12")
    check = found(whole)["Freshness"]
    assert (check.state, check.fix) == ("warn", "import the latest stock: the plan would mix two states")


def test_old_data_are_worth_a_word(whole: Lake) -> None:
    check = found(whole, today=date(2026, 12, 24))["Freshness"]
    assert (check.state, check.fix) == ("warn", "import the latest sales and stock")
    assert "33 days ago" in check.seen


def test_newer_data_than_the_plan(whole: Lake) -> None:
    whole.replace("products", pd.DataFrame({"sku": ["007"], "name": ["Green tea"]}))
    check = found(whole)["Plan"]
    assert (check.state, check.fix) == ("warn", "shelfcast plan")
    assert "newer data: products" in check.seen


def test_a_setting_that_breaks_its_rule(whole: Lake) -> None:
    whole.replace("settings", pd.DataFrame({"name": ["period", "erp"], "value": ["weekly", "SAP"]}))
    checks = found(whole)
    assert checks["Settings"].state == "fail"
    assert "setting period is 'weekly'" in checks["Settings"].seen
    assert "erp" not in checks["Settings"].seen  # a lake may keep settings of its own


def test_all_settings_stated(whole: Lake) -> None:
    from engine.contracts import SETTING_DEFAULTS

    whole.replace("settings", pd.DataFrame(SETTING_DEFAULTS.items(), columns=["name", "value"]))
    assert found(whole)["Settings"].seen == "all stated"


def test_the_ledger_is_read(whole: Lake, tmp_path: Path) -> None:
    event = make_event("parameter.changed", at=AT, author="a", data={"name": "n", "new_value": "v"})
    append_events(whole, [event])
    append_events(whole, [replace(event, author="b")])
    check = found(whole)["Ledger"]
    assert (check.state, event.event_id in check.seen) == ("warn", True)
    (tmp_path / "lake" / whole.objects.list("ledger/")[0]).write_bytes(b"")
    check = found(whole)["Ledger"]
    assert check.state == "fail"
    assert "is not a batch of events" in check.seen


def test_messages_that_wait_and_ids_with_two_contents_are_named(whole: Lake) -> None:
    body = {"eventId": "e1", "eventType": "inventory.updated", "timestamp": "2026-11-22T07:00:00Z"}
    for number, quantity in enumerate((4, 5)):
        data = {"productId": "007", "location": "S1", "quantity": quantity}
        ingest(whole, "stock", [Record(str(number), json.dumps({**body, "data": data}))], received_at=AT)
    compact(whole)
    check = found(whole)["Messages"]
    assert (check.state, check.seen) == ("warn", "1 event ids with a second content, which is not used: e1")
    ingest(whole, "stock", [Record("2", "nonsense")], received_at=AT)
    check = found(whole)["Messages"]
    assert (check.state, check.seen) == ("warn", "1 messages could not be read")


def test_a_lake_that_cannot_be_reached_fails_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for uri in ("ftp://somewhere", str(tmp_path / "file" / "lake")):
        checks = storage_checks(uri, today=TODAY)
        assert worst(checks) == "fail"
        assert all(check.fix for check in checks if check.state == "fail")


@pytest.mark.parametrize(("free", "state"), [(0.1, "fail"), (1, "warn"), (9, "ok")])
def test_free_room(tmp_path: Path, free: float, state: str) -> None:
    usage = namedtuple("usage", "total used free")
    check = disk_check(f"file://{tmp_path}/not/yet", lambda folder: usage(0, 0, int(free * GIGABYTE)))
    assert check.state == state
    assert (str(tmp_path) in check.fix) == (state != "ok")
    assert disk_check("s3://bucket/lake").state == "ok"


def test_packages_are_compared_with_their_pins(tmp_path: Path) -> None:
    pins = tmp_path / "requirements.txt"
    assert packages_check(pins).state == "warn"
    numpy = version("numpy")
    pins.write_text(
        f"numpy=={numpy} ; python_version < '9'\n    # via x\nnumpy==99\nnot-here==1 ; sys_platform == 'x'\n"
    )
    assert packages_check(pins) == Check("Packages", "ok", "all 2 as pinned")
    pins.write_text("numpy==0.0.1\n")
    check = packages_check(pins)
    assert (check.state, check.seen) == ("warn", f"numpy {numpy} (pinned 0.0.1)")
    pins.write_text("numpy==0.0.1\nnot-here==1\n")
    check = packages_check(pins)
    assert (check.state, check.seen, check.fix) == ("fail", "missing: not-here", "run make install")


def test_the_kernel_cache(tmp_path: Path) -> None:
    assert kernel_cache_check({"NUMBA_CACHE_DIR": str(tmp_path)}).state == "ok"
    (tmp_path / "a file").touch()
    check = kernel_cache_check({"NUMBA_CACHE_DIR": str(tmp_path / "a file" / "kernels")})
    assert check.state == "warn"
    assert "NUMBA_CACHE_DIR" in check.fix


def test_a_machine_without_lightgbm_is_told_what_to_install() -> None:
    assert boosting_check(None).state == "ok"
    check = boosting_check("LightGBM cannot be loaded on this machine (libgomp.so.1)")
    assert check.state == "warn"
    assert "libgomp.so.1" in check.seen
    assert "the other models" in check.seen
    assert "libgomp1" in check.fix


def test_this_installation_can_run() -> None:
    python, packages, boosting, cache = environment_checks()
    assert python == Check("Python", "ok", f"{platform.python_implementation()} {platform.python_version()}")
    assert packages.state != "fail"
    assert boosting == boosting_check(available())
    assert cache.state == "ok"


def test_the_whole_diagnosis(whole: Lake) -> None:
    checks = diagnose(whole.uri, today=TODAY, deep=False)
    assert [check.name for check in checks] == [
        "Python",
        "Packages",
        "LightGBM",
        "Kernel cache",
        "Disk",
        "Lake",
        "Tables",
        "Freshness",
        "Settings",
        "Ledger",
        "Messages",
        "Plan",
    ]
    assert worst(checks) != "fail"
    assert worst([]) == "ok"
    assert worst([Check("a", "warn", ""), Check("b", "ok", "")]) == "warn"
