"""What to do about stock that will be written off: the acts compared in money on the same paths.

Nothing; stop or cut the proposed order; mark the stock down; transfer it. Each act is played alone. What an
act brings is its money less that of doing nothing (with the order as proposed), path by path.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from engine.replenishment.line import Line
from engine.replenishment.lines import NEVER, FloatArray
from engine.replenishment.markdown import MONEY, SHORT, WASTE, Response, best_markdown, play_without
from engine.replenishment.write_offs import ON_ORDER, STOCK, WriteOffs

ACTS = ("nothing", "stop_order", "cut_order", "markdown", "transfer")
"""Every act, in the order in which equal ones are preferred."""

CANDIDATES = 6
"""Orders compared at once between none and the proposed one; then those around the best, ever closer."""

AT_RISK_SHARE = 0.1
"""A markdown is for stock, or open orders, with at least this share of the line's expected write-off each."""


@dataclass(frozen=True)
class Act:
    """One act on one line, and what it brings against doing nothing."""

    act: str
    """Of `ACTS`."""
    quantity: float = math.nan
    """Of stop and cut: the order that remains. Of a markdown: expected units sold at the lower price. Of a
    transfer: units moved [each]. NaN if it is not offered."""
    money: float = math.nan
    """Expected money gained against doing nothing; NaN: not offered."""
    write_off: float = math.nan
    """Expected units written off with it [each]; what has expired already is left out."""
    short: float = math.nan
    """Expected units short until the next arrival [each]."""
    confidence: float = math.nan
    """Share of paths on which it brings more than doing nothing."""
    depth: float = math.nan
    """Share off the price."""
    start: int = -1
    until: int = -1
    """First and last period of a markdown."""
    reason: str = ""
    """Why it is not offered; "" if it is."""

    @property
    def offered(self) -> bool:
        """Whether the act can be taken."""
        return not math.isnan(self.money)


@dataclass(frozen=True)
class Moves:
    """Transfers found for a line: stock that leaves it, and what that brings elsewhere."""

    units: float
    """Units that leave [each]."""
    last_period: int
    """Last period in which they could have been sold here."""
    money: float
    """What they earn where they go beyond their cost, less freight and handling [money]."""


@dataclass(frozen=True)
class Choice:
    """What can be done about one line besides its order."""

    price: float
    """Regular price [money/each]."""
    response: Response | None = None
    """How demand answers a lower price; None: a markdown is not offered."""
    no_markdown: str = "nothing tells how demand answers a lower price"
    """Why it is not."""
    promoted_from: int = NEVER
    """First period with a promotion planned already: a markdown that reaches it is not offered."""
    moves: tuple[Moves, ...] = ()
    """Transfers found."""
    no_transfer: str = "no transfer was looked for"
    """Why there are none."""


def compare_acts(line: Line, quantity: float, found: WriteOffs, choice: Choice) -> list[Act]:
    """Return every act on a line, the best first, those not offered last.

    Parameters
    ----------
    line : Line
        With its paths drawn.
    quantity : float
        Order proposed [each].
    found : WriteOffs
        Of this line (`line_write_offs`).
    choice : Choice

    Returns
    -------
    list of Act
        "nothing" is always offered; its confidence is the share of paths on which no other act brings more.
    """
    before = _with_order_cost(line, play_without(line, choice.price, quantity), quantity, quantity)
    acts: list[Act] = []
    gains: list[FloatArray] = []

    def offer(act: str, played: FloatArray, units: float, extra: float = 0.0, **more: float) -> None:
        gain = played[:, MONEY] - before[:, MONEY] + extra
        gains.append(gain)
        acts.append(
            Act(
                act=act,
                quantity=units,
                money=float(gain.mean()),
                write_off=float(played[:, WASTE].mean()),
                short=float(played[:, SHORT].mean()),
                confidence=float((gain > 0.0).mean()),
                **more,  # type: ignore[arg-type]
            )
        )

    refused = []
    if quantity > 0.0:
        order, played = _best_order(line, quantity, choice.price)
        offer("stop_order" if order == 0.0 else "cut_order", played, order)
    else:
        refused.append(Act("stop_order", reason="nothing is ordered now"))
    spans = _at_risk(found, line.life)
    if choice.response is None:
        refused.append(Act("markdown", reason=choice.no_markdown))
    elif not spans:
        refused.append(Act("markdown", reason="only the order is at risk, not what is here or on its way"))
    elif choice.promoted_from <= max(until for _, until in spans):
        refused.append(Act("markdown", reason="a promotion of it is planned already"))
    else:
        best = best_markdown(line, choice.price, quantity, spans, choice.response)
        played = _with_order_cost(line, best.outcome, quantity, quantity)
        offer(
            "markdown",
            played,
            float(played[:, 2].mean()),
            depth=best.depth,
            start=best.start,
            until=best.until,
        )
    if choice.moves:
        played = _with_order_cost(line, _without_moved(line, choice, quantity), quantity, quantity)
        # stock that leaves keeps its cost where it goes, so only what it earns there is added
        earned = sum(move.money for move in choice.moves)
        offer("transfer", played, sum(move.units for move in choice.moves), extra=earned)
    else:
        refused.append(Act("transfer", reason=choice.no_transfer))
    others = np.max(gains, axis=0) if gains else np.zeros(len(line.paths))
    nothing = Act(
        "nothing",
        quantity=quantity,
        money=0.0,
        write_off=float(before[:, WASTE].mean()),
        short=float(before[:, SHORT].mean()),
        confidence=float((others <= 0.0).mean()),
    )
    ranked = sorted([nothing, *acts], key=lambda act: (-act.money, ACTS.index(act.act)))
    return ranked + refused


