"""InventoryBench: single items with five observations, lead time 0, 4 or uncertain with lost orders.

Each period: order, arrivals, demand, reward. Sales beyond stock are lost, stock starts empty. Score of an
instance: max(0, Σ(p·sold − h·end stock) / (p·Σ demand)); the bench's score is their mean. Protocol "paper":
nobody says that an order is lost, the policy only sees what it received. All instances take the same call and
settings; where the lead time is uncertain, 1, 2, 3 and never are thought equally likely. Instances are asked
about together, period by period, but each is forecast from its own history alone.

Peers: the published rule (capped base stock), the same with exponentially weighted demand, and the
clairvoyant who knows demand and lead times. No setting was searched for on these instances; alternatives of
structure were compared on them. The halves (every other instance) say how much of a score is chance.
"""

from __future__ import annotations

import csv
import math
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from bench.report import Report, cpu_seconds
from engine.replenishment.decide import DemandHistory, LeadTimes, Stock, Terms, decide_orders

Floats = npt.NDArray[np.float64]

CELLS = tuple(
    f"{kind}_trajectory/lead_time_{lead}"
    for kind in ("real", "synthetic")
    for lead in ("0", "4", "stochastic")
)
BAR, GOAL = 0.605, 0.63
SEED = 7
QUICK_EVERY = 4
UNCERTAIN = LeadTimes((0.0, 0.25, 0.25, 0.25))
PROMISED = 2
"""What a supplier with uncertain lead times promises [periods]."""


@dataclass(frozen=True)
class Instance:
    """One item: what is known at first, then demand and lead times (inf: lost) of every period."""

    cell: str
    name: str
    train: Floats
    demand: Floats
    leads: Floats
    profit: float
    holding: float

    @property
    def fixed(self) -> int | None:
        """Lead time, if it is certain."""
        last = self.cell.rsplit("_", 1)[1]
        return int(last) if last.isdigit() else None


def load(folder: str | None) -> list[Instance]:
    """Read every instance."""
    if folder is None:
        raise SystemExit(
            "inventorybench needs the real data: --data DIR or SHELFCAST_DATA, with inventorybench_dev/"
        )
    root = Path(folder) / "inventorybench_dev"
    found = []
    for cell in CELLS:
        for path in sorted((root / cell).rglob("test.csv")):
            with path.open(encoding="utf-8-sig") as file:
                head, *rows = [row for row in csv.reader(file) if row]
            with path.with_name("train.csv").open(encoding="utf-8-sig") as file:
                train = [float(row[1]) for row in list(csv.reader(file))[1:] if row]
            at = {name.split("_")[0]: column for column, name in enumerate(head)}
            found.append(
                Instance(
                    cell=cell,
                    name=str(path.parent.relative_to(root)),
                    train=np.array(train),
                    demand=np.array([float(row[at["demand"]]) for row in rows]),
                    leads=np.array([float(row[at["lead"]]) for row in rows]),
                    profit=float(rows[0][at["profit"]]),
                    holding=float(rows[0][at["holding"]]),
                )
            )
    return found


@dataclass
class Books:
    """What a planner has seen of m instances so far; matrices [m, periods], latest last."""

    instances: list[Instance]
    history: Floats
    on_hand: Floats
    ordered: Floats
    received: Floats


Policy = Callable[[Books], Floats]


def play(policy: Policy, instances: list[Instance]) -> Floats:
    """Score of every instance of one cell, all of the same length."""
    periods, m = len(instances[0].demand), len(instances)
    demand, leads = (np.stack([getattr(one, what) for one in instances]) for what in ("demand", "leads"))
    profit, holding = (np.array([getattr(one, what) for one in instances]) for what in ("profit", "holding"))
    stock, reward = np.zeros(m), np.zeros(m)
    ordered, received = np.zeros((m, periods)), np.zeros((m, periods))
    history = np.concatenate([np.stack([one.train for one in instances]), demand], axis=1)
    for t in range(periods):
        books = Books(
            instances,
            history[:, : history.shape[1] - periods + t],
            stock.copy(),
            ordered[:, :t],
            received[:, :t],
        )
        ordered[:, t] = np.maximum(policy(books), 0).astype(np.int64)
        for placed in range(t + 1):
            received[:, t] += np.where(leads[:, placed] == t - placed, ordered[:, placed], 0.0)
        stock += received[:, t]
        sold = np.minimum(stock, demand[:, t])
        stock -= sold
        reward += profit * sold - holding * stock
    score: Floats = np.maximum(reward / (profit * demand.sum(axis=1)), 0.0)
    return score


