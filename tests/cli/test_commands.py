"""The commands as a planner types them: what they print, what they leave behind, how they fail."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from data_lake.lake import Lake
from data_lake.ledger import read_events
from data_lake.runs import latest_run
from jobs.approve import approved_lines

Shelfcast = Callable[..., Result]
COMMANDS = (
    *("demo", "import", "template", "plan", "approve", "export", "transfers"),
    *("serve", "doctor", "runs", "replay", "settings"),
)
EXECUTABLE = Path(sys.executable).with_name("shelfcast")


def test_help_lists_the_commands_in_the_order_one_meets_them(shelfcast: Shelfcast) -> None:
    text = shelfcast("--help").output
    assert [text.index(f"\n  {name} ") for name in COMMANDS] == sorted(
        text.index(f"\n  {name} ") for name in COMMANDS
    )
    assert "Start with `shelfcast demo`" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(shelfcast: Shelfcast, command: str) -> None:
    result = shelfcast(command, "--help")
    assert result.exit_code == 0
    assert f"shelfcast {command}" in result.output.partition("\n")[2] or command == "runs"
    assert command == "template" or "SHELFCAST_LAKE" in result.output


def test_help_and_errors_come_without_the_heavy_libraries() -> None:
    """What makes `shelfcast --help` answer at once."""
    heavy = (
        "pandas",
        "numpy",
        "polars",
        "pyarrow",
        "boto3",
        "streamlit",
        "rich",
        "scipy",
        "numba",
        "prophet",
    )
    code = f"import sys, cli.main; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_installed_command_runs(tmp_path: Path) -> None:
    version = subprocess.run([EXECUTABLE, "--version"], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"shelfcast \d+\.\d+\.\d+\n", version.stdout)
    failed = subprocess.run(
        [EXECUTABLE, "export", "--plan", "--lake", tmp_path], capture_output=True, text=True, check=False
    )
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert failed.stderr == f"Error: {tmp_path} holds no plan yet: shelfcast plan\n"


def test_an_error_is_one_message_and_with_debug_a_trace(shelfcast: Shelfcast) -> None:
    plain = shelfcast("approve", "--all-due")
    assert plain.exit_code == 1
    assert plain.stderr.startswith("Error: ")
    assert plain.stderr.count("\n") == 1
    traced = shelfcast("--debug", "approve", "--all-due")
    assert type(traced.exception).__name__ == "JobError"


@pytest.mark.parametrize("lake", ["ftp://somewhere/lake", "s3://"])
def test_a_lake_address_that_cannot_be_understood(shelfcast: Shelfcast, lake: str) -> None:
    result = shelfcast("runs", "--lake", lake)
    assert result.exit_code == 1
    assert lake in result.stderr


def test_runs_says_when_there_is_none(shelfcast: Shelfcast) -> None:
    result = shelfcast("runs")
    assert (result.exit_code, result.output) == (0, "No plan yet: shelfcast plan\n")


def test_doctor_fails_on_an_empty_lake_and_says_what_to_do(shelfcast: Shelfcast) -> None:
    result = shelfcast("doctor")
    assert result.exit_code == 1
    assert re.search(r"FAIL +Tables +no sales: there is nothing to forecast", result.output)
    assert "Plan: shelfcast plan" in result.output


def test_from_plan_to_exported_order(shelfcast: Shelfcast, planned: str) -> None:
    lake = Lake(planned)
    run = latest_run(lake)
    assert run is not None
    assert run.run_id in shelfcast("runs").output
    assert shelfcast("doctor", "--quick").exit_code == 0

    approved = shelfcast("approve", "--all-due", "--reason", "weekly order")
    assert approved.exit_code == 0, approved.output
    lines = approved_lines(lake)
    assert len(lines) > 0
    assert set(lines["author"]) == {"ana"}
    assert set(lines["reason"]) == {"weekly order"}
    for order_id in lines["order_id"]:
        assert order_id in approved.output
    again = shelfcast("approve", "--all-due")
    assert (again.exit_code, "not yet approved" in again.output) == (0, True)

    exported = shelfcast("export")
    assert exported.output.startswith("orders.csv (")
    rows = list(csv.DictReader(io.StringIO(Path("orders.csv").read_text())))
    assert [(row["order_id"], row["sku"], float(row["quantity"])) for row in rows] == list(
        zip(lines["order_id"], lines["sku"], lines["approved_quantity"], strict=True)
    )
    assert read_events(lake)[-1].event_type == "order.exported"

    order = lines["order_id"].iloc[0]
    one = shelfcast("export", "--order", order, "--out", "-", "--format", "json")
    assert {line["order_id"] for line in json.loads(one.stdout)["lines"]} == {order}
    whole = shelfcast("export", "--plan", "--bom", "--out", "plan.csv")
    assert whole.exit_code == 0
    assert Path("plan.csv").read_bytes().startswith(b"\xef\xbb\xbfline_id,")


def test_one_line_with_a_quantity_of_ones_own(shelfcast: Shelfcast, planned: str) -> None:
    lines = Lake(planned).read("plan_lines")
    line = lines[(lines["status"] == "proposed") & (lines["order_multiple"] > 0)].iloc[0]
    more = line["quantity"] + line["order_multiple"]
    refused = shelfcast("approve", "--line", f"{line['line_id']}={more:g}")
    assert refused.exit_code == 1
    assert "give a reason" in refused.stderr
    assert "1 of 1 lines were refused" in refused.stderr
    broken = shelfcast("approve", "--line", f"{line['line_id']}={more + 0.5:g}", "--reason", "fair")
    assert "is not a multiple of" in broken.stderr
    taken = shelfcast(
        "approve", "--line", f"{line['line_id']}={more:g}", "--reason", "fair", "--author", "ben"
    )
    assert taken.exit_code == 0, taken.output
    twice = shelfcast("approve", "--line", line["line_id"])
    assert "already approved by ben" in twice.stderr
    found = approved_lines(Lake(planned))[["approved_quantity", "author", "reason"]]
    assert found.to_numpy().tolist() == [[more, "ben", "fair"]]


def test_zero_is_a_recorded_no(shelfcast: Shelfcast, planned: str) -> None:
    lines = Lake(planned).read("plan_lines")
    line_id = lines.loc[lines["status"] == "proposed", "line_id"].iloc[0]
    result = shelfcast("approve", "--line", f"{line_id}=0", "--reason", "delisted")
    assert (result.exit_code, result.output) == (0, f"Not to be ordered: {line_id}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("approve",), "give --all-due, or --line"),
        (("approve", "--all-due", "--line", "x"), "give --all-due, or --line"),
        (("approve", "--line", "x=many"), "'many' is not a quantity"),
        (("approve", "--all-due", "--run", "no"), "run 'no' is not in"),
        (("export", "--order", "PO-no"), "no approved line in order PO-no"),
        (("export", "--plan", "--order", "PO-no"), "leave it out with --plan"),
        (
            ("export", "--out", "no/such/folder.csv"),
            "cannot write no/such/folder.csv: No such file",
        ),
        (("export", "--format", "pdf"), "pdf"),
        (("plan", "--as-of", "tomorrow"), "tomorrow"),
        (("template", "recipes"), "kind 'recipes' is not known; known are sales"),
        (("nonsense",), "No such command"),
    ],
)
def test_what_cannot_be_done_is_said(shelfcast: Shelfcast, planned: str, arguments, said: str) -> None:
    result = shelfcast(*arguments)
    assert result.exit_code in (1, 2)
    assert said in result.stderr


def test_plan_finds_its_run_again(shelfcast: Shelfcast, planned: str) -> None:
    result = shelfcast("plan")
    assert result.exit_code == 0
    assert re.search(r"Run 20261122-\w+ for 2026-11-22: [\d,]+ of [\d,]+ lines to order", result.output)
    assert len(shelfcast("runs", "-n", "1").output.splitlines()) >= 2


def test_plan_without_sales_says_what_to_import(shelfcast: Shelfcast) -> None:
    result = shelfcast("plan")
    assert result.exit_code == 1
    assert "shelfcast import" in result.stderr


def test_demo_prints_its_stages_and_can_be_repeated(shelfcast: Shelfcast) -> None:
    size = ("--skus", 4, "--stores", 1, "--dcs", 1, "--days", 90)
    first = shelfcast("demo", "--no-serve", *size)
    assert first.exit_code == 0, first.output
    assert re.search(r"\d+\.\d s  Writing its tables\n", first.output)
    assert re.search(r"Demo lake built: .*, run 20261122-\w+ for 2026-11-22 \(\d+\.\d s\)", first.output)
    second = shelfcast("demo", "--no-serve", *size)
    assert "Demo lake found and used as it is" in second.output
    other = shelfcast("demo", "--no-serve")
    assert other.exit_code == 1
    assert "delete it or choose another --lake" in other.stderr


def test_settings_are_listed_and_changed_all_or_none(shelfcast: Shelfcast, tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    listed = shelfcast("settings", "--lake", lake).output
    assert re.search(r"currency +EUR +default", listed)
    refused = shelfcast("settings", "currency=GBP", "default_service_target=2", "--lake", lake)
    assert refused.exit_code == 1
    assert "must be a number from 0 to 0.9999" in refused.output
    assert re.search(r"currency +EUR +default", shelfcast("settings", "--lake", lake).output)
    done = shelfcast("settings", "currency=GBP", "company=Acme", "--lake", lake, "--reason", "moved")
    assert "currency, company changed; the next plan uses them." in done.output
    assert re.search(r"currency +GBP\s", shelfcast("settings", "--lake", lake).output)
    assert [event.reason for event in read_events(Lake(lake))] == ["moved", "moved"]
    assert shelfcast("settings", "currency", "--lake", lake).exit_code == 2
