from __future__ import annotations

import io
from datetime import date

import polars as pl
import pytest

from data_lake.importers.fitting import header_score
from data_lake.importers.synonyms import MEANINGS, SYNONYMS, folded


def columns(seen: object) -> dict[str, str]:
    return seen.mapping.columns


@pytest.mark.parametrize(
    ("header", "row", "kind", "mapped"),
    [
        (
            "Date,Store ID,Item ID,Units Sold,Price",
            "2026-01-01,1,2,3,4",
            "sales",
            "date location sku quantity price",
        ),
        ("Datum;Filiale;Artikelnummer;Absatz", "01.02.2026;1;2;3", "sales", "date location sku quantity"),
        ("Date;Magasin;Référence;Quantité vendue", "13/02/2026;1;2;3", "sales", "date location sku quantity"),
        ("Fecha;Tienda;Artículo;Unidades", "13/02/2026;1;2;3", "sales", "date location sku quantity"),
        ("Data;Negozio;Codice articolo;Quantità", "13/02/2026;1;2;3", "sales", "date location sku quantity"),
        (
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,Store",
            "1,2,x,3,2026-01-01,4,A",
            "order_lines",
            "order sku name quantity date price location",
        ),
        (
            "Stichtag;Lagerort;Material;Bestand;Charge;MHD",
            "13.01.2026;1;2;3;L;13.01.2027",
            "stock",
            "date location sku on_hand batch expiry_date",
        ),
        (
            "PO Number,Line,SKU,Vendor,Ship To,Qty,ETA",
            "P1,1,2,V,A,3,2026-02-01",
            "orders",
            "order_id line sku from_source to_location quantity expected_date",
        ),
        (
            "Artikelnr;Bezeichnung;Warengruppe;EK;VK",
            "1;Milch;Kühl;1,10;2,20",
            "products",
            "sku name category unit_cost unit_price",
        ),
        (
            "Store,Name,Type,Region,Latitude",
            "1,High St,shop,BY,48.1",
            "locations",
            "location name kind region latitude",
        ),
        (
            "Vendor ID,Supplier name,E-Mail,Minimum order value",
            "1,V,a@b.c,100",
            "suppliers",
            "supplier name email min_order_value",
        ),
        (
            "Item,Store,Supplier,Lead time (days),MOQ",
            "1,A,V,5,12",
            "sourcing",
            "sku location source lead_time_mean moq",
        ),
        (
            "Item,Store,Start date,End date,Discount",
            "1,A,2026-01-13,2026-01-20,0.2",
            "promotions",
            "sku location from_date to_date depth",
        ),
    ],
)
def test_exports_in_several_languages_are_recognised(
    inspect, header: str, row: str, kind: str, mapped: str
) -> None:
    seen = inspect(f"{header}\n{row}\n")
    assert seen.mapping.kind == kind
    delimiter = ";" if ";" in header else ","
    assert columns(seen) == dict(zip(mapped.split(), header.split(delimiter), strict=True))
    assert seen.confidence > 0.6
    assert not seen.faults


def test_a_quantity_is_stock_where_a_person_says_so(inspect) -> None:
    assert columns(inspect("Artikel;Menge\n1;2\n", kind="stock")) == {"sku": "Artikel", "on_hand": "Menge"}
    assert "on_hand" not in columns(inspect("Artikel;Menge\n1;2\n"))


def test_findings_say_how_sure_and_why(inspect) -> None:
    seen = inspect("Date,Item,Store,Qty\n2026-01-31,1,A,3\n")
    by_target = {finding.target: finding for finding in seen.findings}
    assert by_target["quantity"].header == "Qty"
    assert by_target["quantity"].confidence > 0.9
    assert "name for quantity" in by_target["quantity"].reason
    assert by_target["dates"].reason == "100% of the values read as year-month-day, 2024-03-31"


def test_ambiguous_dates_are_asked_not_taken(inspect) -> None:
    assert inspect("Date,Item,Store,Qty\n01/02/2026,1,A,3\n").to_confirm == (
        "Dates of 'Date': every date reads both as day first and as month first; day first is taken",
    )


def test_a_date_far_down_settles_which_comes_first(inspect) -> None:
    rows = "01/02/2026,1,A,3\n" * 6000 + "02/13/2026,1,A,3\n"
    seen = inspect("Date,Item,Store,Qty\n" + rows)
    assert seen.mapping.dates.form == "mm/dd/yyyy"
    assert not seen.to_confirm


def test_the_one_column_of_dates_is_the_date(inspect) -> None:
    seen = inspect("Zeitpunkt,Item,Store,Qty\n2026-01-31,1,A,3\n")
    assert columns(seen)["date"] == "Zeitpunkt"
    assert "Is 'Zeitpunkt' the date? (its values are dates)" in seen.to_confirm


