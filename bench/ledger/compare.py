"""Compare a ledger, fact by fact and line by line of stock, with what was sent."""

from __future__ import annotations

import polars as pl

from bench.ledger import oracle
from bench.ledger.traffic import event, other_content
from bench.report import Report
from data_lake.facts.fold import fold_stock
from data_lake.facts.read import read_facts
from data_lake.facts.rows import to_facts
from data_lake.lake import Lake


def compare(report: Report, name: str, lake: Lake, count: int, conflicts: int) -> None:
    """Report what differs from `count` events of `bench.ledger.traffic`; some ids have two contents."""
    told = [oracle.fact_of(event(number)) for number in range(count)]
    told += [oracle.fact_of(other_content(number)) for number in range(conflicts)]
    expected = oracle.winners(told)
    read = read_facts(lake)
    seen = to_facts(read.frame)
    report.figure(f"{name}.lost", len(set(expected) - set(seen)), "facts", bar=0, facts=len(expected))
    report.figure(f"{name}.too_many", len(seen) - len(set(seen) & set(expected)), "facts", bar=0)
    report.figure(f"{name}.out_of_order", int(seen != expected), "reads", bar=0)
    refused = {fact for conflict in read.conflicts for fact in conflict.refused}
    wrong = refused ^ (set(told) - set(expected))
    report.figure(f"{name}.conflicts_wrong", len(wrong), "facts", bar=0, conflicts=len(refused))
    by_hand = oracle.stock(expected)
    folded = fold_stock(read.frame).group_by("sku", "location").agg(pl.col("on_hand").sum())
    state = {(sku, location): on_hand for sku, location, on_hand in folded.iter_rows()}
    differ = [key for key in by_hand.keys() | state.keys() if by_hand.get(key, 0.0) != state.get(key, 0.0)]
    report.figure(f"{name}.stock_differs", len(differ), "lines", bar=0, lines=len(by_hand))
