"""Rows of every table but sales on their way into the lake: one row a key, merged with what is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from data_lake.importers.checks import open_ended
from data_lake.importers.faults import FaultList
from data_lake.importers.mapping import Mapping
from data_lake.importers.table_file import ROW
from data_lake.lake import Lake
from data_lake.schemas import polars_schema

_STOCK_KEY = ["date", "sku", "location"]


@dataclass
class TableRows:
    """Rows of one file of stock, orders or master data."""

    lake: Lake
    mapping: Mapping
    faults: FaultList
    notes: list[str] = field(default_factory=list)
    _chunks: list[pl.DataFrame] = field(default_factory=list)

    def add(self, rows: pl.DataFrame) -> None:
        """Take one chunk of typed rows."""
        self._chunks.append(rows)

    def finish(self, tell: Callable[[float], None] = lambda _share: None) -> pl.DataFrame:  # noqa: ARG002
        """Return what to load: columns of the table. Faults are added to the list."""
        rows = pl.concat(self._chunks, how="vertical_relaxed").sort(ROW)
        self._chunks.clear()
        spec = self.mapping.spec
        if spec.name == "orders" and "line" not in rows.columns:
            rows = rows.with_columns(
                pl.col("order_id").cum_count().over("order_id").cast(pl.String).alias("line")
            )
            self.notes.append("the file has no line numbers: lines are numbered in the order of the file")
        rows = open_ended(rows, spec.targets)
        self._check(rows)
        rows = self._one_a_key(rows.drop_nulls(list(spec.key))).drop(ROW)
        names = [name for name in polars_schema(spec.table) if name in rows.columns]
        rows = rows.select(names).with_columns(_as_instants(spec.table, names))
        if self.faults.errors:
            return rows
        return self._with_vanished(rows) if spec.name == "stock" else self._with_known(rows)

    def _check(self, rows: pl.DataFrame) -> None:
        kind = self.mapping.kind
        if kind == "promotions":
            wrong = rows.filter(pl.col("to_date") < pl.col("from_date"))
            column = self.mapping.columns.get("to_date", "to_date")
            self.faults.add_rows("ends before it begins", wrong[ROW], wrong["to_date"], column=column)
        if kind == "stock":
            wrong = rows.filter(pl.col("on_hand") < 0)
            self.faults.add_rows(
                "is negative stock: counted as given, look at it in the source",
                wrong[ROW],
                wrong["on_hand"],
                column=self.mapping.columns.get("on_hand", "on_hand"),
                severity="warning",
            )

    def _one_a_key(self, rows: pl.DataFrame) -> pl.DataFrame:
        key = list(self.mapping.spec.key)
        rule = self.mapping.duplicates or self.mapping.spec.duplicates
        if not rows.select(pl.struct(key).is_duplicated().any()).item():
            return rows
        if rule == "last":
            return rows.unique(key, keep="last", maintain_order=True)
        others = [name for name in rows.columns if name not in (*key, ROW)]
        if rule == "sum":
            sums = [t.name for t in self.mapping.spec.targets if t.per_unit == "times" and t.name in others]
            return rows.group_by(key, maintain_order=True).agg(
                pl.col(name).sum() if name in sums else pl.col(name).first() for name in [*others, ROW]
            )
        first = rows.unique(key, keep="first", maintain_order=True)
        again = rows.join(first.select(*key, *others, ROW), on=key, suffix="__first").filter(
            pl.col(ROW) != pl.col(f"{ROW}__first")
        )
        same = pl.all_horizontal(
            [pl.col(name).eq_missing(pl.col(f"{name}__first")) for name in others] or [pl.lit(True)]
        )
        again = again.with_columns(same.alias("same")).sort(ROW)
        for row in again.select(ROW, f"{ROW}__first", "same", *key).iter_rows():
            what = "repeats" if row[2] else f"has the {', '.join(key)} of"
            end = ": counted once" if row[2] else " and other values: keep one, or say duplicates: last"
            self.faults.add(
                f"{what} row {row[1]}{end}",
                row=row[0],
                value=", ".join("" if part is None else str(part) for part in row[3:]),
                severity="warning" if row[2] else "error",
            )
        return first

    def _with_known(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Columns that the file does not have keep what the lake knows."""
        table, key = self.mapping.spec.table, list(self.mapping.spec.key)
        missing = [name for name in polars_schema(table) if name not in rows.columns]
        if not missing or self.lake.current(table) is None:
            return rows
        known = self.lake.scan(table).select(*key, *missing).collect()
        return rows.join(known, on=key, how="left", maintain_order="left")

    def _with_vanished(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Stock of the lake that this snapshot no longer lists: batches of a listed item are gone."""
        if self.lake.current("inventory_snapshot") is None:
            return rows
        known = self.lake.scan("inventory_snapshot")
        listed = rows.select(_STOCK_KEY).unique()
        key = list(self.mapping.spec.key)
        same_day = known.join(listed.lazy(), on=_STOCK_KEY, how="semi").collect()
        gone = same_day.join(rows, on=key, how="anti").with_columns(pl.lit(0.0).alias("on_hand"))
        gone = pl.concat([gone, self._unlisted(known, rows)])
        return pl.concat([rows, gone.select(polars_schema("inventory_snapshot").names())], how="diagonal")

    def _unlisted(self, known: pl.LazyFrame, rows: pl.DataFrame) -> pl.DataFrame:
        """Items with stock in a location of the file, before its date, that the file does not list."""
        items = ["sku", "location"]
        day = rows.group_by("location").agg(pl.col("date").max().alias("day"))
        earlier = known.join(day.lazy(), on="location").filter(pl.col("date") < pl.col("day"))
        latest = earlier.filter(pl.col("date") == pl.col("date").max().over(items))
        left = latest.join(rows.lazy().select(items).unique(), on=items, how="anti")
        left = left.filter(pl.col("on_hand") != 0)
        found = left.collect()
        if not found.height:
            return found.drop("day")
        count = found.select(items).n_unique()
        if self.mapping.missing_stock == "zero":
            self.notes.append(f"{count:,} items that the file no longer lists are set to 0")
            return found.with_columns(pl.col("day").alias("date"), pl.lit(0.0).alias("on_hand")).drop("day")
        self.faults.add(
            f"{count:,} items of these locations had stock before and are not in the file: they keep it. "
            f"Set missing_stock: zero if the export leaves out what is sold out",
            severity="warning",
        )
        return found.drop("day").clear()


def _as_instants(table: str, names: list[str]) -> list[pl.Expr]:
    """Files give days; an instant of the table is the start of its day."""
    instants = [name for name in names if isinstance(polars_schema(table)[name], pl.Datetime)]
    return [pl.col(name).cast(pl.Datetime("us")).dt.replace_time_zone("UTC") for name in instants]
