"""Objects of a lake on S3 created and read: boto3 against s3fs, in turns within one run (docs/adr/0006).

`SHELFCAST_S3=s3://bucket/prefix python -m bench.lake_on_s3 [--quick]`, with credentials and endpoint in the
environment. Everything lies below a fresh prefix and is deleted in the end.
"""

from __future__ import annotations

import os
import statistics
import uuid
from collections.abc import Callable

from bench.report import Report, arguments, calibration_seconds, cpu_seconds, wall_seconds
from data_lake.lake import Lake
from data_lake.objects import open_objects

MIB = 2**20


def measure(report: Report, lake: Lake, size: int, count: int, rounds: int) -> None:
    """Put and get `count` objects of `size` bytes both ways, `rounds` times in turns."""
    small = open_objects(lake.uri)
    bodies = [os.urandom(size) for _ in range(count)]
    speeds: dict[str, list[float]] = {}
    cpu: dict[str, list[float]] = {}

    def timed(name: str, act: Callable[..., object], items: list[tuple[object, ...]]) -> None:
        before = cpu_seconds()
        seconds = wall_seconds(lambda: [act(*item) for item in items], 1)
        speeds.setdefault(name, []).append(size * count / 1e6 / seconds)
        cpu.setdefault(name, []).append((cpu_seconds() - before) * 1e9 / (size * count))

    for _ in range(rounds):
        keys = [f"bench/{uuid.uuid4().hex}.parquet" for _ in bodies]
        others = [f"bench/{uuid.uuid4().hex}.parquet" for _ in bodies]
        timed("put.s3fs", lake.objects.put_new, list(zip(keys, bodies, strict=True)))
        timed("put.boto3", small.put_new, list(zip(others, bodies, strict=True)))
        timed("get.s3fs", lake.filesystem.cat_file, [(str(lake.store.path(key)),) for key in keys])
        timed("get.boto3", small.get, [(key,) for key in keys])
        small.delete([*keys, *others])
    for name, values in speeds.items():
        label = f"{name}.{size // 1024}_KiB"
        report.figure(label, statistics.median(values), "MB/s", cpu_ms_per_mb=statistics.median(cpu[name]))


def main() -> None:
    """Measure small, usual and large objects."""
    quick = arguments(__doc__ or "").quick
    address = os.environ.get("SHELFCAST_S3")
    if not address:
        raise SystemExit("set SHELFCAST_S3=s3://bucket/prefix to a place on S3 that may be written to")
    report = Report("lake_on_s3")
    lake = Lake(f"{address.rstrip('/')}/{uuid.uuid4().hex}")
    lake.objects.put_new("bench/first.parquet", b"")  # opens both clients
    lake.objects.delete(["bench/first.parquet"])
    for size, count in ((64 * 1024, 20), (MIB, 20), (20 * MIB, 3)):
        measure(report, lake, size, count, 3)
    if not quick:
        measure(report, lake, 256 * MIB, 1, 3)
    report.figure("calibration", calibration_seconds(), "s CPU")
    report.close()


if __name__ == "__main__":
    main()
