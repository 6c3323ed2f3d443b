"""From an override to its score and its end: a planner's change, three weeks later, in the browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from data_lake.lake import Lake
from data_lake.runs import latest_run
from jobs.demo import build_demo
from jobs.forecast_value import forecast_value
from jobs.forecast_value_scores import score_overrides
from jobs.override import override_forecast
from jobs.override_fold import active_overrides
from jobs.plan import plan

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

BACK = 21


@pytest.fixture(scope="module")
def harmed(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A demo in which ana doubled the whole forecast three weeks ago and for another week."""
    lake = build_demo(
        str(tmp_path_factory.mktemp("harmed") / "lake"), skus=8, stores=2, dcs=1, days=150, plan=False
    ).lake
    last = lake.read("sales", columns=["date"])["date"].max().date()
    then = last + timedelta(days=1 - BACK)
    override_forecast(
        lake,
        factor=2.0,
        from_date=then,
        to_date=last + timedelta(days=7),
        author="ana",
        reason="a record Christmas",
        at=datetime.combine(then - timedelta(days=1), datetime.min.time(), tzinfo=UTC),
    )
    plan(lake, as_of=then)
    plan(lake)
    return lake


@pytest.fixture(scope="module")
def dashboard(harmed: Lake, serve: Callable[..., Any]) -> Iterator[Any]:
    with serve(Path(harmed.uri)) as running:
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_screen_answers_in_both_themes_without_a_violation(
    scheme: str,
    dashboard: Any,
    open_context: Callable[..., BrowserContext],
    settled: Callable[[Page], None],
) -> None:
    page = open_context(color_scheme=scheme).new_page()
    page.goto(dashboard.address + "/forecast_value")
    settled(page)
    page.get_by_role("heading", name="Which model wins?").wait_for()
    for name in ("Was it right?", "Who improved it?", "Which model wins?"):
        box = page.get_by_role("heading", name=name).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 768
    box = page.get_by_role("button", name="Retire the override that made it worse").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 768
    violations = Axe().run(page).response["violations"]
    ours = [
        (violation["id"], node["html"][:200])
        for violation in violations
        for node in violation["nodes"]
        if not (violation["id"] == "svg-img-alt" and "metric_chart_" in node["html"])  # Streamlit's sparkline
    ]
    assert not ours


def test_nothing_is_wider_than_a_phone(
    dashboard: Any, open_context: Callable[..., BrowserContext], settled: Callable[[Page], None]
) -> None:
    page = open_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(dashboard.address + "/forecast_value")
    settled(page)
    page.get_by_role("heading", level=1).wait_for()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390


def test_what_made_it_worse_is_found_and_retired(
    harmed: Lake, dashboard: Any, page: Page, settled: Callable[[Page], None]
) -> None:
    run = latest_run(harmed)
    assert run is not None
    (score,) = score_overrides(forecast_value(harmed, run).effects, "author", cluster="override").to_dict(
        "records"
    )
    assert score["gain"] < 0
    page.goto(dashboard.address + "/forecast_value?value_by=level")
    settled(page)
    card = page.get_by_test_id("stMetric").filter(has_text="Planners' value added")
    expect(card).to_contain_text(re.compile(r"−\d+\.\d\d points"))
    assert "value_by=level" in page.url
    page.get_by_role("button", name="Retire the override that made it worse").click()
    expect(page.get_by_text("1 override retired. The next plan leaves it out.")).to_be_visible()
    settled(page)
    expect(page.get_by_text("No active override made the forecast worse")).to_be_visible()
    assert active_overrides(harmed).empty
