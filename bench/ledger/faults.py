"""SeaweedFS behind a line that loses 15 % of its answers and makes others up: 0 lost, 0 duplicated."""

from __future__ import annotations

import random
import threading
from argparse import Namespace
from collections.abc import Callable
from queue import Empty, Queue

from bench.ledger.bad_proxy import bad_proxy
from bench.ledger.compare import compare
from bench.ledger.kill_process import record
from bench.ledger.s3_server import s3_server
from bench.ledger.traffic import RECEIVED
from bench.report import Report
from data_lake import s3
from data_lake.errors import LakeUnavailable
from data_lake.facts.compact import compact
from data_lake.facts.read import read_facts
from data_lake.lake import Lake
from jobs.dlq import letter_names
from jobs.ingest import ingest

INGESTING = 4
COMPACTING = 2
POISON = 30
CONFLICTS = 20
PATIENCE_SECONDS = 2
QUEUE = "telemetry"


def run(report: Report, options: Namespace) -> None:
    """Ingest and compact over the bad line, then compare over a good one."""
    count, size = (6_000, 25) if options.quick else (40_000, 50)
    draw = random.Random(3)
    numbers = [f"event {number}" for number in range(count)]
    sent = [*numbers, *draw.sample(numbers, count // 10)]
    sent += [f"poison {number}" for number in range(POISON)] + [f"other {n}" for n in range(CONFLICTS)]
    draw.shuffle(sent)
    waiting: Queue[list[str]] = Queue()
    for start in range(0, len(sent), size):
        waiting.put(sent[start : start + size])
    # a time-out must not take the minute that a planner's download may take
    s3._CONFIG["read_timeout"] = PATIENCE_SECONDS
    with s3_server() as server, bad_proxy(server.endpoint, seed=9, hang_seconds=30) as proxy:
        uri = server.uri
        line = server.options | {"endpoint_url": proxy.endpoint}
        given_up = ingest_and_compact(uri, line, waiting)
        lake = Lake(uri, server.options)
        for name, happened in sorted(proxy.happened.items()):
            report.figure(f"faults.injected.{name.replace(' ', '_')}", happened, "requests")
        report.figure("faults.given_up", given_up, "batches and compactions")
        compare(report, "faults", lake, count, CONFLICTS)
        while compact(lake).landing:
            pass
        compare(report, "faults.compacted", lake, count, CONFLICTS)
        letters = {name.partition("/")[2] for name in letter_names(lake)}
        missing = {f"poison-{number}" for number in range(POISON)} ^ letters
        report.figure("faults.poison_missing_or_too_many", len(missing), "messages", bar=0, poison=POISON)


def ingest_and_compact(uri: str, line: dict[str, str], waiting: Queue[list[str]]) -> int:
    """Take all batches while others compact and read; return how often one of them was given up."""
    done = threading.Event()
    given_up = [0]

    def ingesting() -> None:
        lake = Lake(uri, line)
        while True:
            try:
                batch = waiting.get_nowait()
            except Empty:
                return
            try:
                ingest(lake, QUEUE, map(record, batch), received_at=RECEIVED)
            except LakeUnavailable:
                given_up[0] += 1
                waiting.put(batch)  # not acknowledged: the queue delivers it again

    def compacting() -> None:
        lake = Lake(uri, line)
        while not done.wait(0.2):
            try:
                compact(lake, most_objects=40)
            except LakeUnavailable:
                given_up[0] += 1

    def reading() -> None:
        lake = Lake(uri, line)
        while not done.wait(1):
            try:
                read_facts(lake)
            except LakeUnavailable:
                given_up[0] += 1

    _side_by_side([ingesting] * INGESTING, [compacting] * COMPACTING + [reading], done)
    return given_up[0]


def _side_by_side(
    works: list[Callable[[], None]], helpers: list[Callable[[], None]], done: threading.Event
) -> None:
    failed: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - raised again below
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    aside = [threading.Thread(target=guarded, args=(helper,)) for helper in helpers]
    for thread in threads + aside:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    for thread in aside:
        thread.join()
    if failed:
        raise failed[0]
