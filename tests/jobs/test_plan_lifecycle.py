"""Life cycles of a plan's lines, and its totals, from the lake's own tables."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from data_lake.lake import Lake
from data_lake.runs import read_run_table
from jobs.forecast_totals import sold_here
from jobs.inputs import load_inputs
from jobs.lifecycle import plan_lifecycle
from jobs.line_terms import line_terms
from jobs.plan import plan

FIRST, DAYS = pd.Timestamp("2024-01-01"), 200


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Lake:
    """Two shops supplied by a depot: a product and its successor, two others, one still to come."""
    lake = Lake(tmp_path_factory.mktemp("shop"))
    days = pd.date_range(FIRST, periods=DAYS)
    rng = np.random.default_rng(3)
    parts = []
    for place, size in (("x", 1.0), ("y", 2.0)):
        for sku, level, since, until in (
            ("old", 8, 0, 180),
            ("young", 8, 181, DAYS),
            ("p1", 6, 0, DAYS),
            ("p2", 9, 0, DAYS),
        ):
            quantity = rng.poisson(level * size, until - since).astype(float)
            parts.append(
                pd.DataFrame({"date": days[since:until], "sku": sku, "location": place, "quantity": quantity})
            )
    lake.replace("sales", pd.concat(parts, ignore_index=True))
    skus = ["old", "young", "p1", "p2", "coming"]
    day = lambda count: FIRST + pd.Timedelta(days=count)  # noqa: E731
    lake.replace(
        "products",
        pd.DataFrame(
            {
                "sku": skus,
                "category": "tea",
                "brand": ["b", "b", "b", None, None],
                "predecessor_sku": [None, "old", None, "unknown", None],
                "launch_date": [None, day(181), None, None, day(210)],
                "discontinue_date": [day(179), None, None, day(230), None],
            }
        ),
    )
    lake.replace(
        "locations",
        pd.DataFrame(
            {"location": ["dc", "x", "y"], "kind": ["dc", "store", "store"], "region": ["n", "n", "s"]}
        ),
    )
    rows = [(sku, place, "dc", "location") for sku in skus[1:] for place in ("x", "y")]
    rows += [(sku, "dc", "maker", "supplier") for sku in skus[1:]]
    sourcing = pd.DataFrame(rows, columns=["sku", "location", "source", "source_kind"])
    lake.replace("sourcing", sourcing.assign(lead_time_mean=2.0))
    lake.replace(
        "assortment",
        pd.DataFrame(
            {
                "sku": ["p1", "coming"],
                "location": ["x", "y"],
                "from_date": [None, day(215)],
                "to_date": [day(205), None],
            }
        ),
    )
    return lake


def test_facts_come_from_products_assortment_and_sales(shop):
    inputs = load_inputs(shop)
    lines = line_terms(inputs)
    about = plan_lifecycle(inputs, lines)
    row = {key: i for i, key in enumerate(zip(lines["sku"], lines["location"], strict=True))}
    day = lambda count: np.datetime64(FIRST, "D") + count  # noqa: E731
    assert about.launch[row["young", "x"]] == day(181)
    assert about.launch[row["coming", "x"]] == day(210)
    assert about.launch[row["coming", "y"]] == day(215)
    assert about.end[row["p1", "x"]] == day(205)
    assert np.isnat(about.end[row["p1", "y"]])
    assert about.end[row["p2", "y"]] == day(230)
    assert about.ancestors is not None
    # The old product has left: it is no line, but its past is known, at the depot as what it supplied.
    assert ("old", "x") not in row
    depot = about.ancestors.values[about.predecessor[row["young", "dc"]]]
    shops = [about.ancestors.values[about.predecessor[row["young", place]]] for place in ("x", "y")]
    assert depot == pytest.approx(np.sum(shops, axis=0))
    assert (about.ancestor_end == day(179)).all()
    assert about.predecessor[row["p2", "x"]] == -1
    assert about.brand[row["p1", "x"]] == "b"


def test_a_plan_names_life_cycles_and_totals_agree_with_their_items(shop):
    run = plan(shop, as_of=(FIRST + pd.Timedelta(days=DAYS)).date(), model="seasonal-moving-average")
    forecasts = read_run_table(shop, run, "forecasts")
    models = read_run_table(shop, run, "series_models").set_index(["sku", "location"])
    assert models.loc[("young", "x"), "model"] == "predecessor"
    assert "replaces old" in models.loc[("young", "x"), "reason"]
    assert models.loc[("p1", "x"), "model"] == "ending"
    coming = forecasts[(forecasts["sku"] == "coming") & (forecasts["location"] == "y")].set_index("date")[
        "mean"
    ]
    assert (coming[: FIRST + pd.Timedelta(days=214)] == 0).all()
    assert (coming[FIRST + pd.Timedelta(days=215) :] > 0).all()
    young = forecasts[(forecasts["sku"] == "young") & (forecasts["location"] == "y")]["mean"]
    assert young.mean() == pytest.approx(16, rel=0.3)
    totals = read_run_table(shop, run, "forecast_totals")
    sold = forecasts[forecasts["location"] != "dc"]
    daily = sold.groupby("date")["mean"].sum()
    for level in ("category", "region", "location", "all"):
        part = totals[totals["level"] == level]
        assert part.groupby("date")["mean"].sum().to_numpy() == pytest.approx(daily.to_numpy())
    south = totals[totals["region"] == "s"].set_index("date")["mean"]
    items = sold[sold["location"] == "y"].groupby("date")["mean"].sum()
    assert south.to_numpy() == pytest.approx(items.to_numpy())
    assert (totals["q10"] <= totals["mean"]).all()
    assert (totals["mean"] <= totals["q90"]).all()
    assert run.as_of == dt.date(2024, 7, 19)


def test_a_line_that_supplies_another_sells_nothing_itself():
    lines = pd.DataFrame(
        [("a", "dc", "m", "supplier"), ("a", "x", "dc", "location"), ("b", "dc", "m", "supplier")],
        columns=["sku", "location", "source", "source_kind"],
    )
    assert sold_here(lines).tolist() == [False, True, True]
