"""`shelfcast template --filled`: files to start from, for what a planner has no export of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from data_lake.lake import Lake

Shelfcast = Callable[..., Result]


@pytest.fixture
def with_sales(shelfcast: Shelfcast, sales_csv: Path) -> Shelfcast:
    """7 units of one product at one location in the last 28 days."""
    assert shelfcast("import", sales_csv).exit_code == 0
    return shelfcast


def test_estimated_stock_is_loaded_as_it_was_written(
    with_sales: Shelfcast, tmp_path: Path, address: str
) -> None:
    result = with_sales("template", "stock", "--filled", "--days-of-cover", 8)
    assert result.exit_code == 0, result.output
    assert result.stdout.lstrip("\ufeff") == "date,sku,location,on_hand\n2026-01-31,007,A,2\n"  # 7 / 28 x 8
    assert "an estimate, not a count" in result.stderr
    stock = tmp_path / "stock.csv"
    stock.write_bytes(result.stdout_bytes)
    assert with_sales("import", stock).exit_code == 0
    assert Lake(address).read("inventory_snapshot")["on_hand"].tolist() == [2.0]


def test_stock_without_an_estimate_is_left_to_be_counted(with_sales: Shelfcast, tmp_path: Path) -> None:
    result = with_sales("template", "stock", "--filled")
    assert result.stdout.lstrip("\ufeff") == "date,sku,location,on_hand\n2026-01-31,007,A,\n"
    stock = tmp_path / "stock.csv"
    stock.write_bytes(result.stdout_bytes)
    refused = with_sales("import", stock, "--kind", "stock", "--yes")
    assert refused.exit_code == 1
    assert "on_hand" in refused.output


def test_sourcing_and_then_its_suppliers(with_sales: Shelfcast, tmp_path: Path, address: str) -> None:
    given = ("source=Acme", "source_kind=supplier", "lead_time_mean=5", "priority=1")
    result = with_sales("template", "sourcing", "--filled", *(part for g in given for part in ("--set", g)))
    head = "sku,location,source,source_kind,lead_time_mean,lead_time_sd,moq,order_multiple,priority"
    assert result.stdout.lstrip("\ufeff") == f"{head}\n007,A,Acme,supplier,5,,,,1\n"
    sourcing = tmp_path / "sourcing.csv"
    sourcing.write_bytes(result.stdout_bytes)
    assert with_sales("import", sourcing).exit_code == 0
    suppliers = with_sales("template", "suppliers", "--filled", "--set", "order_weekdays=Mon Thu")
    assert "\nAcme,,,Mon Thu,\n" in suppliers.stdout


def test_products_show_what_is_known_already(
    with_sales: Shelfcast, tmp_path: Path, shelfcast: Shelfcast
) -> None:
    products = tmp_path / "products.csv"
    products.write_text("sku,name,unit_price\n007,Oat drink,2.5\n")
    assert shelfcast("import", products).exit_code == 0
    result = with_sales("template", "products", "--filled")
    assert "\n007,Oat drink,,,2.5,,\n" in result.stdout
    assert "\nA,,,\n" in with_sales("template", "locations", "--filled").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("stock", "--filled", "--set", "colour=red"), "'colour' is no column of stock"),
        (("sourcing", "--filled", "--days-of-cover", 3), "days of cover estimate stock, not sourcing"),
        (("stock", "--filled", "--days-of-cover", -1), "must be 0 or more"),
        (("orders", "--filled"), "orders cannot be filled from sales"),
        (("suppliers", "--filled"), "has no sourcing to make rows of"),
        (("stock", "--filled", "--set", "source"), "write NAME=VALUE"),
        (("stock", "--days-of-cover", 3), "go with --filled"),
        (("cheese",), "kind 'cheese' is not known"),
    ],
)
def test_what_cannot_be_filled_is_said(
    with_sales: Shelfcast, arguments: tuple[object, ...], said: str
) -> None:
    result = with_sales("template", *arguments)
    assert result.exit_code != 0
    assert said in result.output


def test_an_empty_lake_has_no_rows_to_fill(shelfcast: Shelfcast) -> None:
    result = shelfcast("template", "stock", "--filled")
    assert result.exit_code == 1
    assert "has no sales to make rows of" in result.stderr


def test_a_dry_run_asks_what_an_import_would_ask(shelfcast: Shelfcast, tmp_path: Path) -> None:
    lines = tmp_path / "lines.csv"
    rows = "".join(f"{n},7{n % 5},Tea,{n % 7 + 1},2026-01-{n % 28 + 1:02d},2.50\n" for n in range(60))
    lines.write_text(f"Invoice,StockCode,Description,Quantity,InvoiceDate,Price\n{rows}")
    result = shelfcast("import", lines, "--dry-run")
    assert "? Which location is this file of?" in result.output
