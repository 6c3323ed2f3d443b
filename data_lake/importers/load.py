"""One file into the lake: all of it, or nothing and every reason why."""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd
import polars as pl

from data_lake.importers.convert import Converter
from data_lake.importers.faults import Fault, FaultList
from data_lake.importers.layout import Layout, lay_out
from data_lake.importers.mapping import Mapping, check_mapping
from data_lake.importers.mapping_yaml import to_yaml
from data_lake.importers.reading import open_table
from data_lake.importers.remembered import remember
from data_lake.importers.sales_rows import SalesRows
from data_lake.importers.table_file import TableFile
from data_lake.importers.table_rows import TableRows
from data_lake.importers.text_dialect import UnreadableFileError
from data_lake.importers.zones import location_zones
from data_lake.lake import Lake, Version
from data_lake.progress import Progress
from engine.contracts import SETTING_DEFAULTS

CHUNK_CELLS = 1_000_000
"""Cells of a chunk: bounds the memory of a load."""
_MOST_ROWS = 250_000
_READ_SHARE = 0.6
_CHECKED_SHARE = 0.75
_RAW_PART = 64 << 20


@dataclass(frozen=True)
class Loaded:
    """What came of one file. With an error among the faults nothing was loaded."""

    file: str
    mapping: Mapping
    rows_read: int
    rows_loaded: int
    """Rows of the table that the file gave (order lines: after they are summed); 0 if it was refused."""
    faults: tuple[Fault, ...]
    errors: int
    fault_count: int
    ignored: tuple[str, ...] = ()
    """Headers that nothing is mapped to."""
    notes: tuple[str, ...] = ()
    versions: dict[str, Version] = field(default_factory=dict)
    unchanged: bool = False


def load(
    lake: Lake, path: Path, name: str, mapping: Mapping, *, today: date, progress: Progress | None = None
) -> Loaded:
    """Load one file by its mapping.

    Parameters
    ----------
    path : Path
        Where the file is.
    name : str
        What the person calls it; appears in faults.
    today : date
        Day of the import: later dates of sales and stock are faults, and the constant "today" means it.
    progress : callable, optional
        Called with (share done, what is being done).

    Returns
    -------
    Loaded
        With errors among `faults` if nothing was loaded.

    Raises
    ------
    MappingError
        The mapping cannot be used with any file.
    LakeUnavailable
        The lake cannot be written.
    """
    check_mapping(mapping)
    tell = progress or (lambda _what, _share: None)
    faults = FaultList(name)
    try:
        file = open_table(path, name, mapping.file)
    except UnreadableFileError as error:
        faults.add(str(error))
        return _refused(name, mapping, faults)
    layout = lay_out(mapping, file.header, faults)
    if faults.errors:
        return _refused(name, mapping, faults, layout)
    settings = lake_settings(lake)
    currency = settings.get("currency")
    zones = location_zones(lake)
    converter = Converter(layout, faults, today=today, lake_currency=currency, zones=zones)
    with tempfile.TemporaryDirectory(prefix="shelfcast-import-") as folder:
        rows: SalesRows | TableRows
        if mapping.spec.table == "sales":
            period = settings.get("period", "D") if lake.current("sales") else None
            rows = SalesRows(Path(folder), mapping, faults, today, period)
        else:
            rows = TableRows(lake, mapping, faults)
        _read(file, layout, converter, rows, tell)
        if not converter.counts.read - converter.counts.blank:
            faults.add("has a header and no rows")
            return _refused(name, mapping, faults, layout)
        currency = _settled_currency(converter, faults, currency)
        table_rows = rows.finish(
            lambda share: tell(
                "checking duplicates and gaps", _READ_SHARE + share * (_CHECKED_SHARE - _READ_SHARE)
            )
        )
        notes = (*_row_notes(converter), *rows.notes)
        if currency is None and any(mapping.spec.target(name).money for name in mapping.mapped):
            notes += (
                f"no currency is named: money is taken as {SETTING_DEFAULTS['currency']} (money, currency)",
            )
        if faults.errors:
            return _refused(name, mapping, faults, layout, notes, converter.counts.read)
        tell("writing the lake", _CHECKED_SHARE)
        before = {table: lake.current(table) for table in (mapping.spec.table, "products", "settings")}
        inputs = {"file": name, "raw": keep_raw(lake, path, name), "mapping": to_yaml(mapping)}
        versions: dict[str, Version] = {}
        if isinstance(rows, SalesRows):
            given = {"period": rows.period} | ({"currency": currency} if currency else {})
            versions |= _set_settings(lake, settings, given)
            versions |= _offer_products(lake, rows.offers(), name, inputs)
        elif currency and "currency" not in settings:
            versions |= _set_settings(lake, settings, {"currency": currency})
        versions[mapping.spec.table] = lake.upsert(
            mapping.spec.table, table_rows, inputs=inputs, note=f"imported from {name}"
        )
        loaded = table_rows.lazy().select(pl.len()).collect().item()
        remember(lake, mapping, file)
        tell("done", 1.0)
    unchanged = all(before.get(table) == version for table, version in versions.items())
    return Loaded(
        name,
        mapping,
        converter.counts.read - converter.counts.blank,
        loaded,
        faults.sorted(),
        0,
        faults.total,
        layout.ignored,
        notes,
        versions,
        unchanged,
    )


