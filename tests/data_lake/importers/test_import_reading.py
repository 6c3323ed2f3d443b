from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from data_lake.importers.faults import MOST_FAULTS, Fault, FaultList, faults_csv
from data_lake.importers.mapping import FileStyle
from data_lake.importers.reading import open_table
from data_lake.importers.table_file import ROW
from data_lake.importers.text_dialect import UnreadableFileError, clean_headers, sniff_encoding


def read(path: Path, content: bytes, style: FileStyle | None = None, *, rows: int = 1000) -> tuple:
    """Header, {row number: cells} and faults of a file."""
    path.write_bytes(content)
    file = open_table(path, path.name, style)
    faults = FaultList(path.name)
    chunks = list(file.chunks(file.header, faults, rows=rows))
    assert file.done() == pytest.approx(1.0)
    found = {row[-1]: row[:-1] for chunk in chunks for row in chunk.select(*file.header, ROW).iter_rows()}
    return file.header, dict(sorted(found.items())), faults


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.csv"


@pytest.mark.parametrize(
    ("encoding", "delimiter", "newline"),
    [
        ("utf-8", ",", "\n"),
        ("utf-8-sig", ";", "\r\n"),
        ("cp1252", ";", "\r\n"),
        ("utf-16", "\t", "\r\n"),
        ("utf-16-le", "|", "\n"),
        ("utf-16-be", ",", "\n"),
    ],
)
def test_encodings_and_delimiters_are_found_out(
    path: Path, encoding: str, delimiter: str, newline: str
) -> None:
    lines = [["Datum", "Stück"], ["2024-01-01", "Ä007"], ["2024-01-02", "è"]]
    text = newline.join(delimiter.join(line) for line in lines) + newline
    header, rows, faults = read(path, text.encode(encoding))
    assert header == ("Datum", "Stück")
    assert rows == {2: ("2024-01-01", "Ä007"), 3: ("2024-01-02", "è")}
    assert not faults.kept


def test_the_one_byte_that_is_not_utf8_may_be_in_the_last_row(path: Path) -> None:
    path.write_bytes(b"a,b\n" + b"1,2\n" * 600_000 + "1,ü\n".encode("cp1252"))
    assert sniff_encoding(path) == "cp1252"
    path.write_bytes(b"a,b\n1,\x81\n")
    assert sniff_encoding(path) == "latin-1"
    path.write_bytes(b"a,b\n1,\xc3")
    assert sniff_encoding(path) == "cp1252"


def test_row_numbers_are_those_of_a_spreadsheet(path: Path) -> None:
    text = 'Sales report\n\na,b,c\n1,2,3\n\n4,5\n"x\ny",6,7\n,,\n8,9,10,11\n8,9,10\n1,2,3,\n'
    header, rows, faults = read(path, text.encode())
    assert header == ("a", "b", "c")
    assert rows == {
        4: ("1", "2", "3"),
        5: ("", "", ""),
        6: ("4", "5", ""),
        7: ("x\ny", "6", "7"),
        8: ("", "", ""),
        10: ("8", "9", "10"),
        11: ("1", "2", "3"),
    }
    assert [(fault.row, fault.value) for fault in faults.kept] == [(9, "8,9,10,11")]


