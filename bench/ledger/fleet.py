"""Processes that ingest and compact, the queue that feeds them, and who kills them."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, Queue

from data_lake.facts.layout import LANDING
from data_lake.objects import open_objects

WORKERS = 4
COMPACTORS = 2


class Fleet:
    """The processes, and the queue that feeds them."""

    def __init__(self, uri: str, batches: Sequence[Sequence[str]], *, kills: int, compacted: int) -> None:
        self.uri = uri
        self.objects = open_objects(uri)
        self.random = random.Random(5)
        self.kills = kills
        self.to_compact = compacted
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
            if self.killed < self.kills and self.acknowledged >= total * (self.killed + 1) / (self.kills + 2):
                self._kill()
            # every acknowledged batch was an object of landing; those that are gone are compacted
            self.compacted = self.acknowledged - len(self.objects.list(LANDING))
            time.sleep(self.random.uniform(0.001, 0.02))
        self.done.set()
        while any(thread.is_alive() for thread in helpers):  # one may start its process just now
            for number in range(WORKERS, WORKERS + COMPACTORS):
                self.living[number].terminate()
            helpers[0].join(0.05)
            helpers[-1].join(0.05)

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
            while self.waiting.qsize() < self.held_back and self.compacted < self.to_compact:
                time.sleep(0.01)  # the last events come while there is much to compact
            try:
                batch = self.waiting.get_nowait()
            except Empty:
                break
            if not self._acknowledges(process, batch):
                self.waiting.put(batch)
                _end(process)
                process = self._start(number, "ingest")
        _end(process)

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
            process = self._start(number, "compact")
            process.wait()
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """Let a process end, or take note that it was killed."""
    with suppress(BrokenPipeError):
        process.stdin.close()  # type: ignore[union-attr]
    process.wait()
    process.stdout.close()  # type: ignore[union-attr]
