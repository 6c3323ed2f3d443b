"""Nothing is lost in any interleaving, and broken code is noticed: see `bench.ledger.simulation`."""

from __future__ import annotations

from argparse import Namespace

from bench.ledger.simulation.run import catch, simulate
from bench.ledger.simulation.variants import VARIANTS
from bench.report import Report, cpu_seconds

SEEDS = 100_000
QUICK = 4_000
FRAMES = 300
"""Seeds that are run on Parquet too, and as many with stock read from checkpoints."""
WITHIN = {"lines": 4_000, "frames": 300, "stock": 100}
"""A broken variant must be caught within this many seeds."""


def run(report: Report, options: Namespace) -> None:
    """Simulate the shipped code, then every broken variant."""
    count = QUICK if options.quick else SEEDS
    before = cpu_seconds()
    failures, happened = simulate(range(count))
    spent = cpu_seconds() - before
    for failure in failures[:5]:
        report.figure("simulate.failed_seed", failure.seed, "seed", faults=failure.faults[:3])
    report.figure(
        "simulate.failures", len(failures), "seeds", bar=0, seeds=count, cpu_s=spent, happened=dict(happened)
    )
    fewer = FRAMES // 10 if options.quick else FRAMES
    failures, happened = simulate(range(fewer), "frames")
    report.figure("simulate.failures_on_parquet", len(failures), "seeds", bar=0, seeds=fewer)
    failures, happened = simulate(range(fewer), "stock")
    report.figure("simulate.failures_of_checkpoints", len(failures), "seeds", bar=0, happened=dict(happened))
    survived = []
    for broken in VARIANTS:
        failure = catch(broken, range(WITHIN[broken.world]))
        if failure is None:
            survived.append(broken.name)
        else:
            report.figure(
                "simulate.caught", failure.seed, "seed", variant=broken.name, fault=failure.faults[0]
            )
    report.figure(
        "simulate.survivors", len(survived), "variants", bar=0, variants=len(VARIANTS), survived=survived
    )