def test_row_numbers_hold_across_blocks_with_broken_rows(path: Path) -> None:
    wide = "x" * 500
    lines = [f"{n},{wide}" if n % 997 else f"{n}" for n in range(2, 60_000)]
    _, rows, faults = read(path, ("a,b\n" + "\n".join(lines)).encode(), rows=10_000)
    assert not faults.kept
    assert list(rows) == list(range(2, 60_000))
    assert all(int(cells[0]) == row for row, cells in rows.items())


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "is empty"),
        (b"\n \n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"a,b,c\n", "a header and no rows"),
        (b"a,b,c", "a header and no rows"),
        (b"a,b\n,\n\n", "a header and no rows"),
        (b"%PDF-1.7 ...", "not a CSV, Excel or Parquet"),
        (b"\x1f\x8b\x08\x00", "unpack"),
        (bytes(range(256)) * 8, "not a CSV, Excel or Parquet"),
        (b"PK\x03\x04 not a workbook", "not an Excel file"),
        (b"PAR1 not parquet PAR1", "not a Parquet file"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(path: Path, content: bytes, rule: str) -> None:
    with pytest.raises(UnreadableFileError, match=rule):
        read(path, content)


def test_a_style_that_does_not_fit_the_file_is_refused(path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no row 9"):
        read(path, b"a,b\n1,2\n", FileStyle(header_row=9))
    with pytest.raises(UnreadableFileError, match="encoding"):
        read(path, b"a,b\n1,2\n", FileStyle(encoding="klingon"))


@pytest.mark.parametrize("rows", [60, 60_000])
def test_a_quote_that_never_closes_does_not_swallow_rows_in_silence(
    path: Path, rows: int, monkeypatch
) -> None:
    monkeypatch.setattr("data_lake.importers.csv_file._CSV_BLOCK", 1 << 16)
    path.write_bytes(b'a,b\n1,2\n1,"x\n' + b"1,2\n" * rows)
    file, faults = open_table(path, "x.csv"), FaultList("x.csv")
    list(file.chunks(["a"], faults, rows=1000))
    assert [fault.row for fault in faults.kept] == [2 if rows > 60 else 3]
    assert "a quote" in faults.kept[0].rule
    assert "not closed" in faults.kept[0].rule


def test_values_of_a_few_lines_are_no_fault(path: Path) -> None:
    text = "a,b\n" + "".join(f'{row},"one\ntwo\nthree"\n' for row in range(100))
    _, rows, faults = read(path, text.encode())
    assert len(rows) == 100
    assert not faults.kept


def test_quotes_inside_a_value_are_text(path: Path) -> None:
    _, rows, _ = read(path, b'a,b\n1,RECORD 7" FRAME\n2,"say ""hi"", twice"\n')
    assert rows == {2: ("1", 'RECORD 7" FRAME'), 3: ("2", 'say "hi", twice')}


def test_headers_are_made_usable() -> None:
    assert clean_headers(["\ufeff Store \n no", "", "Qty", "Qty"]) == (
        "Store no",
        "column 2",
        "Qty",
        "Qty (2)",
    )


def workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for y, row in enumerate(rows):
            for x, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(y, x, value, day)
                elif value is not None:
                    sheet.write(y, x, value)
    book.close()
    return out.getvalue()


def test_excel_is_read_as_it_looks_with_its_row_numbers(path: Path) -> None:
    rows = [
        [],
        ["Stock list"],
        [],
        ["date", "sku", "qty"],
        [date(2024, 1, 31), "007", 3],
        [],
        [None, "8", 4.5],
    ]
    content = workbook({"Notes": [], "Data": rows})
    header, found, _ = read(path, content, rows=2)
    assert header == ("date", "sku", "qty")
    assert found == {5: ("2024-01-31 00:00:00", "007", "3"), 6: (None, None, None), 7: (None, "8", "4.5")}
    with pytest.raises(UnreadableFileError, match="no sheet 'Sales'; sheets are Notes, Data"):
        read(path, content, FileStyle(sheet="Sales"))
    with pytest.raises(UnreadableFileError, match="is empty"):
        read(path, workbook({"Notes": []}))
    with pytest.raises(UnreadableFileError, match="a header and no rows"):
        read(path, workbook({"Notes": [["a", "b"]]}))


def test_parquet_keeps_types_and_leaves_out_what_is_no_column(path: Path) -> None:
    frame = pl.DataFrame({"sku": ["007", "8"], "n": [1, 2], "l": [[1], [2]], "__index_level_0__": [0, 1]})
    frame = frame.with_columns(
        pl.col("sku").cast(pl.Categorical).alias("c"), pl.col("sku").cast(pl.Binary).alias("b")
    )
    out = io.BytesIO()
    frame.write_parquet(out)
    header, rows, _ = read(path, out.getvalue(), rows=1)
    assert header == ("sku", "n", "c", "b")
    assert rows == {2: ("007", 1, "007", "007"), 3: ("8", 2, "8", "8")}
    out = io.BytesIO()
    frame.clear().write_parquet(out)
    with pytest.raises(UnreadableFileError, match="no rows"):
        read(path, out.getvalue())


def test_the_report_lists_faults_and_counts_those_it_cannot_list() -> None:
    faults = FaultList("a.csv")
    rows = pl.int_range(2, MOST_FAULTS, eager=True)
    faults.add_rows("is late", rows, rows.cast(pl.String), severity="warning")
    faults.add_rows("is wrong", rows, pl.repeat("y", len(rows), eager=True), column="Qty")
    faults.add("is odd", value="=1+1")
    assert len(faults.kept) == MOST_FAULTS
    assert (faults.errors, faults.total) == (MOST_FAULTS - 1, 2 * MOST_FAULTS - 3)
    assert faults.sorted()[0].severity == "error"
    lines = faults_csv(faults.sorted(), faults.total).decode("utf-8-sig").splitlines()
    assert lines[:2] == ["severity,file,row,column,value,rule", "error,a.csv,2,Qty,y,is wrong"]
    assert lines[-1] == f",,,,,{MOST_FAULTS - 3} more faults are not listed"
    assert "'=1+1" in faults_csv([Fault("a", None, "", "=1+1", "x")]).decode()
    assert str(Fault("a.csv", 3, "Qty", "x", "is wrong")) == "a.csv, row 3, column 'Qty': 'x' is wrong"
    assert str(Fault("a.csv", None, "", "", "is empty")) == "a.csv: is empty"
