"""The four verbs, the same on a disk and on a real S3 server."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from data_lake.errors import LakeError, LakeUnavailable, NoSuchObject
from data_lake.keys import check_key
from data_lake.local import LocalObjects
from data_lake.objects import open_objects
from data_lake.s3 import S3Objects


def test_put_get_list_delete(address: Any) -> None:
    objects = address.objects()
    assert objects.list("") == []
    assert objects.put_new("a/one", b"1")
    assert objects.put_new("a/month=2026-01/two", b"")
    assert objects.put_new("ab", b"3")
    assert not objects.put_new("a/one", b"other")
    assert objects.get("a/one") == b"1"
    assert objects.get("a/month=2026-01/two") == b""
    assert objects.list("") == ["a/month=2026-01/two", "a/one", "ab"]
    assert objects.list("a") == ["a/month=2026-01/two", "a/one", "ab"]
    assert objects.list("a/") == ["a/month=2026-01/two", "a/one"]
    assert objects.list("a/o") == ["a/one"]
    assert objects.list("", start_after="a/month=2026-01/two") == ["a/one", "ab"]
    assert objects.list("nothing/") == []
    objects.delete(["a/one", "never/was"])
    assert objects.list("a/") == ["a/month=2026-01/two"]
    with pytest.raises(NoSuchObject, match="a/one"):
        objects.get("a/one")
    assert objects.put_new("a/one", b"again")


def test_one_of_many_writers_wins(address: Any) -> None:
    writers = 6
    objects = address.objects()
    for key in ("race/1", "race/2", "race/3"):
        barrier = Barrier(writers)

        def write(writer: int, key: str = key, barrier: Barrier = barrier) -> bool:
            barrier.wait()
            return objects.put_new(key, str(writer).encode())

        with ThreadPoolExecutor(writers) as pool:
            won = list(pool.map(write, range(writers)))
        assert won.count(True) == 1
        assert objects.get(key) == str(won.index(True)).encode()


@pytest.mark.parametrize(
    "key", ["", "/absolute", "../up", "a/../b", "a/./b", "a//b", "a/", ".hidden", "a/.tmp", "a\\b", "nul\0"]
)
def test_keys_that_leave_the_lake_are_refused(address: Any, key: str) -> None:
    objects = address.objects()
    with pytest.raises(LakeError, match="object key"):
        objects.put_new(key, b"")
    with pytest.raises(LakeError, match="object key"):
        objects.get(key)
    with pytest.raises(LakeError, match="object key"):
        objects.delete([key])
    assert check_key("a/b=c/ü.json") == "a/b=c/ü.json"


@pytest.mark.parametrize(
    "uri", ["", "http://somewhere/lake", "s3:///prefix", "s3://", "file://relative/path"]
)
def test_addresses_that_are_no_lake(uri: str) -> None:
    with pytest.raises(LakeError, match="lake address"):
        open_objects(uri)


def test_addresses(tmp_path: Path) -> None:
    assert open_objects(f"file://{tmp_path}/with%20space").address("k") == f"{tmp_path}/with space/k"
    assert open_objects("s3://bucket/a/b/").address("k") == "s3://bucket/a/b/k"
    assert open_objects("s3://bucket").address("k") == "s3://bucket/k"
    with pytest.raises(LakeError, match=r"storage option \['key'\] is not known"):
        open_objects("s3://bucket", {"key": "x"})


def test_opening_s3_does_not_import_boto3_or_frames() -> None:
    code = (
        "import sys, data_lake.objects as o; o.open_objects('s3://b/p');"
        "print([m for m in ('boto3', 'pandas', 'polars', 'pyarrow', 'numpy', 's3fs') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# what goes wrong on a disk


def test_a_file_that_a_killed_writer_left_is_invisible_and_swept(tmp_path: Path) -> None:
    LocalObjects(tmp_path).put_new("a", b"1")
    old, young = tmp_path / ".tmp" / "1-old", tmp_path / ".tmp" / "2-young"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (1, 1))
    objects = LocalObjects(tmp_path)
    assert objects.list("") == ["a"]
    objects.put_new("b", b"2")
    assert not old.exists()
    assert young.exists()  # its writer may be at work
    assert objects.list("") == ["a", "b"]


@pytest.mark.parametrize("step", ["open", "os.link"])
def test_kill_9_while_writing_leaves_nothing(tmp_path: Path, step: str) -> None:
    code = textwrap.dedent(
        f"""
        import os, pathlib, signal, sys
        from data_lake.local import LocalObjects
        objects = LocalObjects(pathlib.Path({str(tmp_path)!r}))
        objects.put_new("whole", b"x" * 10_000)
        def kill(event, arguments):
            if event == {step!r} and ".tmp" in str(arguments[0]):
                os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(kill)
        objects.put_new("half", b"y" * 10_000)
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    objects = LocalObjects(tmp_path)
    assert objects.list("") == ["whole"]
    assert objects.put_new("half", b"now whole")
    assert objects.get("half") == b"now whole"


