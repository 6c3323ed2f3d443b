"""Raw chunks of a file into typed rows of a table, with every fault at its row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import reduce

import numpy as np
import polars as pl

from data_lake.importers.cells import constant, read_cells, read_text, rule_of, unread
from data_lake.importers.checks import add_where, check_values
from data_lake.importers.faults import FaultList
from data_lake.importers.kinds import Target
from data_lake.importers.layout import Layout
from data_lake.importers.numbers import is_empty, parse_numbers
from data_lake.importers.table_file import ROW
from data_lake.importers.zones import local_days

TOTAL = (
    r"(?i)^\s*((grand|sub|gross)[ -]?)?(totals?|sum|summe|gesamt(summe)?|zwischensumme|insgesamt|totaal|"
    r"totale|suma|razem|sous[ -]total|total (général|general|generale))\s*:?\s*$"
)
"""How exports label a row of totals."""

_HINTS = 100
CURRENCY = "currency"
HEADER = "__header"


@dataclass
class Counts:
    """What happened to rows that are not in the table."""

    read: int = 0
    blank: int = 0
    totals: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    currencies: Counter[str] = field(default_factory=Counter)


class Converter:
    """Converts the chunks of one file; faults and counts add up over them."""

    def __init__(
        self,
        layout: Layout,
        faults: FaultList,
        *,
        today: date,
        lake_currency: str | None,
        zones: Mapping[str, str] | None = None,
    ) -> None:
        self.layout, self.mapping, self.spec = layout, layout.mapping, layout.mapping.spec
        self.faults, self.today = faults, today
        self.counts = Counts()
        self.lake_currency = lake_currency
        self.zones = zones or {}
        self._split = re.compile(self.mapping.split.pattern).groupindex if self.mapping.split else {}

    def convert(self, raw: pl.DataFrame) -> pl.DataFrame:
        """Return typed columns of the mapped targets and `ROW`; rows with faults may hold nulls."""
        self.counts.read += raw.height
        raw = self._without_excluded(self._without_blank(raw))
        return self._typed(raw)

    def _without_blank(self, raw: pl.DataFrame) -> pl.DataFrame:
        columns = [name for name in raw.columns if name != ROW]
        first = next((name for name in columns if name in self.mapping.headers), columns[0])
        candidates = is_empty(raw[first])
        if not candidates.any():
            return raw
        where = candidates.arg_true()
        blank = reduce(
            lambda so_far, name: so_far & read_text(raw[name].gather(where)).is_null(),
            columns,
            pl.Series([True]).new_from_index(0, len(where)),
        )
        self.counts.blank += int(blank.sum())
        return raw.filter(~candidates.scatter(where, blank)) if blank.any() else raw

    def _without_excluded(self, raw: pl.DataFrame) -> pl.DataFrame:
        for rule in self.mapping.exclude:
            out = read_text(raw[rule.column]).str.contains(rule.matches).fill_null(False)
            if out.any():
                self.counts.excluded[rule.reason or f"{rule.column} matches {rule.matches}"] += int(out.sum())
                raw = raw.filter(~out)
        return raw

    def _typed(self, raw: pl.DataFrame) -> pl.DataFrame:
        cells = self._cells(raw)
        typed = {
            name: read_cells(values, self.spec.target(name), self.mapping)
            for name, (_, values) in cells.items()
        }
        self._to_local_days(cells, typed, raw.height)
        totals = self._total_rows(raw, typed)
        if totals is not None:
            self.counts.totals += int(totals.sum())
            rows = raw.filter(totals)
            self.faults.add_rows(
                "is a row of totals and was left out",
                rows[ROW],
                read_text(rows.to_series(0)),
                severity="warning",
            )
            return self._typed(raw.filter(~totals))
        for name, (header, values) in cells.items():
            self._check_read(self.spec.target(name), header, values, typed[name], raw[ROW])
        frame = pl.DataFrame([series.alias(name) for name, series in typed.items()] + [raw[ROW]])
        if self.layout.wide:
            frame = self._unpivot(raw, frame)
        frame = self._with_constants(frame)
        frame = self._in_eaches_and_money(frame)
        if self.mapping.returns:
            frame = self._with_returns(raw, frame)
        check_values(frame, self.mapping, self.faults, self.today)
        return frame

    def _cells(self, raw: pl.DataFrame) -> dict[str, tuple[str, pl.Series]]:
        cells = {target: (header, raw[header]) for target, header in self.mapping.columns.items()}
        if self.mapping.split:
            header = self.mapping.split.column
            text = read_text(raw[header])
            groups = text.str.extract_groups(self.mapping.split.pattern).struct.unnest()
            missed = groups.to_series(0).is_null() & text.is_not_null()
            self._add("does not match the pattern of split", header, text, missed, raw[ROW])
            # What does not match is told once, here, and is not missing below.
            for target in self._split:
                cells[target] = (header, groups[target].set(missed, "?"))
        return cells

    def _to_local_days(
        self, cells: dict[str, tuple[str, pl.Series]], typed: dict[str, pl.Series], height: int
    ) -> None:
        """Date instants that have an offset by the clock of the row's location, where its zone is known."""
        place = next((name for name in ("location", "to_location") if name in self.spec.names), None)
        if place is None or not self.zones:
            return
        where = typed.get(place)
        if where is None:
            given = self.mapping.constants.get(place, self.spec.target(place).default)
            where = pl.Series([given], dtype=pl.String).new_from_index(0, height)
        for name, (_, values) in cells.items():
            if self.spec.target(name).reads == "date":
                typed[name] = local_days(values, typed[name], where, self.zones)

    def _total_rows(self, raw: pl.DataFrame, typed: dict[str, pl.Series]) -> pl.Series | None:
        """Rows labelled total that lack a key, or that have "total" for a product or location."""
        if not raw.height:
            return None
        keys = [typed[name] for name in typed if name in self.spec.key and self.spec.target(name).required]
        found = pl.Series([False]).new_from_index(0, raw.height)
        if keys:
            lacking = reduce(lambda so_far, key: so_far | key.is_null(), keys, found)
            if lacking.any():
                where = lacking.arg_true()
                some = raw.drop(ROW).select(pl.all().gather(where))
                labelled = reduce(
                    lambda so_far, name: so_far | read_text(some[name]).str.contains(TOTAL).fill_null(False),
                    [name for name in some.columns if some[name].dtype == pl.String],
                    pl.Series([False]).new_from_index(0, len(where)),
                )
                found = found.scatter(where, labelled)
        for name in ("sku", "location"):
            if name in typed and typed[name].unique().str.contains(TOTAL).any():
                named = typed[name].str.contains(TOTAL).fill_null(False)
                # A file of nothing but totals has a location called "Total".
                if named.sum() <= 5 + raw.height // 50 and named.sum() < raw.height:
                    found = found | named
        return found if found.any() else None

    def _check_read(
        self, target: Target, header: str, cells: pl.Series, typed: pl.Series, rows: pl.Series
    ) -> None:
        if typed.has_nulls():
            wrong = unread(cells, typed, target)
            self._add_unread(target, header, cells, wrong, rows)
            needed = target.required and target.default is None and target.name not in self.mapping.constants
            if needed or target.name == "unit_factor":
                self._add(
                    f"is empty; every row needs {target.name}", header, cells, typed.is_null() & ~wrong, rows
                )
        if target.name in ("sku", "location"):
            shortened = typed.unique().str.contains(r"^\d+([.,]\d+)?E\+\d+$")
            if shortened.any():
                self._add(
                    "looks like a code that a spreadsheet has shortened: export it as text",
                    header,
                    typed,
                    typed.str.contains(r"^\d+([.,]\d+)?E\+\d+$").fill_null(False),
                    rows,
                )

    def _add_unread(
        self, target: Target, header: str, cells: pl.Series, wrong: pl.Series, rows: pl.Series
    ) -> None:
        where = wrong.arg_true()
        if not len(where):
            return
        values = read_text(cells.gather(where)).alias("value")
        # What else a value could be is looked up for a few: a whole column in the wrong form needs it once.
        rules = {value: rule_of(target, self.mapping, value) for value in values.unique().head(_HINTS)}
        rule = values.replace_strict(rules, default=rule_of(target, self.mapping, ""), return_dtype=pl.String)
        told = pl.DataFrame([rows.gather(where), values, rule.alias("rule")])
        for (said,), part in told.partition_by("rule", as_dict=True).items():
            self.faults.add_rows(str(said), part[ROW], part["value"], column=header)

    def _unpivot(self, raw: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
        headers = [header for header, _ in self.layout.wide]
        cells = raw.select(headers)
        if len(set(cells.schema.dtypes())) > 1:
            numeric = all(dtype.is_numeric() for dtype in cells.schema.dtypes())
            cells = cells.cast(pl.Float64() if numeric else pl.String())
        long = pl.concat([keys, cells], how="horizontal").unpivot(
            on=headers, index=keys.columns, variable_name=HEADER, value_name="__cell"
        )
        days = np.array([day for _, day in self.layout.wide], dtype="datetime64[D]")
        long = long.with_columns(pl.Series("date", np.repeat(days, raw.height)).cast(pl.Date))
        # An empty cell is a period without a row, not a zero.
        long = long.filter(~is_empty(long["__cell"]))
        numbers = parse_numbers(long["__cell"], self.mapping.numbers)
        wrong = numbers.is_null()
        if wrong.any():
            rule = rule_of(self.spec.target("quantity"), self.mapping, "")
            for (header,), part in long.filter(wrong).partition_by(HEADER, as_dict=True).items():
                self.faults.add_rows(rule, part[ROW], part["__cell"], column=str(header))
        return long.with_columns(numbers.alias("quantity")).drop("__cell")

    def _with_constants(self, frame: pl.DataFrame) -> pl.DataFrame:
        given = dict(self.mapping.constants)
        for target in self.spec.targets:
            if target.default is not None and target.name not in frame.columns:
                given.setdefault(target.name, target.default)
        for name, text in given.items():
            target = self.spec.target(name)
            value = pl.Series([text]) if text == "" else constant(text, target, self.mapping, self.today)
            if value[0] is None:
                if not any(f.row is None and f.column == name for f in self.faults.kept):
                    self.faults.add(
                        f"the constant of the mapping {rule_of(target, self.mapping, text)}",
                        column=name,
                        value=text,
                    )
                continue
            lit = pl.lit(value[0], dtype=value.dtype).alias(name)
            filled = pl.coalesce(name, lit).alias(name) if name in frame.columns else lit
            frame = frame.with_columns(filled)
        for target in self.spec.targets:
            if target.default is not None and target.name in frame.columns:
                frame = frame.with_columns(pl.col(target.name).fill_null(target.default))
        return frame

    def _in_eaches_and_money(self, frame: pl.DataFrame) -> pl.DataFrame:
        factor: pl.Expr = pl.lit(self.mapping.unit_factor)
        if "unit_factor" in frame.columns:
            factor = factor * pl.col("unit_factor")
        present = [target for target in self.spec.targets if target.name in frame.columns]
        if "unit_factor" in frame.columns or self.mapping.unit_factor != 1:
            frame = frame.with_columns(
                (pl.col(t.name) * factor if t.per_unit == "times" else pl.col(t.name) / factor).alias(t.name)
                for t in present
                if t.per_unit
            ).drop("unit_factor", strict=False)
        money = [target.name for target in present if target.money]
        if money:
            rate = self._rates(frame)
            if rate is not None:
                frame = frame.with_columns((pl.col(name) * rate).alias(name) for name in money)
        return frame.drop(CURRENCY, strict=False)

    def _rates(self, frame: pl.DataFrame) -> pl.Series | None:
        """Lake money for one unit of each row's currency; None: 1 throughout. Which there are is counted."""
        given = self.mapping.money
        own = given.currency or self.lake_currency or ""
        if CURRENCY not in frame.columns:
            self.counts.currencies[given.currency] += frame.height
            if given.currency in given.rates and given.currency != self.lake_currency:
                return pl.Series([given.rates[given.currency]]).new_from_index(0, frame.height)
            return None
        currency = frame[CURRENCY].fill_null(own).str.to_uppercase()
        for name, count in currency.value_counts().iter_rows():
            self.counts.currencies[name] += count
        rates = {name.upper(): rate for name, rate in given.rates.items()}
        if not rates:
            return None
        base = self.lake_currency or next((name for name, rate in rates.items() if rate == 1), None)
        if base:
            rates.setdefault(base, 1.0)
        rate = currency.replace_strict(rates, default=None, return_dtype=pl.Float64)
        header = self.mapping.columns.get(CURRENCY, CURRENCY)
        self._add(
            f"has no rate; rates are given for {', '.join(rates)}",
            header,
            currency,
            rate.is_null(),
            frame[ROW],
        )
        return rate

    def _with_returns(self, raw: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
        assert self.mapping.returns is not None
        returned = read_text(raw[self.mapping.returns.column]).str.contains(self.mapping.returns.matches)
        rows = raw[ROW].filter(returned.fill_null(False))
        amounts = [name for name in ("quantity", "revenue") if name in frame.columns]
        return frame.with_columns(
            pl.when(pl.col(ROW).is_in(rows.implode())).then(-pl.col(name).abs()).otherwise(name).alias(name)
            for name in amounts
        )

    def _add(self, rule: str, column: str, values: pl.Series, wrong: pl.Series, rows: pl.Series) -> None:
        add_where(self.faults, rule, column, values, wrong, rows)
