"""The replenishment engine's claims: `python -m bench.decisions [PART] [--quick] [--data DIR]`.

Every part is a module of this package with `run(report, options)`; without a part all run in turn.
"""

from __future__ import annotations

from importlib import import_module

from bench.report import Report, arguments

PARTS = {
    "s_S": "reorder_up_to",
    "vn2": "vn2",
    "inventorybench": "inventorybench",
    "joint": "joint",
    "echelons": "echelons",
    "replay": "replay",
    "speed": "speed",
    "service": "service",
}
"""The module of each part."""


def main() -> None:
    """Run one part or all of them."""
    options = arguments(__doc__ or "", tuple(PARTS))
    report = Report("decisions")
    for part in (options.part,) if options.part else PARTS:
        import_module(f"bench.decisions.{PARTS[part]}").run(report, options)
    report.close()


if __name__ == "__main__":
    main()
