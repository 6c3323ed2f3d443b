"""The planner's morning, all of it in the browser: from a file to an exported order."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from playwright.sync_api import Error, Locator, Page, expect

from data_lake.lake import Lake
from jobs.approvals import approved_lines

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LAST_DAY = date(2026, 11, 22)
DAYS = 240
PRODUCTS = ("007", "101", "205")
STORES = ("Lyon", "Paris")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """What a planner exports: sales as a European spreadsheet writes them, stock, products, sourcing."""
    rng = np.random.default_rng(11)
    pairs = [(sku, store) for sku in PRODUCTS for store in STORES]
    days = [LAST_DAY - timedelta(days=DAYS - 1 - number) for number in range(DAYS)]
    sales = ["Datum;Artikel;Filiale;Menge;Umsatz"]
    for sku, store in pairs:
        for day, units in zip(days, rng.poisson(14, DAYS), strict=True):
            money = f"{units * 1.5:.2f}".replace(".", ",")
            sales.append(f"{day:%d.%m.%Y};{sku};{store};{units};{money}")
    stock = ["date,sku,location,on_hand"]
    stock += [f"{LAST_DAY},{sku},{store},{20 + 5 * n}" for n, (sku, store) in enumerate(pairs)]
    products = ["sku,name,category,unit_cost,unit_price,case_pack"]
    products += [f"{sku},Product {sku},Food,1.00,1.50,12" for sku in PRODUCTS]
    sourcing = ["sku,location,source,source_kind,lead_time_mean,lead_time_sd,moq,order_multiple"]
    sourcing += [f"{sku},{store},Alpine,supplier,3,1,24,12" for sku, store in pairs]
    paths = {}
    for name, lines in {
        "sales": sales,
        "stock": stock,
        "products": products,
        "sourcing": sourcing,
    }.items():
        paths[name] = tmp_path / f"{name}.csv"
        paths[name].write_text("\n".join(lines) + "\n", encoding="utf-8")
    return paths


@pytest.fixture
def fresh(serve: Callable[..., Any], tmp_path: Path) -> Iterator[Any]:
    """A dashboard on a lake that does not exist yet."""
    with serve(tmp_path / "lake") as dashboard:
        yield dashboard


def test_from_a_file_to_an_exported_order(
    fresh: Any,
    files: dict[str, Path],
    page: Page,
    settled: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    lake = Lake(fresh.lake)

    # nothing there: the page says what comes next
    page.goto(fresh.address)
    settled(page)
    expect(page.get_by_text("No data yet.")).to_be_visible()
    page.get_by_role("link", name="Import data").click()
    page.wait_for_url("**/import")

    # import: the file is looked at, what it is taken for is confirmed, all of it is loaded
    for name, label in (
        ("sales", "Import as sales"),
        ("stock", "Import as stock"),
        ("products", "Import as products"),
        ("sourcing", "Import as sourcing"),
    ):
        page.locator("input[type=file]").set_input_files(files[name])
        confirm = page.get_by_role("button", name=re.compile(label))
        confirm.wait_for()
        settled(page)
        if name == "sales":
            picture(page, "import-mapping")
        confirm.click()
        expect(page.get_by_text(re.compile(rf"{name}\.csv.*rows loaded"))).to_be_visible()
        page.get_by_role("button", name="Import another file").click()
        expect(page.get_by_text(f"{name}.csv")).to_have_count(0)
    assert len(lake.read("sales")) == DAYS * len(PRODUCTS) * len(STORES)

    # plan
    settled(page)
    page.get_by_role("button", name="Plan now").click()
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible(timeout=60_000)
    settled(page)
    picture(page, "today-first-plan")

    # Today → Item by the button of the first row
    click_cell(page, row=0, x=62)
    page.wait_for_url("**/item?sku=*")
    settled(page)
    sku = re.search(r"sku=(\w+)", page.url)
    assert sku is not None
    assert f"Product {sku[1]}" in page.get_by_role("heading", level=1).inner_text()

    # what if: the order in words follows the slider
    words = page.locator(".st-key-what_if_words")
    planned = words.inner_text()
    page.get_by_role("slider", name="Demand ± (%)").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(words).not_to_have_text(planned)
    settled(page)
    picture(page, "item-what-if")

    # back to Today: approve the first row with a note
    page.get_by_role("link", name="Today").click()
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
    settled(page)
    click_cell(page, row=0, x=18)
    page.get_by_role("button", name="Approve 1 selected").click()
    page.get_by_label("Note for the audit log").fill("agreed on the phone")
    picture(page, "today-approve")
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(page.get_by_text("1 line approved in 1 order.")).to_be_visible()
    first = approved_lines(lake)
    assert first["reason"].tolist() == ["agreed on the phone"]
    assert first["author"].tolist() == ["ana"]
    assert first["sku"].tolist() == [sku[1]]

    # Orders: change a quantity; it is rounded, and needs a reason
    page.get_by_role("link", name="Orders").click()
    expect(page.get_by_role("heading", name="Orders", level=1)).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Review").click()
    page.wait_for_url("**/orders?source=Alpine")
    expect(page.get_by_role("heading", name="Alpine", level=2)).to_be_visible()
    settled(page)
    row = 1 if first["line_id"].iloc[0] == most_at_risk(lake)[0] else 0
    cell = edit_order(page, row)
    cell.fill("31")
    cell.press("Enter")
    expect(page.get_by_text("31 raised to 36, whole multiples of 12.")).to_be_visible()
    approve = page.get_by_role("button", name=re.compile(r"Approve \d+ lines?"))
    expect(approve).to_be_disabled()
    page.get_by_label("Reason for the changed quantities").fill("small van today")
    page.keyboard.press("Enter")
    expect(approve).to_be_enabled()
    settled(page)
    picture(page, "orders-edit")
    approve.click()
    # nothing of this source is left to approve
    expect(page.get_by_role("button", name=re.compile(r"Approve 0 lines"))).to_be_visible()
    settled(page)

    # export: the file is what was approved, to the unit
    approved = approved_lines(lake)
    assert 36.0 in approved["approved_quantity"].tolist()
    assert bool(approved["edited"].any())
    wanted = {(row.order_id, row.sku, row.location): row.approved_quantity for row in approved.itertuples()}
    assert exported_csv(page) == wanted
    assert exported_excel(page) == wanted


def click_cell(page: Page, *, row: int, x: float) -> None:
    """Click a row of the worklist: tables are drawn on a canvas, so by place."""
    box = page.get_by_test_id("stDataFrame").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x, box["y"] + 36 + 38 * row + 19)


def edit_order(page: Page, row: int) -> Locator:
    """Open the editor of a row in column Order; the grid may still be taking its place at the first try."""
    editor = page.locator("#portal input")
    for _ in range(20):
        box = page.get_by_test_id("stDataFrame").bounding_box()
        assert box is not None
        page.mouse.dblclick(box["x"] + 262 + 150 + 90 + 45, box["y"] + 36 + 36 * row + 18)
        with suppress(Error):
            editor.wait_for(timeout=1000)
            return editor
    pytest.fail("the quantity could not be edited")


def most_at_risk(lake: Lake) -> list[str]:
    """Lines that are ordered, in the order in which Orders shows them."""
    lines = lake.read("plan_lines")
    ordered = lines[lines["status"] == "proposed"]
    return ordered.sort_values(["money_at_risk", "line_id"], ascending=[False, True])["line_id"].tolist()


def download(page: Page, name: str) -> Path:
    with page.expect_download() as started:
        page.get_by_role("button", name=name, exact=True).click()
    return Path(started.value.path())


def exported_csv(page: Page) -> dict[tuple[str, str, str], float]:
    text = download(page, "CSV").read_text(encoding="utf-8-sig")
    rows = csv.DictReader(io.StringIO(text))
    return {(row["order_id"], row["sku"], row["ship_to"]): float(row["quantity"]) for row in rows}


def exported_excel(page: Page) -> dict[tuple[str, str, str], float]:
    body = download(page, "Excel").read_bytes()
    cells = pl.read_excel(io.BytesIO(body), has_header=False, infer_schema_length=0).rows()
    head = next(number for number, row in enumerate(cells) if "order_id" in row)
    rows = [dict(zip(cells[head], row, strict=True)) for row in cells[head + 1 :]]
    return {
        (row["order_id"], row["sku"], row["ship_to"]): float(row["quantity"]) for row in rows if row["sku"]
    }
