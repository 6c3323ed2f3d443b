"""How demand answers a markdown: the effects of promotions and prices that the forecast has learned."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.forecast.drivers.effects import DriverEffects
from engine.forecast.drivers.features import Features
from engine.replenishment.markdown import Response, elasticity_curve
from jobs.line_state import line_ids
from jobs.settings import Settings

Floats = npt.NDArray[np.float64]

MARKDOWN = "markdown"
"""Mechanic of a markdown once the history has any; until then it is taken to do what another one does."""

NEVER = 1 << 30
"""First promoted period of a line that nothing is planned for."""


@dataclass(frozen=True)
class Responses:
    """Responses of every line, and which promotions they are taken from."""

    mechanic: str
    """Mechanic whose effect is taken; "" if it is the effect of the price, or nothing is known."""
    by_line: list[Response | None]
    promoted_from: npt.NDArray[np.int64]
    """First period with a promotion planned already, [n]; `NEVER`: none."""
    dip_periods: int
    """Periods over which demand is lower after a markdown."""
    reason: list[str]
    """Why a line has no response; "" if it has."""


def responses_table(run_id: str, lines: pd.DataFrame, responses: Responses) -> pd.DataFrame:
    """Lay out responses as the contract `markdown_responses` says; row i is line i."""
    known = responses.by_line
    return pd.DataFrame(
        {
            "run_id": run_id,
            "line_id": line_ids(lines),
            "log_uplift": [None if one is None else one.log_uplift for one in known],
            "spread": [None if one is None else one.error for one in known],
            "dip": [0.0 if one is None else one.dip for one in known],
            "taken": [0.0 if one is None else one.taken for one in known],
            "promoted_from": np.where(responses.promoted_from < NEVER, responses.promoted_from, -1),
            "reason": responses.reason,
            "mechanic": responses.mechanic,
            "dip_periods": responses.dip_periods,
        }
    )


def responses_of(table: pd.DataFrame, depths: Floats) -> Responses:
    """Return the responses of rows of `markdown_responses`, in their order; `depths` are the run's."""
    if table.empty:
        return _none(0, "")
    first = table.iloc[0]
    dip_periods = int(first["dip_periods"])
    found = [
        None
        if row["log_uplift"] is None
        else Response(depths, row["log_uplift"], row["spread"], row["dip"], dip_periods, row["taken"])
        for row in table[["log_uplift", "spread", "dip", "taken"]].to_dict("records")
    ]
    starts = table["promoted_from"].to_numpy(dtype=np.int64)
    return Responses(
        str(first["mechanic"]),
        found,
        np.where(starts < 0, NEVER, starts),
        dip_periods,
        table["reason"].to_list(),
    )


def allowed_depths(settings: Settings) -> Floats:
    """Return the depths at which something may be marked down, rising [share].

    Examples
    --------
    >>> allowed_depths(Settings({"markdown_steps": "30, 10 60", "markdown_most_depth": "0.5"}, ()))
    array([0.1, 0.3])
    """
    steps = sorted({int(step) / 100 for step in re.findall(r"\d+", settings["markdown_steps"])})
    most = settings.number("markdown_most_depth")
    return np.array([step for step in steps if step <= most + 1e-9])


def markdown_responses(
    effects: DriverEffects | None,
    driver_effects: pd.DataFrame,
    n_lines: int,
    depths: Floats,
    *,
    gap: int,
) -> Responses:
    """Return how the demand of each line answers each of `depths`.

    Parameters
    ----------
    effects : row i is line i; None: nothing is known to have moved demand
    driver_effects : table of the run, for what promotions took from other products
    depths : shares off the price, rising
    gap : periods between the last sales and the first one planned

    Notes
    -----
    Of the mechanics with a known depth, markdowns themselves are taken if there were any; else the one that
    lifts demand least: a markdown has neither leaflet nor second place on the floor. Within the depths seen
    the line's own (shrunk) effect holds; below them a constant price elasticity through the least depth;
    beyond them nothing more is gained, as nothing tells of it. Without promotions the elasticity of the
    regular price is used.
    """
    if len(depths) == 0:
        return _none(n_lines, "the settings allow no markdown")
    if effects is None or effects.features is None or effects.pooled is None:
        return _none(n_lines, "no promotion or price in the history tells how demand answers a lower price")
    features = effects.features
    place = _mechanic(features, effects.pooled.coefficients[-1][0])
    own, error = effects.coefficients, effects.errors
    kinds = len(features.mechanics)
    dip, dip_periods = np.zeros(n_lines), 0
    if place is not None:
        log, spread = _promotion_curve(features, place, own, error, depths)
        dip, dip_periods = np.minimum(own[:, 2 * kinds], 0.0), features.dip_periods
    elif features.price.size:
        one = elasticity_curve(1.0, depths)
        log = -own[:, -1][:, None] * one
        spread = error[:, -1][:, None] * one
    else:
        return _none(n_lines, "how deep promotions were is not known, and no regular price ever moved")
    taken = _taken(effects, driver_effects)
    sells = np.ones(n_lines, dtype=bool) if effects.sells is None else effects.sells
    found: list[Response | None] = [
        Response(depths, log[i], spread[i], float(dip[i]), dip_periods, float(taken[i])) if sells[i] else None
        for i in range(n_lines)
    ]
    return Responses(
        mechanic="" if place is None else features.mechanics[place],
        by_line=found,
        dip_periods=dip_periods,
        promoted_from=_promoted_from(features, effects.n_periods + gap),
        reason=["" if here else "nothing is sold to customers here" for here in sells],
    )


def _none(n_lines: int, reason: str) -> Responses:
    return Responses("", [None] * n_lines, np.full(n_lines, NEVER), 0, [reason] * n_lines)


def _mechanic(features: Features, root: Floats) -> int | None:
    """Return the column of the mechanic whose effect a markdown is taken to have; None: no depth is known."""
    known = [place for place in range(len(features.mechanics)) if features.depths[1, place] > 0]
    for place in known:
        if features.mechanics[place] == MARKDOWN:
            return place
    return min(known, key=lambda place: (float(root[place]), place)) if known else None


def _promotion_curve(
    features: Features, place: int, own: Floats, error: Floats, depths: Floats
) -> tuple[Floats, Floats]:
    """Return log uplift and its standard error by line and depth, [n, depths]."""
    least, usual, most = features.depths[:, place]
    slope = place + len(features.mechanics)
    inside = np.clip(depths, least, most)
    deeper = inside - usual
    below = np.minimum(np.log1p(-depths) / np.log1p(-inside), 1.0)
    log = (own[:, place][:, None] + own[:, slope][:, None] * deeper) * below
    spread = np.hypot(error[:, place][:, None], error[:, slope][:, None] * deeper) * below
    return log, spread


def _taken(effects: DriverEffects, driver_effects: pd.DataFrame) -> Floats:
    """Return the share of the units gained that other products of the category lost, [n]."""
    rows = driver_effects[driver_effects["kind"] == "cannibalisation"]
    share = dict(zip(rows["group"], rows["uplift"].astype(float), strict=True))
    by_group = np.array([share.get(name, 0.0) for name in effects.hierarchy.groups])
    taken: Floats = np.clip(by_group, 0.0, 1.0)[effects.hierarchy.group]
    return taken


def _promoted_from(features: Features, start: int) -> npt.NDArray[np.int64]:
    ahead = features.mechanic[:, start:] > 0
    return np.where(ahead.any(axis=1), ahead.argmax(axis=1) if ahead.shape[1] else 0, NEVER).astype(np.int64)
