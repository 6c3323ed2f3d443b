"""Storage tests run on a disk and against a real S3 server over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from data_lake.lake import Lake
from data_lake.objects import Objects, open_objects


@dataclass(frozen=True)
class Address:
    """Where a lake is: `Lake(address.uri, address.options)`."""

    uri: str
    options: Mapping[str, str] | None

    def lake(self, objects: Objects | None = None) -> Lake:
        return Lake(self.uri, self.options, objects=objects)

    def objects(self) -> Objects:
        return open_objects(self.uri, self.options)


S3 = pytest.param("s3", marks=[pytest.mark.s3, pytest.mark.xdist_group("s3")])


@pytest.fixture(params=["disk", S3])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Address:
    """A fresh address, once on disk and once on S3."""
    if request.param == "disk":
        return Address(f"file://{tmp_path}/lake", None)
    server = request.getfixturevalue("s3_server")
    return Address(server.fresh_uri(), server.options)


@pytest.fixture
def any_lake(address: Address) -> Lake:
    """An empty lake, once on disk and once on S3."""
    return address.lake()
