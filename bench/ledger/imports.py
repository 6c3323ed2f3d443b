"""The cold import of `inventory_processor` above what every function imports, each in a new process."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

from bench.report import Report

BAR_SECONDS = 0.3
RUNS = 9
QUICK_RUNS = 3

_PROGRAM = """
import json, sys, time
begin = time.process_time()
import boto3, aws_lambda_powertools
base = time.process_time()
import lambdas.inventory_processor.handler
end = time.process_time()
heavy = [name for name in ("pandas", "pyarrow", "numpy", "polars") if name in sys.modules]
print(json.dumps([base - begin, end - base, heavy]))
"""


def run(report: Report, options: argparse.Namespace) -> None:
    """Measure the CPU of both imports in one process, several times, and take the median."""
    measured = [_measure() for _ in range(QUICK_RUNS if options.quick else RUNS)]
    base = statistics.median(one[0] for one in measured)
    above = statistics.median(one[1] for one in measured)
    report.figure(
        "imports.inventory_processor_above_base",
        round(above, 3),
        "s CPU",
        bar=BAR_SECONDS,
        base="import boto3, aws_lambda_powertools",
        base_seconds=round(base, 3),
        slowest=round(max(one[1] for one in measured), 3),
        processes=len(measured),
    )
    report.figure("imports.frames_imported", float(len(measured[0][2])), "packages", bar=0)


def _measure() -> tuple[float, float, list[str]]:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    base, above, heavy = json.loads(done.stdout)
    return base, above, heavy