def shelfcast(books: Books) -> Floats:
    """Ask the one public call, default settings."""
    items, lead = books.instances, books.instances[0].fixed
    m, t = books.ordered.shape
    if lead is None:
        lead_times = UNCERTAIN
        stock = Stock(books.on_hand, ordered=books.ordered, received=books.received)
    else:
        lead_times = LeadTimes.fixed(lead)
        due = np.zeros((m, lead))
        known = min(lead, t)
        due[:, lead - known :] = books.ordered[:, t - known :]
        stock = Stock(books.on_hand, due=due)
    orders = decide_orders(
        DemandHistory([one.name for one in items], "period", books.history),
        stock,
        Terms(
            lead_times,
            holding=np.array([one.holding for one in items]),
            shortage=np.array([one.profit for one in items]),
        ),
        seed=SEED,
    )
    return orders.quantity.astype(float)


def capped_base_stock(alpha: float | None) -> Policy:
    """Order up to mean·(L + 1) + z·σ·√(L + 1), at most mean + 1.645·σ; alpha weighs demand by its age."""

    def policy(books: Books) -> Floats:
        lead = books.instances[0].fixed
        exposure = 1 + (PROMISED if lead is None else lead)
        count = books.history.shape[1]
        weight = np.ones(count) if alpha is None else (1 - alpha) ** np.arange(count)[::-1]
        weight = weight / weight.sum()
        mean = books.history @ weight
        sd = np.sqrt(((books.history - mean[:, None]) ** 2) @ weight * count / (count - 1))
        ratio = np.array([one.profit / (one.profit + one.holding) for one in books.instances])
        # what was lost stays in transit for the policy
        transit = books.ordered.sum(axis=1) - books.received.sum(axis=1)
        level = exposure * mean + norm.ppf(ratio) * math.sqrt(exposure) * sd
        wanted = np.maximum(np.ceil(level - books.on_hand - transit), 0)
        return np.minimum(wanted, np.ceil(mean + norm.ppf(0.95) * sd))

    return policy


def clairvoyant(one: Instance) -> float:
    """The best feasible score with demand and lead times known: every unit arrives as late as it can."""
    arrivals = sorted({t + int(lead) for t, lead in enumerate(one.leads) if math.isfinite(lead)})
    value = 0.0
    for t, units in enumerate(one.demand):
        before = [arrival for arrival in arrivals if arrival <= t]
        if before:
            value += units * max(0.0, one.profit - one.holding * (t - before[-1]))
    return value / (one.profit * float(one.demand.sum()))


def scores(policy: Policy, instances: list[Instance]) -> Floats:
    """Score of every instance, in their order."""
    result = np.zeros(len(instances))
    groups: dict[tuple[str, int, int], list[int]] = {}
    for i, one in enumerate(instances):
        groups.setdefault((one.cell, len(one.train), len(one.demand)), []).append(i)
    for rows in groups.values():
        result[rows] = play(policy, [instances[i] for i in rows])
    return result


def run(report: Report, options: Namespace) -> None:
    """Run the part."""
    instances = load(options.data)
    half = np.arange(len(instances)) % 2
    if options.quick:
        instances, half = instances[::QUICK_EVERY], half[::QUICK_EVERY]
    cell = np.array([one.cell for one in instances])
    sizes = {"instances": len(instances), "protocol": "paper"}
    for name, alpha in (("capped_base_stock", None), ("capped_base_stock_ewma_0.3", 0.3)):
        peer = scores(capped_base_stock(alpha), instances)
        report.figure(f"peer.inventorybench.score.{name}", float(peer.mean()), "share", **sizes)
    bound = float(np.mean([clairvoyant(one) for one in instances]))
    report.figure("peer.inventorybench.score.clairvoyant", bound, "share", **sizes)
    before = cpu_seconds()
    ours = scores(shelfcast, instances)
    sizes["cpu_seconds"] = round(cpu_seconds() - before, 1)
    by_cell = {name: round(float(ours[cell == name].mean()), 4) for name in CELLS}
    report.figure(
        "inventorybench.score",
        float(ours.mean()),
        "share",
        bar=BAR,
        better="higher",
        goal=GOAL,
        **by_cell,
        **sizes,
    )
    if not options.quick:
        for number, which in enumerate(("even_half", "odd_half")):
            report.figure(
                f"inventorybench.score.{which}", float(ours[half == number].mean()), "share", **sizes
            )
