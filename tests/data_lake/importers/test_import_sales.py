from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from data_lake.importers.estimate import stock_estimate
from data_lake.lake import Lake

LONG = """kind: sales
columns: {date: Date, sku: Item, location: Store, quantity: Qty}
"""
LINES = """kind: order_lines
columns: {order: Invoice, date: Date, sku: Item, quantity: Qty, price: Price, name: Text}
constants: {location: UK}
"""


def sales(lake: Lake, *columns: str) -> list[tuple]:
    frame = lake.read("sales", columns=["date", "sku", "location", *(columns or ("quantity",))])
    frame["date"] = frame["date"].dt.date
    return list(frame.itertuples(index=False, name=None))


def told(loaded: object) -> list[tuple]:
    return [(fault.severity, fault.row, fault.column, fault.value) for fault in loaded.faults]


def rules(loaded: object) -> str:
    return "\n".join(fault.rule for fault in loaded.faults)


def test_a_european_export_is_understood_without_help(bring, lake) -> None:
    text = """Datum;Artikelnummer;Filiale;Menge;Preis\r
31.01.24;007;Köln;1.234,5;2,00 €\r
01.02.24;007;Köln;2;2,10\r
"""
    loaded = bring(text.encode("cp1252"))
    assert not loaded.faults
    assert sales(lake, "quantity", "price", "revenue") == [
        (date(2024, 1, 31), "007", "Köln", 1234.5, 2.0, 2469.0),
        (date(2024, 2, 1), "007", "Köln", 2.0, 2.1, 4.2),
    ]
    assert lake.read("settings").set_index("name")["value"].to_dict() == {"period": "D"}
    assert "no currency is named: money is taken as EUR (money, currency)" in loaded.notes


def test_the_same_file_again_changes_nothing(bring, lake) -> None:
    text = "Date,Item,Store,Qty\n2024-01-01,1,A,3\n2024-02-01,1,A,4\n"
    first = bring(text, mapping=LONG)
    again = bring(text, mapping=LONG)
    assert (first.unchanged, again.unchanged) == (False, True)
    assert lake.current("sales").number == 1
    assert again.versions == {"sales": lake.current("sales")}
    assert len(lake.objects.list("mappings/")) == 1


def test_the_raw_file_is_kept_once(bring, lake, monkeypatch) -> None:
    text = "Date,Item,Store,Qty\n2024-01-01,1,A,3\n"
    loaded = bring(text, "../my file?.csv", LONG)
    bring(text, "../my file?.csv", LONG)
    (key,) = lake.objects.list("raw/")
    assert key.endswith("/my file_.csv")
    assert lake.objects.get(key) == text.encode()
    assert lake.current("sales").inputs["raw"] == key == loaded.versions["sales"].inputs["raw"]
    monkeypatch.setattr("data_lake.importers.load._RAW_PART", 20)
    bring(text + "\n", "big.csv", LONG)
    parts = [key for key in lake.objects.list("raw/") if "big.csv" in key]
    assert b"".join(lake.objects.get(part) for part in parts) == (text + "\n").encode()
    assert len(parts) == 2


def test_every_fault_is_told_at_its_row_and_nothing_is_loaded(bring, lake) -> None:
    text = """Date,Item,Store,Qty
2024-01-01,1,A,3

31/01/2024,1,A,4
2024-13-01,1,A,5
2024-01-03,,A,6
2024-01-04,1,A,abc
2024-01-05,1,A,inf
2024-01-06,1,A,NaN
2024-01-07,1,A,
2030-01-01,1,A,1
0024-01-01,1,A,1
1950-01-01,1,A,1
2024-01-09,4.00577E+12,A,1
2024-01-10,1,A,4005770000000
2024-01-11,1,A,1,2
"""
    loaded = bring(text, mapping=LONG)
    assert [(fault.row, fault.column, fault.value) for fault in loaded.faults] == [
        (4, "Date", "31/01/2024"),
        (5, "Date", "2024-13-01"),
        (6, "Item", ""),
        (7, "Qty", "abc"),
        (8, "Qty", "inf"),
        (9, "Qty", "NaN"),
        (10, "Qty", ""),
        (11, "Date", "2030-01-01"),
        (12, "Date", "0024-01-01"),
        (13, "Date", "1950-01-01"),
        (14, "Item", "4.00577E+12"),
        (15, "Qty", "4005770000000.0"),
        (16, "", "2024-01-11,1,A,1,2"),
    ]
    said = rules(loaded)
    assert "could be read as day first" in said
    assert "is in the future" in said
    assert "a spreadsheet has shortened" in said
    assert "check the decimal mark" in said
    assert loaded.errors == loaded.fault_count == 13
    assert not loaded.versions
    assert lake.objects.list("") == []


