"""Overrides at any level: what each covers, how a total is spread, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_lake.lake import Lake
from data_lake.runs import Run, commit_run
from engine.contracts import TABLES
from jobs.errors import JobError
from jobs.override import override_forecast, retire_override, retire_overrides
from jobs.override_factors import override_factors, planned_factors
from jobs.override_fold import active_overrides
from jobs.override_scope import Scope, with_groups

AS_OF = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
DAYS = np.arange("2026-11-22", "2026-11-26", dtype="datetime64[D]")
WHO = {"author": "ana", "reason": "street fair", "at": AT}
FAIR = {"from_date": date(2026, 11, 23), "to_date": date(2026, 11, 24), **WHO}
PRODUCTS = pd.DataFrame({"sku": ["007", "008", "101"], "category": ["Dairy", "Dairy", None]})
LOCATIONS = pd.DataFrame({"location": ["S1", "S2", "DC"], "region": ["West", "East", "West"]})
LINES = pd.DataFrame(
    [{"sku": sku, "location": place} for sku in PRODUCTS["sku"] for place in LOCATIONS["location"]]
)
GROUPS = with_groups(LINES, PRODUCTS, LOCATIONS)


@pytest.fixture
def lake(small_lake: Lake, plan_line: Callable[..., dict[str, Any]]) -> Lake:
    """Three products at two stores and the centre that supplies them; forecast 1, 2 … a day, four days."""
    lake = small_lake
    lake.replace("products", PRODUCTS)
    lake.replace("locations", LOCATIONS)
    lines = [
        plan_line(sku, place, "Acme" if place == "DC" else "DC", 0)
        | {"source_kind": "supplier" if place == "DC" else "location", "run_id": "run-1"}
        for sku, place in zip(LINES["sku"], LINES["location"], strict=True)
    ]
    mean = {(sku, place): float(i + 1) for i, (sku, place) in enumerate(LINES.itertuples(index=False))}
    forecasts = [
        {"run_id": "run-1", "sku": sku, "location": place, "date": pd.Timestamp(day), "model": "naive"}
        | {"mean": 2 * level, "statistical": level}  # an override retired since had doubled the plan
        for (sku, place), level in mean.items()
        for day in DAYS
    ]
    outputs = {"plan_lines": pd.DataFrame(lines), "forecasts": pd.DataFrame(forecasts)}
    versions = {name: lake.replace(name, frame).number for name, frame in outputs.items()}
    commit_run(lake, Run("run-1", AS_OF, AT, {}, versions))
    return lake


def planned(lake: Lake) -> np.ndarray:
    """Forecast of the next plan from the same statistical forecast, [n, h]."""
    level = np.arange(1.0, 10.0)[:, None]
    return level * override_factors(active_overrides(lake, AS_OF), GROUPS, DAYS)


@pytest.mark.parametrize(
    ("scope", "level", "rows"),
    [
        (Scope(), "all", range(9)),
        (Scope(sku="007"), "item", (0, 1, 2)),
        (Scope(category="Dairy"), "category", range(6)),
        (Scope(location="S1"), "location", (0, 3, 6)),
        (Scope(region="West"), "region", (0, 2, 3, 5, 6, 8)),
        (Scope(sku="101", location="S2"), "item_location", (7,)),
        (Scope(sku="101", region="East"), "item_region", (7,)),
        (Scope(category="Dairy", location="S2"), "category_location", (1, 4)),
        (Scope(category="Dairy", region="West"), "category_region", (0, 2, 3, 5)),
    ],
)
def test_every_level_covers_its_lines_and_days(lake: Lake, scope: Scope, level: str, rows) -> None:
    override_forecast(lake, factor=2, **FAIR, **scope.given)
    (made,) = active_overrides(lake).to_dict("records")
    assert (made["level"], {name: made[name] for name in scope.given}) == (level, scope.given)
    assert level in TABLES["overrides"].column("level").allowed
    lake.replace("overrides", active_overrides(lake))
    expected = np.ones((9, 4))
    expected[np.ix_(list(rows), [1, 2])] = 2.0
    assert override_factors(active_overrides(lake), GROUPS, DAYS).tolist() == expected.tolist()


def test_a_lake_without_masters_has_neither_categories_nor_regions() -> None:
    groups = with_groups(LINES, PRODUCTS.iloc[:0], LOCATIONS.iloc[:0])
    assert set(groups["category"]) == set(groups["region"]) == {""}
    assert Scope(category="Dairy").covers(groups).sum() == 0
    assert Scope(sku="007").covers(groups).sum() == 3


def test_factors_of_overrides_that_meet_multiply(lake: Lake) -> None:
    override_forecast(lake, factor=2, sku="007", **FAIR)
    override_forecast(lake, factor=1.5, location="S1", **FAIR | {"from_date": date(2026, 11, 24)})
    factors = override_factors(active_overrides(lake), GROUPS, DAYS)
    assert factors[:4].tolist() == [[1, 2, 3, 1], [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1.5, 1]]


def test_a_centre_follows_what_it_supplies() -> None:
    """007 sells 1 at S1 and 3 at S2, both from the centre; 008 comes from suppliers."""
    lines = GROUPS.iloc[:6].assign(
        source=["DC", "DC", "Acme", "Acme", "Acme", "Acme"],
        source_kind=["location", "location", *["supplier"] * 4],
    )
    mean = np.array([1.0, 3.0, 4.0, 2.0, 2.0, 4.0])[:, None] * np.ones(len(DAYS))

    def factors(*made: tuple[Scope, float]) -> list[float]:
        days = {"from_date": pd.Timestamp(DAYS[0]), "to_date": pd.Timestamp(DAYS[-1])}
        overrides = pd.DataFrame([{**asdict(scope), "factor": factor, **days} for scope, factor in made])
        return planned_factors(overrides, lines, GROUPS.iloc[:6], DAYS, mean)[:, 0].tolist()

    assert factors((Scope(location="S1"), 2.0)) == [2.0, 1.0, 1.25, 2.0, 1.0, 1.0]
    assert factors((Scope(region="West"), 2.0))[:3] == [2.0, 1.0, 1.25]  # not because the centre is there
    assert factors((Scope(sku="007"), 0.5)) == [0.5, 0.5, 0.5, 1.0, 1.0, 1.0]
    assert factors((Scope(), 3.0), (Scope(location="DC"), 2.0)) == [3.0, 3.0, 6.0, 3.0, 3.0, 6.0]
    assert factors((Scope(sku="008"), 0.0)) == [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]


def test_an_old_override_without_category_and_region_means_all_of_them() -> None:
    assert Scope.of({"level": "item", "sku": "007", "location": "S1"}).level == "item_location"
    assert Scope.of({"sku": "", "region": None}).level == "all"


@pytest.mark.parametrize("other", [1.0, 3.0])
def test_a_new_total_is_met_to_the_unit_and_shares_stay(lake: Lake, other: float) -> None:
    """Dairy at the stores is 1 + 2 + 4 + 5 = 12 a day, the centre's dependent demand is not counted twice."""
    if other != 1:
        override_forecast(lake, factor=other, sku="007", **FAIR)
    before = planned(lake)
    override_forecast(lake, new_total=100, category="Dairy", **FAIR)
    made = active_overrides(lake).iloc[-1]
    after = planned(lake)
    stores = [0, 1, 3, 4]
    assert after[stores, 1:3].sum() == pytest.approx(100, rel=1e-15)
    assert after[stores] / after[stores].sum(axis=0) == pytest.approx(
        before[stores] / before[stores].sum(axis=0), rel=1e-15
    )
    assert made["new_value"] == 50
    assert made["old_value"] == pytest.approx(before[stores, 1].sum())


