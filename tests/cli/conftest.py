"""The command line run in process on a lake of its own, and small files to import."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

Shelfcast = Callable[..., Result]


@pytest.fixture
def address(tmp_path: Path) -> str:
    return str(tmp_path / "lake")


@pytest.fixture
def shelfcast(address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shelfcast:
    """Run a command on the lake at `address`, in an empty current folder."""
    from cli.main import app

    monkeypatch.setenv("SHELFCAST_LAKE", address)
    monkeypatch.setenv("SHELFCAST_USER", "ana")
    monkeypatch.setenv("NO_COLOR", "1")
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def sales_csv(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text("date,sku,location,quantity\n2026-01-30,007,A,3\n2026-01-31,007,A,4\n")
    return path


@pytest.fixture(scope="session")
def planned_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo lake with its plan, made once; tests work on copies."""
    from jobs.demo import build_demo

    folder = tmp_path_factory.mktemp("planned") / "lake"
    build_demo(str(folder), skus=8, stores=2, dcs=1, days=150)
    return folder


@pytest.fixture
def planned(planned_demo: Path, address: str) -> str:
    """A copy of the planned demo lake at `address`."""
    shutil.copytree(planned_demo, address)
    return address
