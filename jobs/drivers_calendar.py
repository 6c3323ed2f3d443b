"""The calendar on the forecast's grid: holidays, events and closed days by region."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]
Texts = npt.NDArray[np.object_]


def line_regions(lines: pd.DataFrame, locations: pd.DataFrame) -> tuple[Texts, Codes]:
    """Return the regions' names and [n] the region of each line.

    A distribution centre has none (""): what happens in its own town is not what its stores sell.
    """
    known = locations.assign(region=locations["region"].fillna("").where(locations["kind"] != "dc", ""))
    region = lines[["location"]].merge(known[["location", "region"]], on="location", how="left")["region"]
    names, code = np.unique(region.fillna("").to_numpy(dtype=str), return_inverse=True)
    return names.astype(object), code.astype(np.int64)


def calendar_events(
    calendar: pd.DataFrame, regions: Texts, edges: Days, period: str
) -> tuple[Mask, tuple[str, ...], Mask]:
    """Return events [regions, P, events], their names, and closed periods [regions, P].

    Parameters
    ----------
    calendar : contract `calendar`; region "" is every region
    regions : names of the rows
    edges : [P + 1] first day of each period, and of the one after
    period : in weeks and months a closed day is an event like another
    """
    shape = (len(regions), len(edges) - 1)
    closed = np.zeros(shape, dtype=bool)
    happening = calendar[calendar["kind"].isin(("holiday", "event", "closed"))]
    entry, at, _ = overlapping(happening["date"], happening["date"], edges)
    happening = happening.iloc[entry].assign(at=at)
    if period == "D":
        shut = happening["kind"] == "closed"
        _mark(closed[:, :, None], happening[shut].assign(place=0), regions)
        happening = happening[~shut]
    place, names = pd.factorize(happening["event"], sort=True)
    events = np.zeros((*shape, len(names)), dtype=bool)
    _mark(events, happening.assign(place=place), regions)
    return events, tuple(str(name) for name in names), closed


def overlapping(begin: pd.Series, end: pd.Series, edges: Days) -> tuple[Codes, Codes, Floats]:
    """Return every (entry, period) that overlap, and the share of the period that the entry fills.

    begin, end : first and last day of each entry
    edges : [P + 1] first day of each period, and of the one after

    Examples
    --------
    >>> days = pd.Series(pd.to_datetime(["2026-01-08", "2026-01-14"]))
    >>> weeks = np.array(["2026-01-05", "2026-01-12", "2026-01-19"], dtype="datetime64[D]")
    >>> _, period, share = overlapping(days[:1], days[1:], weeks)
    >>> period, share.round(2)
    (array([0, 1]), array([0.57, 0.43]))
    """
    first_day, last_day = (side.to_numpy(dtype="datetime64[D]") for side in (begin, end))
    first = np.maximum(np.searchsorted(edges, first_day, side="right") - 1, 0)
    last = np.minimum(np.searchsorted(edges, last_day, side="right") - 1, len(edges) - 2)
    length = np.maximum(last - first + 1, 0)
    entry = np.repeat(np.arange(len(length)), length)
    starts = np.cumsum(length) - length
    period = first[entry] + np.arange(len(entry)) - starts[entry]
    stop = np.minimum(last_day[entry] + 1, edges[period + 1])
    days = (stop - np.maximum(first_day[entry], edges[period])).astype(np.float64)
    share: Floats = days / (edges[period + 1] - edges[period]).astype(np.float64)
    return entry, period, share


def _mark(grid: Mask, entries: pd.DataFrame, regions: Texts) -> None:
    """Set grid[region, at, place] of each entry; of all regions where it names none."""
    for region, part in entries.groupby("region"):
        rows = np.arange(len(regions)) if region == "" else np.flatnonzero(regions == region)
        for row in rows:
            grid[row, part["at"].to_numpy(), part["place"].to_numpy()] = True
