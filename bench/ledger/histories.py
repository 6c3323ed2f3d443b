"""Made-up facts of a chain: what the fold and the checkpoint are timed on."""

from __future__ import annotations

import numpy as np
import polars as pl

from data_lake.facts.rows import FACT_SCHEMA

START = 1_793_491_200_000_000
"""1 Nov 2026, UTC [µs]."""
HOUR = 3_600_000_000

KINDS = {
    "set": 0.20,
    "count": 0.02,
    "delta": 0.48,
    "transfer": 0.05,
    "write_off": 0.03,
    "sale": 0.15,
    "order_received": 0.03,
    "order_placed": 0.02,
    "order_sent": 0.02,
}
"""Share of each kind of fact."""

STORES = 30
BATCHES = 4


def facts(count: int, lines: int, *, hours: tuple[float, float], seed: int) -> pl.DataFrame:
    """Make facts of `lines` products at stores, one in five with batches, within some hours of the start."""
    rng = np.random.default_rng(seed)
    line = rng.integers(0, lines, count)
    kind = rng.choice(list(KINDS), count, p=list(KINDS.values()))
    fixed = np.isin(kind, ["set", "count"])
    signed = rng.integers(-9, 10, count)
    quantity = np.where(fixed, rng.integers(0, 200, count), np.where(kind == "delta", signed, abs(signed)))
    quantity = quantity + 0.25 * (rng.random(count) < 0.1)
    batch = np.where(line % 5 == 0, rng.integers(0, BATCHES, count), -1)
    ordered = np.char.startswith(kind, "order")
    at = START + np.sort((rng.uniform(*hours, count) * HOUR).astype(np.int64))
    numbers = pl.DataFrame(
        {"line": line, "batch": batch, "order": rng.integers(0, max(count // 50, 1), count)}
    )
    text = numbers.select(
        sku=pl.format("P{}", pl.col("line") // STORES),
        location=pl.format("S{}", pl.col("line") % STORES),
        to_location=pl.format("S{}", (pl.col("line") + 1) % STORES),
        batch=pl.when(pl.col("batch") >= 0).then(pl.format("B{}", "batch")).otherwise(pl.lit("")),
        expiry=pl.when(pl.col("batch") >= 0)
        .then(pl.format("2026-12-{}", pl.col("batch") + 10))
        .otherwise(pl.lit("")),
        order_id=pl.format("PO-{}", "order"),
    )
    ids = rng.integers(0, 2**63, (count, 2))
    frame = text.with_columns(
        event_id=pl.Series([f"{high:016x}{low:016x}" for high, low in ids.tolist()]),
        at=pl.Series(at),
        sequence=pl.lit(0),
        kind=pl.Series(kind),
        quantity=pl.Series(quantity.astype(np.float64)),
        line=pl.Series(np.where(ordered, "1", "")),
        details=pl.lit(""),
        to_location=pl.when(pl.Series(kind == "transfer")).then("to_location").otherwise(pl.lit("")),
        order_id=pl.when(pl.Series(ordered)).then("order_id").otherwise(pl.lit("")),
    )
    return (
        frame.select(FACT_SCHEMA.names()).with_columns(pl.col("at").cast(FACT_SCHEMA["at"])).cast(FACT_SCHEMA)
    )


def perpetual(lines: int) -> pl.DataFrame:
    """Return one line in three: its sales and receipts move stock."""
    numbers = pl.DataFrame({"line": np.arange(0, lines, 3)})
    return numbers.select(
        sku=pl.format("P{}", pl.col("line") // STORES), location=pl.format("S{}", pl.col("line") % STORES)
    )
