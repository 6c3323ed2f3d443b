"""Real processes killed with SIGKILL, and a real line that loses answers: nothing lost, nothing twice."""

from __future__ import annotations

from pathlib import Path
from queue import Queue
from threading import Event, Thread
from typing import Any

import pytest

from bench.ledger import oracle
from bench.ledger.bad_proxy import bad_proxy
from bench.ledger.faults import ingest_and_compact
from bench.ledger.fleet import Fleet
from bench.ledger.traffic import event, other_content
from data_lake import s3
from data_lake.facts.compact import compact
from data_lake.facts.layout import LANDING
from data_lake.facts.quarantine import quarantined
from data_lake.facts.read import read_facts
from data_lake.facts.rows import to_facts
from data_lake.lake import Lake
from data_lake.local import LocalObjects
from jobs.dlq import letter_names

EVENTS, OTHERS, POISON = 400, 4, 6
SENT = [f"event {number}" for number in (*range(EVENTS), *range(0, EVENTS, 10))]
SENT += [f"other {number}" for number in range(OTHERS)] + [f"poison {number}" for number in range(POISON)]
BATCHES = [SENT[start::40] for start in range(40)]


def check(lake: Lake) -> None:
    told = [oracle.fact_of(event(number)) for number in range(EVENTS)]
    told += [oracle.fact_of(other_content(number)) for number in range(OTHERS)]
    expected = oracle.winners(told)
    for _ in range(2):
        assert to_facts(read_facts(lake).frame) == expected
        compact(lake)
    assert lake.objects.list(LANDING) == []
    assert len(quarantined(lake)) == OTHERS
    assert set(letter_names(lake)) == {f"telemetry/poison-{number}" for number in range(POISON)}


def test_workers_and_compactions_are_killed(tmp_path: Path) -> None:
    fleet = Fleet(str(tmp_path), BATCHES, kills=5, compacted=10)
    fleet.run()
    assert fleet.killed == 5
    assert fleet.acknowledged == len(BATCHES)
    check(Lake(tmp_path))


@pytest.mark.s3
@pytest.mark.xdist_group("s3")
def test_answers_get_lost_and_are_made_up(s3_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(s3._CONFIG, "read_timeout", 1)
    waiting: Queue[list[str]] = Queue()
    for batch in BATCHES:
        waiting.put(batch)
    uri = s3_server.fresh_uri()
    with bad_proxy(s3_server.endpoint, seed=4, hang_seconds=30) as proxy:
        ingest_and_compact(uri, s3_server.options | {"endpoint_url": proxy.endpoint}, waiting)
    assert proxy.happened["lost answer"] > 5
    check(Lake(uri, s3_server.options))


def test_a_listing_on_disk_sees_an_object_or_its_successor(tmp_path: Path) -> None:
    """Without excluding deletions one listing in sixty of so large a folder saw neither."""
    objects = LocalObjects(tmp_path)
    objects.put_new("ledger/g000000", b"")
    for filler in range(4_000):  # so that the system lists the folder in parts
        (tmp_path / f"ledger/f{filler:04d}").touch()
    done = Event()

    def replace() -> None:
        for number in range(250):
            objects.put_new(f"ledger/g{number + 1:06d}", b"")
            objects.delete([f"ledger/g{number:06d}"])
        done.set()

    replacing = Thread(target=replace)
    replacing.start()
    missed = 0
    while not done.is_set():
        missed += not objects.list("ledger/g")
    replacing.join()
    assert missed == 0
    assert objects.list("ledger/g") == ["ledger/g000250"]
    objects.delete(key for key in objects.list("ledger/"))  # its own listing must not wait for it
    assert objects.list("") == []
