"""A mapping as YAML that a person reads and changes."""

from __future__ import annotations

from datetime import date
from typing import Any

import yaml

from data_lake.importers.dates import FORMS, DateStyle
from data_lake.importers.mapping import (
    Exclude,
    FileStyle,
    Mapping,
    MappingError,
    Money,
    Returns,
    Split,
    Wide,
    check_mapping,
)
from data_lake.importers.numbers import Marks

EXAMPLE = r"""
kind: sales      # or order_lines, stock, orders, products, locations, suppliers, sourcing, promotions …
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
