"""What a file probably is: its kind and mapping, how sure that is, and why. A person confirms."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

from data_lake.importers.dates import DateStyle, Step, form_shares
from data_lake.importers.faults import FaultList
from data_lake.importers.kinds import KINDS, ImportKind, Target
from data_lake.importers.layout import wide_dates
from data_lake.importers.mapping import TODAY, Exclude, Mapping, Returns, Split, Wide
from data_lake.importers.profile import DAY_FIRST, MONTH_FIRST, Profile, guess_form, guess_marks, profile
from data_lake.importers.reading import ROW, TableFile
from data_lake.importers.synonyms import SYNONYMS, folded

SAMPLE_ROWS = 5_000
_LEAST = 0.55
_SURE = 0.7
_M5_ID = r"^(?P<sku>.+_\d{3})_(?P<location>[A-Z]{2}_\d+)(?:_(?:evaluation|validation))?$"
_M5_ORIGIN = date(2011, 1, 29)
_PAIR_ID = r"^(?P<sku>.+)[|@](?P<location>[^|@]+)$"
_NO_PRICE = r"^-|^0*([.,]0*)?$"
_SERVICE = (
    r"(?i)^(post(age)?|dot|bank charges|amazonfee|adjust\w*|test\w*|gift_.*|dcgs\w*|sp\d+|cruk|pads|[a-z]\d?|"
    r"discount|manual|fee|shipping|freight|versand)$"
)
ONE_LOCATION = "ALL"


@dataclass(frozen=True)
class Finding:
    """One thing that was guessed: what, from which column, how sure (0 … 1), and why."""

    target: str
    header: str
    confidence: float
    reason: str


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
    wide, wide_reason, wide_ask = _wide(file.header, columns)
    plain = [name for name in file.header if not (wide and name in wide[1])]
    marks, marks_reason, marks_ask = guess_marks(
        [columns[name] for name in (plain if not wide else [*plain, *wide[1][-20:]])], file.style.delimiter
    )
    profiles = [profile(name, columns[name], marks) for name in plain]
    split = _split(profiles)
    scored = {
        name: _of_kind(KINDS[name], profiles, wide is not None, split) for name in ([kind] if kind else KINDS)
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
        if finding.confidence < _SURE and mapping.spec.target(finding.target).required
    ]
    if len(order) > 1 and scored[order[1]][0] > 0.95 * score:
        ask.append(f"Is this file {best} or {order[1]}?")
    if score < _LEAST and not kind:
        ask.append(f"What does this file hold? It is taken for {best}, for want of anything it fits better")
    kinds = {name: round(scored[name][0], 3) for name in order}
    return Guess(mapping, round(min(score, 1.0), 2), tuple(findings), tuple(ask), kinds)


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


def _of_kind(
    spec: ImportKind, profiles: list[Profile], wide: bool, split: tuple[Split, str] | None
) -> tuple[float, list[Finding]]:
    """Return how well a file fits a kind, and which column would be which target."""
    pairs = []
    for target in spec.targets:
        if wide and target.name in ("date", "quantity"):
            continue
        for column in profiles:
            score, reason = header_score(column.header, target.name)
            score *= _fit(target, column)
            if score >= (_LEAST if target.required else _SURE):
                pairs.append((score, target.name, column.header, reason))
    findings: list[Finding] = []
    for score, name, header, reason in sorted(pairs, key=lambda pair: -pair[0]):
        if name not in {f.target for f in findings} and header not in {f.header for f in findings}:
            findings.append(Finding(name, header, round(score, 2), reason))
    findings += _by_values(spec, profiles, findings, wide)
    sure = {finding.target: finding.confidence for finding in findings}
    if wide:
        sure |= dict.fromkeys(("date", "quantity"), 0.9 if spec.name == "sales" else 0.0)
    if split and "location" in spec.required and "location" not in sure:
        sure |= dict.fromkeys(("sku", "location"), 0.85)
    # A file of one store has no location column, a stock list often no date: a constant says it.
    one = 0.4 if len(spec.key) > 1 else 0.0
    spare = {"location": one, "to_location": one, "date": 0.4 if spec.name == "stock" else 0.0}
    needed = [sure.get(name, spare.get(name, 0.0)) for name in spec.required]
    signs = sum(sure.get(name, 0.0) for name in spec.signature)
    used = len(findings) / max(1, len(profiles))
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


def _wide(
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
    unit = {"D": "day", "W": "week", "M": "month"}[step]
    reason = f"{len(names):,} headers are {stem} and a number: a column a {unit}"
    if m5:
        return (
            (Wide(pattern, origin=_M5_ORIGIN, step=step), names),
            f"{reason}; like M5, whose d_1 is 2011-01-29",
            [],
        )
    first = f"{stem}1"
    return (Wide(pattern, step=step), names), reason, [f"Which date is {first!r}? (wide, origin)"]


def _split(profiles: list[Profile]) -> tuple[Split, str] | None:
    """Return a column of which every value is product and location, and the first value."""
    for column in profiles:
        for pattern in (_M5_ID, _PAIR_ID):
            some = column.values[:500]
            if some and all(re.match(pattern, value) for value in some):
                return Split(column.header, pattern), some[0]
    return None


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
