"""Expiry in the browser: both themes and a phone without a violation; a markdown decided and seen."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from data_lake.lake import Lake
from data_lake.runs import latest_run
from jobs.markdowns import markdowns
from jobs.views import expiry
from jobs.views.lines import load as load_lines

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def dashboard(
    demo: Any, serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """The demo on a lake of its own: what is decided here is not seen elsewhere."""
    folder = tmp_path_factory.mktemp("expiry") / "lake"
    shutil.copytree(demo.lake, folder)
    with serve(folder) as running:
        yield running


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1366), ("dark", 1366), ("light", 390)], ids=["light", "dark", "phone"]
)
def test_the_page_has_no_violation(
    scheme: str,
    width: int,
    dashboard: Any,
    open_context: Callable[..., BrowserContext],
    settled: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    page = open_context(color_scheme=scheme, viewport={"width": width, "height": 768}).new_page()
    page.goto(dashboard.address + "/expiry")
    settled(page)
    expect(page.get_by_role("heading", name="What will we throw away?")).to_be_visible()
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]}).response["violations"]
    assert not found, [(each["id"], each["nodes"][0]["html"]) for each in found]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if width > 1000:
        picture(page, f"expiry-{scheme}")


def _first_with_markdown(lake: Lake) -> tuple[str, int]:
    """Where the first batch lies that can be marked down, and its row in that location's table."""
    run = latest_run(lake)
    assert run is not None
    known = expiry.load(lake, run, load_lines(lake, run))
    assert known is not None
    offered = known.acts[(known.acts["act"] == "markdown") & known.acts["rank"].notna()]
    first = known.lots[known.lots["line_id"].isin(offered["line_id"])].iloc[0]
    here = known.lots[known.lots["location"] == first["location"]].reset_index(drop=True)
    return first["location"], int(here.index[here["line_id"] == first["line_id"]][0])


def test_a_markdown_is_decided_for_a_selected_row(
    dashboard: Any, page: Page, settled: Callable[[Page], None]
) -> None:
    place, row = _first_with_markdown(Lake(dashboard.lake))
    page.goto(f"{dashboard.address}/expiry?locations={place}")
    settled(page)
    grid = page.get_by_test_id("stDataFrame").first
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 16, box["y"] + 38 * (row + 1) + 19)
    settled(page)
    button = page.get_by_role("button", name="Mark down")
    expect(button).to_be_enabled()
    button.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("against doing nothing")).to_be_visible()
    dialog.get_by_role("textbox").fill("too much of it")
    dialog.get_by_role("button", name="Mark down").click()
    expect(page.get_by_role("heading", name="Markdowns that run")).to_be_visible()
    decided = markdowns(Lake(dashboard.lake))
    assert decided
    assert {each.reason for each in decided} == {"too much of it"}
    assert {each.author for each in decided} == {"ana"}
