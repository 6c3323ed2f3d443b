"""How well columns fit the targets of a kind: by their headers, then by their values."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from data_lake.importers.kinds import ImportKind, Target
from data_lake.importers.mapping import Split
from data_lake.importers.profile import Profile
from data_lake.importers.synonyms import SYNONYMS, folded

LEAST = 0.55
SURE = 0.7


@dataclass(frozen=True)
class Finding:
    """One thing that was guessed: what, from which column, how sure (0 … 1), and why."""

    target: str
    header: str
    confidence: float
    reason: str


def header_score(header: str, target: str) -> tuple[float, str]:
    """Return how well a header names a target (0 … 1), and why."""
    words = folded(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header))
    if not words:
        return 0.0, ""
    names = (folded(target.replace("_", " ")), *SYNONYMS.get(target, ()))
    for rank, name in enumerate(names):
        if words == name or words.replace(" ", "") == name.replace(" ", ""):
            return 1.0 - 0.005 * min(rank, 20), f"the header is a name for {target}"
    inside = [name for name in names if len(name) > 2 and set(name.split()) <= set(words.split())]
    if inside:
        longest = max(inside, key=len)
        return 0.6 + 0.2 * len(longest) / len(words), f"the header holds {longest!r}"
    close = difflib.get_close_matches(words, [name for name in names if len(name) > 4], n=1, cutoff=0.86)
    return (0.6, f"the header is like {close[0]!r}") if close else (0.0, "")


def fit_kind(
    spec: ImportKind, profiles: list[Profile], wide: bool, split: tuple[Split, str] | None, *, said: bool
) -> tuple[float, list[Finding]]:
    """Return how well a file fits a kind, and which column would be which target."""
    pairs = []
    for target in spec.targets:
        if wide and target.name in ("date", "quantity"):
            continue
        for column in profiles:
            score, reason = header_score(column.header, target.name)
            # "Quantity" is stock only where a person said that the file is.
            if said and target.name == "on_hand" and not score:
                score, reason = header_score(column.header, "quantity")
            score *= _fit(target, column)
            if score >= (LEAST if target.required else SURE):
                pairs.append((score, target.name, column.header, reason))
    findings: list[Finding] = []
    for score, name, header, reason in sorted(pairs, key=lambda pair: -pair[0]):
        if name not in {f.target for f in findings} and header not in {f.header for f in findings}:
            findings.append(Finding(name, header, round(score, 2), reason))
    findings += _by_values(spec, profiles, findings, wide)
    sure = {finding.target: finding.confidence for finding in findings}
    if wide:
        sure |= dict.fromkeys(("date", "quantity"), 0.9 if spec.name == "sales" else 0.0)
    split_used = 0
    if split and "location" in spec.required and "location" not in sure:
        sure |= dict.fromkeys(("sku", "location"), 0.85)
        split_used = 1
    # A file of one store has no location column, a stock list often no date: a constant says it.
    one = 0.4 if len(spec.key) > 1 else 0.0
    spare = {"location": one, "to_location": one, "date": 0.4 if spec.name == "stock" else 0.0}
    needed = [sure.get(name, spare.get(name, 0.0)) for name in spec.required]
    signs = sum(sure.get(name, 0.0) for name in spec.signature)
    used = min(1.0, (len(findings) + split_used) / max(1, len(profiles)))
    score = sum(needed) / len(needed) * 0.7 + 0.2 * used + 0.1 * min(signs, 3) / 3
    if min(needed) == 0.0:
        score *= 0.5
    if not signs or (spec.name == "order_lines" and "order" not in sure):
        score *= 0.6
    for column in profiles:
        one_a_row = len(spec.key) == 1 and column.header in {
            f.header for f in findings if f.target in spec.key
        }
        if one_a_row and column.distinct < 0.9 * len(column.values):
            score *= 0.5
    return score, findings


def _by_values(
    spec: ImportKind, profiles: list[Profile], findings: list[Finding], wide: bool
) -> list[Finding]:
    """A required date that no header names: the one column that holds dates."""
    missing = [
        name
        for name in spec.required
        if name not in {f.target for f in findings} and spec.target(name).reads == "date" and not wide
    ]
    free = [p for p in profiles if p.header not in {f.header for f in findings} and p.date_share > 0.95]
    if len(missing) == 1 and len(free) == 1:
        return [Finding(missing[0], free[0].header, 0.6, "its values are dates")]
    return []


def _fit(target: Target, column: Profile) -> float:
    """Return how well the values suit the target (0 … 1)."""
    if not column.values:
        return 0.8
    if target.reads in ("number", "integer"):
        if column.temporal or column.date_share > 0.9:
            return 0.0
        return 1.0 if column.number_share > 0.8 else 0.8 if column.number_share >= 0.5 else 0.3
    if target.reads == "date":
        if column.counted_share >= 0.5:
            return 1.0 if column.counted_share > 0.8 else 0.8
        return 0.85 if column.number_share > 0.9 else 0.2
    if target.name in ("sku", "location"):
        return 0.3 if column.temporal or column.date_share > 0.9 else 1.0
    if target.name == "name":
        return 0.5 if column.number_share > 0.9 else 1.0
    return 1.0
