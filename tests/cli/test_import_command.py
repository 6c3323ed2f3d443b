"""Importing from the command line: guess, confirm, load, refuse, report."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from data_lake.lake import Lake

Shelfcast = Callable[..., Result]


def rows(address: str, table: str = "sales") -> int:
    return len(Lake(address).read(table))


def test_a_file_is_loaded_and_a_second_time_changes_nothing(
    shelfcast: Shelfcast, sales_csv: Path, address: str
) -> None:
    first = shelfcast("import", sales_csv)
    assert first.exit_code == 0, first.output
    assert "sales.csv: sales (guessed" in first.output
    assert "2 rows read, 2 loaded into" in first.output
    assert rows(address) == 2
    second = shelfcast("import", sales_csv)
    assert "as last time" in second.output
    assert "all of it was in the lake already" in second.output
    assert len(Lake(address).versions("sales")) == 1


def test_faults_are_listed_reported_and_nothing_is_loaded(
    shelfcast: Shelfcast, sales_csv: Path, address: str, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.csv"
    good = "".join(f"2026-01-{day:02d},007,A,{day}\n" for day in range(1, 29))
    bad = "2026-01-30,007,A,three\n2026-13-31,,A,4\n"
    broken.write_text(f"date,sku,location,quantity\n{good}{bad}")
    report = tmp_path / "faults.csv"
    result = shelfcast("import", broken, sales_csv, "--errors", report, "--yes")
    assert result.exit_code == 1
    assert "broken.csv" in result.stderr
    assert "nothing was loaded" in result.stderr
    assert "three" in result.output
    assert rows(address) == 2  # the good file is in, whole
    listed = report.read_text(encoding="utf-8-sig")
    assert listed.startswith("severity,file,row,column,value,rule\n")
    assert "error,broken.csv,30,quantity,three," in listed
    assert "error,broken.csv,31,date,2026-13-31," in listed


def test_a_dry_run_shows_the_mapping_and_loads_nothing(
    shelfcast: Shelfcast, sales_csv: Path, address: str
) -> None:
    result = shelfcast("import", sales_csv, "--dry-run")
    assert result.exit_code == 0, result.output
    assert "kind: sales" in result.output
    assert "2 rows were checked; nothing was loaded." in result.output
    assert rows(address) == 0


def test_a_mapping_file_says_how_to_read(shelfcast: Shelfcast, tmp_path: Path, address: str) -> None:
    data = tmp_path / "odd.csv"
    data.write_text("when;what;n\n30.01.2026;007;1,5\n")
    mapping = tmp_path / "odd.yaml"
    columns = "  date: when\n  sku: what\n  quantity: n\n"
    styles = "dates:\n  form: dd/mm/yyyy\nnumbers:\n  decimal: ','\n"
    mapping.write_text(f"kind: sales\ncolumns:\n{columns}constants:\n  location: Web\n{styles}")
    result = shelfcast("import", data, "--mapping", mapping)
    assert result.exit_code == 0, result.output
    assert "odd.csv: sales (as told)" in result.output
    (row,) = Lake(address).read("sales").to_dict("records")
    assert (row["sku"], row["location"], row["quantity"]) == ("007", "Web", 1.5)


def test_the_guess_is_corrected_by_set(shelfcast: Shelfcast, sales_csv: Path, address: str) -> None:
    sales_csv.write_text("day,article,alt,units,flag\n2026-01-30,A1,B1,3,1\n")
    changes = ("sku=alt", "location=Web", "promo=", "unit_factor=12", "dates.form=yyyy-mm-dd")
    sets = [part for change in changes for part in ("--set", change)]
    result = shelfcast("import", sales_csv, "--kind", "sales", *sets)
    assert result.exit_code == 0, result.output
    (row,) = Lake(address).read("sales").to_dict("records")
    assert (row["sku"], row["location"], row["quantity"]) == ("B1", "Web", 36)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--kind", "recipes"), "kind 'recipes' is not known; known are sales"),
        (("--set", "sku"), "--set sku: write NAME=VALUE"),
        (("--set", "colour=red"), "'colour' is no field of sales"),
        (("--set", "period.x=red"), "period: {'x': 'red'} is not one of D, W, M"),
        (("--set", "unit_factor.a.b=1"), "unit_factor"),
        (("--mapping", "missing.yaml"), "cannot read missing.yaml"),
        (("--errors", "no/such/f.csv"), "cannot write no/such/f.csv"),
    ],
)
def test_what_cannot_be_read_is_said(shelfcast: Shelfcast, sales_csv: Path, arguments, said: str) -> None:
    result = shelfcast("import", sales_csv, *arguments)
    assert result.exit_code == 1
    assert said in result.stderr


def test_a_missing_file_is_named(shelfcast: Shelfcast) -> None:
    result = shelfcast("import", "nowhere.csv")
    assert (result.exit_code, result.stderr) == (1, "Error: there is no file 'nowhere.csv'\n")


def test_questions_nobody_can_answer_stop_the_import(
    shelfcast: Shelfcast, sales_csv: Path, address: str
) -> None:
    """Standard input is not a terminal here: a doubtful guess is not taken in silence."""
    sales_csv.write_text("a,b\nx,y\n")
    result = shelfcast("import", sales_csv)
    assert result.exit_code == 1
    assert "  ? " in result.output
    assert "take it with --yes" in result.stderr
    assert Lake(address).objects.list("") == []


@pytest.mark.parametrize(("answer", "loaded"), [("y", 2), ("n", 0)])
def test_on_a_terminal_it_asks(sales_csv: Path, address: str, answer: str, loaded: int) -> None:
    """A real terminal: what is typed decides."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "cli.main", "import", str(sales_csv), "--lake", address]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        shown = b""
        while True:
            try:
                shown += os.read(ours, 4096)
            except OSError:  # the other end closed: the command is done
                break
    os.close(ours)
    assert b"Load sales.csv like this?" in shown
    assert process.returncode == (0 if loaded else 1)
    assert rows(address) == loaded


@pytest.mark.parametrize("kind", ["sales", "stock", "products", "sourcing"])
def test_a_template_can_be_filled_in_and_imported(shelfcast: Shelfcast, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"{kind}.csv"
    path.write_bytes(shelfcast("template", kind).stdout_bytes)
    assert path.read_text(encoding="utf-8-sig").count("\n") == 2
    result = shelfcast("import", path, "--kind", kind, "--yes")
    assert result.exit_code == 0, result.output


def test_templates_are_listed(shelfcast: Shelfcast) -> None:
    listed = shelfcast("template").output
    for kind in ("sales", "order_lines", "stock", "products", "locations", "suppliers", "promotions"):
        assert f"\n{kind} " in listed
