"""Replay: what a past span would have cost under Shelfcast's policy, and under another, on the same days.

Rolling and leak-free: on every order day each policy knows stock, what is on its way and what sold before,
never what came later (docs/methods/replay.md). The result is stored in the lake, named by what went into it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.replay.as_ordered import AsOrdered
from engine.replay.classes import CLASSES
from engine.replay.min_max import Cover, CoverMinMax, Lots, Tuned, tune
from engine.replay.planned import N_PATHS, PlanPolicy, next_chances
from engine.replay.play import Played, play
from jobs.code_version import code_version
from jobs.replay_forecast import LakeForecaster
from jobs.replay_setup import Setup, prepare
from jobs.replay_span import tuning_start
from jobs.replay_tables import replay_tables

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from data_lake.progress import Progress

Against = Literal["min_max", "orders"]
Target = Literal["cost", "policy"]

REFIT = {"D": 28, "W": 4, "M": 1}
"""Periods between forecasts; between them the level is learnt from what sells."""


@dataclass(frozen=True)
class Replay:
    """What a replay found: contracts `replays` (one row), `replay_lines`, `replay_weeks`."""

    replay_id: str
    total: pd.Series
    lines: pd.DataFrame
    weeks: pd.DataFrame


def replay(
    lake: Lake,
    *,
    start: dt.date | None = None,
    end: dt.date | None = None,
    against: Against = "min_max",
    target: Target = "cost",
    sample: int | None = None,
    tuned_on: tuple[dt.date, dt.date] | None = None,
    truth: bool = False,
    seed: int = 7,
    model: str | None = None,
    progress: Progress | None = None,
) -> Replay:
    """Play a past span with Shelfcast's policy and another, store what each cost and return it.

    Parameters
    ----------
    lake : Lake
    start, end : first and last day played; default: the last year of sales
    against : min_max: minimum and maximum days of cover, tuned by ABC and XYZ class; orders: what was
        really ordered
    target : cost: Shelfcast orders what costs least; policy: what the lake's policies ask for
    sample : play so many lines, every class with its share; None: all
    tuned_on : first and last day that min/max are tuned on; default: the year before `start`
    truth : play the true demand of a demo lake instead of demand reconstructed from sales
    seed : of lead times, sample, demand paths and the interval
    model : one forecasting model for every line (faster) instead of the tournament
    progress : callable, optional

    Raises
    ------
    JobError
        History is too short or the orders are missing; says what is needed.
    """
    tell = progress or (lambda _text, _share: None)
    tell("Reading the lake", 0.0)
    setup = prepare(
        lake,
        start=start,
        end=end,
        tuned_on=tuned_on,
        target=target,
        truth=truth,
        sample=sample,
        seed=seed,
        with_orders=against == "orders",
    )
    parameters = {
        "from": setup.span.from_date.isoformat(),
        "to": setup.span.to_date.isoformat(),
        "against": against,
        "target": target,
        "lines": len(setup.lines),
        "tuned_on": [setup.span.tuned_from, setup.span.tuned_to],
        "truth": truth,
        "seed": seed,
        "model": model,
    }
    replay_id = _replay_id(setup, parameters)
    found = stored(lake, replay_id)
    if found is not None:
        tell(f"Nothing changed since replay {replay_id}", 1.0)
        return found

    if against == "orders":
        theirs, said = _as_ordered(setup), "What was really ordered, on the days on which it was"
    else:
        tell("Tuning min/max by class", 0.05)
        theirs, said = _min_max(setup)
    tell(f"Playing {len(setup.lines):,} lines with Shelfcast's policy", 0.15)
    ours = play(
        setup.game,
        our_policy(setup, seed=seed, model=model),
        lambda share: tell(f"Playing {len(setup.lines):,} lines with Shelfcast's policy", 0.15 + 0.8 * share),
    )
    tell("Writing the replay", 0.97)
    about = {
        "replay_id": replay_id,
        "from_date": pd.Timestamp(setup.span.from_date),
        "to_date": pd.Timestamp(setup.span.to_date),
        "against": against,
        "target": target,
        "demand": "truth" if truth else "reconstructed",
        "seed": seed,
        "lines": len(setup.lines),
        "lines_of": setup.lines_of,
        "assumed_stock": setup.assumed_stock,
        "code_version": code_version(),
        "said": said,
    }
    tables = replay_tables(setup, about, ours, theirs)
    for name in ("replay_lines", "replay_weeks", "replays"):
        lake.upsert(name, tables[name], note=f"replay {replay_id}")
    tell(f"Replay {replay_id} is ready", 1.0)
    return Replay(replay_id, tables["replays"].iloc[0], tables["replay_lines"], tables["replay_weeks"])


def stored(lake: Lake, replay_id: str) -> Replay | None:
    """Return a replay of the lake; None if it was never made."""
    where = {"replay_id": [replay_id]}
    total = lake.read("replays", where=where)
    if total.empty:
        return None
    lines = lake.read("replay_lines", where=where).sort_values(["sku", "location"], ignore_index=True)
    weeks = lake.read("replay_weeks", where=where).sort_values("date", ignore_index=True)
    return Replay(replay_id, total.iloc[0], lines, weeks)


def our_policy(setup: Setup, *, seed: int, model: str | None = None) -> PlanPolicy:
    """Return Shelfcast's policy for a set-up replay: the plan's forecast and the plan's orders."""
    refit = REFIT[setup.inputs.period]
    forecaster = LakeForecaster(
        setup.inputs,
        setup.sales,
        setup.span.first,
        setup.lines,
        setup.rows,
        setup.protection,
        refit=refit,
        seed=seed,
        model=model,
    )
    chances = next_chances(setup.game.may_order, np.ceil(setup.review).astype(np.int64))
    return PlanPolicy(setup.terms, chances, forecaster, refit=refit, n_paths=N_PATHS)


