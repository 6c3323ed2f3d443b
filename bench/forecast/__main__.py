"""The forecasting engine's claims: `python -m bench.forecast [PART] [--quick] [--data DIR]`.

Every part is a module of this package with `run(report, options)`; without a part all run in turn.
"""

from __future__ import annotations

from importlib import import_module

from bench.report import Report, arguments

PARTS = ("speed", "tournament", "m5_280", "vn2_history", "carparts", "dominicks", "freshretail_dev")


def main() -> None:
    """Run one part or all of them."""
    options = arguments(__doc__ or "", PARTS)
    report = Report("forecast")
    for part in (options.part,) if options.part else PARTS:
        import_module(f"bench.forecast.{part}").run(report, options)
    report.close()


if __name__ == "__main__":
    main()
