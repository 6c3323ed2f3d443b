"""How one form of file is read: a small, human-readable YAML beside the data.

A mapping says which column is what and how dates, numbers and money are written. It is guessed once,
confirmed by a person, kept in the lake and used again for every file with the same header.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

import polars as pl
import yaml

from data_lake.errors import LakeError
from data_lake.importers.dates import FORMS, DateStyle
from data_lake.importers.kinds import KINDS, ImportKind
from data_lake.importers.numbers import Marks

TODAY = "today"
"""A constant date that is the day of the import."""


EXAMPLE = r"""
kind: sales      # or order_lines, stock, orders, products, locations, suppliers, sourcing, promotions
file: {delimiter: ";", encoding: cp1252, header_row: 3, sheet: Data}   # each found out if not given
columns:                           # what we need: header in the file
  sku: Item
  revenue: Amount
  currency: Curr
  promo: Deal
  unit_factor: Per case            # eaches in one unit of the row: quantities times, prices over it
constants: {location: UK}          # what we need: one value for every row; a date may be: today
split:                             # one column that holds several: groups are named after what they give
  column: id
  pattern: ^(?P<sku>.+)_(?P<location>[^_]+)$
wide:                              # a column a period, headers d_1, d_2 …: numbers counted from the origin
  pattern: d_(\d+)
  origin: 2011-01-29
  step: D                          # D, W or M. Headers that are dates: pattern (.+) and a form instead
