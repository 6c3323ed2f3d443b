"""Dropped files: imported once whatever happens, or reported with every fault beside them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from data_lake import whole_files
from data_lake.errors import LakeUnavailable, NoSuchObject
from data_lake.facts.ingest import PoisonRecord
from data_lake.lake import Lake
from jobs.dlq import keep_poison
from jobs.dlq_acts import replay
from jobs.errors import JobError
from jobs.incoming import in_words, take_file, take_message, waiting
from jobs.incoming_messages import dropped_keys, is_dropped

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
SALES = b"date,sku,store,units\n2026-11-20,007,A,3\n2026-11-21,007,A,4\n"
LATER = b"date,sku,store,units\n2026-11-20,007,A,30\n2026-11-21,007,A,40\n"
GOOD_ROWS = b"".join(b"2026-10-%02d,007,A,3\n" % day for day in range(1, 32))
WRONG = b"date,sku,store,units\n" + GOOD_ROWS + b"2026-11-20,007,A,three\n2026-11-41,,A,4\n"


def drop(lake: Lake, key: str, content: bytes) -> str:
    lake.objects.delete([key])
    assert lake.objects.put_new(key, content)
    return key


def take(lake: Lake, key: str) -> str:
    return take_file(lake, key, at=AT).outcome


def test_a_file_is_imported_and_moved(lake: Lake) -> None:
    done = take_file(lake, drop(lake, "incoming/sales/week 47.csv", SALES), at=AT)
    assert (done.outcome, done.kind, done.tables, done.rows) == (
        "imported",
        "sales",
        ("settings", "sales"),
        2,
    )
    assert done.moved_to.startswith("incoming/done/2026-11-23/sales/week 47.")
    assert lake.objects.get(done.moved_to) == SALES
    assert waiting(lake) == []
    assert lake.read("sales")["quantity"].sum() == 7
    assert in_words([done])[0].endswith(f"2 rows loaded into settings, sales; moved to {done.moved_to}")


def test_of_a_file_without_a_folder_the_kind_is_guessed(lake: Lake) -> None:
    assert take_file(lake, drop(lake, "incoming/sales.csv", SALES), at=AT).kind == "sales"


def test_all_faults_at_once_lie_beside_a_refused_file(lake: Lake) -> None:
    key = drop(lake, "incoming/sales/a.csv", WRONG)
    refused = take_file(lake, key, at=AT)
    assert (refused.outcome, refused.errors, refused.tables) == ("refused", 3, ())
    table, text = (lake.objects.get(name).decode() for name in refused.reports)
    assert refused.reports == (f"{key}.errors.csv", f"{key}.errors.txt")
    for word in ("three", "2026-11-41", "units", "date", "sku"):
        assert word in table
        assert word in text
    assert text.startswith("a.csv was not loaded, nothing of it: 3 faults.")
    assert lake.current("sales") is None
    assert waiting(lake) == [key]
    assert take(lake, key) == "refused"  # told twice: the same report

    drop(lake, key, WRONG.replace(b"three", b"3"))
    assert take_file(lake, key, at=AT).errors == 2
    assert b"three" not in lake.objects.get(f"{key}.errors.csv")
    drop(lake, key, SALES)
    assert take(lake, key) == "imported"
    assert [name for name in lake.objects.list("incoming/") if "errors" in name] == []


def test_a_question_is_a_fault_where_nobody_can_be_asked(lake: Lake) -> None:
    ambiguous = b"date,sku,store,units\n01/02/2026,007,A,3\n02/03/2026,007,A,4\n"
    refused = take_file(lake, drop(lake, "incoming/sales/a.csv", ambiguous), at=AT)
    assert refused.outcome == "refused"
    assert "must be confirmed" in lake.objects.get(refused.reports[1]).decode()


def test_a_folder_that_is_no_kind_is_a_fault(lake: Lake) -> None:
    refused = take_file(lake, drop(lake, "incoming/salse/a.csv", SALES), at=AT)
    assert (
        "folder 'salse' is no kind of file; known are sales" in lake.objects.get(refused.reports[1]).decode()
    )


def test_a_late_duplicate_never_brings_back_old_rows(lake: Lake) -> None:
    key = "incoming/sales/a.csv"
    assert take(lake, drop(lake, key, SALES)) == "imported"
    assert take(lake, key) == "gone"
    assert take(lake, drop(lake, key, LATER)) == "imported"
    version = lake.current("sales")
    again = take_file(lake, drop(lake, key, SALES), at=AT)  # the same content, dropped by a retrying sender
    assert (again.outcome, again.tables) == ("known", ())
    assert "imported at 2026-11-23T09:00 UTC" in again.note
    assert lake.current("sales") == version
    assert waiting(lake) == []


def test_the_same_rows_in_another_file_change_nothing(lake: Lake) -> None:
    take(lake, drop(lake, "incoming/sales/a.csv", SALES))
    assert take(lake, drop(lake, "incoming/sales/b.csv", SALES + b"\n")) == "unchanged"


@pytest.mark.parametrize("repetition", range(3))
def test_two_workers_at_once_load_a_file_once(lake: Lake, repetition: int) -> None:
    key = drop(lake, "incoming/sales/a.csv", SALES)
    with ThreadPoolExecutor(4) as workers:
        outcomes = list(workers.map(lambda _: take_file(Lake(lake.uri), key, at=AT).outcome, range(4)))
    assert set(outcomes) <= {"imported", "unchanged", "known", "gone", "changed"}
    assert len(lake.versions("sales")) == 1
    assert waiting(lake) == []
    assert len(lake.objects.list("incoming/done/")) == 1


WORKER = """
import sys
from datetime import datetime, UTC
from data_lake.lake import Lake
from jobs.incoming import take_file
print("ready", flush=True)
take_file(Lake(sys.argv[1]), "incoming/sales/a.csv", at=datetime(2026, 11, 23, 9, tzinfo=UTC),
          progress=lambda what, share: print(what, flush=True))
