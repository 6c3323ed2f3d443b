"""Work in blocks of rows whose shape never changes.

A matrix product may round differently for another number of rows. Every product here has the same shape,
padded with zeros, so the bytes of a series do not depend on which others it is fitted with.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

P = ParamSpec("P")
R = TypeVar("R")

BLOCK_ROWS = 256


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    np.ones((2, 2)) @ np.ones((2, 2))  # loads BLAS, which the controller must find
    return ThreadpoolController()


def on_one_blas_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Hold BLAS to one thread during a call: how it splits a product also decides how it rounds."""

    @wraps(function)
    def held(*args: P.args, **kwargs: P.kwargs) -> R:
        with _controller().limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return held


def for_each_block(work: Callable[[slice], None], rows: int, threads: int) -> None:
    """Call `work` on consecutive slices of at most `BLOCK_ROWS` rows, on `threads` threads."""
    slices = [slice(at, min(at + BLOCK_ROWS, rows)) for at in range(0, rows, BLOCK_ROWS)]
    if threads == 1 or len(slices) < 2:
        for part in slices:
            work(part)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, part) for part in slices]:
            done.result()


def padded_product(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``left @ right`` for at most `BLOCK_ROWS` rows, computed at the full block shape."""
    rows = left.shape[0]
    if rows == BLOCK_ROWS:
        product: NDArray[np.float64] = np.ascontiguousarray(left) @ right
        return product
    padded = np.zeros((BLOCK_ROWS, left.shape[1]))
    padded[:rows] = left
    product = padded @ right
    return product[:rows]
