"""Claims about facts, stock, alerts and events: `python -m bench.ledger [PART] [--quick]`.

Every part is a module of this package with `run(report, options)`; without a part all run in turn.
"""

from __future__ import annotations

from importlib import import_module

from bench.report import Report, arguments

PARTS = {
    "simulate": "simulate",
    "kill": "kill",
    "faults": "faults",
    "throughput": "throughput",
    "fold": "fold",
    "state": "state",
    "imports": "imports",
    "end_to_end": "end_to_end",
    "replan": "replan",
    "alerts": "alerts",
}
"""The module of each part."""


def main() -> None:
    """Run one part or all of them."""
    options = arguments(__doc__ or "", tuple(PARTS))
    report = Report("ledger")
    for part in (options.part,) if options.part else PARTS:
        import_module(f"bench.ledger.{PARTS[part]}").run(report, options)
    report.close()


if __name__ == "__main__":
    main()
