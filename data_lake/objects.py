"""Four verbs on immutable objects: on a disk through link(2), on S3 through `If-None-Match: *`.

All that ingest imports: the standard library, and boto3 only when an S3 lake is opened. An object is never
changed after `put_new` returned; whoever needs one winner creates the same key and sees who did.
"""

from __future__ import annotations

import errno
import os
import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlparse

from data_lake.errors import LakeError, LakeUnavailable, NoSuchObject

_TEMPORARY = ".tmp"
_STALE_SECONDS = 3600.0
_CONFLICT_RETRIES = 8

S3_OPTIONS = (
    "endpoint_url",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "region_name",
)
"""Names that `storage_options` may hold (boto3's); what is left out comes from the environment."""


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


def check_key(key: str) -> str:
    """Return `key` if it is a relative path of plain names; `LakeError` otherwise.

    Examples
    --------
    >>> check_key("sales/month=2026-01/ab.parquet")
    'sales/month=2026-01/ab.parquet'
    """
    parts = key.split("/")
    if not key or "\\" in key or any(not part or part.startswith(".") or "\0" in part for part in parts):
        raise LakeError(
            f"object key {key!r} must be names joined by '/': not empty, not absolute, no name that is "
            f"empty or begins with '.'"
        )
    return key


def open_objects(uri: str, storage_options: Mapping[str, str] | None = None) -> Objects:
    """Open the objects below a `file://` or `s3://` address, or below a plain path."""
    url = urlparse(uri)
    if url.scheme == "s3":
        if not url.netloc:
            raise LakeError(f"lake address {uri!r} names no bucket: write s3://bucket/prefix")
        return S3Objects(url.netloc, url.path.strip("/"), storage_options)
    if url.scheme == "file":
        return LocalObjects(Path(unquote(url.path)))
    if "://" in uri or not uri:
        raise LakeError(
            f"lake address {uri!r} is not understood: write s3://bucket/prefix, file:///path or a path"
        )
    return LocalObjects(Path(uri))


