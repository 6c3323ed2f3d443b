"""What the Item page says of a centre's demand and of a store that a short centre cut."""

from __future__ import annotations

from dataclasses import replace

from data_lake.runs import read_run_table
from jobs.plan import plan
from jobs.views import item, lines
from jobs.views.item_network import network_sentences


def sentences(lake, run, location):
    line = lines.records(item.lines_of(lines.load(lake, run), "007", location))[0]
    forecast = read_run_table(lake, run, "forecasts", where={"location": [location]}).sort_values("date")
    said = network_sentences(lake, run, line, forecast)
    assert item.load(lake, run, line).sentences[-len(said) or None :] == said or not said
    return said


def test_a_centre_names_its_stores_orders_and_a_store_its_share(network):
    sources = {"DC": "X", "S1": "DC", "S2": "DC", "ALONE": "X"}
    small = network(sources, {"S1": 6.0, "S2": 3.0, "ALONE": 2.0}, {"DC": 5.0, "S2": 90.0})
    run = plan(small.lake)
    (centre,) = sentences(small.lake, run, "DC")
    asked = read_run_table(small.lake, run, "allocations")["wanted"].sum()
    assert centre.startswith("Its demand is what the 2 places it supplies will order: ")
    assert f", {asked:.0f} of them today." in centre
    (share,) = sentences(small.lake, run, "S1")
    assert share.startswith(f"DC has 5 for the {asked:.0f} that its stores ask for; this one gets 5 of ")
    assert sentences(small.lake, run, "S2") == sentences(small.lake, run, "ALONE") == ()
    # A run made before centres were planned on orders says nothing.
    old = {name: version for name, version in run.outputs.items() if name != "allocations"}
    assert sentences(small.lake, replace(run, outputs=old), "DC") == ()


def test_full_stores_and_circles_are_explained(network):
    small = network({"DC": "X", "S1": "DC"}, {"S1": 6.0}, {"S1": 40.0})
    (centre,) = sentences(small.lake, plan(small.lake), "DC")
    assert centre.startswith("Its demand is what the place it supplies will order: 0 until ")
    assert centre.endswith(": they have stock to sell first.")
    small = network({"A": "B", "B": "A"}, {"A": 6.0}, {"A": 90.0, "B": 90.0})
    assert sentences(small.lake, plan(small.lake), "A") == ()
