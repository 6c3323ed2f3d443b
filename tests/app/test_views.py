"""What the pages show is what the plan says: sums, order, filters, rounding, freshness."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_lake.lake import Lake
from data_lake.runs import Run, commit_run, latest_run
from engine.contracts import EXPLAIN_TERMS
from jobs.approve import approve_lines
from jobs.views import health, imports, item, lines, orders, today
from jobs.views.approved import approved_of
from jobs.views.item_history import item_history
from jobs.views.today import Wanted

NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


@pytest.fixture
def run(small_lake: Lake) -> Run:
    found = latest_run(small_lake)
    assert found is not None
    return found


@pytest.fixture
def frame(small_lake: Lake, run: Run) -> pd.DataFrame:
    return lines.load(small_lake, run)


@pytest.fixture
def approve(small_lake: Lake, run: Run) -> Callable[..., None]:
    def act(*choices: tuple[str, float], reason: str = "") -> None:
        chosen = [{"line_id": line_id, "quantity": quantity} for line_id, quantity in choices]
        result = approve_lines(
            small_lake, run_id=run.run_id, lines=chosen, author="ana", reason=reason, at=NOON
        )
        assert not result.refused

    return act


def none_approved() -> pd.DataFrame:
    columns = {"line_id": "str", "state": "str", "quantity": "float64", "order_id": "str"}
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})


# lines


def test_lines_carry_names_and_are_dearest_first(frame: pd.DataFrame) -> None:
    assert frame["money_at_risk"].dropna().is_monotonic_decreasing
    first = frame.iloc[0]
    assert (first["product"], first["location_name"], first["source_name"]) == (
        "Yoghurt natural 500 g",
        "Store Lyon Centre",
        "Alpine Dairy",
    )


def test_a_code_without_a_name_is_shown_as_the_code(small_lake: Lake, run: Run) -> None:
    bare = replace(run, inputs={**run.inputs, "products": 0, "locations": 0, "suppliers": 0})
    frame = lines.load(small_lake, bare)
    assert set(frame["product"]) == {"007", "101", "205"}
    assert set(frame["location_name"]) == {"S01", "S02"}
    assert set(frame["category"]) == {"No category"}


# Today


def test_cards_add_up_line_by_line(small_lake: Lake, run: Run, frame: pd.DataFrame) -> None:
    cards = {card.name: card for card in today.headlines(small_lake, run, frame, none_approved())}
    risk = sum(line["money_at_risk"] for line in lines.records(frame) if isinstance(line["exception"], str))
    assert cards["Money at risk"].value == pytest.approx(risk)
    assert cards["Open exceptions"].value == 5
    assert cards["Orders to approve"].value == pytest.approx(96.0 + 57.0 + 33.0 + 33.0)
    assert cards["Projected service"].value == pytest.approx(0.985)
    assert cards["Money at risk"].previous is None
    assert cards["Money at risk"].history == ()


def test_earlier_plans_make_the_history_of_the_cards(small_lake: Lake, run: Run, frame: pd.DataFrame) -> None:
    for days, at in ((2, 6), (1, 7), (1, 8)):
        created = dt.datetime(2026, 11, 23 - days, at, tzinfo=dt.UTC)
        as_of = run.as_of - dt.timedelta(days=days)
        commit_run(small_lake, replace(run, run_id=f"run-{days}-{at}", as_of=as_of, created_at=created))
    card = today.headlines(small_lake, run, frame, none_approved())[0]
    assert card.previous == card.value
    assert card.history == (card.value,) * 3  # two earlier days, the later plan of the second, and now


def test_approved_lines_leave_the_worklist_and_the_money_at_risk(
    small_lake: Lake, run: Run, frame: pd.DataFrame, approve: Callable[..., None]
) -> None:
    approve(("007|S01|SUP1", 120.0))
    approved = approved_of(small_lake, frame)
    assert approved["quantity"].tolist() == [120.0]
    open_ones = today.worklist(frame, approved, Wanted())
    assert "007|S01|SUP1" not in set(open_ones["line_id"])
    all_ones = today.worklist(frame, approved, Wanted(with_approved=True))
    assert dict(zip(all_ones["line_id"], all_ones["state"], strict=True))["007|S01|SUP1"] == "approved"
    cards = today.headlines(small_lake, run, frame, approved)
    assert cards[0].value == pytest.approx(frame["money_at_risk"].sum() - 1200.0)
    assert cards[3].note == "3 lines open, 1 approved"


@given(
    locations=st.sets(st.sampled_from(["S01", "S02"])),
    categories=st.sets(st.sampled_from(["Dairy", "Drinks", "Dry food"])),
    types=st.sets(st.sampled_from(list(today.EXCEPTION_LABELS))),
)
@settings(deadline=None, max_examples=25)
def test_filters_keep_what_a_loop_would_keep(
    worklist_frame: pd.DataFrame, locations: set[str], categories: set[str], types: set[str]
) -> None:
    wanted = Wanted(tuple(locations), tuple(categories), tuple(types))
    kept = [
        line["line_id"]
        for line in sorted(lines.records(worklist_frame), key=lambda line: line["status"] != "held")
        if isinstance(line["exception"], str)
        and (not locations or line["location"] in locations)
        and (not categories or line["category"] in categories)
        and (not types or line["exception"] in types)
    ]
    assert today.worklist(worklist_frame, none_approved(), wanted)["line_id"].tolist() == kept


@pytest.fixture(scope="module")
def worklist_frame(
    make_lake: Callable[[Path], Lake], tmp_path_factory: pytest.TempPathFactory
) -> pd.DataFrame:
    lake = make_lake(tmp_path_factory.mktemp("worklist") / "lake")
    run = latest_run(lake)
    assert run is not None
    return lines.load(lake, run)


def test_a_recommendation_is_shortened_to_its_act(frame: pd.DataFrame) -> None:
    words = {
        "Order 1,656 by 23 Nov: it saves 594, arriving 27 Nov.": "Order 1,656 by 23 Nov",
        "Chase the 12 overdue from SUP1. Order 24 by 23 Nov.": "Chase the 12 overdue from SUP1",
        "Mark down or move 490 before they expire.": "Mark down or move 490 before they expire",
        "Repair the data; nothing is ordered until then.": "Repair the data",
    }
    frame = frame[frame["exception"].notna()].head(len(words))
    frame = frame.assign(recommendation=list(words), status="none")
    assert today.worklist(frame, none_approved(), Wanted())["act"].tolist() == list(words.values())


def test_a_selection_orders_only_what_is_open_and_proposed(frame: pd.DataFrame) -> None:
    found = today.worklist(frame, none_approved(), Wanted())
    chosen = today.select(found, range(len(found)))
    assert {line["line_id"] for line in chosen.lines} == {"007|S01|SUP1", "205|S01|SUP2", "205|S02|SUP2"}
    assert chosen.value == pytest.approx(96.0 + 33.0 + 33.0)
    assert chosen.without_order == 2
    assert today.select(found, [99]).count == 0


# Item


def test_terms_shown_sum_to_the_quantity(small_lake: Lake, run: Run, frame: pd.DataFrame) -> None:
    for line in lines.records(frame):
        shown = item.explain_terms(line)
        assert shown["value"].sum() == pytest.approx(line["quantity"])
        assert (shown["value"] != 0).all() or (line["quantity"] == 0 and len(shown) == 1)


def test_an_item_is_read_whole(small_lake: Lake, run: Run, frame: pd.DataFrame) -> None:
    line = lines.records(item.lines_of(frame, "007", "S01"))[0]
    view = item.load(small_lake, run, line, history_days=92)
    assert len(view.history) == 92
    assert view.forecast.columns.tolist() == ["date", "mean", "low", "high"]
    assert (view.forecast["low"] <= view.forecast["high"]).all()
    assert view.batches["batch"].tolist() == ["B1", "B2"]  # first to expire first
    assert view.batches["days_left"].tolist() == [3.0, 12.0]
    assert view.open_orders["open_quantity"].tolist() == [24.0]
    assert view.models["model"].tolist()[0] == "Prophet"
    assert view.ordered
    assert view.terms_in_words.endswith("order 120 units")
    assert view.sentences[0] == "Demand exceeds stock before the next arrival."
    assert "arrives around Thu 26 Nov" in view.sentences[3]


def test_projected_stock_ends_where_later_orders_would_begin(
    small_lake: Lake, run: Run, frame: pd.DataFrame
) -> None:
    line = lines.records(item.lines_of(frame, "007", "S01"))[0]
    view = item.load(small_lake, run, {**line, "projected_stock_with_order": np.zeros(28)})
    assert view.projection["date"].max() == line["next_arrival_date"]
    lasting = item.load(small_lake, run, line)
    assert len(lasting.projection) == 28  # the order lasts beyond the next arrival: it is shown to its end


def test_demand_is_estimated_where_stock_was_out(small_lake: Lake, run: Run, frame: pd.DataFrame) -> None:
    line = lines.records(item.lines_of(frame, "007", "S01"))[0]
    history = item_history(small_lake, run, line, None)
    assert len(history) == 200
    lost = history[history["demand"].notna()]
    assert len(lost) == 4
    assert (lost["quantity"] == 0).all()
    assert lost["demand"].mean() == pytest.approx(20, rel=0.5)


def test_a_distribution_centre_shows_the_sales_that_it_supplies(small_lake: Lake, run: Run) -> None:
    sourcing = {"sku": "007", "source": "DC", "source_kind": "location", "lead_time_mean": 1.0}
    small_lake.replace("sourcing", pd.DataFrame([sourcing | {"location": s} for s in ("S01", "S02")]))
    supplied = item_history(small_lake, run, {"sku": "007", "location": "DC"}, None)
    stores = [item_history(small_lake, run, {"sku": "007", "location": s}, None) for s in ("S01", "S02")]
    assert supplied["quantity"].to_numpy() == pytest.approx(
        stores[0]["quantity"].to_numpy() + stores[1]["quantity"].to_numpy()
    )


def test_an_item_without_history_is_empty_not_an_error(small_lake: Lake, run: Run) -> None:
    history = item_history(small_lake, run, {"sku": "new", "location": "S01"}, 92)
    assert history.empty
    assert list(history) == ["date", "quantity", "demand"]


def test_model_words() -> None:
    model: dict[str, Any] = {
        "model": "seasonal_naive",
        "reason": "best of 6",
        "censoring_share": 0.1,
        "override_factor": 1.2,
    }
    assert item.model_words(model) == (
        "**Seasonal naive**: best of 6. 10% of the history was out of stock and is reconstructed. "
        "A planner's override moves the forecast by +20%."
    )
    assert item.model_words(None) == "No forecast model is stored for this item."


# Orders


def test_cards_say_what_is_due_and_what_is_short(small_lake: Lake, run: Run, frame: pd.DataFrame) -> None:
    due, upcoming = orders.cards(small_lake, run, frame, none_approved())
    assert (due.source, due.due, due.lines, due.units, due.value) == ("SUP1", True, 1, 120.0, 96.0)
    assert due.short[0].short == pytest.approx(400.0 - 96.0)
    assert (upcoming.due, upcoming.order_day) == (False, dt.date(2026, 11, 25))
    total = orders.total_of([due, upcoming])
    assert (total.due_value, total.later_value) == (due.value, upcoming.value)


def test_a_minimum_for_each_location_is_checked_at_each(frame: pd.DataFrame) -> None:
    group = orders.with_state(frame, none_approved())
    terms = {"min_order_units": 130.0, "min_scope": "location"}
    found = {minimum.scope: minimum for minimum in orders.minimums(group, terms)}
    units = group.groupby("location_name")["order"].sum()
    for place, ordered in units.items():
        assert found[str(place)].short == pytest.approx(max(0.0, 130.0 - ordered))


def test_an_approved_quantity_replaces_the_proposal(
    small_lake: Lake, run: Run, frame: pd.DataFrame, approve: Callable[..., None]
) -> None:
    approve(("007|S01|SUP1", 600.0), reason="promotion")
    approved = approved_of(small_lake, frame)
    card = orders.cards(small_lake, run, frame, approved)[0]
    assert (card.units, card.approved_lines, card.approved_value) == (600.0, 1, 480.0)
    assert not card.short
    assert orders.approved_orders(frame, approved, None) == approved["order_id"].tolist()
    assert orders.approved_orders(frame, approved, "SUP2") == []


@given(
    wanted=st.floats(0.01, 5000),
    moq=st.sampled_from([0.0, 1.0, 24.0, 30.0]),
    multiple=st.sampled_from([0.0, 1.0, 6.0, 12.0]),
)
@settings(deadline=None)
def test_a_typed_quantity_is_raised_to_the_next_one_that_is_accepted(
    wanted: float, moq: float, multiple: float
) -> None:
    line = {"product": "Oat drink", "moq": moq, "order_multiple": multiple}
    rounded = orders.round_quantity(line, wanted)
    assert rounded.quantity >= max(wanted, moq) * (1 - 1e-9)
    if multiple:
        assert rounded.quantity / multiple == pytest.approx(round(rounded.quantity / multiple))
        assert rounded.quantity - max(wanted, moq) < multiple * (1 + 1e-9)
    assert bool(rounded.message) == (rounded.quantity != wanted)


def test_edits_are_rounded_and_approved_lines_are_left_alone(
    small_lake: Lake, frame: pd.DataFrame, approve: Callable[..., None]
) -> None:
    approve(("205|S02|SUP2", 60.0))
    ordered = orders.with_state(frame, approved_of(small_lake, frame))
    shown = orders.source_lines(ordered, "SUP2", {})
    rows = {line["line_id"]: number for number, line in enumerate(lines.records(shown))}
    edits, messages = orders.round_edits(
        shown,
        {
            rows["101|S01|SUP2"]: {"order": 31},
            rows["205|S01|SUP2"]: {"order": None},
            rows["205|S02|SUP2"]: {"order": 12},
        },
    )
    assert edits == {"101|S01|SUP2": 36.0, "205|S01|SUP2": 0.0}
    assert messages == [
        "Oat drink 1 l: 31 raised to 36, whole multiples of 12.",
        "Pasta fusilli 500 g: approved already as 60; withdraw it first.",
    ]
    order = orders.order_of(orders.source_lines(ordered, "SUP2", edits))
    assert (order.count, order.edited, order.value) == (2, 2, pytest.approx(36.0 * 0.95))


def test_a_line_ordered_at_zero_is_decided_until_it_is_approved_after_all(
    small_lake: Lake, run: Run, frame: pd.DataFrame, approve: Callable[..., None]
) -> None:
    approve(("007|S01|SUP1", 0.0), reason="shelf is being moved")
    decided = approved_of(small_lake, frame)
    assert decided[["line_id", "state", "quantity"]].to_numpy().tolist() == [
        ["007|S01|SUP1", "rejected", 0.0]
    ]
    assert "007|S01|SUP1" not in set(today.worklist(frame, decided, Wanted())["line_id"])
    shown = orders.source_lines(orders.with_state(frame, decided), "SUP1", {})
    assert shown["order"].tolist() == [0.0]
    assert orders.order_of(shown).count == 0
    assert orders.approved_orders(frame, decided, None) == []
    again = orders.source_lines(orders.with_state(frame, decided), "SUP1", {"007|S01|SUP1": 120.0})
    assert orders.order_of(again).count == 1
    approve(("007|S01|SUP1", 120.0))
    assert approved_of(small_lake, frame)["state"].tolist() == ["approved"]


# Data health


def test_freshness_tells_the_late_from_the_fresh(small_lake: Lake, run: Run) -> None:
    later = replace(run, as_of=run.as_of + dt.timedelta(days=2))
    for shown, label in ((run, "fresh"), (later, "late")):
        table = health.table_freshness(small_lake, shown)
        labels = {row["table"]: row["label"][0] for row in lines.records(table)}
        assert labels["Sales"] == label
        assert labels["Products"] == "loaded"
        assert labels["Sourcing"] == "missing"
    small_lake.replace("products", pd.DataFrame([{"sku": "007"}]))
    table = health.table_freshness(small_lake, run)
    assert dict(zip(table["table"], table["label"].str[0], strict=True))["Products"] == "newer loaded"


def test_a_location_that_sends_nothing_is_missing_and_a_centre_need_not_sell(
    small_lake: Lake, run: Run
) -> None:
    places = pd.DataFrame({"location": ["S01", "S09", "DC1"], "kind": ["store", "store", "dc"]})
    version = small_lake.replace("locations", places).number
    shown = replace(run, inputs={**run.inputs, "locations": version})
    table = health.location_freshness(small_lake, shown).set_index("location")
    assert table.loc["S01", "sales_label"] == ["fresh"]
    assert table.loc["S09", "sales_label"] == ["missing"]
    assert table.loc["DC1", "sales_label"] == []


def test_findings_say_where_and_are_most_severe_first(
    small_lake: Lake, run: Run, frame: pd.DataFrame
) -> None:
    found = health.faults(small_lake, run)
    assert found["label"].tolist() == [["Held"], ["Assumption"]]
    assert found["where"].tolist() == ["inventory_snapshot · 101 · S02 · on_hand = -12", "sourcing"]
    assert health.of_severity(found, ["info"])["check"].tolist() == ["Default lead time"]
    assert health.summarise(found, frame) == health.HealthSummary(1, 1, 0, 1)
    assert health.held_lines(frame)["held_reason"].tolist() == ["stock is negative"]


# Import


def test_a_mapping_is_edited_in_place(small_lake: Lake) -> None:
    from jobs.import_file import preview

    seen = preview(small_lake, b"day,item,store,units,memo\n2026-01-30,007,S01,3,x\n", "sales.csv")
    rows = imports.mapping_rows(seen)
    assert rows["need"].tolist()[:4] == ["needed"] * 4
    place = {target: number for number, target in enumerate(rows["target"])}
    changed = imports.with_edits(
        seen.mapping,
        rows,
        {place["sku"]: {"header": "memo"}, place["location"]: {"header": None, "constant": "X"}},
    )
    assert changed.columns["sku"] == "memo"
    assert "location" not in changed.columns
    assert changed.constants["location"] == "X"


def test_what_the_lake_holds(small_lake: Lake) -> None:
    held = imports.contents(small_lake).set_index("table")
    assert held.loc["Sales", "rows"] == 200 * 6
    assert held.loc["Promotions", "rows"] == 0
    assert pd.isna(held.loc["Promotions", "loaded_at"])


def test_the_explain_terms_all_have_words() -> None:
    assert tuple(item.TERM_LABELS) == EXPLAIN_TERMS
