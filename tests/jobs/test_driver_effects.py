"""What drivers do, from the lake's tables to the words of Forecast & value and Item."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from engine.contracts import TABLES
from jobs.plan import plan
from jobs.views import item, lines
from jobs.views.driver_effects import ALL, DriverView, read, view, when_words

AS_OF = dt.date(2026, 11, 23)
DAYS = 240
STORES = ("S1", "S2", "S3")
SKUS = ("001", "002", "003", "004")


def promotions() -> pd.DataFrame:
    """A week of promotion each month in each store at a time of its own, one planned in S1, one in all."""
    rows = []
    for place, sku in enumerate(SKUS):
        for number, store in enumerate(STORES):
            for month in range(8):
                first = AS_OF - dt.timedelta(days=DAYS - 30 * month - 7 * number - 2 * place)
                rows.append(
                    (sku, store, first, first + dt.timedelta(days=6), 0.2 + 0.1 * (month % 2), "feature")
                )
    rows.append(("001", "S1", dt.date(2026, 12, 3), dt.date(2026, 12, 9), 0.2, "feature"))
    rows.append(("002", "*", dt.date(2026, 12, 24), dt.date(2027, 1, 2), 0.3, "feature"))
    frame = pd.DataFrame(rows, columns=["sku", "location", "from_date", "to_date", "depth", "mechanic"])
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in ("from_date", "to_date")})


def build(folder: Path, promoted: pd.DataFrame | None, calendar: pd.DataFrame | None) -> Lake:
    lake = Lake(folder)
    rng = np.random.default_rng(0)
    days = pd.date_range(end=pd.Timestamp(AS_OF) - pd.Timedelta(days=1), periods=DAYS)
    frames = []
    for sku in SKUS:
        for number, store in enumerate(STORES):
            mean = np.full(DAYS, 30.0 / (1 + number))
            for row in [] if promoted is None else promoted.itertuples():
                if row.sku == sku and row.location in (store, "*"):
                    mean[(days >= row.from_date) & (days <= row.to_date)] *= np.exp(4 * row.depth)
            if calendar is not None:
                mean[days.isin(calendar["date"])] *= 1.6
            frames.append(
                pd.DataFrame(
                    {"date": days, "sku": sku, "location": store, "quantity": rng.poisson(mean) * 1.0}
                )
            )
    lake.replace("sales", pd.concat(frames))
    lake.replace(
        "products",
        pd.DataFrame(
            {"sku": SKUS, "name": SKUS, "category": ["Tea", "Tea", "Rice", "Rice"], "unit_cost": 1.0}
        ),
    )
    places = pd.DataFrame(
        {"location": ["DC", *STORES], "name": ["Depot", *STORES], "kind": ["dc"] + ["store"] * 3}
    )
    lake.replace("locations", places)
    terms = {"lead_time_mean": 2.0, "lead_time_sd": 0.5, "moq": 1.0, "order_multiple": 1.0}
    supplied = [
        {"sku": sku, "location": place, "source": "DC" if place != "DC" else "Acme"}
        | {"source_kind": "location" if place != "DC" else "supplier", **terms}
        for sku in SKUS
        for place in ("DC", *STORES)
    ]
    lake.replace("sourcing", pd.DataFrame(supplied))
    if promoted is not None:
        lake.replace("promotions", promoted)
    if calendar is not None:
        lake.replace("calendar", calendar)
    return lake


def market_days() -> pd.DataFrame:
    """A market each third month, before and after the day of the plan, and a day on which all is shut."""
    dates = ["2026-05-20", "2026-08-20", "2026-10-30", "2027-01-08", "2026-12-25"]
    kinds = ["event"] * 4 + ["closed"]
    names = ["Market"] * 4 + ["Shut"]
    return pd.DataFrame({"date": pd.to_datetime(dates), "region": "", "event": names, "kind": kinds})


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Run]:
    lake = build(tmp_path_factory.mktemp("drivers") / "lake", promotions(), market_days())
    return lake, plan(lake, as_of=AS_OF)


@pytest.fixture(scope="module")
def effects(planned: tuple[Lake, Run]) -> pd.DataFrame:
    found = read(*planned)
    assert found is not None
    return found


def sentences(planned: tuple[Lake, Run], sku: str, location: str) -> tuple[str, ...]:
    lake, run = planned
    line = lines.records(item.lines_of(lines.load(lake, run), sku, location))[0]
    return item.load(lake, run, line).planned


def factors(planned: tuple[Lake, Run], sku: str, location: str) -> pd.Series:
    found = read_run_table(*planned, "forecasts", where={"sku": [sku], "location": [location]})
    return found.set_index("date")["driver_factor"]


def test_a_run_keeps_what_drivers_do(planned: tuple[Lake, Run], effects: pd.DataFrame) -> None:
    assert tuple(effects.columns) == TABLES["driver_effects"].names
    assert set(effects["kind"]) == {"promotion", "dip", "event", "cannibalisation"}
    assert set(effects["group"]) == {"", "Tea", "Rice"}
    usual = effects[(effects["case"] == "usual") & (effects["group"] == "Tea")].iloc[0]
    assert usual["uplift"] == pytest.approx(np.expm1(4 * usual["depth"]), rel=0.15)
    assert usual["low"] < usual["uplift"] < usual["high"]


def test_a_promotion_in_one_store_reaches_its_distribution_centre(planned: tuple[Lake, Run]) -> None:
    days = pd.date_range("2026-12-03", "2026-12-09")
    store, other, centre = (factors(planned, "001", place) for place in ("S1", "S2", "DC"))
    assert store[days].to_numpy() == pytest.approx(np.exp(0.8), rel=0.15)
    assert other[days].to_numpy() == pytest.approx(1.0, abs=0.02)
    share = 30.0 / (30.0 + 15.0 + 10.0)
    assert centre[days].to_numpy() == pytest.approx(1 + share * (store[days] - 1), rel=0.05)
    shut = pd.Timestamp("2026-12-25")
    assert store[shut] == centre[shut] == 0.0
    demand = read_run_table(*planned, "forecasts", where={"sku": ["001"]}).set_index(["location", "date"])[
        "mean"
    ]
    lift = demand["DC"][days].mean() / demand["DC"][days - pd.Timedelta(days=7)].mean()
    assert lift == pytest.approx(1 + share * (np.exp(0.8) - 1), rel=0.15)


def test_item_says_what_is_planned_and_what_it_adds(planned: tuple[Lake, Run]) -> None:
    promotion, shut, market = sentences(planned, "001", "S1")
    assert promotion.startswith(
        "**Promotion 3–9 Dec** (20% off, feature) is planned: it lifts the forecast by 1"
    )
    assert shut == "**Shut**, 25 Dec, lowers the forecast by 100%."
    assert market.startswith("**Market**, 8 Jan, lifts the forecast by ")
    centre = sentences(planned, "001", "DC")[0]
    assert "(20% off, feature, in 1 of 3 places supplied)" in centre
    assert sentences(planned, "003", "S2")[0] == shut


def test_events_within_a_promotion_are_told_with_it(planned: tuple[Lake, Run]) -> None:
    said = sentences(planned, "002", "S2")
    assert said[0].startswith(
        "**Promotion 24 Dec–2 Jan** (30% off, feature) is planned, with Shut in it: together"
    )
    assert not any("**Shut**" in each for each in said)
    assert "places supplied" not in sentences(planned, "002", "DC")[0]


def test_the_view_tells_all_products_or_the_categories_chosen(effects: pd.DataFrame) -> None:
    everything = view(effects, (), "D")
    assert not everything.empty
    assert list(everything.promotions["label"]) == ["Feature, 25% off", "First day after"]
    assert set(everything.promotions["group"]) == {ALL}
    assert everything.labels == list(everything.promotions["label"])
    assert list(everything.categories["group"]) == ["Rice", "Tea"]
    assert everything.events["label"].iloc[0] == "Market"
    assert everything.events["uplift"].iloc[0] == pytest.approx(0.6, abs=0.12)
    chosen = view(effects, ("Tea", "Unknown"), "D")
    assert set(chosen.promotions["group"]) == {"Tea"}
    assert set(chosen.events["group"]) == {"Tea"}
    assert list(chosen.categories["group"]) == ["Tea"]
    assert chosen.categories["taken_text"].ne("").all()
    assert chosen.cannibalisation.startswith("In the history promotions and prices added about ")
    several = view(effects, ("Tea", "Rice"), "D")
    assert list(dict.fromkeys(several.promotions["group"])) == ["Tea", "Rice"]


def told(**columns: object) -> pd.DataFrame:
    row = dict.fromkeys(TABLES["driver_effects"].names) | {
        "case": "",
        "first": 0,
        "last": 0,
        "name": "",
    }
    return pd.DataFrame([row | columns])


def cannibalisation(low: float, high: float) -> DriverView:
    lost = {"kind": "cannibalisation", "group": "Tea", "uplift": (low + high) / 2, "low": low, "high": high}
    dip = told(kind="dip", group="Tea", uplift=-0.1, low=-0.2, high=0.0)
    return view(pd.concat([told(**lost, gained=1000.0, taken=500 * (low + high)), dip]), (), "W")


def test_what_neighbours_lost_is_told_where_it_is_beyond_doubt() -> None:
    clear, unclear, gain = (cannibalisation(*ends) for ends in ((0.1, 0.3), (-0.1, 0.3), (-0.3, -0.1)))
    assert clear.categories["taken_text"].tolist() == ["20% (200 units)"]
    assert clear.cannibalisation.endswith(
        "about 200 of them (20%) were taken from other products of the same category and location."
    )
    assert unclear.categories["taken_text"].tolist() == ["not visible"]
    assert unclear.cannibalisation.endswith("cannot be seen.")
    assert gain.categories["taken_text"].tolist() == ["none: they sold more"]
    assert clear.labels == ["First week after"]
    nothing = view(told(kind="dip", group="Tea", uplift=-0.1).head(0), (), "D")
    assert nothing.empty
    assert nothing.cannibalisation == ""


def test_days_around_an_event_are_named() -> None:
    assert when_words(-2, -2, "day") == ", 2 days before"
    assert when_words(3, 4, "day") == ", 3 to 4 days after"


def test_mechanics_without_depth_and_rare_ones_have_words() -> None:
    rows = [
        told(kind="promotion", group="", case="usual", name=name, depth=depth, uplift=1.0, observations=count)
        for name, depth, count in (("other", float("nan"), 5), ("multi_buy", 0.5, 9))
    ]
    labels = view(pd.concat(rows), (), "D").promotions["label"]
    assert list(labels) == ["Multi buy, 50% off", "Other mechanics"]


def test_a_run_older_than_the_table_is_said_to_be(planned: tuple[Lake, Run]) -> None:
    lake, run = planned
    outputs = {name: number for name, number in run.outputs.items() if name != "driver_effects"}
    older = Run(run.run_id, run.as_of, run.created_at, run.inputs, outputs)
    assert read(lake, older) is None
