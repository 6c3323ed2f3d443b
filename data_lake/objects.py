"""Four verbs on immutable objects: on a disk through link(2), on S3 through `If-None-Match: *`.

All that ingest imports: the standard library, and boto3 only when an S3 lake is used. An object is never
changed after `put_new` returned; whoever needs one winner creates the same key and sees who did. A lake on S3
writes its Parquet files through s3fs instead: see `data_lake.bulk`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlparse

from data_lake.errors import LakeError
from data_lake.local import LocalObjects
from data_lake.s3 import S3Objects

__all__ = ["LocalObjects", "Objects", "S3Objects", "open_objects"]


class Objects(Protocol):
    """Named, immutable byte strings."""

    def put_new(self, key: str, body: bytes) -> bool:
        """Create `key` durably; False if it exists already.

        A lost acknowledgement followed by a retry reports False for one's own write: with content-named keys
        that is success, elsewhere read the object and compare.
        """
        ...

    def get(self, key: str) -> bytes:
        """Return the object; `NoSuchObject` if there is none."""
        ...

    def list(self, prefix: str, *, start_after: str = "") -> list[str]:
        """Return the keys that begin with `prefix` and sort after `start_after`, sorted."""
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; those that do not exist are passed over."""
        ...


def open_objects(uri: str, storage_options: Mapping[str, str] | None = None) -> LocalObjects | S3Objects:
    """Open the objects below a `file://` or `s3://` address, or below a plain path."""
    url = urlparse(uri)
    if url.scheme == "s3":
        if not url.netloc:
            raise LakeError(f"lake address {uri!r} names no bucket: write s3://bucket/prefix")
        return S3Objects(url.netloc, url.path.strip("/"), storage_options)
    if url.scheme == "file":
        if url.netloc not in ("", "localhost"):
            raise LakeError(
                f"lake address {uri!r} has two slashes before a relative path: write file:///path"
            )
        return LocalObjects(Path(unquote(url.path)))
    if "://" in uri or not uri:
        raise LakeError(
            f"lake address {uri!r} is not understood: write s3://bucket/prefix, file:///path or a path"
        )
    return LocalObjects(Path(uri))
