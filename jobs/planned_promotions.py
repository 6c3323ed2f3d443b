"""Promotions, past and planned, of the lines that they concern."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

PROMOTION = "promotion"
"""Mechanic of a promotion that has no name."""
EVERYWHERE = ("*", "")
"""Locations of a promotion that runs in all."""
COLUMNS = ["row", "from_date", "to_date", "depth", "mechanic"]


def planned_promotions(
    promotions: pd.DataFrame,
    calendar: pd.DataFrame,
    lines: pd.DataFrame,
    region: npt.NDArray[np.object_],
) -> pd.DataFrame:
    """Return every promotion of every line.

    Parameters
    ----------
    promotions, calendar : tables of these names; of the calendar, the entries of kind promotion
    lines : columns sku, location
    region : [n] region of each line, "" for none

    Returns
    -------
    DataFrame
        row (of the line), from_date, to_date, depth [share; 0: not known], mechanic.
    """
    found = pd.concat([_named(promotions, lines), _of_calendar(calendar, lines, region)], ignore_index=True)
    return found.assign(
        depth=found["depth"].astype(float).fillna(0.0),
        mechanic=found["mechanic"].fillna(PROMOTION).replace("", PROMOTION),
    )


def _named(promotions: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Table promotions, one row a line that it concerns: row, from_date, to_date, depth, mechanic."""
    rows = lines[["sku", "location"]].assign(row=range(len(lines)))
    merged = rows.merge(promotions, on="sku", suffixes=("", "_of_promotion"))
    place = merged["location_of_promotion"]
    return merged.loc[
        place.isin(EVERYWHERE) | (place == merged["location"]),
        COLUMNS,
    ]


def _of_calendar(
    calendar: pd.DataFrame, lines: pd.DataFrame, region: npt.NDArray[np.object_]
) -> pd.DataFrame:
    """Promotions of the calendar, of one day each, in the columns of `_named`."""
    found = calendar[calendar["kind"] == "promotion"]
    sku, location = lines["sku"].to_numpy(), lines["location"].to_numpy()
    parts = []
    for entry in found.fillna({"sku": "", "location": "", "mechanic": PROMOTION}).itertuples():
        here = np.ones(len(lines), dtype=bool)
        for stated, own in ((entry.sku, sku), (entry.location, location), (entry.region, region)):
            if stated not in EVERYWHERE:
                here &= own == stated
        parts.append(
            pd.DataFrame(
                {
                    "row": np.flatnonzero(here),
                    "from_date": entry.date,
                    "to_date": entry.date,
                    "depth": entry.depth,
                    "mechanic": entry.mechanic,
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
