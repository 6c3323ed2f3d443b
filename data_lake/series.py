"""Sales as dense matrices: one row a sku and location, one column a day, week or month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from data_lake.errors import LakeError
from data_lake.files import FileEntry
from data_lake.lake import Lake, Version
from data_lake.schemas import polars_schema

Period = Literal["D", "W", "M"]
MEASURES = ("quantity", "in_stock", "price", "promo")

_GROUP_ROWS = 4_000_000
_FIRST_MONDAY = 4  # 1970-01-05, in days since 1970


@dataclass(frozen=True)
class SalesPanel:
    """Sales of all series over one common calendar.

    Attributes
    ----------
    keys : pd.DataFrame
        `sku` and `location` of each row, sorted.
    start : np.datetime64[D]
        First day of the first period; not-a-time if there are no sales.
    period : {"D", "W", "M"}
        Days, weeks (from Monday) or calendar months.
    quantity : ndarray of float64, shape (n_series, n_periods)
        Units sold [each/period]; NaN where the lake has no row.
    in_stock : ndarray of float64
        Share of the period with stock on the shelf; NaN where unknown.
    price : ndarray of float64
        Selling price [money/each], mean over the rows of the period; NaN where unknown.
    promo : ndarray of float64
        1 on promotion, 0 not; NaN where unknown.
    """

    keys: pd.DataFrame
    start: np.datetime64
    period: Period
    quantity: NDArray[np.float64]
    in_stock: NDArray[np.float64]
    price: NDArray[np.float64]
    promo: NDArray[np.float64]

    @property
    def dates(self) -> NDArray[np.datetime64]:
        """First day of each period."""
        steps = np.arange(self.quantity.shape[1])
        if self.period == "M":
            months = np.array(self.start, dtype="datetime64[M]") + steps
            return months.astype("datetime64[D]")
        return np.array(self.start) + steps * (7 if self.period == "W" else 1)


@dataclass(frozen=True)
class _Rows:
    """Where the rows of some files belong; rows of one series lie in runs, so its key is kept once a run."""

    files: list[FileEntry]
    run_keys: pl.DataFrame
    run_lengths: NDArray[np.int64]
    days: NDArray[np.int32]


def read_panel_arrays(
    lake: Lake, *, version: int | None = None, period: Period = "D", until: date | None = None
) -> SalesPanel:
    """Return sales as dense matrices from the first to the last date in the lake.

    Parameters
    ----------
    version : int, optional
        Version of `sales`; the newest without.
    period : {"D", "W", "M"}
        Finer rows are added up: quantities are summed, prices averaged, a period is on promotion if any row
        is, and rows of unknown `in_stock` count as 1 if another row of the period is known. Weeks and months
        at either end that the dates do not fill are left out; rows that are dated by the first day of their
        period only are taken as whole periods.
    until : date, optional
        Rows after this day are not read.

    Examples
    --------
    >>> import tempfile
    >>> lake = Lake(tempfile.mkdtemp())
    >>> days = pd.date_range("2026-01-05", periods=14)
    >>> _ = lake.replace("sales", pd.DataFrame({"date": days, "sku": "1", "location": "A", "quantity": 2}))
    >>> read_panel_arrays(lake, period="W").quantity
    array([[14., 14.]])
    """
    if period not in ("D", "W", "M"):
        raise LakeError(f"period is {period!r}: must be D, W or M")
    chosen = _chosen(lake, version)
    groups = (
        [_read_keys(lake, chosen, files, until) for files in _file_groups(chosen, until)] if chosen else []
    )
    groups = [group for group in groups if len(group.days)]
    if chosen is None or not groups:
        empty = np.empty((0, 0))
        keys = pd.DataFrame({"sku": pd.Series(dtype="str"), "location": pd.Series(dtype="str")})
        return SalesPanel(keys, np.datetime64("NaT", "D"), period, empty, empty, empty, empty)
    index = (
        pl.concat([group.run_keys for group in groups])
        .unique()
        .sort("sku", "location")
        .with_row_index("code")
    )
    first = min(int(group.days.min()) for group in groups)
    last = max(int(group.days.max()) for group in groups)
    if period == "D":
        begin, width, whole = first, last - first + 1, slice(None)
    else:
        begin, width, whole = _calendar(groups, first, last, period)

    n_cells = index.height * width
    sums = {name: np.full(n_cells, np.nan) if period == "D" else np.zeros(n_cells) for name in MEASURES}
    counts = {name: np.zeros(n_cells, dtype=np.int32) for name in MEASURES} if period != "D" else {}
    for group in groups:  # values are read a group at a time: only the matrices hold all of them
        codes = group.run_keys.join(index, on=["sku", "location"], how="left", maintain_order="left")
        series = np.repeat(codes.get_column("code").to_numpy().astype(np.int64), group.run_lengths)
        cells = series * width + (_period_of(group.days, period) - begin)
        for name, values in _read_measures(lake, chosen, group.files, until):
            if period == "D":
                sums[name][cells] = values
            else:
                known = ~np.isnan(values)
                sums[name] += np.bincount(cells[known], weights=values[known], minlength=n_cells)
                counts[name] += np.bincount(cells[known], minlength=n_cells).astype(np.int32)
    if period != "D":
        _average(sums, counts)
    matrices = {
        name: np.ascontiguousarray(values.reshape(index.height, width)[:, whole])
        for name, values in sums.items()
    }
    start = _first_day(begin + (whole.start or 0), period)
    return SalesPanel(index.select("sku", "location").to_pandas(), start, period, **matrices)


def _chosen(lake: Lake, version: int | None) -> Version | None:
    if version == 0:
        return None
    return lake.current("sales") if version is None else lake.version("sales", version)


def _file_groups(version: Version, until: date | None) -> list[list[FileEntry]]:
    groups: list[list[FileEntry]] = []
    room = 0
    for file in version.files:
        if until is not None and file.partition > until.isoformat()[:7]:
            continue
        if file.rows > room:
            groups.append([])
            room = _GROUP_ROWS
        groups[-1].append(file)
        room -= file.rows
    return groups


def _scan(lake: Lake, files: list[FileEntry], until: date | None) -> pl.LazyFrame:
    rows = lake.scan_files(files, polars_schema("sales"))
    return rows if until is None else rows.filter(pl.col("date") <= until)


def _read_keys(lake: Lake, version: Version, files: list[FileEntry], until: date | None) -> _Rows:
    frame = lake.collect(_scan(lake, files, until).select("sku", "location", "date"), version, files)
    begins = frame.select(_begins_series().fill_null(True)).to_series()
    starts = np.flatnonzero(begins.to_numpy())
    return _Rows(
        files=files,
        run_keys=frame.select("sku", "location")[starts],
        run_lengths=np.diff(starts, append=frame.height),
        days=frame.get_column("date").to_physical().to_numpy(),
    )


def _read_measures(
    lake: Lake, version: Version, files: list[FileEntry], until: date | None
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    frame = lake.collect(_scan(lake, files, until).select(MEASURES), version, files)
    for name in MEASURES:
        column = frame.drop_in_place(name)
        yield name, column.cast(pl.Float64).fill_null(np.nan).to_numpy()


def _begins_series() -> pl.Expr:
    return (pl.col("sku") != pl.col("sku").shift()) | (pl.col("location") != pl.col("location").shift())


def _period_of(days: NDArray[np.int32], period: Period) -> NDArray[np.int64]:
    """Number of the period that each day lies in, counted from 1970."""
    if period == "D":
        return days.astype(np.int64)
    if period == "W":
        return (days.astype(np.int64) - _FIRST_MONDAY) // 7
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _first_day(number: int, period: Period) -> np.datetime64:
    if period == "D":
        return np.datetime64(number, "D")
    return np.datetime64(int(_days_of(np.array([number]), period)[0]), "D")


def _calendar(groups: list[_Rows], first: int, last: int, period: Period) -> tuple[int, int, slice]:
    """First period, number of periods, and which of them the dates fill."""
    begin, end = (int(_period_of(np.array([day], dtype=np.int32), period)[0]) for day in (first, last))
    width = end - begin + 1
    starts = (_period_of(group.days, period) for group in groups)
    native = all(
        (group.days == _days_of(numbers, period)).all() for group, numbers in zip(groups, starts, strict=True)
    )
    if native:
        return begin, width, slice(0, width)
    head = int(first > int(_first_day(begin, period).astype(np.int64)))
    tail = int(last + 1 < int(_first_day(end + 1, period).astype(np.int64)))
    return begin, width, slice(head, max(head, width - tail))


def _days_of(numbers: NDArray[np.int64], period: Period) -> NDArray[np.int64]:
    if period == "W":
        return numbers * 7 + _FIRST_MONDAY
    return numbers.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _average(sums: dict[str, NDArray[np.float64]], counts: dict[str, NDArray[np.int32]]) -> None:
    """From sums over the rows of a period to its value, in place."""
    rows = counts["quantity"]  # required in the contract: known in every row
    sums["quantity"][rows == 0] = np.nan
    sums["in_stock"] += rows - counts["in_stock"]
    for name, divisor in (("in_stock", rows), ("price", counts["price"])):
        np.divide(sums[name], divisor, out=sums[name], where=divisor > 0)
    sums["promo"] = np.minimum(sums["promo"], 1.0)
    for name in ("in_stock", "price", "promo"):
        sums[name][counts[name] == 0] = np.nan
