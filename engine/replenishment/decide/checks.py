"""The call's arguments as full arrays; every fault of them said at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError
from engine.forecast.panel import CENSORED_BELOW
from engine.replenishment.decide.inputs import DemandHistory, Stock, Terms

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Checked:
    """Arguments as arrays: quantity [n, T] with 0 where not `seen`, stock and terms [n]."""

    names: list[str]
    quantity: Floats
    in_stock: Floats | None
    seen: Mask
    on_hand: Floats
    batches: Floats
    due: Floats
    ordered: Floats
    received: Floats
    per_line: dict[str, Floats]


class _Faults:
    def __init__(self, n: int) -> None:
        self.n = n
        self.found: list[str] = []

    def matrix(
        self, name: str, value: npt.ArrayLike | None, columns: int | None, *, missing: bool = False
    ) -> Floats:
        """[n, columns] of numbers ≥ 0; None: none."""
        if value is None:
            return np.zeros((self.n, columns or 0))
        array = np.asarray(value, dtype=np.float64)
        if array.ndim != 2 or len(array) != self.n or (columns is not None and array.shape[1] != columns):
            wanted = f"[{self.n}, {'periods' if columns is None else columns}]"
            self.found.append(f"{name} has shape {array.shape}; it must be {wanted}")
            return np.zeros((self.n, columns or 0))
        self._bad(name, array, (np.isnan(array) & missing) | (np.isfinite(array) & (array >= 0)), "0 or more")
        return array

    def line(self, name: str, value: npt.ArrayLike, low: float, high: float, rule: str) -> Floats:
        """[n] of numbers in [low, high]."""
        array = np.asarray(value, dtype=np.float64)
        if array.ndim > 1 or (array.ndim == 1 and len(array) != self.n):
            self.found.append(f"{name} has shape {array.shape}; it must be a number or [{self.n}]")
            return np.full(self.n, max(low, 0.0))
        full = np.broadcast_to(array, (self.n,)).copy()
        self._bad(name, full, np.isfinite(full) & (full >= low) & (full <= high), rule)
        return full

    def _bad(self, name: str, array: Floats, good: Mask, rule: str) -> None:
        if not good.all():
            at = tuple(int(i) for i in np.argwhere(~good)[0])
            more = int((~good).sum()) - 1
            others = f" (and {more} more)" if more else ""
            self.found.append(f"{name} is {array[at]} at {list(at)}{others}; it must be {rule}")


def check(history: DemandHistory, stock: Stock, terms: Terms) -> Checked:
    """Return the arguments as arrays.

    Raises
    ------
    EngineError : names every argument that is wrong, the first bad entry, its value and the rule.
    """
    names = [str(name) for name in history.series]
    n = len(names)
    faults = _Faults(n)
    quantity = faults.matrix("quantity", history.quantity, None, missing=True)
    in_stock = None
    if history.in_stock is not None:
        in_stock = faults.matrix("in_stock", history.in_stock, quantity.shape[1], missing=True)
    if len(set(names)) < n:
        faults.found.append("series names repeat; each series needs its own")
    seen = ~np.isnan(quantity)
    units = np.where(seen, quantity, 0.0)
    if in_stock is not None and in_stock.shape == quantity.shape:
        share = np.minimum(np.where(np.isnan(in_stock), 1.0, in_stock), 1.0)
        seen &= share >= CENSORED_BELOW
        units = np.where(seen, units / np.clip(share, CENSORED_BELOW, 1.0), 0.0)
    if not quantity.shape[1]:
        faults.found.append("quantity has no period")
    on_hand = faults.line("on_hand", stock.on_hand, 0.0, np.inf, "0 or more")
    if terms.backorders:
        faults.found = [text for text in faults.found if not text.startswith("on_hand is")]
        on_hand = faults.line("on_hand", stock.on_hand, -np.inf, np.inf, "a number")
    ordered = faults.matrix("ordered", stock.ordered, None)
    received = faults.matrix("received", stock.received, ordered.shape[1])
    targets = [terms.shortage, terms.fill_target, terms.cycle_target]
    if sum(target is not None for target in targets) != 1:
        faults.found.append("terms need exactly one of shortage, fill_target and cycle_target")
    if terms.review < 1:
        faults.found.append(f"review is {terms.review}; it must be 1 period or more")
    if terms.shelf_life is not None and terms.shelf_life < 1:
        faults.found.append(f"shelf_life is {terms.shelf_life}; it must be 1 period or more")
    if history.group is not None and len(history.group) != n:
        faults.found.append(f"group has {len(history.group)} entries for {n} series")
    per_line = {
        "holding": faults.line("holding", terms.holding, 0.0, np.inf, "0 or more"),
        "order_cost": faults.line("order_cost", terms.order_cost, 0.0, np.inf, "0 or more"),
        "unit_cost": faults.line("unit_cost", terms.unit_cost, 0.0, np.inf, "0 or more"),
        "moq": faults.line("moq", terms.moq, 0.0, np.inf, "0 or more"),
        "multiple": faults.line("multiple", terms.multiple, 1.0, np.inf, "1 or more"),
        "shortage": faults.line(
            "shortage", 0.0 if terms.shortage is None else terms.shortage, 0.0, np.inf, "0 or more"
        ),
    }
    for name in ("short_chance", "short_share"):
        per_line[name] = faults.line(name, getattr(terms, name), 0.0, 1.0, "from 0 to 1")
    per_line["returned_share"] = faults.line(
        "returned_share", terms.returned_share, 0.0, 0.99, "from 0 to 0.99"
    )
    if terms.return_periods < 1:
        faults.found.append(f"return_periods is {terms.return_periods}; it must be 1 or more")
    for name in ("fill_target", "cycle_target"):
        value = getattr(terms, name)
        if value is not None:
            per_line["target"] = faults.line(name, value, 0.0, 0.9999, "from 0 to 0.9999")
    for name in ("moq", "multiple"):
        if (per_line[name] != np.round(per_line[name])).any():
            faults.found.append(f"{name} must be whole units")
    batches = faults.matrix("batches", stock.batches, None)
    if (batches.sum(axis=1) > np.maximum(on_hand, 0.0) + 1e-6).any():
        at = int(np.argmax(batches.sum(axis=1) > np.maximum(on_hand, 0.0) + 1e-6))
        faults.found.append(
            f"batches of series {names[at]!r} add up to {batches[at].sum():g}, on_hand is {on_hand[at]:g}"
        )
    due = faults.matrix("due", stock.due, None)
    if faults.found:
        raise EngineError("; ".join(faults.found))
    return Checked(
        names=names,
        quantity=units,
        in_stock=in_stock,
        seen=seen,
        on_hand=on_hand,
        batches=batches,
        due=due,
        ordered=ordered,
        received=received,
        per_line=per_line,
    )
