"""Late order: a purchase or transfer order is, or will be, later than its source promised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.alerts.below_reorder_point import position
from engine.alerts.finding import findings
from engine.alerts.limits import Limits
from engine.replenishment.words import agree, day, money, units

Floats = npt.NDArray[np.float64]

KEYS = ["sku", "location", "source"]
NAMED = 3
"""Orders named in a sentence; more are counted."""


def late_rows(orders: pd.DataFrame, today: date) -> pd.DataFrame:
    """Return the order lines that are, or will be, later than promised.

    Parameters
    ----------
    orders : DataFrame
        Open order lines: order_id, sku, location, source, open_quantity [each], promised_date, due.
    today : date

    Returns
    -------
    DataFrame
        These rows, and days_late; promised_date is filled; told: the day now expected, if it is still ahead.
    """
    now = pd.Timestamp(today)
    promised = orders["promised_date"].fillna(orders["due"])
    arrival = orders["due"].where(orders["due"] >= now, now)
    late = orders.assign(
        promised_date=promised,
        days_late=(arrival - promised).dt.days.astype("float64"),
        told=orders["due"].where((orders["due"] > promised) & (orders["due"] >= now)),
    )
    return late[(late["days_late"] > 0) & (late["open_quantity"] > 0)]


def late_supply(late: pd.DataFrame) -> pd.DataFrame:
    """Return what is late of each product, location and source.

    Parameters
    ----------
    late : DataFrame
        From `late_rows`.

    Returns
    -------
    DataFrame
        sku, location, source, units [each], days_late (of the latest), promised_date (of the earliest),
        due (last day now expected; null: nobody knows).
    """
    return late.groupby(KEYS, as_index=False, sort=True).agg(
        units=("open_quantity", "sum"),
        days_late=("days_late", "max"),
        promised_date=("promised_date", "min"),
        due=("told", "max"),
    )


def late_order(late: pd.DataFrame, lines: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Find late orders whose lateness costs money.

    Parameters
    ----------
    late : DataFrame
        From `late_supply`.
    lines : DataFrame
        The plan's line of each row of `late`, in its order: columns of `plan_lines`, demand_until [each].
    limits : Limits

    Returns
    -------
    DataFrame
        `engine.alerts.finding.COLUMNS`; size is in days.

    Notes
    -----
    money = cost of a unit short × min(units late, shortage until the next possible receipt if they do not
    come), see `missed`.
    """
    short = missed(late["units"].to_numpy(dtype=np.float64), lines)
    price = lines["stockout_cost"].to_numpy(dtype=np.float64)
    return findings("late_order", short * price, late["days_late"].to_numpy(dtype=np.float64), limits)


def missed(late_units: Floats, lines: pd.DataFrame) -> Floats:
    """Return the units short until the next possible receipt that come of late units not coming, [n].

    Notes
    -----
    The plan takes an overdue order to arrive tomorrow, so its expected losses L count it as supply. Without
    it, on average, max(L, D − (S − late)) are short, where D is the demand until the next possible receipt
    (demand_until) and S the usable stock and orders. Of that, at most the late units come of them.
    """
    at = position(lines)
    demand = lines["demand_until"].to_numpy(dtype=np.float64)
    lost = lines["lost_before"].to_numpy(dtype=np.float64)
    without = np.maximum(lost, demand - np.maximum(at - late_units, 0.0))
    short: Floats = np.clip(without, 0.0, late_units)
    return short


def words(row: Mapping[str, Any], currency: str) -> tuple[str, str]:
    """Say what is late since when and what hangs on it."""
    quantity, days = float(row["units"]), int(row["days_late"])
    told = f", now expected {day(row['due'])}" if pd.notna(row["due"]) else ""
    name = row["source_name"]
    verb = agree(quantity, "were", "was")
    cause = (
        f"{units(quantity)} from {name} {verb} promised for {day(row['promised_date'])}{told}: {days} "
        f"{'day' if days == 1 else 'days'} late ({row['order_ids']}); {money(row['severity'], currency)} of "
        f"margin {agree(quantity, 'depend', 'depends')} on {agree(quantity, 'them', 'it')}."
    )
    return cause, f"Chase {name} for {row['order_ids']}, or move stock from elsewhere."


def named_orders(orders: pd.DataFrame, groups: pd.DataFrame) -> list[str]:
    """Return the orders of each group of `KEYS`, in words; `orders` are those that the groups sum."""
    keys = list(groups[KEYS].itertuples(index=False, name=None))
    ids: dict[tuple[str, ...], set[str]] = {key: set() for key in keys}
    some = orders[orders["sku"].isin(groups["sku"])]
    for order_id, *key in some[["order_id", *KEYS]].itertuples(index=False, name=None):
        if tuple(key) in ids:
            ids[tuple(key)].add(order_id)
    return [name_orders(ids[key]) for key in keys]


def name_orders(ids: Iterable[str]) -> str:
    """Name a few orders and count the rest.

    Examples
    --------
    >>> name_orders(["PO-1", "PO-2", "PO-2", "PO-3", "PO-4"])
    'PO-1, PO-2, PO-3 and 1 more'
    """
    known = sorted(set(ids))
    more = f" and {len(known) - NAMED} more" if len(known) > NAMED else ""
    return ", ".join(known[:NAMED]) + more
