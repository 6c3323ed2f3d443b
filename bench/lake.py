"""The lake against other readers of the same files: one series, all series, and what a panel costs.

`python -m bench.lake [--quick]`. 20,000 series × 1,000 days (20 M rows; a quarter with --quick) are written
to a temporary folder through the lake; then the derived series layout is read by the lake, by pandas with
pyarrow and by pyarrow, in turns within one run.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import resource
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.dataset as ds

from bench.report import Report, arguments, calibration_seconds, cpu_seconds, wall_seconds
from data_lake.buckets import bucket_of, read_one_series, read_series_matrix, write_series
from data_lake.lake import Lake, Version
from data_lake.series import read_panel_arrays

FIRST = dt.date(2024, 1, 1)
DAYS = 1000
LOCATIONS = 20


def months_of_sales(series: int) -> Iterator[pl.DataFrame]:
    """Yield sales of `series` series over `DAYS` days, one frame a calendar month."""
    rng = np.random.default_rng(7)
    level = rng.lognormal(1.0, 1.0, series)
    skus = np.array([f"{number // LOCATIONS:06d}" for number in range(series)])
    locations = np.array([f"S{number % LOCATIONS:02d}" for number in range(series)])
    days = np.arange(np.datetime64(FIRST), np.datetime64(FIRST) + DAYS)
    for month in np.unique(days.astype("datetime64[M]")):
        some = days[days.astype("datetime64[M]") == month]
        quantity = rng.poisson(np.repeat(level, len(some))).astype(float)
        price = np.repeat(np.round(level + 0.99, 2), len(some))
        yield pl.DataFrame(
            {
                "date": np.tile(some, series),
                "sku": np.repeat(skus, len(some)),
                "location": np.repeat(locations, len(some)),
                "quantity": quantity,
                "price": price,
                "revenue": np.round(quantity * price, 2),
                "promo": rng.random(len(quantity)) < 0.05,
                "in_stock": np.where(rng.random(len(quantity)) < 0.02, 0.5, 1.0),
            }
        )


def stage(folder: str, answer: Any) -> None:
    """Write 5 M rows in no order to Parquet files; send their number."""
    (Path(folder) / "staged").mkdir()
    rows = pl.concat(list(months_of_sales(5_000))).sample(fraction=1, shuffle=True, seed=7)
    for number, part in enumerate(rows.iter_slices(500_000)):
        part.write_parquet(Path(folder) / "staged" / f"{number}.parquet")
    answer.send(rows.height)


def load(folder: str, answer: Any) -> None:
    """Upsert the staged files into an empty lake; send this process's peak memory [MB] and CPU time [s]."""
    Lake(Path(folder) / "loaded").upsert("sales", pl.scan_parquet(f"{folder}/staged/*.parquet"))
    answer.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, cpu_seconds()))


def in_own_process(work: Callable[[str, Any], None], folder: str) -> Any:
    """Run `work` in a fresh process, so that its memory is its own; return what it sends."""
    spawn = multiprocessing.get_context("spawn")
    receiving, sending = spawn.Pipe(duplex=False)
    process = spawn.Process(target=work, args=(folder, sending))
    process.start()
    answer = receiving.recv()
    process.join()
    return answer


def bulk_load(report: Report, folder: str) -> None:
    """Memory and time of loading rows that lie in no order (to be called before this process grows)."""
    rows = in_own_process(stage, folder)
    peak, seconds = in_own_process(load, folder)
    report.figure("bulk_load.memory", peak, "MB", bar=1000, rows=rows)
    report.figure("bulk_load", rows / seconds, "rows/s CPU", rows=rows)


