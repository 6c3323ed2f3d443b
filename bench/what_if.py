"""Server CPU of one move of an Item slider, driven through a real browser session.

The dashboard is started as `shelfcast serve` starts it, on a small planned demo lake. A headless Chromium
opens Item and moves the demand slider by keyboard; what is counted is the CPU time of the server process from
the key press until the page is idle again. `peer.page_…` is the same for a visit of another page.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.report import Report, arguments
from jobs.demo import build_demo

BAR_MS = 40.0
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
WORDS = ".st-key-what_if_words"
START_TRIES = 600
HEADINGS = {"Today": "Today", "Orders": "Orders", "Data health": "Data health", "Import": "Import"}
"""Link of a page in the navigation and what its title begins with."""
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROOT = Path(__file__).parents[1]


def chromium() -> str:
    """Return the path of an installed Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    sys.exit("bench.what_if needs Chromium: install the package `chromium`")


@contextmanager
def dashboard(lake: Path) -> Iterator[tuple[str, int]]:
    """Serve a lake; yield the address and the process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app/main.py", f"--server.port={port}"],
        cwd=ROOT,
        env={**os.environ, "SHELFCAST_LAKE": str(lake)},
        stdout=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_up(server, address)
        yield address, server.pid
    finally:
        server.terminate()
        server.wait()


def wait_until_up(server: subprocess.Popen[bytes], address: str) -> None:
    """Wait for the health route; a server that ends instead is an error."""
    for _ in range(START_TRIES):
        with suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health"):
            return
        with suppress(subprocess.TimeoutExpired):
            sys.exit(f"the dashboard ended with exit code {server.wait(0.1)}")
    sys.exit(f"the dashboard did not answer on {address}")


def cpu_ms(pid: int) -> float:
    """CPU time of a process with all its threads, ended ones too [ms].

    The clock's number is what `clock_getcpuclockid(3)` returns on Linux; its resolution is nanoseconds.
    """
    return 1e3 * time.clock_gettime((~pid << 3) | 2)


def settled(page: Page) -> None:
    """Wait until the script has run and the server has sent everything."""
    page.wait_for_selector(IDLE)


def words_of(page: Page) -> str:
    """Return the order in words: expected demand is in it, so it changes when the rerun has arrived."""
    return page.locator(WORDS).inner_text()


def move(page: Page, pid: int, key: str) -> float:
    """Move the slider one step; return the CPU time that the server spent [ms]."""
    before, shown = cpu_ms(pid), words_of(page)
    page.keyboard.press(key)
    page.wait_for_function(
        "([place, shown]) => document.querySelector(place).innerText !== shown", arg=[WORDS, shown]
    )
    settled(page)
    return cpu_ms(pid) - before


def rerun_page(page: Page, pid: int, name: str) -> float:
    """Go to another page by its link in the navigation; return the server's CPU time [ms]."""
    before = cpu_ms(pid)
    page.get_by_role("link", name=name).click()
    page.get_by_role("heading", level=1).filter(has_text=HEADINGS[name]).wait_for()
    settled(page)
    return cpu_ms(pid) - before


def main() -> None:
    """Measure and report."""
    given = arguments(__doc__ or "")
    report = Report("what_if")
    moves = 20 if given.quick else 60
    with tempfile.TemporaryDirectory() as folder:
        lake = Path(folder) / "lake"
        build_demo(str(lake), skus=40, stores=4, dcs=1, days=730)
        with dashboard(lake) as (address, pid), sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium(), args=FLAGS)
            page = browser.new_page()
            page.goto(f"{address}/item", wait_until="commit")
            settled(page)
            slider = page.get_by_role("slider", name="Demand ± (%)")
            slider.focus()
            for _ in range(5):  # first calls load and compile
                move(page, pid, "ArrowRight")
            spent = [move(page, pid, "ArrowRight" if i % 10 < 5 else "ArrowLeft") for i in range(moves)]
            report.figure(
                "rerun_cpu_median", statistics.median(spent), "ms", bar=BAR_MS, moves=moves, best=min(spent)
            )
            for name in list(HEADINGS)[:-1]:
                pages = [rerun_page(page, pid, other) for other in ("Import", name) * 4][1::2]
                report.figure(
                    f"peer.page_{name.lower().replace(' ', '_')}",
                    statistics.median(pages),
                    "ms",
                    visits=len(pages),
                )
            browser.close()
    report.close()


if __name__ == "__main__":
    main()
