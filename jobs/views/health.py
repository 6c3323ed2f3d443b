"""Data health: how old the inputs are, what is wrong with them, and what the plan assumed instead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from jobs.views.lines import named, tags

DATED_TABLES = {"sales": "Sales", "inventory_snapshot": "Stock"}
"""Tables that must be fresh, with planners' names; the day of a row is its `date`."""

MASTER_TABLES = {
    "orders": "Open orders",
    "products": "Products",
    "locations": "Locations",
    "suppliers": "Suppliers",
    "sourcing": "Sourcing",
    "promotions": "Promotions",
    "calendar": "Calendar",
    "policies": "Policies",
    "assortment": "Assortment",
}
"""Tables without a day of their own: fresh when they were last loaded."""

STALE_DAYS = {"D": 1, "W": 7, "M": 31}
"""A feed this many days behind the plan is late; twice that, stale."""

RECENT_DAYS = 92
"""How far back the last day of a location is looked for; older is "missing"."""

FAULT_COLUMNS = [
    "severity",
    "check",
    "table",
    "sku",
    "location",
    "date",
    "column",
    "value",
    "rule",
    "fix",
    "rows",
]

SEVERITY_LABELS = {"held": "Held", "warning": "Warning", "info": "Assumption"}
"""Severities in planners' words, worst first."""


@dataclass(frozen=True)
class HealthSummary:
    """How far the inputs can be trusted."""

    held_lines: int
    held_faults: int
    warnings: int
    assumptions: int


def table_freshness(lake: Lake, run: Run) -> pd.DataFrame:
    """Return when each input table was loaded and what its last day is.

    Returns
    -------
    DataFrame
        table (for people), latest (last day in it; null: undated), days_behind [days before the plan's day],
        label (a list of one of "fresh", "late", "stale", "loaded", "missing", "newer loaded" since),
        version and loaded_at [UTC] of what the plan read.
    """
    rows = []
    for table, label in {**DATED_TABLES, **MASTER_TABLES}.items():
        number = run.inputs.get(table, 0)  # 0: it was empty
        current = lake.current(table)
        version = lake.version(table, number) if number else None
        latest = None
        if version is not None and table in DATED_TABLES:
            latest = _recent(lake, run, table)["date"].max()
        rows.append(
            {
                "table": label,
                "latest": latest,
                "version": float(version.number) if version else None,
                "loaded_at": version.created_at if version else None,
                "known": "missing"
                if current is None
                else "newer loaded"
                if version is None or current.number != version.number
                else "",
            }
        )
    frame = pd.DataFrame(rows).astype({"latest": "datetime64[us]", "version": "float64"})
    frame["days_behind"] = _days_behind(frame["latest"], run)
    frame["label"] = [
        [known or _state(days, run.period)]
        for known, days in zip(frame["known"], frame["days_behind"], strict=True)
    ]
    return frame[["table", "label", "latest", "days_behind", "version", "loaded_at"]]


def location_freshness(lake: Lake, run: Run) -> pd.DataFrame:
    """Return the last day of sales and of stock of each location, the oldest first.

    Returns
    -------
    DataFrame
        location, name, and for sales and stock: last day (null: none in the last months), days behind the
        plan [days] and `sales_label`, `stock_label` (lists of one, as in `table_freshness`).
    """
    places = lake.read("locations", version=run.inputs.get("locations"))[["location", "name", "kind"]]
    dcs = set(places.loc[places["kind"] == "dc", "location"])
    names = dict(zip(places["location"], places["name"], strict=True))
    last = {
        table: _recent(lake, run, table).groupby("location")["date"].max().astype("datetime64[us]")
        for table in DATED_TABLES
    }
    known = sorted({*places["location"], *(place for dates in last.values() for place in dates.index)})
    frame = pd.DataFrame(last, index=pd.Index(known, name="location", dtype="str")).reset_index()
    frame.insert(1, "name", named(frame["location"], names))
    for table in DATED_TABLES:
        days = _days_behind(frame[table], run)
        frame[f"{table}_days_behind"] = days
        # a distribution centre sells nothing
        quiet = dcs if table == "sales" else set()
        frame[f"{table}_label"] = [
            [_state(gap, run.period)] if pd.notna(gap) else [] if place in quiet else ["missing"]
            for place, gap in zip(frame["location"], days, strict=True)
        ]
    worst = frame[[f"{table}_days_behind" for table in DATED_TABLES]].max(axis=1)
    order = worst.fillna(float("inf")).sort_values(ascending=False, kind="stable").index
    return frame.loc[order].rename(columns={"inventory_snapshot_label": "stock_label"}).reset_index(drop=True)


