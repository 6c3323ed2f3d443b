"""Which code made a plan: the package's version and a hash of the sources that decide its numbers."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path

import engine
import jobs
from jobs.kernel_cache import sources_digest


@cache
def code_version() -> str:
    """Return e.g. `0.1.0+3f2a9c01`; any change of the engine or the jobs changes it."""
    folders = [Path(package.__path__[0]) for package in (engine, jobs)]
    return f"{version('shelfcast')}+{sources_digest(folders)[:8]}"
