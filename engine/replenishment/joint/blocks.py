"""Suppliers that share cash or room: each solved alone at prices of what they share, then put together.

At given prices of cash and room each supplier is a small problem of its own, solved exactly. Its plan becomes
a column of a master program that mixes the plans of each supplier within the limits and sends back better
prices (Dantzig & Wolfe 1960, Operations Research 8:101–111; smoothed as in Wentges 1997, ITOR 4:151–162). At
any prices the suppliers' optima bound every plan there is (Geoffrion 1974). At last one plan of each supplier
is picked, and single lines are moved until what is shared holds and nothing is left to gain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from engine.replenishment.joint.branch import MOST_BRANCHED
from engine.replenishment.joint.curves import Curves, FloatArray, IntArray
from engine.replenishment.joint.fitting import fitted, picked_plans
from engine.replenishment.joint.groups import groups_of, solve_group, term_price, total_use
from engine.replenishment.joint.program import choice_program
from engine.replenishment.joint.relaxation import relax
from engine.replenishment.joint.supplier import Supplier, supplier_of
from engine.replenishment.joint.terms import Term, rows_of

ROUNDS = 40
"""Times that suppliers answer to prices."""
_CLOSE = 2e-7
"""Share of the bound within which the prices are not bettered."""
_ACCEPT = 1e-8
"""Share of the bound that one supplier's answer may miss."""
_KEPT = 0.3
"""Share of the best prices so far in the next ones; more where the last ones were no better."""
_DEARER = (1.05, 1.3, 3.0)
"""Prices of what the picked plans overstep, as a multiple, that are tried."""
_ASIDE = (0.97, 1.03, 0.9, 1.1)
"""Multiples of the best prices at which suppliers are asked too: for more plans to pick from."""


def solve_in_blocks(
    curves: Curves, terms: list[Term], lines: IntArray, seconds: float, relative_gap: float
) -> tuple[IntArray, FloatArray, float]:
    """Candidate of each line of a group, price of each of its terms, and the gap that is left.

    A group that does not fall into blocks without its plain limits (cash, room), or that has few trucks and
    minimums, is solved as it is.
    """
    shared = [at for at, term in enumerate(terms) if not term.program(0.0).gain]
    inner = [at for at in range(len(terms)) if at not in set(shared)]
    blocks = groups_of(curves, [terms[at] for at in inner])
    n_whole = sum(sum(terms[at].program(0.0).is_integer) for at in inner)
    suppliers = [supplier_of(curves, [terms[inner[m]] for m in members], block) for block, members in blocks]
    if not shared or len(blocks) < 2 or n_whole <= MOST_BRANCHED or None in suppliers:
        return solve_group(curves, terms, lines, seconds, relative_gap)
    served = np.concatenate([block for block, _ in blocks])
    rest = np.setdiff1d(lines, served)
    parts = [
        _Part(supplier, [inner[m] for m in members])
        for supplier, (_, members) in zip(suppliers, blocks, strict=True)
        if supplier is not None
    ]
    if len(rest) and (alone := supplier_of(curves, [], rest)) is not None:
        parts.append(_Part(alone, []))

    use = _shared_use(curves, [terms[at] for at in shared])
    limit = np.array([terms[at].program(0.0).rows[0][2] for at in shared])
    price, bound, master = _prices(curves, use, limit, parts)
    choice, money = _rounded(curves, terms, use, limit, price, parts, master)
    gap = bound - money
    charge = np.zeros(len(terms))
    charge[shared] = price
    priced = _priced(curves, use, price)
    for part in parts:
        program = choice_program(priced, own := [terms[at] for at in part.terms], part.supplier.lines)
        root = relax(program) if own else None
        if root is not None:
            charge[part.terms] = [term_price(program, root.price, at) for at in range(len(own))]
    return choice[lines], charge, gap if gap > 1e-9 * max(1.0, abs(money)) else 0.0


@dataclass
class _Part:
    """A supplier and the numbers of its own terms."""

    supplier: Supplier
    terms: list[int]


