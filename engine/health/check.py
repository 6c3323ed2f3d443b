"""Run every check over the tables; say which lines must wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

import pandas as pd

from engine.contracts import PERIODS
from engine.errors import EngineError
from engine.health import masters, sales, shared_terms, stock, terms, units
from engine.health.fault import Fault, faults_frame
from engine.health.inputs import Inputs

CHECKS: tuple[Callable[[Inputs], Iterator[Fault]], ...] = (
    masters.duplicate_keys,
    masters.duplicate_products,
    masters.unknown_codes,
    masters.missing_money,
    terms.lead_times,
    terms.defaults,
    terms.order_terms,
    terms.policies,
    shared_terms.missing_loads,
    shared_terms.steps_in_order,
    sales.stale_feeds,
    sales.future_dates,
    sales.history_gaps,
    sales.outliers,
    sales.prices,
    units.unit_mismatch,
    stock.negative_stock,
    stock.expired_stock,
    stock.phantom_stock,
    stock.stock_without_sales,
    stock.missing_stock,
    stock.old_stock,
    stock.missing_sourcing,
)
"""Every check, in one place."""

EVERYWHERE = "*"
"""Location of a held line when the fault is of the product, or product when it is of the location."""


def check(tables: Mapping[str, pd.DataFrame], *, as_of: date, period: str) -> pd.DataFrame:
    """Return what is wrong with the tables, most severe first.

    Parameters
    ----------
    tables
        Frames by table name, with the columns of `engine.contracts`; any may be missing or empty.
    as_of
        Day of planning. Sales, stock and orders after it are faults; expiry and staleness count from it.
    period
        "D", "W" or "M": what a row of sales stands for.

    Returns
    -------
    pandas.DataFrame
        The columns of the contract `data_faults` without `run_id`. `severity` is "held" only where a plan
        line would be wrong (negative stock, unit mismatch, unknown code in sourcing, absurd lead time,
        duplicate keys); `rule` says what is broken and `fix` what to do.

    Raises
    ------
    EngineError
        If `period` is none of the three.

    Examples
    --------
    >>> stock = pd.DataFrame({"date": [pd.Timestamp("2026-11-21")], "sku": ["007"], "location": ["S01"],
    ...                       "batch": [""], "status": ["available"], "on_hand": [-3.0]})
    >>> faults = check({"inventory_snapshot": stock}, as_of=date(2026, 11, 22), period="D")
    >>> faults[["check", "severity", "sku", "value"]].iloc[0].tolist()
    ['negative_stock', 'held', '007', '-3']
    """
    if period not in PERIODS:
        raise EngineError(f"period is {period!r}; it must be one of {', '.join(PERIODS)}")
    inputs = Inputs(tables, as_of, period)
    return faults_frame(fault for run in CHECKS for fault in run(inputs))


def held_lines(faults: pd.DataFrame, lines: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the lines that must not be planned: columns sku, location, reason; one row a line.

    A fault of a whole product (or location) has location (or sku) `EVERYWHERE`, unless `lines` (columns sku,
    location) is given: then it is spelled out over those lines, and only they are returned.

    Examples
    --------
    >>> faults = pd.DataFrame({"severity": ["held"], "sku": ["007"], "location": ["S01"],
    ...                        "rule": ["stock is not below 0"], "value": ["-3"], "fix": ["count it"]})
    >>> held_lines(faults)["reason"].item()
    'stock is not below 0 (-3): count it'
    """
    held = faults[faults["severity"] == "held"]
    texts = zip(held["rule"], held["value"], held["fix"], strict=True)
    found = pd.DataFrame(
        {
            "sku": held["sku"].fillna(EVERYWHERE).astype("str"),
            "location": held["location"].fillna(EVERYWHERE).astype("str"),
            "reason": [
                f"{rule} ({value}): {fix}" if isinstance(value, str) else f"{rule}: {fix}"
                for rule, value, fix in texts
            ],
        }
    )
    if lines is not None:
        found = _spelled_out(found, lines[["sku", "location"]].drop_duplicates())
    grouped = found.groupby(["sku", "location"], sort=True)["reason"]
    return grouped.agg("; ".join).reset_index().astype({"sku": "str", "location": "str", "reason": "str"})


def _spelled_out(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    exact = found.merge(lines, on=["sku", "location"])
    product = found[found["location"] == EVERYWHERE].drop(columns="location").merge(lines, on="sku")
    place = found[found["sku"] == EVERYWHERE].drop(columns="sku").merge(lines, on="location")
    return pd.concat([exact, product[exact.columns], place[exact.columns]], ignore_index=True)
