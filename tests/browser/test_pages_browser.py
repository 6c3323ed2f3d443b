"""Every page in both themes, on a laptop and a phone: accessible, whole, and silent towards other hosts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = (
    *("/", "/item", "/orders", "/network", "/expiry", "/suppliers", "/scenarios"),
    *("/replay", "/forecast_value", "/kpis", "/data_health", "/alerts", "/events", "/import", "/settings"),
)

NOT_OURS = {
    # Streamlit's own drop zone has a role and a label that contradict each other.
    ("presentation-role-conflict", "stFileUploaderDropzone"),
    # The sparkline of Streamlit's metric has no text of its own; the figure and its change stand beside it.
    ("svg-img-alt", "metric_chart_"),
    # The grid's own column of checkboxes has a header without text. It is read only once the grid is idle.
    ("empty-table-header", 'aria-colindex="1" tabindex="-1"></th>'),
}


def ours(violations: list[dict[str, Any]]) -> list[str]:
    """Return the violations that are not Streamlit's own, with the elements concerned."""
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in violations
        for node in violation["nodes"]
        if not any(violation["id"] == rule and mark in node["html"] for rule, mark in NOT_OURS)
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_an_accessibility_violation_of_ours(
    scheme: str,
    demo: Any,
    open_context: Callable[..., BrowserContext],
    settled: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    page = open_context(color_scheme=scheme).new_page()
    found = {}
    for path in (*PAGES, "/orders?source=DC1", "/?types=stockout", "/data_health?severity=warning"):
        page.goto(demo.address + path)
        settled(page)
        page.get_by_role("heading", level=1).wait_for()
        if path in PAGES:
            picture(page, f"{path.strip('/') or 'today'}-{scheme}")
        found[path] = ours(Axe().run(page).response["violations"])
    assert not any(found.values()), found


def test_nothing_is_wider_than_a_phone(
    demo: Any, open_context: Callable[..., BrowserContext], settled: Callable[[Page], None]
) -> None:
    page = open_context(viewport={"width": 390, "height": 844}).new_page()
    for path in PAGES:
        page.goto(demo.address + path)
        settled(page)
        page.get_by_role("heading", level=1).wait_for()
        wide = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
        assert wide <= 390, (path, wide)


def test_the_worklist_shows_all_its_columns_on_a_laptop(
    demo: Any, page: Page, settled: Callable[[Page], None]
) -> None:
    page.goto(demo.address)
    settled(page)
    scroller = page.get_by_test_id("stDataFrame").locator(".dvn-scroller")
    assert scroller.evaluate("box => box.scrollWidth <= box.clientWidth")


def test_an_item_is_a_link(demo: Any, page: Page, settled: Callable[[Page], None]) -> None:
    page.goto(demo.address)
    settled(page)
    box = page.get_by_test_id("stDataFrame").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 62, box["y"] + 38 + 19)
    page.wait_for_url("**/item?sku=*")
    settled(page)
    title = page.get_by_role("heading", level=1).inner_text()
    other = page.context.new_page()
    other.goto(page.url)
    settled(other)
    assert other.get_by_role("heading", level=1).inner_text() == title
