"""Orders chosen together in the plan, on small real lakes: what binds moves lines, and nothing else does."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from data_lake.lake import Lake
from data_lake.runs import read_run_table
from engine.contracts import EXPLAIN_TERMS, ORDER_BOUNDS, TABLES
from engine.replenishment.joint.curves import Curves
from engine.replenishment.joint.price_breaks import purchase_value
from engine.replenishment.lines import LineInputs, LinePlans
from engine.replenishment.plan import plan_lines
from engine.replenishment.settle import settle
from engine.replenishment.value_curves import value_curves
from jobs.approve import approve_lines
from jobs.inputs import PlanInputs, load_inputs
from jobs.joint_curves import _at_stockout_cost, break_arrays, priced_curves
from jobs.joint_orders import JointOrders, joint_orders
from jobs.line_inputs import DemandModel, build_line_inputs, latest_stock
from jobs.line_terms import line_terms
from jobs.plan import plan
from jobs.supplier_performance import measured_supply

AS_OF = dt.date(2026, 11, 22)
SKUS = ("1", "2", "3")
PLACES = ("S1", "S2")
HORIZON, PATHS = 30, 60


def _lake(folder: Path, *, stock: float = 12.0, **changes: Any) -> Lake:
    """Three products at two shops, all from Acme every Sunday, twelve eaches a case, two a day sold.

    `changes` set columns: supplier_…, product_…, sourcing_…, location_….
    """

    def rows(kind: str, frame: pd.DataFrame) -> pd.DataFrame:
        columns = {name.removeprefix(f"{kind}_"): v for name, v in changes.items() if name.startswith(kind)}
        for name, value in columns.items():
            frame[name] = [value] * len(frame) if np.ndim(value) != 1 or "_" in name else value
        return frame

    lake = Lake(folder)
    pairs = pd.DataFrame(list(itertools.product(SKUS, PLACES)), columns=["sku", "location"])
    days = pd.DataFrame({"date": pd.date_range(end="2026-11-21", periods=42)})
    lake.replace("sales", days.merge(pairs, how="cross").assign(quantity=2.0, price=5.0))
    snapshot = pairs.assign(date=pd.Timestamp("2026-11-21"), batch="", status="available", on_hand=stock)
    lake.replace("inventory_snapshot", snapshot)
    products = pd.DataFrame({"sku": SKUS, "unit_cost": 3.0, "unit_price": 5.0, "volume": 2.0})
    lake.replace("products", rows("product", products))
    lake.replace("locations", rows("location", pd.DataFrame({"location": PLACES, "kind": "store"})))
    supplier = pd.DataFrame({"supplier": ["Acme"], "name": "Acme Ltd", "order_weekdays": [[6.0]]})
    lake.replace("suppliers", rows("supplier", supplier))
    terms = pairs.assign(source="Acme", source_kind="supplier", lead_time_mean=2.0, lead_time_sd=0.0)
    lake.replace("sourcing", rows("sourcing", terms.assign(order_multiple=6.0)))
    policy = {"segment": "*", "sku": "", "location": "", "target_kind": "fill", "service_target": 0.97}
    lake.replace("policies", pd.DataFrame([policy]))
    return lake


class Planned(NamedTuple):
    """What joint orders were made from, and what they are."""

    inputs: PlanInputs
    lines: pd.DataFrame
    line_inputs: LineInputs
    plans: LinePlans
    curves: Any
    joint: JointOrders

    @property
    def names(self) -> list[str]:
        return [ORDER_BOUNDS[bound] for bound in self.joint.bound]

    def term(self, kind: str, **keys: str) -> pd.Series:
        """The one row of a kind."""
        found = self.joint.terms[self.joint.terms["kind"] == kind]
        for name, value in keys.items():
            found = found[found[name] == value]
        assert len(found) == 1, found
        return found.iloc[0]


def _planned(lake: Lake, held: tuple[int, ...] = ()) -> Planned:
    inputs = load_inputs(lake)
    lines = line_terms(inputs, measured_supply(inputs.tables, inputs.as_of))
    n = len(lines)
    demand = DemandModel(
        mean=np.full((n, HORIZON), 2.0),
        level_cv=np.full(n, 0.1),
        dispersion=np.full(n, 1.5),
        path_seed=np.arange(n, dtype=np.uint64),
    )
    stock = latest_stock(inputs.tables["inventory_snapshot"])
    line_inputs = build_line_inputs(
        lines, demand, stock, inputs.tables["orders"], as_of=inputs.as_of, period="D"
    )
    plans = plan_lines(line_inputs, n_paths=PATHS)
    curves = value_curves(line_inputs, plans, n_paths=PATHS, breaks=break_arrays(lines)[0])
    is_held = np.isin(np.arange(n), held)
    joint = joint_orders(inputs, lines, line_inputs, plans, curves, is_held)
    for name, frame in (("order_terms", joint.terms), ("order_increments", joint.increments)):
        assert ["run_id", *frame.columns] == list(TABLES[name].names)
    return Planned(inputs, lines, line_inputs, plans, curves, joint)


def test_what_binds_nothing_changes_nothing(tmp_path: Path) -> None:
    lake = _lake(
        tmp_path,
        supplier_min_order_value=10.0,
        supplier_truck_capacity=500.0,
        supplier_truck_unit="litre",
        supplier_trucks_at_most=4,
        location_storage_capacity=10_000.0,
    )
    lake.upsert("settings", pd.DataFrame({"name": ["order_budget"], "value": ["100000"]}))
    found = _planned(lake)
    assert (found.plans.quantity > 0).all()
    assert found.joint.quantity.tolist() == found.plans.quantity.tolist()
    assert set(found.names) == {"none"}
    assert set(found.joint.terms["state"]) == {"free"}
    assert found.joint.terms["cost"].fillna(0.0).eq(0.0).all()
    cash = float(found.plans.quantity.sum() * 3.0)
    assert found.joint.increments["cash"].sum() == pytest.approx(cash)
    assert found.joint.increments["is_above"].all()
    assert found.term("budget")["used"] == pytest.approx(cash)


def test_a_minimum_raises_an_order_that_pays(tmp_path: Path) -> None:
    own = _planned(_lake(tmp_path / "free")).plans.quantity.sum() * 3.0
    found = _planned(_lake(tmp_path / "least", supplier_min_order_value=own + 15.0))
    assert found.joint.quantity.sum() * 3.0 >= own + 15.0
    moved = found.joint.quantity != found.plans.quantity
    assert moved.any()
    assert (found.joint.quantity >= found.plans.quantity).all()
    assert {name for name, is_moved in zip(found.names, moved, strict=True) if is_moved} == {
        "supplier_minimum"
    }
    row = found.term("supplier_minimum")
    assert row["state"] == "binds"
    assert row["cost"] > 0
    assert "is raised to" in row["words"]


def test_an_order_that_is_hardly_needed_waits_for_its_minimum(tmp_path: Path) -> None:
    found = _planned(_lake(tmp_path, stock=20.0, supplier_min_order_value=3_000.0))
    assert found.plans.quantity.sum() > 0
    assert found.joint.quantity.sum() == 0
    row = found.term("supplier_minimum")
    assert row["state"] == "waits"
    assert "waits, as it is below the minimum" in row["words"]
    assert found.joint.increments.empty


def test_a_minimum_of_scope_location_is_kept_at_each(tmp_path: Path) -> None:
    lake = _lake(tmp_path, supplier_min_order_units=30.0, supplier_min_scope="location")
    snapshot = lake.read("inventory_snapshot")
    snapshot.loc[(snapshot["location"] == "S2") & (snapshot["sku"] != "1"), "on_hand"] = 200.0
    lake.replace("inventory_snapshot", snapshot)
    found = _planned(lake)
    by_place = pd.Series(found.joint.quantity).groupby(found.lines["location"].to_numpy()).sum()
    assert found.term("supplier_minimum", location="S1")["state"] == "free"
    assert by_place["S2"] == 0 or by_place["S2"] >= 30
    assert found.term("supplier_minimum", location="S2")["moved"] > 0


@pytest.mark.parametrize("unit", ["each", "litre", "pallet"])
def test_trucks_carry_no_more_than_there_are(tmp_path: Path, unit: str) -> None:
    load = {"each": 1.0, "litre": 2.0, "pallet": 1 / 40}[unit]
    lake = _lake(
        tmp_path,
        product_units_per_pallet=40.0,
        supplier_truck_capacity=24.0 * load,
        supplier_truck_unit=unit,
        supplier_trucks_at_most=2,
    )
    found = _planned(lake)
    assert found.plans.quantity.sum() > 48
    assert found.joint.quantity.sum() == 48
    row = found.term("truck")
    assert (row["trucks"], row["fill"], row["unit"]) == (2, pytest.approx(1.0), unit)
    assert row["price"] > 0
    moved = found.joint.quantity != found.plans.quantity
    assert {name for name, is_moved in zip(found.names, moved, strict=True) if is_moved} == {"truck"}


def test_a_truck_that_costs_more_than_it_brings_waits(tmp_path: Path) -> None:
    terms = {"supplier_truck_capacity": 500.0, "supplier_truck_unit": "each"}
    dear = _planned(_lake(tmp_path / "dear", **terms, supplier_truck_cost=100_000.0))
    assert dear.joint.quantity.sum() == 0
    assert dear.term("truck")["state"] == "waits"
    cheap = _planned(_lake(tmp_path / "cheap", **terms, supplier_truck_cost=1.0))
    assert cheap.joint.quantity.tolist() == cheap.plans.quantity.tolist()
    assert cheap.term("truck")["money"] == -1.0
    assert cheap.term("truck")["cost"] == 1.0


def test_orders_find_room_where_they_arrive(tmp_path: Path) -> None:
    found = _planned(_lake(tmp_path, location_storage_capacity=80.0))
    litres = pd.Series(found.joint.quantity * 2.0).groupby(found.lines["location"].to_numpy()).sum()
    rows = found.joint.terms[found.joint.terms["kind"] == "storage"].set_index("location")
    assert (rows["state"] == "binds").all()
    assert (litres <= rows["limit"] + 1e-9).all()
    assert (rows["limit"] < 80.0).all()
    assert set(found.names) <= {"none", "storage"}
    assert rows["day"].eq(pd.Timestamp("2026-11-24")).all()


def test_a_product_without_volume_is_left_out_of_rooms_and_trucks_alone(tmp_path: Path) -> None:
    lake = _lake(
        tmp_path,
        product_volume=None,
        location_storage_capacity=0.0,
        supplier_truck_capacity=1.0,
        supplier_truck_unit="litre",
        supplier_trucks_at_most=0,
    )
    products = lake.read("products")
    products.loc[products["sku"] == "1", "volume"] = 2.0
    lake.replace("products", products)
    found = _planned(lake)
    is_known = (found.lines["sku"] == "1").to_numpy()
    assert (found.joint.quantity[is_known] == 0).all()
    assert (found.joint.quantity[~is_known] == found.plans.quantity[~is_known]).all()
    assert found.joint.terms.set_index("kind")["left_out"].to_dict() == {"storage": 2, "truck": 4}
    assert "not counted" in found.term("truck")["words"]


def test_cash_goes_where_it_brings_most_and_the_list_says_where_it_ends(tmp_path: Path) -> None:
    lake = _lake(tmp_path)
    lake.upsert("settings", pd.DataFrame({"name": ["order_budget"], "value": ["100"]}))
    found = _planned(lake)
    assert found.joint.quantity.sum() * 3.0 <= 100
    assert found.term("budget")["state"] == "binds"
    assert found.term("budget")["price"] > 0
    steps = found.joint.increments
    assert steps["money_per_cash"].is_monotonic_decreasing
    assert steps["cash"].sum() == pytest.approx(float(found.plans.quantity.sum() * 3.0))
    above = steps[steps["is_above"]]
    assert above["cumulative_cash"].max() <= 100
    # the plan spends what is left below the line, so it brings at least what stands above it
    row = found.joint.terms["kind"].eq("budget")
    given_up = steps.loc[~steps["is_above"], "money"].sum()
    assert found.joint.terms.loc[row, "cost"].item() <= given_up + 1e-6


def test_held_and_approved_lines_take_no_part_and_what_is_approved_counts(tmp_path: Path) -> None:
    lake = _lake(tmp_path, supplier_min_order_value=200.0)
    run = plan(lake)
    proposed = read_run_table(lake, run, "plan_lines")
    first = proposed[proposed["quantity"] > 0].head(4)
    assert len(first) == 4
    at = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
    choices = first[["line_id", "quantity"]].to_dict("records")
    approve_lines(lake, run_id=run.run_id, lines=choices, author="ann", at=at)
    found = _planned(lake, held=(5,))
    done = found.lines["next_order_date"].notna().to_numpy()
    assert done.sum() == 4
    out = done | (np.arange(6) == 5)
    assert (found.joint.quantity[out] == found.plans.quantity[out]).all()
    row = found.term("supplier_minimum")
    assert row["lines"] == 1
    assert row["limit"] == pytest.approx(max(200.0 - first["value"].sum(), 0.0))


@pytest.mark.parametrize("kind", ["all_units", "incremental"])
@pytest.mark.parametrize("seed", range(5))
def test_price_breaks_of_single_lines_equal_brute_force(tmp_path: Path, kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts = np.sort(rng.choice(np.arange(3, 15) * 6, 2, replace=False)).astype(float)
    costs = np.round(3.0 * np.array([rng.uniform(0.9, 0.99), rng.uniform(0.8, 0.9)]), 2)
    lake = _lake(
        tmp_path,
        stock=float(rng.integers(0, 25)),
        sourcing_price_break_quantities=starts.tolist(),
        sourcing_price_break_costs=costs.tolist(),
        sourcing_price_break_kind=kind,
    )
    found = _planned(lake)
    best = _best_alone(found, starts, costs, kind == "incremental")
    assert found.joint.quantity.tolist() == best
    moved = found.joint.quantity != found.plans.quantity
    assert [n for n, m in zip(found.names, moved, strict=True) if m] == ["price_break"] * int(moved.sum())


def _best_alone(found: Planned, starts: np.ndarray, costs: np.ndarray, incremental: bool) -> list[float]:
    """Order of most money of every line, its gain from breaks worked out order by order."""
    part = np.arange(len(found.lines))
    bare = found.lines.assign(price_break_quantities=None)
    priced = priced_curves(bare, found.line_inputs, found.plans, found.curves, part)
    best = []
    for row, own in enumerate(found.plans.quantity.tolist()):
        money = {
            float(q): float(m)
            for q, m in zip(priced.quantity[row], priced.money[row], strict=True)
            if m > -1e300
        }
        if own:
            money = {q: m + _gain(q, own, list(money), starts, costs, incremental) for q, m in money.items()}
        best.append(max(money, key=lambda q: (money[q], -q)))
    return best


def _gain(
    quantity: float,
    own: float,
    orders: list[float],
    starts: np.ndarray,
    costs: np.ndarray,
    incremental: bool,
) -> float:
    def paid(order: float) -> float:
        return float(
            purchase_value(np.array([[order]]), np.array([3.0]), starts[None], costs[None], incremental)[0, 0]
        )

    def tier(order: float) -> int:
        return int((order >= starts).sum())

    if incremental:
        before = max(order for order in orders if order < own)
        return (paid(own) - paid(before)) / (own - before) * (quantity - own) - (paid(quantity) - paid(own))
    if tier(quantity) == tier(own):
        return 0.0
    if tier(quantity) > tier(own):
        quantity = min(order for order in orders if tier(order) == tier(quantity))
    return paid(own) / own * quantity - paid(quantity)


def test_later_holding_is_charged_only_beyond_the_next_order(tmp_path: Path) -> None:
    found = _planned(_lake(tmp_path))
    part = np.arange(len(found.lines))
    priced: Curves = priced_curves(found.lines, found.line_inputs, found.plans, found.curves, part)
    own = found.plans.quantity[:, None]
    window = found.curves.window_demand[:, None]
    near = priced.valid & (priced.quantity > own) & (priced.quantity <= own + window)
    far = priced.valid & (priced.quantity > own + 2 * window)
    raw = _at_stockout_cost(found.curves, found.plans, part, _at_own(found)[1])
    raw -= raw[:, :1]
    assert near.any()
    assert far.any()
    assert priced.money[near] == pytest.approx(np.minimum(raw, raw[_at_own(found)][:, None])[near], abs=1e-3)
    assert (priced.money[far] < raw[far]).all()


def _at_own(found: Planned) -> tuple[np.ndarray, np.ndarray]:
    rows = np.arange(len(found.lines))
    return rows, (found.curves.quantity == found.plans.quantity[:, None]).argmax(axis=1)


def test_a_share_of_a_short_centre_is_never_exceeded(tmp_path: Path) -> None:
    lake = _lake(tmp_path, supplier_min_order_value=400.0)
    found = _planned(lake)
    bound = np.where(np.arange(6) < 3, ORDER_BOUNDS.index("dc_shortage"), 0)
    shared = np.where(np.arange(6) < 3, 6.0, found.plans.quantity)
    plans = settle(found.line_inputs, found.plans, shared, bound, n_paths=PATHS)
    again = joint_orders(
        found.inputs, found.lines, found.line_inputs, plans, found.curves, np.zeros(6, dtype=bool)
    )
    assert (again.quantity[:3] <= 6.0).all()


def test_a_plan_says_all_of_it_and_its_terms_sum_to_the_unit(tmp_path: Path) -> None:
    lake = _lake(tmp_path, supplier_min_order_value=700.0, supplier_name="Acme Ltd")
    run = plan(lake)
    lines = read_run_table(lake, run, "plan_lines")
    moved = lines[lines["term_joint"] != 0]
    assert len(moved)
    assert set(moved["bound"]) == {"supplier_minimum"}
    assert (lines[list(EXPLAIN_TERMS)].sum(axis=1) == lines["quantity"]).all()
    terms = read_run_table(lake, run, "order_terms")
    assert terms["words"].str.startswith("Acme Ltd: ").all()
    steps = read_run_table(lake, run, "order_increments")
    bought = lines[lines["quantity"] > 0]
    assert steps["cash"].sum() == pytest.approx(float(bought["value"].sum()))
    assert dataclasses.asdict(run)["outputs"]["order_terms"] >= 1