@dataclass
class _Master:
    """Plans met, and how much of each the last mixture takes."""

    part: list[int]
    money: list[float]
    use: list[FloatArray]
    choice: list[IntArray]
    case: list[int]
    share: FloatArray

    def add(self, at: int, money: float, use: FloatArray, supplier: Supplier) -> None:
        """Take in the plan that a supplier ended with."""
        self.part.append(at)
        self.money.append(money)
        self.use.append(use)
        self.choice.append(supplier.choice.copy())
        self.case.append(supplier.case)

    def solve(self, limit: FloatArray, n_parts: int) -> tuple[FloatArray, float]:
        """Prices of what is shared, and the money of the best mixture."""
        n = len(self.part)
        one_each = csr_array((np.ones(n), (self.part, np.arange(n))), shape=(n_parts, n))
        relaxed = linprog(  # type: ignore[call-overload]  # its stubs know no sparse matrices
            -np.array(self.money),
            A_ub=np.stack(self.use, axis=1),
            b_ub=limit,
            A_eq=one_each,
            b_eq=np.ones(n_parts),
            bounds=(0, 1),
        )
        self.share = relaxed.x
        return np.maximum(-relaxed.ineqlin.marginals, 0.0), -float(relaxed.fun)


def _shared_use(curves: Curves, shared: list[Term]) -> FloatArray:
    """Use of each shared term by each candidate, shape (shared, n, K)."""
    use = np.zeros((len(shared), *curves.quantity.shape))
    for at, term in enumerate(shared):
        use[at, rows_of(term.lines)] = term.use(curves)
    return use


def _priced(curves: Curves, use: FloatArray, price: FloatArray) -> Curves:
    money = curves.money.copy()
    for at in np.flatnonzero(price):
        money -= price[at] * use[at]
    return Curves(curves.quantity, money, curves.cash, curves.saving)


def _prices(
    curves: Curves, use: FloatArray, limit: FloatArray, parts: list[_Part]
) -> tuple[FloatArray, float, _Master]:
    """The best prices of what is shared, the bound there, and the plans met on the way."""
    master = _Master([], [], [], [], [], np.zeros(0))
    for at, part in enumerate(parts):
        lines = part.supplier.lines
        master.add(at, float(curves.money[lines, 0].sum()), use[:, lines, 0].sum(axis=1), part.supplier)
    price = best = np.zeros(len(limit))
    bound = np.inf
    accept = _ACCEPT * max(1.0, float(curves.money.max(axis=1).sum()))
    for _ in range(ROUNDS):
        value = _priced(curves, use, price).money
        here = float(price @ limit)
        for at, part in enumerate(parts):
            supplier = part.supplier
            earned, most = supplier.best(value[supplier.lines], accept=accept / len(parts))
            used = use[:, supplier.lines, supplier.choice].sum(axis=1)
            master.add(at, earned + float(price @ used), used, supplier)
            here += most
        kept = _KEPT if here < bound else (1.0 + _KEPT) / 2.0
        if here < bound:
            bound, best = here, price
        asked, mixed = master.solve(limit, len(parts))
        if bound - mixed <= _CLOSE * max(1.0, abs(bound)):
            break
        price = kept * best + (1.0 - kept) * asked
    share = master.share
    for multiple in _ASIDE:
        value = _priced(curves, use, multiple * best).money
        for at, part in enumerate(parts):
            supplier = part.supplier
            earned, _ = supplier.best(value[supplier.lines], accept=accept / len(parts))
            used = use[:, supplier.lines, supplier.choice].sum(axis=1)
            master.add(at, earned + multiple * float(best @ used), used, supplier)
    master.share = np.append(share, np.zeros(len(master.part) - len(share)))
    return best, bound, master


