"""Is what is stored what was written? Sizes at every local read, SHA-256 on demand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from data_lake.errors import CorruptObject, LakeUnavailable, NoSuchObject
from data_lake.files import FileEntry
from data_lake.objects import LocalObjects, Objects
from data_lake.versions import Version


def check_sizes(local: LocalObjects, version: Version, files: Sequence[FileEntry]) -> None:
    """Raise `CorruptObject` for the first file that is missing or has another size than was written.

    On S3 this would cost a request a file; there a truncated Parquet file fails to open: see `damage`.
    """
    for file in files:
        try:
            size = local.path(file.key).stat().st_size
        except FileNotFoundError:
            raise _corrupt(version, file, "is missing") from None
        except OSError as error:
            raise LakeUnavailable(
                f"cannot read {local.path(file.key)}: {error}. Check permissions"
            ) from error
        if size != file.size:
            raise _corrupt(version, file, f"has {size} bytes instead of {file.size}")


def damage(objects: Objects, version: Version, files: Sequence[FileEntry]) -> Iterator[CorruptObject]:
    """Read files whole and yield those that are not what was written."""
    for file in files:
        try:
            body = objects.get(file.key)
        except NoSuchObject:
            yield _corrupt(version, file, "is missing")
            continue
        if len(body) != file.size:
            yield _corrupt(version, file, f"has {len(body)} bytes instead of {file.size}")
        elif hashlib.sha256(body).hexdigest() != file.sha256:
            yield _corrupt(version, file, "holds other bytes than were written")


def _corrupt(version: Version, file: FileEntry, reason: str) -> CorruptObject:
    return CorruptObject(version.table, version.number, file.key, reason)
