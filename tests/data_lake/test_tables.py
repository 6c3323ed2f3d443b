"""Every table's schema, what a write refuses, and that what is written is what is read."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_lake.errors import MAX_FAULTS, ContractError, Fault
from data_lake.frames import from_pandas
from data_lake.lake import Lake
from data_lake.schemas import arrow_schema, polars_schema, sort_order
from data_lake.validate import Faults
from engine.contracts import TABLES, Column, Table

EXAMPLES: dict[str, Any] = {
    "text": "007",
    "number": 1.5,
    "integer": 3,
    "date": dt.date(2026, 11, 22),
    "instant": dt.datetime(2026, 11, 22, 5, 30, 0, 123456, tzinfo=dt.UTC),
    "flag": True,
    "numbers": [0.0, 6.0],
    "texts": ["2026-12-25"],
}
DTYPES = {
    "text": "str",
    "number": "float64",
    "date": "datetime64[us]",
    "instant": "datetime64[us, UTC]",
    "numbers": "object",
    "texts": "object",
}


def example(column: Column) -> Any:
    if column.allowed:
        return column.allowed[0]
    if column.kind == "number" and column.maximum is not None:
        return column.maximum
    return EXAMPLES[column.kind] if column.kind != "number" else max(1.5, column.minimum or 0.0)


def optional(table: Table, column: Column) -> bool:
    return not column.required and column.name not in table.key


@pytest.mark.parametrize("name", TABLES)
def test_every_table_round_trips(lake: Lake, name: str) -> None:
    table = TABLES[name]
    full = {column.name: example(column) for column in table.columns}
    bare = {column.name: None if optional(table, column) else full[column.name] for column in table.columns}
    free_keys = [
        column for column in map(table.column, table.key) if column.kind == "text" and not column.allowed
    ]
    differs = free_keys[0].name
    bare[differs] = "zz"
    lake.replace(name, pl.DataFrame([full, bare], schema=polars_schema(name), orient="row"))
    read = lake.read(name).sort_values(list(table.key), ignore_index=True)
    assert list(read.columns) == list(table.names)
    for column in table.columns:
        expected = (
            DTYPES.get(column.kind)
            or {
                ("integer", False): "int64",
                ("integer", True): "Int64",
                ("flag", False): "bool",
                ("flag", True): "boolean",
            }[column.kind, optional(table, column)]
        )
        assert str(read[column.name].dtype) == expected, column.name
    again = Lake(lake.uri + "2")
    again.replace(name, read)  # what came out goes in: same bytes
    assert again.current(name).files == lake.current(name).files  # type: ignore[union-attr]
    row = lake.scan(name).collect().sort(table.key).row(0, named=True)
    assert row in (full, bare)


def test_schemas_say_units_and_nulls() -> None:
    field = arrow_schema("sales").field("quantity")
    assert (field.type, field.nullable, field.metadata[b"unit"]) == (pa.float64(), False, b"each")
    assert arrow_schema("sales").field("price").nullable
    assert arrow_schema("movements").field("at").type == pa.timestamp("us", tz="UTC")
    assert polars_schema("sales").names() == list(TABLES["sales"].names)
    assert sort_order("sales") == ("sku", "location", "date")
    assert sort_order("units") == ("sku", "unit")


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
numbers = st.floats(allow_nan=False, allow_infinity=False, width=64)
days = st.dates(dt.date(1999, 11, 20), dt.date(2000, 3, 3)) | st.just(dt.date(1900, 1, 1))


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(days, texts, texts, numbers, st.none() | numbers, st.none() | st.booleans()),
        max_size=12,
        unique_by=lambda row: row[:3],
    ),
    st.randoms(use_true_random=False),
)
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]], shuffler: Any
) -> None:
    lake = Lake(tmp_path_factory.mktemp("lake"))
    names = ("date", "sku", "location", "quantity", "revenue", "promo")
    frame = pd.DataFrame(rows, columns=list(names)).astype(
        {"date": "datetime64[us]", "sku": "str", "location": "str"}
    )
    frame["quantity"] = frame["quantity"].astype("float64")
    half = len(frame) // 2
    version = lake.replace("sales", frame)
    read = lake.read("sales", columns=names)
    found = {tuple(None if pd.isna(cell) else cell for cell in row) for row in read.itertuples(index=False)}
    given_rows = {(pd.Timestamp(day), *rest) for day, *rest in rows}
    assert found == given_rows
    assert len(read) == len(rows)
    # the same rows in another order, another kind of frame, in two steps: the same files
    order = list(range(len(rows)))
    shuffler.shuffle(order)
    other = Lake(tmp_path_factory.mktemp("lake"))
    shuffled = frame.iloc[order]
    other.upsert("sales", shuffled.iloc[:half])
    stepwise = other.upsert(
        "sales", pl.from_pandas(shuffled.iloc[half:].assign(promo=shuffled["promo"].astype(object)))
    )
    assert stepwise.files == version.files


def faults(lake: Lake, table: str, frame: Any) -> list[Fault]:
    with pytest.raises(ContractError) as caught:
        lake.replace(table, frame)
    assert lake.current(table) is None
    assert lake.objects.list("") == []
    assert caught.value.total == len(caught.value.faults)
    return list(caught.value.faults)


def test_all_faults_at_once(lake: Lake) -> None:
    frame = pd.DataFrame(
        {
            "date": [dt.date(2026, 1, 1), dt.date(2026, 1, 1), None, dt.date(2026, 2, 1)],
            "sku": ["1", "1", "2", 3],
            "location": "A",
            "quantity": [1.0, 2.0, np.inf, None],
            "price": [-1.0, 0.0, 1.0, 1.0],
            "in_stock": [0.5, 1.01, np.nan, 1.0],
            "promo": [True, "yes", None, False],
            "colour": "red",
        }
    )
    found = [str(fault) for fault in faults(lake, "sales", frame)]
    known = ", ".join(TABLES["sales"].names)
    assert found == [
        f"sales, column 'colour' column is not known; columns are {known}",
        "sales, row 0, column 'price' is -1.0: must be at least 0",
        "sales, row 1, column 'promo' is 'yes': must be true or false",
        "sales, row 1, column 'in_stock' is 1.01: must be at most 1",
        "sales, row 2, column 'date' is null: must not be empty",
        "sales, row 2, column 'quantity' is inf: must be finite",
        "sales, row 3, column 'sku' is 3: must be text",
        "sales, row 3, column 'quantity' is null: must not be empty",
    ]


def test_a_month_cannot_be_told_but_other_faults_are(lake: Lake) -> None:
    frame = pd.DataFrame({"date": ["1 May"], "sku": ["1"], "location": ["A"], "quantity": [1.0], "price": -1})
    assert [str(fault) for fault in faults(lake, "sales", frame)] == [
        "sales, column 'date' must be a date, not string",
        "sales, row 0, column 'price' is -1.0: must be at least 0",
    ]


def test_a_key_that_appears_twice(lake: Lake) -> None:
    frame = pd.DataFrame({"sku": ["b", "a", "b"], "unit": "case", "eaches": [1, 2, 3]})
    assert [str(fault) for fault in faults(lake, "units", frame)] == [
        "units, row 2, column 'sku, unit' is b, case: key appears twice"
    ]


@pytest.mark.parametrize(
    ("table", "changes", "message"),
    [
        ("units", {"eaches": ["x"]}, "column 'eaches' must be a number, not string"),
        ("units", {"sku": [7]}, "column 'sku' must be text, not int64"),
        ("units", {"eaches": [True]}, "column 'eaches' must be a number, not boolean"),
        ("units", {"eaches": None}, "row 0, column 'eaches' is null: must not be empty"),
        ("units", {"eaches": "drop"}, "column 'eaches' column is missing"),
        ("locations", {"kind": ["shop"]}, "column 'kind' is 'shop': must be one of dc, store"),
        (
            "locations",
            {"receiving_weekdays": [["monday"]]},
            "'receiving_weekdays' is ['monday']: must be a list of numbers",
        ),
        ("suppliers", {"closures": [[1]]}, "column 'closures' is [1]: must be a list of texts"),
        ("sales", {"date": ["2026-01-01"]}, "column 'date' must be a date, not string"),
        ("sales", {"date": [pd.Timestamp("2026-01-01 06:00")]}, "must be a date without a time of day"),
        ("products", {"launch_date": [3]}, "column 'launch_date' must be a date, not int64"),
        ("products", {"launch_date": ["soon"]}, "column 'launch_date' must be a date, not string"),
        ("supplier_performance", {"lines": [1.5]}, "column 'lines' is 1.5: must be a whole number"),
        ("supplier_performance", {"lines": ["1"]}, "column 'lines' must be a whole number, not string"),
        (
            "movements",
            {"at": [dt.date(2026, 1, 1)]},
            "column 'at' is datetime.date(2026, 1, 1): must be a date and time",
        ),
        ("movements", {"at": [1]}, "column 'at' must be a date and time, not int64"),
        ("assortment", {"perpetual_stock": [1]}, "column 'perpetual_stock' must be true or false, not int64"),
    ],
)
def test_wrong_values(lake: Lake, table: str, changes: dict[str, Any], message: str) -> None:
    contract = TABLES[table]
    row = {column.name: [example(column)] for column in contract.columns if not optional(contract, column)}
    dates = {column.name for column in contract.columns if column.kind == "date"} & set(row)
    frame = pd.DataFrame(row).astype(dict.fromkeys(dates, "datetime64[us]"))
    lake.replace(table, frame)
    lake.objects.delete(lake.objects.list(""))
    for name, value in changes.items():
        frame = frame.drop(columns=name) if isinstance(value, str) else frame.assign(**{name: value})
    assert message in str(faults(lake, table, frame)[0])


def test_a_column_given_twice(lake: Lake) -> None:
    frame = pd.DataFrame([["a", "case", 1.0, 2.0]], columns=["sku", "unit", "eaches", "eaches"])
    assert str(faults(lake, "units", frame)[0]) == "units, column 'eaches' column appears twice"


def test_what_is_accepted_in_several_forms(lake: Lake) -> None:
    noon = pd.Timestamp("2026-01-01 12:00")
    frame = pd.DataFrame(
        {
            "movement": pd.Categorical(["a", "b", "c"]),
            "kind": "receipt",
            "sku": pd.Series(["1", "2", "3"], dtype=object),
            "location": pd.Series(["A", "B", "C"], dtype="string"),
            "quantity": pd.Series([1, 2, 3], dtype="Int32"),
            "batch": [np.nan, np.nan, np.nan],
            "at": [noon, noon.tz_localize("Europe/Paris"), noon.to_pydatetime()],
        }
    )
    lake.replace("movements", frame)
    read = lake.read("movements")
    assert read["at"].dt.hour.tolist() == [12, 11, 12]
    assert read.batch.isna().all()
    naive = frame.assign(at=pd.Series([noon] * 3))
    lake.replace("movements", naive)
    assert lake.read("movements")["at"].dt.hour.tolist() == [12, 12, 12]

    lake.replace(
        "locations",
        pd.DataFrame({"location": ["A", "B", "C"], "receiving_weekdays": [np.array([0, 4]), None, (1, 2.0)]}),
    )
    weekdays = lake.read("locations").receiving_weekdays
    assert weekdays[0].tolist() == [0.0, 4.0]
    assert weekdays[1] is None
    measured = {"run_id": "r", "source": "A", "location": "", "source_kind": "supplier"}
    counts = dict.fromkeys(["deliveries", "open_lines", "late_lines"], 1) | {"lines": 2.0}
    lake.replace("supplier_performance", pd.DataFrame([measured | counts | {"date": noon.normalize()}]))
    assert lake.read("supplier_performance").lines.tolist() == [2]
    mixed = pd.DataFrame(
        {"sku": ["a", "b"], "unit": "case", "eaches": pd.Series([1, np.float32(2)], dtype=object)}
    )
    lake.replace("units", mixed)
    assert lake.read("units").eaches.tolist() == [1.0, 2.0]
    dates = pd.Series([dt.date(2026, 1, 1), noon.normalize(), None], dtype=object)
    lake.replace("products", pd.DataFrame({"sku": ["a", "b", "c"], "launch_date": dates}))
    assert lake.read("products").launch_date.isna().tolist() == [False, False, True]


def test_many_faults_are_counted_and_shown_in_part(lake: Lake) -> None:
    rows = MAX_FAULTS + 500
    frame = pl.DataFrame({"sku": [str(n) for n in range(rows)], "unit": "case", "eaches": -1.0})
    with pytest.raises(ContractError) as caught:
        lake.replace("units", frame)
    assert caught.value.total == rows
    assert len(caught.value.faults) == MAX_FAULTS
    assert str(caught.value).startswith("units: 1500 faults, nothing was written\n")
    assert str(caught.value).endswith("… and 1480 more")


def test_faults_of_a_lazy_frame_name_its_rows(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data_lake.writes.BATCH_ROWS", 10)
    frame = pl.DataFrame(
        {
            "date": pl.date_range(dt.date(2026, 1, 1), dt.date(2026, 4, 10), eager=True),
            "sku": "1",
            "location": "A",
            "quantity": 1.0,
        }
    )
    broken = frame.with_columns(
        price=pl.when(pl.int_range(pl.len()).is_in([5, 95])).then(-1.0),
        date=pl.when(pl.int_range(pl.len()) != 50).then("date"),
    )
    with pytest.raises(ContractError) as caught:
        lake.upsert("sales", broken.lazy())
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [
        (5, "price"),
        (50, "date"),
        (95, "price"),
    ]
    assert lake.current("sales") is None


def test_lists_of_numbers_keep_what_they_hold() -> None:
    cells = [np.array([1.0, np.nan]), None, [2, 3.5], np.array([], dtype=np.float64), (np.int64(4),), ["5"]]
    frame = pd.DataFrame({"projected_stock": pd.Series(cells, dtype=object)})
    faults = Faults("plan_lines")
    column = from_pandas("plan_lines", frame, faults)["projected_stock"].to_list()
    assert column[0][0] == 1.0
    assert np.isnan(column[0][1])
    assert column[1:] == [None, [2.0, 3.5], [], [4.0], None]
    assert [fault.row for fault in faults.kept] == [5]
