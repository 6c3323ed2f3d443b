"""Instants and local days: a snapshot's day ends when it ends where the stock lies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import polars as pl


def local_days(facts: pl.DataFrame, zones: Mapping[str, str]) -> pl.Series:
    """Return the day, `day`, on which each fact was at its location.

    Parameters
    ----------
    facts
        Columns at [µs since 1970, UTC], location.
    zones
        Time zone of each location (IANA); UTC where it has none.

    Examples
    --------
    >>> facts = pl.DataFrame({"at": [1_768_521_600_000_000], "location": ["S01"]})  # 16 Jan 2026, 00:00 UTC
    >>> local_days(facts, {"S01": "America/Lima"}).to_list()
    [datetime.date(2026, 1, 15)]
    """
    instant = pl.from_epoch("at", time_unit="us").dt.replace_time_zone("UTC")
    day = instant.dt.date()
    for zone, places in _places(zones):
        local = instant.dt.convert_time_zone(zone).dt.date()
        day = pl.when(pl.col("location").is_in(places)).then(local).otherwise(day)
    return facts.select(day.alias("day")).to_series()


def day_ends(days: pl.DataFrame, zones: Mapping[str, str]) -> pl.Series:
    """Return the instant `since` [µs since 1970, UTC] at which each local day `date` ends at `location`.

    Examples
    --------
    >>> days = pl.DataFrame({"date": [dt.date(2026, 1, 15)], "location": ["S01"]})
    >>> day_ends(days, {"S01": "America/Lima"}).to_list() == [1_768_539_600_000_000]  # 05:00 UTC
    True
    """
    morning = (pl.col("date") + dt.timedelta(days=1)).cast(pl.Datetime("us"))
    ends = morning.dt.replace_time_zone("UTC")
    for zone, places in _places(zones):
        # where a clock change skips midnight or has it twice, the day begins at the first instant of it
        local = morning.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        local = pl.coalesce(
            local, (morning + dt.timedelta(hours=1)).dt.replace_time_zone(zone, ambiguous="earliest")
        )
        ends = (
            pl.when(pl.col("location").is_in(places)).then(local.dt.convert_time_zone("UTC")).otherwise(ends)
        )
    return days.select(ends.cast(pl.Int64).alias("since")).to_series()


def _places(zones: Mapping[str, str]) -> Iterable[tuple[str, list[str]]]:
    by_zone: dict[str, list[str]] = {}
    for location, zone in zones.items():
        if zone and zone != "UTC":
            by_zone.setdefault(zone, []).append(location)
    return sorted(by_zone.items())
