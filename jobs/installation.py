"""Is this installation whole? Python, pinned packages, LightGBM, and a place for compiled kernels."""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
from collections.abc import MutableMapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from engine.forecast.global_model.library import available
from jobs.kernel_cache import kernel_cache_folder

State = Literal["ok", "warn", "fail"]

ROOT = Path(__file__).resolve().parents[1]
"""Folder of the installation: `requirements.txt` lies here."""

LEAST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Check:
    """One finding: its state, what was seen, and what to do (empty where all is well)."""

    name: str
    state: State
    seen: str
    fix: str = ""


def environment_checks(root: Path = ROOT, environ: MutableMapping[str, str] = os.environ) -> list[Check]:
    """Check Python, the pinned packages, LightGBM and the cache of compiled kernels."""
    packages = packages_check(root / "requirements.txt")
    return [_python(), packages, boosting_check(available()), kernel_cache_check(environ)]


def _python() -> Check:
    seen = f"{platform.python_implementation()} {platform.python_version()}"
    if sys.version_info < LEAST_PYTHON:
        return Check("Python", "fail", seen, "install Python 3.11 or newer, then run make install")
    return Check("Python", "ok", seen)


def packages_check(pins: Path) -> Check:
    """Compare the installed packages with their pins: a missing one fails, another version warns."""
    if not pins.is_file():
        return Check("Packages", "warn", f"no {pins.name} to compare with", "install from the repository")
    wanted: dict[str, set[str]] = {}
    optional: set[str] = set()
    for line in pins.read_text().splitlines():
        found = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)\s*(;)?", line)
        if found:
            wanted.setdefault(found[1], set()).add(found[2])
            if found[3]:  # for some platforms or Python versions only
                optional.add(found[1])
    missing, other = [], []
    for name, versions in sorted(wanted.items()):
        try:
            installed = version(name)
        except PackageNotFoundError:
            if name not in optional:
                missing.append(name)
            continue
        if installed not in versions:
            other.append(f"{name} {installed} (pinned {' or '.join(sorted(versions))})")
    if missing:
        return Check("Packages", "fail", f"missing: {', '.join(missing)}", "run make install")
    if other:
        return Check("Packages", "warn", "; ".join(other), "run make install to get the tested versions")
    return Check("Packages", "ok", f"all {len(wanted)} as pinned")


def boosting_check(fault: str | None) -> Check:
    """Check that LightGBM can be loaded: `fault` says why it cannot, None that it can."""
    if fault is None:
        return Check("LightGBM", "ok", "can be loaded: global boosting competes")
    return Check(
        "LightGBM",
        "warn",
        f"{fault}; forecasts are made by the other models",
        "install its OpenMP runtime (Debian: apt-get install libgomp1), then run make install",
    )


def kernel_cache_check(environ: MutableMapping[str, str]) -> Check:
    """Check that compiled kernels can be kept: without it every start compiles again."""
    folder = kernel_cache_folder(environ)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Check(
            "Kernel cache",
            "warn",
            f"cannot write to {folder}: {error.strerror}; every start compiles for about half a minute",
            "make the folder writable, or set NUMBA_CACHE_DIR to one that is",
        )
    return Check("Kernel cache", "ok", f"writable: {folder}")
