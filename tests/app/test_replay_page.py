"""The Replay page: none yet, one that wins and loses, one that is refused; links to the item."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import data, replay_data
from data_lake.lake import Lake
from engine.contracts import TABLES

ROOT = Path(__file__).parents[2]
MONEY = ("lost", "holding", "waste", "orders")
LINES = (
    # sku, location, class, theirs' and ours' money by kind
    ("007", "S01", "AX", (100.0, 10.0, 30.0, 20.0), (20.0, 15.0, 5.0, 10.0)),
    ("101", "S01", "AX", (50.0, 5.0, 0.0, 5.0), (60.0, 6.0, 0.0, 9.0)),
    ("205", "S02", "CZ", (0.0, 1.0, 0.0, 1.0), (0.0, 1.0, 0.0, 1.0)),
)


def _side(side: str, money: tuple[float, ...]) -> dict[str, Any]:
    return {
        **{f"{side}_{name}_cost": part for name, part in zip(MONEY, money, strict=True)},
        f"{side}_cost": sum(money),
        f"{side}_fill_rate": 1 - money[0] / 1000,
        f"{side}_short": money[0],
        f"{side}_stock": 10.0,
        f"{side}_stock_value": 100.0,
        f"{side}_waste": money[2],
        f"{side}_ordered": 50.0,
        f"{side}_orders": 5,
    }


def keep_replay(lake: Lake, replay_id: str = "20251124-abc", against: str = "min_max") -> None:
    """Put a replay of three lines and two weeks into the lake."""
    key = {"replay_id": replay_id}
    lines = [
        {**key, "sku": sku, "location": place, "category": "", "class": code, "demand_units": 1000.0}
        | _side("theirs", theirs)
        | _side("ours", ours)
        for sku, place, code, theirs, ours in LINES
    ]
    sums = {
        side: tuple(sum(line[f"{side}_{name}_cost"] for line in lines) for name in MONEY)
        for side in ("theirs", "ours")
    }
    total = {
        **key,
        "from_date": pd.Timestamp("2025-11-24"),
        "to_date": pd.Timestamp("2025-12-05"),
        "against": against,
        "target": "cost",
        "demand": "reconstructed",
        "seed": 7,
        "lines": 3,
        "lines_of": 6,
        "assumed_stock": 1,
        "code_version": "test",
        "said": "Minimum and maximum by recent sales",
        "demand_units": 3000.0,
        **_side("theirs", sums["theirs"]),
        **_side("ours", sums["ours"]),
        "saved": sum(sums["theirs"]) - sum(sums["ours"]),
        "saved_low": 40.0,
        "saved_high": 160.0,
        "ratio": 0.5,
        "ratio_low": 0.4,
        "ratio_high": 0.8,
    }
    weeks = [
        {**key, "date": pd.Timestamp(date), "ours_stock_value": 90.0, "theirs_stock_value": 80.0}
        | {
            f"{side}_{name}_cost": money / 2
            for side, parts in sums.items()
            for name, money in zip(MONEY, parts, strict=True)
        }
        for date in ("2025-11-24", "2025-12-01")
    ]
    frames = {"replay_lines": lines, "replay_weeks": weeks, "replays": [total]}
    for name, rows in frames.items():
        lake.upsert(name, pd.DataFrame(rows)[list(TABLES[name].names)], note=f"replay {replay_id}")


def open_page(**query: str) -> AppTest:
    test = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=60)
    for key, value in query.items():
        test.query_params[key] = value
    test.run()
    test.switch_page(str(ROOT / "pages" / "replay.py")).run()
    assert not test.exception, test.exception
    return test


def table(page: AppTest, column: str) -> pd.DataFrame:
    return next(frame.value for frame in page.dataframe if column in frame.value)


def test_without_a_replay_it_says_what_one_is_and_offers_to_play(small_lake: Lake) -> None:
    page = open_page()
    assert "No replay yet" in page.info[0].value
    assert page.date_input(key="replay_to").value == replay_data.span()[1]  # type: ignore[index]
    assert not page.metric


def test_a_replay_shows_both_sides_groups_and_lines(small_lake: Lake) -> None:
    keep_replay(small_lake)
    page = open_page()
    cards = {card.label: (card.value, card.delta) for card in page.metric}
    assert cards["Shelfcast would have saved"] == ("€95", "90 % interval €40 to €160")
    assert cards["Of the cost"] == ("50%", "20% to 60%")
    assert cards["Written off"] == ("€5", "instead of €30")
    sides = table(page, "difference").set_index("what")
    assert sides.loc["Total cost"].tolist() == [222.0, 127.0, -95.0]
    groups = table(page, "share")
    assert groups["group"].tolist() == ["No category"]
    lose, win = (frame.value for frame in page.dataframe if "theirs_fill_rate" in frame.value)
    assert lose[["sku", "saved", "lost", "orders"]].values.tolist() == [["101", -15.0, 10.0, 4.0]]
    assert win[["product", "location_name"]].values.tolist() == [
        ["Yoghurt natural 500 g", "Store Lyon Centre"]
    ]
    headers = [header.value for header in page.header]
    assert "Where Shelfcast loses: 1 line" in headers
    said = " ".join(caption.value for caption in page.caption)
    assert "a sample of 3 of 6 lines" in said
    assert "Opening stock of 1 line is assumed" in said


@pytest.mark.parametrize(
    ("by", "groups"), [("location", ["Store Lyon Centre", "Store Paris Nord"]), ("class", ["AX", "CZ"])]
)
def test_savings_are_split_as_asked(small_lake: Lake, by: str, groups: list[str]) -> None:
    keep_replay(small_lake)
    page = open_page()
    page.session_state["by"] = by
    page.run()
    assert table(page, "share")["group"].tolist() == groups


def test_the_replay_made_last_comes_first_and_another_can_be_chosen(small_lake: Lake) -> None:
    keep_replay(small_lake, "20251124-zzz")
    keep_replay(small_lake, "20251124-aaa", against="orders")
    page = open_page()
    choice = page.selectbox(key="replay")
    assert choice.value == "20251124-aaa"
    assert "against as ordered" in choice.options[0]
    choice.set_value("20251124-zzz").run()
    assert page.query_params["replay"] in ("20251124-zzz", ["20251124-zzz"])
    assert open_page(replay="20251124-zzz").selectbox(key="replay").value == "20251124-zzz"


def test_a_history_too_short_is_refused_in_words(small_lake: Lake) -> None:
    page = open_page()
    page.button(key="replay_play").click().run()
    for thread in threading.enumerate():
        if thread.name == "replay":
            thread.join()
    page.run()
    assert "a replay needs a longer history" in page.error[0].value
    page.button(key="replay_dismiss").click().run()
    assert not page.error


def test_a_replay_in_progress_is_shown_and_its_end_opened(small_lake: Lake) -> None:
    state = replay_data.Running("Playing 3 lines", 0.4)
    replay_data._started()[data.uri()] = state
    page = open_page()
    assert not page.exception
    keep_replay(small_lake)
    state.replay_id = "20251124-abc"
    page.run()
    assert not page.exception
    assert page.selectbox(key="replay").value == "20251124-abc"
    assert replay_data.running() is None
