"""docs/tutorial.md is true: its commands run as they stand there, and its pages show what it says.

On small files of the same shapes; on the real ones where SHELFCAST_DATA names the folder that has them, which
is how the tutorial's pictures are made.
"""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from data_lake.lake import Lake
from jobs.approvals import approved_lines

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
LONG = 120_000
"""Milliseconds for what reads or plans a whole real data set."""
TRIES = 10

Settled = Callable[[Page], None]
Picture = Callable[[Page, str], None]


@dataclass
class Step:
    """A command of the tutorial and the lines that it is said to print."""

    command: str
    printed: list[str] = field(default_factory=list)


class Terminal:
    """A planner's terminal in a folder of its own, and the sections of the tutorial to type into it."""

    def __init__(self, folder: Path, data: Path, *, real: bool) -> None:
        self.folder = folder
        self.real = real
        scripts = str(Path(sys.executable).parent)
        self.environment = os.environ | {
            "DATA": str(data),
            "PATH": scripts + os.pathsep + os.environ["PATH"],
            "SHELFCAST_USER": "ana",
        }
        self.sections = sections(TUTORIAL.read_text(encoding="utf-8"))

    def follow(self, heading: str, *, fails: bool = False) -> str:
        """Run the commands of a section in their order; return all that they printed."""
        said = ""
        for step in self.sections[heading]:
            if step.command.startswith("export "):
                name, _, value = step.command.removeprefix("export ").partition("=")
                if name != "DATA":
                    self.environment[name] = value
                continue
            if step.command.startswith("shelfcast serve"):
                continue  # the dashboard runs on a port of the test's own
            done = subprocess.run(
                ["/bin/sh", "-c", step.command],
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                text=True,
                check=False,
            )
            said += done.stdout + done.stderr
            assert (done.returncode != 0) == fails, (step.command, done.returncode, said)
            if self.real:
                untrue = untold(step.printed, done.stdout + done.stderr)
                assert not untrue, f"{step.command} prints otherwise: {untrue}\n{said}"
        return said


def sections(text: str) -> dict[str, list[Step]]:
    """Return the commands (`$ …` in console blocks, continued by a backslash) under each heading."""
    found: dict[str, list[Step]] = {}
    heading, console, command = "", False, ""
    for line in text.splitlines():
        if line.startswith("```"):
            console = line == "```console"
        elif line.startswith("#") and not console:
            heading = line.lstrip("# ")
            found[heading] = []
        elif console and (line.startswith("$ ") or command):
            command += line.removeprefix("$ ").removesuffix("\\")
            if not line.endswith("\\"):
                found[heading].append(Step(" ".join(command.split())))
                command = ""
        elif console:
            found[heading][-1].printed.append(line)
    return found


def untold(told: list[str], printed: str) -> list[str]:
    """Return the lines of the tutorial that were not printed; `…` stands for anything.

    Only a terminal is asked whether to load a file.
    """
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    missing = []
    for line in told:
        parts = " ".join(line.split()).split("…")
        form = re.compile(".*".join(re.escape(part) for part in parts))
        if not line.endswith("[Y/n]:") and not any(form.fullmatch(seen) for seen in ["", *lines]):
            missing.append(line)
    return missing


