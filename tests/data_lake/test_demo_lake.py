"""The demo lake: reproducible, valid, and plausible to a planner."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from data_lake.demo import PLANTED_FAULTS, build, generate
from data_lake.lake import Lake
from engine.contracts import OPEN_ORDER_STATUSES, TABLES

END = date(2026, 11, 21)


@pytest.fixture(scope="module")
def frames() -> dict[str, pl.DataFrame]:
    return generate()


def _total_stock(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    stock = frames["inventory_snapshot"]
    return stock.group_by("date", "sku", "location").agg(pl.col("on_hand").sum())


def test_the_smallest_lakes_build_and_the_same_arguments_write_the_same_bytes(tmp_path):
    one, two = Lake(str(tmp_path / "one")), Lake(str(tmp_path / "two"))
    said = []
    build(one, skus=8, stores=2, days=120, progress=lambda what, share: said.append((what, share)))
    build(two, skus=8, stores=2, days=120)
    for table in generate(skus=1, stores=1, dcs=1, days=1):
        versions = one.current(table), two.current(table)
        assert versions[0] is not None
        assert versions[1] is not None
        assert versions[0].files == versions[1].files, table
    shares = [share for _, share in said]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)

    build(one, skus=8, stores=2, days=120)
    assert one.current("sales").number == 1, "building again writes nothing"


def test_another_seed_is_another_company(frames):
    small = [generate(seed=seed, skus=8, stores=2, days=60)["sales"] for seed in (7, 7, 8)]
    assert small[0].equals(small[1])
    assert not small[0].equals(small[2])


def test_sizes_below_one_are_refused_all_at_once():
    with pytest.raises(ValueError, match="skus = 0, days = -3"):
        generate(skus=0, days=-3)


def test_more_products_and_places_than_are_written_down():
    frames = generate(skus=330, stores=14, dcs=3, days=10)
    assert frames["products"]["sku"].n_unique() == 331  # one is the planted duplicate
    assert frames["products"]["name"].n_unique() == 331
    assert frames["locations"]["name"].n_unique() == 17


def test_every_table_keeps_its_contract(frames):
    for table, frame in frames.items():
        contract = TABLES[table]
        assert set(frame.columns) == set(contract.names), table
        assert not frame.select(contract.key).is_duplicated().any(), table
        for column in contract.columns:
            if column.required or column.name in contract.key:
                assert frame[column.name].null_count() == 0, (table, column.name)
            if column.minimum is not None and column.kind == "number":
                assert (frame[column.name].drop_nulls() >= column.minimum).all(), (table, column.name)
            if column.allowed:
                assert set(frame[column.name].drop_nulls()) <= set(column.allowed), (table, column.name)


def test_the_portfolio_is_as_large_as_asked(frames):
    assert frames["products"].height == 150 + 1  # one is the planted duplicate
    assert frames["assortment"].height == 150 * 14
    assert frames["sourcing"].height == 150 * 14 - 1  # one is planted missing
    assert frames["products"]["category"].n_unique() == 8
    assert frames["sales"]["date"].max() == END
    assert (END - frames["sales"]["date"].min()).days == 1095
    assert set(frames["sales"]["location"]) == {f"S{i:02d}" for i in range(1, 13)}
    assert _total_stock(frames).select("sku", "location").n_unique() == 150 * 14


def test_a_planner_finds_the_figures_plausible(frames):
    sales, truth, products = frames["sales"], frames["demand_truth"], frames["products"]
    fill = generate(faults=False)["sales"]["quantity"].sum() / truth["demand"].sum()
    assert 0.93 <= fill <= 0.97
    assert products["unit_price"].is_between(0.5, 20).all()
    margin = products.filter(pl.col("unit_cost").is_not_null()).select(
        1 - pl.col("unit_cost") / pl.col("unit_price")
    )
    assert margin.to_series().is_between(0.15, 0.6).all()
    yearly = sales["revenue"].sum() / 3
    assert 5e6 <= yearly <= 30e6
    last = frames["inventory_snapshot"].filter(pl.col("date") == END)
    value = (last["on_hand"] * last["unit_cost"]).sum()
    daily_cost = 0.62 * yearly / 365
    assert 7 <= value / daily_cost <= 30, "one to four weeks of cover over the whole chain"


def test_stockouts_censor_sales_and_say_so():
    frames = generate(skus=24, stores=6, days=400, faults=False)
    both = frames["sales"].join(frames["demand_truth"], on=["date", "sku", "location"], how="inner")
    assert both.height == frames["sales"].height
    short = both.filter(pl.col("quantity") < pl.col("demand"))
    assert 0.002 <= short.height / both.height <= 0.1
    assert (short["in_stock"] < 1).all()
    full = both.filter(pl.col("in_stock") == 1)
    assert (full["quantity"] == full["demand"]).all()
    assert (both["quantity"] <= both["demand"]).all()
    assert (_total_stock(frames)["on_hand"] >= 0).all()


def test_stock_moves_as_sales_and_receipts_say():
    """Between two snapshots of a lasting product: stock = stock + arrivals − sales."""
    frames = generate(skus=16, stores=2, dcs=1, days=60, faults=False)
    sku = "04001"
    stock = _total_stock(frames).filter((pl.col("sku") == sku) & (pl.col("location") == "S01")).sort("date")
    sold = frames["sales"].filter((pl.col("sku") == sku) & (pl.col("location") == "S01"))
    came = frames["orders"].filter((pl.col("sku") == sku) & (pl.col("to_location") == "S01"))
    received = came.filter(~pl.col("status").is_in(OPEN_ORDER_STATUSES))
    checked = 0
    for before in stock.iter_rows():
        until = stock.filter(pl.col("date") > before[0]).head(1)
        if until.is_empty() or (END - before[0]).days > 20:  # transfers are kept for four weeks
            continue
        between = pl.col("date").is_between(before[0], until["date"][0], closed="right")
        arrived = received.filter(
            pl.col("expected_date").is_between(before[0], until["date"][0], closed="right")
        )
        expected = before[3] + arrived["received"].sum() - sold.filter(between)["quantity"].sum()
        assert until["on_hand"][0] == expected
        checked += 1
    assert checked >= 2


def test_batches_live_within_their_shelf_life(frames):
    last = frames["inventory_snapshot"].filter((pl.col("date") == END) & pl.col("expiry_date").is_not_null())
    lives = last.join(frames["products"].select("sku", "shelf_life_days"), on="sku")
    left = lives.with_columns(left=(pl.col("expiry_date") - END).dt.total_days())
    expired = left.filter(pl.col("left") < 1)  # as of the next morning
    assert expired.select("sku", "location").rows() == [("03005", "S06")], "only the planted one"
    assert (left["left"] <= left["shelf_life_days"]).all()
    assert last.filter(pl.col("status") != "available").height > 0


def test_open_orders_some_of_them_late(frames):
    orders = frames["orders"]
    open_lines = orders.filter(pl.col("status").is_in(OPEN_ORDER_STATUSES))
    assert {"approved", "sent", "part_received"} == set(open_lines["status"])
    assert (open_lines["received"] < open_lines["quantity"]).all()
    late = open_lines.filter(pl.col("promised_date") <= END)
    assert 10 <= late.height <= 0.2 * open_lines.height
    assert set(open_lines["kind"]) == {"purchase", "transfer"}
    measured = (
        orders.filter(pl.col("status") == "received", pl.col("kind") == "purchase")
        .group_by("from_source")
        .agg(days=(pl.col("expected_date") - pl.col("promised_date")).dt.total_days().mean())
        .sort("days")
    )
    assert measured["from_source"][-1] == "SUP14", "the supplier planted as late"
    assert measured["days"][-1] == pytest.approx(4, abs=0.6)


def test_seasons_promotions_and_dips_show_in_true_demand(frames):
    truth = frames["demand_truth"].join(frames["products"].select("sku", "category"), on="sku")
    drinks = truth.filter(pl.col("category") == "Drinks")
    month = drinks.group_by(pl.col("date").dt.month()).agg(pl.col("demand").mean()).sort("date")["demand"]
    assert month[6] > 1.4 * month[1], "July over February"
    weekday = truth.group_by(pl.col("date").dt.weekday()).agg(pl.col("demand").mean()).sort("date")["demand"]
    assert int(np.argmax(weekday.to_numpy())) == 5, "Saturday"
    assert truth.filter(pl.col("date").dt.strftime("%m-%d") == "12-25").is_empty(), "closed"

    household = frames["products"].filter(pl.col("category") == "Household & Care")["sku"]
    promotions = frames["promotions"].filter(
        (pl.col("location") == "*")
        & pl.col("sku").is_in(household.implode())
        & (pl.col("to_date") < date(2026, 10, 1))
    )
    total = truth.group_by("sku", "date").agg(pl.col("demand").sum())
    near = promotions.join(total, on="sku").with_columns(
        day=(pl.col("date") - pl.col("from_date")).dt.total_days(),
        after=(pl.col("date") - pl.col("to_date")).dt.total_days(),
    )
    before = near.filter(pl.col("day").is_between(-14, -1))["demand"].mean()
    during = near.filter((pl.col("day") >= 0) & (pl.col("after") <= 0))["demand"].mean()
    dip = near.filter(pl.col("after").is_between(1, 5))["demand"].mean()
    assert during > 1.8 * before
    assert dip < 0.85 * before


def test_promotions_and_holidays_reach_into_the_future(frames):
    assert frames["promotions"]["from_date"].max() > date(2026, 12, 15)
    assert frames["calendar"]["date"].max() > date(2027, 12, 1)


def test_planted_faults_fit_the_default_size_and_can_be_left_out(frames):
    skus = set(frames["products"]["sku"]) | {"", "99999"}
    places = set(frames["locations"]["location"]) | {""}
    for fault in PLANTED_FAULTS:
        assert fault.sku in skus
        assert fault.location in places
    clean = generate(skus=8, stores=2, days=30, faults=False)
    assert (_total_stock(clean)["on_hand"] >= 0).all()
    assert clean["products"].height == 8
