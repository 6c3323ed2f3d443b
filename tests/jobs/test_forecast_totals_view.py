"""Totals as the page shows them: the largest group first, in the words of people."""

import pandas as pd
import pytest

from jobs.views.forecast_totals import UNNAMED, by_level, in_table


def test_groups_are_named_and_ordered_by_size():
    days = pd.to_datetime(["2024-01-01", "2024-01-02"])
    rows = [
        ("location", "", "", "x", days[1], 2.0, 1.0, 3.0),
        ("location", "", "", "x", days[0], 4.0, 3.0, 5.0),
        ("location", "", "", "y", days[0], 30.0, 20.0, 40.0),
        ("category", "", "", "", days[0], 36.0, 30.0, 40.0),
        ("all", "", "", "", days[0], 36.0, 30.0, 40.0),
    ]
    columns = ["level", "category", "region", "location", "date", "mean", "q10", "q90"]
    totals = pd.DataFrame(rows, columns=columns)
    shops = by_level(totals, "location", {"x": "Cork"})
    assert shops["group"].tolist() == ["y", "Cork", "Cork"]
    assert shops["date"].tolist() == [days[0], days[0], days[1]]
    assert by_level(totals, "category", {})["group"].tolist() == [UNNAMED]
    assert by_level(totals, "all", {})["group"].tolist() == ["Everything"]
    table = in_table(shops).set_index("group")
    assert table["total"].to_dict() == {"y": 30.0, "Cork": 6.0}
    assert table["share"].sum() == pytest.approx(1.0)
    assert table.loc["y", "range"] == pytest.approx(10 / 30)
