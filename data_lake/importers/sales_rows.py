"""Sales and order lines on their way into the lake: staged by month, summed, never held whole in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from data_lake.importers.dates import detect_period, period_start
from data_lake.importers.faults import FaultList, Severity
from data_lake.importers.mapping import Mapping
from data_lake.importers.sales_sums import (
    KEY,
    LINES,
    PAID,
    PAID_UNITS,
    contract_columns,
    merged,
    offer,
    price_of_sum,
    summed,
    with_money,
)
from data_lake.importers.table_file import ROW
from data_lake.schemas import POLARS_TYPES, contract

PERIOD_WORDS = {"D": "daily", "W": "weekly", "M": "monthly"}
_STORED = [*contract("sales").names]
_MOST_GAPS = 20
_MOST_HELD = 600_000


@dataclass
class SalesRows:
    """Rows of one file, written to a temporary folder month by month as they come.

    Parameters
    ----------
    folder : Path
        An empty temporary folder.
    lake_period : str or None
        Period of the sales that the lake has; None: it has none.
    """

    folder: Path
    mapping: Mapping
    faults: FaultList
    today: date
    lake_period: str | None
    notes: list[str] = field(default_factory=list)
    _dates: Counter[date] = field(default_factory=Counter)
    _ahead: list[tuple[date, pl.Series]] = field(default_factory=list)
    _parts: dict[str, list[Path]] = field(default_factory=dict)
    _offers: list[pl.DataFrame] = field(default_factory=list)
    period: str = "D"

    def add(self, rows: pl.DataFrame) -> None:
        """Stage one chunk of typed rows."""
        rows = rows.drop_nulls([*KEY, "quantity"])
        self._note_dates(rows)
        known = self._known_period()
        if known:
            rows = rows.with_columns(period_start(rows["date"], known))
        rows = with_money(rows)
        if "name" in rows.columns:
            self._offers.append(offer(rows))
        if self.mapping.kind == "order_lines" and self._sums:
            rows = summed(rows)
        keep = [name for name in (*_STORED, ROW, PAID, PAID_UNITS, LINES) if name in rows.columns]
        rows = rows.select(keep).with_columns(pl.col("date").dt.strftime("%Y-%m").alias("__month"))
        for (month,), part in rows.partition_by("__month", as_dict=True, include_key=False).items():
            paths = self._parts.setdefault(str(month), [])
            path = self.folder / f"{month}-{len(paths)}.parquet"
            part.write_parquet(path, compression="lz4", statistics=False)
            paths.append(path)

    def finish(self, tell: Callable[[float], None] = lambda _share: None) -> pl.LazyFrame:
        """Settle the period, sum rows of one key, and return what to load; faults are added to the list.

        `tell` is called with the share that is done.
        """
        self.period = self._settled_period()
        self._check_future()
        self._note_gaps()
        finals: list[Path] = []
        negative = 0
        for done, month in enumerate(sorted(self._parts), start=1):
            for rows in self._staged(month):
                rows = self._one_a_key(rows.with_columns(period_start(rows["date"], self.period)))
                negative += rows.filter(pl.col("quantity") < 0).height
                final = self.folder / f"final-{len(finals)}.parquet"
                contract_columns(rows).sort("sku", "location", "date").write_parquet(final, compression="lz4")
                finals.append(final)
            tell(done / len(self._parts))
        if negative:
            self.notes.append(
                f"{negative:,} periods have more returns than sales: their quantity is negative"
            )
        if not finals:
            return pl.LazyFrame(
                schema={name: POLARS_TYPES[contract("sales").column(name).kind] for name in _STORED}
            )
        return pl.scan_parquet(finals)

    def offers(self) -> pl.DataFrame:
        """Return sku, name and unit_price of the products in the file (most lines win the name)."""
        if not self._offers:
            return pl.DataFrame(schema={"sku": pl.String, "name": pl.String, "unit_price": pl.Float64})
        lines = pl.concat(self._offers).group_by("sku", "name").agg(pl.all().sum())
        best = (
            lines.drop_nulls("name")
            .sort(["lines", "name"], descending=[True, False])
            .unique("sku", keep="first")
        )
        price = lines.group_by("sku").agg(pl.col("paid").sum(), pl.col("units").sum())
        price = price.select(
            "sku", pl.when(pl.col("units") > 0).then(pl.col("paid") / pl.col("units")).alias("unit_price")
        )
        return best.select("sku", "name").join(price, on="sku", how="left").sort("sku")

    def _staged(self, month: str) -> Iterator[pl.DataFrame]:
        """Yield the rows of one month, in ranges of products where they are many."""
        paths = self._parts[month]
        staged = pl.scan_parquet(paths)
        pieces = -(-staged.select(pl.len()).collect().item() // _MOST_HELD)
        skus = staged.select(pl.col("sku").unique().sort()).collect()["sku"]
        size = -(-len(skus) // pieces)
        for start in range(0, len(skus), size):
            first, last = skus[start], skus[min(start + size, len(skus)) - 1]
            rows = (
                staged
                if pieces == 1
                else staged.filter(pl.col("sku").is_between(pl.lit(first), pl.lit(last)))
            )
            yield rows.collect(engine="streaming")
        for path in paths:
            path.unlink()

    @property
    def _sums(self) -> bool:
        return (self.mapping.duplicates or self.mapping.spec.duplicates) == "sum"

    def _known_period(self) -> str | None:
        """The period, where it is known before the whole file is read."""
        if self.mapping.period:
            return self.mapping.period
        return (self.lake_period or "D") if self.mapping.kind == "order_lines" else None

    def _note_dates(self, rows: pl.DataFrame) -> None:
        for day, count in rows["date"].value_counts().iter_rows():
            self._dates[day] += count
        ahead = rows.filter(pl.col("date") > self.today)
        for (day,), part in ahead.partition_by("date", as_dict=True).items():
            self._ahead.append((day, part[ROW]))

    def _settled_period(self) -> str:
        known = self._known_period()
        lake = self.lake_period
        form = self.mapping.wide.form if self.mapping.wide else self.mapping.dates.form
        style = self.mapping.wide.style if self.mapping.wide else self.mapping.dates
        found = style.step if style.origin else detect_period(list(self._dates), form)
        if known:
            if lake and lake != known:
                self.faults.add(
                    f"the mapping makes these sales {PERIOD_WORDS[known]} and the lake's sales are "
                    f"{PERIOD_WORDS[lake]}: a lake has one period. Set period: {lake}, or use another lake"
                )
            return known
        if lake is None:
            period = found or "D"
            why = "by the spacing of their dates" if found else "too few dates to tell, taken as days"
            self.notes.append(f"sales are {PERIOD_WORDS[period]} ({why})")
            return period
        if found and found != lake:
            finer = "DWM".index(found) < "DWM".index(lake)
            cure = (
                f"set period: {lake} to sum them"
                if finer
                else f"set period: {lake} if they are, or use another lake"
            )
            self.faults.add(
                f"the file's sales are {PERIOD_WORDS[found]} by the spacing of their dates, the lake's are "
                f"{PERIOD_WORDS[lake]}: a lake has one period; {cure}"
            )
        return lake

    def _check_future(self) -> None:
        header = self.mapping.columns.get("date", "date")
        for day, rows in self._ahead:
            start = period_start(pl.Series([day]), self.period)[0]
            if start > self.today:
                rule = f"is in the future (today is {self.today}): check the form of the dates"
                self.faults.add_rows(rule, rows, pl.repeat(day, len(rows), eager=True), column=header)

    def _note_gaps(self) -> None:
        """Periods without a row anywhere in the file: closed days, or a hole in the export."""
        if len(self._dates) < 3:
            return
        starts = set(period_start(pl.Series(list(self._dates)), self.period).to_list())
        every = pl.date_range(
            min(starts), max(starts), {"D": "1d", "W": "1w", "M": "1mo"}[self.period], eager=True
        ).to_list()
        missing = [day for day in every if day not in starts]
        if not missing:
            return
        if self.period == "D":
            for weekday in range(7):
                of_day = [day for day in every if day.weekday() == weekday]
                sold = len(starts & set(of_day))
                if len(of_day) >= 3 and sold <= len(of_day) // 10:
                    missing = [day for day in missing if day.weekday() != weekday]
                    self.notes.append(
                        f"sales on {sold} of {len(of_day)} {of_day[0]:%A}s: taken as closed on others"
                    )
        step = timedelta(1 if self.period == "D" else 7 if self.period == "W" else 31)
        runs: list[tuple[date, date]] = []
        for day in missing:
            if runs and day - runs[-1][1] <= step:
                runs[-1] = (runs[-1][0], day)
            else:
                runs.append((day, day))
        for first, last in runs[:_MOST_GAPS]:
            span = str(first) if first == last else f"{first} to {last}"
            self.faults.add(
                "has no rows for any product: closed, or missing from the export?",
                column=self.mapping.columns.get("date", "date"),
                value=span,
                severity="warning",
            )
        if len(runs) > _MOST_GAPS:
            self.faults.add(f"{len(runs) - _MOST_GAPS} more gaps between dates", severity="warning")

    def _one_a_key(self, rows: pl.DataFrame) -> pl.DataFrame:
        rule = self.mapping.duplicates or self.mapping.spec.duplicates
        if self.mapping.kind == "order_lines" and self._sums:
            return price_of_sum(merged(rows))
        repeated = rows.select(pl.struct(KEY).is_duplicated().alias("again"))["again"]
        if not repeated.any():
            return rows
        if rule == "last":
            return rows.sort(ROW).unique(KEY, keep="last")
        again = rows.filter(repeated).select(*KEY, ROW).sort(ROW)
        first = again.with_columns(pl.col(ROW).min().over(KEY).alias("first")).filter(
            pl.col(ROW) != pl.col("first")
        )
        same_period = self.mapping.period == self.period != "D"
        if rule == "refuse" or not same_period:
            said: Severity = "error" if rule == "refuse" else "warning"
            end = "refused" if rule == "refuse" else "summed"
            room = self.faults.room(said)
            for row, earliest, day, sku, location in first.select(ROW, "first", *KEY).head(room).iter_rows():
                fault = f"has the date, sku and location of row {earliest}: {end}"
                self.faults.add(fault, row=row, value=f"{day}, {sku}, {location}", severity=said)
            self.faults.count(first.height - min(room, first.height), said)
        if rule == "refuse":
            return rows.sort(ROW).unique(KEY, keep="first")
        return price_of_sum(merged(summed(rows)))