class LocalObjects:
    """Objects as files below a folder: written aside, synced, then linked into place in one step."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.abspath(root.expanduser()))
        self._swept = False

    def path(self, key: str) -> Path:
        """Return the file of an object."""
        return self.root / check_key(key)

    def put_new(self, key: str, body: bytes) -> bool:
        """Create `key`; False if it exists. Never visible before it is whole and on disk."""
        target = self.path(key)
        temporary = self.root / _TEMPORARY / f"{os.getpid()}-{uuid.uuid4().hex}"
        try:
            if target.exists():
                return False
            self._make_folder(temporary.parent)
            self._sweep(temporary.parent)
            self._make_folder(target.parent)
            try:
                with temporary.open("xb") as file:
                    file.write(body)
                    file.flush()
                    os.fsync(file.fileno())
                os.link(temporary, target)
            finally:
                temporary.unlink(missing_ok=True)
            _sync_folder(target.parent)
        except FileExistsError:
            return False
        except OSError as error:
            raise self._unavailable(error, "write", key) from error
        return True

    def get(self, key: str) -> bytes:
        """Return the object's bytes."""
        try:
            return self.path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise NoSuchObject(key) from None
        except OSError as error:
            raise self._unavailable(error, "read", key) from error

    def list(self, prefix: str, *, start_after: str = "") -> list[str]:
        """Return keys by prefix, sorted; files being written are never among them."""
        folder = prefix.rpartition("/")[0]
        if folder:
            check_key(folder)

        def refuse(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                raise self._unavailable(error, "list", prefix) from error

        keys = []
        for parent, folders, files in os.walk(self.root / folder, onerror=refuse):
            folders[:] = [name for name in folders if not name.startswith(".")]
            relative = os.path.relpath(parent, self.root).replace(os.sep, "/")
            base = "" if relative == "." else relative + "/"
            keys += [base + name for name in files if not name.startswith(".")]
        return sorted(key for key in keys if key.startswith(prefix) and key > start_after)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects."""
        for key in keys:
            try:
                self.path(key).unlink(missing_ok=True)
            except NotADirectoryError:
                continue
            except OSError as error:
                raise self._unavailable(error, "delete", key) from error

    def _make_folder(self, folder: Path) -> None:
        missing = [folder]
        while not missing[-1].exists():
            missing.append(missing[-1].parent)
        folder.mkdir(parents=True, exist_ok=True)
        # a crash must not lose the folder that a durable file is in
        for parent in missing[1:]:
            _sync_folder(parent)

    def _sweep(self, folder: Path) -> None:
        """Remove what a killed writer left, once a process."""
        if self._swept:
            return
        self._swept = True
        oldest = time.time() - _STALE_SECONDS
        for left in folder.iterdir():
            try:
                if left.stat().st_mtime < oldest:
                    left.unlink()
            except FileNotFoundError:
                continue  # another process swept it

    def _unavailable(self, error: OSError, verb: str, key: str) -> LakeUnavailable:
        path = self.root / key
        checks = {
            errno.ENOSPC: "the disk is full: free space, then run the same command again",
            errno.EDQUOT: "the disk quota is used up: free space, then run the same command again",
            errno.EFBIG: "the file would be larger than this system allows: check `ulimit -f`",
            errno.EACCES: "permission denied: check who owns the folder",
            errno.EPERM: "not permitted: check who owns the folder, and that its file system has hard links",
            errno.EOPNOTSUPP: "the file system has no hard links: put the lake on a local disk or on S3",
            errno.EROFS: "the file system is read-only",
            errno.EMFILE: "too many open files: check `ulimit -n`",
            errno.ENOTDIR: "a part of the path is a file: check the lake's address",
        }
        reason = checks.get(error.errno or 0, f"{error.strerror or error}: check the disk")
        return LakeUnavailable(f"cannot {verb} {path}: {reason}. Nothing was half-written")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class S3Objects:
    """Objects in an S3 bucket, below a prefix."""

    def __init__(self, bucket: str, prefix: str = "", options: Mapping[str, str] | None = None) -> None:
        unknown = set(options or ()) - set(S3_OPTIONS)
        if unknown:
            raise LakeError(f"storage option {sorted(unknown)} is not known; known are {list(S3_OPTIONS)}")
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.options = dict(options or {})
        self._opening = threading.Lock()
        self._client: Any = None

    @property
    def client(self) -> Any:
        """The boto3 client, made at the first use (boto3 takes most of a second to import)."""
        with self._opening:  # boto3 clients are thread-safe, making one is not
            if self._client is None:
                import boto3
                from botocore.config import Config

                config = Config(
                    retries={"mode": "standard", "total_max_attempts": 4},
                    connect_timeout=5,
                    read_timeout=60,
                    max_pool_connections=32,
                )
                self._client = boto3.client("s3", config=config, **self.options)
        return self._client

    def put_new(self, key: str, body: bytes) -> bool:
        """Create `key`; False if it exists."""
        check_key(key)
        for attempt in range(_CONFLICT_RETRIES):
            try:
                self._call("put_object", key, Body=body, IfNoneMatch="*")
            except _Refused as refused:
                if refused.status == 412:
                    return False
                # 409: another conditional write of this key was under way; its outcome decides
                if refused.status != 409 or attempt + 1 == _CONFLICT_RETRIES:
                    raise self._unavailable(refused.error, "write", key) from refused.error
                time.sleep(0.02 * 2**attempt)
            else:
                return True
        raise AssertionError("unreachable")

    def get(self, key: str) -> bytes:
        """Return the object's bytes."""
        check_key(key)
        try:
            answer = self._call("get_object", key)
            body: bytes = answer["Body"].read()
        except _Refused as refused:
            if refused.status == 404 and refused.code in ("NoSuchKey", "404"):
                raise NoSuchObject(key) from None
            raise self._unavailable(refused.error, "read", key) from refused.error
        except Exception as error:
            raise self._unavailable(error, "read", key) from error
        return body

    def list(self, prefix: str, *, start_after: str = "") -> list[str]:
        """Return keys by prefix, sorted."""
        keys: list[str] = []
        more: dict[str, str] = {"StartAfter": self.prefix + start_after} if start_after else {}
        while True:
            try:
                answer = self._call("list_objects_v2", None, Prefix=self.prefix + prefix, **more)
            except _Refused as refused:
                raise self._unavailable(refused.error, "list", prefix) from refused.error
            keys += [item["Key"][len(self.prefix) :] for item in answer.get("Contents", [])]
            if not answer.get("IsTruncated"):
                return sorted(keys)
            more = {"ContinuationToken": answer["NextContinuationToken"]}

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects, a thousand a request."""
        names = [self.prefix + check_key(key) for key in keys]
        for start in range(0, len(names), 1000):
            batch = [{"Key": name} for name in names[start : start + 1000]]
            try:
                answer = self._call("delete_objects", None, Delete={"Objects": batch, "Quiet": True})
            except _Refused as refused:
                raise self._unavailable(refused.error, "delete", batch[0]["Key"]) from refused.error
            if answer.get("Errors"):
                first = answer["Errors"][0]
                raise LakeUnavailable(
                    f"cannot delete s3://{self.bucket}/{first.get('Key')}: {first.get('Code')} {first.get('Message')}"
                )

    def _call(self, verb: str, key: str | None, **arguments: Any) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        if key is not None:
            arguments["Key"] = self.prefix + key
        try:
            answer: dict[str, Any] = getattr(self.client, verb)(Bucket=self.bucket, **arguments)
        except ClientError as error:
            raise _Refused(error) from error
        except BotoCoreError as error:
            raise self._unavailable(error, verb, key or "") from error
        return answer

    def _unavailable(self, error: Exception, verb: str, key: str) -> LakeUnavailable:
        code = getattr(error, "response", {}).get("Error", {}).get("Code", type(error).__name__)
        checks = {
            "NoSuchBucket": "the bucket does not exist: check the lake's address and region",
            "AccessDenied": "access denied: check the credentials and the bucket's policy",
            "InvalidAccessKeyId": "the access key is not known: check AWS_ACCESS_KEY_ID",
            "SignatureDoesNotMatch": "the secret key is wrong: check AWS_SECRET_ACCESS_KEY",
            "ExpiredToken": "the session has expired: sign in to AWS again",
            "NoCredentialsError": "no AWS credentials found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile",
            "EndpointConnectionError": "nothing answers: check the network and AWS_ENDPOINT_URL_S3",
            "ConnectTimeoutError": "nothing answers: check the network and AWS_ENDPOINT_URL_S3",
            "ReadTimeoutError": "the answer did not come: check the network, then run the same command again",
        }
        reason = checks.get(code, f"{error}: check the network, then run the same command again")
        return LakeUnavailable(f"cannot {verb} s3://{self.bucket}/{self.prefix}{key}: {reason}")


class _Refused(Exception):  # noqa: N818 - private, never leaves this module
    """S3 answered with an error status."""

    def __init__(self, error: Any) -> None:
        super().__init__(str(error))
        self.error: Exception = error
        self.status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        self.code = str(error.response.get("Error", {}).get("Code", ""))
