"""One simulated world: senders, two ingesters, compactions, readers; checked while it runs and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from bench.ledger.simulation.lines import LineRows
from bench.ledger.simulation.mail import RECEIVED, Message, write
from bench.ledger.simulation.protocol import Protocol
from bench.ledger.simulation.scheduler import Crash, Scheduler
from bench.ledger.simulation.store import NO_FAULTS, Bucket, Faults, SimulatedObjects
from data_lake.errors import LakeUnavailable

_MISTAKES = (NameError, AttributeError, TypeError, ImportError)
_INGESTING = Faults(crash=0.03, lost=0.05, mistaken=0.02)
_COMPACTING = Faults(crash=0.02, lost=0.02, mistaken=0.02)


@dataclass
class Outcome:
    """What went wrong in a world (nothing should), and what happened in it."""

    faults: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)


class World:
    """Everything of one seed."""

    def __init__(self, seed: int, protocol: Protocol, rows: Any = None) -> None:
        self.random = Random(seed)
        self.protocol = protocol
        self.rows = LineRows() if rows is None else rows
        self.scheduler = Scheduler(self.random)
        self.bucket = Bucket()
        self.outcome = Outcome(happened=self.bucket.happened)
        # few partitions and many at work: they meet; many partitions: crashes find half-done work
        crowded = seed % 4 == 0
        self.products, days = (1, 1) if crowded else (self.random.randint(1, 3), self.random.randint(1, 2))
        self.compactions = 4 if crowded else self.random.randint(2, 3)
        self.page = 1 if crowded else self.random.choice((1, 2, 3, 1000))
        self.readers = 3 if crowded else 1
        self.queue = write(self.random, self.products, days)
        lines = protocol.landing.to_line
        self.told = {message: {lines(fact) for fact in message.facts} for message in self.queue}
        self.expected = set().union(*self.told.values())
        self.acknowledged: set[bytes] = set()
        self.named: set[str] = set()
        self.poison = {message.body for message in self.queue if not message.facts}

    def run(self) -> Outcome:
        """Run all processes to their end, then check what is left."""
        for process in self.processes():
            self.scheduler.spawn(self._guarded(process))
        self.scheduler.run()
        self._guarded(self._check)()
        self.bucket.happened["step"] += self.scheduler.steps
        return self.outcome

    def processes(self) -> list[Callable[[], None]]:
        """Return what runs at once."""
        ingesters, compactions = [self._ingest] * 2, [self._compact] * self.compactions
        return [*ingesters, *compactions, *([self._read] * self.readers), self._read_bucket]

    def objects(self, faults: Faults = NO_FAULTS) -> SimulatedObjects:
        """Return the bucket as a new process sees it."""
        return SimulatedObjects(self.bucket, self.scheduler, faults)

    def fault(self, text: str) -> None:
        """Note what must not be."""
        self.outcome.faults.append(text)

    def _guarded(self, work: Callable[[], None]) -> Callable[[], None]:
        def guarded() -> None:
            try:
                work()
            except _MISTAKES:
                raise  # a variant that does not run proves nothing
            except Exception as error:  # noqa: BLE001 - whatever escapes is a fault of the code under test
                self.fault(f"{work.__name__}: {error!r}")

        return guarded

    def _ingest(self) -> None:
        objects = self.objects(replace(_INGESTING, page=self.page))
        record = self.protocol.ingest.Record
        while self.queue:
            taken = [
                self.queue.pop(self.random.randrange(len(self.queue)))
                for _ in range(min(len(self.queue), self.random.randint(1, 4)))
            ]
            records = [record(message.message_id, message.body) for message in taken]
            try:
                done = self.protocol.ingest.ingest_facts(objects, records, received_at=RECEIVED)
            except (Crash, LakeUnavailable):
                self.queue += taken  # not acknowledged, so the queue delivers them again
                continue
            self.named |= {poison.body for poison in done.poison}
            self._acknowledge(taken, {poison.body for poison in done.poison})

    def _acknowledge(self, taken: list[Message], poison: set[str]) -> None:
        for message in taken:
            if message.facts and message.body in poison:
                self.fault(f"taken for poison: {message.body}")
            self.acknowledged |= self.told[message]

    def _compact(self) -> None:
        objects = self.objects(replace(_COMPACTING, page=self.page))
        for _ in range(4):
            try:
                self.protocol.compact.compact_objects(objects, self.rows, self.random.randint(1, 4), 1)
            except (Crash, LakeUnavailable):
                self.bucket.happened["compaction died"] += 1

    def _lines(self, wanted: Callable[[str], bool] | None = None) -> list[bytes]:
        objects = self.objects(Faults(page=self.page))
        held = self.protocol.listing.view(objects, self.rows, wanted=wanted, workers=1)
        self.bucket.happened["read"] += 1
        return self._of(self.rows.union(list(held.values())))

    def _of(self, rows: Any) -> list[bytes]:
        if isinstance(rows, frozenset):
            return list(rows)
        return [self.protocol.landing.to_line(fact) for fact in self.protocol.rows.to_facts(rows)]

    def _read(self) -> None:
        for _ in range(3):
            due = set(self.acknowledged)
            self._compare("a reader", self._lines(), due)

    def _read_bucket(self) -> None:
        layout, from_line = self.protocol.layout, self.protocol.landing.from_line
        for _ in range(3):
            bucket = layout.bucket_of(f"p{self.random.randrange(self.products)}")
            due = {line for line in self.acknowledged if layout.bucket_of(from_line(line).sku) == bucket}
            lines = self._lines(lambda key, bucket=bucket: layout.bucket_in(key) == bucket)  # type: ignore[misc]
            self._compare(f"a reader of bucket {bucket}", lines, due)

    def _compare(self, who: str, lines: list[bytes], due: set[bytes]) -> None:
        seen = set(lines)
        if due - seen:
            self.fault(f"{who} missed {sorted(due - seen)[0].decode()}")
        if seen - self.expected:
            self.fault(f"{who} saw what nobody told: {sorted(seen - self.expected)[0].decode()}")
        if len(lines) != len(seen):
            self.fault(f"{who} saw a fact twice")

    def _check(self) -> None:
        self._compare("the last reader before compaction", self._lines(), self.expected)
        if self.named != self.poison:
            self.fault(f"poison named {sorted(self.named)}, sent {sorted(self.poison)}")
        objects, layout = self.objects(), self.protocol.layout
        while self.protocol.compact.compact_objects(objects, self.rows, 1000, 1).written:
            pass
        self._compare("the last reader", self._lines(), self.expected)
        if objects.list(layout.LANDING):
            self.fault("landing is not empty after compaction")
        parts = objects.list(layout.PARTS)
        held = self.protocol.listing.read_objects(objects, self.rows, parts, 1)
        stored = [line for rows in held.values() for line in self._of(rows)]
        if len(stored) != len(self.expected):
            self.fault(f"{len(stored)} facts are stored after compaction, {len(self.expected)} were told")
        self._check_winners(objects)

    def _check_winners(self, objects: SimulatedObjects) -> None:
        facts = [self.protocol.landing.from_line(line) for line in self.expected]
        to_line = self.protocol.landing.to_line
        contents: dict[str, list[tuple[Any, bytes]]] = {}
        for fact in facts:
            contents.setdefault(fact.event_id, []).append((fact.order, to_line(fact)))
        expected = {
            event_id: [line for _, line in sorted(several)]
            for event_id, several in contents.items()
            if len(several) > 1
        }
        conflicts_of, quarantine = self.protocol.settle.conflicts_of, self.protocol.quarantine
        for where, found in (
            ("reading all", conflicts_of(facts)),
            ("quarantine", conflicts_of(quarantine.quarantined_facts(objects, 1))),
        ):
            seen = {c.event_id: [to_line(fact) for fact in (c.kept, *c.refused)] for c in found}
            if seen != expected:
                self.fault(f"{where} says of ids with several contents {seen}, expected {expected}")
        self.bucket.happened["conflict"] += len(expected)
