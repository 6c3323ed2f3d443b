"""Files that somebody else puts into the lake's place: fetched and moved without holding them in memory.

Everything of the lake itself is immutable; a dropped file may be written anew under its name at any moment.
So each step knows the content that it means by a stamp (ETag; size and time on a disk), and a file that
changed meanwhile is left where it is.
"""

from __future__ import annotations

import errno
import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data_lake.errors import LakeUnavailable, NoSuchObject
from data_lake.lake import Lake
from data_lake.objects import LocalObjects, S3Objects

_LINKS = ".incoming"
"""Hidden from listings, on the file system of the lake."""

_STALE_SECONDS = 86_400.0


def stamp(lake: Lake, key: str) -> str | None:
    """Return what tells one content of a key from the next; None: there is nothing under the key."""
    store = lake.store
    if isinstance(store, LocalObjects):
        try:
            found = store.path(key).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return f"{found.st_size}-{found.st_mtime_ns}-{found.st_ino}"
    head = _head(store, key)
    return None if head is None else str(head["ETag"])


@contextmanager
def fetched(lake: Lake, key: str) -> Iterator[Path]:
    """Give a file with the content of a key, which nobody else moves away: a link, or a copy of S3's.

    Raises
    ------
    NoSuchObject
        Nothing is there (any more).
    LakeUnavailable
        It cannot be read.
    """
    store = lake.store
    if isinstance(store, LocalObjects):
        folder = store.root / _LINKS
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        link = folder / f"{os.getpid()}-{uuid.uuid4().hex}"
        try:
            os.link(store.path(key), link)
        except FileNotFoundError:
            raise NoSuchObject(key) from None
        except OSError as error:
            raise _disk_failed(error, f"link {store.path(key)} into {folder}") from error
        try:
            yield link
        finally:
            link.unlink(missing_ok=True)
        return
    with tempfile.TemporaryDirectory(prefix="shelfcast-fetch-") as temporary:
        target = Path(temporary) / "file"
        try:
            store.client.download_file(store.bucket, store.prefix + key, str(target))
        except _s3_errors() as error:
            if _status(error) == 404:
                raise NoSuchObject(key) from None
            raise store.unavailable(error, "read", key) from error
        yield target


def _sweep(folder: Path) -> None:
    """Remove links that a killed worker left; a link's own date is that of its making."""
    oldest = time.time() - _STALE_SECONDS
    for left in folder.iterdir():
        try:
            if left.stat().st_ctime < oldest:
                left.unlink()
        except FileNotFoundError:
            continue


def move(lake: Lake, key: str, to: str, expected: str) -> bool:
    """Copy a file to another key, then delete it; done again after a kill it ends the same.

    Parameters
    ----------
    lake
        Where both keys are.
    key, to
        From and to. Whatever is under `to` already is taken for the same content: name it by its content.
    expected
        The stamp of the content that is meant.

    Returns
    -------
    bool
        False: the key holds another content now, or nothing, and stays as it is.
    """
    if stamp(lake, key) != expected:
        return False
    store = lake.store
    copied = _link(store, key, to) if isinstance(store, LocalObjects) else _copy(store, key, to, expected)
    if not copied or stamp(lake, key) != expected:
        return False
    lake.objects.delete([key])
    return True


def _link(store: LocalObjects, key: str, to: str) -> bool:
    source, target = store.path(key), store.path(to)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileExistsError:
        return True
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _disk_failed(error, f"move {source} to {target}") from error
    for folder in (target.parent, target.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return True


def _copy(store: S3Objects, key: str, to: str, expected: str) -> bool:
    try:
        # in parts where the object is large; S3 refuses if the content is another by now
        store.client.copy(
            {"Bucket": store.bucket, "Key": store.prefix + key},
            store.bucket,
            store.prefix + to,
            ExtraArgs={"CopySourceIfMatch": expected},
        )
    except _s3_errors() as error:
        if _status(error) in (404, 412):
            return False
        raise store.unavailable(error, "write", to) from error
    return True


def _head(store: S3Objects, key: str) -> dict[str, Any] | None:
    try:
        answer: dict[str, Any] = store.client.head_object(Bucket=store.bucket, Key=store.prefix + key)
    except _s3_errors() as error:
        if _status(error) == 404:
            return None
        raise store.unavailable(error, "read", key) from error
    return answer


def _disk_failed(error: OSError, act: str) -> LakeUnavailable:
    reason = os.strerror(error.errno or errno.EIO)
    return LakeUnavailable(f"cannot {act}: {reason}. The file is where it was")


def _status(error: Exception) -> int:
    response = getattr(error, "response", None) or {}
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _s3_errors() -> tuple[type[Exception], ...]:
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    return (BotoCoreError, ClientError, Boto3Error)
