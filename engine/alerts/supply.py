"""Orders approved since the plan was made are supply: a line is judged by what the plan expects with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


def with_approved(
    lines: pd.DataFrame, approved: Floats, curves: Sequence[tuple[Floats, Floats, Floats] | None]
) -> pd.DataFrame:
    """Return lines as they stand with the orders that people approved; proposals stay proposals.

    Parameters
    ----------
    lines : DataFrame
        Columns of `plan_lines`.
    approved : [n]
        Approved for the line's order day since the plan was made [each]; NaN: nothing, 0: no order.
    curves : sequence
        Of every line with an approval, in order: quantity, short, waste [each] of its value curve, or None.

    Returns
    -------
    DataFrame
        The same rows. Where something was approved, `lost_before` and `waste_before` are those of the plan
        with it, the quantity is on order and counts towards the reorder point, and no proposal is left.

    Notes
    -----
    The plan's own figures count where the approval is the proposal; another quantity is read off the value
    curve between the plan's two ends, so that 0 and the proposal give the plan's figures exactly.
    """
    decided = np.flatnonzero(~np.isnan(approved))
    if not len(decided):
        return lines
    quantity = approved[decided]
    columns = {
        name: lines[name].to_numpy(dtype=np.float64).copy()
        for name in ("lost_before", "waste_before", "on_order", "quantity", "excess_units", "term_on_order")
    }
    proposed = columns["quantity"][decided]
    for place, name, end in ((1, "lost_before", "lost_after"), (2, "waste_before", "waste_after")):
        after = lines[end].to_numpy(dtype=np.float64)[decided]
        before = columns[name][decided]
        columns[name][decided] = [
            _figure(*each, place) for each in zip(curves, quantity, proposed, before, after, strict=True)
        ]
    columns["on_order"][decided] += quantity
    columns["term_on_order"][decided] -= quantity
    columns["excess_units"][decided] += np.maximum(quantity - proposed, 0.0)
    columns["quantity"][decided] = 0.0
    status = lines["status"].to_numpy(dtype=object).copy()
    status[decided] = "none"
    return lines.assign(**columns, status=pd.Series(status, index=lines.index, dtype="str"))


def _figure(
    curve: tuple[Floats, Floats, Floats] | None,
    quantity: float,
    proposed: float,
    before: float,
    after: float,
    place: int,
) -> float:
    """Return what is expected with an order: the plan's figure at its two ends, the curve's shape between."""
    if quantity <= 0.0:
        return before
    if quantity == proposed:
        return after
    if curve is None:
        return before + (after - before) * min(quantity / proposed, 1.0) if proposed > 0.0 else before
    none, whole, here = (
        float(np.interp(units, curve[0], curve[place])) for units in (0.0, proposed, quantity)
    )
    scale = (after - before) / (whole - none) if proposed > 0.0 and abs(whole - none) > 1e-9 else 1.0
    return max(before + (here - none) * scale, 0.0)
