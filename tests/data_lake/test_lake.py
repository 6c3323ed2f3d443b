"""Tables, versions and time travel, the same on a disk and on a real S3 server."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
import textwrap
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from data_lake.errors import CorruptObject, LakeError, LakeUnavailable, NoSuchVersion
from data_lake.files import encode, scan
from data_lake.lake import Lake
from data_lake.s3 import S3Objects
from data_lake.schemas import arrow_schema, polars_schema


def sales(first: str, days: int, sku: str = "007", quantity: float = 1.0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "date": pd.date_range(first, periods=days),
            "sku": sku,
            "location": "North",
            "quantity": quantity,
        }
    )


def units(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["sku", "unit", "eaches"])


def test_write_read_and_travel(any_lake: Lake) -> None:
    lake = any_lake
    assert lake.current("units") is None
    assert lake.versions("units") == []
    assert lake.read("units").empty
    with pytest.raises(NoSuchVersion, match="never written"):
        lake.version("units")

    first = lake.replace("units", units(("007", "case", 12)), inputs={"file": "a.csv"}, note="import")
    second = lake.upsert("units", units(("007", "pallet", 480), ("8", "case", 6)))
    third = lake.replace("units", units(("9", "case", 4)))
    assert [first.number, second.number, third.number] == [1, 2, 3]
    assert lake.versions("units") == [first, second, third]
    assert lake.current("units") == third
    assert (first.inputs, first.note, first.rows) == ({"file": "a.csv"}, "import", 1)
    assert lake.read("units").sku.tolist() == ["9"]
    assert lake.read("units", version=2).sku.tolist() == ["007", "007", "8"]
    assert lake.read("units", as_of=first.created_at).sku.tolist() == ["007"]
    assert lake.read("units", as_of=second.created_at + dt.timedelta(microseconds=0)).shape[0] == 3
    assert lake.version("units", as_of=third.created_at.replace(tzinfo=None)) == third
    assert lake.read("units", version=0).empty
    before = first.created_at - dt.timedelta(days=1)
    with pytest.raises(NoSuchVersion, match="had no version at"):
        lake.read("units", as_of=before)
    with pytest.raises(NoSuchVersion, match="no version 9"):
        lake.read("units", version=9)
    with pytest.raises(LakeError, match="not both"):
        lake.version("units", 1, as_of=before)
    assert lake.verify() == []
    assert lake.verify(["sales"]) == []


def test_upsert_touches_only_its_months(any_lake: Lake) -> None:
    lake = any_lake
    first = lake.upsert("sales", sales("2026-01-01", 90))
    second = lake.upsert("sales", sales("2026-02-28", 2, quantity=5.0))
    assert {file.partition for file in second.files} == {"2026-01", "2026-02", "2026-03"}
    kept = set(first.files) & set(second.files)
    assert {file.partition for file in kept} == {"2026-01"}
    assert second.files[0].key.startswith("sales/month=2026-01/")
    read = lake.read("sales", columns=["date", "quantity"], since=date(2026, 2, 27), until=date(2026, 3, 2))
    assert read.columns.tolist() == ["date", "quantity"]
    assert read.quantity.tolist() == [1.0, 5.0, 5.0, 1.0]
    assert lake.read("sales", version=1).quantity.sum() == 90


def test_the_same_content_writes_nothing(any_lake: Lake) -> None:
    lake = any_lake
    frame = pd.concat([sales("2026-01-01", 40), sales("2026-01-01", 40, sku="008")])
    first = lake.replace("sales", frame)
    objects = lake.objects.list("")
    assert lake.replace("sales", frame.sample(frac=1, random_state=1)) == first
    assert lake.replace("sales", pl.from_pandas(frame)) == first
    assert lake.upsert("sales", frame.tail(3)) == first
    assert lake.upsert("sales", frame.iloc[:0]) == first
    assert lake.objects.list("") == objects


def test_keys_stay_text_in_every_reader(any_lake: Lake, tmp_path: Path) -> None:
    any_lake.replace("sales", sales("2026-01-01", 3, sku="007"))
    assert any_lake.read("sales", where={"sku": ["007"], "location": ["North", "South"]}).shape[0] == 3
    assert any_lake.read("sales", where={"sku": ["7"]}).empty
    assert any_lake.read("sales").sku.tolist() == ["007"] * 3


def test_other_readers_open_the_files(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.replace("sales", sales("2026-01-30", 4))
    folder = tmp_path / "sales"
    assert pd.read_parquet(folder).sku.tolist() == ["007"] * 4
    table = ds.dataset(folder, format="parquet").to_table(filter=ds.field("sku") == "007")
    assert table.num_rows == 4
    assert table.schema.field("sku").type == pa.string()
    assert pl.read_parquet(folder / "**/*.parquet", hive_partitioning=False).height == 4


@pytest.mark.s3
@pytest.mark.xdist_group("s3")
def test_other_readers_open_the_files_on_s3(s3_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    uri = s3_server.fresh_uri()
    lake = Lake(uri)  # without options: as on AWS, the environment says where and who
    version = lake.replace("sales", sales("2026-01-30", 4))
    assert lake.read("sales").sku.tolist() == ["007"] * 4
    through_s3fs = pd.concat(pd.read_parquet(f"{uri}/{file.key}") for file in version.files)
    assert through_s3fs.sku.tolist() == ["007"] * 4


def test_an_empty_table_and_one_row(any_lake: Lake) -> None:
    empty = any_lake.replace("sales", sales("2026-01-01", 0))
    assert (empty.number, empty.files) == (1, ())
    assert any_lake.replace("sales", pd.DataFrame()) == empty
    read = any_lake.read("sales")
    assert read.empty
    any_lake.upsert("sales", sales("2026-01-01", 1))
    assert any_lake.read("sales").dtypes.equals(read.dtypes)
    assert any_lake.read("sales").shape == (1, 9)
    assert any_lake.replace("sales", sales("2026-01-01", 0)).rows == 0
    assert any_lake.upsert("movements", pd.DataFrame()).number == 1


def test_what_is_read_can_be_changed(lake: Lake) -> None:
    lake.replace("sales", sales("2026-01-01", 3))
    frame = lake.read("sales")
    frame.loc[0, "quantity"] = 9.0
    frame.loc[0, "promo"] = True
    frame["price"] += 1
    assert frame.quantity.tolist() == [9.0, 1.0, 1.0]
    assert lake.read("sales").quantity.tolist() == [1.0] * 3


def test_a_stray_file_among_versions_is_passed_over(lake: Lake) -> None:
    lake.objects.put_new("units/_versions/notes.json", b"{}")
    assert lake.current("units") is None
    lake.replace("units", units(("007", "case", 12)))
    assert [version.number for version in lake.versions("units")] == [1]


@pytest.mark.parametrize("day", [date(2026, 1, 2), pd.Timestamp("2026-01-02"), np.datetime64("2026-01-02")])
def test_days_in_every_form(lake: Lake, day: Any) -> None:
    lake.replace("sales", sales("2026-01-01", 3))
    expected = [pd.Timestamp("2026-01-02")]
    assert lake.read("sales", where={"date": [day]}).date.tolist() == expected
    assert lake.read("sales", since=day, until=day).date.tolist() == expected


def test_odd_characters_in_the_address(tmp_path: Path) -> None:
    folder = tmp_path / "a b#%20é[1]*?x=1"
    Lake(folder).replace("sales", sales("2026-01-30", 3))
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    assert len(Lake(folder.as_uri()).read("sales")) == 3


def test_what_is_asked_must_exist(lake: Lake) -> None:
    with pytest.raises(LakeError, match="no table is called 'nonsense'; tables are products"):
        lake.read("nonsense")
    with pytest.raises(LakeError, match="no column 'colour'"):
        lake.read("sales", columns=["colour"])
    with pytest.raises(LakeError, match="no column 'colour'"):
        lake.read("sales", where={"colour": ["red"]})
    with pytest.raises(LakeError, match="no column 'date'"):
        lake.read("units", since=date(2026, 1, 1))
    with pytest.raises(LakeError, match="give a list"):
        lake.read("units", where={"sku": "007"})
    with pytest.raises(LakeError, match="does not fit column 'sku'"):
        lake.read("units", where={"sku": [7]})
    with pytest.raises(LakeError, match="does not fit column 'date'"):
        lake.read("sales", where={"date": ["yesterday or so"]})
    with pytest.raises(LakeError, match="expected a pandas or Polars frame, got list"):
        lake.replace("units", [1])  # type: ignore[arg-type]
    assert repr(lake).startswith("Lake(")


def test_equal_frames_give_equal_bytes() -> None:
    frame = pl.from_pandas(sales("2026-01-01", 3000)).with_columns(pl.col("date").cast(pl.Date))
    frame = frame.with_columns(
        revenue=pl.lit(None, pl.Float64),
        price=pl.lit(1.5),
        promo=pl.lit(False),
        in_stock=pl.lit(None, pl.Float64),
        lost_sales=pl.lit(None, pl.Boolean),
    )
    whole = encode(frame, arrow_schema("sales"))
    pieces = pl.concat([frame[:7], frame[7:2000], frame[2000:]], rechunk=False)
    assert encode(pieces, arrow_schema("sales")) == whole
    metadata = pq.read_metadata(pa.BufferReader(whole))
    assert metadata.row_group(0).column(0).compression == "ZSTD"


@pytest.mark.s3
@pytest.mark.xdist_group("s3")
def test_whole_files_that_cannot_be_read_are_not_called_damaged(s3_server: Any) -> None:
    lake = Lake(s3_server.fresh_uri(), s3_server.options)
    lake.replace("units", units(("007", "case", 12)))
    lake.objects.list("")  # the client is made: only Polars meets the wrong key
    assert isinstance(lake.store, S3Objects)
    lake.store.options["aws_secret_access_key"] = "wrong"
    with pytest.raises(LakeUnavailable, match="cannot read s3://"):
        lake.read("units")


def test_a_mistake_in_a_query_is_not_called_damage(lake: Lake) -> None:
    version = lake.replace("units", units(("007", "case", 12)))
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        lake.collect(lake.scan("units").select("colour"), version)


def test_columns_newer_than_a_file_are_null(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    version = lake.replace("units", units(("007", "case", 12)))
    path = tmp_path / version.files[0].key
    older = pq.read_table(path).drop_columns(["gtin"]).append_column("dropped", pa.array([1]))
    pq.write_table(older, tmp_path / "older.parquet")
    read = scan([str(tmp_path / "older.parquet")], polars_schema("units")).collect()
    assert read.to_dicts() == [{"sku": "007", "unit": "case", "eaches": 12.0, "gtin": None}]


def test_a_full_disk_leaves_the_table_as_it_was(tmp_path: Path) -> None:
    code = textwrap.dedent(
        f"""
        import resource
        import numpy as np, pandas as pd
        from data_lake.errors import LakeUnavailable
        from data_lake.lake import Lake
        lake = Lake({str(tmp_path)!r})
        days = pd.date_range("2026-01-01", periods=20_000)
        frame = pd.DataFrame({{"date": days[:40], "sku": "1", "location": "A", "quantity": 1.0}})
        lake.replace("sales", frame)
        # real storage that refuses: every write past 100 kB fails as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        keys = pd.DataFrame({{"sku": [str(n) for n in range(20_000)], "location": "A"}})
        noise = np.random.default_rng(0).random(20_000)
        try:
            lake.upsert("sales", keys.assign(date=days[31], quantity=noise))
        except LakeUnavailable as error:
            print(error)
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "cannot write" in done.stdout
    lake = Lake(tmp_path)
    assert lake.read("sales").quantity.sum() == 40
    assert len(lake.versions("sales")) == 1
    assert lake.verify() == []