def test_a_missing_column_names_what_was_looked_for_and_the_nearest(bring) -> None:
    loaded = bring("Date,Item,Store,Quantty\n2024-01-01,1,A,3\n", mapping=LONG)
    assert "Qty" in told(loaded)[0][2]
    assert "quantity is mapped to it" in rules(loaded)
    loaded = bring("Date,Item,Store,Quantty\n2024-01-01,1,A,3\n", mapping=LONG.replace(", quantity: Qty", ""))
    assert "looked for: quantity, qty, units" in rules(loaded)
    assert "nearest: 'Quantty'" in rules(loaded)
    loaded = bring(
        "a,b\n1,2\n", mapping="kind: sales\nwide: {pattern: 'x(.*)'}\nexclude: [{column: c, matches: x}]"
    )
    assert "no header matches" in rules(loaded)
    assert "the mapping reads it" in rules(loaded)


@pytest.mark.parametrize(
    ("content", "rule"),
    [("", "is empty"), ("Date,Item\n", "header and no rows"), ("Date,Item\n,\n", "header and no rows")],
)
def test_a_file_without_rows_is_refused(bring, content: str, rule: str) -> None:
    loaded = bring(content, mapping=LONG)
    assert rule in rules(loaded)


def test_rows_of_blanks_at_the_end_do_not_make_a_table(bring) -> None:
    loaded = bring("Date,Item,Store,Qty\n" + "\n" * 400_000 + ",,,\n", mapping=LONG)
    assert "header and no rows" in rules(loaded)


def test_columns_that_nothing_is_mapped_to_are_reported(bring) -> None:
    assert bring("Date,Item,Store,Qty,Weather\n2024-01-01,1,A,3,sunny\n", mapping=LONG).ignored == (
        "Weather",
    )


def test_rows_of_totals_are_left_out_and_told(bring, lake) -> None:
    text = (
        "No,Date,Item,Store,Qty\n1,2024-01-01,1,A,3\n2,2024-01-01,Total,A,3\nGrand total:,,,,6\nSumme,,,,6\n"
    )
    loaded = bring(text, mapping=LONG)
    assert [fault[:2] for fault in told(loaded)] == [("warning", 3), ("warning", 4), ("warning", 5)]
    assert sales(lake) == [(date(2024, 1, 1), "1", "A", 3.0)]


def test_a_file_of_one_location_called_total_is_loaded(bring, lake) -> None:
    loaded = bring("Date,Item,Store,Qty\n2024-01-01,1,Total,3\n2024-01-02,1,Total,3\n", mapping=LONG)
    assert not loaded.faults
    assert loaded.rows_loaded == 2


def test_duplicates_of_sales_are_summed_and_told(bring, lake) -> None:
    text = """Date,Item,Store,Qty,Price,Promo,Share
2024-01-01,1,A,3,2,0,1
2024-01-01,1,A,1,4,1,0.5
2024-01-02,1,A,1,2,,
"""
    mapping = LONG.replace("Qty}", "Qty, price: Price, promo: Promo, in_stock: Share}")
    loaded = bring(text, mapping=mapping)
    assert told(loaded) == [("warning", 3, "", "2024-01-01, 1, A")]
    columns = ("quantity", "revenue", "price", "promo", "in_stock")
    assert sales(lake, *columns)[0] == (date(2024, 1, 1), "1", "A", 4.0, 10.0, 2.5, True, 0.75)
    assert sales(lake, "quantity")[1:] == [(date(2024, 1, 2), "1", "A", 1.0)]


