"""Replay of a lake: nothing of the future decides, results are kept by content, short histories refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_lake.lake import Lake
from engine.contracts import TABLES
from engine.replay.min_max import Tuned
from engine.replay.play import Played, play
from jobs.errors import JobError
from jobs.inputs import load_inputs
from jobs.replay import cover_policy, our_policy, replay, stored
from jobs.replay_demand import causal_demand
from jobs.replay_setup import Setup, prepare

FIRST = pd.Timestamp("2025-01-06")
DAYS = 240
START, END = dt.date(2025, 7, 23), dt.date(2025, 9, 2)
MODEL = "exponential smoothing"


def tables(seed: int = 1, days: int = DAYS) -> dict[str, pd.DataFrame]:
    """Three products at two stores, one of them short-lived, with stockouts, a promotion and orders."""
    r = np.random.default_rng(seed)
    skus, stores = ["007", "milk", "tea"], ["A", "B"]
    day = pd.date_range(FIRST, periods=days)
    sales, stock, orders = [], [], []
    for i, sku in enumerate(skus):
        for store in stores:
            demand = r.poisson(3 + 4 * i + 2 * (day.day_of_week >= 5)).astype(float)
            share = np.where(r.random(days) < 0.06, r.choice([0.0, 0.4, 0.8], days), 1.0)
            sales.append(
                pd.DataFrame(
                    {
                        "date": day,
                        "sku": sku,
                        "location": store,
                        "quantity": np.floor(demand * share),
                        "in_stock": share,
                        "price": 2.0,
                    }
                )
            )
            for when in day[::7]:
                stock.append((when, sku, store, "", "available", float(r.integers(5, 40))))
                orders.append((when, sku, store, float(r.integers(1, 5) * 6)))
    placed = pd.DataFrame(orders, columns=["ordered_at", "sku", "to_location", "quantity"])
    placed = placed.assign(
        order_id=[f"PO{i}" for i in range(len(placed))],
        line="1",
        kind="purchase",
        from_source="Acme",
        received=placed["quantity"],
        status="received",
        promised_date=placed["ordered_at"] + pd.Timedelta(days=2),
        expected_date=placed["ordered_at"] + pd.Timedelta(days=3),
    )
    pairs = [(sku, store) for sku in skus for store in stores]
    return {
        "sales": pd.concat(sales),
        "inventory_snapshot": pd.DataFrame(
            stock, columns=["date", "sku", "location", "batch", "status", "on_hand"]
        ),
        "orders": placed,
        "products": pd.DataFrame(
            {
                "sku": skus,
                "category": ["Dry", "Fresh", "Dry"],
                "unit_cost": [1.0, 1.2, 0.8],
                "unit_price": [2.0, 2.0, 2.0],
                "shelf_life_days": [np.nan, 6.0, np.nan],
                "case_pack": [6.0, 4.0, 6.0],
            }
        ),
        "sourcing": pd.DataFrame(
            {
                "sku": [sku for sku, _ in pairs],
                "location": [store for _, store in pairs],
                "source": "Acme",
                "source_kind": "supplier",
                "lead_time_mean": 2.0,
                "lead_time_sd": 0.5,
                "order_cost": 0.3,
            }
        ),
        "suppliers": pd.DataFrame({"supplier": ["Acme"], "order_weekdays": [[0.0, 2.0, 4.0]]}),
        "promotions": pd.DataFrame(
            {
                "sku": ["007", "tea"],
                "location": ["*", "*"],
                "from_date": pd.to_datetime(["2025-08-04", "2025-11-20"]),
                "to_date": pd.to_datetime(["2025-08-10", "2025-11-28"]),
                "depth": [0.2, 0.3],
                "mechanic": ["price_cut", "price_cut"],
            }
        ),
    }


def shuffled_after(frames: dict[str, pd.DataFrame], day: dt.date, seed: int) -> dict[str, pd.DataFrame]:
    """Replace what came after `day`: sales, stock, orders, when orders arrived, promotions not announced."""
    r = np.random.default_rng([seed, 99])
    after = pd.Timestamp(day)
    result = {name: frame.copy() for name, frame in frames.items()}
    sales = result["sales"].reset_index(drop=True)
    later = sales.index[sales["date"] > after]
    for column in ("quantity", "in_stock", "price"):
        sales.loc[later, column] = r.permutation(sales.loc[later, column].to_numpy())
    sales.loc[later, "quantity"] += r.integers(0, 9, len(later))
    result["sales"] = sales
    stock = result["inventory_snapshot"]
    stock.loc[stock["date"] > after, "on_hand"] = 999.0
    orders = result["orders"]
    orders = orders[orders["ordered_at"] <= after].reset_index(drop=True)
    late = orders["expected_date"] > after
    orders.loc[late, "expected_date"] += pd.Timedelta(days=9)
    result["orders"] = orders
    promotions = result["promotions"]
    far = promotions["from_date"] > after + pd.Timedelta(days=56)
    promotions.loc[far, "from_date"] -= pd.Timedelta(days=2)
    promotions.loc[far, "depth"] = 0.6
    return result


def filled(folder: Path, frames: dict[str, pd.DataFrame]) -> Lake:
    lake = Lake(folder)
    for name, frame in frames.items():
        lake.replace(name, frame)
    return lake


def set_up(lake: Lake, **changes: object) -> Setup:
    asked = {
        "start": START,
        "end": END,
        "tuned_on": None,
        "target": "cost",
        "truth": False,
        "sample": None,
        "seed": 7,
    }
    return prepare(lake, **(asked | changes))


COVERS = Tuned(np.full(18, 1.0), np.full(18, 4.0), (), np.empty(0))
"""Days of cover of every class: what tuning sees ends before the game, and is compared by itself."""


def both(setup: Setup) -> dict[str, Played]:
    return {
        "ours": play(setup.game, our_policy(setup, seed=7, model=MODEL)),
        "min_max": play(setup.game, cover_policy(setup, setup.span.first, COVERS)),
    }


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Setup, dict[str, Played]]:
    setup = set_up(filled(tmp_path_factory.mktemp("known") / "lake", tables()))
    return setup, both(setup)


@given(offset=st.integers(0, 40), seed=st.integers(0, 99))
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_with_the_future_shuffled_every_decision_until_then_is_the_same(
    known: tuple[Setup, dict[str, Played]],
    tmp_path_factory: pytest.TempPathFactory,
    offset: int,
    seed: int,
) -> None:
    day = START + dt.timedelta(days=offset)
    lake = filled(tmp_path_factory.mktemp("shuffled") / "lake", shuffled_after(tables(), day, seed))
    setup = set_up(lake)
    before = slice(0, offset + 1)
    np.testing.assert_array_equal(setup.game.demand[:, before], known[0].game.demand[:, before])
    np.testing.assert_array_equal(setup.tuning.demand, known[0].tuning.demand)
    if offset < 40:
        assert (setup.game.demand != known[0].game.demand).any()
    for name, played in both(setup).items():
        # orders of the morning after `day` know `day` too
        decided = slice(0, offset + 2)
        assert played.ordered[:, decided].tobytes() == known[1][name].ordered[:, decided].tobytes(), name
        assert played.end_stock[:, before].tobytes() == known[1][name].end_stock[:, before].tobytes(), name


@pytest.mark.parametrize("late", [4, 9])
def test_a_plan_of_the_past_does_not_know_when_its_open_orders_came(tmp_path: Path, late: int) -> None:
    """Orders that arrived after the morning are expected when promised, whenever they came."""
    frames, morning = tables(), START + dt.timedelta(days=1)
    came = frames["orders"]["ordered_at"] + pd.Timedelta(days=late)
    lake = filled(tmp_path / "lake", frames | {"orders": frames["orders"].assign(expected_date=came)})
    seen = load_inputs(lake, as_of=morning).tables["orders"]
    coming = seen[seen["status"] == "sent"]
    arrived = came[frames["orders"]["ordered_at"] < pd.Timestamp(morning)] < pd.Timestamp(morning)
    assert len(coming) == (~arrived).sum() > 0
    assert (coming["expected_date"] == coming["promised_date"]).all()


def test_the_game_keeps_the_rules_of_the_lake(known: tuple[Setup, dict[str, Played]]) -> None:
    setup, played = known
    game = setup.game
    monday = (np.datetime64(START, "D").astype(int) + 3) % 7
    weekday = (monday + np.arange(game.periods)) % 7
    np.testing.assert_array_equal(game.may_order, np.tile(np.isin(weekday, (0, 2, 4)), (game.size, 1)))
    assert set(np.unique(game.lead_time)) <= {0, 1, 2, 3, 4, 5}
    # one truck a store and day
    np.testing.assert_array_equal(game.lead_time[0], game.lead_time[2])
    pack = setup.lines["case_pack"].to_numpy()[:, None]
    for one in played.values():
        assert not (one.ordered % pack).any()
        assert not one.ordered[~game.may_order].any()
    fresh = setup.lines["sku"].eq("milk").to_numpy()
    assert game.life[fresh].tolist() == [6, 6]
    assert (game.batch_last[np.isin(game.batch_line, np.flatnonzero(fresh))] <= 5).all()


def test_short_days_are_filled_up_from_the_days_before_only(known: tuple[Setup, dict[str, Played]]) -> None:
    setup, _ = known
    sold = setup.sales.quantity[setup.rows, setup.span.first :]
    share = setup.sales.in_stock[setup.rows, setup.span.first :]
    demand = setup.game.demand
    np.testing.assert_array_equal(demand[share == 1.0], sold[share == 1.0])
    assert (demand >= sold).all()
    out = share == 0.0
    usual = sold[share == 1.0].mean()
    assert demand[out].mean() == pytest.approx(usual, rel=0.35)
    group = setup.lines["category"].to_numpy(dtype=object)
    part = causal_demand(setup.sales, 200, 215, group, 7)
    np.testing.assert_array_equal(part, causal_demand(setup.sales, 200, 240, group, 7)[:, :15])


def test_a_replay_is_stored_once_and_read_back(tmp_path: Path) -> None:
    lake = filled(tmp_path / "lake", tables())
    told: list[float] = []
    found = replay(lake, start=START, end=END, model=MODEL, progress=lambda _text, share: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0
    total = found.total
    for side in ("ours", "theirs"):
        parts = [total[f"{side}_{name}_cost"] for name in ("lost", "holding", "waste", "orders")]
        assert total[f"{side}_cost"] == pytest.approx(sum(parts))
        assert total[f"{side}_cost"] == pytest.approx(found.lines[f"{side}_cost"].sum())
        weekly = found.weeks[[f"{side}_{name}_cost" for name in ("lost", "holding", "waste", "orders")]]
        assert weekly.to_numpy().sum() == pytest.approx(total[f"{side}_cost"])
    assert total["saved"] == pytest.approx(total["theirs_cost"] - total["ours_cost"])
    assert total["saved_low"] <= total["saved"] <= total["saved_high"]
    assert found.lines["demand_units"].sum() == total["demand_units"]
    assert list(found.lines.columns) == list(TABLES["replay_lines"].names)
    assert "days of cover" in total["said"]
    again = stored(lake, found.replay_id)
    assert again is not None
    pd.testing.assert_frame_equal(again.lines, found.lines, check_dtype=False)
    version = lake.current("replays").number  # type: ignore[union-attr]
    assert replay(lake, start=START, end=END, model=MODEL).replay_id == found.replay_id
    assert lake.current("replays").number == version  # type: ignore[union-attr]
    assert stored(lake, "never") is None


def test_a_sample_has_every_class_and_says_so(tmp_path: Path) -> None:
    lake = filled(tmp_path / "lake", tables())
    setup = set_up(lake, sample=4)
    assert len(setup.lines) == 4
    assert setup.lines_of == 6
    assert set(setup.code) == set(set_up(lake).code)


def test_against_what_was_really_ordered(tmp_path: Path) -> None:
    frames = tables()
    lake = filled(tmp_path / "lake", frames)
    found = replay(lake, start=START, end=END, against="orders", model=MODEL)
    orders = frames["orders"]
    inside = orders[
        (orders["ordered_at"] >= pd.Timestamp(START)) & (orders["ordered_at"] <= pd.Timestamp(END))
    ]
    assert found.total["theirs_ordered"] == inside["quantity"].sum()
    assert found.total["theirs_orders"] == len(inside)
    del frames["orders"]
    with pytest.raises(JobError, match=r"no line's orders are known .* import them with --kind orders"):
        replay(filled(tmp_path / "none", frames), start=START, end=END, against="orders")


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        ({"start": dt.date(2025, 3, 1)}, "at least 182 days of sales before .* leaves 54"),
        ({"start": dt.date(2025, 8, 25)}, "at least 28 days are played, not 9"),
        ({"end": dt.date(2026, 1, 1)}, "--to 2026-01-01 is after the last sales"),
        (
            {"tuned_on": (dt.date(2025, 1, 6), dt.date(2025, 3, 1))},
            "tuned on 2025-01-06 to 2025-03-01: it must be at least 182",
        ),
        ({"truth": True}, "demand_truth"),
    ],
)
def test_what_cannot_be_played_is_refused_with_what_is_needed(
    tmp_path: Path, asked: dict[str, object], rule: str
) -> None:
    lake = filled(tmp_path / "lake", tables())
    with pytest.raises(JobError, match=rule):
        replay(lake, **({"start": START, "end": END} | asked))  # type: ignore[arg-type]


def test_a_short_history_and_an_empty_lake_are_refused(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"a replay needs a longer history.*100 days"):
        replay(filled(tmp_path / "short", tables(days=100)))
    with pytest.raises(JobError, match="no sales"):
        replay(Lake(tmp_path / "empty"))


def test_unknown_opening_stock_is_assumed_and_said(tmp_path: Path) -> None:
    frames = tables()
    snapshot = frames["inventory_snapshot"]
    frames["inventory_snapshot"] = snapshot[snapshot["sku"] != "tea"]
    setup = set_up(filled(tmp_path / "lake", frames))
    assert setup.assumed_stock == 2
    tea = setup.lines["sku"].eq("tea").to_numpy()
    opened = np.bincount(setup.game.batch_line, weights=setup.game.batch_quantity, minlength=6)
    assert (opened[tea] > 40).all()


def test_the_lakes_own_targets_order_for_service(tmp_path: Path) -> None:
    lake = filled(tmp_path / "lake", tables())
    setup = set_up(lake, target="policy")
    assert set(setup.terms.target_kind) == {"fill"}
    assert set(set_up(lake).terms.target_kind) == {"cost"}