def test_a_full_disk_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    code = textwrap.dedent(
        f"""
        import pathlib, resource
        from data_lake.errors import LakeUnavailable
        from data_lake.local import LocalObjects
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        objects = LocalObjects(pathlib.Path({str(tmp_path)!r}))
        objects.put_new("small", b"x")
        try:
            objects.put_new("large", b"x" * 10_000)
        except LakeUnavailable as error:
            print(error)
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "cannot write" in done.stdout
    assert "ulimit -f" in done.stdout
    assert LocalObjects(tmp_path).list("") == ["small"]
    assert list((tmp_path / ".tmp").iterdir()) == []


def test_a_root_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    objects = LocalObjects(tmp_path / "file")
    with pytest.raises(LakeUnavailable, match="a part of the path is a file"):
        objects.put_new("a", b"")
    with pytest.raises(NoSuchObject):
        objects.get("a")
    assert objects.list("") == []
    objects.delete(["a"])


def test_a_folder_is_no_object(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    objects.put_new("a/b", b"")
    with pytest.raises(NoSuchObject):
        objects.get("a")
    with pytest.raises(LakeUnavailable, match="cannot delete"):
        objects.delete(["a"])


def test_a_name_too_long_for_the_disk(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    with pytest.raises(LakeUnavailable, match="File name too long"):
        objects.put_new("x" * 300, b"")
    with pytest.raises(LakeUnavailable, match="cannot read"):
        objects.get("x" * 300)


# what goes wrong on S3


@pytest.mark.s3
@pytest.mark.xdist_group("s3")
def test_what_s3_refuses(s3_server: Any) -> None:
    nowhere = S3Objects("no-such-bucket", "p", s3_server.options)
    for act in (lambda: nowhere.get("a"), lambda: nowhere.list("")):
        with pytest.raises(LakeUnavailable, match="bucket does not exist"):
            act()
    stranger = S3Objects(s3_server.bucket, "p", s3_server.options | {"aws_secret_access_key": "wrong"})
    for act in (lambda: stranger.put_new("a", b""), lambda: stranger.get("a"), lambda: stranger.list("")):
        with pytest.raises(LakeUnavailable, match="secret key is wrong"):
            act()
    with pytest.raises(LakeUnavailable, match="cannot delete"):
        stranger.delete(["a"])
    with pytest.raises(LakeUnavailable, match="access key is not known"):
        S3Objects(s3_server.bucket, "p", s3_server.options | {"aws_access_key_id": "who"}).list("")


@pytest.mark.s3
@pytest.mark.xdist_group("s3")
def test_more_keys_than_one_answer_holds(s3_server: Any) -> None:
    objects = open_objects(s3_server.fresh_uri(), s3_server.options)
    keys = [f"many/{number:04d}" for number in range(1005)]
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(lambda key: objects.put_new(key, b""), keys))
    assert objects.list("many/") == keys
    assert objects.list("many/", start_after=keys[1001]) == keys[1002:]
    objects.delete(keys)
    assert objects.list("") == []


@pytest.mark.s3
@pytest.mark.xdist_group("s3")
class TestThroughABadLine:
    def test_a_conflict_is_tried_again(self, bad_line: Any) -> None:
        objects = bad_line.objects()
        bad_line.script = ["409", "409", "pass"]
        assert objects.put_new("a", b"1")
        assert objects.get("a") == b"1"

    def test_a_conflict_without_end_is_reported(self, bad_line: Any) -> None:
        bad_line.script = ["409"] * 7
        with pytest.raises(LakeUnavailable, match="cannot write"):
            bad_line.objects().put_new("a", b"1")
        assert bad_line.objects().list("") == []

    def test_a_lost_answer_is_found_to_be_ones_own_write(self, bad_line: Any) -> None:
        objects = bad_line.objects()
        bad_line.script = ["lose answer"]
        assert not objects.put_new("a", b"1")  # the retry met the first try's object
        assert objects.get("a") == b"1"

    def test_a_cut_answer_is_never_taken_for_the_object(self, bad_line: Any) -> None:
        objects = bad_line.objects()
        objects.put_new("a", b"x" * 100_000)
        bad_line.script = ["cut answer"]
        assert objects.get("a") == b"x" * 100_000
        bad_line.script = ["cut answer"] * 3
        with pytest.raises(LakeUnavailable, match="cannot read"):
            objects.get("a")

    def test_a_server_that_is_gone(self, s3_server: Any, free_port: int) -> None:
        options = s3_server.options | {"endpoint_url": f"http://127.0.0.1:{free_port}"}
        with pytest.raises(LakeUnavailable, match=r"cannot list s3://lake/.*AWS_ENDPOINT_URL_S3"):
            S3Objects("lake", "", options).list("")
        with pytest.raises(LakeError, match="Invalid endpoint"):
            S3Objects("lake", "", options | {"endpoint_url": "nonsense"}).list("")
