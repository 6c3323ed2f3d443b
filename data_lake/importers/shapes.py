"""Shapes of files that headers give away: a column a period, one column for product and location."""

from __future__ import annotations

import re
from datetime import date

import polars as pl

from data_lake.importers.dates import Step, form_shares
from data_lake.importers.layout import wide_dates
from data_lake.importers.mapping import Split, Wide
from data_lake.importers.profile import Profile, guess_form
from engine.contracts import PERIOD_WORDS

_M5_ID = r"^(?P<sku>.+_\d{3})_(?P<location>[A-Z]{2}_\d+)(?:_(?:evaluation|validation))?$"
_M5_ORIGIN = date(2011, 1, 29)
_PAIR_ID = r"^(?P<sku>.+)[|@](?P<location>[^|@]+)$"


def find_wide(
    header: tuple[str, ...], sample: pl.DataFrame
) -> tuple[tuple[Wide, list[str]] | None, str, list[str]]:
    """Return the wide columns, why, and what to ask."""
    texts = [name.removesuffix(" 00:00:00") for name in header]
    shares = {form: share for form, share in form_shares(pl.Series(texts)).items() if form != "excel"}
    if shares and max(shares.values()) * len(header) >= max(3, len(header) // 3):
        best = max(shares.values())
        form = next(form for form, share in shares.items() if share == best)
        dated = [name for name, _ in wide_dates(Wide("(.+)", form), header)]
        form, reason, ask = guess_form(dated)
        question = [f"Dates in the header: {reason}"] if ask else []
        return (Wide("(.+)", form), dated), f"{len(dated):,} headers are dates: {reason}", question
    numbered: dict[str, list[str]] = {}
    for name in header:
        match = re.fullmatch(r"([A-Za-z]+[ _.-]?)(\d+)", name)
        if match:
            numbered.setdefault(match.group(1), []).append(name)
    if not numbered:
        return None, "", []
    stem, names = max(numbered.items(), key=lambda item: len(item[1]))
    if len(names) < 5 or len(names) < len(header) // 2:
        return None, "", []
    step: Step = {"w": "W", "m": "M"}.get(stem[0].lower(), "D")  # type: ignore[assignment]
    pattern = re.escape(stem).replace(r"\ ", " ") + r"(\d+)"
    texts_of = [name for name in header if sample[name].dtype == pl.String]
    m5 = stem == "d_" and any(sample[name].head(20).str.contains(_M5_ID).any() for name in texts_of)
    unit = PERIOD_WORDS[step]
    reason = f"{len(names):,} headers are {stem} and a number: a column a {unit}"
    if m5:
        return (
            (Wide(pattern, origin=_M5_ORIGIN, step=step), names),
            f"{reason}; like M5, whose d_1 is 2011-01-29",
            [],
        )
    first = f"{stem}1"
    return (Wide(pattern, step=step), names), reason, [f"Which date is {first!r}? (wide, origin)"]


def find_split(profiles: list[Profile]) -> tuple[Split, str] | None:
    """Return a column of which every value is product and location, and the first value."""
    for column in profiles:
        for pattern in (_M5_ID, _PAIR_ID):
            some = column.values[:500]
            if some and all(re.match(pattern, value) for value in some):
                return Split(column.header, pattern), some[0]
    return None
