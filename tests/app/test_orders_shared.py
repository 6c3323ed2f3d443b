"""Orders: what suppliers' orders share, and one ranked list with a cut line where cash is limited."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data_lake.lake import Lake
from data_lake.runs import Run, commit_run, latest_run
from jobs.views import lines as lines_view
from jobs.views import orders, orders_budget, orders_shared
from jobs.views.orders_budget import budget_day, cut, rows
from jobs.views.orders_trucks import trucks

ROOT = Path(__file__).parents[2]
DAY = pd.Timestamp("2026-11-23")
EMPTY = pd.DataFrame({"line_id": [], "order_id": [], "quantity": [], "state": []})


def _term(kind: str, state: str, **columns: Any) -> dict[str, Any]:
    row = {"run_id": "run-2", "kind": kind, "supplier": "SUP1", "day": DAY, "unit": "money", "used": 0.0}
    row |= {"money": 0.0, "cost": 0.0, "state": state, "lines": 2, "moved": 0, "left_out": 0}
    row |= columns
    return row | {"term_id": f"{kind}|{row['supplier']}", "words": f"{kind} of {row['supplier']}"}


def _step(rank: int, line_id: str, cash: float, money: float) -> dict[str, Any]:
    sku, location, source = line_id.split("|")
    key = {"run_id": "run-2", "day": DAY, "rank": rank, "line_id": line_id}
    key |= {"sku": sku, "location": location, "source": source, "is_above": True}
    figures = {"cash": cash, "money": money, "money_per_cash": money / cash, "cumulative_cash": 0.0}
    return key | figures | {"from_quantity": 0.0, "to_quantity": cash}


STEPS = [
    _step(1, "007|S01|SUP1", 40.0, 200.0),
    _step(2, "101|S01|SUP2", 60.0, 120.0),
    _step(3, "007|S02|SUP1", 100.0, 50.0),
    _step(4, "101|S01|SUP2", 100.0, 10.0),
]
TERMS = [
    _term("supplier_minimum", "binds", limit=120.0, used=140.0, moved=1, cost=4.5),
    _term("truck", "waits", supplier="SUP2", unit="pallet", moved=3, cost=9.0),
    _term("price_break", "free", money=12.0),
    _term("rebate", "free", money=7.5),
]


@pytest.fixture
def shared_run(small_lake: Lake) -> tuple[Lake, Run]:
    """The small lake with a run that has what orders share."""
    tables = {"order_terms": pd.DataFrame(TERMS), "order_increments": pd.DataFrame(STEPS)}
    made = {name: small_lake.replace(name, frame).number for name, frame in tables.items()}
    first = latest_run(small_lake)
    assert first is not None
    later = first.created_at + dt.timedelta(hours=1)
    outputs = {**first.outputs, **made}
    policy = {**first.policy, "settings": {"order_budget": ""}}
    run = dataclasses.replace(first, run_id="run-2", created_at=later, outputs=outputs, policy=policy)
    return small_lake, commit_run(small_lake, run)


def open_page(**query: str) -> AppTest:
    test = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=60)
    test.switch_page(str(ROOT / "pages" / "orders.py"))
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


def said(page: AppTest) -> str:
    assert not page.exception
    return "\n".join(
        element.value for kind in ("markdown", "caption", "warning", "header") for element in page.get(kind)
    )


def _budget(shared_run: tuple[Lake, Run], approved: pd.DataFrame = EMPTY) -> orders_budget.BudgetDay:
    lake, run = shared_run
    steps = orders_budget.load(lake, run, lines_view.load(lake, run))
    terms = orders_shared.load(lake, run)
    assert steps is not None
    assert terms is not None
    return budget_day(steps, terms, approved, DAY.date())


def test_a_budget_buys_the_best_steps_first_and_says_what_it_gives_up(shared_run: tuple[Lake, Run]) -> None:
    budget = _budget(shared_run)
    assert budget.total == 300.0
    made = cut(budget, 110.0)
    assert (made.steps, made.spent, made.kept, made.given_up, made.lines_cut) == (2, 100.0, 320.0, 60.0, 2)
    assert [floor.name for floor in made.below] == ["Alpine Dairy"]
    assert cut(budget, 300.0).below == ()
    assert cut(budget, 0.0).given_up == 380.0
    shown = rows(budget, made)
    assert shown["above"].tolist() == [True, True, False, False]
    assert shown["cumulative_cash"].tolist() == [40.0, 100.0, 200.0, 300.0]
    assert shown["step"].iloc[0] == "0 → 40"
    curve = orders_budget.curve(budget)
    assert curve.to_numpy().tolist()[-1] == [300.0, 380.0]
    assert (np.diff(curve["money"]) >= 0).all()


def test_what_is_approved_is_out_of_the_list(shared_run: tuple[Lake, Run]) -> None:
    assert len(_budget(shared_run).steps) == 4
    decided = pd.DataFrame({"line_id": ["101|S01|SUP2"]})
    budget = _budget(shared_run, decided)
    assert budget.steps["line_id"].tolist() == ["007|S01|SUP1", "007|S02|SUP1"]
    assert budget.cash.tolist() == [0.0, 40.0, 140.0]


def test_what_moves_lines_comes_dearest_first(shared_run: tuple[Lake, Run]) -> None:
    terms = orders_shared.load(*shared_run)
    assert terms is not None
    shown = orders_shared.binding(terms)
    assert shown["kind"].tolist() == ["Trucks", "Supplier minimum"]
    assert shown["state"].tolist() == [["Waits"], ["Moves lines"]]
    assert len(orders_shared.binding(terms, with_free=True)) == 4
    assert orders_shared.gains(terms, "SUP1", DAY.date()) == orders_shared.Gains(12.0, 7.5)
    assert orders_shared.gains(None, "SUP1", DAY.date()) == orders_shared.NO_GAINS


@pytest.mark.parametrize(("unit", "load"), [("each", 90.0), ("litre", 180.0), ("kg", 45.0), ("pallet", 1.5)])
def test_trucks_count_what_is_known_and_say_what_is_not(unit: str, load: float) -> None:
    group = pd.DataFrame(
        {
            "location_name": ["A", "B", "B"],
            "order": [30.0, 60.0, 6.0],
            "volume": [2.0, 2.0, None],
            "weight": [0.5, 0.5, None],
            "units_per_pallet": [60.0, 60.0, None],
        }
    )
    terms = {"truck_capacity": load / 1.5, "truck_unit": unit, "truck_least_fill": 0.8, "truck_cost": 30.0}
    (truck,) = trucks(group if unit != "each" else group.head(2), terms)
    assert truck.load == pytest.approx(load)
    assert (truck.count, truck.fill, truck.is_underfilled) == (2, pytest.approx(0.75), True)
    assert truck.left_out == (0 if unit == "each" else 1)
    by_place = trucks(group, {**terms, "min_scope": "location"})
    assert [truck.scope for truck in by_place] == ["A", "B"]
    assert trucks(group, {"truck_capacity": None, "truck_unit": unit}) == []


def test_cards_carry_trucks_and_gains(shared_run: tuple[Lake, Run]) -> None:
    lake, run = shared_run
    suppliers = lake.read("suppliers").assign(truck_capacity=100.0, truck_unit="each", truck_cost=20.0)
    newer = lake.replace("suppliers", suppliers).number
    run = dataclasses.replace(run, inputs={**run.inputs, "suppliers": newer})
    lines = lines_view.load(lake, run)
    first = orders.cards(lake, run, lines, EMPTY)[0]
    assert first.source == "SUP1"
    assert [truck.count for truck in first.trucks] == [int(np.ceil(first.units / 100))]
    assert first.gains.rebate == 7.5


def test_the_page_cuts_the_list_by_the_cash_of_its_address(shared_run: tuple[Lake, Run]) -> None:
    page = open_page(cash="110")
    text = said(page)
    assert "If cash is limited" in text
    assert "What the orders share" in text
    assert "Alpine Dairy would fall below the minimum" in text
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures["Spent"] == "€100"
    assert figures["Given up"] == "€60"
    slider = next(widget for widget in page.slider if widget.key.startswith("cash-"))
    slider.set_value(300.0).run()
    assert not page.exception
    assert {metric.label: metric.value for metric in page.metric}["Given up"] == "€0"


def test_an_older_plan_shows_neither(small_lake: Lake) -> None:
    assert "If cash is limited" not in said(open_page())
    assert "What the orders share" not in said(open_page())