@pytest.mark.parametrize(("rule", "quantity"), [("last", 1.0), ("refuse", None)])
def test_duplicates_can_be_refused_or_the_last_taken(bring, lake, rule: str, quantity: float | None) -> None:
    text = "Date,Item,Store,Qty\n2024-01-01,1,A,3\n2024-01-01,1,A,1\n"
    loaded = bring(text, mapping=LONG + f"duplicates: {rule}\n")
    assert [row[3] for row in sales(lake)] == ([] if quantity is None else [quantity])
    assert [fault[:2] for fault in told(loaded)] == ([("error", 3)] if quantity is None else [])


def test_order_lines_are_summed_net_of_returns_and_cancellations(bring, lake) -> None:
    text = """Invoice,Date,Item,Qty,Price,Text
536,2010-12-01 08:26:00,85123A,6,2.50,HEART HOLDER
536,2010-12-01 08:26:00,85123A,4,3.00,HEART HOLDER
C537,2010-12-01 09:00:00,85123A,2,2.50,HEART HOLDER
C538,2010-12-02 09:00:00,85123A,-3,2.50,heart holder
539,2010-12-02 09:00:00,POST,1,18.00,POSTAGE
540,2010-12-02 09:00:00,22041,-5,0,damaged
541,2010-12-02 09:00:00,22041,2,1.00,FRAME
"""
    mapping = (
        LINES
        + """returns: {column: Invoice, matches: ^C}
exclude:
- {column: Item, matches: ^POST$, reason: postage}
- {column: Price, matches: '^0(\\.0*)?$'}
"""
    )
    loaded = bring(text, mapping=mapping)
    assert not loaded.errors
    assert sales(lake, "quantity", "revenue", "price") == [
        (date(2010, 12, 2), "22041", "UK", 2.0, 2.0, 1.0),
        (date(2010, 12, 1), "85123A", "UK", 8.0, 22.0, 2.7),
        (date(2010, 12, 2), "85123A", "UK", -3.0, -7.5, None),
    ] or pd.isna(sales(lake, "price")[2][3])
    assert "1 rows left out: postage" in loaded.notes
    assert "1 rows left out: Price matches ^0(\\.0*)?$" in loaded.notes
    assert any("more returns than sales" in note for note in loaded.notes)
    products = lake.read("products", columns=["sku", "name", "unit_price"])
    assert products.to_numpy().tolist() == [["22041", "FRAME", 1.0], ["85123A", "HEART HOLDER", 2.7]]


def test_products_that_the_lake_knows_keep_their_names(bring, lake) -> None:
    lake.replace("products", pd.DataFrame({"sku": ["1"], "name": ["Known"]}))
    bring(
        "Invoice,Date,Item,Qty,Price,Text\n1,2024-01-01,1,1,1,Other\n1,2024-01-01,2,1,,New\n", mapping=LINES
    )
    names = lake.read("products").set_index("sku")["name"].to_dict()
    assert names == {"1": "Known", "2": "New"}


def test_sales_with_a_product_name_and_revenue_fill_what_follows(bring, lake) -> None:
    mapping = LONG.replace("Qty}", "Qty, revenue: Money, name: Text}")
    bring(
        "Date,Item,Store,Qty,Money,Text\n2024-01-01,1,A,2,5,Milk\n2024-01-02,1,A,0,0,Milk\n", mapping=mapping
    )
    assert sales(lake, "price")[0][3] == 2.5
    assert lake.read("products")["name"].tolist() == ["Milk"]


def test_wide_columns_of_numbered_days_are_counted_from_the_origin(bring, lake) -> None:
    frame = pl.DataFrame({"d_1": [0, 2], "d_2": [1, None], "id": ["FOODS_1_033_CA_1", "FOODS_1_034_TX_2"]})
    out = io.BytesIO()
    frame.write_parquet(out)
    mapping = r"""kind: sales
split: {column: id, pattern: '^(?P<sku>.+_\d{3})_(?P<location>[A-Z]{2}_\d+)$'}
wide: {pattern: 'd_(\d+)', origin: 2011-01-29}
"""
    loaded = bring(out.getvalue(), "sales.parquet", mapping)
    assert not loaded.faults
    assert sales(lake) == [
        (date(2011, 1, 29), "FOODS_1_033", "CA_1", 0.0),
        (date(2011, 1, 30), "FOODS_1_033", "CA_1", 1.0),
        (date(2011, 1, 29), "FOODS_1_034", "TX_2", 2.0),
    ]
    wrong = pl.DataFrame({"id": ["FOODS_1_033_CA_1", "FOODS"], "d_1": [0, 2]})
    out = io.BytesIO()
    wrong.write_parquet(out)
    loaded = bring(out.getvalue(), "sales.parquet", mapping)
    assert told(loaded) == [("error", 3, "id", "FOODS")]


