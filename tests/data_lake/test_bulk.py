"""Parquet files of a lake on S3 go through s3fs: as safe as the four verbs, open to every fsspec reader."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pandas as pd
import pyarrow.dataset as ds
import pytest

from data_lake.bulk import BulkObjects
from data_lake.errors import LakeError, LakeUnavailable
from data_lake.lake import Lake

KEY = "sales/month=2026-01/x.parquet"
SALES = pd.DataFrame(
    {"date": pd.date_range("2026-01-30", periods=4), "sku": "007", "location": "North", "quantity": 1.0}
)
on_s3 = [pytest.mark.s3, pytest.mark.xdist_group("s3")]


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A file of three parts (5 MiB is the smallest part that S3 takes)."""
    monkeypatch.setattr("data_lake.bulk._PART_BYTES", 5 * 2**20)
    return os.urandom(11 * 2**20)


def test_outside_readers_open_a_version_through_the_same_filesystem(any_lake: Lake) -> None:
    any_lake.replace("sales", SALES)
    any_lake.replace("sales", SALES.assign(quantity=2.0))
    filesystem = any_lake.filesystem
    newest, first = any_lake.paths("sales"), any_lake.paths("sales", version=1)
    assert len(newest) == 2
    assert not set(newest) & set(first)
    assert [filesystem.size(path) for path in newest] == [
        file.size for file in any_lake.version("sales").files
    ]
    with_pandas = pd.read_parquet(newest, filesystem=filesystem)
    assert with_pandas.quantity.tolist() == [2.0] * 4
    assert with_pandas.sku.tolist() == ["007"] * 4
    with_pyarrow = ds.dataset(first, filesystem=filesystem, format="parquet").to_table()
    assert with_pyarrow.column("quantity").to_pylist() == [1.0] * 4
    assert any_lake.paths("units") == []


@pytest.mark.parametrize("uri", ["folder", "s3://bucket/prefix"])
def test_opening_a_lake_imports_no_s3_client(uri: str, tmp_path: Any) -> None:
    code = textwrap.dedent(
        """
        import sys
        import pandas as pd
        from data_lake.lake import Lake
        lake = Lake(sys.argv[1])
        if not sys.argv[1].startswith("s3:"):
            lake.replace("units", pd.DataFrame({"sku": ["1"], "unit": ["case"], "eaches": [6.0]}))
            lake.filesystem
        print([name for name in ("boto3", "botocore", "s3fs", "aiohttp") if name in sys.modules])
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", code, uri if "://" in uri else str(tmp_path / uri)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


class TestOnS3:
    pytestmark = on_s3

    def test_small_and_large_files_are_created_once(self, s3_server: Any, large: bytes) -> None:
        objects = Lake(s3_server.fresh_uri(), s3_server.options).objects
        assert isinstance(objects, BulkObjects)
        for key, body in {KEY: b"small", "large.parquet": large}.items():
            assert objects.put_new(key, body)
            assert not objects.put_new(key, body)
            assert not objects.put_new(key, body[:-1] + b"!")
            assert objects.get(key) == body
        assert objects.list("") == ["large.parquet", KEY]
        with pytest.raises(LakeError, match="object key"):
            objects.put_new("../x.parquet", b"")

    def test_one_of_many_writers_of_a_large_file_wins(self, s3_server: Any, large: bytes) -> None:
        objects = Lake(s3_server.fresh_uri(), s3_server.options).objects
        barrier = Barrier(3)

        def write(writer: int) -> bool:
            barrier.wait()
            return objects.put_new(KEY, large + bytes([writer]))

        with ThreadPoolExecutor(3) as pool:
            won = list(pool.map(write, range(3)))
        assert won.count(True) == 1
        assert objects.get(KEY) == large + bytes([won.index(True)])

    def test_what_s3_refuses(self, s3_server: Any, free_port: int) -> None:
        def write(**options: str) -> None:
            Lake(s3_server.fresh_uri(), s3_server.options | options).replace("sales", SALES)

        with pytest.raises(
            LakeUnavailable, match=r"cannot write s3://lake/.*parquet: the secret key is wrong"
        ):
            write(aws_secret_access_key="wrong")
        with pytest.raises(LakeUnavailable, match="access key is not known"):
            write(aws_access_key_id="who")
        with pytest.raises(LakeUnavailable, match=r"nothing answers.*AWS_ENDPOINT_URL_S3"):
            write(endpoint_url=f"http://127.0.0.1:{free_port}")
        with pytest.raises(LakeError, match="Invalid endpoint"):
            write(endpoint_url="nonsense")

    def test_inside_an_event_loop_in_threads_and_in_a_forked_child(self, s3_server: Any) -> None:
        lake = Lake(s3_server.fresh_uri(), s3_server.options)

        async def inside() -> int:
            return lake.replace("sales", SALES).number

        assert asyncio.run(inside()) == 1
        with ThreadPoolExecutor(4) as pool:
            keys = [f"{number}.parquet" for number in range(8)]
            assert all(pool.map(lambda key: lake.objects.put_new(key, b"x"), keys))
        child = multiprocessing.get_context("fork").Process(
            target=lake.objects.put_new, args=("child.parquet", b"from the child")
        )
        child.start()
        child.join()
        assert child.exitcode == 0
        assert lake.objects.get("child.parquet") == b"from the child"


class TestThroughABadLine:
    pytestmark = on_s3

    def test_a_conflict_is_tried_again(self, bad_line: Any) -> None:
        objects = bad_line.objects()
        bad_line.script = ["409", "409"]
        assert objects.put_new(KEY, b"1")
        bad_line.script = ["409"] * 7
        with pytest.raises(LakeUnavailable, match="cannot write"):
            objects.put_new("other.parquet", b"1")

    @pytest.mark.parametrize("answer", ["lose answer", "cut answer"])
    def test_a_lost_answer_is_found_to_be_ones_own_write(self, bad_line: Any, answer: str) -> None:
        lake = bad_line.lake()
        bad_line.script = [answer]
        assert lake.replace("sales", SALES).number == 1
        assert len(lake.read("sales")) == 4

    @pytest.mark.parametrize("tidying_up", [["pass", "pass"], ["pass", "404"]])
    def test_a_lost_answer_to_the_last_request_of_a_large_file(
        self, bad_line: Any, large: bytes, tidying_up: list[str]
    ) -> None:
        objects = bad_line.objects()
        bad_line.script = ["pass"] * 4 + ["lose answer", *tidying_up]
        assert not objects.put_new(KEY, large)  # the retry met the first try's file
        assert bad_line.script == []
        assert objects.get(KEY) == large

    def test_an_upload_that_vanished(self, bad_line: Any, large: bytes) -> None:
        objects = bad_line.objects()
        bad_line.script = ["pass"] * 4 + ["404", "404"]
        with pytest.raises(LakeUnavailable, match="cannot write"):
            objects.put_new(KEY, large)
        assert objects.list("") == []
        assert objects.put_new(KEY, large)

    def test_a_lost_part_is_sent_again(self, bad_line: Any, large: bytes) -> None:
        objects = bad_line.objects()
        bad_line.script = ["pass", "pass", "lose answer"]
        assert objects.put_new(KEY, large)
        assert objects.get(KEY) == large
