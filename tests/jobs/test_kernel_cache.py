"""Compiled kernels never outlive the sources that they were made of."""

from __future__ import annotations

from pathlib import Path

import engine
from jobs.code_version import code_version
from jobs.kernel_cache import (
    KERNEL_SOURCES,
    forget_other_kernels,
    kernel_cache_folder,
    sources_digest,
    use_kernel_cache,
)


def test_any_change_of_a_source_or_its_name_changes_the_digest(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("LIMIT = 1")
    before = sources_digest([tmp_path])
    (tmp_path / "a.py").write_text("LIMIT = 2")
    after = sources_digest([tmp_path])
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert len({before, after, sources_digest([tmp_path])}) == 3
    (tmp_path / "notes.txt").write_text("no source")
    assert sources_digest([tmp_path]) == sources_digest([tmp_path])


def test_the_folder_lies_below_the_one_given_and_is_chosen_once(tmp_path: Path) -> None:
    environ = {"NUMBA_CACHE_DIR": str(tmp_path)}
    use_kernel_cache(environ)
    chosen = Path(environ["NUMBA_CACHE_DIR"])
    assert chosen.parent == tmp_path
    use_kernel_cache(environ)  # a child process inherits the choice
    assert Path(environ["NUMBA_CACHE_DIR"]) == chosen


def test_kernels_of_other_sources_are_deleted(tmp_path: Path) -> None:
    environ = {"NUMBA_CACHE_DIR": str(tmp_path)}
    current = kernel_cache_folder(environ)
    for folder in (current, tmp_path / "kernels-old", tmp_path / "mine"):
        folder.mkdir()
    forget_other_kernels(environ)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([current.name, "mine"])


def test_the_code_version_is_the_package_and_its_sources() -> None:
    release, _, digest = code_version().partition("+")
    assert release[0].isdigit()
    assert len(digest) == 8


def test_every_folder_with_kernels_counts() -> None:
    for path in Path(engine.__path__[0]).rglob("*.py"):
        if "@njit" in path.read_text():
            assert any(path.is_relative_to(folder) for folder in KERNEL_SOURCES), path