def one_series(report: Report, lake: Lake, version: Version) -> None:
    """90 days of one series out of everything, the same file set for all readers."""
    sku, location = "000017", "S03"
    until = FIRST + dt.timedelta(days=DAYS - 1)
    since = until - dt.timedelta(days=89)
    paths = [lake.store.address(file.key) for file in version.files if file.partition != "index"]
    bucket = bucket_of(sku, location)
    pruned = [path for path, file in zip(paths, version.files, strict=False) if file.partition == bucket]
    columns = ["date", "quantity", "in_stock", "price", "promo"]
    filters = [("sku", "==", sku), ("location", "==", location), ("date", ">=", since), ("date", "<=", until)]

    def ours() -> pd.DataFrame:
        return read_one_series(lake, sku, location, since=since, until=until)

    def with_pandas(files: list[str]) -> pd.DataFrame:
        return pd.read_parquet(files, engine="pyarrow", filters=filters, columns=columns, partitioning=None)

    assert len(ours()) == 90
    for files in (paths, pruned):
        assert with_pandas(files)["quantity"].tolist() == ours()["quantity"].tolist()
    rounds = [(wall_seconds(ours, 7), wall_seconds(lambda: with_pandas(pruned), 7)) for _ in range(5)]
    mine, theirs = (min(times) for times in zip(*rounds, strict=True))
    everything = wall_seconds(lambda: with_pandas(paths), 3)
    report.figure("one_series", 1e3 * mine, "ms")
    report.figure("peer.one_series.pandas_all_files", 1e3 * everything, "ms")
    report.figure("peer.one_series.pandas_told_the_bucket", 1e3 * theirs, "ms")
    report.figure("one_series.speed_up", everything / mine, "× pandas+pyarrow", bar=3, better="higher")
    report.figure(
        "one_series.speed_up_told_the_bucket", theirs / mine, "× pandas+pyarrow", bar=3, better="higher"
    )


def all_series(report: Report, lake: Lake, version: Version) -> None:
    """Quantities of every series as a dense matrix, rows labelled."""
    paths = [lake.store.address(file.key) for file in version.files if file.partition != "index"]
    dataset = ds.dataset(paths, format="parquet")

    def ours() -> np.ndarray:
        return read_series_matrix(lake).values

    def with_pyarrow() -> np.ndarray:
        # knows that files are dense and sorted, and reads no labels: the best case for it
        column = dataset.to_table(columns=["quantity"]).column("quantity")
        return column.to_numpy().reshape(-1, DAYS)

    def with_pyarrow_labels() -> np.ndarray:
        # finds where series begin from the labels in the files, as a reader must who has no index
        table = dataset.to_table(columns=["sku", "location", "date", "quantity"])
        order = table.column("date").to_numpy()
        begins = np.flatnonzero(order == order.min())
        keys = table.select(["sku", "location"]).take(begins)
        return table.column("quantity").to_numpy().reshape(keys.num_rows, -1)

    np.testing.assert_array_equal(ours(), with_pyarrow())
    np.testing.assert_array_equal(ours(), with_pyarrow_labels())
    rounds = [(wall_seconds(ours, 1), wall_seconds(with_pyarrow, 1)) for _ in range(5)]
    mine, bare = (min(times) for times in zip(*rounds, strict=True))
    labelled = wall_seconds(with_pyarrow_labels, 2)
    report.figure("all_series", 1e3 * mine, "ms")
    report.figure("peer.all_series.pyarrow", 1e3 * labelled, "ms")
    report.figure("peer.all_series.pyarrow_without_labels", 1e3 * bare, "ms")
    report.figure("all_series.speed_up", labelled / mine, "× pyarrow", bar=1, better="higher")
    report.figure("all_series.speed_up_without_labels", bare / mine, "× pyarrow", bar=1, better="higher")


def main() -> None:
    """Write the lake, then measure its readers."""
    quick = arguments(__doc__ or "").quick
    report = Report("lake")
    series = 5_000 if quick else 20_000
    with tempfile.TemporaryDirectory() as folder:
        bulk_load(report, folder)
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        seconds = 0.0
        for frame in months_of_sales(series):
            before = cpu_seconds()
            lake.upsert("sales", frame)
            seconds += cpu_seconds() - before
        rows = lake.version("sales").rows
        report.figure("write", rows / seconds, "rows/s CPU", rows=rows)
        before = cpu_seconds()
        version = write_series(lake)
        report.figure("write_series", rows / (cpu_seconds() - before), "rows/s CPU", rows=rows)
        before = cpu_seconds()
        panel = read_panel_arrays(lake)
        report.figure("panel", cpu_seconds() - before, "s CPU", shape=list(panel.quantity.shape))
        del panel
        one_series(report, lake, version)
        all_series(report, lake, version)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report.figure("peak_memory", peak / 1024, "MB")
    report.figure("calibration", calibration_seconds(), "s CPU")
    report.close()


if __name__ == "__main__":
    main()
