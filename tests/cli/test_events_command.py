"""`shelfcast events`: what was stored, what was told before, what is poison, what followed."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import Result

from cli.devaws.processes import Child
from data_lake.lake import Lake
from data_lake.runs import latest_run, read_run_table
from jobs.event_text import records_of
from jobs.react import react

Shelfcast = Callable[..., Result]


def event(sku: str = "007", quantity: object = 5, **others: object) -> dict[str, object]:
    data = {"productId": sku, "location": "S1", "quantity": quantity, **others}
    return {"eventType": "inventory.updated", "timestamp": "2026-11-20T10:00:00Z", "data": data}


def test_a_lake_without_a_plan_keeps_what_it_is_told(shelfcast: Shelfcast) -> None:
    result = shelfcast("events", "send", json.dumps(event()))
    assert result.exit_code == 0, result.output
    assert "1 new fact stored\n" in result.output
    assert "Nothing to plan again." in result.output


def test_the_same_file_again_adds_nothing(shelfcast: Shelfcast, tmp_path: Path) -> None:
    lines = tmp_path / "facts.ndjson"
    moved = {"productId": "007", "location": "S1", "delta": -1}
    delta = {"eventType": "inventory.updated", "timestamp": "2026-11-20T11:00:00Z", "data": moved}
    lines.write_text("\n".join(map(json.dumps, [event(), delta, delta])))
    assert "3 new facts stored\n" in shelfcast("events", "send", lines, "--no-plan").output
    again = shelfcast("events", "send", lines, "--no-plan")
    assert "0 new facts stored, 3 duplicates (told before: nothing added)" in again.output


def test_poison_is_told_with_all_its_faults_and_does_not_block(shelfcast: Shelfcast, tmp_path: Path) -> None:
    lines = tmp_path / "facts.ndjson"
    bad = event(quantity="many", expiryDate="soon")
    lines.write_text("\n".join(map(json.dumps, [event(), bad])))
    result = shelfcast("events", "send", lines, "--no-plan")
    assert result.exit_code == 1
    assert "1 new fact stored" in result.output
    assert "data.quantity" in result.output
    assert "data.expiryDate" in result.output
    assert "it is kept, see shelfcast dlq" in result.output
    assert "laptop/" in shelfcast("dlq", "list").output


def test_a_refused_act_is_told_why(shelfcast: Shelfcast) -> None:
    act = {"eventType": "parameter.changed", "timestamp": "2026-11-20T10:00:00Z", "author": "ana"}
    act["data"] = {"name": "period", "newValue": "hourly"}  # type: ignore[assignment]
    result = shelfcast("events", "send", json.dumps(act), "--no-plan")
    assert result.exit_code == 1
    assert "refused: parameter.changed of ana: setting period is 'hourly'" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "give a FILE"),
        (("facts.json", "--sku", "007"), "give a FILE"),
        (("nowhere.json",), "cannot read nowhere.json: No such file"),
    ],
)
def test_what_is_asked_wrongly_is_said(shelfcast: Shelfcast, arguments: tuple[str, ...], words: str) -> None:
    result = shelfcast("events", "send", *arguments)
    assert result.exit_code != 0
    assert words in result.output + result.stderr


def test_text_that_is_not_utf8_is_said(shelfcast: Shelfcast, tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b'{"a": "\xff"}')
    result = shelfcast("events", "send", tmp_path / "odd")
    assert "is not UTF-8 text" in result.stderr


def test_the_tail_shows_facts_newest_last(shelfcast: Shelfcast) -> None:
    assert "Nothing was told yet." in shelfcast("events", "tail").output
    shelfcast("events", "send", json.dumps([event(), event("008")]), "--no-plan")
    output = shelfcast("events", "tail", "--sku", "008").output
    assert "008 at S1: = 5" in output
    assert "007" not in output
    assert "No such event." in shelfcast("events", "tail", "--types", "order.").output


def test_an_empty_shelf_is_planned_alerted_and_replayed_without_effect(
    shelfcast: Shelfcast, planned: str
) -> None:
    lake = Lake(planned)
    run = latest_run(lake)
    assert run is not None
    lines = read_run_table(lake, run, "plan_lines")
    line = lines[(lines["on_hand"] > 0) & lines["location"].str.startswith("S")].iloc[0]
    where = ("--sku", line["sku"], "--location", line["location"])
    result = shelfcast("events", "send", *where, "--quantity", 0)
    assert result.exit_code == 0, result.output + result.stderr
    assert "1 new fact stored" in result.output
    assert "Planned again: " in result.output
    assert " opened.\n- opened " in result.output
    assert "Same state." in shelfcast("events", "replay").output
    replayed = shelfcast(
        "events", "replay", "--through-ingest", "--to", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
    )
    assert "Same state; nothing was told again." in replayed.output, replayed.output
    assert replayed.exit_code == 0


def test_the_tail_follows_until_ctrl_c(address: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli.main", "events", "tail", "--follow", "--lake", address]
    root = str(Path(__file__).parent.parent.parent)
    following = Child("tail", command, folder=tmp_path, environment={"PYTHONPATH": root})
    try:
        for sku in ("007", "008"):
            react(Lake(address), records_of(json.dumps(event(sku))), at=datetime.now(UTC), plan=False)
            following.wait_until(lambda sku=sku: f"{sku} at S1: = 5" in following.log.read_text())  # type: ignore[misc]
        following.process.send_signal(signal.SIGINT)
        assert following.process.wait(30) == 0
    finally:
        following.kill()
    assert following.log.read_text().count(" at S1: = 5") == 2, "each event is listed once"
