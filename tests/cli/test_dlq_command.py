"""`shelfcast dlq` and `shelfcast incoming`, as a person runs them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data_lake.facts.ingest import ingest_facts
from data_lake.facts.messages import Record
from data_lake.facts.read import read_facts
from data_lake.lake import Lake
from jobs.dlq import keep_poison
from jobs.incoming_watch import Watch

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
EVENT = {"eventType": "inventory.updated", "timestamp": "2026-11-23T08:00:00Z"}
DATA = {"productId": "007", "location": "S1", "quantity": "many"}


@pytest.fixture
def letter(address: str) -> str:
    lake = Lake(address)
    body = json.dumps(EVENT | {"data": DATA})
    [poison] = ingest_facts(lake, [Record("m-1", body)], received_at=AT).poison
    return keep_poison(lake, "telemetry", poison, poison, at=AT)


def test_list_show_repair_replay(shelfcast, address: str, letter: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    listed = shelfcast("dlq", "list", "--lake", address)
    assert letter in listed.stdout
    assert "breaks its schema" in listed.stdout
    assert '"quantity": "many"' in shelfcast("dlq", "show", letter, "--lake", address).stdout
    alone = shelfcast("dlq", "show", letter, "--body", "--lake", address).stdout
    assert json.loads(alone)["data"] == DATA
    refused = shelfcast("dlq", "replay", "--all", "--lake", address)
    assert refused.exit_code == 1
    assert "they stay" in refused.stderr
    better = tmp_path / "better.json"
    better.write_text(json.dumps(EVENT | {"data": DATA | {"quantity": 5}}))
    done = shelfcast(
        *("dlq", "repair", letter, "--from", str(better), "--reason", "five, by phone", "--replay"),
        *("--lake", address, "--author", "ana"),
    )
    assert done.exit_code == 0, done.output
    assert "1 read, 1 product-locations changed" in done.stdout
    assert read_facts(Lake(address)).frame["quantity"].to_list() == [5.0]
    assert "No message waits" in shelfcast("dlq", "list", "--lake", address).stdout
    assert letter in shelfcast("dlq", "list", "--closed", "--lake", address).stdout
    shown = shelfcast("dlq", "show", letter, "--lake", address).stdout
    assert "repaired by ana: five, by phone" in shown
    assert "replayed, accepted by ana" in shown
    assert "As it came:" in shown
    assert "No message waits" in shelfcast("dlq", "replay", "--all", "--lake", address).stdout


def test_discard_needs_a_reason_and_names(shelfcast, address: str, letter: str) -> None:  # type: ignore[no-untyped-def]
    assert shelfcast("dlq", "discard", letter, "--lake", address).exit_code == 2
    both = shelfcast("dlq", "discard", letter, "--all", "--reason", "test", "--lake", address)
    assert both.exit_code == 2
    done = shelfcast("dlq", "discard", "--all", "--reason", "a test", "--lake", address)
    assert "1 discarded" in done.stdout
    wrong = shelfcast("dlq", "show", "telemetry/none", "--lake", address)
    assert wrong.exit_code == 1
    assert "no dead letter" in wrong.stderr
    wrong = shelfcast("dlq", "list", "--sqs", "telemetry", "--lake", address)
    assert wrong.exit_code == 2


def test_a_repair_that_cannot_be_read_is_refused(
    shelfcast, address: str, letter: str, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "worse.json").write_text("{")
    wrong = shelfcast(
        *("dlq", "repair", letter, "--from", str(tmp_path / "worse.json"), "--reason", "x"),
        *("--lake", address),
    )
    assert wrong.exit_code == 1
    assert "cannot be read either" in wrong.stderr
    missing = shelfcast("dlq", "repair", letter, "--from", "none.json", "--reason", "x", "--lake", address)
    assert missing.exit_code == 1
    assert "cannot read none.json" in missing.stderr


def test_incoming_files_are_imported_or_reported(shelfcast, address: str) -> None:  # type: ignore[no-untyped-def]
    assert "Nothing waits" in shelfcast("incoming", "--lake", address).stdout
    folder = Path(address) / "incoming" / "sales"
    folder.mkdir(parents=True)
    (folder / "good.csv").write_text("date,sku,store,units\n2026-11-20,007,A,3\n")
    (folder / "bad.csv").write_text("date,sku\n2026-11-20,007\n")
    done = shelfcast("incoming", "--lake", address)
    assert done.exit_code == 1
    assert "incoming/sales/good.csv: 1 rows loaded into settings, sales; moved to" in done.stdout
    assert "incoming/sales/bad.csv: not loaded" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == [
        "bad.csv",
        "bad.csv.errors.csv",
        "bad.csv.errors.txt",
    ]


def test_a_watched_file_is_taken_once_it_is_whole_and_refused_once(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    watch = Watch(lake)
    file = tmp_path / "lake" / "incoming" / "sales" / "a.csv"
    file.parent.mkdir(parents=True)
    file.write_text("date,sku,store,units\n")
    assert watch.look(AT) == []
    with file.open("a") as more:
        more.write("2026-11-20,007,A,three\n")
    assert watch.look(AT) == []  # it grew
    assert [one.outcome for one in watch.look(AT)] == ["refused"]
    assert watch.look(AT) == []  # told once
    file.write_text("date,sku,store,units\n2026-11-20,007,A,3\n")
    assert watch.look(AT) == []
    assert [one.outcome for one in watch.look(AT)] == ["imported"]
    assert watch.look(AT) == []
