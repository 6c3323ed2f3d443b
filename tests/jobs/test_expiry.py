"""Expiry of a planned lake: reconciled, honest about life at sale, decisions seen by the next plan."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_lake.lake import Lake
from data_lake.runs import Run, commit_run, latest_run, read_run_table
from engine.forecast.drivers.effects import DriverEffects
from engine.forecast.drivers.features import Features
from engine.forecast.drivers.hierarchy import Hierarchy
from engine.forecast.drivers.pooling import Pooled
from jobs.errors import JobError
from jobs.expiry_lots import last_days, monday
from jobs.expiry_response import NEVER, allowed_depths, markdown_responses
from jobs.expiry_transfers import NO_LANES, destinations, moves_of
from jobs.inputs import load_inputs
from jobs.markdowns import decide_markdowns, end_markdown, markdowns
from jobs.plan import plan
from jobs.settings import Settings, change_settings
from jobs.views import changes, expiry
from jobs.views.lines import load as load_lines

AS_OF = dt.date(2026, 11, 24)  # a Tuesday
NOW = dt.datetime(2026, 11, 24, 6, tzinfo=dt.UTC)
DAY = pd.Timestamp(AS_OF)
MILK, RICE = "milk", "rice"
LINE = f"{MILK}|S1|Dairy Co"


def _stock(*batches: tuple[str, float, int | None]) -> pd.DataFrame:
    """Stock of milk at S1 by batch: name, units, days from the day planned to expiry; and some rice."""
    milk = {"date": DAY - pd.Timedelta(days=1), "sku": MILK, "location": "S1", "status": "available"}
    rows = [
        milk | {"batch": name, "on_hand": units, "expiry_date": DAY + pd.Timedelta(days=days or 0)}
        for name, units, days in batches
    ]
    rice = milk | {"sku": RICE, "batch": "", "on_hand": 30.0, "expiry_date": pd.NaT}
    return pd.DataFrame([*rows, rice])


def _build(lake: Lake) -> None:
    common = {"category": "Food", "unit_cost": 1.0, "unit_price": 2.0, "case_pack": 6.0}
    life = {"shelf_life_days": 14.0, "min_life_at_receipt_days": 8.0, "min_life_at_sale_days": 2.0}
    lake.replace(
        "products", pd.DataFrame([common | life | {"sku": MILK, "name": "Milk"}, common | {"sku": RICE}])
    )
    lake.replace("locations", pd.DataFrame({"location": ["S1"], "name": ["Shop 1"], "kind": ["store"]}))
    lake.replace("suppliers", pd.DataFrame({"supplier": ["Dairy Co"], "name": ["Dairy Co"]}))
    sourcing = {"location": "S1", "source": "Dairy Co", "source_kind": "supplier", "lead_time_mean": 2.0}
    lake.replace(
        "sourcing",
        pd.DataFrame(
            [sourcing | {"sku": sku, "valid_from": DAY - pd.Timedelta(days=400)} for sku in (MILK, RICE)]
        ),
    )
    promoted = [DAY - pd.Timedelta(days=back) for back in (20, 45, 70, 95, 120, 145, 170)]
    lake.replace(
        "promotions",
        pd.DataFrame(
            [
                {"sku": MILK, "location": "*", "from_date": first, "to_date": first + pd.Timedelta(days=4)}
                | {"depth": 0.2, "mechanic": "price_cut"}
                for first in promoted
            ]
        ),
    )
    days = pd.date_range(end=DAY - pd.Timedelta(days=1), periods=200, freq="D")
    on = np.array([any(first <= day <= first + pd.Timedelta(days=4) for first in promoted) for day in days])
    rng = np.random.default_rng(5)
    milk = pd.DataFrame({"date": days, "sku": MILK, "quantity": rng.poisson(np.where(on, 12.0, 6.0))})
    rice = pd.DataFrame({"date": days, "sku": RICE, "quantity": rng.poisson(3.0, len(days))})
    sales = pd.concat([milk, rice]).assign(location="S1")
    lake.replace("sales", sales.assign(quantity=sales["quantity"].astype(float)))
    lake.replace("inventory_snapshot", _stock(("old", 5.0, -1), ("short", 60.0, 6), ("fresh", 4.0, 12)))
    lake.replace(
        "orders",
        pd.DataFrame(
            [
                {"order_id": "PO-9", "line": "1", "kind": "purchase", "sku": MILK, "from_source": "Dairy Co"}
                | {"to_location": "S1", "quantity": 42.0, "received": 0.0, "status": "sent"}
                | {"expected_date": DAY + pd.Timedelta(days=1)}
            ]
        ),
    )


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    folder = tmp_path_factory.mktemp("expiry") / "lake"
    lake = Lake(folder)
    _build(lake)
    return folder, plan(lake)


@pytest.fixture
def copy(planned: tuple[Path, Run], tmp_path: Path) -> tuple[Lake, Run]:
    shutil.copytree(planned[0], tmp_path / "lake")
    return Lake(tmp_path / "lake"), planned[1]


def _table(planned: tuple[Path | Lake, Run], name: str) -> pd.DataFrame:
    where, run = planned
    return read_run_table(where if isinstance(where, Lake) else Lake(where), run, name)


def test_write_offs_sum_to_the_waste_of_each_line_and_to_the_key_figure(planned: tuple[Path, Run]) -> None:
    lots, lines = _table(planned, "write_offs"), _table(planned, "plan_lines").set_index("line_id")
    sums = (
        lots.groupby("line_id")[["units", "units_with_order", "money"]].sum().reindex(lines.index).fillna(0)
    )
    assert sums["units"].to_numpy() == pytest.approx(lines["waste_before"].to_numpy())
    assert sums["units_with_order"].to_numpy() == pytest.approx(lines["waste_after"].to_numpy())
    assert sums["money"].to_numpy() == pytest.approx((lines["waste_after"] * lines["unit_cost"]).to_numpy())
    kpis = _table(planned, "kpis").set_index("name")["value"]
    assert lots["money"].sum() == pytest.approx(kpis["expected_write_off"])
    assert sums["money"].sum() > 30


def test_every_batch_and_order_has_its_name_and_days(planned: tuple[Path, Run]) -> None:
    lots = _table(planned, "write_offs").set_index(["source", "batch"])
    old, short, order = (
        lots.loc[("stock", "old")],
        lots.loc[("stock", "short")],
        lots.loc[("on order", "PO-9")],
    )
    assert (old["units"], old["last_sale_date"]) == (5.0, DAY - pd.Timedelta(days=3))
    assert old["week"] == pd.Timestamp("2026-11-23")  # now: the week of the day planned
    assert short["expiry_date"] - short["last_sale_date"] == pd.Timedelta(days=2)
    assert short["last_sale_date"] == DAY + pd.Timedelta(days=4)
    assert short["week"] == pd.Timestamp("2026-11-23")
    # received on the 25th with 8 days of life, of which the last 2 do not sell: until the 30th
    assert order["last_sale_date"] == pd.Timestamp("2026-11-30")
    assert order["expiry_date"] == pd.Timestamp("2026-12-02")
    assert order["week"] == pd.Timestamp("2026-11-30")
    assert (lots["low"] <= lots["high"]).all()
    assert set(_table(planned, "write_offs")["sku"]) == {MILK}


def test_acts_are_compared_and_told(planned: tuple[Path, Run]) -> None:
    acts = _table(planned, "expiry_acts").set_index("act")
    assert set(acts["line_id"]) == {LINE}
    best = acts[acts["rank"] == 1].iloc[0]
    assert best.name == "markdown"
    assert 0.0 < best["depth"] <= 0.2  # no deeper than any promotion seen
    assert best["mechanic"] == "price_cut"
    assert best["money"] > 0
    assert best["over_next"] == pytest.approx(best["money"] - acts.loc[acts["rank"] == 2, "money"].iloc[0])
    assert best["write_off_after"] < best["write_off_before"]
    assert best["words"].startswith("Mark down ")
    assert acts.loc["transfer", "rank"] is pd.NA or pd.isna(acts.loc["transfer", "rank"])
    assert NO_LANES in acts.loc["transfer", "words"]


def test_a_batch_inside_its_least_life_at_sale_is_no_stock(copy: tuple[Lake, Run]) -> None:
    """It expires tomorrow and needs two days of life when sold: as good as not there, but written off."""
    lake, _ = copy
    lake.replace("orders", lake.read("orders").iloc[:0])

    def line_with(*batches: tuple[str, float, int | None]) -> pd.Series:
        lake.replace("inventory_snapshot", _stock(*batches))
        run = plan(lake)
        return read_run_table(lake, run, "plan_lines").set_index("line_id").loc[LINE]

    usable = line_with(("fresh", 4.0, 12))
    with_short = line_with(("fresh", 4.0, 12), ("inside", 50.0, 1))
    with_two_days = line_with(("fresh", 4.0, 12), ("two days", 50.0, 2))
    assert with_short["on_hand"] == 54.0  # told as it is counted
    assert with_short["quantity"] == usable["quantity"] > 0
    assert with_short["term_on_hand"] == usable["term_on_hand"] == -4.0
    assert with_short["fill_before"] == usable["fill_before"]
    assert with_short["waste_before"] == pytest.approx(usable["waste_before"] + 50.0)
    # one day more, and it sells today
    assert with_two_days["term_on_hand"] < usable["term_on_hand"]
    assert with_two_days["waste_before"] < with_short["waste_before"]


def test_a_markdown_is_seen_by_the_next_plan_and_can_be_ended(copy: tuple[Lake, Run]) -> None:
    lake, run = copy
    before = read_run_table(lake, run, "forecasts", where={"sku": [MILK]})["mean"].to_numpy()
    wanted = {"line_id": LINE, "depth": 0.2, "until": "2026-11-28", "mechanic": "price_cut"}
    (made,) = decide_markdowns(
        lake, run_id=run.run_id, lines=[wanted], author="ana", reason="too much", at=NOW
    )
    later = run.created_at + dt.timedelta(days=1)
    assert [(each.markdown, each.depth, each.author) for each in markdowns(lake)] == [(made, 0.2, "ana")]
    with pytest.raises(JobError, match="marked it down by 20% until 2026-11-28"):
        decide_markdowns(lake, run_id=run.run_id, lines=[wanted], author="ben", reason="me too", at=NOW)

    again = plan(lake)
    assert again.run_id != run.run_id
    after = read_run_table(lake, again, "forecasts", where={"sku": [MILK]})["mean"].to_numpy()
    assert (after[:5] > 1.4 * before[:5]).all()
    assert after[5] < 1.2 * before[5]
    acts = read_run_table(lake, again, "expiry_acts").set_index("act")
    if "markdown" in acts.index:
        assert "a promotion of it is planned already" in acts.loc["markdown", "words"]

    end_markdown(lake, made, author="ana", reason="sold", at=later)
    assert markdowns(lake) == []
    assert changes.is_behind(lake, again)
    with pytest.raises(JobError, match="is not running"):
        end_markdown(lake, made, author="ana", reason="sold", at=later)
    assert len(load_inputs(lake).tables["promotions"]) == 7


def test_a_markdown_that_is_wrong_is_refused_with_every_fault(copy: tuple[Lake, Run]) -> None:
    lake, run = copy
    wrong = {"line_id": "nobody", "depth": 0.9, "until": "2026-11-20"}
    with pytest.raises(JobError) as refused:
        decide_markdowns(
            lake, run_id=run.run_id, lines=[wrong], author="", reason=" ", at=NOW.replace(tzinfo=None)
        )
    text = str(refused.value)
    for fault in (
        "author is empty",
        "reason is empty",
        "no time zone",
        "line 'nobody' is not in run",
        "depth is 0.9; it must be above 0 and at most 0.5 (markdown_most_depth)",
        "last day 2026-11-20 is before its first day 2026-11-24",
    ):
        assert fault in text
    early = {"line_id": LINE, "depth": 0.2, "from_date": dt.date(2026, 11, 1), "until": dt.date(2026, 11, 30)}
    with pytest.raises(JobError, match="first day 2026-11-01 is before 2026-11-24, the day planned for"):
        decide_markdowns(lake, run_id=run.run_id, lines=[early], author="a", reason="b", at=NOW)
    with pytest.raises(JobError, match="no line is chosen"):
        decide_markdowns(lake, run_id=run.run_id, lines=[], author="a", reason="b", at=NOW)
    assert markdowns(lake) == []


def test_an_ended_markdown_keeps_the_days_that_were(copy: tuple[Lake, Run]) -> None:
    lake, run = copy
    wanted = {"line_id": LINE, "depth": 0.1, "until": "2026-12-05"}
    (made,) = decide_markdowns(lake, run_id=run.run_id, lines=[wanted], author="ana", reason="x", at=NOW)
    commit_run(
        lake, Run("20261126-later", AS_OF + dt.timedelta(days=2), NOW + dt.timedelta(days=2), {}, {}, seed=7)
    )
    end_markdown(lake, made, author="ana", reason="sold", at=NOW + dt.timedelta(days=2))
    (kept,) = markdowns(lake)
    assert (kept.from_date, kept.to_date) == (AS_OF, AS_OF + dt.timedelta(days=1))
    assert latest_run(lake) is not None


def test_the_view_narrows_sums_and_chooses(planned: tuple[Path, Run]) -> None:
    lake, run = Lake(planned[0]), planned[1]
    found = expiry.load(lake, run, load_lines(lake, run))
    assert found is not None
    total = expiry.summarise(found)
    assert total.money == pytest.approx(found.lots["money"].sum())
    assert total.expired == pytest.approx(5.0)
    assert total.low < total.money < total.high
    assert total.acts == 1
    for by in expiry.EXPIRY_BY:
        assert expiry.by_week(found, by)["money"].sum() == pytest.approx(total.money)
    weeks = expiry.week_totals(found)
    assert weeks["money"].sum() == pytest.approx(total.money)
    assert (weeks["low"] <= weeks["money"]).all()
    soon = expiry.narrow(found, expiry.ExpiryWanted(weeks="1"))
    assert set(soon.lots["week"]) == {pd.Timestamp("2026-11-23")}
    assert expiry.narrow(found, expiry.ExpiryWanted(categories=("None",))).acts.empty
    nobody: Any = pd.DataFrame({"line_id": [], "state": []})
    shown = expiry.table(found, nobody, [])
    assert shown["act"].str.startswith("Mark down").any()
    assert (shown.loc[shown["days_left"] < 0, "act"] == "Take it off the shelf").all()
    chosen = expiry.choose(found, shown, [0, 99], nobody, [])
    assert [act["line_id"] for act in chosen["markdown"]] == [LINE]
    assert chosen["transfer"] == []
    brings, less = expiry.effect(chosen["markdown"])
    assert brings > 0
    assert less > 0
    approved = pd.DataFrame({"line_id": [LINE], "state": ["approved"]})
    assert expiry.choose(found, shown, [0], approved, [])["order"] == []
    assert expiry.table(found, approved, [])["state"].eq("approved").all()
    assert len(expiry.compared(found, LINE)) == 4
    text = expiry.download(found, run, "csv", "EUR").decode("utf-8-sig")
    assert text.startswith("sku,location,source,batch,expiry_date")
    assert expiry.download(found, run, "xlsx", "EUR")[:2] == b"PK"
    older = Run("old", AS_OF, NOW, {}, {"plan_lines": 1}, seed=7)
    assert expiry.load(lake, older, load_lines(lake, run)) is None


def test_many_groups_are_taken_together() -> None:
    lots = pd.DataFrame({"week": DAY, "category": list("abcdefghi"), "money": range(9, 0, -1)})
    found = expiry.by_week(expiry.ExpiryPlan(AS_OF, lots, lots), "category")
    assert found["group"].tolist() == ["a", "b", "c", "d", "e", expiry.OTHER]
    assert found["money"].sum() == 45


def _effects(features: Features | None, own: list[float], error: float = 0.1) -> DriverEffects:
    coefficients = np.array([own])
    pooled = Pooled([coefficients, coefficients], [coefficients * 0, coefficients * 0], coefficients)
    tree = Hierarchy([np.zeros(1, np.int64)], np.zeros(1, np.int64), ["Food"], 0)
    return DriverEffects(
        factor=np.ones((1, 6)),
        n_periods=4,
        hierarchy=tree,
        features=features,
        pooled=pooled,
        coefficients=coefficients,
        errors=np.full_like(coefficients, error),
        events=None,
    )


def _features(depths: list[list[float]], names: tuple[str, ...], price: bool = False) -> Features:
    mechanic = np.zeros((1, 6), np.int16)
    mechanic[0, 5] = 1
    return Features(
        mechanics=names,
        mechanic=mechanic,
        depth=np.zeros((1, 6)),
        share=np.empty((0, 0)),
        price=np.zeros((1, 6)) if price else np.empty((0, 0)),
        depths=np.array(depths),
        dip_periods=14,
        promoted=np.ones(len(names), np.int64),
    )


NO_TABLE = pd.DataFrame({"kind": [], "group": [], "uplift": []})
DEPTHS = np.array([0.1, 0.2, 0.3, 0.5])


def test_the_response_follows_what_promotions_did_and_nothing_beyond() -> None:
    features = _features([[0.2, 0.0], [0.25, 0.0], [0.3, 0.0]], ("price_cut", "leaflet"))
    effects = _effects(features, [0.8, 0.1, 2.0, 0.0, -0.2, 0.0])
    taken = pd.DataFrame({"kind": ["cannibalisation"], "group": ["Food"], "uplift": [0.15]})
    found = markdown_responses(effects, taken, 1, DEPTHS, gap=0)
    (response,) = found.by_line
    assert response is not None
    assert found.mechanic == "price_cut"  # the depth of leaflets is not known
    log = response.log_uplift
    assert log[1:] == pytest.approx([0.8 - 0.1, 0.8 + 0.1, 0.8 + 0.1])
    assert log[0] == pytest.approx(0.7 * np.log(0.9) / np.log(0.8))
    assert (response.dip, response.dip_periods, response.taken) == (-0.2, 14, 0.15)
    assert found.promoted_from.tolist() == [1]


def test_the_mechanic_is_markdowns_themselves_or_the_weakest_one() -> None:
    several = _features([[0.2] * 3, [0.25] * 3, [0.3] * 3], ("feature", "price_cut", "multi_buy"))
    effects = _effects(several, [0.9, 0.5, 0.7, 0, 0, 0, 0, 0])
    assert markdown_responses(effects, NO_TABLE, 1, DEPTHS, gap=0).mechanic == "price_cut"
    own = _features([[0.2] * 2, [0.25] * 2, [0.3] * 2], ("price_cut", "markdown"))
    effects = _effects(own, [0.5, 0.9, 0, 0, 0, 0])
    assert markdown_responses(effects, NO_TABLE, 1, DEPTHS, gap=0).mechanic == "markdown"


def test_without_promotions_the_price_tells_and_without_anything_nothing_does() -> None:
    priced = _effects(_features([[], [], []], (), price=True), [0.0, -2.0])
    found = markdown_responses(priced, NO_TABLE, 1, DEPTHS, gap=0)
    assert found.by_line[0] is not None
    assert np.exp(found.by_line[0].log_uplift[1]) == pytest.approx(1.5625)  # elasticity 2, a fifth off
    assert found.mechanic == ""
    for effects, depths, words in (
        (None, DEPTHS, "no promotion or price"),
        (_effects(_features([[0.0], [0.0], [0.0]], ("leaflet",)), [0.5, 0, 0, 0]), DEPTHS, "is not known"),
        (priced, DEPTHS[:0], "the settings allow no markdown"),
    ):
        nothing = markdown_responses(effects, NO_TABLE, 2, depths, gap=0)
        assert nothing.by_line == [None, None]
        assert words in nothing.reason[0]
        assert nothing.promoted_from.tolist() == [NEVER, NEVER]


def test_markdown_steps_are_settings(tmp_path: Path) -> None:
    assert allowed_depths(Settings({"markdown_steps": "50 10", "markdown_most_depth": "0.2"}, ())) == 0.1
    lake = Lake(tmp_path / "lake")
    with pytest.raises(JobError, match="whole per cent off the price"):
        change_settings(lake, {"markdown_steps": "0.2"}, author="ana", at=NOW)
    with pytest.raises(JobError, match="markdown_most_depth"):
        change_settings(lake, {"markdown_most_depth": "1"}, author="ana", at=NOW)


def test_transfers_found_become_moves_of_their_batches() -> None:
    lines = pd.DataFrame({"sku": [MILK, RICE], "location": "S1", "min_life_at_sale_days": [2.0, 0.0]})
    ends = np.arange("2026-11-24", "2026-12-04", dtype="datetime64[D]")
    move = {"origin": "S1", "gain": 9.0, "freight": 1.0, "handling": 1.0, "fixed_cost": 1.0}
    transfers = pd.DataFrame(
        [
            move | {"sku": MILK, "destination": "S2", "quantity": 12.0, "batches": ["short=8", "gone=4"]},
            move | {"sku": RICE, "destination": "S3", "quantity": 3.0, "batches": None},
            move | {"sku": "else", "destination": "S3", "quantity": 3.0, "batches": None},
        ]
    )
    moves, why = moves_of(transfers, lines, _stock(("short", 60.0, 6)), ends)
    assert why == "no transfer of it pays"
    first, second = moves[0]
    assert (first.units, first.last_period, first.money) == (8.0, 4, pytest.approx(4.0))
    assert (second.units, second.last_period, second.money) == (4.0, 10, pytest.approx(2.0))
    assert moves[1][0].last_period == 10
    assert set(moves) == {0, 1}
    names = pd.DataFrame({"location": ["S2", "S3"], "name": ["Shop 2", None]})
    assert destinations(transfers, names) == {
        (MILK, "S1"): ("Shop 2",),
        (RICE, "S1"): ("S3",),
        ("else", "S1"): ("S3",),
    }
    assert moves_of(None, lines, _stock(), ends) == ({}, NO_LANES)
    assert destinations(None, names) == {}


def test_periods_end_on_their_last_day_and_weeks_begin_on_monday() -> None:
    months = np.array(["2026-11-01", "2026-12-01", "2027-01-01"], dtype="datetime64[D]")
    assert last_days(months, 30.4375).astype(str).tolist() == ["2026-11-30", "2026-12-31", "2027-01-31"]
    assert last_days(months[:1], 7.0).astype(str).tolist() == ["2026-11-07"]
    days = np.array(["2026-11-22", "2026-11-23", "NaT"], dtype="datetime64[D]")
    assert monday(days).astype(str).tolist() == ["2026-11-16", "2026-11-23", "NaT"]
