"""The plan job on the demo lake: CPU from a cold process to committed tables, peak memory, same bytes.

`python -m bench.plan [--quick]`. The lake is built first and not counted. Every run is a process of its own;
the first one has an empty kernel cache, the others a warm one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench.report import Report, arguments, calibration_seconds

BAR_WARM_SECONDS = 15.0
BAR_FIRST_SECONDS = 45.0
BAR_MEMORY_GB = 1.5
SMALL = {"skus": 24, "stores": 4, "dcs": 1, "days": 400}

RUN = """
import json, resource, sys
from data_lake.lake import Lake
from jobs.plan import plan
run = plan(Lake(sys.argv[1]), force=True)
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "run_id": run.run_id, "outputs": run.outputs, "lines": run.summary["lines"],
    "cpu": used.ru_utime + used.ru_stime, "rss": used.ru_maxrss / 1024**2,
}))
"""


def planned(lake: Path, cache: Path) -> dict[str, object]:
    """Plan in a fresh process; return what it did and used (CPU seconds, peak RSS in GiB).

    Compiled kernels and byte code stay in `cache` from run to run, as they do for a user.
    """
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPYCACHEPREFIX": str(cache / "python")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    output = subprocess.run(
        [sys.executable, "-c", RUN, str(lake)], check=True, capture_output=True, text=True, env=environment
    ).stdout
    done: dict[str, object] = json.loads(output)
    return done


def main() -> None:
    """Run the bench."""
    options = arguments(__doc__ or "")
    report = Report("plan")
    with tempfile.TemporaryDirectory() as folder:
        lake, cache = Path(folder) / "lake", Path(folder) / "numba"
        build = "from data_lake.demo import build; from data_lake.lake import Lake; import sys, json; "
        sizes = json.dumps(SMALL if options.quick else {})
        subprocess.run(
            [sys.executable, "-c", build + f"build(Lake(sys.argv[1]), **{sizes})", str(lake)], check=True
        )
        first = planned(lake, cache)
        warm = [planned(lake, cache) for _ in range(1 if options.quick else 5)]
    lines = {"lines": first["lines"]}
    report.figure("first_run", float(str(first["cpu"])), "s CPU", bar=BAR_FIRST_SECONDS, **lines)
    cpu = median(float(str(run["cpu"])) for run in warm)
    report.figure("warm_run", cpu, "s CPU", bar=BAR_WARM_SECONDS, runs=len(warm), **lines)
    report.figure("calibration", calibration_seconds(), "s CPU")
    memory = max(float(str(run["rss"])) for run in [first, *warm])
    report.figure("peak_memory", memory, "GiB RSS", bar=BAR_MEMORY_GB, **lines)
    same = all((run["run_id"], run["outputs"]) == (first["run_id"], first["outputs"]) for run in warm)
    report.figure("same_bytes", float(same), "1 = yes", bar=1.0, better="higher", runs=len(warm) + 1)
    report.close()


if __name__ == "__main__":
    main()
