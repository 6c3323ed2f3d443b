"""Objects as files: written aside, synced, then linked into place in one step."""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from data_lake.errors import LakeUnavailable, NoSuchObject
from data_lake.keys import check_key

_TEMPORARY = ".tmp"
_STALE_SECONDS = 3600.0
_MAPPED = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)
_DELETED_AT_ONCE = 50
"""Lists wait for so many deletions at most."""


class LocalObjects:
    """Objects as files below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.abspath(root.expanduser()))
        self._swept = False

    def path(self, key: str) -> Path:
        """Return the file of an object."""
        return self.root / check_key(key)

    def address(self, key: str) -> str:
        """Return where any Parquet reader finds the object."""
        return str(self.path(key))

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

    def mapped(self, key: str) -> memoryview:
        """Return the object's bytes where the system holds them: nothing is copied."""
        try:
            with self.path(key).open("rb") as file:
                return memoryview(mmap.mmap(file.fileno(), 0, flags=_MAPPED, prot=mmap.PROT_READ))
        except (OSError, ValueError):  # it is gone, it is empty, or the file system cannot
            return memoryview(self.get(key))

    def list(self, prefix: str, *, start_after: str = "") -> list[str]:
        """Return keys by prefix, sorted; files being written are never among them.

        Nothing is deleted meanwhile: a walk that met a folder while files come and go could miss a file and
        the one that replaces it, and so what both hold.
        """
        folder = prefix.rpartition("/")[0]
        if folder:
            check_key(folder)

        def refuse(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                raise self._unavailable(error, "list", prefix) from error

        def may_hold(below: str) -> bool:
            return (below.startswith(prefix) or prefix.startswith(below)) and (
                below > start_after or start_after.startswith(below)
            )

        keys = []
        above = len(os.path.join(self.root, ""))
        with self._folder_lock(fcntl.LOCK_SH):
            for parent, folders, files in os.walk(self.root / folder, onerror=refuse):
                relative = parent[above:].replace(os.sep, "/")
                base = relative + "/" if relative else ""
                folders[:] = [n for n in folders if not n.startswith(".") and may_hold(f"{base}{n}/")]
                keys += [base + name for name in files if not name.startswith(".")]
        return sorted(key for key in keys if key.startswith(prefix) and key > start_after)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects."""
        names = list(keys)  # now: whoever lists while iterating would wait for itself
        for start in range(0, len(names), _DELETED_AT_ONCE):
            with self._folder_lock(fcntl.LOCK_EX):
                for key in names[start : start + _DELETED_AT_ONCE]:
                    self._unlink(key)

    def _unlink(self, key: str) -> None:
        try:
            self.path(key).unlink(missing_ok=True)
        except NotADirectoryError:
            return
        except OSError as error:
            raise self._unavailable(error, "delete", key) from error

    @contextmanager
    def _folder_lock(self, how: int) -> Iterator[None]:
        """Hold the lake's folder: shared to list, alone to delete; the system frees it if this dies."""
        try:
            descriptor = os.open(self.root, os.O_RDONLY)
        except FileNotFoundError:
            yield  # no folder yet: nothing to miss
            return
        except OSError as error:
            raise self._unavailable(error, "open", "") from error
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)

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