"""


@pytest.mark.parametrize("stage", ["ready", "reading", "writing the lake", "done"])
def test_a_worker_killed_midway_leaves_work_that_the_next_one_finishes(lake: Lake, stage: str) -> None:
    key = drop(lake, "incoming/sales/a.csv", SALES)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, lake.uri], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert worker.stdout
    for line in worker.stdout:
        if line.strip() == stage:
            worker.send_signal(signal.SIGKILL)
            break
    worker.wait()
    worker.stdout.close()
    assert take(lake, key) in ("imported", "unchanged", "known", "gone")
    assert len(lake.versions("sales")) == 1
    assert lake.read("sales")["quantity"].sum() == 7
    assert waiting(lake) == []
    [done] = lake.objects.list("incoming/done/")
    assert lake.objects.get(done) == SALES


def test_a_file_written_anew_while_it_is_read_stays(lake: Lake) -> None:
    key = drop(lake, "incoming/sales/a.csv", SALES)
    before = whole_files.stamp(lake, key)
    drop(lake, key, LATER)
    assert before is not None
    assert not whole_files.move(lake, key, "incoming/done/x.csv", before)
    assert lake.objects.get(key) == LATER
    assert not whole_files.move(lake, "incoming/none.csv", "incoming/done/x.csv", before)


def test_the_folder_of_links_is_left_empty(lake: Lake) -> None:
    take(lake, drop(lake, "incoming/sales/a.csv", SALES))
    assert list((Path(lake.uri) / ".incoming").iterdir()) == []


def test_masters_are_taken_before_what_names_them(lake: Lake) -> None:
    for key in ("incoming/a.csv", "incoming/sales/a.csv", "incoming/locations/z.csv", "incoming/.DS_Store"):
        path = Path(lake.uri) / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    assert waiting(lake) == ["incoming/locations/z.csv", "incoming/a.csv", "incoming/sales/a.csv"]


def s3_message(key: str, name: str = "ObjectCreated:Put", bucket: str = "lake") -> str:
    s3 = {"bucket": {"name": bucket}, "object": {"key": quote_plus(key, safe="/"), "size": 1}}
    return json.dumps({"Records": [{"eventSource": "aws:s3", "eventName": name, "s3": s3}]})


def test_keys_of_a_notification_are_decoded(lake: Lake) -> None:
    key = "north/incoming/sales/Größe + week 47 (1).csv"
    assert dropped_keys(s3_message(key), "s3://lake/north") == ["incoming/sales/Größe + week 47 (1).csv"]
    wrapped = json.dumps({"Type": "Notification", "Message": s3_message(key)})
    assert dropped_keys(wrapped, "s3://lake/north/") == ["incoming/sales/Größe + week 47 (1).csv"]
    bridge = {"bucket": {"name": "lake"}, "object": {"key": "incoming/a b.csv"}}
    event = {"source": "aws.s3", "detail-type": "Object Created", "detail": bridge}
    assert dropped_keys(json.dumps(event), "s3://lake") == ["incoming/a b.csv"]
    assert dropped_keys(json.dumps(event | {"detail-type": "Object Deleted"}), "s3://lake") == []


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("incoming/done/2026-11-23/a.csv", "ObjectCreated:Copy"),
        ("incoming/a.csv.errors.csv", "ObjectCreated:Put"),
        ("incoming/sales/", "ObjectCreated:Put"),
        ("incoming/sales/a.csv.part", "ObjectCreated:Put"),
        ("incoming/~$book.xlsx", "ObjectCreated:Put"),
        ("incoming/a.csv", "ObjectRemoved:Delete"),
        ("sales/x.parquet", "ObjectCreated:Put"),
    ],
)
def test_what_is_not_dropped_is_passed_over(key: str, name: str) -> None:
    assert dropped_keys(s3_message(key, name), "s3://lake") == []
    assert name.startswith("ObjectRemoved") or not is_dropped(key)


def test_the_test_event_of_s3_is_no_poison() -> None:
    assert (
        dropped_keys('{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "lake"}', "s3://lake") == []
    )


@pytest.mark.parametrize("body", ["{", "[]", '{"Records": [{}]}', '{"eventType": "sale"}', "7"])
def test_a_message_of_somebody_else_is_poison(body: str, lake: Lake) -> None:
    with pytest.raises(JobError, match="no S3 notification"):
        take_message(lake, body, at=AT)


def test_a_message_of_another_bucket_is_poison() -> None:
    with pytest.raises(JobError, match="of bucket 'other'"):
        dropped_keys(s3_message("incoming/a.csv", bucket="other"), "s3://lake")


@pytest.mark.s3
@pytest.mark.xdist_group("s3")
def test_on_s3_a_notification_imports_a_file_once(s3_server) -> None:  # type: ignore[no-untyped-def]
    lake = Lake(s3_server.fresh_uri(), s3_server.options)
    key = drop(lake, "incoming/sales/week 47+48.csv", SALES)
    told = s3_message(f"{lake.uri.rpartition('/')[2]}/{key}")
    [done] = take_message(lake, told, at=AT)
    assert (done.outcome, done.rows) == ("imported", 2)
    assert lake.objects.get(done.moved_to) == SALES
    assert take_message(lake, told, at=AT)[0].outcome == "gone"
    assert waiting(lake) == []
    refused = take_file(lake, drop(lake, key, WRONG), at=AT)
    assert refused.errors == 3
    assert sorted(lake.objects.list(key)) == sorted([key, *refused.reports])
    stamp = whole_files.stamp(lake, key)
    assert stamp
    drop(lake, key, LATER)
    assert not whole_files.move(lake, key, "incoming/done/x.csv", stamp)
    assert whole_files._copy(lake.store, key, "incoming/done/x.csv", stamp) is False  # type: ignore[arg-type]
    lost = drop(lake, "incoming/sales/week 49.csv", LATER)
    poison = PoisonRecord("m-1", s3_message(f"{lake.uri.rpartition('/')[2]}/{lost}"), "out of time", ())
    other = PoisonRecord("m-2", s3_message(lost, bucket="other"), "out of time", ())
    letters = [keep_poison(lake, "incoming", each, each, at=AT) for each in (poison, other)]
    told = replay(lake, letters, author="ana", at=AT)
    assert told.accepted == (letters[0],)
    assert "of bucket 'other'" in told.refused[letters[1]]
    assert lake.read("sales")["quantity"].sum() == 70
    large = drop(lake, "incoming/large.bin", bytes(20 << 20))  # fetched and copied in parts
    stamp = whole_files.stamp(lake, large)
    assert stamp
    with whole_files.fetched(lake, large) as file:
        assert file.stat().st_size == 20 << 20
    assert whole_files._copy(lake.store, large, "incoming/done/x.bin", '"0"') is False  # type: ignore[arg-type]
    assert whole_files.move(lake, large, "incoming/done/large.bin", stamp)
    assert len(lake.objects.get("incoming/done/large.bin")) == 20 << 20
    with pytest.raises(NoSuchObject), whole_files.fetched(lake, large):
        pass
    nowhere = Lake("s3://no-such-bucket/x", s3_server.options)
    assert whole_files.stamp(nowhere, key) is None
    with pytest.raises(LakeUnavailable, match="no-such-bucket"):
        nowhere.objects.list("incoming/")
