"""Compile the engine's kernels once, so that the first plan does not wait for them: `python -m jobs.warm`.

Plans a demo lake of a few products in a temporary folder; what numba compiles on the way stays in its cache
(`jobs.kernel_cache`). Kernels of earlier versions are deleted.
"""

from __future__ import annotations

import tempfile

from jobs.demo import build_demo
from jobs.kernel_cache import forget_other_kernels


def main() -> None:
    """Compile and cache every kernel that a plan needs."""
    forget_other_kernels()
    with tempfile.TemporaryDirectory() as folder:
        build_demo(folder, skus=8, stores=2, dcs=1, days=400)


if __name__ == "__main__":
    main()
