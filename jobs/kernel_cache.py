"""Where compiled kernels are kept: one folder for each state of the engine's sources.

numba looks at a kernel's own file to see whether its compiled form is still good, not at the files whose
kernels and constants were compiled into it. After an update the old machine code could go on deciding
orders, silently. So the folder's name is a hash of all sources that kernels are made of.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, MutableMapping
from pathlib import Path

import engine

VARIABLE = "NUMBA_CACHE_DIR"
_ENGINE = Path(engine.__path__[0])
KERNEL_SOURCES = tuple(_ENGINE / name for name in ("forecast", "replenishment", "replay"))
_PREFIX = "kernels-"


def sources_digest(folders: Iterable[Path]) -> str:
    """Return the SHA-256 of every Python file below the folders, names included, in hexadecimal."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def kernel_cache_folder(environ: MutableMapping[str, str] = os.environ) -> Path:
    """Return the folder for the kernels of the present sources, below `NUMBA_CACHE_DIR` if that is set."""
    given = Path(environ[VARIABLE]) if environ.get(VARIABLE) else _ENGINE / "__pycache__"
    base = given.parent if given.name.startswith(_PREFIX) else given  # a parent process chose it already
    return base / (_PREFIX + sources_digest(KERNEL_SOURCES)[:12])


def use_kernel_cache(environ: MutableMapping[str, str] = os.environ) -> None:
    """Point numba at the folder; must be called before numba is imported."""
    environ[VARIABLE] = str(kernel_cache_folder(environ))


def forget_other_kernels(environ: MutableMapping[str, str] = os.environ) -> None:
    """Delete the kernels of other states of the sources."""
    current = kernel_cache_folder(environ)
    for folder in current.parent.glob(_PREFIX + "*"):
        if folder != current:
            shutil.rmtree(folder, ignore_errors=True)
