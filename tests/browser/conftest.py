"""One real Chromium, real servers started as people start them, pages that may not leave this computer."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from jobs.demo import build_demo
from jobs.plan import plan

IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
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
START_TRIES = 600
SIZE = {"width": 1366, "height": 768}
PALETTE = 256
"""Colours of a picture."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="DIR", help="write the pictures of docs/ into DIR")


@dataclass(frozen=True)
class Dashboard:
    """A running dashboard and the lake that it shows."""

    address: str
    lake: Path


@contextmanager
def served(lake: Path) -> Iterator[Dashboard]:
    """Run `shelfcast serve` on a free port until the end of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = "from cli.main import run; run()"
    server = subprocess.Popen(
        [sys.executable, "-c", command, "serve", "--lake", str(lake), "--port", str(port)],
        env={**os.environ, "SHELFCAST_USER": "ana"},
        stdout=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_up(server, address)
        yield Dashboard(address, lake)
    finally:
        server.terminate()
        server.wait()


def _wait_until_up(server: subprocess.Popen[bytes], address: str) -> None:
    for _ in range(START_TRIES):
        with suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health"):
            return
        with suppress(subprocess.TimeoutExpired):
            pytest.fail(f"shelfcast serve ended with exit code {server.wait(0.1)}")
    pytest.fail(f"shelfcast serve did not answer on {address}")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A small demo lake, built, planned on two mornings (so that there is a history) and served."""
    lake = tmp_path_factory.mktemp("demo") / "lake"
    made = build_demo(str(lake), skus=24, stores=3, dcs=1, days=540, plan=False)
    today = made.lake.read("sales", columns=["date"])["date"].max().date() + timedelta(days=1)
    plan(made.lake, as_of=today - timedelta(days=1))
    plan(made.lake)
    with served(lake) as dashboard:
        yield dashboard


@pytest.fixture(scope="session")
def serve() -> Callable[[Path], AbstractContextManager[Dashboard]]:
    """Serve another lake for the length of a block."""
    return served


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The installed Chromium."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("no Chromium is installed; the package is called `chromium`")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Make browser contexts whose pages fail the test if they ask another host for anything."""
    contexts: list[BrowserContext] = []
    strangers: list[str] = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(**{"viewport": SIZE, "accept_downloads": True, **options})
        context.on("request", lambda request: _note_stranger(request.url, strangers))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert not strangers, f"the dashboard asked other hosts: {strangers}"


def _note_stranger(url: str, strangers: list[str]) -> None:
    if not url.startswith(("http://127.0.0.1:", "data:", "blob:")):
        strangers.append(url)


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    """A page in the light theme on a laptop's screen."""
    return open_context(color_scheme="light").new_page()


@pytest.fixture(scope="session")
def picture(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Take a picture of a page for the documentation, if pictures are asked for."""
    folder = request.config.getoption("--screenshots", default=None)

    def take(page: Page, name: str) -> None:
        if folder:
            page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
            Path(folder).mkdir(parents=True, exist_ok=True)
            path = Path(folder) / f"{name}.png"
            page.screenshot(path=path, animations="disabled")
            with Image.open(path) as taken:  # a palette is a third of the bytes, and pages have few colours
                small = taken.convert("RGB").quantize(PALETTE, dither=Image.Dither.NONE)
            small.save(path, optimize=True)

    return take


@pytest.fixture(scope="session")
def settled() -> Callable[[Page], None]:
    """Wait until the script has run and every element is drawn."""

    def wait(page: Page) -> None:
        page.wait_for_selector(IDLE)
        page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")

    return wait