def _best_order(line: Line, quantity: float, price: float) -> tuple[float, FloatArray]:
    """Return the order below `quantity` that brings most, and its outcome; of equal ones the largest.

    Every allowed order is compared where there are few; else every n-th, then those around the best, halving
    n until neighbours are compared.
    """
    lot = max(line.value("order_multiple"), 1.0)
    least = max(math.ceil(line.value("moq") / lot - 1e-9), 1)
    most = math.ceil(quantity / lot - 1e-9) - 1  # lots below the proposal
    tried: dict[int, FloatArray] = {}

    def money(lots: int) -> float:
        if lots not in tried:
            order = lots * lot
            tried[lots] = _with_order_cost(line, play_without(line, price, order), order, quantity)
        return float(tried[lots][:, MONEY].mean())

    def best_of(lots: set[int]) -> int:
        return max(sorted(lots, reverse=True), key=money)

    step = max((most - least) // CANDIDATES, 1)
    best = best_of({0, *range(least, most + 1, step), *([most] if most >= least else [])})
    while step > 1 and best > 0:
        step = (step + 1) // 2
        around = {best - step, best, best + step}
        best = best_of({lots for lots in around if least <= lots <= most})
    return best * lot, tried[best]


def _with_order_cost(line: Line, played: FloatArray, order: float, proposed: float) -> FloatArray:
    """Take the fixed cost of an order off its money, shared out over the demand that the proposal serves.

    Not ordering now only postpones the rest of a lot that outlasts the window, as in `outcome.gains`.
    """
    cost = line.value("order_cost")
    if order <= 0.0 or cost <= 0.0:
        return played
    window = np.arange(line.paths.shape[1])
    inside = (window >= line.arrival[:, None]) & (window < line.next_arrival[:, None])
    demand = float(np.where(inside, line.paths, 0.0).sum()) / len(line.paths)
    played = played.copy()
    played[:, MONEY] -= cost * min(1.0, demand / proposed)
    return played


def _without_moved(line: Line, choice: Choice, quantity: float) -> FloatArray:
    """Play the line without the stock that transfers take."""
    stock = line.stock.copy()
    for move in choice.moves:
        last = min(max(move.last_period, 0), len(stock) - 1)
        stock[last] = max(stock[last] - move.units, 0.0)
    return play_without(replace(line, stock=stock), choice.price, quantity)


def _at_risk(found: WriteOffs, life: int) -> list[tuple[int, int]]:
    """Return first and last period of the markdowns to think of: of what is here, and of what is to come."""
    alive = (found.period >= 0) & (found.units_with_order > 0.0)
    total = float(found.units_with_order[alive].sum())
    much = alive & (found.units_with_order >= AT_RISK_SHARE * total)
    spans = []
    for source in (STOCK, ON_ORDER):
        last = found.period[much & (found.source == source)]
        if len(last):
            start = 0 if source == STOCK else max(int(last.min()) - life + 1, 0)
            spans.append((start, int(last.max())))
    return spans
