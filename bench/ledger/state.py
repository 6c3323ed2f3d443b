"""Stock now: from a checkpoint of a million facts and ten thousand new ones, some of them late or copies."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable

import numpy as np
import pandas as pd
import polars as pl

from bench.ledger.histories import STORES, facts, perpetual
from bench.ledger.s3_server import s3_server
from bench.report import Report, calibration_seconds, median_cpu, wall_seconds
from data_lake.facts.checkpoint import orders_now, stock_now
from data_lake.facts.checkpoint_known import checkpoint_now, known_facts
from data_lake.facts.checkpoint_store import CHECKPOINTS
from data_lake.facts.fold_state import stock_rows
from data_lake.facts.ingest import put_facts
from data_lake.facts.layout import part_key
from data_lake.facts.rows import FRAMES, to_facts
from data_lake.lake import Lake

LINES = 30_000
NEW = 10_000
LATE = 100
COPIES = 500
OLD = 20
"""Facts that come up to a week late."""
BATCH = 1_000
DAYS = 30


def run(report: Report, options: argparse.Namespace) -> None:
    """Make the lake, a checkpoint, new facts; time a read and compare it with folding everything."""
    count = 100_000 if options.quick else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        _on(report, Lake(folder), lambda: Lake(folder), "disk", count, 0.1)
    with s3_server() as server:
        uri = server.uri
        _on(report, Lake(uri, server.options), lambda: Lake(uri, server.options), "s3", count, None)


def _on(
    report: Report, lake: Lake, opened: Callable[[], Lake], where: str, count: int, bar: float | None
) -> None:
    """Time reads of one lake by processes that know nothing of it yet."""
    _fill(lake, count)
    report.figure(f"state.{where}.same", float(_differs(lake)), "1: differs from folding everything", bar=0)
    calibration = calibration_seconds()
    for name, read, most in (
        ("stock", lambda: known_facts(opened()), bar),
        ("stock_frame", lambda: stock_now(opened()), None),
        ("orders_frame", lambda: orders_now(opened()), None),
    ):
        report.figure(
            f"state.{where}.{name}",
            median_cpu(read),
            "s CPU",
            bar=most,
            wall_s=wall_seconds(read),
            calibration_s=calibration,
            facts=count,
            new=NEW,
            copies=COPIES,
            late=LATE,
            lines=LINES,
        )
    put_facts(lake.objects, to_facts(facts(OLD, LINES, hours=(24 * DAYS - 160, 24 * DAYS - 60), seed=7)))
    # these lie behind the checkpoint's cut: their lines are folded from the ledger
    seconds = median_cpu(lambda: known_facts(opened()))
    report.figure(f"state.{where}.stock_with_old_facts", seconds, "s CPU", facts=count, new=NEW, old=OLD)
    size = sum(len(lake.objects.get(key)) for key in lake.objects.list(CHECKPOINTS))
    report.figure(f"state.{where}.checkpoint", size / 1e6, "MB", facts=count)
    seconds = median_cpu(lambda: checkpoint_now(lake), 1)
    report.figure(f"state.{where}.next_checkpoint", seconds, "s CPU", facts=count, new=NEW)


def _fill(lake: Lake, count: int) -> None:
    """A month of compacted facts and a checkpoint; then a minute of new ones."""
    numbers = np.arange(LINES)
    lines = pd.DataFrame(
        {"sku": [f"P{n // STORES}" for n in numbers], "location": [f"S{n % STORES}" for n in numbers]}
    )
    lake.replace(
        "assortment", pd.DataFrame(perpetual(LINES).to_dict(as_series=False)).assign(perpetual_stock=True)
    )
    snapshot = lines.assign(date=pd.Timestamp("2026-11-23"), batch="", status="available", on_hand=40.0)
    lake.replace("inventory_snapshot", snapshot)
    month = facts(count, LINES, hours=(0, 24 * DAYS), seed=1)
    for folder, part in FRAMES.split(month).items():
        body = FRAMES.encode(part)
        lake.objects.put_new(part_key(folder, 1, body), body)
    checkpoint_now(lake)
    news = facts(NEW - LATE - COPIES, LINES, hours=(24 * DAYS, 24 * DAYS + 0.02), seed=2)
    late = facts(LATE, LINES, hours=(24 * DAYS - 36, 24 * DAYS), seed=3)
    # half of what is late is late by less than two hours, the rest by up to a day and a half
    soon = facts(LATE // 2, LINES, hours=(24 * DAYS - 2, 24 * DAYS), seed=4)
    late = pl.concat([late.head(LATE - LATE // 2), soon])
    copies = month.tail(50_000).sample(COPIES, seed=5)
    arrived = pl.concat([news, late, copies]).sample(fraction=1.0, shuffle=True, seed=6)
    for start in range(0, arrived.height, BATCH):
        put_facts(lake.objects, to_facts(arrived[start : start + BATCH]))


def _differs(lake: Lake) -> bool:
    resumed = known_facts(lake)
    kept = {key: lake.objects.get(key) for key in lake.objects.list(CHECKPOINTS)}
    lake.objects.delete(kept)
    whole = known_facts(lake)
    lake.objects.delete(lake.objects.list(CHECKPOINTS))
    for key in sorted(kept, reverse=True):
        lake.objects.put_new(key, kept[key])
    assert resumed
    assert whole
    return not stock_rows(resumed.stock).equals(stock_rows(whole.stock))
