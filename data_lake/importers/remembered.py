"""Mappings kept in the lake: `mappings/<kind>-<sha of header>.yaml`, later ones numbered; the last counts."""

from __future__ import annotations

import hashlib
import json

from data_lake.importers.kinds import KINDS
from data_lake.importers.mapping import Mapping
from data_lake.importers.mapping_yaml import from_yaml, to_yaml
from data_lake.importers.synonyms import folded
from data_lake.importers.table_file import TableFile
from data_lake.lake import Lake


def header_key(file: TableFile) -> str:
    """Return a name for a file's header: files with the same columns in any order share it.

    Text and typed files do not: the same table has a decimal comma as CSV and none as Excel.
    """
    names = sorted(folded(name) for name in file.header)
    return hashlib.sha256(json.dumps([file.is_text, names]).encode()).hexdigest()[:16]


def remember(lake: Lake, mapping: Mapping, file: TableFile) -> str:
    """Keep a mapping for files with this header and return its key; the same again adds nothing."""
    stem = f"mappings/{mapping.kind}-{header_key(file)}"
    body = to_yaml(mapping).encode()
    while True:
        kept = _kept(lake, stem)
        if kept and lake.objects.get(kept[-1]) == body:
            return kept[-1]
        key = f"{stem}.yaml" if not kept else f"{stem}-r{len(kept) + 1:04d}.yaml"
        # Somebody may have kept another one meanwhile: look again.
        if lake.objects.put_new(key, body):
            return key


def recall(lake: Lake, file: TableFile, kind: str | None = None) -> Mapping | None:
    """Return the mapping kept last for this header (of this kind); None if there is none."""
    for name in [kind] if kind else KINDS:
        kept = _kept(lake, f"mappings/{name}-{header_key(file)}")
        if kept:
            return from_yaml(lake.objects.get(kept[-1]).decode())
    return None


def _kept(lake: Lake, stem: str) -> list[str]:
    # "x.yaml" sorts after "x-r0002.yaml": the first one has no number.
    return sorted(lake.objects.list(stem), key=lambda key: (len(key), key))
