"""What a check reports: one fault, in words that a planner can act on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd

from engine.contracts import SEVERITIES, TABLES

Severity = Literal["held", "warning", "info"]

COLUMNS = tuple(name for name in TABLES["data_faults"].names if name != "run_id")
"""Columns of the frame that `check` returns: those of `data_faults` without the run."""

LISTED_AT_MOST = 200
"""Faults of one check, table and severity that are listed one by one; held ones always are."""


@dataclass(frozen=True)
class Fault:
    """One fault. `sku`, `location`, … are None where the fault is not of one of them."""

    check: str
    severity: Severity
    table: str
    rule: str
    fix: str
    sku: str | None = None
    location: str | None = None
    date: date | None = None
    column: str | None = None
    value: str | None = None
    rows: int = 1
    detail: str = ""
    """What tells two faults of the same check, table, sku, location and column apart."""

    @property
    def fault_id(self) -> str:
        """Key that stays the same from run to run while the fault lasts."""
        parts = (self.check, self.table, self.sku, self.location, self.column, self.detail)
        return "|".join(part or "" for part in parts)


def faults_frame(faults: Iterable[Fault]) -> pd.DataFrame:
    """Return faults as a frame, most severe first, then by check, product and location.

    Of more than `LISTED_AT_MOST` like faults that hold nothing the first are listed and the rest counted
    in one row.

    Examples
    --------
    >>> fault = Fault("negative_stock", "held", "inventory_snapshot", "is ≥ 0", "count it", "007")
    >>> faults_frame([fault])["fault_id"].item()
    'negative_stock|inventory_snapshot|007|||'
    """
    order = {severity: place for place, severity in enumerate(SEVERITIES)}
    unique = {fault.fault_id: fault for fault in faults}
    ranked = sorted(unique.values(), key=lambda f: (order[f.severity], f.check, f.table, f.fault_id))
    rows = [
        tuple("" if name == "run_id" else getattr(fault, name) for name in COLUMNS)
        for fault in _listed(ranked)
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    kinds = {column.name: column.kind for column in TABLES["data_faults"].columns}
    types = {"text": "str", "date": "datetime64[us]", "integer": "int64"}
    return frame.astype({name: types[kinds[name]] for name in COLUMNS})


def _listed(ranked: list[Fault]) -> Iterable[Fault]:
    seen: dict[tuple[str, str, str], int] = {}
    beyond: dict[tuple[str, str, str], list[Fault]] = {}
    for fault in ranked:
        group = (fault.check, fault.table, fault.severity)
        seen[group] = seen.get(group, 0) + 1
        if fault.severity == "held" or seen[group] <= LISTED_AT_MOST:
            yield fault
        else:
            beyond.setdefault(group, []).append(fault)
    for (check, table, _), rest in beyond.items():
        yield Fault(
            check,
            rest[0].severity,
            table,
            rest[0].rule,
            rest[0].fix,
            column=rest[0].column,
            value=f"{len(rest)} more like the {LISTED_AT_MOST} listed",
            rows=sum(fault.rows for fault in rest),
            detail="more",
        )