def test_a_location_that_is_asked_for_counts_though_it_supplies(lake: Lake) -> None:
    override_forecast(lake, new_value=36, location="DC", **FAIR)  # 3 + 6 + 9 a day
    assert active_overrides(lake)["factor"].tolist() == [2.0]


def test_all_faults_are_listed_with_the_codes_that_are_unknown(lake: Lake) -> None:
    with pytest.raises(JobError) as refused:
        override_forecast(
            lake,
            sku="07",
            category="dairy",
            location="S9",
            region="North",
            factor=-1,
            **FAIR | {"author": ""},
        )
    for said in (
        "give sku or category, not both",
        "give location or region, not both",
        "sku '07' is in no product, location or plan of the lake; is it '007'",
        "category 'dairy' is in no product",
        "is it 'Dairy'?",
        "location 'S9'",
        "region 'North'",
        "factor is -1",
        "author is empty",
    ):
        assert said in str(refused.value)
    assert active_overrides(lake).empty


def test_a_total_that_no_factor_reaches_is_refused(lake: Lake) -> None:
    with pytest.raises(JobError, match="new_total is 1,000 times the forecast for category Dairy at all"):
        override_forecast(lake, new_total=24_000, category="Dairy", **FAIR)
    with pytest.raises(JobError, match="does not reach over all the days for all items at region West"):
        override_forecast(lake, new_total=10, region="West", **FAIR | {"to_date": date(2026, 12, 24)})
    days = {"from_date": date(2027, 1, 1), "to_date": date(2027, 1, 2)}
    with pytest.raises(JobError, match="has no day for 007 at all locations"):
        override_forecast(lake, new_value=10, sku="007", **FAIR | days)
    override_forecast(lake, factor=0, sku="007", **FAIR)
    with pytest.raises(JobError, match="forecast is 0 for 007 at S1"):
        override_forecast(lake, new_value=10, sku="007", location="S1", **FAIR)


