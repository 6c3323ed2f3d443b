"""Key figures: how well it goes, month by month and part by part, and how each figure is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from engine.kpis import KPIS, Kpi
from jobs.kpis import kpis_of

KpiBy = Literal["category", "location"]
KPI_BY: dict[KpiBy, str] = {"category": "Category", "location": "Location"}
"""What the figures can be split by."""


@dataclass(frozen=True)
class KpiWanted:
    """What a person narrowed the figures to; empty: everything."""

    categories: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()


def load(lake: Lake, run: Run) -> pd.DataFrame | None:
    """Return the facts of a run; None: the plan is older than key figures."""
    if "kpi_facts" not in run.outputs:
        return None
    facts = read_run_table(lake, run, "kpi_facts").drop(columns="run_id")
    return facts.assign(category=facts["category"].replace("", "No category"))


def narrow(facts: pd.DataFrame, wanted: KpiWanted) -> pd.DataFrame:
    """Return the facts of the categories and locations wanted."""
    kept = pd.Series(True, index=facts.index)
    for column, codes in (("category", wanted.categories), ("location", wanted.locations)):
        if codes:
            kept &= facts[column].isin(codes)
    return facts[kept]


def overview(facts: pd.DataFrame) -> pd.DataFrame:
    """Return one row a key figure: its value, that of the last month, monthly values, how it is computed."""
    year, months = kpis_of(facts), kpis_of(facts, "month").sort_values("month")
    rows = []
    for kpi in KPIS:
        value = float(year[kpi.name].iloc[0]) if len(year) else float("nan")
        monthly = months[kpi.name].dropna()
        rows.append(
            {
                "name": kpi.name,
                "label": kpi.label,
                "value": written(value, kpi.unit),
                "latest": written(float(monthly.iloc[-1]), kpi.unit) if len(monthly) > 1 else "",
                "trend": monthly.tolist() if len(monthly) > 2 else None,
                "better": {"higher": "↑ higher", "lower": "↓ lower", "neither": ""}[kpi.better],
                "definition": kpi.definition if value == value else f"{kpi.definition} Needs {kpi.needs}.",
                "formula": formula(kpi),
                "source": kpi.source,
            }
        )
    return pd.DataFrame(rows)


def split(facts: pd.DataFrame, by: KpiBy, names: dict[str, str]) -> pd.DataFrame:
    """Return the figures of each category or location by its name; shares in per cent."""
    parts = kpis_of(facts, by)
    shares = [kpi.name for kpi in KPIS if kpi.unit == "share"]
    parts[shares] = parts[shares] * 100
    parts[by] = [names.get(code, code) if by == "location" else code for code in parts[by]]
    return parts.rename(columns={by: "part"})


def split_columns() -> Sequence[tuple[str, str, str]]:
    """Return name, label and unit of the figures of a split, in order."""
    return [(kpi.name, kpi.label, kpi.unit) for kpi in KPIS]


def formula(kpi: Kpi) -> str:
    """Write a figure's formula in the columns of `kpi_facts`."""
    ratio = f"Σ {kpi.top} / Σ {kpi.bottom}"
    if kpi.scale not in (1.0, -1.0):
        ratio = f"{kpi.scale:g} × {ratio}"
    return f"{kpi.offset:g} − {ratio}" if kpi.offset else ratio


def written(value: float, unit: str) -> str:
    """Write a figure by its unit."""
    if value != value:
        return "–"
    return {"share": f"{value:.1%}", "days": f"{value:.1f} days", "ratio": f"{value:.1f} ×"}[unit]
