from __future__ import annotations

import io
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from data_lake.importers.kinds import KINDS, write_template
from data_lake.importers.load import load
from data_lake.importers.mapping_yaml import from_yaml
from data_lake.lake import Lake

TODAY = date(2026, 11, 23)
STOCK = """kind: stock
columns: {sku: Item, location: Store, on_hand: Qty, batch: Lot, status: State, expiry_date: MHD}
constants: {date: today}
dates: {form: dd/mm/yyyy}
"""


def rows(lake: Lake, table: str, *columns: str) -> list[tuple]:
    frame = lake.read(table, columns=list(columns))
    return [tuple(None if pd.isna(v) else v for v in row) for row in frame.itertuples(index=False, name=None)]


def told(loaded: object) -> list[tuple]:
    return [(fault.severity, fault.row, fault.column, fault.value) for fault in loaded.faults]


@pytest.mark.parametrize("kind", KINDS)
def test_every_template_loads_as_what_it_is(inspect, bring, lake, kind: str) -> None:
    seen = inspect(write_template(kind), f"{kind}.csv")
    assert (seen.mapping.kind, seen.to_confirm, seen.faults, seen.ignored) == (kind, (), (), ())
    loaded = bring(write_template(kind), f"{kind}.csv")
    assert not loaded.faults
    assert loaded.rows_loaded == 1
    assert bring(write_template(kind), f"{kind}.csv").unchanged
    assert len(lake.read(KINDS[kind].table)) == 1


def test_stock_with_batches_statuses_and_no_end_of_life(bring, lake) -> None:
    text = (
        "Item;Store;Qty;Lot;State;MHD\n007;A;3;L1;frei;31.12.2026\n007;A;-1;;Gesperrt;31.12.9999\n8;A;2;;;\n"
    )
    loaded = bring(text, mapping=STOCK)
    assert told(loaded) == [("warning", 3, "Qty", "-1.0")]
    found = rows(lake, "inventory_snapshot", "sku", "batch", "status", "on_hand", "expiry_date")
    assert sorted(row[:4] for row in found) == [
        ("007", "", "blocked", -1.0),
        ("007", "L1", "available", 3.0),
        ("8", "", "available", 2.0),
    ]
    assert {str(row[4])[:10] for row in found} == {"None", "2026-12-31"}
    assert set(lake.read("inventory_snapshot")["date"].dt.date) == {date(2026, 11, 23)}


def test_an_unknown_status_is_refused_unless_the_mapping_says_what_it_means(bring) -> None:
    text = "Item;Store;Qty;Lot;State;MHD\n7;A;3;L1;Z9;\n"
    refused = bring(text, mapping=STOCK)
    assert told(refused) == [("error", 2, "State", "Z9")]
    assert "available, blocked, reserved, in_transit" in refused.faults[0].rule
    assert not bring(text, mapping=STOCK + "values: {status: {Z9: blocked}}\n").faults


def test_repeated_stock_is_counted_once_if_identical_and_refused_if_not(bring, lake) -> None:
    head = "Item;Store;Qty;Lot;State;MHD\n7;A;3;L1;ok;\n"
    assert told(bring(head + "7;A;3;L1;free;\n", mapping=STOCK)) == [
        ("warning", 3, "", "2026-11-23, 7, A, L1, available")
    ]
    refused = bring(head + "7;A;4;L1;ok;\n", mapping=STOCK)
    assert refused.faults[0].severity == "error"
    assert "row 2 and other values" in refused.faults[0].rule
    bring(head + "7;A;4;L1;ok;\n", mapping=STOCK + "duplicates: sum\n")
    assert rows(lake, "inventory_snapshot", "on_hand") == [(7.0,)]
    bring(head + "7;A;4;L1;ok;\n", mapping=STOCK + "duplicates: last\n")
    assert rows(lake, "inventory_snapshot", "on_hand") == [(4.0,)]


def test_a_corrected_snapshot_takes_back_batches_that_are_gone(bring, lake) -> None:
    head = "Item;Store;Qty;Lot;State;MHD\n"
    bring(head + "7;A;3;L1;ok;\n7;A;4;L2;ok;\n", mapping=STOCK)
    bring(head + "7;A;5;L1;ok;\n", mapping=STOCK)
    assert rows(lake, "inventory_snapshot", "batch", "on_hand") == [("L1", 5.0), ("L2", 0.0)]


