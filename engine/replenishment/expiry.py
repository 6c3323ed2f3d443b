"""Everything that expires, of all lines: what will be written off, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from engine.replenishment.acts import Act, Choice, compare_acts
from engine.replenishment.line import draw
from engine.replenishment.lines import FloatArray, IntArray, LineInputs
from engine.replenishment.write_offs import WriteOffs, line_write_offs


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
    n_paths, block, workers : int
        As in `plan_lines`; with the same `n_paths` the write-offs of a line sum to its waste there.

    Returns
    -------
    Expiry
    """
    rows = np.sort(np.asarray(rows, np.int64))
    some = lines.checked().take(rows)

    def run(part: slice) -> list[tuple[WriteOffs, list[Act]]]:
        results = []
        for place, line in enumerate(draw(some, part, n_paths), part.start):
            row = int(rows[place])
            order = float(quantity[row])
            found = line_write_offs(line, row, order, bucket)
            choice = choice_of(row)
            avoidable = float(found.units_with_order[found.period >= 0].sum())
            worth = avoidable * line.value("unit_cost") >= least_money and avoidable > 0.0
            acts = compare_acts(line, order, found, choice) if worth and choice is not None else []
            results.append((found, acts))
        return results

    parts = [slice(start, min(start + block, len(rows))) for start in range(0, len(rows), block)]
    if workers > 1 and len(parts) > 1:
        with ThreadPoolExecutor(workers) as pool:
            done = [result for results in pool.map(run, parts) for result in results]
    else:
        done = [result for part in parts for result in run(part)]
    acts = {int(row): acts for row, (_, acts) in zip(rows, done, strict=True) if acts}
    return Expiry(WriteOffs.joined([found for found, _ in done]), acts)
