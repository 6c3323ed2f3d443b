"""Checkpoints in the lake: what was folded, so that the next reader folds only what is new.

A checkpoint is frames, each an object named by its content, and `checkpoints/<20 digits>.json`, created
exclusively, that names them. It is never needed: what is missing, damaged, or written by other versions of
the code or of Polars is passed over, and all is folded anew.
"""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from data_lake.errors import LakeUnavailable, NoSuchObject
from data_lake.facts.layout import FACTS
from data_lake.ledger import HasObjects
from data_lake.objects import Objects

CHECKPOINTS = f"{FACTS}checkpoints/"
FORMAT = 1
PRINTS = "prints"
KEPT = 3
"""Checkpoints that are kept: who reads one has time to finish while newer ones are written."""

_PROBE = pl.DataFrame(
    {"event_id": ["007", "a text longer than sixteen bytes"], "at": [1, 2], "quantity": [0.5, None]}
)


class CheckpointError(Exception):
    """A checkpoint is of no use: damaged, or too much has changed since."""


class Checkpoint:
    """One checkpoint; its frames are read when they are asked for."""

    def __init__(self, objects: Objects, manifest: Mapping[str, Any]) -> None:
        self._objects = objects
        self._manifest = manifest
        self._frames: dict[str, pl.DataFrame] = {}

    @property
    def about(self) -> dict[str, Any]:
        """What was told of it when it was written."""
        about: dict[str, Any] = self._manifest["about"]
        return about

    def frame(self, name: str) -> pl.DataFrame:
        """Return one of its frames; raises `CheckpointError`."""
        if name not in self._frames:
            self._frames[name] = _decoded(self._body(name))
        return self._frames[name]

    @cached_property
    def prints(self) -> npt.NDArray[np.uint64]:
        """The `fingerprints` of its facts sorted by id, [2, n]; raises `CheckpointError`."""
        return np.frombuffer(self._body(PRINTS), dtype=np.uint64).reshape(2, -1)

    def _body(self, name: str) -> memoryview:
        entry = self._manifest["frames"][name]
        read: Callable[[str], bytes | memoryview] = getattr(self._objects, "mapped", self._objects.get)
        try:
            body = memoryview(read(entry["key"]))
        except NoSuchObject as error:
            raise CheckpointError(entry["key"]) from error
        if len(body) != entry["size"] or zlib.crc32(body) != entry["crc32"]:
            raise CheckpointError(entry["key"])
        return body


def newest_checkpoint(lake: HasObjects) -> Checkpoint | None:
    """Return the newest checkpoint; None if there is none that this code can use."""
    for _ in range(KEPT):
        keys = _manifests(lake.objects)
        if not keys:
            return None
        try:
            manifest = json.loads(lake.objects.get(keys[-1]))
        except NoSuchObject:
            continue  # newer ones were written meanwhile
        except ValueError:
            return None
        known = isinstance(manifest, dict) and manifest.get("made_by") == _made_by()
        return Checkpoint(lake.objects, manifest) if known else None
    return None


def write_checkpoint(
    lake: HasObjects,
    frames: Mapping[str, pl.DataFrame],
    prints: npt.NDArray[np.uint64],
    about: Mapping[str, Any],
) -> str | None:
    """Write a checkpoint and forget old ones; None: another was written meanwhile, or writing is refused."""
    objects = lake.objects
    try:
        numbers = [_number(key) for key in _manifests(objects)]
        bodies = {name: _encoded(frame) for name, frame in frames.items()}
        bodies[PRINTS] = prints[:, np.argsort(prints[0], kind="stable")].tobytes()
        entries = {name: _store(objects, body) for name, body in bodies.items()}
        manifest = {"made_by": _made_by(), "about": dict(about), "frames": entries}
        key = f"{CHECKPOINTS}{max(numbers, default=0) + 1:020d}.json"
        body = json.dumps(manifest, sort_keys=True).encode()
        if not objects.put_new(key, body) and objects.get(key) != body:
            return None
        _forget(objects)
    except (LakeUnavailable, NoSuchObject):
        return None
    return key


def _encoded(frame: pl.DataFrame) -> bytes:
    sink = io.BytesIO()
    frame.rechunk().write_ipc(sink)
    return sink.getvalue()


def _decoded(body: memoryview) -> pl.DataFrame:
    """Read a frame where it lies: a checksum was taken of it, and nobody needs a copy."""
    try:
        frame = pl.from_arrow(pa.ipc.open_file(pa.py_buffer(body)).read_all())
    except (pa.ArrowException, pl.exceptions.PolarsError) as error:
        raise CheckpointError("a frame cannot be read") from error
    if not isinstance(frame, pl.DataFrame):
        raise CheckpointError("a frame is not one")
    return frame


def _store(objects: Objects, body: bytes) -> dict[str, Any]:
    key = f"{CHECKPOINTS}{hashlib.sha256(body).hexdigest()}.arrow"
    objects.put_new(key, body)
    return {"key": key, "size": len(body), "crc32": zlib.crc32(body)}


def _forget(objects: Objects) -> None:
    """Delete all but the last checkpoints, and what only they name."""
    keys = _manifests(objects)
    named = {key: _named(objects, key) for key in keys}
    kept = set().union(*(named[key] for key in keys[-KEPT:]))
    old = keys[:-KEPT]
    objects.delete([*old, *sorted(set().union(*(named[key] for key in old)) - kept)])


def _named(objects: Objects, key: str) -> set[str]:
    try:
        return {entry["key"] for entry in json.loads(objects.get(key))["frames"].values()}
    except (NoSuchObject, ValueError, KeyError, TypeError):
        return set()


def _manifests(objects: Objects) -> list[str]:
    return [key for key in objects.list(CHECKPOINTS) if key.endswith(".json")]


def _number(key: str) -> int:
    return int(key[len(CHECKPOINTS) : -len(".json")])


@cache
def _made_by() -> str:
    """Return what must be the same for a checkpoint to count: the fold, and the hashes of this Polars."""
    sources = sorted([*Path(__file__).parent.glob("*fold*.py"), Path(__file__).with_name("feed.py")])
    fold = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    return f"{FORMAT} {fold} {pl.__version__} {fingerprints(_PROBE).tolist()}"


def fingerprints(facts: pl.DataFrame) -> npt.NDArray[np.uint64]:
    """Return 64 bits of the id of each fact, and 64 bits of all that it says, [2, n]."""
    prints = facts["event_id"].hash(FORMAT).to_numpy(), facts.hash_rows(FORMAT + 1).to_numpy()
    return np.stack(prints)
