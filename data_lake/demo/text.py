"""Text columns from codes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl


def names(values: list[str], codes: npt.NDArray[np.int64]) -> pl.Series:
    """Return `values[codes]` as text, without building Python strings row by row."""
    return pl.Series(values, dtype=pl.String).gather(pl.Series(codes))
