"""What distribution centres see of the promotions of their stores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engine.forecast.drivers.drivers import Drivers

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def passed_to_suppliers(drivers: Drivers, demand: Floats, flows: tuple[Codes, Codes]) -> Drivers:
    """Return the drivers in which lines that supply others have their promotions.

    Its depth is the mean of theirs, its mechanic that of most of them; both weigh by demand.

    Parameters
    ----------
    drivers : of every line
    demand : [n] mean demand of a period
    flows : rows of the suppliers, and rows that they supply (`jobs.supply_flows.supply_flows`)
    """
    into, out_of = flows
    if not len(into):
        return drivers
    depth, mechanic = drivers.depth.copy(), drivers.mechanic.copy()
    order = np.argsort(into, kind="stable")
    for pairs in np.split(order, np.flatnonzero(np.diff(into[order])) + 1):
        row, sources = into[pairs[0]], out_of[pairs]
        weight = demand[sources] if demand[sources].sum() > 0 else np.ones(len(sources))
        weight = weight / weight.sum()
        depth[row] = weight @ drivers.depth[sources]
        codes = drivers.mechanic[sources]
        most = np.zeros(codes.shape[1])
        mechanic[row] = 0
        for code in np.unique(codes[codes > 0]):
            run = weight @ (codes == code)
            mechanic[row] = np.where(run > most, code, mechanic[row])
            most = np.maximum(run, most)
    return replace(drivers, depth=depth, mechanic=mechanic, supplies=flows)
