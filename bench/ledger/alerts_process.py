"""A process that records changes of alerts without end, until it is killed: `bench.ledger.alerts`."""

from __future__ import annotations

import random
import sys
from datetime import UTC, datetime

from data_lake.lake import Lake
from engine.alerts.transitions import Finding, Key
from jobs.alert import record
from jobs.alert_findings import Found

AT = datetime(2026, 11, 22, 7, tzinfo=UTC)


def found(rng: random.Random) -> Found:
    """Return what some plan might find: of each product nothing, or a shortage of some money."""
    money = {str(sku): rng.choice([0.0, 30.0, 60.0, 200.0]) for sku in range(8)}
    return Found(
        [
            Finding(
                Key("stockout", sku, "S1", "Acme"),
                severity,
                firm=True,
                level="warning",
                worsen_share=0.5,
                worsen_money=25.0,
                by_level=False,
                cause="Short.",
                act="Order.",
                covered_by="",
                link="item",
            )
            for sku, severity in money.items()
            if severity
        ],
        None,
    )


def main() -> None:
    """Record until killed."""
    lake, rng = Lake(sys.argv[1]), random.Random()
    while True:
        record(lake, found(rng), at=AT)


if __name__ == "__main__":
    main()
