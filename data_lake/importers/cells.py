"""Cells of one column into the type that a target needs; what cannot be read is null."""

from __future__ import annotations

import re
from datetime import date

import polars as pl

from data_lake.importers.dates import SPELLED, DateStyle, form_shares, parse_dates
from data_lake.importers.kinds import Reads, Target
from data_lake.importers.mapping import TODAY, Mapping
from data_lake.importers.numbers import is_empty, parse_numbers
from data_lake.importers.synonyms import MEANINGS, folded

_TRUE = (
    "1",
    "true",
    "t",
    "yes",
    "y",
    "x",
    "ja",
    "j",
    "wahr",
    "oui",
    "o",
    "vrai",
    "si",
    "s",
    "vero",
    "sim",
    "tak",
    "1.0",
)
_FALSE = ("0", "false", "f", "no", "n", "nein", "falsch", "non", "faux", "falso", "nao", "nie", "0.0")
_WEEKDAYS = (
    "monday tuesday wednesday thursday friday saturday sunday",
    "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "lunes martes miercoles jueves viernes sabado domingo",
    "lunedi martedi mercoledi giovedi venerdi sabato domenica",
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "segunda terca quarta quinta sexta sabado domingo",
    "0 1 2 3 4 5 6",
)
DTYPES: dict[Reads, pl.DataType] = {
    "text": pl.String(),
    "number": pl.Float64(),
    "integer": pl.Int64(),
    "date": pl.Date(),
    "flag": pl.Boolean(),
    "numbers": pl.List(pl.Float64()),
    "texts": pl.List(pl.String()),
}


def read_cells(values: pl.Series, target: Target, mapping: Mapping) -> pl.Series:
    """Return values [n] in the target's type; null where empty or unreadable."""
    if target.name in mapping.values:
        values = read_text(values).replace(mapping.values[target.name])
    if target.reads == "text":
        return _meant(read_text(values), target, mapping.kind)
    if target.reads == "number":
        return parse_numbers(values, mapping.numbers)
    if target.reads == "integer":
        numbers = parse_numbers(values, mapping.numbers)
        return numbers.set((numbers != numbers.round()).fill_null(False), None).cast(pl.Int64)
    if target.reads == "date":
        return parse_dates(values, mapping.dates)
    if target.reads == "flag":
        return _flags(values)
    return _lists(read_text(values), target)


def unread(values: pl.Series, typed: pl.Series, target: Target) -> pl.Series:
    """Return where [n] a cell says something that could not be read."""
    missed = typed.is_null()
    where = missed.arg_true()
    if target.reads == "text":
        return missed.scatter(where, read_text(values.gather(where)).is_not_null())
    told = ~is_empty(values.gather(where))
    # Not finite is never a way of writing nothing.
    if values.dtype == pl.String:
        told |= values.gather(where).str.contains(r"(?i)^\s*[-+]?inf(inity)?\s*$").fill_null(False)
    return missed.scatter(where, told)


def rule_of(target: Target, mapping: Mapping, value: object) -> str:
    """Return the rule that an unreadable cell breaks, with what it looks like instead."""
    if target.reads == "date":
        form = mapping.dates.form
        asked = (
            f"number of a period counted from {mapping.dates.origin}"
            if mapping.dates.origin
            else SPELLED.get(form, form)
        )
        shares = form_shares(pl.Series([str(value)])) if value else {}
        others = [SPELLED[other] for other in shares if other != form]
        hint = f"; it could be read as {others[0]}: change dates, form in the mapping" if others else ""
        return f"is not a date of the form {asked}{hint}"
    if target.reads in ("number", "integer"):
        whole = "whole " if target.reads == "integer" else ""
        marks = mapping.numbers
        grouped = f", thousands mark {marks.thousands!r}" if marks.thousands else ""
        return f"is not a {whole}number (decimal mark {marks.decimal!r}{grouped})"
    if target.reads == "flag":
        return "is not yes or no"
    if target.reads == "numbers":
        return (
            "is not a list of weekdays (Mon Wed Fri, or 0 to 6)"
            if "weekday" in target.name
            else "is not a list of numbers"
        )
    return f"is not one of {', '.join(target.allowed)}"


def constant(text: str, target: Target, mapping: Mapping, today: date) -> pl.Series:
    """Return one constant as a series of length 1."""
    if target.reads == "date":
        given = today.isoformat() if text == TODAY else text
        return parse_dates(pl.Series([given]), mapping.dates if mapping.dates.origin is None else DateStyle())
    return read_cells(pl.Series([text]), target, mapping)


def read_text(values: pl.Series) -> pl.Series:
    """Return text [n]: stripped, null where blank; a code stored as the number 7.0 is "7"."""
    if values.dtype.is_float():
        whole = (values == values.floor()).fill_null(False) & (values.abs() < 1e15).fill_null(False)
        codes = values.set(~whole, None).cast(pl.Int64).cast(pl.String)
        return (
            pl.select(pl.coalesce(codes, values.fill_nan(None).cast(pl.String)))
            .to_series()
            .alias(values.name)
        )
    text = values.cast(pl.String)
    if values.dtype == pl.String:
        text = text.str.strip_chars()
    return text.set((text == "").fill_null(False), None)


def _meant(text: pl.Series, target: Target, kind: str) -> pl.Series:
    if not target.allowed:
        return text
    meanings = {
        word: meaning for meaning, words in MEANINGS.get((kind, target.name), {}).items() for word in words
    } | {folded(allowed): allowed for allowed in target.allowed}
    known = {given: meanings.get(folded(given)) for given in text.drop_nulls().unique().to_list()}
    return text.replace_strict(known, default=None, return_dtype=pl.String) if known else text


def _flags(values: pl.Series) -> pl.Series:
    if values.dtype == pl.Boolean:
        return values
    words = values.cast(pl.String).str.strip_chars().str.to_lowercase()
    known = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
    return words.replace_strict(known, default=None, return_dtype=pl.Boolean)


def _lists(text: pl.Series, target: Target) -> pl.Series:
    read = _weekdays if "weekday" in target.name else _numbers if target.reads == "numbers" else _texts
    return pl.Series(
        text.name, [None if cell is None else read(cell) for cell in text], dtype=DTYPES[target.reads]
    )


def _weekdays(cell: str) -> list[float] | None:
    """Read `Mon Wed Fri`, `Mo-Fr`, `lundi; jeudi` or `0,2,4`, all in one language, names cut short or not."""
    spans = re.findall(r"([^\W_]+)(?:\s*[-–]\s*([^\W_]+))?", cell)
    for language in _WEEKDAYS:
        days: set[int] = set()
        for first, last in spans:
            start, end = _weekday(first, language), _weekday(last or first, language)
            if start is None or end is None:
                break
            days |= {day % 7 for day in range(start, end + 1 if end >= start else end + 8)}
        else:
            return [float(day) for day in sorted(days)]
    return None


def _weekday(word: str, language: str) -> int | None:
    found = [day for day, name in enumerate(language.split()) if name.startswith(folded(word))]
    return found[0] if len(found) == 1 else None


def _numbers(cell: str) -> list[float] | None:
    try:
        return [float(part) for part in re.split(r"[;\s|]+|,\s+", cell.strip("[]")) if part]
    except ValueError:
        return None


def _texts(cell: str) -> list[str]:
    return [part.strip() for part in re.split(r"[;,|]", cell.strip("[]")) if part.strip()]