# damage


def damage(lake: Lake, key: str, body: bytes) -> None:
    lake.objects.delete([key])
    assert lake.objects.put_new(key, body)


def test_a_truncated_object_is_named(any_lake: Lake) -> None:
    version = any_lake.replace("sales", sales("2026-01-01", 60))
    key = version.files[1].key
    damage(any_lake, key, any_lake.objects.get(key)[:-100])
    with pytest.raises(
        CorruptObject, match=r"table 'sales' version 1: object 'sales/month=2026-02.*bytes instead of"
    ):
        any_lake.read("sales")
    assert [(fault.table, fault.version, fault.key) for fault in any_lake.verify()] == [("sales", 1, key)]
    # rewriting what was there finds the damage too, instead of trusting the name
    with pytest.raises(CorruptObject, match="holds other bytes"):
        any_lake.replace("sales", sales("2026-01-01", 60))
    # the way out: delete the damaged object, write again
    any_lake.objects.delete([key])
    any_lake.replace("sales", sales("2026-01-01", 60))
    assert any_lake.read("sales").shape[0] == 60


def test_a_folder_that_became_a_file_is_not_called_damaged(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.replace("sales", sales("2026-01-01", 3))
    shutil.rmtree(tmp_path / "sales" / "month=2026-01")
    (tmp_path / "sales" / "month=2026-01").write_text("")
    with pytest.raises(LakeUnavailable, match="Not a directory"):
        lake.read("sales")


def test_a_missing_object_is_named(any_lake: Lake) -> None:
    version = any_lake.replace("units", units(("007", "case", 12)))
    any_lake.objects.delete([version.files[0].key])
    with pytest.raises(CorruptObject, match="is missing"):
        any_lake.read("units")
    assert [fault.reason for fault in any_lake.verify()] == ["is missing"]


def test_flipped_bytes_are_found_by_verify(any_lake: Lake) -> None:
    version = any_lake.replace("units", units(("007", "case", 12)))
    key = version.files[0].key
    body = bytearray(any_lake.objects.get(key))
    body[10] ^= 0xFF
    damage(any_lake, key, bytes(body))
    assert [fault.reason for fault in any_lake.verify(["units"])] == ["holds other bytes than were written"]


def test_a_damaged_version_file_is_named(any_lake: Lake) -> None:
    any_lake.replace("units", units(("007", "case", 12)))
    damage(any_lake, "units/_versions/00000000000000000001.json", b'{"table": "units"')
    with pytest.raises(CorruptObject, match=r"_versions/00000000000000000001.json' is not a version file"):
        any_lake.read("units")


def test_a_large_lazy_frame_equals_the_same_frame_at_once(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data_lake.writes.BATCH_ROWS", 50)
    frame = pd.concat([sales("2026-01-10", 100), sales("2026-01-10", 100, sku="1")]).sample(
        frac=1, random_state=3
    )
    frame.to_parquet(tmp_path / "staged.parquet", index=False)
    staged = pl.scan_parquet(tmp_path / "staged.parquet")
    version = lake.upsert("sales", staged)
    assert Lake(tmp_path / "other").replace("sales", frame).files == version.files
    assert lake.upsert("sales", staged) == version
    np.testing.assert_array_equal(lake.read("sales").quantity, np.ones(200))
