"""Versions in layers read as if the table had been replaced."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from data_lake.errors import LakeError
from data_lake.lake import Lake
from data_lake.layers import MOST_LAYERS, is_layered

RATIO = 8


def _rows(run: str, lines: dict[str, list[float]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run_id": run,
            "line_id": list(lines),
            **{name: list(lines.values()) for name in ("quantity", "short", "short_windows")},
            **{name: list(lines.values()) for name in ("waste", "held", "money")},
            "window_demand": [float(sum(cell)) for cell in lines.values()],
            "shortage_price": 1.0,
        }
    )


def _found(lake: Lake, number: int) -> dict[str, list[float]]:
    frame = lake.read("line_curves", version=number)
    assert frame["line_id"].is_monotonic_increasing
    return {line: cell.tolist() for line, cell in zip(frame["line_id"], frame["quantity"], strict=True)}


def test_layers_read_like_a_table_written_whole(tmp_path: object) -> None:
    lake = Lake(str(tmp_path))
    drawn = np.random.default_rng(4)
    content = {f"{line:03}|S|A": [float(line)] for line in range(40)}
    version = lake.replace("line_curves", _rows("a", content))
    for step in range(3 * MOST_LAYERS):
        names = [f"{line:03}|S|A" for line in drawn.choice(60, RATIO, replace=False)]
        gone, come = names[:3], {name: [float(step), 1.0] for name in names[3:]}
        content = {line: cell for line, cell in content.items() if line not in names} | come
        version = lake.overlay("line_curves", _rows("b", come), "line_id", gone, version=version.number)
        assert _found(lake, version.number) == dict(sorted(content.items()))
        assert version.rows == len(content)
        assert sum(bool(file.hides) for file in version.files) <= MOST_LAYERS
    some = sorted(content)[:5]
    found = lake.read(
        "line_curves", version=version.number, columns=["window_demand"], where={"line_id": some}
    )
    assert found["window_demand"].tolist() == [sum(content[line]) for line in some]


def test_what_does_not_change_is_not_written_and_old_versions_stay(tmp_path: object) -> None:
    lake = Lake(str(tmp_path))
    content = {f"{line:03}|S|A": [float(line)] for line in range(40)}
    first = lake.replace("line_curves", _rows("a", content))
    second = lake.overlay("line_curves", _rows("b", {"001|S|A": [9.0]}), "line_id", [], version=first.number)
    assert second.files[0] == first.files[0]
    assert is_layered(second.files)
    assert _found(lake, first.number)["001|S|A"] == [1.0]
    assert _found(lake, second.number)["001|S|A"] == [9.0]
    same = lake.overlay("line_curves", _rows("b", {}), "line_id", [], version=second.number)
    assert same.number == second.number
    gone = lake.overlay("line_curves", _rows("b", {}), "line_id", ["039|S|A"], version=second.number)
    assert gone.rows == 39
    assert len(_found(lake, gone.number)) == 39
    more = lake.overlay("line_curves", _rows("b", {"000|R|A": [3.0]}), "line_id", [], version=gone.number)
    assert next(iter(_found(lake, more.number))) == "000|R|A"
    assert not lake.verify(["line_curves"])


def test_much_change_is_one_file_again(tmp_path: object) -> None:
    lake = Lake(str(tmp_path))
    first = lake.replace("line_curves", _rows("a", {f"{line:03}|S|A": [1.0] for line in range(8)}))
    come = {f"{line:03}|S|A": [2.0] for line in range(4)}
    version = lake.overlay("line_curves", _rows("b", come), "line_id", [], version=first.number)
    assert not is_layered(version.files)
    assert version.rows == 8
    empty = lake.overlay("line_curves", _rows("b", {}), "line_id", sorted(come), version=version.number)
    assert empty.rows == 4


def test_layers_cannot_be_taken_for_the_table(tmp_path: object) -> None:
    lake = Lake(str(tmp_path))
    first = lake.replace("line_curves", _rows("a", {f"{line:03}|S|A": [1.0] for line in range(8)}))
    version = lake.overlay("line_curves", _rows("b", {"001|S|A": [2.0]}), "line_id", [], version=first.number)
    with pytest.raises(LakeError, match="lies in layers"):
        lake.paths("line_curves", version=version.number)
    with pytest.raises(LakeError, match="not split, by text"):
        lake.overlay("sales", pd.DataFrame({"date": [dt.date(2026, 1, 1)]}), "sku", [], version=1)
