"""A file as a person would bring it, into a lake in a temporary folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from data_lake.importers.load import Loaded, load
from data_lake.importers.look import Look, look
from data_lake.importers.mapping import Mapping
from data_lake.importers.mapping_yaml import from_yaml
from data_lake.lake import Lake

TODAY = date(2026, 11, 23)
Bring = Callable[..., Loaded]
Inspect = Callable[..., Look]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def inspect(lake: Lake, tmp_path: Path) -> Inspect:
    """Look at a file (text or bytes): `inspect(content, "sales.csv", kind="sales")`."""

    def run(
        content: str | bytes, name: str = "file.csv", kind: str | None = None, mapping: str | None = None
    ) -> Look:
        path = tmp_path / "given"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return look(lake, path, name, kind, from_yaml(mapping) if mapping else None, today=TODAY)

    return run


@pytest.fixture
def bring(lake: Lake, inspect: Inspect, tmp_path: Path) -> Bring:
    """Load a file by a mapping (YAML), or by what it is guessed to be."""

    def run(
        content: str | bytes,
        name: str = "file.csv",
        mapping: str | Mapping | None = None,
        kind: str | None = None,
        **options: object,
    ) -> Loaded:
        path = tmp_path / "given"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        if isinstance(mapping, str):
            mapping = from_yaml(mapping)
        chosen = mapping or inspect(content, name, kind).mapping
        return load(lake, path, name, chosen, today=TODAY, **options)

    return run
