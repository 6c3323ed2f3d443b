"""Holiday columns: Prophet's own, and those of a country through the `holidays` library."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.forecast.prophet.spec import ProphetSpec
from engine.forecast.prophet.terms import Holiday

RENAMED = {"TU": "TR"}
"""Prophet's substitutions of country codes."""


def country_holidays(
    country: str,
    years: tuple[int, ...],
    *,
    lower_window: int = 0,
    upper_window: int = 0,
    prior_scale: float | None = None,
) -> tuple[Holiday, ...]:
    """Return a country's holidays with the names and dates of Prophet's `add_country_holidays`.

    Prophet gives them no windows. For those, hand the result of this function to
    ``ProphetSpec(holidays=...)``, with the years of the history and of the forecast.

    Raises
    ------
    EngineError
        If the `holidays` library does not know the country.

    Examples
    --------
    >>> new_year, *_ = country_holidays("DE", (2026, 2027), upper_window=1)
    >>> new_year.name, new_year.dates
    ("New Year's Day", ('2026-01-01', '2027-01-01'))
    """
    dates = defaultdict(list)
    for day, name in _calendar(country, tuple(sorted(set(years)))):
        dates[name].append(day)
    return tuple(
        Holiday(name, tuple(days), lower_window, upper_window, prior_scale) for name, days in dates.items()
    )


@lru_cache(maxsize=64)
def _calendar(country: str, years: tuple[int, ...]) -> tuple[tuple[str, str], ...]:
    """(ISO date, name) of each holiday, by date, as `prophet.make_holidays.make_holidays_df`."""
    import holidays  # takes a tenth of a second, and most panels do not need it

    kind = getattr(holidays, RENAMED.get(country, country), None)
    if kind is None:
        raise EngineError(f"country_holidays is {country!r}, which the holidays library does not know")
    calendar = kind(expand=False, language="en_US", years=list(years))
    return tuple((str(day), name) for day in sorted(calendar) for name in calendar.get_list(day))


def holiday_columns(
    days: NDArray[np.float64], spec: ProphetSpec, history: NDArray[np.float64]
) -> tuple[tuple[str, ...], NDArray[np.float64], NDArray[np.float64]]:
    """Return the holiday columns over `days`.

    One 0/1 column a holiday and day of its window, sorted by Prophet's column names. The `history` days
    decide which columns there are: a country's holiday that history never saw has none.

    Returns
    -------
    names : tuple of str
        Prophet's column names, ``'<holiday>_delim_<offset>'``.
    columns : ndarray, shape (len(days), len(names))
    prior_scale : ndarray, shape (len(names),)
    """
    scales: dict[str, float] = {}
    marked: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    for holiday in (*spec.holidays, *_of_country(history, spec)):
        default = spec.holidays_prior_scale
        scale = default if holiday.prior_scale is None else holiday.prior_scale
        if scales.setdefault(holiday.name, scale) != scale:
            raise EngineError(
                f"holiday {holiday.name!r} has two prior scales, {scales[holiday.name]!r} and {scale!r}"
            )
        on = np.floor(_days(holiday.dates))
        for offset in range(holiday.lower_window, holiday.upper_window + 1):
            marked[f"{holiday.name}_delim_{offset:+d}"].append(on + offset)
    if spec.country_holidays and days is not history:
        for holiday in _of_country(days, spec):
            name = f"{holiday.name}_delim_+0"
            if name in marked:
                marked[name].append(_days(holiday.dates))
    names = tuple(sorted(marked))
    whole = np.floor(days)
    columns = np.empty((len(days), len(names)))
    for column, name in enumerate(names):
        columns[:, column] = np.isin(whole, np.concatenate(marked[name]))
    return names, columns, np.array([scales[name.split("_delim_")[0]] for name in names])


def _of_country(days: NDArray[np.float64], spec: ProphetSpec) -> tuple[Holiday, ...]:
    if spec.country_holidays is None or not len(days):
        return ()
    years = (np.unique(np.floor(days)).astype("datetime64[D]").astype("datetime64[Y]").astype(int)) + 1970
    return country_holidays(spec.country_holidays, tuple(np.unique(years).tolist()))


def _days(dates: tuple[str, ...]) -> NDArray[np.float64]:
    return np.asarray(pd.DatetimeIndex(list(dates)), dtype="datetime64[us]").astype(np.int64) / 86_400e6
