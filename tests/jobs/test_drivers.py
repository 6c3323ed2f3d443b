"""Promotions, prices and the calendar of a lake, on the grid of its forecast."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_lake.lake import Lake
from engine.forecast.drivers.drivers import Drivers
from jobs.drivers import plan_drivers
from jobs.drivers_calendar import overlapping
from jobs.inputs import load_inputs

LINES = pd.DataFrame(
    {
        "sku": ["A", "A", "A", "B", "B"],
        "location": ["DC", "S1", "S2", "S1", "S2"],
        "source": ["Acme", "DC", "DC", "Acme", "Acme"],
        "source_kind": ["supplier", "location", "location", "supplier", "supplier"],
    }
).sort_values(["sku", "location"], ignore_index=True)
FIRST = dt.date(2026, 1, 5)  # a Monday


def lake_with(
    folder: Path, *, days: int = 28, period: str = "D", prices: bool = True, **tables: dict[str, list[object]]
) -> Lake:
    lake = Lake(folder / "lake")
    dates = pd.date_range(FIRST, periods=days)
    frames = []
    for sku, location in (("A", "S1"), ("A", "S2"), ("B", "S1"), ("B", "S2")):
        price = np.where((dates.day == 20) & (sku == "B"), 1.5, 2.0) if prices else None
        promo = (dates.day == 20) & (sku == "B") & (location == "S2")
        frames.append(
            pd.DataFrame(
                {
                    "date": dates,
                    "sku": sku,
                    "location": location,
                    "quantity": 3.0,
                    "price": price,
                    "promo": promo,
                }
            )
        )
    lake.replace("sales", pd.concat(frames))
    lake.replace("settings", pd.DataFrame({"name": ["period"], "value": [period]}))
    lake.replace(
        "locations",
        pd.DataFrame(
            {
                "location": ["DC", "S1", "S2"],
                "kind": ["dc", "store", "store"],
                "region": ["West", "West", "East"],
            }
        ),
    )
    for name, columns in tables.items():
        frame = pd.DataFrame(columns)
        for column in ("date", "from_date", "to_date"):
            if column in frame:
                frame[column] = pd.to_datetime(frame[column])
        lake.replace(name, frame)
    return lake


def drivers_of(lake: Lake, horizon: int = 7) -> Drivers:
    drivers = plan_drivers(load_inputs(lake), LINES, horizon)
    assert drivers is not None
    return drivers


def promotion_rows(*rows: tuple[str, str, str, str, float | None, str | None]) -> dict[str, list[object]]:
    columns = ("sku", "location", "from_date", "to_date", "depth", "mechanic")
    return {name: list(values) for name, values in zip(columns, zip(*rows, strict=True), strict=True)}


def where(drivers: Drivers, row: int) -> list[int]:
    return [int(at) for at in np.flatnonzero(drivers.mechanic[row])]


def test_promotions_run_where_and_when_they_are_planned(tmp_path: Path) -> None:
    lake = lake_with(
        tmp_path,
        promotions=promotion_rows(
            ("A", "*", "2026-01-07", "2026-01-08", 0.2, "feature"),
            ("A", "S1", "2026-02-02", "2026-03-30", 0.3, None),
            ("C", "*", "2026-01-07", "2026-01-08", 0.2, "feature"),
            ("A", "*", "2025-01-07", "2025-01-08", 0.2, "feature"),
        ),
    )
    drivers = drivers_of(lake)
    assert drivers.depth.shape == (5, 35)
    assert where(drivers, 0) == where(drivers, 1) == [2, 3, *range(28, 35)]
    assert where(drivers, 2) == [2, 3]
    assert drivers.mechanics[drivers.mechanic[0, 2]] == "feature"
    assert drivers.mechanics[drivers.mechanic[1, 30]] == "promotion"
    assert drivers.depth[1, [2, 30]].tolist() == [0.2, 0.3]
    assert drivers.share is None


def test_a_distribution_centre_has_the_promotions_of_its_stores(tmp_path: Path) -> None:
    lake = lake_with(
        tmp_path,
        prices=False,
        promotions=promotion_rows(
            ("A", "S1", "2026-01-07", "2026-01-08", 0.2, "feature"),
            ("A", "S2", "2026-01-08", "2026-01-09", 0.4, "coupon"),
            ("A", "DC", "2026-01-12", "2026-01-12", 0.5, "wrong"),
        ),
    )
    sales = lake.read("sales")
    lake.replace("sales", sales.assign(quantity=sales["location"].map({"S1": 9.0, "S2": 3.0})))
    drivers = drivers_of(lake)
    assert drivers.depth[0, 2:8] == pytest.approx([0.15, 0.25, 0.1, 0.0, 0.0, 0.0])
    assert [drivers.mechanics[code] for code in drivers.mechanic[0, 2:5]] == ["feature", "feature", "coupon"]
    assert where(drivers, 0) == [2, 3, 4]
    assert drivers.supplies is not None
    assert [side.tolist() for side in drivers.supplies] == [[0, 0], [1, 2]]


def test_a_flag_without_a_promotion_is_one_as_deep_as_its_price_was_low(tmp_path: Path) -> None:
    drivers = drivers_of(lake_with(tmp_path))
    assert drivers.mechanics == ("", "promotion")
    assert where(drivers, 3) == []
    assert where(drivers, 4) == [15]
    assert drivers.depth[4, 15] == pytest.approx(0.25)
    assert drivers.price is not None
    assert drivers.price[3, 15] == 1.5
    assert np.isnan(drivers.price[:, 28:]).all()
    assert np.isnan(drivers.price[0]).all()


def test_the_deepest_of_several_promotions_counts(tmp_path: Path) -> None:
    lake = lake_with(
        tmp_path,
        prices=False,
        promotions=promotion_rows(
            ("A", "S1", "2026-01-06", "2026-01-09", 0.4, "deep"),
            ("A", "*", "2026-01-05", "2026-01-09", 0.1, "flat"),
            ("A", "*", "2026-01-08", "2026-01-09", None, "unknown"),
        ),
    )
    drivers = drivers_of(lake)
    assert [drivers.mechanics[code] for code in drivers.mechanic[1, :5]] == ["flat"] + ["deep"] * 4
    assert drivers.depth[1, :5].tolist() == [0.1, 0.4, 0.4, 0.4, 0.4]
    assert drivers.depth[2, :5].tolist() == [0.1] * 5
    assert drivers.price is None


def test_weeks_count_the_share_that_a_promotion_fills(tmp_path: Path) -> None:
    lake = lake_with(
        tmp_path,
        period="W",
        promotions=promotion_rows(("A", "*", "2026-01-08", "2026-01-14", 0.2, "feature")),
        calendar={
            "date": ["2026-02-04"],
            "region": [""],
            "event": ["Shut"],
            "kind": ["closed"],
        },
    )
    drivers = drivers_of(lake, horizon=2)
    assert drivers.depth.shape == (5, 6)
    assert drivers.share is not None
    assert drivers.share[0] == pytest.approx([4 / 7, 3 / 7, 1, 1, 1, 1])
    assert drivers.depth[0, :3].tolist() == [0.2, 0.2, 0.0]
    assert drivers.event_names == ("Shut",)
    assert drivers.events[:, 4, 0].all()
    assert drivers.closed is None


def test_the_calendar_is_read_by_region(tmp_path: Path) -> None:
    lake = lake_with(
        tmp_path,
        calendar={
            "date": ["2026-01-06", "2026-01-13", "2026-02-03", "2026-01-21", "2026-01-22"],
            "region": ["", "West", "East", "", "East"],
            "event": ["Epiphany", "Fair", "Closed", "Sale", "Sale"],
            "kind": ["holiday", "event", "closed", "promotion", "promotion"],
            "sku": [None, None, None, "A", ""],
            "location": [None, None, None, "S1", None],
            "depth": [None, None, None, 0.5, None],
            "mechanic": [None, None, None, "coupon", None],
        },
    )
    drivers = drivers_of(lake)
    assert drivers.event_names == ("Epiphany", "Fair")
    dc, west, east = drivers.region[[0, 1, 2]]
    assert drivers.events[:, 1, 0].all()
    assert drivers.events[[dc, west, east], 8, 1].tolist() == [False, True, False]
    assert drivers.closed is not None
    assert drivers.closed[[dc, west, east], 29].tolist() == [False, False, True]
    assert where(drivers, 1) == [16]
    assert drivers.mechanics[drivers.mechanic[1, 16]] == "coupon"
    assert where(drivers, 2) == [17]
    assert where(drivers, 3) == []
    assert where(drivers, 4) == [15, 17]


def test_a_lake_that_says_nothing_has_no_drivers(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, days=10, prices=False)
    assert plan_drivers(load_inputs(lake), LINES, 7) is None


def test_entries_outside_the_grid_are_left_out() -> None:
    edges = np.array(["2026-01-01", "2026-02-01", "2026-03-01"], dtype="datetime64[D]")
    begin = pd.Series(pd.to_datetime(["2025-11-01", "2025-12-20", "2026-02-15", "2026-03-01"]))
    end = pd.Series(pd.to_datetime(["2025-11-30", "2026-01-10", "2026-04-01", "2026-03-05"]))
    entry, period, share = overlapping(begin, end, edges)
    assert entry.tolist() == [1, 2]
    assert period.tolist() == [0, 1]
    assert share == pytest.approx([10 / 31, 14 / 28])