def _rounded(
    curves: Curves,
    terms: Sequence[Term],
    use: FloatArray,
    limit: FloatArray,
    price: FloatArray,
    parts: list[_Part],
    master: _Master,
) -> tuple[IntArray, float]:
    """The best choice found from several ways to pick one plan a supplier, and its money."""
    best = np.zeros(curves.size, np.int64)
    most = _money(curves, terms, parts, best)
    tried: set[tuple[int, ...]] = set()
    for dearer in _DEARER:
        picked = _pick(master, limit, price, len(parts), dearer)
        if (key := tuple(picked)) in tried:
            continue
        tried.add(key)
        choice = _fit(curves, use, limit, price, parts, master, picked)
        if choice is None or any(term.broken_by(total_use(curves, term, choice)) for term in terms):
            continue
        if (money := _money(curves, terms, parts, choice)) > most:
            best, most = choice, money
    return best, most


def _pick(master: _Master, limit: FloatArray, price: FloatArray, n_parts: int, dearer: float) -> list[int]:
    """One plan a supplier: those of the greatest share in the mixture, bettered by exchanging one or two."""
    part, used = np.array(master.part), np.array(master.use)
    earned = np.array(master.money) - used @ price
    most = np.full(n_parts, -np.inf)
    np.maximum.at(most, part, earned)
    start = [int(np.flatnonzero(part == at)[master.share[part == at].argmax()]) for at in range(n_parts)]
    picked: list[int] = picked_plans(
        part, most[part] - earned, used, limit, price, np.array(start), dearer
    ).tolist()
    return picked


def _fit(
    curves: Curves,
    use: FloatArray,
    limit: FloatArray,
    price: FloatArray,
    parts: list[_Part],
    master: _Master,
    picked: list[int],
) -> IntArray | None:
    """Move lines until what is shared holds, with each supplier's case as in its plan; None if none does."""
    n, width = curves.quantity.shape
    rows: list[tuple[IntArray, FloatArray, float, float]] = []
    money = np.where(curves.valid, curves.money, -np.inf)
    start = np.zeros(n, np.int64)
    is_in = np.zeros(n, bool)
    for at in range(len(limit)):
        lines = np.flatnonzero(use[at].any(axis=1))
        rows.append((lines, use[at, lines], float(limit[at]), float(price[at])))
    for part, plan in zip(parts, picked, strict=True):
        supplier, case = part.supplier, master.case[plan]
        start[supplier.lines] = master.choice[plan]
        is_in[supplier.lines] = True
        for term in range(supplier.use.shape[0]):
            own = supplier.use[term]
            money[supplier.lines] += supplier.slope[case, term] * own
            if supplier.closed[case, term]:
                money[supplier.lines] = np.where(own != 0, -np.inf, money[supplier.lines])
            for side, sign in ((0, 1.0), (1, -1.0)):
                if np.isfinite(supplier.limit[case, 2 * term + side]):
                    most = float(supplier.limit[case, 2 * term + side])
                    charged = max(sign * float(supplier.price[case, term]), 0.0)
                    rows.append((supplier.lines, sign * own, most, charged))
    money[~is_in, 1:] = -np.inf
    entries = np.zeros(n, np.int64)
    for lines, _, _, _ in rows:
        entries[lines] += 1
    row = np.full((n, int(entries.max(initial=1))), -1)
    used = np.zeros((*row.shape, width))
    filled = np.zeros(n, np.int64)
    value = money.copy()
    for number, (lines, own, _, charged) in enumerate(rows):
        row[lines, filled[lines]] = number
        used[lines, filled[lines]] = own
        filled[lines] += 1
        value[lines] -= charged * own
    loss = value.max(axis=1, keepdims=True) - value
    limits = np.array([each[2] for each in rows])
    choice, holds = fitted(money, loss, row, used, limits, np.array([each[3] for each in rows]), start)
    return choice if holds else None


def _money(curves: Curves, terms: Sequence[Term], parts: list[_Part], choice: IntArray) -> float:
    lines = np.concatenate([part.supplier.lines for part in parts])
    own = sum(term.money(total_use(curves, term, choice)) for term in terms)
    return float(curves.money[lines, choice[lines]].sum()) + own
