"""Which code made a plan: the package's version and a hash of the sources that decide its numbers."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import engine
import jobs

SOURCES = (engine, jobs)


@cache
def code_version() -> str:
    """Return e.g. `0.1.0+3f2a9c01`; any change of the engine or the jobs changes it."""
    digest = hashlib.sha256()
    for package in SOURCES:
        root = Path(package.__path__[0])
        for path in sorted(root.rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{version('shelfcast')}+{digest.hexdigest()[:8]}"
