"""Workers and compactions are killed with SIGKILL while events come: nothing lost, nothing twice.

Four ingesting processes take batches over a pipe and acknowledge them; a batch whose worker dies comes again,
as a queue would deliver it. Two processes compact without pause. In the end the ledger is compared, fact by
fact and line by line of stock, with what the senders sent.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from argparse import Namespace
from collections.abc import Sequence
from queue import Empty, Queue

import polars as pl

from bench.ledger import oracle
from bench.ledger.traffic import event, other_content
from bench.report import Report
from data_lake.facts.compact import compact
from data_lake.facts.fold import fold_stock
from data_lake.facts.layout import LANDING
from data_lake.facts.quarantine import quarantined
from data_lake.facts.read import read_facts
from data_lake.facts.rows import to_facts
from data_lake.lake import Lake
from data_lake.objects import open_objects
from jobs.dlq import letter_names

WORKERS = 4
COMPACTORS = 2
KILLS = 24
DUPLICATES = 0.1
POISON = 100
COMPACTED = 500
CONFLICTS = 50


class Fleet:
    """The processes, and the queue that feeds them."""

    def __init__(self, uri: str, batches: Sequence[Sequence[str]], seed: int) -> None:
        self.uri = uri
        self.objects = open_objects(uri)
        self.random = random.Random(seed)
        self.waiting: Queue[Sequence[str]] = Queue()
        for batch in batches:
            self.waiting.put(batch)
        self.acknowledged = 0
        self.killed = 0
        self.compacted = 0
        self.lock = threading.Lock()
        self.living: dict[int, subprocess.Popen[str]] = {}
        self.done = threading.Event()
        self.held_back = len(batches) // 5

    def run(self) -> None:
        """Feed workers until every batch is acknowledged; kill somebody at even steps of progress."""
        total = self.waiting.qsize()
        threads = [threading.Thread(target=self._feed, args=(number,)) for number in range(WORKERS)]
        helpers = [threading.Thread(target=self._compact, args=(WORKERS + n,)) for n in range(COMPACTORS)]
        for thread in threads + helpers:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            if self.killed < KILLS and self.acknowledged >= total * (self.killed + 1) / (KILLS + 2):
                self._kill()
            # every acknowledged batch was an object of landing; those that are gone are compacted
            self.compacted = self.acknowledged - len(self.objects.list(LANDING))
            time.sleep(self.random.uniform(0.001, 0.02))
        self.done.set()
        for process in list(self.living.values()):
            process.stdin.close()  # type: ignore[union-attr]
        for thread in helpers:
            thread.join()

    def _kill(self) -> None:
        chosen = self.random.randrange(WORKERS * 3 + COMPACTORS)  # one in seven compacts
        victim = self.living.get(chosen % WORKERS if chosen < WORKERS * 3 else chosen - WORKERS * 2)
        if victim is not None and victim.poll() is None:
            os.kill(victim.pid, signal.SIGKILL)
            self.killed += 1

    def _start(self, number: int, role: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.ledger.kill_process", role, self.uri],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.living[number] = process
        return process

    def _feed(self, number: int) -> None:
        process = self._start(number, "ingest")
        while True:
            while self.waiting.qsize() < self.held_back and self.compacted < COMPACTED:
                time.sleep(0.01)  # the last events come while there is much to compact
            try:
                batch = self.waiting.get_nowait()
            except Empty:
                break
            if not self._acknowledges(process, batch):
                self.waiting.put(batch)
                process.wait()
                process = self._start(number, "ingest")
        process.stdin.close()  # type: ignore[union-attr]
        process.wait()

    def _acknowledges(self, process: subprocess.Popen[str], batch: Sequence[str]) -> bool:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(batch) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            return False
        if process.stdout.readline() != "stored\n":
            return False
        with self.lock:
            self.acknowledged += 1
        return True

    def _compact(self, number: int) -> None:
        while not self.done.is_set():
            self._start(number, "compact").wait()


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
        fleet = Fleet(folder, batches, 5)
        start = time.perf_counter()
        fleet.run()
        seconds = time.perf_counter() - start
        left = len(lake.objects.list(LANDING))
        while compact(lake).landing:
            pass
        _compare(report, lake, count)
        letters = set(letter_names(lake))
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


def _compare(report: Report, lake: Lake, count: int) -> None:
    told = [oracle.fact_of(event(number)) for number in range(count)]
    told += [oracle.fact_of(other_content(number)) for number in range(CONFLICTS)]
    expected = oracle.winners(told)
    read = read_facts(lake)
    seen = to_facts(read.frame)
    report.figure("kill.lost", len(set(expected) - set(seen)), "facts", bar=0, facts=len(expected))
    report.figure("kill.too_many", len(seen) - len(set(seen) & set(expected)), "facts", bar=0)
    report.figure("kill.out_of_order", int(seen != expected), "reads", bar=0)
    refused = {fact for conflict in quarantined(lake) for fact in conflict.refused}
    wrong = refused ^ (set(told) - set(expected))
    report.figure("kill.quarantine_wrong", len(wrong), "facts", bar=0, conflicts=len(refused))
    by_hand = oracle.stock(expected)
    folded = fold_stock(read.frame).group_by("sku", "location").agg(pl.col("on_hand").sum())
    state = {(sku, location): on_hand for sku, location, on_hand in folded.iter_rows()}
    differ = [key for key in by_hand.keys() | state.keys() if by_hand.get(key, 0.0) != state.get(key, 0.0)]
    report.figure("kill.stock_differs", len(differ), "lines", bar=0, lines=len(by_hand), first=differ[:3])
