"""Network in every state: empty, without lanes, normal, an old plan, an unreadable lake; and its acts."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import cache, network_charts, network_data, theme
from data_lake.lake import Lake
from data_lake.runs import commit_run, latest_run
from jobs.plan import plan
from jobs.transfer_approvals import approved_transfers

ROOT = Path(__file__).parents[2]
MOVE = "205|S02|S01"
"""Pasta: 4,000 in the north, two days' sales in the centre."""


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    for name in ("lake", "latest", "ledger", "settings", "is_behind"):
        getattr(cache, name).clear()


@pytest.fixture(scope="session")
def lanes_template(unplanned_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small lake with coordinates and a lane each way, planned, made once; tests take copies."""
    path = tmp_path_factory.mktemp("lanes") / "lake"
    shutil.copytree(unplanned_template, path)
    lake = Lake(path)
    where = {"S01": ("East", 45.76, 4.84), "S02": ("North", 48.86, 2.35)}
    places = lake.read("locations")
    places[["region", "latitude", "longitude"]] = [where[code] for code in places["location"]]
    lake.replace("locations", places)
    terms = {"freight_per_unit": 0.02, "handling": 0.01, "transit_days": 0.0}
    ways = [{"origin": a, "destination": b} | terms for a, b in (("S01", "S02"), ("S02", "S01"))]
    lake.replace("lanes", pd.DataFrame(ways))
    plan(lake)
    return path


@pytest.fixture
def lanes_lake(lanes_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    shutil.copytree(lanes_template, tmp_path / "lanes")
    monkeypatch.setenv("SHELFCAST_LAKE", str(tmp_path / "lanes"))
    return Lake(tmp_path / "lanes")


def open_page(**query: str) -> AppTest:
    test = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=60)
    for key, value in query.items():
        test.query_params[key] = value
    test.run()
    test.switch_page(str(ROOT / "pages" / "network.py")).run()
    assert not test.exception, test.exception
    return test


def table(page: AppTest, column: str) -> pd.DataFrame:
    return next(frame.value for frame in page.dataframe if column in frame.value)


def test_an_empty_lake_says_what_comes_next(empty_lake: Lake) -> None:
    assert "shelfcast demo" in open_page().info[0].value


def test_a_lake_without_a_plan_names_the_command(unplanned_lake: Lake) -> None:
    assert "shelfcast plan" in open_page().info[0].value


def test_without_lanes_the_page_says_how_to_add_them(planned_lake: Lake) -> None:
    page = open_page()
    assert "No lanes" in page.info[0].value
    assert "shelfcast template lanes" in page.info[0].value
    assert not page.metric
    assert len(table(page, "cover")) == 2
    assert "No map" in " ".join(caption.value for caption in page.caption)


def test_an_old_plan_asks_for_a_new_one(lanes_lake: Lake) -> None:
    run = latest_run(lanes_lake)
    assert run is not None
    outputs = {name: number for name, number in run.outputs.items() if "transfer" not in name}
    commit_run(lanes_lake, replace(run, run_id="older", outputs=outputs, created_at=pd.Timestamp.now("UTC")))
    cache.latest.clear()
    assert "made before plans proposed transfers" in open_page().info[0].value


def test_a_lake_that_cannot_be_read_is_said(lanes_lake: Lake) -> None:
    next((Path(lanes_lake.uri) / "runs").glob("*.json")).write_text("{")
    assert open_page().title[0].value == "The lake cannot be read"


def test_what_should_move_is_ranked_explained_and_drawn(lanes_lake: Lake) -> None:
    page = open_page()
    moves = table(page, "transfer_id")
    assert moves["transfer_id"].iloc[0] == MOVE
    assert moves["money"].is_monotonic_decreasing
    cards = {card.label: card.value for card in page.metric}
    assert cards["Waiting for you"] == str(len(moves))
    assert cards["Worth moving"] == f"€{moves['money'].sum():,.0f}"
    assert page.header[2].value == "Pasta fusilli 500 g: Store Paris Nord → Store Lyon Centre"
    assert any("Earned there" in text.value for text in page.markdown)
    assert table(page, "cover")["location"].tolist() == ["S01", "S02"]
    buffers = table(page, "cost_best")
    assert (buffers["best"] > 0).all()


def test_filters_are_in_the_url(lanes_lake: Lake) -> None:
    page = open_page(regions="East", categories="Dairy")
    assert page.multiselect(key="regions").value == ["East"]
    assert table(page, "cover")["location"].tolist() == ["S01"]
    assert not [
        frame for frame in page.dataframe if "transfer_id" in frame.value and "quantity" in frame.value
    ]
    assert "Nothing should move" in " ".join(text.value for text in page.markdown)


def test_selected_transfers_are_approved_with_a_note_and_withdrawn(lanes_lake: Lake) -> None:
    page = open_page()
    assert page.button(key="approve_transfers").disabled
    key = next(frame.key for frame in page.dataframe if "transfer_id" in frame.value)
    page.session_state[key] = {"selection": {"rows": [0]}}
    page.run()
    assert page.button(key="approve_transfers").label.startswith("Approve 1 transfer · €")
    page.button(key="approve_transfers").click().run()
    assert page.text_area(key="transfer_note").label == "Note for the audit log"
    # a dialog lives in a browser only: the browser tests click its button
    network_data.approve([MOVE], "agreed by phone")
    page.run()
    (done,) = approved_transfers(lanes_lake).to_dict("records")
    assert (done["transfer_id"], done["reason_given"]) == (MOVE, "agreed by phone")
    assert table(page, "transfer_id")["state"].iloc[0] == "approved"
    page.text_input(key="withdraw_transfer_reason").set_value("wrong")
    page.button(key="withdraw_transfer").click().run()
    assert not page.exception
    assert approved_transfers(lanes_lake).empty


def test_files_hold_what_is_shown(lanes_lake: Lake) -> None:
    moves = network_data.transfers(network_data.NetworkWanted())
    text = network_data.export_proposals(moves, "csv").decode("utf-8-sig")
    assert text.splitlines()[0].startswith("transfer_id,sku,origin,destination,quantity")
    assert len(text.splitlines()) == len(moves) + 1
    assert network_data.export_proposals(moves, "xlsx")[:2] == b"PK"


def test_stock_after_the_transfer_is_less_here_and_more_there(lanes_lake: Lake) -> None:
    (first, *_) = network_data.transfers(network_data.NetworkWanted()).to_dict("records")
    one = network_data.transfers(network_data.NetworkWanted(products=(first["sku"],)))
    assert set(one["sku"]) == {first["sku"]}
    stock = network_data.projection(first)
    assert (stock["origin_with"] <= stock["origin_without"]).all()
    assert stock["origin_without"].iloc[0] - stock["origin_with"].iloc[0] == pytest.approx(first["quantity"])
    assert (stock["destination_with"] >= stock["destination_without"] - 1e-9).all()
    assert stock["destination_with"].iloc[0] > stock["destination_without"].iloc[0]


@pytest.mark.parametrize("colors", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_the_map_draws_wider_arrows_for_more_money(colors: theme.Palette) -> None:
    places = pd.DataFrame(
        {
            "location": ["A", "B", "C"],
            "name": ["Dublin Swords", "Dublin Quay", "Cork City"],
            "kind": ["dc", "store", "store"],
            "longitude": [-6.2, -6.3, None],
            "latitude": [53.4, 53.3, None],
            "stock_value": [10.0, 5.0, 1.0],
            "cover": [1.0, 2.0, None],
            "fill": [0.9, None, 1.0],
            "at_risk": [0.0, 1.0, 2.0],
        }
    )
    flows = pd.DataFrame(
        [
            {"origin": "A", "destination": "B", "money": 100.0},
            {"origin": "B", "destination": "A", "money": 10.0},
            {"origin": "A", "destination": "C", "money": 50.0},
        ]
    ).assign(origin_name="x", destination_name="y", transfers=1, quantity=5.0)
    figure = network_charts.network_map(places, flows, colors, "EUR")
    arrows = [note for note in figure.layout.annotations if note.showarrow]
    assert len(arrows) == 2  # the place without coordinates is not drawn
    thin, wide = arrows
    assert thin.arrowwidth < wide.arrowwidth
    assert (thin.x, thin.y) != (wide.ax, wide.ay)  # both directions stay apart
    assert {note.text for note in figure.layout.annotations} >= {"Dublin Swords", "Dublin Quay"}
