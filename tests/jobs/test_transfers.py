"""Transfers in the daily plan: surplus, need, expiry, limits, dates and words, on three small places."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_lake.lake import Lake
from engine.contracts import TABLES
from engine.replenishment.line import draw
from engine.replenishment.plan import plan_lines
from jobs.inputs import PlanInputs, load_inputs
from jobs.line_inputs import DemandModel, build_line_inputs, latest_stock
from jobs.line_terms import line_terms
from jobs.transfer_lanes import lane_terms
from jobs.transfers import TransferTables, plan_transfers_of

DAY = dt.date(2026, 11, 23)
"""A Monday."""
HORIZON = 42
SKUS = {
    "tea": {"unit_cost": 2.0, "unit_price": 5.0, "volume": 0.5, "case_pack": 6.0},
    "milk": {"unit_cost": 1.0, "unit_price": 2.0, "volume": 1.0, "case_pack": 12.0, "shelf_life_days": 12.0},
}
LANE = {
    "freight_per_litre": 0.1,
    "freight_per_unit": 0.05,
    "handling": 0.05,
    "fixed_cost": 1.0,
    "transit_days": 1.0,
}
Stock = dict[tuple[str, str], list[tuple[str, float, int | None]]]
"""(sku, location): batch, units, days until it expires."""


def make_inputs(
    lake: Lake, stock: Stock, lanes: list[dict[str, Any]], *, lead: float = 5.0, **tables: pd.DataFrame
) -> PlanInputs:
    """Write three places and load them as a plan does; every line sells something yesterday."""
    pairs = sorted(stock)
    day = pd.Timestamp(DAY - dt.timedelta(days=1))
    lake.replace("products", pd.DataFrame([{"sku": sku, "name": sku.title()} | SKUS[sku] for sku in SKUS]))
    places = [{"location": code, "name": f"Shop {code}", "kind": "store"} for code in "ABC"]
    lake.replace("locations", pd.DataFrame(places))
    lake.replace(
        "sales", pd.DataFrame([{"date": day, "sku": s, "location": p, "quantity": 1.0} for s, p in pairs])
    )
    rows = [
        {"date": day, "sku": sku, "location": place, "batch": batch, "status": "available", "on_hand": units}
        | {"expiry_date": None if days is None else pd.Timestamp(DAY + dt.timedelta(days=days))}
        for (sku, place), batches in stock.items()
        for batch, units, days in batches
    ]
    lake.replace("inventory_snapshot", pd.DataFrame(rows).astype({"expiry_date": "datetime64[us]"}))
    terms = {"source": "Acme", "source_kind": "supplier", "lead_time_mean": lead, "lead_time_sd": 0.0}
    lake.replace("sourcing", pd.DataFrame([{"sku": s, "location": p} | terms for s, p in pairs]))
    if lanes:
        lake.replace("lanes", pd.DataFrame(lanes))
    for name, frame in tables.items():
        lake.replace(name, frame)
    return load_inputs(lake)


def planned(inputs: PlanInputs, demand: dict[tuple[str, str], float]) -> tuple[Any, ...]:
    """Plan with this constant mean demand a day."""
    lines = line_terms(inputs)
    mean = np.array(
        [[demand[sku, place]] * HORIZON for sku, place in zip(lines["sku"], lines["location"], strict=True)]
    )
    n = len(lines)
    model = DemandModel(mean, np.full(n, 0.1), np.full(n, 1.2), np.arange(1, n + 1, dtype=np.uint64))
    stock = latest_stock(inputs.tables["inventory_snapshot"])
    line_inputs = build_line_inputs(lines, model, stock, inputs.tables["orders"], as_of=DAY, period="D")
    return inputs, lines, line_inputs, plan_lines(line_inputs, n_paths=200)


def lane(origin: str, destination: str, **changes: Any) -> dict[str, Any]:
    return {"origin": origin, "destination": destination, **LANE, **changes}


SHORT: Stock = {
    ("tea", "A"): [("L1", 200.0, None)],
    ("tea", "B"): [("", 6.0, None)],
    ("tea", "C"): [("", 60.0, None)],
}
SELLS = {("tea", "A"): 4.0, ("tea", "B"): 10.0, ("tea", "C"): 4.0}


@pytest.fixture
def move(lake: Lake) -> Callable[..., TransferTables]:
    """Plan what moves between A, B and C."""

    def act(
        stock: Stock, demand: dict[tuple[str, str], float], lanes: list[dict[str, Any]], **more: Any
    ) -> TransferTables:
        held = more.pop("held", None)
        return plan_transfers_of(*planned(make_inputs(lake, stock, lanes, **more), demand), held=held)

    return act


def test_surplus_goes_where_it_is_missing_and_the_money_adds_up(move: Callable[..., TransferTables]) -> None:
    (row,) = move(SHORT, SELLS, [lane("A", "B")]).transfers.to_dict("records")
    assert row["transfer_id"] == "tea|A|B"
    # B sells 10 a day from tomorrow until its order arrives on day 5; some more save the week after.
    assert 35 <= row["quantity"] <= 80
    assert row["batches"] == [f"L1={row['quantity']:.0f}"]
    assert (row["ship_date"], row["arrival_date"]) == (
        pd.Timestamp(DAY),
        pd.Timestamp(DAY + dt.timedelta(days=1)),
    )
    assert row["freight"] == pytest.approx(row["quantity"] * (0.1 * 0.5 + 0.05))
    assert row["handling"] == pytest.approx(row["quantity"] * 0.05)
    costs = row["freight"] + row["handling"] + row["fixed_cost"]
    assert row["money"] == pytest.approx(row["gain"] - row["loss"] - costs)
    assert row["gain"] > 1.5 * row["quantity"]  # most units save a sale of 3 margin
    assert row["value"] == pytest.approx(row["quantity"] * 2.0)
    assert row["reason"] == "shortage"
    assert "Shop A to Shop B" in row["why"]
    assert np.isnan(row["fewest_days_left"])


def test_the_quantity_is_the_best_of_all_tried_one_by_one(lake: Lake) -> None:
    """The slow oracle: both places played forward for every quantity."""
    inputs, lines, line_inputs, plans = planned(make_inputs(lake, SHORT, [lane("A", "B")]), SELLS)
    (row,) = plan_transfers_of(inputs, lines, line_inputs, plans).transfers.to_dict("records")
    giver, taker = (int(np.flatnonzero(lines["location"] == place)[0]) for place in "AB")

    def cost(line: int, less: float, more: float) -> float:
        batch = line_inputs.batch_quantity - less * (line_inputs.batch_line == line)
        changed = replace(
            line_inputs,
            batch_quantity=batch,
            receipt_line=np.append(line_inputs.receipt_line, line),
            receipt_period=np.append(line_inputs.receipt_period, 1),
            receipt_quantity=np.append(line_inputs.receipt_quantity, more),
        )
        (played,) = draw(changed.checked(), slice(line, line + 1), 200)
        lost = played.play(float(plans.quantity[line]))[:, :2].sum(axis=1).mean()
        return float(lost * 3.0)

    base = cost(giver, 0, 0) + cost(taker, 0, 0)

    def earned(units: float) -> float:
        return base - cost(giver, units, 0) - cost(taker, 0, units) - units * 0.15 - 1.0

    best = max(earned(units) for units in range(0, 101, 2))
    assert row["money"] == pytest.approx(earned(row["quantity"]), rel=0.05)
    assert earned(row["quantity"]) >= 0.97 * best


def test_what_the_own_order_covers_in_time_is_no_need(move: Callable[..., TransferTables]) -> None:
    stock = SHORT | {("tea", "B"): [("", 30.0, None)]}
    done = move(stock, SELLS, [lane("A", "B")], lead=1.0)
    assert done.transfers.empty


def test_a_batch_that_would_expire_moves_to_who_sells_it(move: Callable[..., TransferTables]) -> None:
    stock: Stock = {
        ("milk", "A"): [("old", 60.0, 5), ("new", 20.0, 11)],
        ("milk", "B"): [("", 40.0, 10)],
    }
    demand = {("milk", "A"): 3.0, ("milk", "B"): 20.0}
    (row,) = move(stock, demand, [lane("A", "B")], lead=1.0).transfers.to_dict("records")
    assert row["reason"] == "expiry"
    assert row["loss"] < -10.0
    assert row["batches"][0].startswith("old=")
    assert row["fewest_days_left"] == 5.0  # today and five days more, less a day on the way
    assert row["quantity"] <= 5 * 20 + 1


def test_milk_does_not_move_to_who_throws_it_away_as_well(move: Callable[..., TransferTables]) -> None:
    stock: Stock = {("milk", "A"): [("old", 60.0, 5)], ("milk", "B"): [("", 60.0, 5)]}
    done = move(stock, {("milk", "A"): 3.0, ("milk", "B"): 3.0}, [lane("A", "B")])
    assert done.transfers.empty


def test_a_centre_takes_nothing_that_its_stores_could_not_sell(lake: Lake) -> None:
    stock: Stock = {
        ("milk", "A"): [("old", 60.0, 4)],
        ("milk", "B"): [("", 300.0, 11)],
        ("milk", "C"): [("", 40.0, 11)],
    }
    inputs = make_inputs(lake, stock, [lane("A", "B")])
    sourcing = inputs.tables["sourcing"]
    supplied = sourcing["location"] == "C"
    changed = sourcing.assign(
        source=sourcing["source"].where(~supplied, "B"),
        source_kind=sourcing["source_kind"].where(~supplied, "location"),
        lead_time_mean=sourcing["lead_time_mean"].where(~supplied, 6.0),
    )
    demand = {("milk", "A"): 3.0, ("milk", "B"): 30.0, ("milk", "C"): 30.0}
    direct = plan_transfers_of(*planned(inputs, demand))
    assert len(direct.transfers) == 1
    inputs = replace(inputs, tables={**inputs.tables, "sourcing": changed})
    assert plan_transfers_of(*planned(inputs, demand)).transfers.empty


def test_without_lanes_nothing_moves(move: Callable[..., TransferTables]) -> None:
    done = move(SHORT, SELLS, [])
    assert done.transfers.empty
    assert done.idle.empty
    assert list(done.transfers) == [name for name in TABLES["transfers"].names if name != "run_id"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"freight_per_unit": 9.0}, "cost"),
        ({"fixed_cost": 500.0}, "cost"),
        ({"transit_days": 20.0}, "late"),
    ],
)
def test_a_lane_that_carries_nothing_says_why(
    changes: dict[str, float], why: str, move: Callable[..., TransferTables]
) -> None:
    done = move(SHORT, SELLS, [lane("A", "B", **changes)])
    assert done.transfers.empty
    (idle,) = done.idle.to_dict("records")
    assert (idle["transfer_id"], idle["reason"]) == ("tea|A|B", why)
    assert idle["money_at_risk"] > 50.0
    assert idle["why"].startswith("Nothing from Shop A to Shop B")


def test_old_milk_that_arrives_expired_says_so(move: Callable[..., TransferTables]) -> None:
    stock: Stock = {("milk", "A"): [("old", 90.0, 1)], ("milk", "B"): [("", 0.0, 9)]}
    done = move(stock, {("milk", "A"): 3.0, ("milk", "B"): 20.0}, [lane("A", "B", transit_days=3.0)])
    assert done.transfers.empty
    assert done.idle["reason"].tolist() == ["expires"]


def test_lots_minimum_capacity_and_truck_hold(move: Callable[..., TransferTables]) -> None:
    (row,) = move(SHORT, SELLS, [lane("A", "B", lot="case", capacity=40.0)]).transfers.to_dict("records")
    assert row["quantity"] % 6 == 0
    assert row["quantity"] <= 40
    (small,) = move(SHORT, SELLS, [lane("A", "B", truck_capacity=10.0)]).transfers.to_dict("records")
    assert small["quantity"] == 20  # half a litre each
    assert move(SHORT, SELLS, [lane("A", "B", least_quantity=150.0)]).transfers.empty


def test_what_leaves_on_wednesday_arrives_when_the_place_receives(lake: Lake) -> None:
    lanes = pd.DataFrame([lane("A", "B", ship_weekdays=[2.0])])
    lake.replace("lanes", lanes)
    places = pd.DataFrame({"location": ["A", "B"], "receiving_weekdays": [None, [0.0, 4.0]]})
    lake.replace("locations", places)
    (terms,) = lane_terms(lake.read("lanes"), lake.read("locations"), DAY)
    assert (terms.ship_days, terms.arrival_days) == (2, 4)
    assert terms.arrival_period("D") == 4
    assert terms.arrival_period("W") == 0


def test_a_later_arrival_is_worth_less(move: Callable[..., TransferTables]) -> None:
    lanes = [lane("A", "B", capacity=12.0), lane("C", "B", transit_days=4.0, capacity=12.0, fixed_cost=0.0)]
    stock = SHORT | {("tea", "C"): [("", 200.0, None)]}
    rows = move(stock, SELLS, lanes).transfers.set_index("origin")
    assert rows.loc["A", "gain"] == pytest.approx(36.0, rel=0.02)  # twelve units at a margin of 3
    assert rows.loc["C", "gain"] <= rows.loc["A", "gain"]
    assert rows.loc["C", "arrival_date"] == pd.Timestamp(DAY + dt.timedelta(days=4))


def test_lines_with_wrong_data_neither_give_nor_get(move: Callable[..., TransferTables]) -> None:
    for place in "AB":
        held = pd.DataFrame({"sku": ["tea"], "location": [place], "reason": ["stock is negative"]})
        assert move(SHORT, SELLS, [lane("A", "B")], held=held).transfers.empty


def test_only_what_is_worth_it_is_told_and_twice_the_same(lake: Lake) -> None:
    parts = planned(make_inputs(lake, SHORT, [lane("A", "B")]), SELLS)
    first, again = plan_transfers_of(*parts), plan_transfers_of(*parts)
    pd.testing.assert_frame_equal(first.transfers, again.transfers)
    pd.testing.assert_frame_equal(first.idle, again.idle)
    settings = pd.DataFrame({"name": ["exception_least_money"], "value": ["1000"]})
    dear = planned(make_inputs(lake, SHORT, [lane("A", "B")], settings=settings), SELLS)
    assert plan_transfers_of(*dear).transfers.empty


def test_the_shelf_of_the_giver_and_the_room_of_the_taker_are_kept(
    move: Callable[..., TransferTables],
) -> None:
    stock = SHORT | {("tea", "A"): [("L1", 30.0, None)]}
    shelf = pd.DataFrame(
        {
            "sku": ["tea", "tea"],
            "location": ["A", "B"],
            "presentation_stock": [20.0, 0.0],
            "shelf_maximum": [None, 25.0],
        }
    )
    demand = SELLS | {("tea", "A"): 0.01}
    (row,) = move(stock, demand, [lane("A", "B")], assortment=shelf).transfers.to_dict("records")
    assert row["quantity"] <= 10
    roomy = move(SHORT, SELLS, [lane("A", "B")], assortment=shelf.assign(presentation_stock=0.0))
    assert roomy.transfers["quantity"].max() <= 25
