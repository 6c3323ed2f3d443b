"""Import of a large CSV: memory, speed, and that importing it again changes nothing.

`python -m bench.import_rows [--quick]`: 5 million rows (500,000 with --quick) of daily sales with a price, in
random order and with a decimal comma, imported in a process of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from bench.report import Report, arguments, calibration_seconds, cpu_seconds
from data_lake.lake import Lake
from jobs.import_file import import_file

MAX_RSS_GB = 1.5
DAYS = 1_000


def write_csv(path: Path, rows: int) -> None:
    """Write `rows` rows of `DAYS` days, in random order, as a European export."""
    rng = np.random.default_rng(7)
    order = rng.permutation(rows)
    item = order // DAYS
    day = np.datetime64("2023-01-01") + order % DAYS
    frame = pl.DataFrame(
        {
            "Datum": pl.Series(day).dt.strftime("%d.%m.%Y"),
            "Artikelnummer": pl.Series(item // 5 + 100_000).cast(pl.String).str.zfill(8),
            "Filiale": pl.Series(item % 5).cast(pl.String),
            "Menge": rng.poisson(3, rows),
            "Preis": pl.Series(rng.integers(100, 999, rows) / 100)
            .cast(pl.String)
            .str.replace(".", ",", literal=True),
        }
    )
    frame.write_csv(path, separator=";")


def run(path: Path, lake: str) -> None:
    """Import in this process and print what it took."""
    before = cpu_seconds()
    done = import_file(Lake(lake), path)
    spent = cpu_seconds() - before
    print(
        json.dumps(
            {
                "cpu_seconds": spent,
                "rows": done.rows_loaded,
                "faults": [str(fault) for fault in done.faults[:5]],
                "unchanged": done.unchanged,
                "rss_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            }
        )
    )


def main() -> None:
    """Generate, import twice, report."""
    rows = 500_000 if arguments(__doc__ or "").quick else 5_000_000
    report = Report("import_rows")
    with tempfile.TemporaryDirectory(prefix="shelfcast-bench-") as folder:
        path = Path(folder) / "sales.csv"
        write_csv(path, rows)
        command = [sys.executable, "-m", "bench.import_rows", "--run", str(path), f"{folder}/lake"]
        first, again = (
            json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            for _ in range(2)
        )
        size = path.stat().st_size / 1e6
    sizes = {"rows": rows, "file_mb": round(size, 1)}
    report.figure("rss", first["rss_gb"], "GB", bar=MAX_RSS_GB, **sizes)
    report.figure("rows_missing", rows - first["rows"], "rows", bar=0, faults=first["faults"])
    report.figure("rows_per_cpu_second", rows / first["cpu_seconds"], "rows/s", **sizes)
    report.figure("again_changed", float(not again["unchanged"]), "flag", bar=0)
    report.figure("again_rows_per_cpu_second", rows / again["cpu_seconds"], "rows/s", **sizes)
    report.figure("calibration", calibration_seconds(), "s")
    report.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(Path(sys.argv[2]), sys.argv[3])
    else:
        main()
