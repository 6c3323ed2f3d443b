"""Writers at once, crashes between object and version, lost answers: nothing lost, nothing half-visible."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pandas as pd
import polars as pl
import pytest

from data_lake.errors import Conflict, LakeUnavailable
from data_lake.lake import Lake
from data_lake.objects import Objects
from data_lake.versions import Versions


class Watched:
    """Objects that call `before(verb, key)` first: to crash there, or to let another writer in."""

    def __init__(self, objects: Objects, before: Callable[[str, str], None]) -> None:
        self.inner = objects
        self.before = before

    def put_new(self, key: str, body: bytes) -> bool:
        self.before("put_new", key)
        return self.inner.put_new(key, body)

    def get(self, key: str) -> bytes:
        self.before("get", key)
        return self.inner.get(key)

    def list(self, prefix: str, *, start_after: str = "") -> list[str]:
        self.before("list", prefix)
        return self.inner.list(prefix, start_after=start_after)

    def delete(self, keys: Iterable[str]) -> None:
        self.inner.delete(keys)


class CrashError(BaseException):
    """The process died here."""


def units(**eaches: float) -> pd.DataFrame:
    return pd.DataFrame({"sku": list(eaches), "unit": "case", "eaches": list(eaches.values())})


def stock(lake: Lake) -> dict[str, float]:
    rows = lake.read("units")
    return dict(zip(rows.sku, rows.eaches, strict=True))


def test_many_writers_lose_nothing(address: Any) -> None:
    writers, each = 4, 3
    lakes = [address.lake() for _ in range(writers)]
    barrier = Barrier(writers)

    def write(writer: int) -> None:
        barrier.wait()
        for number in range(each):
            lakes[writer].upsert("units", units(**{f"{writer}-{number}": writer}))

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    lake = address.lake()
    assert len(lake.read("units")) == writers * each
    assert [version.number for version in lake.versions("units")] == list(range(1, writers * each + 1))
    rows = [len(lake.read("units", version=number)) for number in range(1, writers * each + 1)]
    assert rows == list(range(1, writers * each + 1))  # each version is the one before and one more row
    instants = [version.created_at for version in lake.versions("units")]
    assert instants == sorted(set(instants))


def test_the_second_writer_rebases_on_the_winner(address: Any) -> None:
    address.lake().upsert("units", units(a=1, b=1))
    came_in = []

    def before(verb: str, key: str) -> None:
        if verb == "put_new" and "_versions" in key and not came_in:
            came_in.append(key)
            address.lake().upsert("units", units(b=2, c=2))

    lake = address.lake(Watched(address.objects(), before))
    assert lake.upsert("units", units(c=3, d=3)).number == 3
    assert stock(lake) == {"a": 1, "b": 2, "c": 3, "d": 3}
    assert address.lake().read("units", version=2).shape[0] == 3


def test_a_rebase_rewrites_only_the_months_that_changed(address: Any) -> None:
    def sales(day: str, quantity: float) -> pd.DataFrame:
        return pd.DataFrame({"date": [day], "sku": ["1"], "location": ["A"], "quantity": [quantity]}).astype(
            {"date": "datetime64[us]"}
        )

    writes = []

    def before(verb: str, key: str) -> None:
        if verb == "put_new":
            if "_versions" in key and sum("_versions" in write for write in writes) == 0:
                address.lake().upsert("sales", sales("2026-02-02", 9))
            writes.append(key)

    lake = address.lake(Watched(address.objects(), before))
    both = pd.concat([sales("2026-01-01", 1), sales("2026-02-01", 1)])
    lake.upsert("sales", pl.from_pandas(both).lazy())
    months = [key.split("/")[1] for key in writes]
    assert months == ["month=2026-01", "month=2026-02", "_versions", "month=2026-02", "_versions"]
    assert lake.read("sales").quantity.tolist() == [1.0, 1.0, 9.0]


def test_replace_takes_the_next_number(address: Any) -> None:
    came_in = []

    def before(verb: str, key: str) -> None:
        if verb == "put_new" and "_versions" in key and not came_in:
            came_in.append(key)
            address.lake().replace("units", units(a=1))

    lake = address.lake(Watched(address.objects(), before))
    assert lake.replace("units", units(b=2)).number == 2
    assert stock(lake) == {"b": 2}


def test_a_writer_that_always_loses_says_so(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data_lake.versions._ATTEMPTS", 3)
    other = Versions(lake.objects)

    def before(verb: str, key: str) -> None:
        if verb == "put_new" and "_versions" in key:
            other.commit("units", lambda base: ())

    with pytest.raises(Conflict, match="3 other writers committed first"):
        Lake(lake.uri, objects=Watched(lake.objects, before)).upsert("units", units(a=1))
    assert lake.current("units").number == 3  # type: ignore[union-attr]


def test_a_crash_between_object_and_version_is_invisible(address: Any) -> None:
    address.lake().upsert("units", units(a=1))

    def before(verb: str, key: str) -> None:
        if verb == "put_new" and "_versions" in key:
            raise CrashError

    with pytest.raises(CrashError):
        address.lake(Watched(address.objects(), before)).upsert("units", units(a=2, b=2))
    lake = address.lake()
    assert len(lake.objects.list("units/")) == 3  # two files, one version: the second file is an orphan
    assert stock(lake) == {"a": 1}
    assert lake.verify() == []
    lake.upsert("units", units(a=2, b=2))  # the same command again finds the orphan and commits it
    assert stock(lake) == {"a": 2, "b": 2}
    assert len(lake.objects.list("units/")) == 4


@pytest.mark.parametrize("step", [1, 2, 3])
def test_storage_that_fails_while_writing_leaves_the_table(address: Any, step: int) -> None:
    frame = pd.DataFrame(
        {"date": pd.date_range("2026-01-30", periods=4), "sku": "1", "location": "A", "quantity": 1.0}
    )
    address.lake().upsert("sales", frame)
    done = []

    def before(verb: str, key: str) -> None:
        if verb == "put_new":
            done.append(key)
            if len(done) == step:
                raise LakeUnavailable("the disk is full")

    broken = address.lake(Watched(address.objects(), before))
    with pytest.raises(LakeUnavailable, match="full"):
        broken.upsert("sales", frame.assign(quantity=2.0))
    assert address.lake().read("sales").quantity.tolist() == [1.0] * 4
    assert broken.upsert("sales", frame.assign(quantity=2.0)).number == 2
    assert address.lake().read("sales").quantity.tolist() == [2.0] * 4


def test_a_reader_never_sees_half_a_write(address: Any) -> None:
    days = pd.date_range("2026-01-01", periods=90)
    frame = pd.DataFrame({"date": days, "sku": "1", "location": "A", "quantity": 0.0})
    writer, reader = address.lake(), address.lake()
    writer.replace("sales", frame)
    finished = Event()

    def write() -> None:
        for number in range(1, 6):
            writer.upsert("sales", frame.assign(quantity=float(number)))
        finished.set()

    seen = []
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not finished.is_set() and not writing.done():
            quantity = reader.read("sales").quantity
            assert len(quantity) == 90
            assert (quantity == quantity[0]).all()
            seen.append(quantity[0])
        writing.result()
    assert seen == sorted(seen)
    assert reader.read("sales").quantity.unique().tolist() == [5.0]


def test_a_lake_that_was_rebuilt_under_a_reader(address: Any) -> None:
    lake = address.lake()
    for number in range(3):
        lake.replace("units", units(a=number))
    assert stock(lake) == {"a": 2}
    lake.objects.delete(lake.objects.list(""))
    assert lake.read("units").empty
    address.lake().replace("units", units(b=1))
    assert stock(lake) == {"b": 1}


@pytest.mark.s3
@pytest.mark.xdist_group("s3")
def test_a_lost_answer_to_a_commit_is_found_to_be_ones_own(bad_line: Any) -> None:
    lake = bad_line.lake()
    lake.upsert("units", units(a=1))

    def before(verb: str, key: str) -> None:
        if verb == "put_new" and "_versions" in key:
            bad_line.script = ["lose answer"]

    version = Lake(bad_line.uri, bad_line.options, objects=Watched(bad_line.objects(), before)).upsert(
        "units", units(b=1)
    )
    assert [found.number for found in lake.versions("units")] == [1, 2]
    assert lake.current("units") == version


def test_no_answer_at_all_then_the_version_tells(address: Any) -> None:
    objects = address.objects()

    class TimesOut(Watched):
        def put_new(self, key: str, body: bytes) -> bool:
            done = self.inner.put_new(key, body)
            if "_versions" in key:
                raise LakeUnavailable("read timed out")
            return done

    lake = address.lake(TimesOut(objects, lambda verb, key: None))
    assert lake.upsert("units", units(a=1)).number == 1
    assert lake.upsert("units", units(b=1)).number == 2
    assert stock(lake) == {"a": 1, "b": 1}


def test_kill_9_between_file_and_version(tmp_path: Path) -> None:
    code = textwrap.dedent(
        f"""
        import os, signal, sys
        import pandas as pd
        from data_lake.lake import Lake
        lake = Lake({str(tmp_path)!r})
        frame = pd.DataFrame({{"sku": ["a"], "unit": "case", "eaches": [1.0]}})
        lake.upsert("units", frame)
        def kill(event, arguments):
            if event == "os.link" and "_versions" in str(arguments[1]):
                os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(kill)
        lake.upsert("units", frame.assign(eaches=2.0))
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    lake = Lake(tmp_path)
    assert stock(lake) == {"a": 1}
    assert lake.verify() == []
    assert lake.upsert("units", units(a=2)).number == 2
    assert stock(lake) == {"a": 2}
