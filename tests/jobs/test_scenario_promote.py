"""Promotion: the next plan's quantities are the scenario's, all or nothing, by one winner, and back again."""

from __future__ import annotations

import datetime as dt
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data_lake.demo import build
from data_lake.lake import Lake
from data_lake.ledger import read_events
from data_lake.objects import LocalObjects
from data_lake.runs import latest_run, read_run_table
from jobs import scenario_promote
from jobs.doctor import storage_checks
from jobs.errors import JobError
from jobs.override_fold import active_overrides
from jobs.plan import plan
from jobs.scenario_base import ScenarioBase, load_base
from jobs.scenario_changes import Change
from jobs.scenario_plan import plan_scenario
from jobs.scenario_promote import finish_promotions, preview_promotion, promote_scenario, undo_promotion
from jobs.scenario_writes import WRITTEN_TABLES, Write, effect_of, moved_since, unwritten, written
from jobs.scenarios import Scenario, find_scenario, make_scenario, retire_scenario
from jobs.settings import change_settings

ACT: dict[str, Any] = {"author": "bo", "reason": "agreed"}


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small planned demo lake whose lead times are those of its terms."""
    folder = tmp_path_factory.mktemp("promote") / "lake"
    lake = Lake(folder)
    build(lake, skus=6, stores=2, dcs=1, days=150)
    change_settings(lake, {"learn_lead_times": "no"}, author="t", at=now())
    plan(lake)
    return folder


@pytest.fixture
def base(planned: Path, tmp_path: Path) -> ScenarioBase:
    shutil.copytree(planned, tmp_path / "lake")
    return base_of(Lake(tmp_path / "lake"))


def base_of(lake: Lake) -> ScenarioBase:
    run = latest_run(lake)
    assert run is not None
    return load_base(lake, run)


def made(base: ScenarioBase, changes: Sequence[Change], name: str = "s") -> Scenario:
    return make_scenario(base, changes, name=name, author="ana", reason="try", at=now())


def contents(lake: Lake) -> dict[str, list[str]]:
    found = {}
    for table in WRITTEN_TABLES:
        version = lake.current(table)
        found[table] = [file.sha256 for file in version.files] if version else []
    return found


def everything(base: ScenarioBase) -> list[Change]:
    """Change every parameter but those that forecasts depend on, in every scope, some on top of others."""
    codes, day = base.codes, base.as_of
    return [
        Change("service_target", 0.99, "set", "category", codes["category"][0]),
        Change("service_target", 0.01, "plus", "location", codes["location"][0]),
        Change("service_target", 0.95, "set", "line", codes["line"][0]),
        Change("demand", 1.3, "times", to_date=day + dt.timedelta(days=20)),
        Change("demand", 1.2, "times", "sku", codes["sku"][0]),
        Change("moq", 24.0),
        Change("order_multiple", 2.0, "times", "class", "A"),
        Change("holding_cost_rate", 0.4),
        Change("stockout_cost", 3.0, "times", "supplier", codes["supplier"][0]),
        Change("unit_cost", 1.1, "times"),
        Change("max_cover", 20.0),
        Change("min_cover", 5.0, "set", "sku", codes["sku"][1]),
        Change("target_kind", "cost", "set", "category", codes["category"][1]),
        Change("service_target", 0.97, "set", "sku", codes["sku"][2]),
    ]


def test_the_next_plan_orders_what_the_scenario_says_and_undo_gives_the_old_plan(base: ScenarioBase) -> None:
    changes, before = everything(base), contents(base.lake)
    scenario = made(base, changes)
    result = plan_scenario(base, changes)
    said = preview_promotion(base, changes)
    done = promote_scenario(base.lake, scenario.scenario, **ACT, at=now())
    assert (said.rows, said.overrides, said.differences) == (done.rows, done.overrides, [])
    assert done.overrides == 2
    assert find_scenario(base.lake, scenario.scenario).state == "promoted"
    run = plan(base.lake)
    assert run.run_id != base.run.run_id
    quantity = read_run_table(base.lake, run, "plan_lines").set_index("line_id")["quantity"]
    wanted = result.lines.set_index("line_id")["quantity"]
    pd.testing.assert_series_equal(quantity, wanted, check_like=True)
    assert (result.lines["quantity"] != result.lines["base_quantity"]).sum() > 3
    back = undo_promotion(base.lake, scenario.scenario, author="cy", reason="sales fell", at=now())
    assert (back.rows, back.overrides) == (done.rows, 2)
    assert contents(base.lake) == before
    again = read_run_table(base.lake, plan(base.lake), "plan_lines").set_index("line_id")["quantity"]
    assert again.equals(base.lines.set_index("line_id")["quantity"].reindex(again.index))
    stands = find_scenario(base.lake, scenario.scenario)
    assert (stands.state, stands.decided_by) == ("undone", "cy")


def test_other_order_days_and_a_budget_are_written_too(base: ScenarioBase) -> None:
    place = base.codes["location"][1]
    changes = [
        Change("order_weekdays", "Mon Thu", "set", "location", place),
        Change("review_days", 3.0),
        Change("lead_time_mean", 1.0, "plus"),
        Change("cash_budget", 500.0),
    ]
    effect = effect_of(base, changes)
    tables = {
        table: written(base.plan_inputs.tables[table], [one for one in effect.writes if one.table == table])
        for table in WRITTEN_TABLES
    }
    policies = tables["policies"]
    assert policies.loc[policies["segment"] == "*", "review_days"].tolist() == [3.0]
    pairs = policies[policies["location"] == place]
    assert [list(days) for days in pairs["review_weekdays"]] == [[0.0, 3.0]] * len(pairs)
    assert len(pairs) == (base.lines["location"] == place).sum()
    settings = tables["settings"].set_index("name")["value"]
    assert settings["order_budget"] == "500"
    longer = tables["sourcing"]["lead_time_mean"] - base.plan_inputs.tables["sourcing"]["lead_time_mean"]
    assert (longer == 1.0).all()
    said = preview_promotion(base, changes)
    assert any("models" in words for words in said.differences)


def test_a_line_without_terms_of_sourcing_is_named(base: ScenarioBase) -> None:
    assert len(base.terms) == len(base.lines)  # the terms as planned, before a row is lost
    kept = base.plan_inputs.tables["sourcing"].iloc[1:]
    base.plan_inputs.tables["sourcing"] = kept  # type: ignore[index]
    said = preview_promotion(base, [Change("moq", 12.0)])
    assert said.differences == [
        "not written: minimum order of 1 line without a row in sourcing: import sourcing"
    ]
    assert said.rows == {"sourcing": len(kept)}


def test_of_two_who_promote_at_once_one_wins_and_the_other_is_told(base: ScenarioBase) -> None:
    pair = [made(base, [Change("service_target", target)], f"{target}") for target in (0.95, 0.99)]
    both, outcomes = threading.Barrier(2), {}

    class Racing(LocalObjects):
        """Objects whose acts are listed by both writers before either appends."""

        first = True

        def list(self, prefix: str, *, start_after: str = "") -> list[str]:
            found = super().list(prefix, start_after=start_after)
            if prefix == "ledger/acts/" and self.first:
                self.first = False
                both.wait()
            return found

    def run(scenario: Scenario, author: str) -> None:
        lake = Lake(base.lake.uri, objects=Racing(base.lake.store.root))  # type: ignore[union-attr]
        try:
            outcomes[author] = promote_scenario(
                lake, scenario.scenario, author=author, reason="now", at=now()
            )
        except JobError as error:
            outcomes[author] = error

    threads = [threading.Thread(target=run, args=args) for args in zip(pair, ("ana", "bo"), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lost = {author: told for author, told in outcomes.items() if isinstance(told, JobError)}
    assert len(lost) == 1
    winner = ({"ana", "bo"} - set(lost)).pop()
    assert f"{winner} promoted" in str(next(iter(lost.values())))
    assert [find_scenario(base.lake, one.scenario).state for one in pair].count("promoted") == 1
    targets = base.lake.read("policies").set_index("segment")["service_target"]
    assert targets["*"] == (0.95 if winner == "ana" else 0.99)
    with pytest.raises(JobError, match="plan again"):
        promote_scenario(base.lake, pair[winner == "ana"].scenario, **ACT, at=now())


def test_a_promotion_that_was_cut_off_is_finished_by_the_next(
    base: ScenarioBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = made(base, [Change("service_target", 0.91), Change("moq", 6.0)])

    def dies(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(scenario_promote, "revise", dies)
        with pytest.raises(KeyboardInterrupt):
            promote_scenario(base.lake, scenario.scenario, **ACT, at=now())
    assert find_scenario(base.lake, scenario.scenario).state == "promoted"
    checks = storage_checks(base.lake.uri, today=dt.date(2026, 11, 23))
    assert "not written" in next(check.seen for check in checks if check.name == "Ledger")
    assert finish_promotions(base.lake) == 1
    assert base.lake.read("policies").set_index("segment")["service_target"]["*"] == 0.91
    assert set(base.lake.read("sourcing")["moq"]) == {6.0}
    assert finish_promotions(base.lake) == 0


def test_what_no_longer_stands_is_refused(base: ScenarioBase) -> None:
    scenario = made(base, [Change("service_target", 0.9), Change("demand", 1.1, "times")])
    name = scenario.scenario
    with pytest.raises(JobError, match="author and reason is empty"):
        promote_scenario(base.lake, name, author="", reason=" ", at=now())
    with pytest.raises(JobError, match="nothing to undo"):
        undo_promotion(base.lake, name, **ACT, at=now())
    promote_scenario(base.lake, name, **ACT, at=now())
    assert len(active_overrides(base.lake, base.as_of)) == len(base.plan_inputs.overrides) + 1
    with pytest.raises(JobError, match="promoted by bo already"):
        promote_scenario(base.lake, name, **ACT, at=now())
    with pytest.raises(JobError, match="is promoted already by bo"):
        retire_scenario(base.lake, name, author="ana", reason="no", at=now())
    policies = base.lake.read("policies")
    policies.loc[policies["segment"] == "*", "service_target"] = 0.5
    base.lake.replace("policies", policies)
    with pytest.raises(JobError, match=r"row \*: service_target is 0.5, not 0.9 as promoted"):
        undo_promotion(base.lake, name, **ACT, at=now())
    other = made(base, [Change("moq", 6.0)], "other")
    with pytest.raises(JobError) as told:
        promote_scenario(base.lake, other.scenario, **ACT, at=now())
    assert "table policies was changed" in str(told.value)
    assert "forecasts were overridden" in str(told.value)
    plan(base.lake)
    with pytest.raises(JobError, match="Copy it onto that plan"):
        promote_scenario(base.lake, other.scenario, **ACT, at=now())
    assert "parameter.changed" in {event.event_type for event in read_events(base.lake)}


def test_rows_are_written_and_unwritten() -> None:
    rows = pd.DataFrame({"segment": ["*"], "sku": "", "location": "", "service_target": [0.9]})
    changed = Write(
        "policies",
        {"segment": "*", "sku": "", "location": ""},
        {"service_target": 0.95},
        {},
        {"service_target": 0.9},
    )
    new = Write("policies", {"segment": "", "sku": "1", "location": "A"}, {"service_target": 0.8})
    done = written(rows, [changed, new])
    assert done["service_target"].tolist() == [0.95, 0.8]
    assert moved_since(done, [changed, new]) == []
    assert len(moved_since(rows, [changed, new])) == 2
    assert unwritten(done, [changed, new]).equals(rows)
    assert written(rows, []) is rows