def tuned_min_max(setup: Setup) -> Tuned:
    """Return the covers by class that cost least in the tuning span."""
    policy = cover_policy(setup, tuning_start(setup.span, setup.period_days), None)
    return tune(setup.tuning, policy, setup.prices, _tuned_class(setup))


def _tuned_class(setup: Setup) -> npt.NDArray[np.int64]:
    """Return what min/max are tuned by: the class, perishables apart."""
    return 2 * setup.code + setup.perishable


def _min_max(setup: Setup) -> tuple[Played, str]:
    tuned = tuned_min_max(setup)
    played = play(setup.game, cover_policy(setup, setup.span.first, tuned))
    used = [
        f"{CLASSES[code // 2]}{' perishable' if code % 2 else ''} "
        f"{tuned.safety[code]:g} + {tuned.cycle[code]:g}"
        for code in np.unique(_tuned_class(setup))
    ]
    words = (
        "Minimum and maximum by recent sales; days of cover beyond lead time and review at the minimum, and "
        "from there to the maximum, tuned by class on the time before: "
    )
    return played, words + ", ".join(used)


def cover_policy(setup: Setup, first: int, tuned: Tuned | None) -> CoverMinMax:
    """Return min/max that knows what sold before a period of the sales; without `tuned`, no cover is set."""
    n = len(setup.lines)
    terms = setup.terms
    sold, share = setup.history(first)
    nothing = Cover(np.zeros(n), np.zeros(n))
    return CoverMinMax(
        nothing if tuned is None else tuned.cover(_tuned_class(setup)),
        terms.lead_time_mean,
        setup.review,
        terms.life_periods,
        sold,
        share,
        Lots(terms.moq, terms.order_multiple, terms.shelf_maximum),
        setup.period_days,
    )


def _as_ordered(setup: Setup) -> Played:
    if setup.orders is None:
        raise AssertionError("unreachable: the orders were asked for")
    return AsOrdered(setup.orders).play(setup.game)


def _replay_id(setup: Setup, parameters: dict[str, object]) -> str:
    keys = setup.lines["sku"].str.cat(setup.lines["location"], sep="|").tolist()
    identity = json.dumps([setup.digest, parameters, keys, code_version()], sort_keys=True)
    return f"{setup.span.from_date:%Y%m%d}-{hashlib.sha256(identity.encode()).hexdigest()[:10]}"
