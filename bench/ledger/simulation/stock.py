"""A world in which stock is read from checkpoints, and checkpoints die anywhere like all else."""

from __future__ import annotations

from typing import Any

from bench.ledger import oracle
from bench.ledger.simulation.mail import RECEIVED
from bench.ledger.simulation.protocol import Protocol
from bench.ledger.simulation.scheduler import Crash
from bench.ledger.simulation.store import NO_FAULTS, Faults
from bench.ledger.simulation.world import World
from data_lake.errors import LakeUnavailable
from data_lake.lake import Lake

_FAULTS = Faults(crash=0.01, lost=0.01, mistaken=0.01)


class StockWorld(World):
    """Everything of one seed, on Parquet, with two makers of checkpoints and a reader of stock."""

    def __init__(self, seed: int, protocol: Protocol) -> None:
        super().__init__(seed, protocol, protocol.rows.FRAMES)
        self.late = [self.queue.pop() for _ in range(len(self.queue) // 3)]

    def processes(self) -> list[Any]:
        """Return what runs at once."""
        return [*super().processes(), self._checkpoint, self._checkpoint, self._read_stock]

    def lake(self, faults: Faults = NO_FAULTS) -> Lake:
        """Return the lake as a new process sees it; it has no table, only facts."""
        return Lake("simulated", objects=self.objects(faults))

    def _checkpoint(self) -> None:
        for _ in range(4):
            try:
                self.protocol.checkpoint_known.checkpoint_now(self.lake(_FAULTS))
                self.bucket.happened["checkpoint"] += 1
            except (Crash, LakeUnavailable):
                self.bucket.happened["checkpoint died"] += 1

    def _read_stock(self) -> None:
        for _ in range(3):
            self._stock()

    def _stock(self) -> dict[tuple[str, str], float]:
        frame = self.protocol.checkpoint.stock_now(self.lake())
        if frame.empty:
            return {}
        totals = frame.groupby(["sku", "location"])["on_hand"].sum()
        return {key: float(on_hand) for key, on_hand in totals.items()}

    def _take_late_messages(self) -> None:
        """Let in what was held back, behind a checkpoint of all the rest."""
        self.protocol.checkpoint_known.checkpoint_now(self.lake())
        ingest = self.protocol.ingest
        records = [ingest.Record(message.message_id, message.body) for message in self.late]
        done = ingest.ingest_facts(self.objects(), records, received_at=RECEIVED)
        self.named |= {poison.body for poison in done.poison}

    def _check(self) -> None:
        self._take_late_messages()
        told = [self.protocol.landing.from_line(line) for line in self.expected]
        by_hand = oracle.stock(oracle.winners(told))
        for when in ("behind a checkpoint", "from a new checkpoint", "after compaction"):
            if when == "from a new checkpoint":
                self.protocol.checkpoint_known.checkpoint_now(self.lake())
            if when == "after compaction":
                super()._check()
            stock = self._stock()
            differ = {k for k in by_hand.keys() | stock.keys() if by_hand.get(k, 0.0) != stock.get(k, 0.0)}
            if differ:
                self.fault(f"stock {when} is {stock}, by hand {by_hand}")
