"""How many events a second one process takes: messages in, durable object out, then acknowledged.

Wall clock of the best tenth of batches; median, mean and CPU time stand beside it.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from argparse import Namespace

from bench.ledger.s3_server import s3_server
from bench.ledger.traffic import RECEIVED, message
from bench.report import Report, calibration_seconds, cpu_seconds
from data_lake.facts.ingest import ingest_facts
from data_lake.facts.messages import Record
from data_lake.objects import Objects, open_objects

BARS = {"disk": 50_000, "http": 20_000}
"""Events a second at batches of 1,000; `disk` syncs file and folder, `http` is SeaweedFS on this machine."""
SIZES = (10, 1_000, 10_000)


def measure(report: Report, where: str, objects: Objects, messages: list[Record]) -> None:
    """Ingest messages in batches of each size, at most 300; every round into an empty ledger."""
    for size in SIZES:
        batches = [messages[start : start + size] for start in range(0, len(messages), size)][
            : 200_000 // size
        ]
        batches = batches[:300]
        walls = []
        gc.collect()
        before = cpu_seconds()
        for batch in batches:
            start = time.perf_counter()
            done = ingest_facts(objects, batch, received_at=RECEIVED)
            walls.append(time.perf_counter() - start)
            assert done.stored == len(batch)
            assert not done.poison
        events = sum(map(len, batches))
        report.figure(
            f"throughput.{where}.batch_{size}",
            size / sorted(walls)[len(walls) // 10],  # what else runs on the machine slows most of the others
            "events/s",
            bar=BARS[where] if size == 1_000 else None,
            better="higher",
            events=events,
            median_events_per_s=size / statistics.median(walls),
            mean_events_per_s=events / sum(walls),
            cpu_us_per_event=(cpu_seconds() - before) / events * 1e6,
        )
        if size == 1_000:
            _put_alone(report, where, objects)
        objects.delete(objects.list("ledger/"))


def _put_alone(report: Report, where: str, objects: Objects) -> None:
    """Measure what of a batch is the storage's own: the same objects put once more, under other names."""
    walls = []
    for number, key in enumerate(objects.list("ledger/")[:50]):
        body = objects.get(key)
        start = time.perf_counter()
        objects.put_new(f"ledger/again/{number}", body)
        walls.append((time.perf_counter() - start) * 1e3)
    walls.sort()
    median = statistics.median(walls)
    report.figure(f"throughput.{where}.put_alone", walls[len(walls) // 10], "ms", median_ms=median)


def run(report: Report, options: Namespace) -> None:
    """Measure on a disk and over HTTP."""
    messages = [message(number) for number in range(30_000 if options.quick else 200_000)]
    with tempfile.TemporaryDirectory() as folder:
        objects = open_objects(folder)
        ingest_facts(objects, messages[:10], received_at=RECEIVED)
        measure(report, "disk", objects, messages)
    with s3_server() as server:
        objects = open_objects(server.uri, server.options)
        ingest_facts(objects, messages[:10], received_at=RECEIVED)
        measure(report, "http", objects, messages)
    report.figure("throughput.calibration", calibration_seconds(), "s CPU")