def test_items_that_a_later_snapshot_leaves_out_keep_their_stock_or_are_set_to_zero(bring, lake) -> None:
    first = STOCK.replace("today", "2026-11-01")
    head = "Item;Store;Qty;Lot;State;MHD\n"
    bring(head + "7;A;3;L1;ok;\n8;A;4;;ok;\n9;B;1;;ok;\n", mapping=first)
    kept = bring(head + "7;A;2;L1;ok;\n", mapping=STOCK)
    assert "1 items of these locations had stock before" in kept.faults[0].rule
    zeroed = bring(head + "7;A;2;L1;ok;\n", mapping=STOCK + "missing_stock: zero\n")
    assert not zeroed.faults
    assert "1 items that the file no longer lists are set to 0" in zeroed.notes
    today = lake.read("inventory_snapshot", since=date(2026, 11, 23))
    assert dict(zip(today["sku"], today["on_hand"], strict=True)) == {"7": 2.0, "8": 0.0}
    assert bring(head + "7;A;2;L1;ok;\n", mapping=STOCK + "missing_stock: zero\n").unchanged


def test_future_stock_is_refused(bring) -> None:
    loaded = bring("date,sku,store,on hand\n2027-01-01,1,A,3\n")
    assert told(loaded) == [("error", 2, "date", "2027-01-01")]


def test_a_master_file_keeps_what_it_does_not_mention(bring, lake) -> None:
    bring("sku,name,case pack\n007,Milk,12\n8,Tea,6\n")
    bring("sku,unit cost\n007,1.5\n9,2\n")
    found = rows(lake, "products", "sku", "name", "case_pack", "unit_cost")
    assert found == [("007", "Milk", 12.0, 1.5), ("8", "Tea", 6.0, None), ("9", None, None, 2.0)]


def test_values_out_of_range_are_told_for_every_column(bring) -> None:
    text = """sku,name,unit cost,shelf life days,launch date
1,a,-2,0,2024-01-01
2,b,1,x,soon
,c,1,10,
1e15,d,2e13,9,
"""
    loaded = bring(text, kind="products")
    assert [(fault.row, fault.column, fault.value) for fault in loaded.faults] == [
        (2, "unit cost", "-2.0"),
        (2, "shelf life days", "0.0"),
        (3, "shelf life days", "x"),
        (3, "launch date", "soon"),
        (4, "sku", ""),
        (5, "unit cost", "20000000000000.0"),
    ]


def test_orders_without_line_numbers_are_numbered(bring, lake) -> None:
    text = """PO number,SKU,Supplier,Ship to,Qty,Delivery date,Status
P1,7,S,A,3,2026-12-01,open
P1,8,S,A,4,,Confirmed
P2,7,S,A,1,,
"""
    loaded = bring(text)
    assert not loaded.faults
    found = rows(lake, "orders", "order_id", "line", "kind", "sku", "status", "quantity")
    assert found == [
        ("P1", "1", "purchase", "7", "sent", 3.0),
        ("P1", "2", "purchase", "8", "sent", 4.0),
        ("P2", "1", "purchase", "7", "sent", 1.0),
    ]
    assert any("numbered" in note for note in loaded.notes)


def test_suppliers_with_lists_of_days(bring, lake) -> None:
    text = """supplier,order days,closures,min order value,currency
S1,"Mon, Wed-Fri",2026-12-25;2027-01-01,100,EUR
S2,Di Do,,,
S3,"0,4",,5,
"""
    assert not bring(text).faults
    frame = lake.read("suppliers").set_index("supplier")
    assert [list(days) for days in frame["order_weekdays"]] == [[0.0, 2.0, 3.0, 4.0], [1.0, 3.0], [0.0, 4.0]]
    assert list(frame.loc["S1", "closures"]) == ["2026-12-25", "2027-01-01"]
    assert lake.read("settings")["value"].tolist() == ["EUR"]
    wrong = bring("supplier,order days\nS1,someday\nS2,9\n")
    assert [fault.value for fault in wrong.faults] == ["someday", "9"]


def test_sourcing_with_price_breaks(bring, lake) -> None:
    text = """sku,location,source,lead time,priority,price break quantities,price break costs,source kind
1,A,S,5,1,10 20,2.5 2.25,DC
2,A,S,5,1.5,x,,supplier
"""
    wrong = bring(text, kind="sourcing")
    assert [(fault.row, fault.value) for fault in wrong.faults] == [(3, "x"), (3, "1.5")]
    bring("\n".join(text.splitlines()[:2]) + "\n", kind="sourcing")
    found = lake.read("sourcing").iloc[0]
    assert (found["source_kind"], list(found["price_break_costs"]), found["priority"]) == (
        "location",
        [2.5, 2.25],
        1,
    )


