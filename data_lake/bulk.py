"""Parquet files of a lake on S3: created through s3fs, where outside readers find the same filesystem.

On a disk files go through the four verbs of `data_lake.objects` like all else: fsspec's local filesystem
creates a file by looking first and overwriting then, and never syncs, so that of two writers both could win
and a power cut could leave half a file. On S3 s3fs sends the same `If-None-Match: *` as boto3 and splits
large files into parts; see docs/adr/0006.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import Any

from data_lake.errors import LakeError
from data_lake.objects import LocalObjects, S3Objects
from data_lake.s3 import Refused

_PART_BYTES = 64 * 2**20
_PARTS_AT_ONCE = 4


class FileSystem:
    """The fsspec filesystem of a store, opened at the first use (s3fs takes most of a second to import)."""

    def __init__(self, store: LocalObjects | S3Objects) -> None:
        self._store = store
        self._opening = threading.Lock()
        self._opened: Any = None
        self._process = 0

    def open(self) -> Any:
        """Return the filesystem; a forked child gets its own, as s3fs' event loop stays with its parent."""
        if isinstance(self._store, LocalObjects):
            from fsspec.implementations.local import LocalFileSystem

            return LocalFileSystem()
        with self._opening:
            if self._opened is None or self._process != os.getpid():
                from s3fs import S3FileSystem

                self._opened = S3FileSystem(
                    **self._store.fsspec_options(),
                    use_listings_cache=False,  # other writers add files
                    skip_instance_cache=True,  # fsspec would open one a thread
                    default_block_size=5 * 2**20,
                )
                self._opened.retries = 2  # times the four of botocore: not minutes on a dead line
                self._process = os.getpid()
        return self._opened


class BulkObjects:
    """Objects of a lake on S3: Parquet files are created through s3fs, all else goes through boto3."""

    def __init__(self, objects: S3Objects, filesystem: FileSystem) -> None:
        self._objects = objects
        self._filesystem = filesystem

    def put_new(self, key: str, body: bytes) -> bool:
        """Create `key`; False if it exists. Files of 128 MiB and more are sent in parts, four at once."""
        if not key.endswith(".parquet"):
            return self._objects.put_new(key, body)
        path = self._objects.path(key)
        return self._objects.created(key, lambda: self._create(key, path, body))

    def _create(self, key: str, path: str, body: bytes) -> None:
        from botocore.exceptions import BotoCoreError
        from s3fs.core import S3_RETRYABLE_ERRORS

        try:
            self._filesystem.open().pipe_file(
                path, body, mode="create", chunksize=_PART_BYTES, max_concurrency=_PARTS_AT_ONCE
            )
        except (OSError, BotoCoreError, *S3_RETRYABLE_ERRORS) as error:
            # s3fs translates an answer of S3, each server's in its own way: go by the answer itself
            if not hasattr(error.__cause__, "response"):
                raise self._objects.unavailable(error, "write", key) from error
            refused = Refused(error.__cause__)
            # an upload completes but its answer is lost: then s3fs, tidying up, finds no upload but the file
            if refused.code == "NoSuchUpload" and key in self._objects.list(key):
                raise FileExistsError(key) from error
            raise refused from error
        except ValueError as error:
            raise LakeError(f"cannot reach s3://{self._objects.bucket}: {error}") from error

    def get(self, key: str) -> bytes:
        """Return the object's bytes."""
        return self._objects.get(key)

    def list(self, prefix: str, *, start_after: str = "") -> list[str]:
        """Return keys by prefix, sorted."""
        return self._objects.list(prefix, start_after=start_after)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects."""
        self._objects.delete(keys)
