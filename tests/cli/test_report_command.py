"""`shelfcast report`: the pages' own numbers as files, kept once under an id that names their content."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fastexcel
import pandas as pd
import pytest

from data_lake.lake import Lake
from data_lake.runs import Run, latest_run, read_run_table
from jobs.alert import alert
from jobs.approve import approve_lines
from jobs.errors import JobError
from jobs.report import FORMATS, KINDS, build, files_of, list_reports, make_report, read_report, run_of
from jobs.views import alerts, expiry, kpis, today
from jobs.views import approved as approved_view
from jobs.views import lines as lines_view
from jobs.views import orders as orders_view

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def made(planned: str) -> tuple[Lake, Run]:
    """A copy of the planned demo lake, and its run."""
    lake = Lake(planned)
    run = latest_run(lake)
    assert run is not None
    return lake, run


def sheets(lake: Lake, kind: str) -> dict[str, pd.DataFrame]:
    return {sheet.name: sheet.frame for sheet in build(lake, kind).sheets}


def test_the_reorder_proposal_adds_up_to_the_orders_page(made: tuple[Lake, Run]) -> None:
    lake, run = made
    lines = lines_view.load(lake, run)
    due = lines[(lines["status"] == "proposed") & (lines["order_by"] <= pd.Timestamp(run.as_of))]
    approve_first(lake, run, due)
    found = sheets(lake, "reorder")
    cards = orders_view.cards(lake, run, lines, approved_view.approved_of(lake, lines))
    total = orders_view.total_of(cards)
    suppliers, ordered = found["Suppliers"], found["Lines"]
    assert suppliers["value"].sum() == pytest.approx(total.due_value + total.later_value, abs=1e-9)
    assert suppliers["approved_value"].sum() == pytest.approx(total.approved_value) != 0
    assert suppliers["lines"].sum() == sum(card.lines for card in cards)
    by_order = ordered.groupby(["source", "order_by"])["order_value"].sum()
    for card in cards:
        assert by_order[card.source, pd.Timestamp(card.order_day)] == pytest.approx(card.value)
    assert (ordered["state"] == "approved").sum() == 1


def test_stock_adds_up_to_the_key_figures_and_risk_to_today(made: tuple[Lake, Run]) -> None:
    lake, run = made
    found = sheets(lake, "stock")
    facts = read_run_table(lake, run, "kpi_facts")
    for name in ("stock_value", "excess_value"):
        assert found["Stock"][name].sum() == pytest.approx(facts[name].sum())
        assert found["Summary"][name].sum() == pytest.approx(facts[name].sum())
    lines = lines_view.load(lake, run)
    for decided in (False, True):
        if decided:
            approve_first(lake, run, lines[lines["exception"].notna() & (lines["status"] == "proposed")])
        at_risk = today.headlines(lake, run, lines, approved_view.approved_of(lake, lines))[0].value
        found = sheets(lake, "stock")
        assert found["Stock"]["money_at_risk"].sum() == pytest.approx(at_risk)
        assert found["Summary"]["money_at_risk"].sum() == pytest.approx(at_risk)


def approve_first(lake: Lake, run: Run, lines: pd.DataFrame) -> None:
    first = {"line_id": lines["line_id"].iloc[0], "quantity": float(lines["quantity"].iloc[0])}
    approve_lines(lake, run_id=run.run_id, lines=[first], author="ana", reason="weekly", at=AT)


def test_expiry_adds_up_to_the_cards_of_its_page(made: tuple[Lake, Run]) -> None:
    lake, run = made
    plan = expiry.load(lake, run, lines_view.load(lake, run))
    assert plan is not None
    found = sheets(lake, "expiry")
    assert found["Batches"]["money"].sum() == pytest.approx(expiry.summarise(plan).money)
    assert found["Weeks"]["money"].sum() == pytest.approx(expiry.summarise(plan).money)


def test_performance_says_what_the_page_key_figures_says(made: tuple[Lake, Run]) -> None:
    lake, run = made
    facts = kpis.load(lake, run)
    assert facts is not None
    page = kpis.overview(facts).set_index("label")["value"]
    for row in sheets(lake, "performance")["Key figures"].itertuples():
        unit = {"times": "ratio"}.get(str(row.unit), str(row.unit))
        assert kpis.written(float(str(row.value)), unit) == page[row.label]


def test_alerts_add_up_to_the_cards_of_their_page(made: tuple[Lake, Run]) -> None:
    lake, _ = made
    alert(lake, at=AT)
    found = sheets(lake, "alerts")
    figures = alerts.figures(alerts.load(lake, AT))
    assert len(found["Alerts"]) == figures.alerts > 0
    assert found["Alerts"]["severity"].is_monotonic_decreasing
    assert found["Summary"].iloc[0].to_dict() == asdict(figures)
    assert dict(build(lake, "alerts").sheets[0].notes)["alerts"].startswith("table version")


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_holds_the_same_rows(made: tuple[Lake, Run], kind: str) -> None:
    lake, run = made
    report = build(lake, kind)
    [book] = files_of(report, "xlsx")
    assert book.name == f"{kind}-{run.as_of:%Y-%m-%d}.xlsx"
    workbook = fastexcel.read_excel(book.body)
    assert workbook.sheet_names == [*(sheet.name for sheet in report.sheets), "Definitions"]
    for place, sheet in enumerate(report.sheets):
        names = [column.name for column in sheet.columns]
        rows = len(sheet.frame)
        in_book = workbook.load_sheet(sheet.name).to_polars()
        assert in_book.columns == names
        assert len(in_book) == rows + bool(sheet.totals and rows)
        told = json.loads(files_of(report, "json")[place].body)
        assert [list(line) for line in told["lines"]] == [names] * rows
        assert told["notes"]["currency"] == "EUR"
        assert any(name.startswith("run ") for name in told["notes"])
        table = pd.read_parquet(io.BytesIO(files_of(report, "parquet")[place].body))
        assert list(table.columns) == names
        assert len(table) == rows == files_of(report, "csv")[place].body.count(b"\r\n") - 1
        for name in sheet.totals:
            assert table[name].sum() == pytest.approx(sheet.frame[name].sum())
    definitions = workbook.load_sheet("Definitions", header_row=None).to_polars()
    words = set(definitions["column_1"].drop_nulls()) if "column_1" in definitions.columns else set()
    told_of = {column.name for sheet in report.sheets for column in sheet.columns}
    assert told_of <= {*words, *definitions.to_series(0).drop_nulls()}


def test_a_report_is_kept_once_and_listed(made: tuple[Lake, Run]) -> None:
    lake, run = made
    assert list_reports(lake) == []
    first = make_report(lake, "reorder", formats=FORMATS, at=AT, author="ana")
    objects = lake.objects.list("reports/")
    later = make_report(lake, "reorder", formats=FORMATS, at=AT + timedelta(hours=1), author="ben")
    assert later == first
    assert lake.objects.list("reports/") == objects
    assert first.run_id == run.run_id
    for file in first.files:
        assert len(lake.objects.get(first.key(file))) == file.bytes
    stock = make_report(lake, "stock", at=AT + timedelta(hours=2), run=run_of(lake, run.run_id))
    assert [stored.report_id for stored in list_reports(lake)] == [stock.report_id, first.report_id]


def test_a_report_that_was_cut_off_is_not_listed(made: tuple[Lake, Run]) -> None:
    lake, _ = made
    stored = make_report(lake, "stock", at=AT)
    lake.objects.delete([f"reports/{stored.report_id}/manifest.json"])
    assert list_reports(lake) == []
    assert make_report(lake, "stock", at=AT) == stored


def test_refusals_say_what_there_is(made: tuple[Lake, Run], tmp_path: Path) -> None:
    demo, _ = made
    with pytest.raises(JobError, match="known are reorder, stock, expiry, alerts, performance"):
        build(demo, "sales")
    with pytest.raises(JobError, match="format pdf is not known; known are csv"):
        make_report(demo, "stock", formats=["pdf"], at=AT)  # type: ignore[list-item]
    with pytest.raises(JobError, match="no run 'x'"):
        run_of(demo, "x")
    with pytest.raises(JobError, match="no report 'x'"):
        read_report(demo, "x")
    with pytest.raises(JobError, match="no plan to report on"):
        build(Lake(tmp_path / "empty"), "stock")
    demo.objects.put_new("reports/x/manifest.json", b"{}")
    with pytest.raises(JobError, match=r"reports/x/manifest\.json is no manifest"):
        list_reports(demo)


def test_the_command_keeps_lists_and_writes_reports(shelfcast, planned: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert "No report is kept yet" in shelfcast("report", "list", "--lake", planned).stdout
    out = tmp_path / "out"
    done = shelfcast(
        *("report", "reorder", "--format", "csv", "--format", "xlsx", "--out", str(out), "--lake", planned)
    )
    assert done.exit_code == 0, done.output
    written = sorted(path.name for path in out.iterdir())
    assert [name.rpartition(".")[2] for name in written] == ["csv", "csv", "xlsx"]
    [stored] = list_reports(Lake(planned))
    assert stored.author == "ana"
    assert stored.report_id in done.stdout
    assert stored.report_id in shelfcast("report", "list", "--lake", planned).stdout
    wrong = shelfcast("report", "sales", "--lake", planned)
    assert wrong.exit_code == 1
    assert "known are reorder" in wrong.stderr
