"""What docs/lake.md shows is true."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from data_lake.demo import build
from data_lake.lake import Lake

PAGE = Path(__file__).parents[2] / "docs" / "lake.md"


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    build(Lake("demo-lake"), skus=8, stores=2, dcs=1, days=120)
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert (failed, tried > 20) == (0, True)
