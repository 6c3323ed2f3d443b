"""Publish the schemas of all events: `python -m data_lake.facts.publish docs/events`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from data_lake.events import EVENT_FIELDS
from data_lake.facts.act_schemas import act_schema
from data_lake.facts.kinds import KINDS, SCHEMAS


def published() -> dict[str, str]:
    """Return every file to publish, by name: those of facts as they are, those of acts as made."""
    files = {f"{name}.json": (SCHEMAS / f"{name}.json").read_text(encoding="utf-8") for name in KINDS}
    for name in EVENT_FIELDS:
        files[f"{name}.json"] = json.dumps(act_schema(name), indent=2, ensure_ascii=False) + "\n"
    return files


def main(folder: str) -> None:
    """Write all files into a folder."""
    for name, text in published().items():
        (Path(folder) / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
