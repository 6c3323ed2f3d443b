"""One simulated year of a demo company, played forward with the plan's own policy.

Each year is another company: the demo lake of another seed, its last year played day by day against its true
demand, which the policy never sees. The first days, in which the company's own stock wears off, do not count.
Every other line of the sample is freed of what bounds an order (packs, minimums, cover, presentation, shelf),
so that both kinds of line are there in every class: freed ones show whether the target is met, the others
what their bounds do to it.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.decisions.service_plans import PlansMade
from data_lake.demo import build
from data_lake.demo.generate import END
from data_lake.lake import Lake
from engine.replay.play import Played, play
from engine.replenishment.lines import LineInputs
from jobs.replay import our_policy
from jobs.replay_setup import Setup, prepare

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

COUNTED, SETTLING = 364, 28
"""Days that count, and those before them that do not."""
HISTORY = 730
"""Days of sales before the first day played."""

BOUNDING = ("moq", "order_multiple", "min_cover", "max_cover", "presentation_stock", "shelf_maximum")
"""Terms that a freed line does not have."""

BETWEEN_SALES = 1.32
"""Days between days with demand from which a line is intermittent (Syntetos, Boylan and Croston 2005)."""


@dataclass(frozen=True)
class Year:
    """What was served of n lines over the days that count, [n, T], and what is known of each line, [n]."""

    demand: Floats
    short: Floats
    promoted: Mask
    code: npt.NDArray[np.int64]
    """Class, an index into `engine.replay.classes.CLASSES`, by the year before."""
    perishable: Mask
    intermittent: Mask
    freed: Mask
    kind: npt.NDArray[np.str_]
    target: Floats
    plans: PlansMade


def play_year(seed: int, lines: int, *, days: int = COUNTED, model: str | None = None, **size: Any) -> Year:
    """Invent company `seed`, play `lines` of its store lines over its last year.

    Parameters
    ----------
    seed, size : of the demo lake
    lines : in the sample, every class with its share
    days : that count, the last ones
    model : one forecasting model for all lines instead of the tournament
    """
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder)
        build(lake, seed=seed, days=HISTORY + SETTLING + days, faults=False, **size)
        setup = prepare(
            lake,
            start=END - timedelta(days=SETTLING + days - 1),
            end=END,
            tuned_on=None,
            target="policy",
            truth=True,
            sample=lines,
            seed=seed,
        )
    return _played(setup, seed, model)


def _played(setup: Setup, seed: int, model: str | None) -> Year:
    n = len(setup.lines)
    freed = np.random.default_rng([seed, 2]).permutation(n) % 2 == 0
    terms = _freed(setup.terms, freed)
    plans = PlansMade(n, SETTLING, setup.game.periods)
    policy = our_policy(replace(setup, terms=terms), seed=seed, model=model)
    policy.seen = plans.add
    played = play(setup.game, policy)
    return _year(setup, terms, played, freed, plans)


def _freed(terms: LineInputs, freed: Mask) -> LineInputs:
    """Return the terms, without what bounds an order on the lines `freed`."""
    without: dict[str, Any] = {name: np.where(freed, np.nan, getattr(terms, name)) for name in BOUNDING}
    return replace(terms, **without)


def _year(setup: Setup, terms: LineInputs, played: Played, freed: Mask, plans: PlansMade) -> Year:
    before = slice(setup.span.tuned_from, setup.span.tuned_to)
    sold = np.nan_to_num(setup.sales.quantity[setup.rows, before]) > 0.0
    days = np.maximum(sold.any(axis=1) * (sold.shape[1] - sold.argmax(axis=1)), 1)
    after = setup.span.first + SETTLING
    return Year(
        demand=setup.game.demand[:, SETTLING:],
        short=played.short[:, SETTLING:],
        promoted=np.nan_to_num(setup.sales.promo[setup.rows, after : setup.span.last]) > 0.0,
        code=setup.code,
        perishable=setup.perishable,
        intermittent=days >= BETWEEN_SALES * np.maximum(sold.sum(axis=1), 1),
        freed=freed,
        kind=terms.target_kind,
        target=terms.service_target,
        plans=plans,
    )
