"""What a file probably is: its kind and mapping, how sure that is, and why. A person confirms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import polars as pl

from data_lake.importers.dates import DateStyle, form_shares
from data_lake.importers.faults import FaultList
from data_lake.importers.fitting import LEAST, SURE, Finding, fit_kind
from data_lake.importers.kinds import KINDS
from data_lake.importers.mapping import TODAY, Exclude, Mapping, Returns, Split
from data_lake.importers.profile import DAY_FIRST, MONTH_FIRST, Profile, guess_form, guess_marks, profile
from data_lake.importers.shapes import find_split, find_wide
from data_lake.importers.table_file import ROW, TableFile

SAMPLE_ROWS = 5_000
_NO_PRICE = r"^-|^0*([.,]0*)?$"
_SERVICE = (
    r"(?i)^(post(age)?|dot|bank charges|amazonfee|adjust\w*|test\w*|gift_.*|dcgs\w*|sp\d+|cruk|pads|[a-z]\d?|"
    r"discount|manual|fee|shipping|freight|versand)$"
)
ONE_LOCATION = "ALL"


@dataclass(frozen=True)
class Guess:
    """A mapping that fits a file, as far as its header and first rows tell."""

    mapping: Mapping
    confidence: float
    findings: tuple[Finding, ...]
    to_confirm: tuple[str, ...]
    """Questions that only a person can answer; empty: the file says it all."""
    kinds: dict[str, float]
    """Each kind's score, best first."""


def guess(file: TableFile, sample: pl.DataFrame, kind: str | None = None) -> Guess:
    """Guess the kind and mapping of a file.

    Parameters
    ----------
    file : TableFile
        The file; read further only to settle whether days or months come first.
    sample : pl.DataFrame
        Its first rows, all columns.
    kind : str, optional
        The kind, where a person said it.
    """
    columns = sample.drop(ROW, strict=False)
    wide, wide_reason, wide_ask = find_wide(file.header, columns)
    plain = [name for name in file.header if not (wide and name in wide[1])]
    marks, marks_reason, marks_ask = guess_marks(
        [columns[name] for name in (plain if not wide else [*plain, *wide[1][-20:]])], file.style.delimiter
    )
    profiles = [profile(name, columns[name], marks) for name in plain]
    split = find_split(profiles)
    scored = {
        name: fit_kind(KINDS[name], profiles, wide is not None, split, said=kind is not None)
        for name in ([kind] if kind else KINDS)
    }
    order = sorted(scored, key=lambda name: -scored[name][0])
    best = order[0]
    score, findings = scored[best]
    mapping = Mapping(best, numbers=marks)
    ask: list[str] = []
    used = {finding.header: finding for finding in findings}
    mapping = mapping.with_changes(columns={finding.target: finding.header for finding in findings})
    if wide and best == "sales":
        mapping = mapping.with_changes(wide=wide[0])
        findings.append(Finding("quantity", f"{wide[1][0]} … {wide[1][-1]}", 0.9, wide_reason))
        ask += wide_ask
    mapping = _with_split(mapping, split, findings)
    mapping = _with_dates(mapping, file, profiles, findings, ask)
    mapping = _with_constants(mapping, findings, ask)
    mapping = _with_returns(mapping, profiles, findings)
    if marks_ask and any(
        mapping.spec.target(f.target).reads == "number" for f in findings if f.target in mapping.spec.names
    ):
        ask.append(f"Numbers: {marks_reason}")
    else:
        findings.append(Finding("numbers", "", 0.9, marks_reason))
    ask += [
        f"Is {finding.header!r} the {finding.target.replace('_', ' ')}? ({finding.reason})"
        for finding in used.values()
        if finding.confidence < SURE and mapping.spec.target(finding.target).required
    ]
    if len(order) > 1 and scored[order[1]][0] > 0.95 * score:
        ask.append(f"Is this file {best} or {order[1]}?")
    if score < LEAST and not kind:
        ask.append(f"What does this file hold? It is taken for {best}, for want of anything it fits better")
    kinds = {name: round(scored[name][0], 3) for name in order}
    return Guess(mapping, round(min(score, 1.0), 2), tuple(findings), tuple(ask), kinds)


