"""Run worlds, whole or broken, over ranges of seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bench.ledger.simulation.protocol import Broken, Protocol, load
from bench.ledger.simulation.stock import StockWorld
from bench.ledger.simulation.world import World


@dataclass(frozen=True)
class Failure:
    """A seed whose world went wrong; the same seed goes wrong the same way again."""

    seed: int
    faults: tuple[str, ...]


Kind = Literal["lines", "frames", "stock"]
"""Sets of lines (quick); Parquet and frames, as the lake does; these and stock read from checkpoints."""


def world(kind: Kind, seed: int, protocol: Protocol) -> World:
    """Return the world of a seed."""
    if kind == "stock":
        return StockWorld(seed, protocol)
    return World(seed, protocol, protocol.rows.FRAMES if kind == "frames" else None)


def simulate(seeds: Iterable[int], kind: Kind = "lines") -> tuple[list[Failure], Counter[str]]:
    """Run the shipped code, one world a seed; return what went wrong, and what happened."""
    protocol = load()
    failures: list[Failure] = []
    happened: Counter[str] = Counter()
    for seed in seeds:
        outcome = world(kind, seed, protocol).run()
        happened.update(outcome.happened)
        if outcome.faults:
            failures.append(Failure(seed, tuple(outcome.faults)))
    return failures, happened


def catch(broken: Broken, seeds: Iterable[int]) -> Failure | None:
    """Run broken code until a world goes wrong; None: nobody noticed."""
    protocol = load(broken)
    for seed in seeds:
        outcome = world(broken.world, seed, protocol).run()
        if outcome.faults:
            return Failure(seed, tuple(outcome.faults))
    return None
