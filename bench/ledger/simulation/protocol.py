"""The shipped code under test, whole or with one line of it broken."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any, Literal

import data_lake.facts

PACKAGE = "data_lake.facts"
MODULES = (
    "ingest",
    "compact",
    "listing",
    "quarantine",
    "settle",
    "landing",
    "rows",
    "layout",
    "checkpoint",
    "checkpoint_known",
)
_KEPT = (f"{PACKAGE}.fact",)
"""Modules that broken code shares with whole code."""


@dataclass(frozen=True)
class Broken:
    """One line of the shipped code, changed for the worse."""

    name: str
    module: str
    shipped: str
    broken: str
    world: Literal["lines", "frames", "stock"] = "lines"
    """The quickest kind of world that runs the line; see `bench.ledger.simulation.run.world`."""


@dataclass(frozen=True)
class Protocol:
    """Modules of `data_lake.facts` that a simulated world calls."""

    ingest: Any
    compact: Any
    listing: Any
    quarantine: Any
    settle: Any
    landing: Any
    rows: Any
    layout: Any
    checkpoint: Any
    checkpoint_known: Any


def load(broken: Broken | None = None) -> Protocol:
    """Import the code; broken code is imported beside the whole one, which stays as it is."""
    if broken is None:
        return Protocol(**{name: import_module(f"{PACKAGE}.{name}") for name in MODULES})
    whole = {
        name: sys.modules.pop(name)
        for name in list(sys.modules)
        if name.startswith(f"{PACKAGE}.") and name not in _KEPT
    }
    finder = _Finder(broken)
    sys.meta_path.insert(0, finder)
    try:
        return Protocol(**{name: import_module(f"{PACKAGE}.{name}") for name in MODULES})
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.startswith(f"{PACKAGE}.") and name not in _KEPT]:
            del sys.modules[name]
        sys.modules.update(whole)
        for name, module in whole.items():
            setattr(data_lake.facts, name.rpartition(".")[2], module)


class _Finder(MetaPathFinder):
    def __init__(self, broken: Broken) -> None:
        self.broken = broken

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != f"{PACKAGE}.{self.broken.module}":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _Loader(fullname, spec.origin, self.broken)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, broken: Broken) -> None:
        super().__init__(fullname, path)
        self.broken = broken

    def get_code(self, fullname: str) -> CodeType:
        source = self.get_data(self.path).decode()
        count = source.count(self.broken.shipped)
        if count != 1:
            raise LookupError(
                f"{self.broken.name}: {self.broken.shipped!r} is {count} times in {fullname}: "
                "say what to break"
            )
        # another file name, so that coverage does not count these lines as the shipped ones
        return compile(
            source.replace(self.broken.shipped, self.broken.broken), f"<{self.broken.name}>", "exec"
        )