def test_promotions_that_end_before_they_begin_are_refused(bring, lake) -> None:
    head = "sku,location,from date,to date,discount\n"
    refused = bring(head + "1,A,2026-02-10,2026-02-01,20%\n")
    assert told(refused) == [("error", 2, "to date", "2026-02-01")]
    assert not bring(head + "1,,2026-02-01,2026-02-10,20%\n", kind="promotions").faults
    assert rows(lake, "promotions", "location", "depth") == [("*", 0.2)]


def test_flags_are_read_in_several_languages(bring, lake) -> None:
    text = "date,sku,store,qty,promo\n2026-01-01,1,A,1,ja\n2026-01-02,1,A,1,Non\n2026-01-03,1,A,1,\n"
    assert not bring(text).faults
    assert [v if v is not pd.NA else None for v in lake.read("sales")["promo"]] == [True, False, None]
    assert [fault.value for fault in bring(text.replace("ja", "perhaps")).faults] == ["perhaps"]


def test_faults_of_very_many_kinds_are_still_all_told(bring) -> None:
    text = "date,sku,store,qty\n" + "".join(f"{day},1,A,1\n" for day in ("01/13/2026", "13/01/2026", "x"))
    loaded = bring(
        text, mapping="kind: sales\ncolumns: {date: date, sku: sku, location: store, quantity: qty}\n"
    )
    assert len({fault.rule for fault in loaded.faults}) == 3


def test_a_frame_of_the_lake_imports_as_it_is(bring, lake) -> None:
    bring("date,sku,store,qty\n2026-01-01,007,A,1\n")
    out = lake.read("sales").to_csv(index=False)
    assert bring(out, kind="sales").unchanged
    assert pd.notna(lake.read("sales")["quantity"]).all()


def test_a_workbook_with_dates_in_cells_and_headers(bring, inspect, lake) -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet()
    for x, value in enumerate(["Store", "Product"]):
        sheet.write(0, x, value)
        sheet.write_string(1, x, "007")
    for x in range(4):
        sheet.write_datetime(0, 2 + x, datetime(2026, 2, 1 + x), day)
        sheet.write_number(1, 2 + x, x + 0.5)
    book.close()
    assert not inspect(out.getvalue(), "wide.xlsx").to_confirm
    assert not bring(out.getvalue(), "wide.xlsx").faults
    assert rows(lake, "sales", "date", "sku", "location", "quantity")[-1] == (
        pd.Timestamp(2026, 2, 4),
        "007",
        "007",
        3.5,
    )


def test_rows_that_break_the_header_are_seen_in_the_preview(inspect) -> None:
    seen = inspect("date,sku,store,qty\n2026-01-01,1,A,1\n2026-01-01,1,A,1,5\n")
    assert [fault.row for fault in seen.faults] == [3]


def test_files_go_into_a_lake_on_disk_and_on_s3(any_lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "stock.csv"
    mapping = from_yaml(STOCK)
    for content in ("7;A;3;L1;ok;\n7;A;4;L2;ok;\n", "7;A;5;L1;ok;\n"):
        path.write_text("Item;Store;Qty;Lot;State;MHD\n" + content)
        loaded = load(any_lake, path, "stock.csv", mapping, today=TODAY)
        assert not loaded.errors
    assert load(any_lake, path, "stock.csv", mapping, today=TODAY).unchanged
    assert rows(any_lake, "inventory_snapshot", "batch", "on_hand") == [("L1", 5.0), ("L2", 0.0)]
    assert len(any_lake.objects.list("raw/")) == 2


def test_policies_by_category_and_by_product_and_location(bring, lake) -> None:
    text = (
        "segment,sku,location,target_kind,service target,holding_cost_rate\n"
        "Dairy,,,fill,0.985,0.3\n,007,S1,cycle,0.95,\n"
    )
    bring(text, kind="policies")
    rows = lake.read("policies").set_index("segment")
    assert rows.loc["Dairy", "service_target"] == 0.985
    assert (rows.loc["", "sku"], rows.loc["", "target_kind"]) == ("007", "cycle")


def test_assortment(bring, lake) -> None:
    text = "sku,location,from_date,presentation_stock,shelf_maximum,planner\n007,S1,2026-01-01,6,48,Ann\n"
    bring(text)
    row = lake.read("assortment").iloc[0]
    assert (row["presentation_stock"], row["shelf_maximum"], row["planner"]) == (6.0, 48.0, "Ann")
