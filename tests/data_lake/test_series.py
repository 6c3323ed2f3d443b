"""Sales as matrices, against slow and obvious pandas; and the derived bucketed layout."""

from __future__ import annotations

import datetime as dt
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_lake.buckets import bucket_of, read_one_series, read_series_matrix, write_series
from data_lake.errors import CorruptObject, LakeError, NoSuchVersion
from data_lake.lake import Lake
from data_lake.series import MEASURES, SalesPanel, read_panel_arrays


def random_sales(seed: int, series: int = 6, days: int = 80, start: str = "2026-01-07") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    keys = pd.DataFrame(
        {"sku": [f"{n // 2:03d}" for n in range(series)], "location": ["A", "B"] * (series // 2)}
    )
    frame = keys.merge(pd.DataFrame({"date": pd.date_range(start, periods=days)}), how="cross")
    frame["quantity"] = rng.poisson(3, len(frame)).astype(float)
    frame["in_stock"] = np.where(rng.random(len(frame)) < 0.3, np.nan, rng.integers(0, 3, len(frame)) / 2)
    frame["price"] = np.where(rng.random(len(frame)) < 0.2, np.nan, rng.integers(1, 9, len(frame)))
    frame["promo"] = pd.array(rng.random(len(frame)) < 0.2, dtype="boolean")
    frame.loc[rng.random(len(frame)) < 0.3, "promo"] = pd.NA
    kept = frame[rng.random(len(frame)) < 0.8]
    return kept.sample(frac=1, random_state=seed)


def oracle(frame: pd.DataFrame, period: str) -> dict[str, pd.DataFrame]:
    """One cell at a time."""
    frame = frame.copy()
    starts = {"D": frame.date, "W": frame.date - pd.to_timedelta(frame.date.dt.day_of_week, unit="D")}
    starts["M"] = frame.date - pd.to_timedelta(frame.date.dt.day - 1, unit="D")
    frame["period"] = starts[period]
    cells = {}
    for key, rows in frame.groupby(["sku", "location", "period"]):
        known = rows.in_stock.notna()
        cells[key] = {
            "quantity": rows.quantity.sum(),
            "in_stock": rows.in_stock.fillna(1.0).mean() if known.any() else np.nan,
            "price": rows.price.mean(),
            "promo": float(rows.promo.dropna().any()) if rows.promo.notna().any() else np.nan,
        }
    table = pd.DataFrame(cells).T
    table.index.names = ["sku", "location", "period"]
    freq = {"D": "D", "W": "W-MON", "M": "MS"}[period]
    calendar = pd.date_range(frame.period.min(), frame.period.max(), freq=freq)
    first, last = frame.date.min(), frame.date.max()
    following = (
        calendar[-1]
        + {"D": pd.DateOffset(days=1), "W": pd.DateOffset(days=7), "M": pd.DateOffset(months=1)}[period]
    )
    if not (frame.date == frame.period).all():  # else dated by period: every one is whole
        partial_end = int(last + pd.DateOffset(days=1) < following)
        calendar = calendar[int(first > calendar[0]) : len(calendar) - partial_end]
    return {
        name: table.reset_index()
        .pivot_table(name, ["sku", "location"], "period", dropna=False)
        .reindex(columns=calendar)
        for name in MEASURES
    }


def assert_panel(panel: SalesPanel, expected: dict[str, pd.DataFrame]) -> None:
    for name in MEASURES:
        frame = expected[name]
        assert list(panel.keys.itertuples(index=False, name=None)) == list(frame.index)
        assert panel.dates.tolist() == [day.date() for day in frame.columns]
        np.testing.assert_allclose(getattr(panel, name), frame.to_numpy(dtype=float), rtol=1e-12)


@pytest.mark.parametrize("period", ["D", "W", "M"])
@pytest.mark.parametrize("seed", [1, 2])
def test_panel_equals_the_slow_way(lake: Lake, period: Any, seed: int) -> None:
    frame = random_sales(seed)
    lake.replace("sales", frame)
    assert_panel(read_panel_arrays(lake, period=period), oracle(frame, period))


def test_panel_is_read_in_groups_of_files(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = random_sales(3)
    lake.replace("sales", frame)
    whole = read_panel_arrays(lake)
    monkeypatch.setattr("data_lake.series._GROUP_ROWS", 100)
    parts = read_panel_arrays(lake)
    pd.testing.assert_frame_equal(parts.keys, whole.keys)
    np.testing.assert_array_equal(parts.price, whole.price)
    assert_panel(read_panel_arrays(lake, period="W"), oracle(frame, "W"))


@settings(max_examples=8)
@given(st.integers(0, 10_000), st.integers(1, 45), st.dates(date(2023, 12, 1), date(2024, 3, 5)))
def test_panel_of_any_range(
    tmp_path_factory: pytest.TempPathFactory, seed: int, days: int, start: date
) -> None:
    lake = Lake(tmp_path_factory.mktemp("lake"))
    frame = random_sales(seed, series=2, days=days, start=str(start))
    lake.replace("sales", frame)
    for period in ("D", "W", "M"):
        panel = read_panel_arrays(lake, period=period)  # type: ignore[arg-type]
        if len(frame):
            assert_panel(panel, oracle(frame, period))


def test_until_and_version(any_lake: Lake) -> None:
    frame = random_sales(4)
    first = any_lake.replace("sales", frame)
    any_lake.upsert("sales", frame.assign(quantity=99.0))
    until = date(2026, 2, 17)
    past = frame[frame.date <= pd.Timestamp(until)]
    assert_panel(read_panel_arrays(any_lake, version=first.number, until=until), oracle(past, "D"))
    assert np.nanmin(read_panel_arrays(any_lake).quantity) == 99


@pytest.mark.parametrize(("period", "freq"), [("W", "W-MON"), ("M", "MS")])
def test_a_weekly_or_monthly_lake_keeps_every_period(lake: Lake, period: Any, freq: str) -> None:
    days = pd.date_range("2026-01-01", periods=7, freq=freq)
    frame = pd.DataFrame({"date": days, "sku": "1", "location": "A", "quantity": np.arange(7.0)})
    lake.replace("sales", frame.drop(index=2))
    panel = read_panel_arrays(lake, period=period)
    assert panel.dates.tolist() == [day.date() for day in days]
    np.testing.assert_array_equal(panel.quantity, [[0, 1, np.nan, 3, 4, 5, 6]])
    assert np.isnan(panel.in_stock).all()


def test_a_panel_of_nothing(lake: Lake) -> None:
    for _ in range(2):
        panel = read_panel_arrays(lake)
        assert panel.quantity.shape == (0, 0)
        assert np.isnat(panel.start)
        assert panel.keys.columns.tolist() == ["sku", "location"]
        lake.replace("sales", random_sales(1).iloc[:0])
    lake.replace("sales", random_sales(1))
    assert read_panel_arrays(lake, until=date(2025, 1, 1)).quantity.shape == (0, 0)
    assert read_panel_arrays(lake, version=0).quantity.shape == (0, 0)
    # two days never fill a week
    lake.replace("sales", random_sales(1, days=2))
    assert read_panel_arrays(lake, period="W").quantity.shape[1] == 0
    with pytest.raises(LakeError, match="must be D, W or M"):
        read_panel_arrays(lake, period="Y")  # type: ignore[arg-type]


def test_the_bucketed_layout_holds_the_same(any_lake: Lake) -> None:
    any_lake.replace("sales", random_sales(5, series=20))
    panel = read_panel_arrays(any_lake)
    version = write_series(any_lake, buckets=4)
    assert write_series(any_lake, buckets=4) == version
    assert {file.partition for file in version.files} <= {"00", "01", "02", "03", "index"}
    assert all(file.key.startswith(f"series/bucket={file.partition}/") for file in version.files[:-1])
    for name in MEASURES:
        matrix = read_series_matrix(any_lake, name)
        rows = pd.MultiIndex.from_frame(matrix.keys).get_indexer(pd.MultiIndex.from_frame(panel.keys))
        np.testing.assert_array_equal(matrix.values[rows], getattr(panel, name))
        assert matrix.start == panel.start
    one = read_one_series(any_lake, "007", "B")
    row = panel.keys.index[(panel.keys.sku == "007") & (panel.keys.location == "B")][0]
    assert one.date.dt.date.tolist() == panel.dates.tolist()
    np.testing.assert_array_equal(one.quantity, panel.quantity[row])
    since, until = date(2026, 2, 1), date(2026, 2, 10)
    some = read_one_series(any_lake, "007", "B", since=since, until=until, version=1)
    assert some.date.dt.date.tolist() == [since + dt.timedelta(days=n) for n in range(10)]
    np.testing.assert_array_equal(some.price, one.price[one.date.isin(some.date)])
    assert read_one_series(any_lake, "007", "B", until=date(2020, 1, 1)).empty
    assert read_one_series(any_lake, "nothing", "B").empty
    with pytest.raises(LakeError, match="measure is 'colour'"):
        read_series_matrix(any_lake, "colour")


def test_the_bucketed_layout_needs_sales(lake: Lake) -> None:
    with pytest.raises(NoSuchVersion):
        write_series(lake)
    lake.replace("sales", random_sales(1).iloc[:0])
    with pytest.raises(NoSuchVersion, match="no rows"):
        write_series(lake)


def test_a_damaged_bucket_hurts_only_its_series(lake: Lake) -> None:
    lake.replace("sales", random_sales(5, series=20))
    version = write_series(lake, buckets=4)
    keys = read_panel_arrays(lake).keys
    bad = version.files[0]
    lake.objects.delete([bad.key])
    for sku, location in keys.itertuples(index=False):
        if bucket_of(sku, location, 4) == bad.partition:
            with pytest.raises(CorruptObject, match="table 'series' version 1"):
                read_one_series(lake, sku, location)
        else:
            assert len(read_one_series(lake, sku, location))
    assert [fault.key for fault in lake.verify()] == [bad.key]
