"""How tall a table is: its rows, up to how many a page has room for; the rest scrolls."""

from __future__ import annotations

import pandas as pd

ROW_HEIGHT = 36
BORDERS = 2


def height(frame: pd.DataFrame, most: int | None = None) -> int:
    """Return the height of a table with its header [px]; at most `most` rows, None: all of them."""
    rows = len(frame) if most is None else min(len(frame), most)
    return ROW_HEIGHT * (1 + rows) + BORDERS