def test_a_file_without_a_location_or_day_asks_for_them(inspect) -> None:
    seen = inspect("Item,On hand\n1,3\n")
    assert seen.mapping.kind == "stock"
    assert seen.mapping.constants == {"location": "ALL", "date": "today"}
    assert len(seen.to_confirm) == 2
    assert seen.parsed["date"].dt.date.tolist() == [date(2026, 11, 23)]


def test_excel_day_numbers_and_period_numbers(inspect) -> None:
    assert inspect("Date,Item,Store,Qty\n45382,1,A,3\n45383,1,A,3\n").mapping.dates.form == "excel"
    assert inspect("Date,Item,Store,Qty\n20240331,1,A,3\n").mapping.dates.form == "yyyymmdd"
    seen = inspect("Week,Item,Store,Qty\n40,1,A,3\n41,1,A,3\n")
    assert seen.to_confirm == (
        "'Week' holds numbers of periods: which date is number 1? (dates: origin, step)",
    )


def test_numbered_columns_need_an_origin_unless_they_are_m5(inspect) -> None:
    header = ",".join(f"w_{week}" for week in range(1, 8))
    seen = inspect(f"sku,store,{header}\n1,A,1,2,3,4,5,6,7\n")
    assert seen.to_confirm == ("Which date is 'w_1'? (wide, origin)",)
    assert seen.mapping.wide.step == "W"
    frame = pl.DataFrame({"id": ["FOODS_1_033_CA_1"], **{f"d_{day}": [day] for day in range(1, 10)}})
    out = io.BytesIO()
    frame.write_parquet(out)
    seen = inspect(out.getvalue(), "sales.parquet")
    assert seen.mapping.wide.origin == date(2011, 1, 29)
    assert not seen.to_confirm
    assert seen.parsed.iloc[-1][["sku", "location", "quantity"]].tolist() == ["FOODS_1_033", "CA_1", 9.0]


def test_dates_in_the_header_that_read_both_ways_are_asked(inspect) -> None:
    seen = inspect("sku,store,01/02/2026,02/02/2026,03/02/2026\n1,A,1,2,3\n")
    assert seen.mapping.wide.form == "dd/mm/yyyy"
    assert "Dates in the header" in seen.to_confirm[0]


def test_an_id_of_product_and_location_is_split(inspect) -> None:
    seen = inspect("unique_id,ds,units\n007|A,2026-01-31,3\n8|B,2026-01-31,3\n")
    assert seen.parsed[["sku", "location"]].to_numpy().tolist() == [["007", "A"], ["8", "B"]]


def test_order_lines_find_returns_and_what_is_no_sale(inspect) -> None:
    text = """Invoice,StockCode,Qty,InvoiceDate,Price,Store
1,85123A,1,2010-12-01,2.5,A
C2,85123A,-1,2010-12-01,2.5,A
3,POST,1,2010-12-01,18,A
4,22041,-9,2010-12-01,0,A
"""
    mapping = inspect(text).mapping
    assert mapping.returns.matches == "^C"
    assert {rule.column for rule in mapping.exclude} == {"StockCode", "Price"}


def test_something_else_is_asked_what_it_is(inspect) -> None:
    seen = inspect("x,y\nhello,world\n")
    assert any("What does this file hold?" in question for question in seen.to_confirm)
    assert seen.faults


def test_a_file_that_cannot_be_opened_has_a_fault_and_no_rows(inspect) -> None:
    seen = inspect("")
    assert [fault.rule for fault in seen.faults] == ["is empty"]
    assert seen.rows.empty


def test_the_first_rows_are_shown_as_given_with_their_numbers(inspect) -> None:
    seen = inspect("Report\n\nDate,Item,Store,Qty\n2026-01-31,007,A,3\n")
    assert seen.rows.to_dict("records") == [
        {"row": 4, "Date": "2026-01-31", "Item": "007", "Store": "A", "Qty": "3"}
    ]
    assert seen.rows_checked == 1


@pytest.mark.parametrize(
    ("header", "target", "least", "most"),
    [
        ("Qty", "quantity", 0.9, 1.0),
        ("SalesQuantity", "quantity", 0.9, 1.0),
        ("Total qty shipped", "quantity", 0.6, 0.8),
        ("quantitty", "quantity", 0.55, 0.65),
        ("colour", "quantity", 0.0, 0.0),
        ("€", "quantity", 0.0, 0.0),
    ],
)
def test_headers_name_targets_more_or_less(header: str, target: str, least: float, most: float) -> None:
    assert least <= header_score(header, target)[0] <= most


def test_synonyms_are_written_folded() -> None:
    listed = [*SYNONYMS.values(), *(words for meanings in MEANINGS.values() for words in meanings.values())]
    assert [word for words in listed for word in words if word != folded(word)] == []
    assert all(len(words) == len(set(words)) for words in listed)
