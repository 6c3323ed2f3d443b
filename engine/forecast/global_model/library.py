"""LightGBM, if this machine can load it.

The wheel needs the OpenMP runtime (libgomp), which slim images lack: the model then steps aside by name.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from types import ModuleType

from engine.errors import EngineError


@lru_cache(maxsize=1)
def _load() -> tuple[ModuleType | None, str | None]:
    try:
        return import_module("lightgbm"), None
    except (ImportError, OSError) as fault:
        return None, f"LightGBM cannot be loaded on this machine ({fault}); install lightgbm and libgomp"


def available() -> str | None:
    """Return None if LightGBM can be used, else the reason why not, for people."""
    return _load()[1]


def lightgbm() -> ModuleType:
    """Return the library.

    Raises
    ------
    EngineError : it cannot be loaded; ask `available` first.
    """
    module, reason = _load()
    if module is None:
        raise EngineError(reason or "LightGBM cannot be loaded")
    return module