@pytest.mark.parametrize(
    ("headers", "period", "first"),
    [
        ("2024-01-01,2024-01-08,2024-01-15", "W", date(2024, 1, 1)),
        ("07.01.2024,14.01.2024,21.01.2024", "W", date(2024, 1, 1)),
        ("Jan-98,Feb-98,Mar-98", "M", date(1998, 1, 1)),
        ("31/01/2024,29/02/2024,31/03/2024", "M", date(2024, 1, 1)),
        ("2024-W01,2024-W02,2024-W03", "W", date(2024, 1, 1)),
        ("20240101,20240102,20240103", "D", date(2024, 1, 1)),
        ("1 Jan 2024,2 Jan 2024,3 Jan 2024", "D", date(2024, 1, 1)),
    ],
)
def test_wide_columns_of_dates_set_the_period(bring, lake, headers: str, period: str, first: date) -> None:
    loaded = bring(f"Store,Product,{headers}\nA,007,1,,3\nA,8,NA,x2,0\n")
    assert [fault.row for fault in loaded.faults] == [3]
    assert loaded.faults[0].column == headers.split(",")[1]
    loaded = bring(f"Store,Product,{headers}\nA,007,1,,3\nA,8,NA,2,0\n")
    assert not loaded.errors
    assert lake.read("settings").set_index("name")["value"]["period"] == period
    assert loaded.rows_loaded == 4
    assert sales(lake)[0] == (first, "007", "A", 1.0)


def test_wide_columns_of_mixed_types_are_read(bring, lake) -> None:
    frame = pl.DataFrame(
        {"Store": ["A"], "Product": ["1"], "2024-01-01": [1], "2024-01-02": [2.5], "2024-01-03": ["3"]}
    )
    out = io.BytesIO()
    frame.write_parquet(out)
    assert bring(out.getvalue(), "x.parquet").rows_loaded == 3
    out = io.BytesIO()
    frame.with_columns(pl.col("2024-01-03").cast(pl.Int8)).write_parquet(out)
    assert bring(out.getvalue(), "x.parquet").unchanged


def test_a_lake_has_one_period(bring, lake) -> None:
    weekly = "Date,Item,Store,Qty\n" + "".join(f"2024-01-{day:02},1,A,1\n" for day in (1, 8, 15))
    daily = "Date,Item,Store,Qty\n2024-01-21,1,A,2\n2024-01-22,1,A,3\n2024-01-23,1,A,4\n"
    bring(weekly, mapping=LONG)
    refused = bring(daily, mapping=LONG)
    assert "the file's sales are daily" in rules(refused)
    assert "set period: W to sum them" in rules(refused)
    assert bring(daily, mapping=LONG + "period: W\n").rows_loaded == 2
    assert sales(lake)[-2:] == [(date(2024, 1, 15), "1", "A", 2.0), (date(2024, 1, 22), "1", "A", 7.0)]
    assert "Set period: W" in rules(bring(daily, mapping=LONG + "period: D\n"))
    monthly = "Date,Item,Store,Qty\n2024-01-31,1,A,1\n2024-02-29,1,A,1\n2024-03-31,1,A,1\n"
    assert "monthly" in rules(bring(monthly, mapping=LONG))
    single = "Date,Item,Store,Qty\n2024-02-14,1,A,9\n"
    assert bring(single, mapping=LONG).rows_loaded == 1
    assert sales(lake)[-1] == (date(2024, 2, 12), "1", "A", 9.0)


