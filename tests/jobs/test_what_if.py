"""What-if on a line of a stored run: unchanged it is the plan, changed it moves the right way."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from data_lake.lake import Lake
from data_lake.runs import Run
from engine.contracts import EXPLAIN_TERMS
from engine.replenishment.lines import NEVER, LineInputs
from engine.replenishment.plan import plan_lines
from jobs.errors import JobError
from jobs.item_state import line_inputs_table, load_item_state
from jobs.what_if import what_if

N, H, PATHS = 40, 30, 80
AS_OF = dt.date(2026, 11, 22)


def inputs():
    r = np.random.default_rng(4)
    rate = 2 + r.gamma(2, 4, N)
    life = np.where(np.arange(N) % 3 == 0, 6.0, np.inf)
    of = np.repeat(np.arange(N), 2)
    return LineInputs(
        mean=rate[:, None] * (1 + 0.2 * np.cos(np.arange(H))),
        level_cv=np.full(N, 0.2),
        dispersion=np.full(N, 1.4),
        path_seed=r.integers(0, 2**64, N, dtype=np.uint64),
        batch_line=of[::-1],
        batch_quantity=np.round(rate[of] * r.random(2 * N) * 2),
        batch_last_period=np.where(np.isfinite(life[of[::-1]]), 4, NEVER),
        receipt_line=np.array([0, 5, 5]),
        receipt_period=np.array([1, 2, 9]),
        receipt_quantity=np.array([4.0, 6.0, 7.0]),
        order_period=np.zeros(N, np.int64),
        next_order_period=np.full(N, 4),
        lead_time_mean=np.full(N, 2.0),
        lead_time_sd=np.full(N, 0.7),
        moq=np.full(N, np.nan),
        order_multiple=np.where(np.arange(N) % 4 == 0, 6.0, 1.0),
        min_cover=np.zeros(N),
        max_cover=np.full(N, np.inf),
        presentation_stock=np.zeros(N),
        shelf_maximum=np.where(np.arange(N) == 7, 10.0, np.inf),
        unit_cost=np.full(N, 2.0),
        unit_margin=np.full(N, 1.0),
        target_kind=np.where(np.arange(N) % 2 == 0, "fill", "cost"),
        service_target=np.full(N, 0.95),
        stockout_cost=np.full(N, np.nan),
        holding_cost=np.full(N, 0.01),
        life_periods=life,
        backorder=np.zeros(N, bool),
        order_cost=np.zeros(N),
    )


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    lake = Lake(str(tmp_path_factory.mktemp("lake")))
    lines = pd.DataFrame({"sku": [f"{i:03}" for i in range(N)], "location": "S1", "source": "V"})
    version = lake.replace("line_inputs", line_inputs_table("run-1", lines, inputs()))
    run = Run(
        "run-1",
        AS_OF,
        dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
        inputs={},
        outputs={"line_inputs": version.number},
        policy={"n_paths": PATHS},
    )
    return lake, run, plan_lines(inputs(), n_paths=PATHS)


def state(stored, row):
    return load_item_state(stored[0], stored[1], f"{row:03}", "S1")


def test_unchanged_every_line_is_exactly_the_plan(stored):
    plan = stored[2]
    for row in range(N):
        result = what_if(state(stored, row))
        assert result.quantity == plan.quantity[row]
        assert result.change == 0
        assert result.terms == {term: getattr(plan, term)[row] for term in EXPLAIN_TERMS}
        np.testing.assert_array_equal(result.stock_mean, plan.projected_stock_with_order[row])


def test_stating_the_present_figures_changes_nothing(stored):
    for row in (4, 5):
        item = state(stored, row)
        shown = float(item.plan.service_target[0])
        multiple = float(item.inputs.order_multiple[0])
        result = what_if(item, service_target=shown, lead_time_days=2.0, order_multiple=multiple)
        assert result.change == 0


def test_sliders_move_the_order_the_right_way(stored):
    item = state(stored, 2)
    plain = what_if(item)
    assert what_if(item, service_target=0.999).quantity > plain.quantity
    assert what_if(item, demand_factor=1.5).quantity > plain.quantity
    assert what_if(item, demand_factor=0.0).quantity == 0
    assert what_if(item, order_multiple=50.0).quantity % 50 == 0
    later = what_if(item, lead_time_days=5.0)
    assert later.arrival_date == np.datetime64("2026-11-27")
    assert later.lost > plain.lost
    assert later.change == later.quantity - plain.quantity


def test_a_minimum_and_another_order_interval_move_the_order(stored):
    item = state(stored, 2)
    plain = what_if(item)
    assert what_if(item, moq=plain.quantity + 11).quantity == plain.quantity + 11
    assert what_if(item, moq=0.0, days_between_orders=4).change == 0
    later = what_if(item, days_between_orders=9)
    assert later.quantity > plain.quantity
    assert later.next_arrival_date == np.datetime64("2026-12-03")


def test_a_result_reconciles(stored):
    result = what_if(state(stored, 2), demand_factor=1.2)
    assert sum(result.terms.values()) == result.quantity
    assert result.cash == 2.0 * result.quantity
    assert (result.stock_p10 <= result.stock_p90).all()
    assert result.dates[0] == np.datetime64(AS_OF)
    assert len(result.dates) == len(result.stock_mean) == len(result.stock_planned) == H
    assert result.sentence.startswith(f"Order {result.quantity:.0f} because")


def test_a_line_that_costs_decide_takes_a_cycle_target(stored):
    item = state(stored, 5)
    assert item.inputs.target_kind[0] == "cost"
    assert what_if(item, service_target=0.5).quantity < what_if(item, service_target=0.99).quantity


def test_a_limit_that_binds_is_said(stored):
    result = what_if(state(stored, 7), service_target=0.99, demand_factor=3.0)
    assert result.bound == "shelf_maximum"
    assert "The shelf holds no more." in result.sentence
    assert "stay short before" in result.sentence


def test_changes_out_of_range_are_all_named(stored):
    with pytest.raises(JobError) as error:
        what_if(
            state(stored, 0), service_target=1.0, lead_time_days=-1, demand_factor=np.inf, order_multiple=-2
        )
    for words in (
        "Service target: value is 1; it must be at least 0 and at most 0.9999",
        "Lead time: value is -1",
        "Demand: value is inf",
        "Order multiple: value is -2",
    ):
        assert words in str(error.value)


def test_a_line_that_was_not_planned_is_refused(stored):
    with pytest.raises(JobError, match="no plan line of product '999' at 'S1'"):
        state(stored, 999)
    with pytest.raises(JobError, match="no plan line"):
        load_item_state(stored[0], stored[1], "001", "S1", source="other")
    assert load_item_state(stored[0], stored[1], "001", "S1", source="V").source == "V"
