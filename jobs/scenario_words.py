"""Changes of a scenario as people write and read them."""

from __future__ import annotations

import datetime as dt
import re

from jobs.scenario_changes import PARAMETERS, Change, How

HOW_SIGNS: dict[str, How] = {"=": "set", "*": "times", "×": "times", "+": "plus", "-": "plus", "−": "plus"}


_WRITTEN = re.compile(
    r"^\s*(?P<parameter>\w+)\s*(?P<sign>[=*×+\-−])\s*(?P<value>[^@]+?)\s*"
    r"(?:@\s*(?P<scope>\w+)(?::(?P<code>.*?))?)?"
    r"(?:\s+from\s+(?P<from_date>\S+))?(?:\s+to\s+(?P<to_date>\S+))?\s*$"
)


def parse_change(text: str) -> tuple[Change | None, list[str]]:
    """Read a change as a person writes it; return it, or None and every fault of its form.

    `parameter=value`, `parameter*factor`, `parameter+number`, then `@scope:code`, then
    `from … to …` for demand.

    Examples
    --------
    >>> parse_change("service_target=98%@category:Dairy")[0]
    Change(parameter='service_target', value=0.98, how='set', scope='category', code='Dairy', \
from_date=None, to_date=None)
    >>> parse_change("demand*1.2@all from 2026-12-01 to 2026-12-14")[0].how
    'times'
    >>> parse_change("lead_time_mean-2")[0].value
    -2.0
    """
    found = _WRITTEN.match(text)
    if not found:
        return None, [
            f"change {text!r} is not of the form parameter=value@scope:code, "
            "for example service_target=98%@category:Dairy or demand*1.2@all from 2026-12-01 to 2026-12-14"
        ]
    faults: list[str] = []
    days: dict[str, dt.date] = {}
    for name in ("from_date", "to_date"):
        if found[name]:
            try:
                days[name] = dt.date.fromisoformat(found[name])
            except ValueError:
                faults.append(f"change {text!r}: {found[name]!r} is not a day; write 2026-12-31")
    value: float | str = found["value"]
    try:
        per_cent = found["value"].endswith("%")
        value = float(found["value"].removesuffix("%").strip()) / (100 if per_cent else 1)
    except ValueError:
        if PARAMETERS.get(found["parameter"], PARAMETERS["moq"]).unit not in ("word", "days of the week"):
            faults.append(f"change {text!r}: {found['value']!r} is not a number")
    if isinstance(value, float) and found["sign"] in "-−":
        value = -value
    if faults:
        return None, faults
    how = HOW_SIGNS[found["sign"]]
    scope, code = found["scope"] or "all", found["code"] or ""
    return Change(found["parameter"], value, how, scope, code, **days), []


def scope_in_words(change: Change) -> str:
    """Say what a change applies to.

    Examples
    --------
    >>> scope_in_words(Change("moq", 6.0, scope="line", code="007|S1"))
    '007 at S1'
    """
    if change.scope == "all":
        return "all lines"
    if change.scope == "line":
        return change.code.replace("|", " at ", 1)
    return {"sku": "product", "class": "class"}.get(change.scope, change.scope) + f" {change.code}"


def in_words(change: Change) -> str:
    """Say what a change does, in one line.

    Examples
    --------
    >>> in_words(Change("service_target", 0.98, scope="category", code="Dairy"))
    'Service target 98 % for category Dairy'
    >>> in_words(Change("demand", 1.2, "times", to_date=dt.date(2026, 12, 14)))
    'Demand +20 % for all lines until 14 Dec 2026'
    >>> in_words(Change("lead_time_mean", -2.0, "plus", "supplier", "Acme"))
    'Lead time −2 days for supplier Acme'
    """
    parameter = PARAMETERS[change.parameter]
    value = change.value
    if isinstance(value, str):
        what = value
    elif change.how == "times":
        what = f"{100 * (value - 1):+.3g} %".replace("-", "−")
    elif parameter.unit == "share":
        what = f"{100 * value:+.4g} points" if change.how == "plus" else f"{100 * value:.4g} %"
    else:
        unit = {"each": " units", "days": " days", "/year": " a year"}.get(parameter.unit, "")
        what = (f"{value:+,.6g}" if change.how == "plus" else f"{value:,.6g}") + unit
    days = "".join(
        f" {word} {day.day} {day:%b %Y}"
        for word, day in (("from", change.from_date), ("until", change.to_date))
        if day
    )
    return f"{parameter.label} {what.replace('-', '−')} for {scope_in_words(change)}{days}"
