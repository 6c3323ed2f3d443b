"""What an override applies to: some products, by item or category, at some places, by location or region."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.runs import read_run_table

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from data_lake.runs import Run

SELECTORS = ("sku", "category", "location", "region")
"""Columns that narrow an override; an empty one means all."""

_LEVEL_WORD = {"sku": "item"}


@dataclass(frozen=True)
class Scope:
    """The products and places of an override; an empty field means all of them."""

    sku: str = ""
    category: str = ""
    location: str = ""
    region: str = ""

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> Scope:
        """Return the scope of an event's data or of a row of contract `overrides`; what it lacks is all."""
        return cls(**{name: row.get(name) or "" for name in SELECTORS})

    @property
    def given(self) -> dict[str, str]:
        """Selectors that narrow it."""
        return {name: value for name in SELECTORS if (value := getattr(self, name))}

    @property
    def level(self) -> str:
        """Name of the level, as in contract `overrides`.

        Examples
        --------
        >>> Scope(category="Dairy", region="West").level
        'category_region'
        """
        return "_".join(_LEVEL_WORD.get(name, name) for name in self.given) or "all"

    @property
    def words(self) -> str:
        """What it applies to, for people."""
        product = self.sku or (f"category {self.category}" if self.category else "all items")
        place = self.location or (f"region {self.region}" if self.region else "all locations")
        return f"{product} at {place}"

    def covers(self, lines: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Return whether each line is in it, [n]; `lines` has the columns `SELECTORS`."""
        here = np.ones(len(lines), dtype=bool)
        for name, value in self.given.items():
            here &= lines[name].eq(value).to_numpy(dtype=bool, na_value=False)
        return here

    def faults(self, known: Mapping[str, Collection[str]]) -> list[str]:
        """Say what is wrong with it: two ways to name the same axis, or codes that are not in `known`."""
        faults = [
            f"give {one} or {other}, not both"
            for one, other in (("sku", "category"), ("location", "region"))
            if getattr(self, one) and getattr(self, other)
        ]
        for name, value in self.given.items():
            if value not in known[name]:
                near = difflib.get_close_matches(value, sorted(known[name]), n=3)
                hint = f"; is it {' or '.join(map(repr, near))}?" if near else ""
                faults.append(f"{name} {value!r} is in no product, location or plan of the lake{hint}")
        return faults


def with_groups(lines: pd.DataFrame, products: pd.DataFrame, locations: pd.DataFrame) -> pd.DataFrame:
    """Return sku, category, location, region of lines, '' where a master does not say; rows stay in order."""
    return pd.DataFrame(
        {
            "sku": lines["sku"].to_numpy(),
            "category": _looked_up(lines["sku"], products.set_index("sku")["category"]),
            "location": lines["location"].to_numpy(),
            "region": _looked_up(lines["location"], locations.set_index("location")["region"]),
        }
    )


def _looked_up(codes: pd.Series, words: pd.Series) -> npt.NDArray[np.object_]:
    found = codes.map(words).astype("object")  # of an empty master the column would be numbers
    return found.where(found.notna(), "").to_numpy(dtype=object)


def known_codes(lake: Lake, run: Run | None) -> dict[str, set[str]]:
    """Return the values that each selector may take: those of the masters, and those of the latest plan."""
    products, locations = lake.read("products"), lake.read("locations")
    known = {
        "sku": set(products["sku"]),
        "category": set(products["category"].dropna()),
        "location": set(locations["location"]),
        "region": set(locations["region"].dropna()),
    }
    if run is not None:
        planned = read_run_table(lake, run, "plan_lines", columns=["sku", "location"])
        for name in ("sku", "location"):
            known[name] |= set(planned[name])
    return known
