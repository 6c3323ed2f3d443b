"""Copy a lake from a folder into the emulated bucket."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from data_lake.objects import Objects

_COPIERS = 8


def copy_objects(source: Objects, target: Objects) -> int:
    """Copy every object under its own name, before anybody reads; returns how many there are.

    Objects are immutable and name each other relative to the lake, so names and bytes are all there is.
    """
    keys = source.list("")
    with ThreadPoolExecutor(_COPIERS) as copiers:
        list(copiers.map(lambda key: target.put_new(key, source.get(key)), keys))
    return len(keys)
