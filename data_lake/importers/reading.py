"""Open a file by what it holds: CSV, Excel or Parquet."""

from __future__ import annotations

from pathlib import Path

from data_lake.importers.csv_file import CsvFile
from data_lake.importers.mapping import FileStyle
from data_lake.importers.table_file import TableFile
from data_lake.importers.text_dialect import UnreadableFileError
from data_lake.importers.typed_files import ExcelFile, ParquetFile


def open_table(path: Path, name: str, style: FileStyle | None = None) -> TableFile:
    """Open a file by what it holds, whatever its name ends in.

    Raises
    ------
    UnreadableFileError
        Empty, header only, or not CSV, Excel or Parquet.
    """
    style = style or FileStyle()
    with path.open("rb") as file:
        magic = file.read(8)
    if not magic:
        raise UnreadableFileError("is empty")
    if magic.startswith(b"PAR1"):
        return ParquetFile(path, name, style)
    if magic.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return ExcelFile(path, name, style)
    if magic.startswith((b"\x1f\x8b", b"%PDF")):
        raise UnreadableFileError("is not a CSV, Excel or Parquet file (unpack a .gz first)")
    return CsvFile(path, name, style)
