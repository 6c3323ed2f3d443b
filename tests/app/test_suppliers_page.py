"""Suppliers in every state: measured, no history, a plan older than the table."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import cache, data, suppliers_data
from data_lake.demo import build
from data_lake.demo.network import LATE_SUPPLIER
from data_lake.lake import Lake
from jobs.plan import plan

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def measured_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suppliers") / "lake"
    lake = Lake(folder)
    build(lake, skus=16, stores=2, dcs=1, days=200)
    plan(lake)
    return folder


@pytest.fixture
def measured(measured_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    shutil.copytree(measured_template, tmp_path / "lake")
    monkeypatch.setenv("SHELFCAST_LAKE", str(tmp_path / "lake"))
    for name in ("lake", "latest", "ledger", "settings", "is_behind"):
        getattr(cache, name).clear()
    return Lake(tmp_path / "lake")


def open_page(**query: str) -> AppTest:
    test = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=60)
    for key, value in query.items():
        test.query_params[key] = value
    test.run()
    test.switch_page(str(ROOT / "pages" / "suppliers.py")).run()
    assert not test.exception, test.exception
    return test


def said(page: AppTest) -> str:
    return " ".join(text.value for text in [*page.info, *page.markdown, *page.caption])


def table(page: AppTest, column: str) -> pd.DataFrame:
    return next(frame.value for frame in page.dataframe if column in frame.value)


def test_the_costliest_supplier_comes_first_and_is_chosen(measured: Lake) -> None:
    page = open_page()
    assert page.title[0].value == "Suppliers"
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures["Slower than promised"].startswith("1 of ")
    ranking = table(page, "late_money")
    assert ranking["cost"].is_monotonic_decreasing
    assert page.selectbox(key="supplier").value == ranking["source"].iloc[0]
    slow = ranking.set_index("source")["verdict"]
    assert list(slow[LATE_SUPPLIER]) == ["Slower"]
    assert "The plan counts with" in said(page)


def test_a_supplier_is_chosen_in_the_address(measured: Lake) -> None:
    page = open_page(supplier=LATE_SUPPLIER, sources="all")
    assert page.selectbox(key="supplier").value == LATE_SUPPLIER
    assert "promises **12 days**" in said(page)
    assert set(table(page, "late_money")["source_kind"]) == {"supplier", "location"}
    page.selectbox(key="supplier").select("DC1").run()
    assert page.query_params["supplier"] in ("DC1", ["DC1"])
    page.selectbox(key="sources").select("suppliers").run()
    assert not page.exception
    assert page.selectbox(key="supplier").value != "DC1"
    assert "sources" not in page.query_params


def test_a_row_of_the_table_chooses_too(measured: Lake) -> None:
    page = open_page()
    ranking = table(page, "late_money").reset_index(drop=True)
    row = int(ranking.index[ranking["source"] == LATE_SUPPLIER][0])
    key = f"suppliers-{data.fingerprint(ranking, 'source')}"
    page.session_state[key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    page.run()
    assert page.selectbox(key="supplier").value == LATE_SUPPLIER


def test_the_download_has_every_source_and_location(measured: Lake) -> None:
    frame = suppliers_data.performance()
    assert frame is not None
    text = suppliers_data.csv(frame).decode("utf-8-sig")
    assert len(text.splitlines()) == len(frame) + 1
    assert text.splitlines()[0].startswith("source,source_name,location,location_name,cost")


def test_without_any_history_it_says_what_to_import(planned_lake: Lake) -> None:
    page = open_page()
    assert "No order history yet" in said(page)
    assert "received_at" in said(page)


def test_a_plan_older_than_the_table_says_so(small_lake: Lake) -> None:
    assert "Plan again" in said(open_page())
