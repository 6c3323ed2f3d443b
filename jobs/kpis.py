"""Key figures from their facts: of everything, by month, by category, by location."""

from __future__ import annotations

import pandas as pd

from engine.kpis import KPIS, kpi_values

FACTS = sorted({column for kpi in KPIS for column in (kpi.top, kpi.bottom, kpi.asks) if column})
"""Columns of `kpi_facts` that key figures are made of."""


def kpis_of(facts: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Return key figures; one row a value of `by` (in its order), or one row of everything.

    Parameters
    ----------
    facts : contract `kpi_facts`, any selection of its rows
    by : month, category or location

    Returns
    -------
    DataFrame
        `by`, then every key figure by its name; NaN where it is not known.
    """
    keys = pd.Series("", index=facts.index) if by is None else facts[by]
    sums = facts[FACTS].groupby(keys.rename(by or "all")).sum()
    values = pd.DataFrame(kpi_values({name: sums[name].to_numpy() for name in FACTS}), index=sums.index)
    return values.reset_index() if by else values.reset_index(drop=True)


def measured_kpis(facts: pd.DataFrame) -> pd.DataFrame:
    """Return the key figures that are known, as rows of contract `kpis` without their run."""
    units = {"share": "share", "days": "days", "ratio": "times"}
    values = kpis_of(facts)
    known = [kpi for kpi in KPIS if values[kpi.name].notna().any()]
    return pd.DataFrame(
        {
            "name": [kpi.name for kpi in known],
            "value": [float(values[kpi.name].iloc[0]) for kpi in known],
            "unit": [units[kpi.unit] for kpi in known],
        }
    )