dates: {form: dd/mm/yyyy}          # or {origin: 1989-09-14, step: W} for numbered weeks
numbers: {decimal: ",", thousands: "."}
values: {promo: {Aktion: yes}}     # what we need: {value in the file: what it means}
money: {rates: {EUR: 1, GBP: 1.17}}   # lake money for one of each; or {currency: EUR} where all is one
unit_factor: 12                    # every quantity is in cases of 12
exclude:                           # rows to leave out, and why
- {column: Item, matches: ^POST$, reason: postage is no product}
returns: {column: Invoice, matches: ^C}   # rows that count negative
duplicates: sum                    # rows of one key: sum, refuse, last; without: sales sum, all else refuses
period: W                          # D, W or M; without: by the spacing of the dates
missing_stock: keep                # stock that a later snapshot leaves out: keep, or zero
"""
"""Every setting of a mapping. Patterns are regular expressions without look-around."""


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


_GUIDE = """\
# How Shelfcast reads files with this header. Change what is wrong: the next one is read the same way.
# columns:   what we need: header in the file
# constants: what we need: one value for every row (date: today is the day of the import)
# dates:     form is one of {forms},
#            or a strptime pattern such as "%d.%m.%Y %H:%M"
# numbers:   decimal and thousands mark
# Also: split, wide, values, money, unit_factor, exclude, returns, duplicates, period, missing_stock
"""


def to_yaml(mapping: Mapping) -> str:
    """Return the mapping as YAML that a person can read and change; `from_yaml` reads it back equal.

    Examples
    --------
    >>> text = to_yaml(Mapping("sales", columns={"sku": "Item"}, constants={"location": "007"}))
    >>> print(text[text.index("kind"):])
    kind: sales
    columns:
      sku: Item
    constants:
      location: '007'
    dates:
      form: yyyy-mm-dd
    numbers:
      decimal: .
    <BLANKLINE>
    """
    wide, money = mapping.wide, mapping.money
    body: dict[str, Any] = {
        "kind": mapping.kind,
        "file": _given(
            delimiter=mapping.file.delimiter,
            encoding=mapping.file.encoding,
            header_row=mapping.file.header_row,
            sheet=mapping.file.sheet,
        ),
        "columns": dict(mapping.columns),
        "constants": dict(mapping.constants),
        "split": _given(column=mapping.split.column, pattern=mapping.split.pattern) if mapping.split else {},
        "wide": _given(pattern=wide.pattern, **_style(wide.style)) if wide else {},
        "values": {target: dict(values) for target, values in mapping.values.items()},
        "dates": _style(mapping.dates),
        "numbers": _given(decimal=mapping.numbers.decimal, thousands=mapping.numbers.thousands),
        "money": _given(currency=money.currency, rates=dict(money.rates)),
        "unit_factor": mapping.unit_factor if mapping.unit_factor != 1 else None,
        "exclude": [_given(column=e.column, matches=e.matches, reason=e.reason) for e in mapping.exclude],
        "returns": _given(column=mapping.returns.column, matches=mapping.returns.matches)
        if mapping.returns
        else {},
        "duplicates": mapping.duplicates,
        "period": mapping.period,
        "missing_stock": mapping.missing_stock if mapping.missing_stock != "keep" else "",
    }
    text = yaml.safe_dump(_given(**body), sort_keys=False, allow_unicode=True, width=110)
    return _GUIDE.format(forms=", ".join(FORMS)) + text


def from_yaml(text: str) -> Mapping:
    """Read a mapping. Scalars are taken as written: `007` stays `007`.

    Raises
    ------
    MappingError
        Lists every unknown key, target, form or pattern.
    """
    try:
        # The base loader keeps every scalar a string: YAML's own rules would make 007 a number and NO false.
        body = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise MappingError([f"it is not YAML: {error}"]) from None
    if not isinstance(body, dict):
        raise MappingError(["it is not a list of `name: value` lines"])
    return _Reader().mapping(body)


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


def _given(**items: Any) -> dict[str, Any]:
    return {name: value for name, value in items.items() if value not in ("", 0, None, {}, [])}


def _style(style: DateStyle) -> dict[str, str]:
    if style.origin is None:
        return {"form": style.form}
    return {"origin": style.origin.isoformat(), "step": style.step}


class _Reader:
    """Reads the parts of a mapping and collects what is wrong with them."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def mapping(self, body: dict[str, Any]) -> Mapping:
        known = set(Mapping.__dataclass_fields__)
        self.reasons += [
            f"{name!r} is not known; known are {', '.join(sorted(known))}"
            for name in body
            if name not in known
        ]
        split = self.part(body, "split", ("column", "pattern"))
        wide = self.part(body, "wide", ("pattern", "form", "origin", "step"))
        dates = self.part(body, "dates", ("form", "origin", "step"))
        numbers = self.part(body, "numbers", ("decimal", "thousands"))
        file = self.part(body, "file", ("delimiter", "encoding", "header_row", "sheet"))
        money = self.part(body, "money", ("currency", "rates"))
        returns = self.part(body, "returns", ("column", "matches"))
        values = self.part(body, "values", None)
        wide_style = self.style("wide", wide)
        mapping = Mapping(
            kind=str(body.get("kind", "")),
            columns=self.texts("columns", self.part(body, "columns", None)),
            constants=self.texts("constants", self.part(body, "constants", None)),
            values={target: self.texts(f"values: {target}", given) for target, given in values.items()},
            split=Split(split.get("column", ""), split.get("pattern", "")) if split else None,
            wide=Wide(wide.get("pattern", "(.+)"), wide_style.form, wide_style.origin, wide_style.step)
            if wide
            else None,
            dates=self.style("dates", dates),
            numbers=Marks(numbers.get("decimal", "."), numbers.get("thousands", "")),
            file=FileStyle(
                file.get("delimiter", ""),
                file.get("encoding", ""),
                int(self.number("file: header_row", file.get("header_row", "0"))),
                file.get("sheet", ""),
            ),
            money=Money(
                money.get("currency", ""),
                {
                    name: self.number(f"money: rate of {name}", rate)
                    for name, rate in dict(money.get("rates", {})).items()
                },
            ),
            unit_factor=self.number("unit_factor", body.get("unit_factor", "1")),
            exclude=tuple(
                Exclude(rule.get("column", ""), rule.get("matches", ""), rule.get("reason", ""))
                for rule in body.get("exclude") or ()
            ),
            returns=Returns(returns.get("column", ""), returns.get("matches", "")) if returns else None,
            duplicates=self.choice(body, "duplicates", ("", "sum", "refuse", "last")),
            period=self.choice(body, "period", ("", "D", "W", "M")),
            missing_stock=self.choice(body, "missing_stock", ("keep", "zero")),
        )
        try:
            check_mapping(mapping)
        except MappingError as error:
            self.reasons += error.reasons
        if self.reasons:
            raise MappingError(self.reasons)
        return mapping

    def part(self, body: dict[str, Any], name: str, known: tuple[str, ...] | None) -> dict[str, Any]:
        part = body.get(name) or {}
        if not isinstance(part, dict):
            self.reasons.append(f"{name}: {part!r} is not a list of `name: value` lines")
            return {}
        if known is not None:
            self.reasons += [
                f"{name}: {key!r} is not known; known are {', '.join(known)}"
                for key in part
                if key not in known
            ]
        return part

    def texts(self, name: str, part: Any) -> dict[str, str]:
        if not isinstance(part, dict):
            self.reasons.append(f"{name}: {part!r} is not a list of `name: value` lines")
            return {}
        self.reasons += [
            f"{name}: {key!r} needs one value" for key, value in part.items() if not isinstance(value, str)
        ]
        return {key: value for key, value in part.items() if isinstance(value, str)}

    def style(self, name: str, part: dict[str, Any]) -> DateStyle:
        origin = None
        if part.get("origin"):
            try:
                origin = date.fromisoformat(part["origin"])
            except ValueError:
                self.reasons.append(f"{name}: origin {part['origin']!r} is not a date like 2011-01-29")
        step = self.choice(part, "step", ("D", "W", "M"), where=f"{name}: ")
        return DateStyle(part.get("form", "yyyy-mm-dd"), origin, step)

    def number(self, name: str, text: Any) -> float:
        try:
            return float(text)
        except (TypeError, ValueError):
            self.reasons.append(f"{name}: {text!r} is not a number")
            return 1.0

    def choice(self, part: dict[str, Any], name: str, choices: tuple[str, ...], *, where: str = "") -> Any:
        value = part.get(name) or choices[0]
        if value not in choices:
            self.reasons.append(f"{where}{name}: {value!r} is not one of {', '.join(filter(None, choices))}")
            return choices[0]
        return value
