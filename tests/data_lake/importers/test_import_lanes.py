"""Files of lanes: other people's headers, weekdays, whole cases, and everything wrong with one at once."""

from __future__ import annotations

import pandas as pd
import pytest


def test_a_file_of_lanes_is_recognised_by_its_headers(inspect, bring, lake) -> None:
    text = (
        "From store;To store;Freight per litre;Handling cost;Fixkosten;Mindestmenge;Lot;Transit time;"
        "Versandtage\n"
        "S1;S2;0,06;0,05;2,50;6;Karton;1;Mo Mi Fr\n"
        "S2;S1;0,06;0,05;2,50;;;2;\n"
    )
    seen = inspect(text, "fahrten.csv")
    assert (seen.mapping.kind, seen.faults, seen.ignored) == ("lanes", (), ())
    loaded = bring(text, "fahrten.csv")
    assert [fault for fault in loaded.faults if fault.severity == "error"] == []
    found = lake.read("lanes").set_index("origin")
    assert found.loc["S1", ["destination", "lot", "transit_days"]].tolist() == ["S2", "case", 1.0]
    assert found.loc["S1", ["freight_per_litre", "handling", "fixed_cost", "least_quantity"]].tolist() == [
        0.06,
        0.05,
        2.5,
        6.0,
    ]
    assert list(found.loc["S1", "ship_weekdays"]) == [0.0, 2.0, 4.0]
    assert found.loc["S2", "lot"] == "each"
    assert pd.isna(found.loc["S2", "least_quantity"])


def test_a_later_file_replaces_the_lanes_that_it_holds(bring, lake) -> None:
    head = "origin,destination,freight_per_unit,transit_days\n"
    bring(f"{head}A,B,1,1\nA,C,2,1\n", "one.csv")
    bring(f"{head}A,B,3,2\n", "two.csv")
    found = lake.read("lanes").sort_values("destination")
    assert found["freight_per_unit"].tolist() == [3.0, 2.0]


@pytest.mark.parametrize("column", ["freight_per_unit", "transit_days"])
def test_costs_and_days_below_zero_are_refused(bring, lake, column: str) -> None:
    loaded = bring(f"origin,destination,{column},fixed_cost\nA,B,-1,2\nA,,1,2\n", "lanes.csv")
    assert {(fault.row, fault.column) for fault in loaded.faults} == {(2, column), (3, "destination")}
    assert lake.current("lanes") is None
