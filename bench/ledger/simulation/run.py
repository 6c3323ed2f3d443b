"""Run worlds, whole or broken, over ranges of seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bench.ledger.simulation.protocol import Broken, load
from bench.ledger.simulation.world import World


@dataclass(frozen=True)
class Failure:
    """A seed whose world went wrong; the same seed goes wrong the same way again."""

    seed: int
    faults: tuple[str, ...]


def simulate(seeds: Iterable[int], *, frames: bool = False) -> tuple[list[Failure], Counter[str]]:
    """Run the shipped code; return what went wrong, and what happened.

    Parameters
    ----------
    seeds
        One world each.
    frames
        Use Parquet and frames, as the lake does (slower), instead of sets of lines.
    """
    protocol = load()
    failures: list[Failure] = []
    happened: Counter[str] = Counter()
    for seed in seeds:
        outcome = World(seed, protocol, protocol.rows.FRAMES if frames else None).run()
        happened.update(outcome.happened)
        if outcome.faults:
            failures.append(Failure(seed, tuple(outcome.faults)))
    return failures, happened


def catch(broken: Broken, seeds: Iterable[int]) -> Failure | None:
    """Run broken code until a world goes wrong; None: nobody noticed."""
    protocol = load(broken)
    for seed in seeds:
        outcome = World(seed, protocol, protocol.rows.FRAMES if broken.frames else None).run()
        if outcome.faults:
            return Failure(seed, tuple(outcome.faults))
    return None