def faults(lake: Lake, run: Run) -> pd.DataFrame:
    """Return what the checks found: `label` (a list of one: the severity in words), `where`, `FAULT_COLUMNS`.

    Most severe first, then by the rows concerned.
    """
    found = read_run_table(lake, run, "data_faults")
    rank = found["severity"].map({name: number for number, name in enumerate(SEVERITY_LABELS)})
    ordered = found.assign(rank=rank).sort_values(["rank", "rows"], ascending=[True, False], kind="stable")
    ordered["check"] = ordered["check"].str.replace("_", " ").str.capitalize()
    ordered["where"] = [_where(row) for row in ordered.itertuples()]
    ordered["label"] = tags(ordered["severity"].map(SEVERITY_LABELS))
    return ordered[["label", "where", *FAULT_COLUMNS]].reset_index(drop=True)


def summarise(found: pd.DataFrame, lines: pd.DataFrame) -> HealthSummary:
    """Return how many findings of each severity there are, and how many lines wait for a repair."""
    counts = found["severity"].value_counts()
    return HealthSummary(
        held_lines=int((lines["status"] == "held").sum()),
        held_faults=int(counts.get("held", 0)),
        warnings=int(counts.get("warning", 0)),
        assumptions=int(counts.get("info", 0)),
    )


def of_severity(found: pd.DataFrame, severities: Sequence[str]) -> pd.DataFrame:
    """Return the findings of some severities; empty keeps all."""
    return found[found["severity"].isin(list(severities))].reset_index(drop=True) if severities else found


def held_lines(lines: pd.DataFrame) -> pd.DataFrame:
    """Return the lines that are not planned because of their data, with the reason."""
    held = lines[lines["status"] == "held"]
    columns = ["sku", "product", "location_name", "source_name", "held_reason", "location"]
    return held[columns].reset_index(drop=True)


def _where(fault: Any) -> str:
    """Place of a fault in one cell: table, product, location, day, column and value."""
    parts = [fault.table, fault.sku, fault.location]
    parts.append(f"{fault.date:%d %b %Y}" if pd.notna(fault.date) else None)
    value = f" = {fault.value}" if pd.notna(fault.value) and fault.value else ""
    parts.append(f"{fault.column}{value}" if pd.notna(fault.column) and fault.column else None)
    return " · ".join(str(part) for part in parts if pd.notna(part) and part)


def _recent(lake: Lake, run: Run, table: str) -> pd.DataFrame:
    """Days and locations of the last weeks; of the whole table where those weeks are empty."""
    version, columns = run.inputs.get(table), ["date", "location"]
    recent = lake.read(
        table,
        version=version,
        columns=columns,
        since=run.as_of - dt.timedelta(days=RECENT_DAYS),
        until=run.as_of - dt.timedelta(days=1),
    )
    if not len(recent):
        recent = lake.read(table, version=version, columns=columns)
    if table == "inventory_snapshot" and run.inputs.get("stock_now"):  # a system that tells is not silent
        told = lake.read("stock_now", version=run.inputs["stock_now"], columns=["told_on", "location"])
        eve = pd.Timestamp(run.as_of) - pd.Timedelta(days=1)
        day = told["told_on"].mask(told["told_on"] > eve, eve)
        recent = pd.concat([recent, pd.DataFrame({"date": day, "location": told["location"]})])
    return recent


def _days_behind(dates: pd.Series, run: Run) -> pd.Series:
    """Days between the last row and the day before the plan's; a period's row covers the whole period."""
    covered = pd.to_timedelta(STALE_DAYS[run.period] - 1, unit="D")
    gap = pd.Timestamp(run.as_of) - pd.Timedelta(days=1) - (dates + covered)
    return gap.dt.days.astype("float64").clip(lower=0)


def _state(days: float, period: str) -> str:
    if pd.isna(days):
        return "loaded"
    if days <= STALE_DAYS[period]:
        return "fresh"
    return "late" if days <= 2 * STALE_DAYS[period] else "stale"