def test_order_lines_take_the_period_of_the_lake(bring, lake) -> None:
    bring("Date,Item,Store,Qty\n" + "".join(f"2024-01-{day:02},1,A,1\n" for day in (1, 8, 15)), mapping=LONG)
    bring("Invoice,Date,Item,Qty,Price,Text\n1,2024-01-23,1,1,1,x\n2,2024-01-25,1,2,1,x\n", mapping=LINES)
    assert sales(lake)[-1] == (date(2024, 1, 22), "1", "UK", 3.0)


def test_order_lines_that_must_not_repeat_are_refused(bring) -> None:
    text = "Invoice,Date,Item,Qty,Price,Text\n1,2024-01-23,1,1,1,x\n2,2024-01-23,1,2,1,x\n"
    assert [fault.row for fault in bring(text, mapping=LINES + "duplicates: refuse\n").faults] == [3]


def test_the_current_week_or_month_is_not_the_future(bring) -> None:
    head = "Date,Item,Store,Qty\n"
    weeks = head + "2026-11-15,1,A,1\n2026-11-22,1,A,1\n2026-11-29,1,A,1\n"
    assert not bring(
        weeks, mapping=LONG + "period: W\n"
    ).errors  # the week that ends on 29 November has begun
    assert [
        fault.row for fault in bring(weeks, mapping=LONG + "period: D\n").faults if fault.severity == "error"
    ][:1]


def test_gaps_between_dates_are_told(bring) -> None:
    days = [
        d for d in pd.date_range("2024-01-01", "2024-02-11") if d.weekday() != 6 and d.day not in (10, 11)
    ]
    text = "Date,Item,Store,Qty\n" + "".join(f"{d.date()},1,A,1\n" for d in days)
    loaded = bring(text, mapping=LONG)
    assert [fault.value for fault in loaded.faults] == ["2024-01-10 to 2024-01-11"]
    assert {fault.severity for fault in loaded.faults} == {"warning"}
    assert "sales on 0 of 5 Sundays: taken as closed on others" in loaded.notes


def test_many_gaps_are_summed_up(bring) -> None:
    days = pd.date_range("2024-01-01", periods=90, freq="3D")
    text = "Date,Item,Store,Qty\n2024-01-02,1,A,1\n" + "".join(f"{d.date()},1,A,1\n" for d in days)
    loaded = bring(text, mapping=LONG)
    assert len(loaded.faults) == 21
    assert "more gaps" in rules(loaded)


MONEY = LONG.replace("Qty}", "Qty, price: Price, currency: Cur}")
CURRENCIES = """Date,Item,Store,Qty,Price,Cur
2024-01-01,1,A,1,10,EUR
2024-01-02,1,A,1,10,gbp
2024-01-03,1,A,1,10,EUR
"""


def test_several_currencies_need_rates(bring, lake) -> None:
    refused = bring(CURRENCIES, mapping=MONEY)
    assert "several currencies: EUR (2 rows), GBP (1 rows)" in rules(refused)
    lacking = bring(CURRENCIES, mapping=MONEY + "money: {rates: {EUR: 1, USD: 0.9}}\n")
    assert told(lacking) == [("error", 3, "Cur", "GBP")]
    bring(CURRENCIES, mapping=MONEY + "money: {rates: {EUR: 1, GBP: 1.2}}\n")
    assert [row[3] for row in sales(lake, "price")] == [10.0, 12.0, 10.0]
    assert lake.read("settings").set_index("name")["value"]["currency"] == "EUR"


def test_another_currency_than_the_lakes_needs_a_rate(bring, lake) -> None:
    bring("Date,Item,Store,Qty,Price,Cur\n2024-01-01,1,A,1,10,GBP\n", mapping=MONEY)
    assert lake.read("settings").set_index("name")["value"]["currency"] == "GBP"
    plain = LONG.replace("Qty}", "Qty, price: Price}") + "money: {currency: USD"
    text = "Date,Item,Store,Qty,Price\n2024-01-02,1,A,1,10\n"
    assert "the file's money is USD and the lake's is GBP" in rules(bring(text, mapping=plain + "}\n"))
    assert not bring(text, mapping=plain + ", rates: {USD: 0.8}}\n").errors
    assert sales(lake, "price")[-1][3] == 8.0


