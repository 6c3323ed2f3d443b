"""An exported file equals what was approved: every format is read back."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime

import fastexcel
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data_lake.lake import Lake
from data_lake.ledger import read_events
from data_lake.runs import Run
from jobs.approve import approve_lines, approved_lines
from jobs.errors import JobError
from jobs.export import FORMATS, ORDER_COLUMNS, export_orders, export_plan
from jobs.sheets import guarded, number_text

AT = datetime(2026, 11, 22, 8, 30, 15, tzinfo=UTC)
NAMES = [column.name for column in ORDER_COLUMNS]


@pytest.fixture
def lake(small_lake: Lake) -> Lake:
    return small_lake


@pytest.fixture
def run(small_run: Run) -> Run:
    return small_run


@pytest.fixture
def approved(lake: Lake, run: Run) -> pd.DataFrame:
    lines = [
        {"line_id": "007|S1|Acme & Söhne", "quantity": 30},
        {"line_id": "008|S1|Acme & Söhne", "quantity": 12.5},
        {"line_id": "007|S3|DC1", "quantity": 6},
        {"line_id": "=1+1|S1|Best", "quantity": 12},
    ]
    reason = '=cmd|"x", twice\r\nas much'
    approve_lines(lake, run_id=run.run_id, lines=lines, author="@ana", reason=reason, at=AT, force=True)
    return approved_lines(lake)


def read_csv(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def test_csv_equals_the_approved_lines(lake: Lake, approved: pd.DataFrame) -> None:
    body = export_orders(lake, "csv")
    rows = read_csv(body)
    assert list(rows[0]) == NAMES
    assert body.startswith(b"order_id,")
    assert body.count(b"\r\n") == 1 + 4 + 4  # header, lines, and one inside each quoted reason
    for row, line in zip(rows, approved.to_dict("records"), strict=True):
        assert float(row["quantity"]) == line["approved_quantity"]
        assert (
            float(row["value"]) == line["approved_value"] == float(row["quantity"]) * float(row["unit_cost"])
        )
        assert float(row["proposed_quantity"]) == line["quantity"]
        assert row["order_id"] == line["order_id"]
        assert row["sku"].removeprefix("'") == line["sku"]
        assert row["reason"] == "'" + line["reason"]
        assert row["approved_by"] == "'@ana"
        assert row["approved_at"] == "2026-11-22T08:30:15Z"
        assert row["expected_arrival"] == "2026-11-26"
        assert row["edited"] == str(line["edited"]).lower()
    by_sku = {row["sku"]: row for row in rows if row["kind"] == "purchase"}
    assert by_sku["007"]["name"] == "Crème, 1 l"
    assert by_sku["007"]["cases"] == "5"
    assert by_sku["008"]["name"] == 'Tea "Earl"'
    assert by_sku["008"]["quantity"] == "12.5"
    assert by_sku["'=1+1"]["name"] == "'@sum"
    assert by_sku["'=1+1"]["cases"] == ""
    assert by_sku["007"]["supplier_name"] == "Acme & Söhne GmbH"
    assert by_sku["'=1+1"]["supplier_name"] == ""
    (transfer,) = (row for row in rows if row["kind"] == "transfer")
    assert (transfer["supplier_name"], transfer["ship_to"], transfer["ship_to_name"]) == ("Depot", "S3", "")


def test_money_has_no_tail_of_binary_digits(lake: Lake, approved: pd.DataFrame) -> None:
    rows = read_csv(export_orders(lake, "csv"))
    assert len(rows) == len(approved)
    assert max(len(row["unit_cost"].partition(".")[2]) for row in rows) <= 4
    assert max(len(row["value"].partition(".")[2]) for row in rows) <= 2


def test_a_byte_order_mark_on_request(lake: Lake, approved: pd.DataFrame) -> None:
    plain, marked = export_orders(lake, "csv"), export_orders(lake, "csv", bom=True)
    assert marked == b"\xef\xbb\xbf" + plain


def test_excel_equals_the_approved_lines(lake: Lake, approved: pd.DataFrame) -> None:
    body = export_orders(lake, "xlsx")
    book = fastexcel.read_excel(body)
    assert book.sheet_names == ["Lines", "Definitions"]
    rows = book.load_sheet("Lines", dtypes={"line": "string", "sku": "string"}).to_polars().to_dicts()
    lines, total = rows[:-1], rows[-1]
    assert list(lines[0]) == NAMES
    for row, line in zip(lines, approved.to_dict("records"), strict=True):
        assert row["quantity"] == line["approved_quantity"]
        assert row["value"] == line["approved_value"]
        assert row["sku"] == line["sku"]  # typed cells need no guard
        assert row["order_id"] == line["order_id"]
        assert row["approved_by"] == "@ana"
        assert pd.Timestamp(row["approved_at"]) == pd.Timestamp(AT).tz_localize(None)
        assert pd.Timestamp(row["expected_arrival"]) == line["arrival_date"]
        assert row["edited"] is line["edited"]
    assert total["order_id"] == "Total of the rows shown"
    assert total["quantity"] == approved["approved_quantity"].sum()
    assert total["value"] == approved["approved_value"].sum()
    definitions = book.load_sheet("Definitions", header_row=None).to_polars().rows()
    text = "\n".join(" ".join(str(cell) for cell in row if cell) for row in definitions)
    for said in (*NAMES, "currency EUR", "run run-1", "seed 7", "products 1", "money/each"):
        assert said in text


def test_excel_has_a_frozen_header_a_filter_and_no_formula_but_the_totals(lake: Lake, approved) -> None:
    with zipfile.ZipFile(io.BytesIO(export_orders(lake, "xlsx"))) as archive:
        page = archive.read("xl/worksheets/sheet1.xml").decode()
    assert 'state="frozen"' in page
    assert "<autoFilter" in page
    assert page.count("<f>") == page.count("<f>SUBTOTAL(109,") == 3


def test_json_equals_the_approved_lines(lake: Lake, approved: pd.DataFrame) -> None:
    body = json.loads(export_orders(lake, "json"))
    assert [line["quantity"] for line in body["lines"]] == approved["approved_quantity"].tolist()
    assert [line["sku"] for line in body["lines"]] == approved["sku"].tolist()
    assert [line["reason"] for line in body["lines"]] == approved["reason"].tolist()
    assert body["lines"][0]["edited"] is bool(approved["edited"].iloc[0])
    assert body["lines"][0]["expected_arrival"] == "2026-11-26"
    assert [column["name"] for column in body["columns"]] == NAMES
    assert body["notes"]["currency"] == "EUR"


@pytest.mark.parametrize("fmt", FORMATS)
def test_the_same_approvals_give_the_same_bytes(lake: Lake, approved: pd.DataFrame, fmt) -> None:
    assert export_orders(lake, fmt) == export_orders(lake, fmt, "all")


@pytest.mark.parametrize("fmt", FORMATS)
def test_without_an_approval_the_file_has_its_header(lake: Lake, fmt) -> None:
    body = export_orders(lake, fmt)
    if fmt == "csv":
        assert body.decode() == ",".join(NAMES) + "\r\n"
    elif fmt == "json":
        assert json.loads(body)["lines"] == []
    elif fmt == "parquet":
        assert list(pd.read_parquet(io.BytesIO(body)).columns) == NAMES
    else:
        assert fastexcel.read_excel(body).load_sheet("Lines").to_polars().columns == NAMES


def test_chosen_orders_only_and_missing_ones_are_named(lake: Lake, approved: pd.DataFrame) -> None:
    order = approved["order_id"].iloc[0]
    rows = read_csv(export_orders(lake, "csv", [order]))
    assert {row["order_id"] for row in rows} == {order}
    with pytest.raises(JobError, match="PO-no, PO-nor"):
        export_orders(lake, "csv", [order, "PO-nor", "PO-no"])
    with pytest.raises(JobError, match="known are csv, xlsx, json"):
        export_orders(lake, "pdf")  # type: ignore[arg-type]


def test_an_export_by_a_person_is_recorded(lake: Lake, approved: pd.DataFrame) -> None:
    before = len(read_events(lake))
    export_orders(lake, "csv")
    assert len(read_events(lake)) == before
    export_orders(lake, "csv", author="ben", at=AT)
    events = [event for event in read_events(lake) if event.event_type == "order.exported"]
    assert [(event.author, event.data["lines"]) for event in events] == [("ben", 4)]
    assert events[0].data["order_ids"] == sorted(set(approved["order_id"]))


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_plan_is_exported_whole(lake: Lake, run: Run, fmt) -> None:
    body = export_plan(lake, run, fmt)
    lines = lake.read("plan_lines").sort_values("line_id")
    if fmt == "csv":
        rows = read_csv(body)
        assert [row["line_id"].removeprefix("'") for row in rows] == lines["line_id"].tolist()
        assert [float(row["quantity"]) for row in rows] == lines["quantity"].tolist()
        assert {row["need_date"] for row in rows} == {""}
    elif fmt == "json":
        assert [line["quantity"] for line in json.loads(body)["lines"]] == lines["quantity"].tolist()
    elif fmt == "parquet":
        table = pd.read_parquet(io.BytesIO(body))
        assert table["quantity"].tolist() == lines["quantity"].tolist()
        assert table["order_by"].tolist() == lines["order_by"].dt.date.tolist()
        assert table.attrs["notes"]["currency"] == "EUR"
        assert [column["name"] for column in table.attrs["columns"]] == list(table.columns)
    else:
        sheet = fastexcel.read_excel(body).load_sheet("Lines").to_polars()
        assert sheet["quantity"].to_list() == [*lines["quantity"], lines["quantity"].sum()]


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(0.1 + 0.2)
@example(1e22)
@example(-0.0)
def test_numbers_read_back_exactly(value: float) -> None:
    assert float(number_text(value)) == value


@given(st.text())
@example("-5")
@example("\t=1")
def test_no_guarded_text_begins_a_formula(text: str) -> None:
    safe = guarded(text)
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert safe in (text, "'" + text)
