"""A process that is going to be killed: `python -m bench.ledger.kill_process ingest|compact LAKE`."""

from __future__ import annotations

import json
import sys
import time

from bench.ledger.traffic import RECEIVED, message, other_content, poison
from data_lake.facts.messages import Record
from data_lake.objects import open_objects
from jobs.ingest import ingest


def record(name: str) -> Record:
    """Return the message that a name like `event 17` means."""
    kind, number = name.split()
    if kind == "poison":
        return poison(int(number))
    if kind == "other":
        return Record(f"other-{number}", json.dumps(other_content(int(number))))
    return message(int(number))


def ingest_batches(uri: str) -> None:
    """Store each batch that comes in and say so, in this order."""
    objects = open_objects(uri)
    for line in sys.stdin:
        ingest(objects, "telemetry", map(record, json.loads(line)), received_at=RECEIVED)
        print("stored", flush=True)


def compact_always(uri: str) -> None:
    """Compact again and again until somebody ends this."""
    from data_lake.facts.compact import compact
    from data_lake.lake import Lake

    lake = Lake(uri)
    while True:
        compact(lake, most_objects=60)
        time.sleep(0.05)


if __name__ == "__main__":
    {"ingest": ingest_batches, "compact": compact_always}[sys.argv[1]](sys.argv[2])
