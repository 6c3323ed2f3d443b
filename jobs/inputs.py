"""What a plan reads: every input table at one pinned version, and what people did since."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from data_lake.lake import Lake, Version
from data_lake.ledger import read_events
from data_lake.series import Period, SalesPanel, read_panel_arrays
from engine.forecast.panel import period_dates
from jobs.country_holidays import with_country_holidays
from jobs.demand_corrections import fold_corrections, with_corrections
from jobs.errors import JobError
from jobs.markdowns import fold_markdowns, with_markdowns
from jobs.orders_then import is_past
from jobs.override_fold import active_overrides
from jobs.settings import Settings, settings
from jobs.stock_now import STOCK, Told, keep_told
from jobs.supply_seen import supply_seen

MASTER_TABLES = (
    "products",
    "locations",
    "assortment",
    "suppliers",
    "sourcing",
    "policies",
    "calendar",
    "promotions",
    "lanes",
    "settings",
)
"""Small tables, read whole."""

INPUT_TABLES = (*MASTER_TABLES, "sales", "inventory_snapshot", "orders", "movements")
"""Every table that a plan reads."""

PLANNED_EVENTS = ("plan_line.", "transfer.", "forecast.", "demand.", "markdown.")
"""Kinds of event that a plan depends on."""

HOLIDAYS_AHEAD = 2 * 366
"""Days beyond `as_of` for which public holidays are looked up: further than any forecast reaches."""

RECENT_DAYS = 366
"""Sales and stock rows of this many days are checked and priced; forecasts see all of history as a panel."""


@dataclass(frozen=True)
class PlanInputs:
    """The tables of one plan, all read at the versions in `versions`."""

    tables: Mapping[str, pd.DataFrame]
    """By name; `sales` and `inventory_snapshot` hold the last `RECENT_DAYS`, `orders` approvals too;
    stock and orders are as facts left them."""
    sales: SalesPanel
    """All of history on the period grid, as planners corrected it."""
    versions: Mapping[str, int]
    """Version number of each table; 0: never written."""
    settings: Settings
    overrides: pd.DataFrame
    ordered_until: pd.DataFrame
    """sku, location, source, next_order_date of lines approved for an order day not before `as_of`."""
    as_of: dt.date
    digest: str
    """SHA-256 over the content of every input: equal inputs, equal digest, in any lake."""

    @property
    def period(self) -> str:
        """Forecast period of the lake: D, W or M."""
        return self.settings["period"]

    @property
    def periods_since_sales(self) -> int:
        """Whole periods between the end of the sales history and `as_of` (a stale feed: > 0)."""
        return periods_between(next_period(self.sales, self.period), self.as_of, self.period)


def load_inputs(lake: Lake, *, as_of: dt.date | None = None) -> PlanInputs:
    """Pin and read the inputs of a plan for the morning of `as_of`.

    Stock and orders are those of the tables and of all facts since; of a day that has passed, those of the
    facts before it. What facts had told is kept in the lake, so that the plan can be looked into later.

    Parameters
    ----------
    lake : Lake
    as_of : date, optional
        First day planned. Only sales, stock and orders before it are seen. Default: the period after the
        last one with sales, so that the same lake gives the same plan on any day.

    Raises
    ------
    JobError
        If the lake holds no sales before `as_of`; says what to import.
    """
    pinned = {name: lake.current(name) for name in INPUT_TABLES}
    versions = {name: version.number if version else 0 for name, version in pinned.items()}
    known = settings(lake)
    until = None if as_of is None else as_of - dt.timedelta(days=1)
    period: Period = known["period"]  # type: ignore[assignment]  # one of PERIODS: jobs.settings checks it
    sales = read_panel_arrays(lake, version=versions["sales"], period=period, until=until)
    if sales.quantity.size == 0:
        when = f" before {as_of:%d %b %Y}" if as_of else ""
        raise JobError(f"the lake holds no sales{when}; import some: shelfcast import FILE --kind sales")
    day = next_period(sales, period) if as_of is None else as_of
    since, until = day - dt.timedelta(days=RECENT_DAYS), day - dt.timedelta(days=1)
    tables = {name: lake.read(name, version=versions[name]) for name in MASTER_TABLES}
    first: dt.date = sales.start.astype("datetime64[D]").item()
    tables["calendar"] = with_country_holidays(
        tables["calendar"], known["country"], first, day + dt.timedelta(days=HOLIDAYS_AHEAD)
    )
    for name in ("sales", "inventory_snapshot"):
        tables[name] = lake.read(name, version=versions[name], since=since, until=until)
    events = [event for event in read_events(lake) if event.event_type.startswith(PLANNED_EVENTS)]
    seen = supply_seen(
        lake,
        day=day,
        since=since,
        versions=versions,
        events=events,
        stock=tables["inventory_snapshot"],
        past=as_of is not None and is_past(lake, day, versions["sales"]),
    )
    if seen.told is not None:
        versions |= keep_told(lake, seen.told)
        tables[STOCK] = seen.told.stock
    tables["inventory_snapshot"] = seen.stock
    moved = lake.read("movements", version=versions["movements"])
    at = moved["at"].dt.tz_localize(None)
    tables["movements"] = moved[(at >= pd.Timestamp(since)) & (at < pd.Timestamp(day))]
    tables["orders"] = seen.orders
    tables["promotions"] = with_markdowns(tables["promotions"], fold_markdowns(events))
    return PlanInputs(
        tables=tables,
        sales=with_corrections(sales, fold_corrections(events)),
        versions=versions,
        settings=known,
        overrides=active_overrides(lake, day, events=events),
        ordered_until=seen.ordered_until,
        as_of=day,
        digest=_digest(pinned, [event.event_id for event in events], seen.told),
    )


def next_period(sales: SalesPanel, period: str) -> dt.date:
    """Return the first day of the period after the last one with sales."""
    day: dt.date = period_dates(sales.start, period, sales.quantity.shape[1], 1)[0].item()
    return day


def periods_between(start: dt.date, end: dt.date, period: str) -> int:
    """Return whole periods from `start` to `end`; 0 if `end` is earlier.

    Examples
    --------
    >>> periods_between(dt.date(2026, 1, 1), dt.date(2026, 3, 15), "M")
    2
    """
    if period == "M":
        months = (end.year - start.year) * 12 + end.month - start.month
        return max(0, months - (end.day < start.day))
    return max(0, (end - start).days // (7 if period == "W" else 1))


def _digest(pinned: Mapping[str, Version | None], events: list[str], told: Told | None) -> str:
    files = {name: [file.sha256 for file in v.files] if v else [] for name, v in pinned.items()}
    content = [files, events, *([] if told is None else [told.digest])]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
