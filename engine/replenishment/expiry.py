"""Everything that expires, of all lines: what will be written off, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from engine.replenishment.acts import Act, Choice, compare_acts
from engine.replenishment.lead_times import arrivals
from engine.replenishment.line import draw
from engine.replenishment.lines import FloatArray, IntArray, LineInputs
from engine.replenishment.write_offs import WriteOffs, line_write_offs

STEP = 8
"""Lines are played over whole multiples of this many periods, or over all."""


@dataclass(frozen=True)
class Expiry:
    """What a plan will write off, lot by lot, and the acts of each line at risk."""

    write_offs: WriteOffs
    """Rows of `line` rising; row numbers are those of the lines handed in."""
    acts: dict[int, list[Act]]
    """By line: every act, the best first."""


def project_expiry(
    lines: LineInputs,
    quantity: FloatArray,
    rows: IntArray,
    bucket: IntArray,
    *,
    least_money: float,
    choice_of: Callable[[int], Choice | None],
    after: int = 0,
    n_paths: int = 300,
    block: int = 64,
    workers: int = 2,
) -> Expiry:
    """Project the write-offs of some lines, and compare acts where they are worth `least_money`.

    Parameters
    ----------
    lines : LineInputs
        n lines over h periods.
    quantity : float64 array (n,)
        Order proposed of each line [each].
    rows : int64 array
        Lines to look at, such as those of which the plan expects write-offs.
    bucket : int64 array (h,)
        Bucket (a week) of each period, rising from 0; the order's write-offs are counted by it.
    least_money : float
        Expected write-off with the order, expired stock apart, from which acts are compared [money].
    choice_of : callable
        What can be done about a line, by its row; None: its acts are not compared.
    after : int
        Periods after the last expiry for which acts change demand: the dip after a markdown.
    n_paths, block, workers : int
        As in `plan_lines`; with the same `n_paths` the write-offs of a line sum to its waste there.

    Returns
    -------
    Expiry
    """
    rows = np.sort(np.asarray(rows, np.int64))
    some = lines.checked().take(rows)
    needed = _periods_needed(some, quantity[rows], n_paths, after)
    parts: list[tuple[LineInputs, IntArray]] = []
    for horizon in np.unique(needed):
        places = np.flatnonzero(needed == horizon)
        for start in range(0, len(places), block):
            part = places[start : start + block]
            taken = some.take(part)
            parts.append((replace(taken, mean=taken.mean[:, :horizon]), rows[part]))

    def run(part: tuple[LineInputs, IntArray]) -> list[tuple[int, WriteOffs, list[Act]]]:
        inputs, numbers = part
        results = []
        for place, line in enumerate(draw(inputs, slice(0, inputs.size), n_paths)):
            row = int(numbers[place])
            order = float(quantity[row])
            found = line_write_offs(line, row, order, bucket[: inputs.horizon])
            choice = choice_of(row)
            avoidable = float(found.units_with_order[found.period >= 0].sum())
            worth = avoidable * line.value("unit_cost") >= least_money and avoidable > 0.0
            acts = compare_acts(line, order, found, choice) if worth and choice is not None else []
            results.append((row, found, acts))
        return results

    if workers > 1 and len(parts) > 1:
        with ThreadPoolExecutor(workers) as pool:
            done = [result for results in pool.map(run, parts) for result in results]
    else:
        done = [result for part in parts for result in run(part)]
    done.sort(key=lambda result: result[0])
    return Expiry(
        WriteOffs.joined([found for _, found, _ in done]), {row: acts for row, _, acts in done if acts}
    )


def _periods_needed(lines: LineInputs, quantity: FloatArray, n_paths: int, after: int) -> IntArray:
    """Return how many periods each line must be played, [n]: until nothing expires, and `after` that.

    Rounded up to `STEP`, so that few sizes are drawn. A path's first periods do not depend on how many
    follow.
    """
    horizon = lines.horizon
    last = np.zeros(lines.size, np.int64)
    in_horizon = lines.batch_last_period < horizon
    np.maximum.at(last, lines.batch_line[in_horizon], lines.batch_last_period[in_horizon])
    life = np.minimum(lines.life_periods, float(horizon)).astype(np.int64)
    expires = np.maximum(lines.receipt_period, 0) + life[lines.receipt_line] - 1
    np.maximum.at(last, lines.receipt_line, np.minimum(expires, horizon - 1))
    for row in range(lines.size):
        first, second = arrivals(
            lines.path_seed[row],
            n_paths,
            int(lines.order_period[row]),
            int(lines.next_order_period[row]),
            float(lines.lead_time_mean[row]),
            float(lines.lead_time_sd[row]),
            horizon,
        )
        ordered = int(first.max()) + life[row] - 1 if quantity[row] > 0 else 0
        last[row] = max(last[row], ordered, int(second.max()))
    needed: IntArray = np.minimum(-(-(last + 1 + after) // STEP) * STEP, horizon)
    return needed
