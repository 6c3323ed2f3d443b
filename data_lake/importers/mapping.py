"""How one form of file is read: a small, human-readable YAML beside the data.

A mapping says which column is what and how dates, numbers and money are written. It is guessed once,
confirmed by a person, kept in the lake and used again for every file with the same header. The written form
is `mapping_yaml`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

import polars as pl

from data_lake.errors import LakeError
from data_lake.importers.dates import FORMS, DateStyle
from data_lake.importers.kinds import KINDS, ImportKind
from data_lake.importers.numbers import Marks

TODAY = "today"
"""A constant date that is the day of the import."""


class MappingError(LakeError):
    """A mapping cannot be used; lists every reason."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("the mapping cannot be used:\n" + "\n".join(f"  {reason}" for reason in reasons))
        self.reasons = tuple(reasons)


@dataclass(frozen=True)
class FileStyle:
    """How the file itself is written. Empty: found out from the file."""

    delimiter: str = ""
    encoding: str = ""
    header_row: int = 0
    """Row of the header, 1-based; 0: found out."""
    sheet: str = ""


@dataclass(frozen=True)
class Split:
    """One column that holds several targets: named groups of the pattern are the targets."""

    column: str
    pattern: str


@dataclass(frozen=True)
class Wide:
    """A column a period. `pattern` has one group: the date or, with an origin, the period's number."""

    pattern: str
    form: str = "yyyy-mm-dd"
    origin: date | None = None
    step: Literal["D", "W", "M"] = "D"

    @property
    def style(self) -> DateStyle:
        """How the headers' dates are read."""
        return DateStyle(self.form, self.origin, self.step)


@dataclass(frozen=True)
class Exclude:
    """Rows left out (and counted): those whose column matches the pattern."""

    column: str
    matches: str
    reason: str = ""


@dataclass(frozen=True)
class Returns:
    """Rows that are returns or cancellations: counted negative whatever sign the file gives them."""

    column: str
    matches: str


@dataclass(frozen=True)
class Money:
    """Currency of the file's money, or rates by which each currency becomes the lake's."""

    currency: str = ""
    """The one currency of the file, where no column names it; also the lake's where it has none yet."""
    rates: dict[str, float] = field(default_factory=dict)
    """Lake money for one unit of each currency."""


@dataclass(frozen=True)
class Mapping:
    """Everything needed to read one form of file. See `to_yaml` for the written form."""

    kind: str
    columns: dict[str, str] = field(default_factory=dict)
    """target: header in the file."""
    constants: dict[str, str] = field(default_factory=dict)
    """target: the value of every row."""
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    """target: {value in the file: what it means}."""
    split: Split | None = None
    wide: Wide | None = None
    dates: DateStyle = field(default_factory=DateStyle)
    numbers: Marks = field(default_factory=Marks)
    file: FileStyle = field(default_factory=FileStyle)
    money: Money = field(default_factory=Money)
    unit_factor: float = 1.0
    """Eaches in one unit of the file's quantities (cases: the case pack)."""
    exclude: tuple[Exclude, ...] = ()
    returns: Returns | None = None
    duplicates: Literal["", "sum", "refuse", "last"] = ""
    """Rows with the same key; empty: the kind's own rule."""
    period: Literal["", "D", "W", "M"] = ""
    """Period of the sales; empty: found out from the dates."""
    missing_stock: Literal["keep", "zero"] = "keep"
    """Stock known to the lake, in a location of the file, that the file does not list."""

    @property
    def spec(self) -> ImportKind:
        """The kind that this mapping is for."""
        return KINDS[self.kind]

    @property
    def mapped(self) -> tuple[str, ...]:
        """Targets that this mapping fills, in the kind's order."""
        split = tuple(re.compile(self.split.pattern).groupindex) if self.split else ()
        wide = ("date", "quantity") if self.wide else ()
        given = {*self.columns, *self.constants, *split, *wide}
        return tuple(name for name in self.spec.names if name in given)

    @property
    def headers(self) -> tuple[str, ...]:
        """Headers of the file that this mapping uses (columns of a wide period apart)."""
        used = list(self.columns.values())
        used += [self.split.column] if self.split else []
        used += [rule.column for rule in self.exclude]
        used += [self.returns.column] if self.returns else []
        return tuple(dict.fromkeys(used))

    def with_changes(self, **changes: Any) -> Mapping:
        """Return a copy with some fields changed."""
        return replace(self, **changes)


def check_mapping(mapping: Mapping) -> None:
    """Raise `MappingError` with every reason why no file could be read by this mapping."""
    reasons = []
    if mapping.kind not in KINDS:
        raise MappingError([f"kind: {mapping.kind!r} is not one of {', '.join(KINDS)}"])
    names = mapping.spec.names
    for where in ("columns", "constants", "values"):
        reasons += [
            f"{where}: {name!r} is not a target of {mapping.kind}; targets are {', '.join(names)}"
            for name in getattr(mapping, where)
            if name not in names
        ]
    patterns = [("exclude", rule.matches, 0) for rule in mapping.exclude]
    patterns += [("returns", mapping.returns.matches, 0)] if mapping.returns else []
    patterns += [("wide", mapping.wide.pattern, 1)] if mapping.wide else []
    patterns += [("split", mapping.split.pattern, 1)] if mapping.split else []
    sound = True
    for where, pattern, groups in patterns:
        try:
            if re.compile(pattern).groups < groups:
                reasons.append(f"{where}: pattern {pattern!r} needs a group in brackets, e.g. (.+)")
            # Polars reads patterns without look-around or back references.
            pl.Series([""]).str.contains(pattern)
        except (re.error, pl.exceptions.ComputeError) as error:
            reasons.append(f"{where}: {pattern!r} is not a pattern that can be used: {error}")
            sound = False
    if sound and mapping.split:
        groups_named = re.compile(mapping.split.pattern).groupindex
        if not groups_named:
            reasons.append("split: name the groups after targets, e.g. (?P<sku>.+)_(?P<location>.+)")
        reasons += [
            f"split: {name!r} is not a target of {mapping.kind}" for name in groups_named if name not in names
        ]
    for where, style in (
        ("dates", mapping.dates),
        ("wide", mapping.wide.style if mapping.wide else DateStyle()),
    ):
        if style.form not in FORMS and "%" not in style.form:
            reasons.append(f"{where}: form {style.form!r} is not one of {', '.join(FORMS)} nor a % pattern")
    if mapping.wide and mapping.kind != "sales":
        reasons.append("wide: only sales are read with a column a period")
    if mapping.numbers.decimal == mapping.numbers.thousands:
        reasons.append(f"numbers: decimal and thousands mark are both {mapping.numbers.decimal!r}")
    if not mapping.unit_factor > 0:
        reasons.append(f"unit_factor: {mapping.unit_factor!r} is not above 0")
    reasons += [
        f"money: the rate of {currency} is {rate!r}; it must be above 0"
        for currency, rate in mapping.money.rates.items()
        if not rate > 0
    ]
    if reasons:
        raise MappingError(reasons)
