"""Order days of a run's lines, and what they become under other weekdays or another review interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from jobs.order_calendar import order_days
from jobs.scenario_base import ScenarioBase

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class OrderCalendar:
    """When each line can be ordered; row i is line i."""

    weekdays: Sequence[tuple[float, ...] | None]
    """Days of the week on which orders are taken; None: any."""
    closures: Sequence[Sequence[str] | None]
    review_days: Floats
    offsets: Codes
    """Days from the day planned to the order day and to the next one, [n, 2]."""


def calendar_of(base: ScenarioBase) -> OrderCalendar:
    """Return the order calendar that the run planned with."""
    lines = base.lines
    policies = base.table("policies")
    suppliers = base.table("suppliers").set_index("supplier")
    stated = stated_policy(lines, policies, "review_weekdays")
    taken = _found(lines["source"], suppliers["order_weekdays"])
    review = pd.to_numeric(stated_policy(lines, policies, "review_days")).astype("float64")
    default = float(base.run.policy.get("settings", {}).get("default_review_days", 7.0))
    return OrderCalendar(
        weekdays=[_days(own) or _days(source) for own, source in zip(stated, taken, strict=True)],
        closures=[_texts(cell) for cell in _found(lines["source"], suppliers["closures"])],
        review_days=np.asarray(review.fillna(default), dtype=np.float64),
        offsets=base.offsets,
    )


def with_order_days(
    base: ScenarioBase,
    calendar: OrderCalendar,
    rows: npt.NDArray[np.bool_],
    *,
    weekdays: tuple[float, ...] | None = None,
    review_days: Floats | None = None,
) -> OrderCalendar:
    """Return the calendar with other weekdays, or another review interval, of some lines.

    A line that is approved already stays bound to the order day after the approved one.
    """
    days = list(calendar.weekdays)
    review, offsets = calendar.review_days.copy(), calendar.offsets.copy()
    for row in np.flatnonzero(rows).tolist():
        first = order_days(base.as_of, days[row], calendar.closures[row], review[row])[0]
        wait = int(offsets[row, 0]) if offsets[row, 0] > first else 0
        days[row] = days[row] if weekdays is None else weekdays
        review[row] = review[row] if review_days is None else review_days[row]
        start = base.as_of + pd.Timedelta(days=wait).to_pytimedelta()
        found = order_days(start, days[row], calendar.closures[row], review[row])
        offsets[row] = wait + found[0], wait + found[1]
    return replace(calendar, weekdays=days, review_days=review, offsets=offsets)


def stated_policy(lines: pd.DataFrame, policies: pd.DataFrame, column: str) -> pd.Series[Any]:
    """Return what the policies state of each line, the most specific row first; None: nothing.

    Parameters
    ----------
    lines : columns sku, location, category
    policies : contract `policies`
    column : one of its columns
    """
    known = policies[[not _missing(cell) for cell in policies[column]]]
    pairs = known[known["sku"] != ""].set_index(["sku", "location"])[column].to_dict()
    segments = known[known["sku"] == ""].set_index("segment")[column].to_dict()
    keys = zip(lines["sku"], lines["location"], lines["category"], strict=True)
    found = [
        pairs.get((sku, location), segments.get(category, segments.get("*")))
        for sku, location, category in keys
    ]
    return pd.Series(found, index=lines.index, dtype=object)


def _found(codes: pd.Series[str], cells: pd.Series[Any]) -> list[Any]:
    known = cells.to_dict()
    return [known.get(code) for code in codes]


def _missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and bool(np.isnan(cell)))


def _days(cell: Any) -> tuple[float, ...] | None:
    return None if _missing(cell) or len(cell) == 0 else tuple(float(day) for day in cell)


def _texts(cell: Any) -> list[str] | None:
    return None if _missing(cell) else list(cell)
