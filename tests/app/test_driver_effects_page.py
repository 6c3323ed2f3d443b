"""What promotions, prices and events do, on Forecast & value and on Item, in every state."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import cache
from app.driver_effects_chart import dots
from app.theme import DARK, LIGHT
from data_lake.lake import Lake
from data_lake.runs import latest_run
from engine.contracts import TABLES
from jobs.views import item, lines

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    for name in ("lake", "latest", "ledger", "settings", "is_behind"):
        getattr(cache, name).clear()


def open_page(name: str, **query: str) -> AppTest:
    test = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=60)
    for key, value in query.items():
        test.query_params[key] = value
    test.run()
    test.switch_page(str(ROOT / "pages" / f"{name}.py")).run()
    assert not test.exception, test.exception
    return test


def said(page: AppTest) -> str:
    return " ".join(text.value for text in [*page.info, *page.markdown, *page.caption])


def effect(kind: str, group: str, uplift: float, **more: object) -> dict[str, object]:
    row = dict.fromkeys(TABLES["driver_effects"].names)
    row |= {"run_id": "run", "name": "", "case": "", "first": 0, "last": 0, "observations": 40}
    return row | {
        "kind": kind,
        "group": group,
        "uplift": uplift,
        "low": uplift - 0.1,
        "high": uplift + 0.1,
        **more,
    }


PROMOTIONS = [
    effect("promotion", group, uplift, name="feature", case="usual", depth=0.25)
    for group, uplift in (("", 1.2), ("Dairy", 0.9), ("Drinks", 1.5))
]
DIPS = [effect("dip", group, -0.2) for group in ("", "Dairy", "Drinks")]
PRICES = [effect("price", group, 0.2, depth=0.1) for group in ("", "Dairy", "Drinks")]
EVENTS = [
    effect("event", "", 0.6, name="Christmas", first=-2, last=-2),
    effect("event", "", 0.05, name="Epiphany"),
]
NEIGHBOURS = [effect("cannibalisation", "Drinks", 0.3, gained=1000.0, taken=300.0)]


def keep(lake: Lake, rows: list[dict[str, object]] | None, **tables: int) -> None:
    """Let the lake's run have these effects; None: it is older than the table."""
    (record,) = (Path(lake.uri) / "runs").glob("*.json")
    known = json.loads(record.read_text())
    known["outputs"].pop("driver_effects", None)
    if rows is not None:
        known["outputs"]["driver_effects"] = lake.replace("driver_effects", pd.DataFrame(rows)).number
    for name, version in tables.items():
        part = "outputs" if name in known["outputs"] else "inputs"
        known[part][name] = version
    record.write_text(json.dumps(known))
    cache.run.clear()
    cache.driver_effects.clear()
    cache.item_view.clear()


def test_a_lake_without_promotions_says_what_to_import(planned_lake: Lake) -> None:
    page = open_page("forecast_value")
    assert "What promotions, prices and events do" in [header.value for header in page.header]
    assert "No promotion, price change or event is known." in said(page)
    run = latest_run(planned_lake)
    assert run is not None
    line = lines.records(lines.load(planned_lake, run))[0]
    assert item.load(planned_lake, run, line).planned == ()


def test_an_older_plan_says_to_plan_again(planned_lake: Lake) -> None:
    keep(planned_lake, None)
    assert "plan again to see it" in said(open_page("forecast_value"))


def test_every_effect_is_drawn_and_listed(planned_lake: Lake) -> None:
    keep(planned_lake, [*PROMOTIONS, *DIPS, *PRICES, *EVENTS, *NEIGHBOURS])
    page = open_page("forecast_value")
    listed = next(frame.value for frame in page.dataframe if "taken_text" in frame.value)
    assert listed["group"].tolist() == ["Dairy", "Drinks"]
    assert listed["Feature, 25% off"].tolist() == [90.0, 150.0]
    assert listed["taken_text"].tolist() == ["", "30% (300 units)"]
    assert "about 300 of them (30%) were taken from other products" in said(page)
    assert "No holiday or event stands out" not in said(page)


def test_a_chosen_category_is_shown_alone(planned_lake: Lake) -> None:
    keep(planned_lake, [*PROMOTIONS, *DIPS, *NEIGHBOURS])
    page = open_page("forecast_value", categories="Dairy")
    assert not [frame for frame in page.dataframe if "taken_text" in frame.value]
    assert "No holiday or event stands out" in said(page)
    assert "taken from other products" not in said(page)


def test_events_alone_are_shown(planned_lake: Lake) -> None:
    keep(planned_lake, EVENTS)
    assert "No promotion and no change of price is known." in said(open_page("forecast_value"))


def test_item_says_what_its_forecast_holds(planned_lake: Lake) -> None:
    run = latest_run(planned_lake)
    assert run is not None
    forecasts = planned_lake.read("forecasts")
    first = pd.Timestamp(run.as_of)
    promoted = forecasts["date"].between(first + pd.Timedelta(days=3), first + pd.Timedelta(days=9))
    factors = planned_lake.replace(
        "forecasts", forecasts.assign(driver_factor=promoted.map({True: 1.8, False: 1.0}))
    )
    plan = {"sku": ["007"], "location": ["S01"], "depth": [0.2], "mechanic": ["feature"]}
    days = {"from_date": [first + pd.Timedelta(days=3)], "to_date": [first + pd.Timedelta(days=9)]}
    promotions = planned_lake.replace("promotions", pd.DataFrame(plan | days))
    keep(planned_lake, PROMOTIONS, forecasts=factors.number, promotions=promotions.number)
    words = "(20% off, feature) is planned: it lifts the forecast by 80%."
    assert words in said(open_page("item", sku="007", location="S01"))
    assert words not in said(open_page("item", sku="007", location="S02"))


def test_groups_have_a_colour_each_and_a_name() -> None:
    rows = pd.DataFrame(PROMOTIONS).assign(label="Feature")
    drawn = dots(rows, LIGHT)
    assert [trace.name for trace in drawn.data] == ["", "Dairy", "Drinks"]
    assert len({trace.marker.color for trace in drawn.data}) == 3
    assert drawn.layout.showlegend
    assert not dots(rows.head(1), DARK).layout.showlegend
    assert drawn.layout.height > dots(rows.head(1), DARK).layout.height
