"""The rules of stock as a loop over dictionaries: slow, and easy to believe."""

from __future__ import annotations

import polars as pl

Line = tuple[str, str]
Lot = tuple[str, str, str]


def slow_stock(facts: pl.DataFrame, perpetual: set[Line], lines: set[Line]) -> dict[Lot, float]:
    """Return stock by batch of some lines after facts: docs/methods/stock.md, word by word."""
    held: dict[Line, dict[str, float]] = {}
    expiry: dict[tuple[Line, str], str] = {}
    for fact in facts.sort("at", "sequence", "event_id").iter_rows(named=True):
        here, there = (fact["sku"], fact["location"]), (fact["sku"], fact["to_location"])
        kind, quantity, batch = fact["kind"], fact["quantity"], fact["batch"]
        if kind in ("sale", "order_received") and here not in perpetual:
            continue
        changes = {
            "set": [(here, quantity, True)],
            "count": [(here, quantity, True)],
            "delta": [(here, quantity, False)],
            "order_received": [(here, quantity, False)],
            "write_off": [(here, -quantity, False)],
            "sale": [(here, -quantity, False)],
            "transfer": [(here, -quantity, False), (there, quantity, False)],
        }
        for line, value, fixes in changes.get(kind, ()):
            if line in lines:
                lots = held.setdefault(line, {"": 0.0})
                if batch:
                    expiry[line, batch] = fact["expiry"] or expiry.get((line, batch), "")
                ages = {name: (expiry.get((line, name)) or "9999", name) for name in lots if name}
                _change(lots, sorted(ages, key=ages.__getitem__), value, batch, fixes)
    return {
        (*line, batch): on_hand
        for line, lots in held.items()
        for batch, on_hand in lots.items()
        if on_hand or (not batch and not any(lots.values()))
    }


def _change(lots: dict[str, float], oldest_first: list[str], value: float, batch: str, fixes: bool) -> None:
    if batch:
        lots[batch] = value if fixes else lots.get(batch, 0.0) + value
        return
    if fixes:
        for name in oldest_first:
            lots[name] = max(lots[name], 0.0)
        there = [name for name in oldest_first if lots[name] > 0]
        if not there:
            lots[""] = value
            return
        value -= max(lots[""], 0.0)
        lots[""] = max(lots[""], 0.0)
        for name in there:
            value -= lots[name]
        if value >= 0:
            lots[there[0]] += value
            return
    if value > 0:
        lots[""] += value
        return
    wanted = -value
    for name in oldest_first:
        taken = min(wanted, max(lots[name], 0.0))
        lots[name] -= taken
        wanted -= taken
    lots[""] -= wanted
