"""Folding a million facts to stock, one line in five with batches; checked against a slow fold."""

from __future__ import annotations

import argparse

import polars as pl

from bench.ledger.histories import facts, perpetual
from bench.ledger.slow_stock import slow_stock
from bench.report import Report, calibration_seconds, median_cpu
from data_lake.facts.fold import fold_stock
from data_lake.facts.fold_state import KEY
from data_lake.facts.orders_fold import fold_orders

LINES = 30_000
CHECKED = 300
"""Lines compared with the slow fold."""


def run(report: Report, options: argparse.Namespace) -> None:
    """Time the fold and compare a sample of lines."""
    count = 200_000 if options.quick else 1_000_000
    told, moving = facts(count, LINES, hours=(0, 720), seed=1), perpetual(LINES)
    stock = fold_stock(told, None, moving)
    sample = stock.select(KEY).unique().sort(KEY).gather_every(max(LINES // CHECKED, 1))
    here = told.join(sample, on=KEY, how="semi")
    there = told.join(sample, left_on=["sku", "to_location"], right_on=KEY, how="semi")
    slow = slow_stock(pl.concat([here, there]).unique(), set(moving.rows()), set(sample.rows()))
    rows = stock.join(sample, on=KEY, how="semi").select(*KEY, "batch", "on_hand").rows()
    differ = set(slow.items()) ^ {((sku, location, batch), on_hand) for sku, location, batch, on_hand in rows}
    report.figure(
        "fold.differences", len(differ), "lots that differ from a slow fold", bar=0, lines=sample.height
    )
    seconds = median_cpu(lambda: fold_stock(told, None, moving))
    bar = None if options.quick else 3.0
    calibration = calibration_seconds()
    report.figure(
        "fold.stock", seconds, "s CPU", bar=bar, facts=count, lines=LINES, calibration_s=calibration
    )
    report.figure("fold.orders", median_cpu(lambda: fold_orders(told)), "s CPU", facts=count)