def chunk_rows(layout: Layout) -> int:
    """Return how many rows of this file make a chunk."""
    return max(100, min(_MOST_ROWS, CHUNK_CELLS // max(1, len(layout.columns))))


def lake_settings(lake: Lake) -> dict[str, str]:
    """Return the lake's own settings (none of the defaults)."""
    rows = lake.read("settings")
    return dict(zip(rows["name"], rows["value"], strict=True))


def keep_raw(lake: Lake, path: Path, name: str) -> str:
    """Keep the file as it was given, once, and return its key: `raw/<sha256>/<name>`.

    A file of more than 64 MB is kept in parts, `<name>.000` …, to bound memory.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    plain = re.sub(r"[^\w.\- ]", "_", Path(name).name).strip(". ") or "upload"
    key = f"raw/{digest.hexdigest()}/{plain}"
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= _RAW_PART:
            lake.objects.put_new(key, file.read())
        else:
            for part in range(-(-size // _RAW_PART)):
                lake.objects.put_new(f"{key}.{part:03d}", file.read(_RAW_PART))
    return key


def _read(
    file: TableFile, layout: Layout, converter: Converter, rows: SalesRows | TableRows, tell: Progress
) -> None:
    tell("reading", 0.0)
    for raw in file.chunks(layout.columns, converter.faults, rows=chunk_rows(layout)):
        rows.add(converter.convert(raw))
        tell(f"{converter.counts.read:,} rows read", _READ_SHARE * file.done())


def _settled_currency(converter: Converter, faults: FaultList, lake_currency: str | None) -> str | None:
    """Return the currency of the money after conversion; several without rates are a fault."""
    found = {name for name in converter.counts.currencies if name}
    rates = converter.mapping.money.rates
    if rates:
        return lake_currency or next((name for name, rate in rates.items() if rate == 1), None)
    listed = ", ".join(f"{name} ({converter.counts.currencies[name]:,} rows)" for name in sorted(found))
    column = converter.mapping.columns.get("currency", "")
    if len(found) > 1:
        faults.add(
            f"several currencies: {listed}. Give rates in the mapping (money, rates: "
            f"{lake_currency or min(found)}: 1, …)",
            column=column,
        )
        return None
    only = next(iter(found), None)
    if only and lake_currency and only != lake_currency:
        faults.add(
            f"the file's money is {only} and the lake's is {lake_currency}: give the rate in the mapping "
            f"(money, rates: {only}: what one {only} is in {lake_currency})",
            column=column,
        )
    return only or lake_currency


def _row_notes(converter: Converter) -> list[str]:
    counts = converter.counts
    notes = [f"{count:,} rows left out: {reason}" for reason, count in counts.excluded.items()]
    if counts.blank:
        notes.append(f"{counts.blank:,} blank rows passed over")
    return notes


def _set_settings(lake: Lake, known: dict[str, str], given: dict[str, str]) -> dict[str, Version]:
    changed = {name: value for name, value in given.items() if known.get(name) != value}
    if not changed:
        return {}
    frame = pd.DataFrame({"name": list(changed), "value": list(changed.values())})
    return {"settings": lake.upsert("settings", frame, note="set by an import")}


def _offer_products(
    lake: Lake, offers: pl.DataFrame, name: str, inputs: dict[str, str]
) -> dict[str, Version]:
    """Add products that the lake does not know; those that it knows stay as they are."""
    known = pl.Series(lake.read("products", columns=["sku"])["sku"].to_list(), dtype=pl.String)
    new = offers.filter(~pl.col("sku").is_in(known.implode()))
    if not new.height:
        return {}
    return {"products": lake.upsert("products", new, inputs=inputs, note=f"named in {name}")}


def _refused(
    name: str,
    mapping: Mapping,
    faults: FaultList,
    layout: Layout | None = None,
    notes: tuple[str, ...] = (),
    rows_read: int = 0,
) -> Loaded:
    ignored = layout.ignored if layout else ()
    return Loaded(name, mapping, rows_read, 0, faults.sorted(), faults.errors, faults.total, ignored, notes)