@pytest.fixture(scope="session")
def raw_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the tutorial calls $DATA."""
    if real := os.environ.get("SHELFCAST_DATA"):
        return Path(real).absolute()
    folder = tmp_path_factory.mktemp("data")
    subprocess.run([sys.executable, Path(__file__).parent / "raw_files.py", folder], check=True)
    return folder


@pytest.fixture
def terminal(tmp_path: Path, raw_data: Path) -> Terminal:
    return Terminal(tmp_path, raw_data, real="SHELFCAST_DATA" in os.environ)


def test_m5_from_the_raw_files_to_an_exported_order(
    terminal: Terminal,
    serve: Callable[[Path], AbstractContextManager[Any]],
    page: Page,
    settled: Settled,
    picture: Picture,
) -> None:
    page.set_default_timeout(LONG)
    assert "sales (guessed" in terminal.follow("Import the sales")
    assert "loaded into" in terminal.follow("Import the prices")
    terminal.follow("What is still missing")
    assert "to order" in terminal.follow("Plan")
    folder = terminal.folder / terminal.environment["SHELFCAST_LAKE"]
    lake = Lake(folder)
    with serve(folder) as dashboard:
        page.goto(dashboard.address)
        page.get_by_role("heading", name="Today", level=1).wait_for()
        settled(page)
        picture(page, "tutorial-m5-today")

        click_cell(page, row=0, x=62)
        page.wait_for_url("**/item?sku=*")
        page.get_by_role("heading", name="Why this quantity").wait_for()
        settled(page)
        picture(page, "tutorial-m5-item")
        page.get_by_role("heading", name="Why this quantity").scroll_into_view_if_needed()
        words = page.locator(".st-key-what_if_words")
        planned = words.inner_text()
        page.get_by_role("slider", name="Demand ± (%)").focus()
        for _ in range(4):
            page.keyboard.press("ArrowRight")
        expect(words).not_to_have_text(planned, timeout=LONG)
        settled(page)
        to_top(page, "What if")
        picture(page, "tutorial-m5-what-if")

        page.get_by_role("link", name="Orders").click()
        page.get_by_role("button", name="Review").click()
        page.get_by_role("button", name="All orders").wait_for()
        settled(page)
        type_quantity(page, row=0, quantity="200")
        page.get_by_text("200 raised to 204, whole multiples of 6.").wait_for()
        page.get_by_label("Reason for the changed quantities").fill("street fair on Saturday")
        page.keyboard.press("Enter")
        approve = page.get_by_role("button", name=re.compile(r"Approve [\d,]+ lines?"))
        expect(approve).to_be_enabled(timeout=LONG)
        settled(page)
        to_top(page, "Central")
        picture(page, "tutorial-m5-orders")
        approve.click()
        page.get_by_text(re.compile(r"[\d,]+ lines? approved in 1 order\.")).wait_for()
        settled(page)
        picture(page, "tutorial-m5-approved")

        approved = approved_lines(lake)
        assert approved.loc[approved["edited"], "approved_quantity"].tolist() == [204.0]
        assert set(approved["reason"]) == {"street fair on Saturday"}
        assert exported(download(page, "CSV")) == wanted(approved)
        assert download(page, "Excel").read_bytes().startswith(b"PK")

        page.get_by_role("link", name="Data health").click()
        page.get_by_role("heading", name="Data health", level=1).wait_for()
        settled(page)
        picture(page, "tutorial-m5-health")

    # what is approved is supply, and reading a file again changes nothing
    said = terminal.follow("Plan again, import again")
    assert "all of it was in the lake already" in said
    first, second, *_ = re.findall(r"Run (\S+) for", said)
    assert first == second
    lines = lake.read("plan_lines", columns=["line_id", "status", "order_by", "on_order"])
    ordered = lines[lines["line_id"].isin(approved["line_id"]) & (lines["status"] == "proposed")]
    assert (ordered["order_by"] > approved["order_by"].max()).all()
    assert lines["on_order"].sum() == approved["approved_quantity"].sum()
    assert float(said.split()[-1]) == lake.read("inventory_snapshot", version=1)["on_hand"].sum()


def test_uci_order_lines_to_an_approved_order(
    terminal: Terminal,
    raw_data: Path,
    serve: Callable[[Path], AbstractContextManager[Any]],
    page: Page,
    settled: Settled,
    picture: Picture,
) -> None:
    page.set_default_timeout(LONG)
    assert "Which location is this file of?" in terminal.follow("Look before you import")
    said = terminal.follow("Import the order lines")
    assert "postage, fees, gifts, adjustments and tests are not products" in said
    assert "lines without a price are stock adjustments, not sales" in said
    terminal.follow("Stock and supplier")
    terminal.follow("Plan the shop")
    folder = terminal.folder / terminal.environment["SHELFCAST_LAKE"]
    lake = Lake(folder)
    versions = len(lake.versions("sales"))
    with serve(folder) as dashboard:
        page.goto(f"{dashboard.address}/import")
        settled(page)
        page.locator("input[type=file]").set_input_files(
            raw_data / "online_retail_2010" / "order_lines.parquet"
        )
        confirm = page.get_by_role("button", name="Import as order lines")
        confirm.wait_for()
        settled(page)
        picture(page, "tutorial-uci-import")
        confirm.click()
        page.get_by_text("everything in it was in the lake already").wait_for()
        assert len(lake.versions("sales")) == versions

        page.get_by_role("link", name="Today").click()
        page.get_by_role("heading", name="Today", level=1).wait_for()
        settled(page)
        click_cell(page, row=0, x=62)
        page.wait_for_url("**/item?sku=*")
        page.get_by_role("heading", name="Why this quantity").wait_for()
        settled(page)
        page.goto(f"{page.url}&history=1+year")
        page.get_by_role("heading", name="Why this quantity").wait_for()
        settled(page)
        picture(page, "tutorial-uci-item")

        page.get_by_role("link", name="Today").click()
        page.get_by_role("heading", name="Today", level=1).wait_for()
        settled(page)
        for row in (1, 2, 3):
            click_cell(page, row=row, x=18)
            settled(page)
        page.get_by_role("button", name="Approve 3 selected").click()
        page.get_by_label("Note for the audit log").fill("first order, stock is an estimate")
        picture(page, "tutorial-uci-approve")
        page.get_by_role("dialog").get_by_role("button", name="Approve").click()
        page.get_by_text("3 lines approved in 1 order.").wait_for()
        approved = approved_lines(lake)
        assert set(approved["reason"]) == {"first order, stock is an estimate"}
        assert "POST" not in set(lake.read("sales", columns=["sku"])["sku"])
    terminal.follow("Export the order")
    assert exported(terminal.folder / "importer.csv") == wanted(approved)


def test_a_faulty_file_is_refused_whole_with_its_report(terminal: Terminal) -> None:
    terminal.environment["SHELFCAST_LAKE"] = "lake"
    (block,) = re.findall(r"```csv\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)
    (terminal.folder / "counted.csv").write_text(block, encoding="utf-8")
    said = terminal.follow("When a file is refused", fails=True)
    assert "nothing was loaded" in said
    report = (terminal.folder / "faults.csv").read_text(encoding="utf-8-sig")
    assert len(report.splitlines()) == 4
    assert Lake(terminal.folder / "lake").current("inventory_snapshot") is None


def click_cell(page: Page, *, row: int, x: float) -> None:
    """Click a row of the worklist: tables are drawn on a canvas, so by place."""
    box = page.get_by_test_id("stDataFrame").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x, box["y"] + 36 + 38 * row + 19)


def type_quantity(page: Page, *, row: int, quantity: str) -> None:
    """Type into the column Order of a source's lines."""
    cell = page.locator("#portal input")
    for _ in range(TRIES):  # the table moves while the page around it is drawn
        box = page.get_by_test_id("stDataFrame").bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 262 + 150 + 90 + 45, box["y"] + 36 + 36 * row + 18)
        page.keyboard.press("Enter")
        with suppress(PlaywrightTimeout):
            cell.wait_for(timeout=3_000)
            break
    cell.fill(quantity)
    cell.press("Enter")


def to_top(page: Page, heading: str) -> None:
    """Scroll so that a picture begins with this heading."""
    page.get_by_role("heading", name=heading).first.evaluate("heading => heading.scrollIntoView()")


def download(page: Page, name: str) -> Path:
    with page.expect_download() as started:
        page.get_by_role("button", name=name, exact=True).click()
    return Path(started.value.path())


def wanted(approved: Any) -> dict[tuple[str, str, str], float]:
    return {(row.order_id, row.sku, row.location): row.approved_quantity for row in approved.itertuples()}


def exported(path: Path) -> dict[tuple[str, str, str], float]:
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    return {(row["order_id"], row["sku"], row["ship_to"]): float(row["quantity"]) for row in rows}
