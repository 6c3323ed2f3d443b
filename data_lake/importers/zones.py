"""An instant belongs to the day that it was where it happened, whatever clock the export was written by."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import available_timezones

import polars as pl

from data_lake.lake import Lake

_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?\s*(?:(?P<half>[AaPp])\.?[Mm]\.?)?"
    r"\s*(?P<offset>Z|UTC|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2}))\s*$"
)
"""A time of day with its distance from Greenwich."""


def location_zones(lake: Lake) -> dict[str, str]:
    """Return the time zone of each location whose master names one that is known."""
    rows = lake.read("locations", columns=["location", "time_zone"])
    known = available_timezones()
    return {
        location: zone
        for location, zone in zip(rows["location"], rows["time_zone"], strict=True)
        if isinstance(zone, str) and zone in known
    }


def local_days(
    values: pl.Series, days: pl.Series, location: pl.Series, zones: Mapping[str, str]
) -> pl.Series:
    """Return the days [n] on which instants with an offset happened at their locations.

    Parameters
    ----------
    values : cells, texts or instants; without an offset they are local already
    days : the days that they are written with
    location : where; a location that is not in `zones` keeps the day as written
    zones : location: IANA time zone

    Examples
    --------
    >>> text = pl.Series(["2024-07-10T23:30:00Z"])
    >>> day, zones = text.str.slice(0, 10).str.to_date(), {"x": "Europe/Dublin"}
    >>> local_days(text, day, pl.Series(["x"]), zones).to_list()
    [datetime.date(2024, 7, 11)]
    """
    if not zones:
        return days
    instants = _instants(values, days)
    if instants is None:
        return days
    zone = location.replace_strict(zones, default=None, return_dtype=pl.String)
    frame = pl.DataFrame({"day": days, "instant": instants, "zone": zone})
    for name in zone.drop_nulls().unique().sort():
        local = pl.col("instant").dt.convert_time_zone(name).dt.date()
        here = (pl.col("zone") == name) & pl.col("instant").is_not_null()
        frame = frame.with_columns(pl.when(here).then(local).otherwise("day").alias("day"))
    return frame["day"].alias(days.name)


def _instants(values: pl.Series, days: pl.Series) -> pl.Series | None:
    """Return instants [n] in UTC, null where a cell has no offset; None where none has."""
    if isinstance(values.dtype, pl.Datetime):
        return values.dt.convert_time_zone("UTC") if values.dtype.time_zone else None
    if values.dtype != pl.String or not values.str.contains(_CLOCK).any():
        return None
    parts = values.str.extract_groups(_CLOCK).struct.unnest()
    clock = parts.with_columns(
        pl.col("hour", "minute", "second", "hours", "minutes").cast(pl.Int64), days.alias("day")
    )
    hour = (
        pl.when(pl.col("half").is_null())
        .then("hour")
        .otherwise(pl.col("hour") % 12 + 12 * pl.col("half").str.to_lowercase().eq("p").cast(pl.Int64))
    )
    ahead = (60 * pl.col("hours") + pl.col("minutes")) * pl.when(pl.col("sign") == "-").then(-1).otherwise(1)
    written = pl.duration(hours=hour, minutes=pl.col("minute"), seconds=pl.col("second").fill_null(0))
    moment = pl.col("day").cast(pl.Datetime("us")) + written - pl.duration(minutes=ahead.fill_null(0))
    told = pl.when(pl.col("offset").is_not_null()).then(moment)
    return clock.select(told.dt.replace_time_zone("UTC").alias("instant")).to_series()
