"""The plan's lines with the names people know: what Today, Item and Orders start from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from data_lake.lake import Lake
from data_lake.runs import Run, read_run_table
from engine.contracts import EXPLAIN_TERMS, SETTING_DEFAULTS

PRODUCT_COLUMNS = ["sku", "name", "category", "unit_price", "case_pack", "shelf_life_days"]


@dataclass(frozen=True)
class LakeSettings:
    """What a page needs to write a number: currency, length of a period, name of the company."""

    currency: str
    period: str
    company: str


@dataclass(frozen=True)
class Choices:
    """What can be chosen in the filters of a run."""

    locations: dict[str, str] = field(default_factory=dict)
    """Location → name for people."""
    categories: tuple[str, ...] = ()
    products: dict[str, str] = field(default_factory=dict)
    """Stock-keeping unit → name for people."""


def settings(lake: Lake) -> LakeSettings:
    """Return the settings that change how numbers are written, defaults where the lake has none."""
    frame = lake.read("settings")
    values = {**SETTING_DEFAULTS, **dict(zip(frame["name"], frame["value"], strict=True))}
    return LakeSettings(values["currency"], values["period"], values["company"])


def load(lake: Lake, run: Run) -> pd.DataFrame:
    """Return every line of a run beside its product's, location's and source's name.

    Parameters
    ----------
    lake : Lake
        Where the run was committed.
    run : Run
        The run to read; names come from the versions that the run planned with.

    Returns
    -------
    DataFrame
        Columns of `plan_lines`, and `product`, `category`, `unit_price`, `case_pack`,
        `shelf_life_days`, `location_name`, `source_name`. A missing name is the code itself.
        One row a line, ordered by money at risk, dearest first.
    """
    lines = read_run_table(lake, run, "plan_lines").drop(columns="run_id")
    products = _input(lake, run, "products")[PRODUCT_COLUMNS].rename(columns={"name": "product"})
    locations = _input(lake, run, "locations")[["location", "name"]]
    suppliers = _input(lake, run, "suppliers")[["supplier", "name"]]
    place_names = dict(zip(locations["location"], locations["name"], strict=True))
    place_names["unassigned"] = "No source assigned"
    source_names = place_names | dict(zip(suppliers["supplier"], suppliers["name"], strict=True))

    frame = lines.merge(products, on="sku", how="left")
    frame["product"] = frame["product"].fillna(frame["sku"])
    frame["category"] = frame["category"].fillna("No category")
    terms = list(EXPLAIN_TERMS)
    frame[terms] = frame[terms].fillna(0.0)  # a run made before a term existed
    frame["location_name"] = named(frame["location"], place_names)
    frame["source_name"] = named(frame["source"], source_names)
    order = ["money_at_risk", "line_id"]
    return frame.sort_values(order, ascending=[False, True], kind="stable", ignore_index=True)


def choices(lines: pd.DataFrame) -> Choices:
    """Return what the filters offer, in the order of their names."""
    places = lines[["location", "location_name"]].drop_duplicates().sort_values("location_name")
    products = lines[["sku", "product"]].drop_duplicates().sort_values(["product", "sku"])
    return Choices(
        locations=dict(zip(places["location"], places["location_name"], strict=True)),
        categories=tuple(sorted(lines["category"].unique())),
        products=dict(zip(products["sku"], products["product"], strict=True)),
    )


def as_date(value: object) -> date | None:
    """Return a date of a pandas cell, None where it is missing."""
    stamp = pd.to_datetime(value)  # type: ignore[call-overload]
    return None if pd.isna(stamp) else stamp.date()


def named(codes: pd.Series[str], names: dict[str, str]) -> pd.Series[str]:
    """Return the name of each code; the code itself where it has none."""
    found = [names.get(code) for code in codes]
    words = [name if isinstance(name, str) else code for code, name in zip(codes, found, strict=True)]
    return pd.Series(words, index=codes.index, dtype="str")


def tags(labels: pd.Series[str]) -> pd.Series[Any]:
    """Return each label as a list of one, as a column of coloured tags wants it."""
    return labels.map(lambda label: [label]).astype("object")


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as dicts by column."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _input(lake: Lake, run: Run, table: str) -> pd.DataFrame:
    """Read a table as the run saw it; a table the run did not use is empty."""
    number = run.inputs.get(table)
    return lake.read(table, version=number) if number is not None else lake.read(table)
