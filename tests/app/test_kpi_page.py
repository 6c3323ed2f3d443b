"""The page Key figures in its states; its figures are those of the facts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import cache, kpi_data
from data_lake.lake import Lake
from data_lake.runs import latest_run, read_run_table
from jobs.kpis import kpis_of
from jobs.views import kpis

ROOT = Path(__file__).parents[2]


def open_page(**query: str) -> AppTest:
    for name in ("lake", "latest", "ledger", "settings", "is_behind"):
        getattr(cache, name).clear()
    kpi_data._facts.clear()
    test = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=60)
    test.run()
    for name, value in query.items():
        test.query_params[name] = value
    test.switch_page(str(ROOT / "pages" / "kpis.py")).run()
    assert not test.exception, test.exception
    return test


def table(page: AppTest, column: str) -> pd.DataFrame:
    return next(frame.value for frame in page.dataframe if column in frame.value)


def test_an_empty_lake_says_what_to_do(empty_lake: Lake) -> None:
    assert "No data yet" in open_page().info[0].value


def test_a_plan_from_before_says_so(small_lake: Lake) -> None:
    assert any("before key figures were kept" in text.value for text in open_page().markdown)


def test_figures_are_ratios_of_the_facts_that_can_be_downloaded(planned_lake: Lake) -> None:
    page = open_page()
    run = latest_run(planned_lake)
    facts = read_run_table(planned_lake, run, "kpi_facts")
    values = kpis_of(facts).iloc[0]
    shown = table(page, "definition").set_index("name")
    assert shown.loc["fill_rate", "value"] == kpis.written(values["fill_rate"], "share")
    assert shown.loc["inventory_record_accuracy", "value"] == "–"
    assert "movements of kind count" in shown.loc["inventory_record_accuracy", "definition"]
    in_run = read_run_table(planned_lake, run, "kpis").set_index("name")["value"]
    assert in_run["fill_rate"] == pytest.approx(values["fill_rate"])
    assert "gmroi" not in in_run or in_run["gmroi"] == pytest.approx(values["gmroi"])


def test_split_and_filters(planned_lake: Lake) -> None:
    page = open_page()
    by_category = table(page, "part")
    page.selectbox(key="by").select("location").run()
    assert not page.exception
    by_location = table(page, "part")
    assert set(by_location["part"]) != set(by_category["part"])
    facts = kpis.load(planned_lake, latest_run(planned_lake))
    place = sorted(set(facts["location"]))[0]
    page.multiselect(key="locations").select(place).run()
    assert not page.exception
    assert len(table(page, "part")) == 1
    narrowed = kpis.narrow(facts, kpi_data.KpiWanted(locations=(place,)))
    shown = table(page, "definition").set_index("name")
    assert shown.loc["fill_rate", "value"] == kpis.written(kpis_of(narrowed)["fill_rate"].item(), "share")
