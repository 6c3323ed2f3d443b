"""What moves demand over time: weekdays, seasons, holidays, events, promotions, prices, launches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import holidays
import numpy as np
import numpy.typing as npt
import polars as pl

from data_lake.demo.catalogue import CATEGORIES, PER_CATEGORY, Catalogue
from data_lake.demo.geography import Geography
from data_lake.demo.promotions import draw_promotions

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]

CALENDAR_AHEAD_DAYS = 400

# Monday … Sunday, by category; rows are normalised to mean 1.
WEEKDAY_SHAPES = np.array(
    [
        [0.95, 0.90, 0.92, 0.98, 1.12, 1.25, 0.88],  # Dairy
        [0.90, 0.88, 0.90, 0.95, 1.10, 1.35, 0.92],  # Bakery
        [0.88, 0.85, 0.90, 1.00, 1.22, 1.30, 0.85],  # Chilled & Deli
        [0.82, 0.80, 0.88, 1.02, 1.32, 1.34, 0.82],  # Drinks
        [0.85, 0.82, 0.88, 1.00, 1.28, 1.27, 0.90],  # Snacks & Sweets
        [1.00, 0.95, 0.96, 1.02, 1.08, 1.17, 0.82],  # Pantry
        [0.95, 0.90, 0.92, 1.02, 1.20, 1.18, 0.83],  # Frozen
        [1.02, 0.96, 0.95, 1.00, 1.05, 1.22, 0.80],  # Household & Care
    ]
)
YEAR_AMPLITUDE = np.array([0.04, 0.06, 0.10, 0.30, 0.12, 0.14, 0.22, 0.03])
"""Amplitude of the yearly sine of log demand, by category."""
YEAR_PEAK_DAY = np.array([160, 330, 190, 200, 345, 20, 195, 90])
"""Day of the year on which it peaks: drinks and frozen in July, pantry in January, sweets in December."""
CHRISTMAS_UPLIFT = np.array([0.35, 0.30, 0.75, 0.60, 0.90, 0.15, 0.30, 0.10])
"""Rise of demand on 23 December over a usual day, by category; builds up over 14 days."""
EASTER_UPLIFT = np.array([0.15, 0.25, 0.35, 0.15, 0.60, 0.05, 0.10, 0.0])
HOLIDAY_UPLIFT = np.array([0.10, 0.15, 0.20, 0.25, 0.25, 0.02, 0.15, -0.05])
"""On the two days before any other public holiday."""
AFTER_CHRISTMAS = 0.78
"""Factor on 26 December to 3 January."""
RACE_WEEK_UPLIFT = 0.35
"""Race week in the West (last week of July), drinks, snacks and chilled."""
PRICE_ELASTICITY = -1.3
LAUNCH_RAMP_DAYS = 42
"""A launch starts at 35 % and reaches full demand after this many days."""

_RECENT_LAUNCHES = {(3, 9): 75, (4, 12): 48, (6, 5): 24}
"""(category, place) → days on sale at the end: three new products without a predecessor."""
_SUCCESSOR, _PREDECESSOR = 16, 17


@dataclass(frozen=True)
class Seasons:
    """Everything about time: days, calendar, and factors on mean demand."""

    days: Days
    """shape (T,)"""
    calendar: pl.DataFrame
    promotions: pl.DataFrame
    on_promotion: npt.NDArray[np.bool_]
    """shape (T, stores, skus)"""
    price: Floats
    """List price after price changes, shape (T, skus)."""
    depth: Floats
    """Discount, shape (T, stores, skus)."""
    factor: Floats
    """Mean demand over the base level without promotions, shape (T, skus); closed days are 0."""
    promotion_factor: Floats
    """Uplift and dip of promotions, shape (T, stores, skus)."""
    regional_factor: Floats
    """Regional events, shape (T, stores, skus)."""
    launch: npt.NDArray[np.datetime64]
    """First day of sale, shape (skus,); NaT: before the first day."""
    discontinue: npt.NDArray[np.datetime64]
    predecessor: list[str | None]
    closed: npt.NDArray[np.bool_]
    """shape (T,)"""

    @cached_property
    def active(self) -> npt.NDArray[np.bool_]:
        """Products on sale, shape (T, skus)."""
        after = np.isnat(self.launch) | (self.days[:, None] >= self.launch)
        before = np.isnat(self.discontinue) | (self.days[:, None] <= self.discontinue)
        result: npt.NDArray[np.bool_] = after & before & ~self.closed[:, None]
        return result


def seasons(
    what: Catalogue, where: Geography, *, end: date, length: int, rng: np.random.Generator
) -> Seasons:
    """Draw the calendar, promotions, prices and life cycles, and what they do to demand."""
    last = np.datetime64(end, "D")
    days = np.arange(last - length + 1, last + 1)
    calendar, closed = _calendar(days[0].astype(date), end)
    launch, discontinue, predecessor = lifecycle(what, last)
    price = _prices(what, length, rng)
    promotions, depth, effect = draw_promotions(what, where, days, launch, discontinue, rng)
    factor = (
        _weekday_factor(days)[:, what.category]
        * _year_factor(days)[:, what.category]
        * _holiday_factor(days)[:, what.category]
        * (price / what.unit_price) ** PRICE_ELASTICITY
        * _ramp(days, launch)
        * (1 + rng.normal(0.01, 0.05, len(what)) * (np.arange(length)[:, None] / 365.25 - 1.5))
    )
    factor[closed] = 0.0
    return Seasons(
        days=days,
        calendar=calendar,
        promotions=promotions,
        on_promotion=depth > 0,
        price=price,
        depth=depth,
        factor=factor,
        promotion_factor=effect,
        regional_factor=_race_week(days, what, where),
        launch=launch,
        discontinue=discontinue,
        predecessor=predecessor,
        closed=closed,
    )


def lifecycle(what: Catalogue, last: np.datetime64) -> tuple[Days, Days, list[str | None]]:
    """Return launch and discontinue days and predecessors.

    In every category product 17 replaced product 18, between 150 and 400 days before the end; in half of
    the categories the old one has ended, in the others it ends within eight weeks.
    Three more products are new.
    """
    launch = np.full(len(what), np.datetime64("NaT"), dtype="datetime64[D]")
    discontinue = launch.copy()
    predecessor: list[str | None] = [None] * len(what)
    code = {(c, p): index for index, (c, p) in enumerate(zip(what.category, what.position, strict=True))}
    for (category, position), index in code.items():
        if position % PER_CATEGORY == _SUCCESSOR and (category, position + 1) in code:
            old = code[category, position + 1]
            launch[index] = last - (150 + 35 * int(category))
            discontinue[old] = launch[index] + 30 if category % 2 else last + 14 + 6 * int(category)
            predecessor[index] = what.sku[old]
    for place, age in _RECENT_LAUNCHES.items():
        if place in code:
            launch[code[place]] = last - age + 1
    return launch, discontinue, predecessor


def _weekday_factor(days: Days) -> Floats:
    shapes = WEEKDAY_SHAPES / WEEKDAY_SHAPES.mean(axis=1, keepdims=True)
    weekday = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    return np.asarray(shapes.T[weekday])


def _year_factor(days: Days) -> Floats:
    day_of_year = (days - days.astype("datetime64[Y]")).astype(np.int64)
    angle = 2 * np.pi * (day_of_year[:, None] - YEAR_PEAK_DAY) / 365.25
    return np.asarray(np.exp(YEAR_AMPLITUDE * np.cos(angle)))


def _public_holidays(first: date, last: date) -> dict[date, str]:
    found = holidays.country_holidays("IE", years=range(first.year, last.year + 1))
    named = {day: str(name) for day, name in found.items() if first <= day <= last}
    for day, name in list(named.items()):
        if name == "Easter Monday":
            named[day - timedelta(days=1)] = "Easter Sunday"
    return {day: named[day] for day in sorted(named) if first <= day <= last}


def _calendar(first: date, end: date) -> tuple[pl.DataFrame, npt.NDArray[np.bool_]]:
    last = end + timedelta(days=CALENDAR_AHEAD_DAYS)
    rows = []
    for day, name in _public_holidays(first, last).items():
        rows.append((day, "", name, "holiday"))
        if name == "Christmas Day":
            rows.append((day, "", "Closed", "closed"))
    rows += [(day, "West", "Race Week", "event") for day in _race_days(first, last)]
    rows.sort()
    calendar = pl.DataFrame(
        rows,
        schema={"date": pl.Date, "region": pl.String, "event": pl.String, "kind": pl.String},
        orient="row",
    ).with_columns(
        sku=pl.lit("", pl.String),
        location=pl.lit("", pl.String),
        depth=pl.lit(None, pl.Float64),
        mechanic=pl.lit(None, pl.String),
    )
    length = (end - first).days + 1
    closed = np.zeros(length, dtype=bool)
    for day, _, _, kind in rows:
        if kind == "closed" and day <= end:
            closed[(day - first).days] = True
    return calendar, closed


def _holiday_factor(days: Days) -> Floats:
    first, last = days[0].astype(date), days[-1].astype(date)
    log_factor = np.zeros((len(days), len(CATEGORIES)))

    def add(day: date, effect: Floats) -> None:
        offset = (day - first).days
        if 0 <= offset < len(days):
            log_factor[offset] += effect

    for day, name in _public_holidays(first, last + timedelta(days=30)).items():
        if name == "Christmas Day":
            for before in range(1, 15):
                add(day - timedelta(days=before), np.log1p(CHRISTMAS_UPLIFT) * (1 - abs(before - 2) / 13))
            for after in range(1, 10):
                add(day + timedelta(days=after), np.full(len(CATEGORIES), np.log(AFTER_CHRISTMAS)))
        elif name == "Easter Sunday":
            for before in range(1, 6):
                add(day - timedelta(days=before), np.log1p(EASTER_UPLIFT) * (1 - before / 8))
        elif name not in ("Saint Stephen's Day", "New Year's Day", "Easter Monday"):
            for before in (1, 2):
                add(day - timedelta(days=before), np.log1p(HOLIDAY_UPLIFT))
    return np.exp(log_factor)


def _race_days(first: date, last: date) -> list[date]:
    found = []
    for year in range(first.year, last.year + 1):
        end_of_july = date(year, 7, 31)
        monday = end_of_july - timedelta(days=end_of_july.weekday())
        found += [monday + timedelta(days=day) for day in range(-7, 0)]
    return [day for day in found if first <= day <= last]


def _race_week(days: Days, what: Catalogue, where: Geography) -> Floats:
    affected = np.isin(
        what.category, [CATEGORIES.index(n) for n in ("Chilled & Deli", "Drinks", "Snacks & Sweets")]
    )
    west = np.array([region == "West" for region in where.region[: len(where.store)]], dtype=bool)
    factor = np.ones((len(days), len(where.store), len(what)))
    first = days[0].astype(date)
    for day in _race_days(first, days[-1].astype(date)):
        factor[(day - first).days][np.ix_(west, affected)] = 1 + RACE_WEEK_UPLIFT
    return factor


def _prices(what: Catalogue, length: int, rng: np.random.Generator) -> Floats:
    """List price by day: up to three changes, two of three upward, ending at the master's price."""
    changes = np.zeros((length, len(what)))
    for index in range(len(what)):
        for day in rng.integers(1, max(length, 2), rng.integers(0, 4)):
            changes[min(day, length - 1), index] += rng.choice([0.05, 0.08, -0.06])
    path = np.exp(np.cumsum(changes, axis=0))
    return np.asarray(np.round(what.unit_price * path / path[-1], 2))


def _ramp(days: Days, launch: Days) -> Floats:
    age = (days[:, None] - launch).astype(float)
    age[:, np.isnat(launch)] = LAUNCH_RAMP_DAYS
    return np.asarray(np.clip(0.35 + 0.65 * age / LAUNCH_RAMP_DAYS, 0.0, 1.0) * (age >= 0))
