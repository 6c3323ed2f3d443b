"""The sums behind key figures against plain loops over the same days."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from data_lake.series import SalesPanel
from jobs.demand import line_demand
from jobs.kpi_facts import kpi_facts
from jobs.kpis import kpis_of, measured_kpis

AS_OF = date(2026, 3, 2)
DAYS = 500
KEYS = pd.DataFrame({"sku": ["A", "A", "B"], "location": ["S1", "S2", "S1"]})


def facts_of(quantity, in_stock, *, period="D", start=None, snapshot=None, movements=None, products=None):
    n, periods = quantity.shape
    first = start or np.datetime64(AS_OF, "D") - periods
    panel = SalesPanel(
        KEYS.iloc[:n],
        first,
        period,
        quantity,
        in_stock,
        np.full(quantity.shape, np.nan),
        np.zeros(quantity.shape),
    )
    lines = KEYS.iloc[:n].assign(category=["x", "x", "y"][:n], unit_cost=2.0, unit_price=5.0)
    plan = pd.DataFrame({"on_hand": [10.0, 0, -3][:n], "expected_demand_daily": 4.0, "excess_units": 4.0})
    sold = pd.DataFrame(
        {"date": [pd.Timestamp(AS_OF) - pd.Timedelta(days=9)], "sku": ["A"], "quantity": [1.0]}
    )
    empty = {
        "inventory_snapshot": pd.DataFrame(
            columns=["date", "sku", "location", "on_hand", "unit_cost"]
        ).astype({"date": "datetime64[us]", "on_hand": float}),
        "movements": pd.DataFrame(columns=["kind", "sku", "location", "quantity", "at"]).astype(
            {"at": "datetime64[us, UTC]", "quantity": float}
        ),
        "products": pd.DataFrame({"sku": ["A", "B"], "launch_date": pd.NaT, "discontinue_date": pd.NaT}),
    }
    tables = empty | {"sales": sold}
    tables |= {} if snapshot is None else {"inventory_snapshot": snapshot}
    tables |= {} if movements is None else {"movements": movements}
    tables |= {} if products is None else {"products": products}
    sourced = lines.assign(source="x", source_kind="supplier")
    return kpi_facts(
        sold=line_demand(panel, sourced, tables["products"].assign(category="x")),
        tables=tables,
        lines=lines,
        plan_lines=plan,
        error=np.full(n, 1.0),
        actual=np.full(n, 4.0),
        as_of=AS_OF,
    )


@pytest.fixture
def history():
    rng = np.random.default_rng(4)
    quantity = rng.poisson(6.0, (3, DAYS)).astype(float)
    in_stock = np.where(rng.random((3, DAYS)) < 0.1, 0.5, 1.0)
    return quantity, in_stock


def test_sums_of_the_last_year_by_month_category_and_location(history):
    quantity, in_stock = history
    facts = facts_of(quantity, in_stock)
    first = AS_OF - timedelta(days=365)
    expected = {}
    for row, (sku_category, location) in enumerate((("x", "S1"), ("x", "S2"), ("y", "S1"))):
        for t in range(DAYS):
            day = AS_OF - timedelta(days=DAYS - t)
            if day >= first:
                cell = expected.setdefault((day.replace(day=1), sku_category, location), np.zeros(4))
                sold = quantity[row, t]
                cell += [sold, sold * 5.0, sold * 2.0, in_stock[row, t]]
    assert len(facts) == len(expected)
    for row in facts.itertuples():
        found = [row.sold_units, row.revenue, row.cost_of_sales, row.in_stock_days]
        assert found == pytest.approx(expected[(row.month.date(), row.category, row.location)])
    assert facts["open_days"].sum() == 3 * 365
    assert (facts["demand_units"] >= facts["sold_units"] - 1e-9).all()
    assert facts["margin"].sum() == pytest.approx((facts["revenue"] - facts["cost_of_sales"]).sum())
    whole = in_stock[:, -365:][:, : 52 * 7].reshape(3, 52, 7).min(axis=2) >= 1
    assert facts["cycles"].sum() == 3 * 52
    assert facts["full_cycles"].sum() == whole.sum()


def test_what_the_plan_says_stands_in_its_last_month_once(history):
    facts = facts_of(*history)
    assert facts["stock_value"].sum() == 10 * 2.0
    assert facts["excess_value"].sum() == 4 * 2.0  # no more than there is
    assert set(facts.loc[facts["forecast_units"] > 0, "month"]) == {pd.Timestamp("2026-03-01")}
    assert facts["demand_cost_daily"].sum() == 3 * 4.0 * 2.0
    values = kpis_of(facts).iloc[0]
    assert values["days_of_cover"] == pytest.approx(20 / 24)
    assert values["forecast_accuracy"] == 0.75
    assert values["obsolete_share"] == 0.0  # product B sold nothing lately, but there is none of it
    names = measured_kpis(facts)["name"].tolist()
    assert "fill_rate" in names
    assert "turns" not in names  # no stock snapshot


def test_stock_is_averaged_over_a_month_and_carried_into_months_without_a_snapshot(history):
    days = pd.to_datetime(["2025-06-05", "2025-06-20", "2025-09-01"]).astype("datetime64[us]")
    stock = [[10.0, 30.0], [20.0, 0.0], [50.0, -5.0]]
    snapshot = pd.DataFrame(
        [
            {"date": day, "sku": "A", "location": place, "on_hand": units, "unit_cost": 9.0}
            for day, row in zip(days, stock, strict=True)
            for place, units in zip(("S1", "S2"), row, strict=True)
        ]
    )
    facts = facts_of(*history, snapshot=snapshot)
    s1 = facts[(facts["location"] == "S1") & (facts["category"] == "x")].set_index("month")[
        "stock_value_days"
    ]
    assert s1[pd.Timestamp("2025-06-01")] == 15 * 2.0 * 30
    assert s1[pd.Timestamp("2025-07-01")] == 15 * 2.0 * 31  # July has none: June's stands
    assert s1[pd.Timestamp("2025-03-01")] == 15 * 2.0 * 30  # 2 to 31 March
    assert s1[pd.Timestamp("2025-12-01")] == 50 * 2.0 * 31
    assert facts.loc[facts["location"] == "S2", "stock_value_days"].min() == 0.0


def test_write_offs_and_counts(history):
    at = pd.to_datetime(["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"], utc=True)
    movements = pd.DataFrame(
        {
            "kind": ["write_off", "count", "count", "receipt"],
            "sku": "A",
            "location": "S1",
            "quantity": [-3.0, 0.0, -1.0, 40.0],
            "at": at.astype("datetime64[us, UTC]"),
        }
    )
    facts = facts_of(*history, movements=movements)
    january = facts[
        (facts["month"] == "2026-01-01") & (facts["location"] == "S1") & (facts["category"] == "x")
    ]
    assert january[["waste_value", "counts", "exact_counts"]].iloc[0].tolist() == [6.0, 2.0, 1.0]
    assert facts[["waste_value", "counts"]].sum().tolist() == [6.0, 2.0]


def test_discontinued_stock_is_obsolete(history):
    gone = pd.DataFrame(
        {"sku": ["A", "B"], "launch_date": pd.NaT, "discontinue_date": [pd.Timestamp("2026-01-01"), pd.NaT]}
    )
    assert kpis_of(facts_of(*history, products=gone))["obsolete_share"].item() == 1.0


@pytest.mark.parametrize(("period", "start", "cycles"), [("W", "2024-03-04", 52), ("M", "2024-03-01", 11)])
def test_weeks_and_months_are_cycles_themselves(period, start, cycles):
    periods = 104 if period == "W" else 24
    in_stock = np.ones((1, periods))
    in_stock[0, -1] = 0.5
    facts = facts_of(np.full((1, periods), 9.0), in_stock, period=period, start=np.datetime64(start, "D"))
    assert facts["cycles"].sum() == cycles
    assert facts["full_cycles"].sum() == cycles - 1
    assert facts["open_days"].sum() == pytest.approx(365, abs=31)


def test_a_lake_that_begins_today_has_no_figures_of_the_past():
    facts = facts_of(np.empty((3, 0)), np.empty((3, 0)))
    assert facts["sold_units"].sum() == 0
    assert facts["stock_value"].sum() == 20.0
