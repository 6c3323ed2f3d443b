"""Documentation that is code is checked as code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.contracts import TABLES
from jobs.import_file import EXAMPLE

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_mapping_in_the_documentation_is_the_one_that_is_tested() -> None:
    block = re.search(r"```yaml\n(.*?)```", (ROOT / "docs/importing.md").read_text(), re.DOTALL)
    assert block is not None
    assert block[1].strip() == EXAMPLE.strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_and_pictures_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


def test_commands_in_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text()
    known = subprocess.run(
        [sys.executable, "-m", "cli.main", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    for command in set(re.findall(r"^shelfcast ([a-z]+)", text, re.MULTILINE)):
        assert re.search(rf"^ +{command} ", known, re.MULTILINE), f"README names `shelfcast {command}`"
    targets = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)):
        assert re.search(rf"^{target}:", targets, re.MULTILINE), f"README names `make {target}`"


def test_every_bench_is_written_up() -> None:
    text = (ROOT / "bench/README.md").read_text()
    packages = [main.parent for main in ROOT.glob("bench/*/__main__.py")]
    for bench in sorted([*ROOT.glob("bench/*.py"), *packages]):
        if bench.stem not in ("__init__", "report"):
            assert f"bench.{bench.stem}" in text, f"bench/README.md says nothing of bench.{bench.stem}"


def test_every_requirement_has_its_reason() -> None:
    text = (ROOT / "docs/dependencies.md").read_text()
    project = (ROOT / "pyproject.toml").read_text()
    for name in re.findall(
        r'^    "([A-Za-z][A-Za-z0-9-]*)[<>=~!]*[^"]*",', project.split("[project.scripts]")[0], re.MULTILINE
    ):
        assert name.lower() in text.lower(), f"docs/dependencies.md does not say why {name} is here"


def test_every_table_says_what_it_is() -> None:
    for table in TABLES.values():
        assert table.doc
        assert set(table.key) <= set(table.names)
        for column in table.columns:
            assert column.doc, f"{table.name}.{column.name}"
