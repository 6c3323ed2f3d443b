"""Alerts: CPU of judging a plan, nothing repeated, and nothing repeated or lost under kill -9."""

from __future__ import annotations

import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from bench.ledger.replan_lake import FULL, SMALL, planned_lake
from bench.report import Report, calibration_seconds, cpu_seconds
from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from jobs.alert import alert, pending_changes
from jobs.alert_book import read_acts, read_book

BAR_SECONDS = {False: 1.0, True: 0.5}
"""CPU of one call, by quick: thirty thousand lines, or three thousand."""
ROUNDS, WRITERS = 5, 4
KILLS = {False: 40, True: 6}


def run(report: Report, options: Namespace) -> None:
    """Judge a planned lake again and again; then kill those who record changes."""
    folder = Path(tempfile.mkdtemp())
    try:
        lake, base = planned_lake(SMALL if options.quick else FULL, folder / "lake")
        _measure(report, lake, base, quick=options.quick)
        _kill(report, folder / "killed", KILLS[options.quick])
    finally:
        shutil.rmtree(folder)


def _measure(report: Report, lake: Lake, base: Run, *, quick: bool) -> None:
    at = datetime.combine(base.as_of, datetime.min.time(), tzinfo=UTC) + timedelta(hours=7)
    lines = len(read_run_table(lake, base, "plan_lines", columns=["line_id"]))
    with ThreadPoolExecutor(WRITERS) as pool:
        first = [
            each for part in pool.map(lambda _: alert(Lake(lake.uri), at=at), range(WRITERS)) for each in part
        ]
    repeated = len(first) - len({each.change_id for each in first})
    report.figure("alerts.repeated", repeated, "changes", bar=0, writers=WRITERS, opened=len(first))
    cpu = []
    for _ in range(ROUNDS):
        before = cpu_seconds()
        again = alert(lake, at=at)
        cpu.append(cpu_seconds() - before)
        assert again == []
    report.figure(
        "alerts.cpu",
        statistics.median(cpu),
        "s CPU",
        bar=BAR_SECONDS[quick],
        lines=lines,
        standing=len(first),
        calibration=calibration_seconds(),
    )


def _kill(report: Report, folder: Path, kills: int) -> None:
    """Let processes record changes and kill each; the record must read as if one had written it."""
    lake, rng = Lake(folder), random.Random(7)
    for _ in range(kills):
        writers = [
            subprocess.Popen([sys.executable, "-m", "bench.ledger.alerts_process", str(folder)])
            for _ in range(2)
        ]
        enough = len(lake.objects.list("ledger/alerts/")) + rng.randint(1, 30)
        while len(lake.objects.list("ledger/alerts/")) < enough and all(
            one.poll() is None for one in writers
        ):
            time.sleep(0.002)
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
    acts = read_acts(lake)
    made = [each for _, part in acts for each in part]
    ids = Counter(each.change.change_id for each in made)
    by_key: dict[str, list[tuple[int, int, str]]] = {}
    for each in made:
        by_key.setdefault(each.change.sku, []).append((each.episode, each.step, each.change.change))
    gaps = [number for number, (act, _) in enumerate(acts, 1) if act != number]
    wrong = sum(
        now[:2] not in ((was[0], was[1] + 1), (was[0] + 1, 0))
        or (was[2] == "resolved") != (now[2] == "opened")
        for changes in by_key.values()
        for was, now in pairwise(changes)
    )
    report.figure(
        "alerts.killed.repeated",
        sum(count - 1 for count in ids.values()),
        "changes",
        bar=0,
        kills=2 * kills,
        changes=len(made),
    )
    report.figure("alerts.killed.out_of_order", wrong + len(gaps), "changes", bar=0)
    lost = len(made) - len(pending_changes(lake)) + (read_book(lake).number != len(acts))
    report.figure("alerts.killed.lost", lost, "changes", bar=0)
