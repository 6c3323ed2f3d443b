"""The tables as the checks need them: any table or column may be missing or empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.health.periods import CADENCES, Cadence, Days, Flags, Integers, period_number, period_start

Floats = npt.NDArray[np.float64]


def renumber(keys: Integers, span: int) -> tuple[Integers, Integers]:
    """Return (the distinct keys in order, the place of each key among them), for keys in [0, span).

    Counting is faster than sorting while the span is not far larger than the number of keys.
    """
    if span <= 8 * len(keys) + 1_000_000:
        present = np.flatnonzero(np.bincount(keys, minlength=span))
        place = np.zeros(span, dtype=np.int64)
        place[present] = np.arange(len(present))
        return present, place[keys]
    present, inverse = np.unique(keys, return_inverse=True)
    return present, np.asarray(inverse, dtype=np.int64)


@dataclass(frozen=True)
class RecentSales:
    """Sales of the last periods as matrices; n series, W periods, the last column the newest."""

    sku: npt.NDArray[np.object_]
    location: npt.NDArray[np.object_]
    location_index: Integers
    first_number: int
    """Period number of the first column."""
    quantity: Floats
    """shape (n, W); NaN: no row."""
    revenue: Floats
    promo: Flags
    open: Flags
    """Locations with any row in a period, shape (locations, W)."""
    locations: npt.NDArray[np.object_]
    writes_zeros: bool
    """The feed has rows for days without a sale, so a missing row is a gap and not a zero."""


@dataclass(frozen=True)
class Inputs:
    """The tables, the day, and what several checks derive from them."""

    tables: Mapping[str, pd.DataFrame]
    as_of: date
    period: str

    @property
    def cadence(self) -> Cadence:
        """Lengths for this period."""
        return CADENCES[self.period]

    @property
    def today(self) -> np.datetime64:
        """`as_of`, for comparison with dates."""
        return np.datetime64(self.as_of, "D")

    @property
    def words(self) -> str:
        """What a period is called."""
        return {"D": "days", "W": "weeks", "M": "months"}[self.period]

    @property
    def this_period(self) -> int:
        """Number of the period that holds `as_of`."""
        return int(period_number(np.array([self.today]), self.period)[0])

    def has(self, table: str) -> bool:
        """Tell whether a table has rows."""
        return table in self.tables and len(self.tables[table]) > 0

    def rows(self, table: str) -> int:
        """Rows of a table; 0 if it is missing."""
        return len(self.tables[table]) if table in self.tables else 0

    def text(self, table: str, column: str) -> npt.NDArray[np.object_]:
        """Return a text column as objects, null as None; all None if the column is missing."""
        if not self.has(table) or column not in self.tables[table]:
            return np.full(self.rows(table), None, dtype=object)
        values = self.tables[table][column]
        return np.asarray(values.astype(object).where(values.notna(), None), dtype=object)

    def text_at(self, table: str, column: str, rows: Integers) -> list[str | None]:
        """Return a text column at some rows: None where null or missing."""
        codes, values = self.codes(table, column)
        return [str(values[code]) if code >= 0 else None for code in codes[rows]]

    def number(self, table: str, column: str) -> Floats:
        """Return a number column as float64; NaN where null or missing."""
        if not self.has(table) or column not in self.tables[table]:
            return np.full(self.rows(table), np.nan)
        return np.asarray(self.tables[table][column].to_numpy(dtype=np.float64, na_value=np.nan))

    def flag(self, table: str, column: str) -> Flags:
        """Return a flag column; null or missing is False."""
        if not self.has(table) or column not in self.tables[table]:
            return np.zeros(self.rows(table), dtype=bool)
        return np.asarray(self.tables[table][column].to_numpy(dtype=bool, na_value=False))

    def days(self, table: str, column: str) -> Days:
        """Return a date column as datetime64[D]; NaT where null or missing."""
        key = (table, column)
        if key not in self._days:
            if self.has(table) and column in self.tables[table]:
                values = pd.to_datetime(self.tables[table][column]).to_numpy()
                self._days[key] = np.asarray(values.astype("datetime64[D]"))
            else:
                self._days[key] = np.full(self.rows(table), np.datetime64("NaT"), dtype="datetime64[D]")
        return self._days[key]

    @cached_property
    def _days(self) -> dict[tuple[str, str], Days]:
        return {}

    def codes(self, table: str, column: str) -> tuple[Integers, npt.NDArray[np.object_]]:
        """Return integer codes and their values; a null is −1."""
        key = (table, column)
        if key not in self._codes:
            if self.has(table) and column in self.tables[table]:
                codes, values = pd.factorize(self.tables[table][column])
                self._codes[key] = np.asarray(codes, dtype=np.int64), np.asarray(values, dtype=object)
            else:
                self._codes[key] = np.full(self.rows(table), -1, dtype=np.int64), np.empty(0, dtype=object)
        return self._codes[key]

    @cached_property
    def _codes(self) -> dict[tuple[str, str], tuple[Integers, npt.NDArray[np.object_]]]:
        return {}

    @cached_property
    def skus(self) -> set[str]:
        """Known products."""
        return set(self.text("products", "sku"))

    @cached_property
    def locations(self) -> set[str]:
        """Known locations."""
        return set(self.text("locations", "location"))

    @cached_property
    def ended(self) -> set[str]:
        """Products past their last day of sale."""
        last = self.days("products", "discontinue_date")
        return set(self.text("products", "sku")[last < self.today])

    @cached_property
    def not_launched(self) -> set[str]:
        """Products before their first day of sale."""
        first = self.days("products", "launch_date")
        return set(self.text("products", "sku")[first >= self.today])

    @cached_property
    def not_sold_here(self) -> set[tuple[str, str]]:
        """(sku, location) past their last day in the assortment."""
        over = self.days("assortment", "to_date") < self.today
        sku, location = self.text("assortment", "sku")[over], self.text("assortment", "location")[over]
        return set(zip(sku, location, strict=True))

    def delisted(self, sku: str, location: str) -> bool:
        """Tell whether a location no longer sells a product."""
        return sku in self.ended or (sku, location) in self.not_sold_here

    @cached_property
    def pack_sizes(self) -> dict[str, tuple[float, ...]]:
        """Eaches of the units of a product that a feed might take for eaches: 3 or more, smallest first."""
        found: dict[str, set[float]] = {}
        columns = (("products", "case_pack"), ("products", "units_per_pallet"), ("units", "eaches"))
        for table, column in columns:
            size = self.number(table, column)
            kept = np.flatnonzero(size >= 3)
            for sku, eaches in zip(self.text(table, "sku")[kept], size[kept], strict=True):
                found.setdefault(sku, set()).add(float(eaches))
        return {sku: tuple(sorted(sizes)) for sku, sizes in found.items()}

    @cached_property
    def stock(self) -> pd.DataFrame:
        """Stock rows of the latest snapshot of every sku and location, not after `as_of`.

        Columns sku, location, date, status, on_hand, expiry_date.
        """
        table = "inventory_snapshot"
        sku, skus = self.codes(table, "sku")
        place, places = self.codes(table, "location")
        day = self.days(table, "date").astype(np.int64)
        ok = (sku >= 0) & (place >= 0) & (self.days(table, "date") <= self.today)
        rows = np.flatnonzero(ok)
        present, line = renumber(sku[rows] * len(places) + place[rows], len(skus) * len(places))
        latest = np.full(len(present), np.iinfo(np.int64).min)
        np.maximum.at(latest, line, day[rows])
        kept = rows[day[rows] == latest[line]]
        return pd.DataFrame(
            {
                "sku": skus[sku[kept]],
                "location": places[place[kept]],
                "date": self.days(table, "date")[kept],
                "status": self.text(table, "status")[kept],
                "on_hand": self.number(table, "on_hand")[kept],
                "expiry_date": self.days(table, "expiry_date")[kept],
            }
        )

    @cached_property
    def available(self) -> dict[tuple[str, str], float]:
        """Available stock of every sku and location with a snapshot."""
        stock = self.stock[self.stock["status"] == "available"]
        total = stock.groupby(["sku", "location"], sort=True)["on_hand"].sum()
        skus, places = (total.index.get_level_values(level).astype(str) for level in (0, 1))
        return dict(zip(zip(skus, places, strict=True), total.to_numpy().tolist(), strict=True))

    @cached_property
    def sold_ever(self) -> set[tuple[str, str]]:
        """(sku, location) with any sales row."""
        sku, skus = self.codes("sales", "sku")
        place, places = self.codes("sales", "location")
        ok = (sku >= 0) & (place >= 0)
        found, _ = renumber(sku[ok] * len(places) + place[ok], len(skus) * len(places))
        return {(skus[line // len(places)], places[line % len(places)]) for line in found}

    @cached_property
    def sales(self) -> RecentSales | None:
        """Sales of the window that ends with the latest row not after `as_of`; None without any."""
        if not self.has("sales"):
            return None
        sku, skus = self.codes("sales", "sku")
        place, places = self.codes("sales", "location")
        day = self.days("sales", "date")
        ok = (sku >= 0) & (place >= 0) & (day <= self.today)
        if not ok.any():
            return None
        last = int(period_number(day[ok].max()[None], self.period)[0])
        # A generous cut by day first: most of a long history never gets a period number.
        first_day = np.datetime64(period_start(last - self.cadence.window + 1, self.period), "D")
        kept = np.flatnonzero(ok & (day >= first_day))
        number = period_number(day[kept], self.period)
        first = int(number.min())
        width = last - first + 1
        present, line = renumber(sku[kept] * len(places) + place[kept], len(skus) * len(places))
        cell = line * width + (number - first)
        shape = (len(present), width)

        def matrix(values: npt.NDArray[np.generic], empty: float | bool) -> npt.NDArray[np.generic]:
            flat = np.full(shape[0] * shape[1], empty)
            flat[cell] = values[kept]
            return flat.reshape(shape)

        opened = np.zeros((len(places), width), dtype=bool)
        opened[place[kept], number - first] = True
        quantity = self.number("sales", "quantity")
        return RecentSales(
            sku=skus[present // len(places)],
            location=places[present % len(places)],
            location_index=present % len(places),
            first_number=first,
            quantity=np.asarray(matrix(quantity, np.nan), dtype=np.float64),
            revenue=np.asarray(matrix(self.number("sales", "revenue"), np.nan), dtype=np.float64),
            promo=np.asarray(matrix(self.flag("sales", "promo"), False), dtype=bool),
            open=opened,
            locations=places,
            writes_zeros=bool(np.mean(quantity[kept] == 0) > 0.01),
        )
