"""Workers and compactions are killed with SIGKILL while events come: nothing lost, nothing twice.

Four ingesting processes take batches over a pipe and acknowledge them; a batch whose worker dies comes again,
as a queue would deliver it. Two processes compact without pause. In the end the ledger is compared, fact by
fact and line by line of stock, with what the senders sent.
"""

from __future__ import annotations

import random
import tempfile
import time
from argparse import Namespace

from bench.ledger.compare import compare
from bench.ledger.fleet import WORKERS, Fleet
from bench.report import Report
from data_lake.facts.compact import compact
from data_lake.facts.layout import LANDING
from data_lake.facts.quarantine import quarantined
from data_lake.lake import Lake
from jobs.dlq import letter_names

KILLS = 24
DUPLICATES = 0.1
POISON = 100
COMPACTED = 500
CONFLICTS = 50


def run(report: Report, options: Namespace) -> None:
    """Send, kill, compact, compare."""
    count, size = (20_000, 20) if options.quick else (100_000, 100)
    draw = random.Random(11)
    numbers = [f"event {number}" for number in range(count)]
    sent = [*numbers, *draw.sample(numbers, int(count * DUPLICATES))]
    sent += [f"poison {number}" for number in range(POISON)]
    sent += [f"other {number}" for number in range(CONFLICTS)]
    draw.shuffle(sent)
    batches = [sent[start : start + size] for start in range(0, len(sent), size)]
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder)
        fleet = Fleet(folder, batches, kills=KILLS, compacted=COMPACTED)
        start = time.perf_counter()
        fleet.run()
        seconds = time.perf_counter() - start
        left = len(lake.objects.list(LANDING))
        while compact(lake).landing:
            pass
        compare(report, "kill", lake, count, CONFLICTS)
        kept = {conflict.event_id for conflict in quarantined(lake)}
        letters = set(letter_names(lake))
    report.figure("kill.quarantined", len(kept), "ids", bar=CONFLICTS, better="higher")
    expected = {f"telemetry/poison-{number}" for number in range(POISON)}
    report.figure("kill.poison_missing", len(expected - letters), "messages", bar=0, poison=POISON)
    report.figure("kill.dead_letters_too_many", len(letters - expected), "messages", bar=0)
    report.figure("kill.kills", fleet.killed, "SIGKILL", bar=20, better="higher")
    report.figure(
        "kill.compacted_meanwhile",
        len(batches) - left,
        "landing objects",
        bar=COMPACTED,
        better="higher",
        batches=len(batches),
    )
    report.figure("kill.seconds", seconds, "s", events=count, batches=len(batches), workers=WORKERS)