def _with_split(mapping: Mapping, split: tuple[Split, str] | None, findings: list[Finding]) -> Mapping:
    if split is None or "location" in mapping.columns or "location" not in mapping.spec.required:
        return mapping
    columns = {target: header for target, header in mapping.columns.items() if target != "sku"}
    findings[:] = [finding for finding in findings if finding.target != "sku"]
    reason = f"every value is product and location, like {split[1]!r}"
    findings.append(Finding("sku", split[0].column, 0.85, reason))
    return mapping.with_changes(columns=columns, split=split[0])


def _with_dates(
    mapping: Mapping, file: TableFile, profiles: list[Profile], findings: list[Finding], ask: list[str]
) -> Mapping:
    dated = [
        column
        for finding in findings
        for column in profiles
        if column.header == finding.header and mapping.spec.target(finding.target).reads == "date"
    ]
    for column in dated:
        if column.temporal or not column.values:
            continue
        if column.counted_share < 0.5 and column.number_share > 0.9:
            ask.append(
                f"{column.header!r} holds numbers of periods: which date is number 1? (dates: origin, step)"
            )
            continue
        values = list(dict.fromkeys(column.values))[:2000]
        form, reason, unsure = guess_form(values)
        if unsure and form in (DAY_FIRST, MONTH_FIRST):
            settled = _settled_by_file(file, column.header)
            if settled:
                form, reason, unsure = settled, "dates further down read only so", False
        if unsure:
            ask.append(f"Dates of {column.header!r}: {reason}")
        findings.append(Finding("dates", column.header, 0.5 if unsure else 0.95, reason))
        if form != "yyyy-mm-dd":
            return mapping.with_changes(dates=DateStyle(form))
    return mapping


def _settled_by_file(file: TableFile, header: str) -> Literal["dd/mm/yyyy", "mm/dd/yyyy"] | None:
    """Read on until a date has a day above 12."""
    for chunk in file.chunks([header], FaultList(file.name), rows=250_000):
        shares = form_shares(chunk[header].cast(pl.String).unique())
        day, month = shares.get(DAY_FIRST, 0.0), shares.get(MONTH_FIRST, 0.0)
        if day != month:
            return "dd/mm/yyyy" if day > month else "mm/dd/yyyy"
    return None


def _with_constants(mapping: Mapping, findings: list[Finding], ask: list[str]) -> Mapping:
    constants = dict(mapping.constants)
    for name in ("location", "to_location"):
        # A list of locations without their names is no list of locations.
        if name in mapping.spec.required and name not in mapping.mapped and len(mapping.spec.key) > 1:
            constants[name] = ONE_LOCATION
            findings.append(
                Finding(name, "", 0.4, f"no column: every row is taken for one location, {ONE_LOCATION!r}")
            )
            ask.append(f"Which location is this file of? (no column says it; taken as {ONE_LOCATION!r})")
    if mapping.kind == "stock" and "date" not in mapping.mapped:
        constants["date"] = TODAY
        findings.append(Finding("date", "", 0.5, "no column: taken as the stock of the day of the import"))
        ask.append("Of which day is this stock? (no column says it; taken as today)")
    return mapping.with_changes(constants=constants)


def _with_returns(mapping: Mapping, profiles: list[Profile], findings: list[Finding]) -> Mapping:
    if mapping.kind != "order_lines":
        return mapping
    values = {column.header: column.values for column in profiles}
    exclude: list[Exclude] = []
    sku, price, order = (mapping.columns.get(name, "") for name in ("sku", "price", "order"))
    if any(re.match(_SERVICE, value) for value in values.get(sku, ())):
        reason = "postage, fees, gifts, adjustments and tests are not products"
        exclude.append(Exclude(sku, _SERVICE, reason))
        findings.append(Finding("exclude", sku, 0.8, reason))
    if any(re.match(_NO_PRICE, value) for value in values.get(price, ())):
        reason = "lines without a price are stock adjustments, not sales"
        exclude.append(Exclude(price, _NO_PRICE, reason))
        findings.append(Finding("exclude", price, 0.8, reason))
    mapping = mapping.with_changes(exclude=tuple(exclude))
    orders = values.get(order, ())
    if any(re.match(r"^C\d+$", value) for value in orders) and not all(
        value.startswith("C") for value in orders
    ):
        findings.append(Finding("returns", order, 0.9, "numbers that begin with C are cancellations"))
        mapping = mapping.with_changes(returns=Returns(order, "^C"))
    return mapping
