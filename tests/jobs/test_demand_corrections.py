"""Corrections of past demand: recorded with a reason, applied by the plan, retired on request."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from data_lake.events import Event
from data_lake.lake import Lake
from data_lake.ledger import read_events
from data_lake.series import SalesPanel
from jobs.demand import planning_panel
from jobs.demand_corrections import (
    correct_demand,
    corrections,
    fold_corrections,
    period_of,
    retire_correction,
    with_corrections,
)
from jobs.errors import JobError
from jobs.inputs import load_inputs

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
DAY = date(2026, 10, 5)
BULK = {
    "sku": "007",
    "location": "S1",
    "from_date": DAY,
    "to_date": DAY,
    "demand": 4.0,
    "author": "ana",
    "reason": "one company bought 300; it came back",
    "at": AT,
}


@pytest.fixture
def lake(small_lake: Lake) -> Lake:
    """Eight weeks of sales from 28 September; a bulk sale on 5 October; no stock on 12 and 13 October."""
    days = pd.date_range("2026-09-28", periods=56)
    quantity = np.full(56, 4.0)
    in_stock = np.ones(56)
    quantity[7] = 300.0
    quantity[14:16], in_stock[14:16] = 0.0, 0.0
    rows = {"date": days, "sku": "007", "quantity": quantity, "in_stock": in_stock}
    small_lake.replace(
        "sales", pd.concat([pd.DataFrame(rows | {"location": place}) for place in ("S1", "S2")])
    )
    return small_lake


def test_a_correction_is_kept_until_it_is_retired(lake: Lake) -> None:
    made = correct_demand(lake, **BULK)
    assert correct_demand(lake, **BULK) == made, "the same act twice is one"
    (one,) = corrections(lake)
    assert (one.correction, one.demand, one.from_date, one.author) == (made, 4.0, DAY, "ana")
    assert one.reason.startswith("one company")
    assert corrections(lake, "007", "S2") == []
    assert corrections(lake, until=AT - timedelta(seconds=1)) == []
    retired = AT + timedelta(hours=1)
    retire_correction(lake, made, author="bo", reason="it was a new customer", at=retired)
    assert corrections(lake) == []
    assert corrections(lake, until=AT) == [one]
    with pytest.raises(JobError, match="not there"):
        retire_correction(lake, made, author="bo", reason="again", at=retired)
    with pytest.raises(JobError, match="author or reason is empty"):
        retire_correction(lake, made, author="bo", reason=" ", at=retired)


def test_every_fault_is_named_and_nothing_recorded(lake: Lake) -> None:
    wrong = BULK | {"demand": -1.0, "to_date": date(2026, 10, 4), "author": "", "reason": " "}
    with pytest.raises(JobError) as refusal:
        correct_demand(lake, **wrong | {"at": datetime(2026, 11, 22)})
    for part in ("demand is -1.0", "before from_date", "author is empty", "reason is empty", "no time zone"):
        assert part in str(refusal.value)
    with pytest.raises(JobError, match="no sales of '008' at 'S1'"):
        correct_demand(lake, **BULK | {"sku": "008"})
    with pytest.raises(JobError, match=r"to_date 2026-11-23 is not in the history .* change the forecast"):
        correct_demand(lake, **BULK | {"to_date": date(2026, 11, 23)})
    assert read_events(lake) == []


def test_the_plan_takes_a_corrected_period_as_observed(lake: Lake) -> None:
    before = load_inputs(lake)
    correct_demand(lake, **BULK)
    correct_demand(
        lake, **BULK | {"from_date": date(2026, 10, 12), "to_date": date(2026, 10, 13), "demand": 9.0}
    )
    after = load_inputs(lake)
    assert after.digest != before.digest
    lines = pd.DataFrame(
        {
            "sku": "007",
            "location": ["S1", "S2", "DC1"],
            "source": ["DC1", "DC1", "Acme & Söhne"],
            "source_kind": ["location", "location", "supplier"],
        }
    )
    products = lake.read("products").assign(category="all")
    was, now = (planning_panel(inputs.sales, lines, products) for inputs in (before, after))
    assert (was.values[0, 7], now.values[0, 7], now.values[1, 7]) == (300.0, 4.0, 300.0)
    assert was.observed[0, 14:16].tolist() == [False, False]
    assert now.observed[0, 14:16].tolist() == [True, True]
    assert now.values[0, 14:16].tolist() == [9.0, 9.0]
    assert now.values[2, 7] == 304.0, "what a distribution centre supplies is corrected with it"
    assert now.values[2, 14] > 9.0


def test_weeks_and_months_are_corrected_by_any_of_their_days() -> None:
    keys = pd.DataFrame({"sku": ["a"], "location": ["x"]})
    nothing = np.full((1, 4), np.nan)
    made = [correction("a", "x", date(2026, 1, 14), date(2026, 1, 20), 7.0), correction("b", "x")]
    for period, start, corrected in (
        ("W", "2026-01-05", [3.0, 7.0, 7.0, 3.0]),
        ("M", "2025-12-01", [3.0, 7.0, 3.0, 3.0]),
    ):
        sold = SalesPanel(keys, np.datetime64(start), period, np.full((1, 4), 3.0), nothing, nothing, nothing)
        fixed = with_corrections(sold, made)
        assert fixed.quantity[0].tolist() == corrected
        assert (fixed.in_stock[0] == 1.0).tolist() == [value == 7.0 for value in corrected]
        assert with_corrections(sold, made[1:]) is sold
        assert with_corrections(sold, []) is sold


def test_later_corrections_win_and_days_outside_the_panel_change_nothing() -> None:
    keys = pd.DataFrame({"sku": ["a"], "location": ["x"]})
    nothing = np.full((1, 3), np.nan)
    sold = SalesPanel(keys, np.datetime64("2026-01-05"), "D", np.ones((1, 3)), nothing, nothing, nothing)
    made = [
        correction("a", "x", date(2026, 1, 1), date(2026, 1, 6), 7.0),
        correction("a", "x", date(2026, 1, 6), date(2026, 1, 6), 2.0),
        correction("a", "x", date(2026, 2, 1), date(2026, 2, 2), 9.0),
        correction("a", "x", date(2025, 2, 1), date(2025, 2, 2), 9.0),
    ]
    assert with_corrections(sold, made).quantity[0].tolist() == [7.0, 2.0, 1.0]
    assert period_of(date(2026, 1, 4), np.datetime64("2026-01-05"), "W") == -1


def correction(sku, location, first=DAY, last=DAY, demand=1.0):
    data = {
        "sku": sku,
        "location": location,
        "from_date": first.isoformat(),
        "to_date": last.isoformat(),
        "demand": demand,
    }
    (made,) = fold_corrections([Event("id", "demand.corrected", AT, "ana", "why", data)])
    return made