def test_cases_become_eaches(bring, lake) -> None:
    mapping = LONG.replace("Qty}", "Qty, price: Price, unit_factor: Per}")
    bring("Date,Item,Store,Qty,Price,Per\n2024-01-01,1,A,2,24,12\n2024-01-02,1,A,2,24,6\n", mapping=mapping)
    assert [row[3:] for row in sales(lake, "quantity", "price", "revenue")] == [
        (24.0, 2.0, 48.0),
        (12.0, 4.0, 48.0),
    ]
    missing = bring("Date,Item,Store,Qty,Price,Per\n2024-01-01,1,A,2,24,\n", mapping=mapping)
    assert told(missing) == [("error", 2, "Per", "")]
    bring("Date,Item,Store,Qty\n2024-01-03,1,A,2\n", mapping=LONG + "unit_factor: 10\n")
    assert sales(lake)[-1][3] == 20.0


def test_numbered_weeks_of_a_long_file(bring, lake) -> None:
    text = "Date,Item,Store,Qty\n40,1,2,5\n41,1,2,6\n"
    bring(text, mapping=LONG + "dates: {origin: 1989-09-14, step: W}\n")
    assert sales(lake) == [(date(1990, 6, 11), "1", "2", 5.0), (date(1990, 6, 18), "1", "2", 6.0)]


def test_a_constant_that_cannot_be_read_is_told_once(bring) -> None:
    text = "Date,Item,Qty\n" + "2024-01-01,1,1\n" * 3
    loaded = bring(
        text,
        mapping="""kind: sales
columns: {date: Date, sku: Item, quantity: Qty}
constants: {location: A, price: cheap}
""",
    )
    assert told(loaded)[0] == ("error", None, "price", "cheap")
    assert loaded.errors == 1


def test_progress_is_told_and_ends_at_one(bring) -> None:
    seen: list[tuple[str, float]] = []
    bring("Date,Item,Store,Qty\n2024-01-01,1,A,3\n", mapping=LONG, progress=lambda *step: seen.append(step))
    shares = [share for _, share in seen]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_a_file_of_many_chunks_equals_one_of_few(bring, lake, monkeypatch, tmp_path: Path) -> None:
    rows = [f"2024-0{1 + n % 3}-{1 + n % 28:02},{n % 7},S{n % 2},{n % 5}" for n in range(2000)]
    text = "Date,Item,Store,Qty\n" + "\n".join(rows) + "\n"
    whole = bring(text, mapping=LONG)
    monkeypatch.setattr("data_lake.importers.load._MOST_ROWS", 300)
    monkeypatch.setattr("data_lake.importers.sales_rows._MOST_HELD", 100)
    monkeypatch.setattr("data_lake.importers.csv_file._CSV_BLOCK", 4096)
    parts = bring(text, mapping=LONG)
    assert parts.unchanged
    assert parts.fault_count == whole.fault_count
    lines = LONG.replace("sales", "order_lines", 1)
    assert bring(text, mapping=lines).unchanged


@pytest.mark.parametrize(
    ("dates", "period", "day", "on_hand"),
    [
        (pd.date_range("2024-01-01", periods=56), "D", date(2024, 2, 25), [14.0, 0.0]),
        (pd.date_range("2024-01-01", periods=8, freq="7D"), "W", date(2024, 2, 25), [2.0, 0.0]),
        (pd.date_range("2024-01-01", periods=4, freq="MS"), "M", date(2024, 4, 30), [0.0, 0.0]),
    ],
)
def test_estimated_stock_covers_recent_sales(bring, lake, dates, period, day, on_hand) -> None:
    rows = "".join(f"{d.date()},1,A,2\n" for d in dates)
    bring(f"Date,Item,Store,Qty\n{dates[0].date()},0,A,9\n{rows}", mapping=LONG + f"period: {period}\n")
    stock = stock_estimate(lake, 7).set_index("sku")
    assert stock.loc[["1", "0"], "on_hand"].tolist() == on_hand
    assert set(stock["date"].dt.date) == {day}
    lake.upsert("inventory_snapshot", stock.reset_index())
    with pytest.raises(ValueError, match="cover_days"):
        stock_estimate(lake, -1)
