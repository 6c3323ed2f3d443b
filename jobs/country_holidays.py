"""Public holidays of the lake's country, for a lake whose calendar names none."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from holidays import country_holidays

from engine.contracts import TABLES
from jobs.columns import typed_column
from jobs.errors import JobError


def with_country_holidays(
    calendar: pd.DataFrame, country: str, first: dt.date, last: dt.date
) -> pd.DataFrame:
    """Return the calendar, with the public holidays of `country` where it holds no holiday of its own.

    Parameters
    ----------
    calendar : contract `calendar`
    country : ISO code such as "DE" (setting `country`); "" adds nothing
    first, last : the days wanted, both included

    Raises
    ------
    JobError
        If the country's holidays are not known; says which setting to change.

    Examples
    --------
    >>> empty = pd.DataFrame(columns=list(TABLES["calendar"].names))
    >>> found = with_country_holidays(empty, "DE", dt.date(2026, 12, 1), dt.date(2026, 12, 31))
    >>> found[["date", "event"]].to_numpy().tolist()[0]
    [Timestamp('2026-12-25 00:00:00'), 'Christmas Day']
    """
    if not country or calendar["kind"].eq("holiday").any():
        return calendar
    try:
        known = country_holidays(country, years=range(first.year, last.year + 1), language="en_US")
    except NotImplementedError:  # how the library says that it does not know a country
        raise JobError(
            f"setting country is {country!r}: its public holidays are not known; give the calendar table "
            "holidays of your own, or leave the setting empty"
        ) from None
    found = [
        {"date": day.isoformat(), "region": "", "event": name, "kind": "holiday"}
        for day, name in sorted(known.items())
        if first <= day <= last
    ]
    added = pd.DataFrame(
        {
            column.name: typed_column([row.get(column.name) for row in found], column.kind)
            for column in TABLES["calendar"].columns
        }
    )
    return added if calendar.empty else pd.concat([calendar, added], ignore_index=True)