def test_many_are_retired_at_once_or_none(lake: Lake) -> None:
    made = [override_forecast(lake, factor=2 + i, **FAIR) for i in range(3)]
    assert retire_overrides(lake, [made[0], made[1], made[0]], **WHO) == made[:2]
    assert active_overrides(lake)["override"].tolist() == [made[2]]
    with pytest.raises(JobError, match=f"'{made[0]}' is not there"):
        retire_overrides(lake, [made[2], made[0]], **WHO)
    assert active_overrides(lake)["override"].tolist() == [made[2]]


def test_a_retired_override_can_be_made_again(lake: Lake) -> None:
    first = override_forecast(lake, factor=2, **FAIR)
    retire_override(lake, first, **WHO)
    again = override_forecast(lake, factor=2, **FAIR | {"at": AT.replace(hour=9)})
    assert active_overrides(lake)["override"].tolist() == [again]


@given(
    level=st.lists(st.floats(0.01, 1e6), min_size=9, max_size=9),
    factors=st.lists(st.floats(0.01, 100), min_size=1, max_size=4),
    scopes=st.lists(
        st.builds(Scope, sku=st.sampled_from(["", "007"]), region=st.sampled_from(["", "West"])),
        min_size=4,
        max_size=4,
    ),
)
def test_spreading_keeps_proportions_within_what_is_covered(level, factors, scopes) -> None:
    overrides = pd.DataFrame(
        [
            {name: getattr(scope, name) for name in ("sku", "category", "location", "region")}
            | {"factor": factor, "from_date": pd.Timestamp(DAYS[0]), "to_date": pd.Timestamp(DAYS[-1])}
            for factor, scope in zip(factors, scopes, strict=False)
        ]
    )
    statistical = np.array(level)[:, None] * np.ones(len(DAYS))
    final = statistical * override_factors(overrides, GROUPS, DAYS)
    common = np.logical_and.reduce([scope.covers(GROUPS) for scope in scopes[: len(factors)]])
    share = statistical[common] / statistical[common].sum()
    assert final[common] / final[common].sum() == pytest.approx(share, rel=1e-12)
    assert final[common].sum() == pytest.approx(statistical[common].sum() * np.prod(factors), rel=1e-12)
