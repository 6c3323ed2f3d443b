"""A table changed as a whole by a function of its rows: read, change, commit, again if another was faster."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from data_lake.files import FileEntry
from data_lake.lake import Lake
from data_lake.merging import store_part
from data_lake.versions import Version
from data_lake.writes import Incoming


def revise(
    lake: Lake, table: str, change: Callable[[pd.DataFrame], pd.DataFrame], *, note: str = ""
) -> Version:
    """Make what `change` returns of a table's rows its whole content; rows may be left out.

    If another writer commits first, `change` is called again on the winner's rows, so nothing is lost.

    Parameters
    ----------
    lake : Lake
    table : str
        A master table: all of its rows are read.
    change : callable
        From all rows to all rows; without an effect of its own.
    note : str
        Kept in the version.

    Raises
    ------
    ContractError
        The rows break the table's contract; nothing was written.

    Examples
    --------
    >>> import tempfile
    >>> lake = Lake(tempfile.mkdtemp())
    >>> rows = pd.DataFrame({"sku": ["1", "2"], "unit": "case", "eaches": [6, 12]})
    >>> _ = lake.replace("units", rows)
    >>> revise(lake, "units", lambda rows: rows[rows["eaches"] > 6]).rows
    1
    """

    def build(base: Version | None) -> tuple[FileEntry, ...] | None:
        rows = lake.read(table, version=base.number if base else None)
        incoming = Incoming(table, change(rows))
        files = tuple(store_part(lake.objects, table, name, part) for name, part in incoming.parts())
        return None if base is not None and base.files == files else files

    return lake.commit(table, build, note=note)
