"""Exact (s, S) policies against stockpyl: instances per CPU-second at equal cost.

Both sides solve the same instances of Poisson demand by Zheng & Federgruen's (1991) algorithm: those of the
paper's table, and random ones. Ours are solved in one call, stockpyl's one after another, in a process of
`.venv-peers` (`make peers`). JIT compilation is apart, as a figure of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.report import Report, calibration_seconds, median_cpu
from engine.replenishment.textbook.reorder_up_to import best_reorder_up_to_poisson

PYTHON = Path(__file__).resolve().parents[2] / ".venv-peers" / "bin" / "python"
SCRIPT = Path(__file__).with_name("stockpyl_main.py")

PAPER_MEANS = (*range(10, 80, 5), 21, 22, 23, 24, 51, 52, 59, 61, 63, 64)
PAPER_COSTS = (64.0, 1.0, 9.0)
RANDOM, RANDOM_QUICK = 120, 12
COPIES = 200
"""Times ours solves the whole list in one call: it takes microseconds an instance."""
SAME = 1e-9
"""Relative cost difference that counts as equal."""

FIRST_CALL = """
import numpy
from bench.report import cpu_seconds
from engine.replenishment.textbook.reorder_up_to import best_reorder_up_to_poisson
before = cpu_seconds()
best_reorder_up_to_poisson(10, fixed_cost=64, holding_cost=1, stockout_cost=9)
print(cpu_seconds() - before)
"""


def run(report: Report, options: argparse.Namespace) -> None:
    """Report speed, its ratio to stockpyl's, and the greatest difference of cost."""
    instances = _instances(RANDOM_QUICK if options.quick else RANDOM)
    theirs = _stockpyl(instances)
    solved = np.array(theirs["solved"])
    ours = _solve(instances)
    many = np.tile(instances, (COPIES, 1))
    seconds = median_cpu(lambda: _solve(many)) / len(many)
    singly = median_cpu(lambda: [_solve(one[None, :]) for one in instances]) / len(instances)
    sizes: dict[str, Any] = {"instances": len(instances), "stockpyl": theirs["version"]}
    report.figure("s_S.calibration", calibration_seconds(), "s CPU")
    report.figure("s_S.first_call", _first_call(), "s CPU", what="loads or compiles the kernels")
    report.figure("s_S.instance", seconds, "s CPU", **sizes)
    report.figure("s_S.instance_by_itself", singly, "s CPU", what="a call an instance", **sizes)
    report.figure("peer.stockpyl.s_S.instance", float(solved[:, 3].mean()), "s CPU", **sizes)
    report.figure(
        "s_S.speed_ratio", float(solved[:, 3].mean() / seconds), "times", bar=100.0, better="higher", **sizes
    )
    report.figure("s_S.speed_ratio_by_itself", float(solved[:, 3].mean() / singly), "times", **sizes)
    # the peer's own cost function prices its policy; a policy of ours may be as cheap and another
    excess = float(np.max(ours[:, 2] / solved[:, 4] - 1.0))
    report.figure("s_S.cost_excess", excess, "share", bar=SAME, **sizes)
    different = int(np.sum(np.any(ours[:, :2] != solved[:, :2], axis=1)))
    dearer = int(np.sum(solved[:, 4] > ours[:, 2] * (1.0 + SAME)))
    report.figure("s_S.other_policies", different, "instances", **sizes)
    report.figure("peer.stockpyl.s_S.dearer", dearer, "instances", **sizes)


def _instances(count: int) -> npt.NDArray[np.float64]:
    """Return mean, fixed cost, holding cost and stockout cost of each instance."""
    rng = np.random.default_rng(1991)
    paper = [(float(mean), *PAPER_COSTS) for mean in PAPER_MEANS]
    means = np.exp(rng.uniform(np.log(0.5), np.log(80.0), count)).round(3)
    setup = np.exp(rng.uniform(np.log(1.0), np.log(500.0), count)).round(2)
    penalty = np.exp(rng.uniform(np.log(1.5), np.log(100.0), count)).round(2)
    return np.vstack([paper, np.column_stack([means, setup, np.ones(count), penalty])])


def _solve(instances: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    mean, setup, holding, penalty = instances.T
    best = best_reorder_up_to_poisson(mean, fixed_cost=setup, holding_cost=holding, stockout_cost=penalty)
    return np.column_stack(best)


def _stockpyl(instances: npt.NDArray[np.float64]) -> dict[str, Any]:
    if not PYTHON.exists():
        raise SystemExit("The peers need an environment of their own: run `make peers` first.")
    ran = subprocess.run(
        [PYTHON, "-W", "ignore", SCRIPT],
        input=json.dumps(instances.tolist()),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise SystemExit(f"stockpyl failed:\n{ran.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


def _first_call() -> float:
    ran = subprocess.run([sys.executable, "-c", FIRST_CALL], capture_output=True, text=True, check=True)
    return float(ran.stdout)
